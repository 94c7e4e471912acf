"""Sealed storage and search: keys, blobs, segments, commits, dense and lexical search."""
