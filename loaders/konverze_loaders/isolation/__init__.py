"""`LoaderPool`: files of strangers are read in processes of their own (ADR 0016)."""
