"""The `konverze` command line."""

from konverze_rag.cli.commands import main

__all__ = ["main"]
