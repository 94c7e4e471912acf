"""Office files, read from their XML (ADR 0018)."""
