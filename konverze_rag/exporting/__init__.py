"""Writes what a tenant has as plain files, for moving out or for a person who asks what is stored of them."""

from konverze_rag.exporting.export import Holdings, write_export

__all__ = ["Holdings", "write_export"]
