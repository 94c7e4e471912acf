"""Serves candidates from memory, and keeps what was dear, sealed."""
