"""Qdrant's local mode, which its client runs in this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from benchmarks.peers import Found, facts_of, key_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

client: Any = import_module("qdrant_client")
models: Any = import_module("qdrant_client.models")

COLLECTION = "benchmark"
TEXT = "text"


class Qdrant:
    """A collection by inner product; local mode is exact."""

    most_chunks = 1_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder, self._dim = folder, dim

    def open(self) -> None:
        """Opens the folder."""
        self._client = client.QdrantClient(path=str(self._folder))

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """One collection."""
        self.open()
        kind = models.VectorParams(size=self._dim, distance=models.Distance.DOT)
        self._client.create_collection(COLLECTION, vectors_config=kind)
        self.add(chunks, vectors)

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Points with the text in the payload."""
        pairs = zip(chunks, vectors.tolist(), strict=True)
        points = [
            models.PointStruct(
                id=str(uuid5(NAMESPACE_OID, key_of(chunk))),
                vector=vector,
                payload={TEXT: chunk.text, **facts_of(chunk)},
            )
            for chunk, vector in pairs
        ]
        self._client.upload_points(COLLECTION, points)

    def save(self) -> None:
        """All is stored already."""

    def delete(self, documents: Iterable[str]) -> None:
        """By a condition."""
        matching = models.FieldCondition(key="document_id", match=models.MatchAny(any=list(documents)))
        self._client.delete(COLLECTION, models.FilterSelector(filter=models.Filter(must=[matching])))

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Exact."""
        return self._found(self._client.query_points(COLLECTION, vector.tolist(), limit=k))

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Its own filter."""
        below = models.Filter(must=[models.FieldCondition(key="price", range=models.Range(lt=price))])
        return self._found(self._client.query_points(COLLECTION, vector.tolist(), query_filter=below, limit=k))

    @staticmethod
    def _found(answer: Any) -> list[Found]:
        return [(point.payload[TEXT], point.payload) for point in answer.points]

    def close(self) -> None:
        """Frees the folder."""
        self._client.close()
