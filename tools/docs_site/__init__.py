"""Builds the documentation site from the pages of the repository and the docstrings (docs/adr/0032-docs-site.md)."""
