"""Chroma: a persistent collection by inner product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import Found, facts_of, key_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

chromadb: Any = import_module("chromadb")
config: Any = import_module("chromadb.config")

BATCH = 5_000
"""It takes no more at once."""

WANTED = ["documents", "metadatas"]


class Chroma:
    """A collection with its HNSW index."""

    most_chunks = 10_000

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # as all peers
        self._folder = folder

    def open(self) -> None:
        """Opens the client and the collection."""
        quiet = config.Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(self._folder), settings=quiet)
        self._collection = self._client.get_or_create_collection(
            "benchmark", configuration={"hnsw": {"space": "ip"}}, embedding_function=None
        )

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """In batches."""
        self.open()
        self.add(chunks, vectors)

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """In batches."""
        for start in range(0, len(chunks), BATCH):
            part = chunks[start : start + BATCH]
            self._collection.add(
                ids=[key_of(chunk) for chunk in part],
                documents=[chunk.text for chunk in part],
                metadatas=[facts_of(chunk) for chunk in part],
                embeddings=vectors[start : start + BATCH],
            )

    def save(self) -> None:
        """All is stored already."""

    def delete(self, documents: Iterable[str]) -> None:
        """By metadata."""
        self._collection.delete(where={"document_id": {"$in": list(documents)}})

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Approximate."""
        return self._found(self._collection.query(query_embeddings=vector[None], n_results=k, include=WANTED))

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Its own filter."""
        below = {"price": {"$lt": price}}
        found = self._collection.query(query_embeddings=vector[None], n_results=k, where=below, include=WANTED)
        return self._found(found)

    @staticmethod
    def _found(answer: Any) -> list[Found]:
        return list(zip(answer["documents"][0], answer["metadatas"][0], strict=True))

    def close(self) -> None:
        """Its client has no other way."""
        del self._collection, self._client
