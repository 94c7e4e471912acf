"""Haystack's in-memory document store, and its joiner over both of its retrievals."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import Found, facts_of, key_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

haystack: Any = import_module("haystack")
stores: Any = import_module("haystack.document_stores.in_memory")
joiners: Any = import_module("haystack.components.joiners")


class Haystack:
    """Exact; the joiner fuses by rank."""

    most_chunks = 10_000

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # as all peers
        self._path = str(folder / "store.json")
        self._store = stores.InMemoryDocumentStore(embedding_similarity_function="dot_product")
        self._joiner = joiners.DocumentJoiner(join_mode="reciprocal_rank_fusion")

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Documents with ready embeddings."""
        pairs = zip(chunks, vectors.tolist(), strict=True)
        self._store.write_documents(
            [
                haystack.Document(id=key_of(chunk), content=chunk.text, meta=facts_of(chunk), embedding=vector)
                for chunk, vector in pairs
            ]
        )

    add = build

    def save(self) -> None:
        """One JSON file; not synced."""
        self._store.save_to_disk(self._path)

    def open(self) -> None:
        """Reads it."""
        self._store = stores.InMemoryDocumentStore.load_from_disk(self._path)

    def delete(self, documents: Iterable[str]) -> None:
        """By the ids of all chunks of the documents."""
        named = {"field": "meta.document_id", "operator": "in", "value": list(documents)}
        self._store.delete_by_filter(named)

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Exact."""
        return self._found(self._store.embedding_retrieval(vector.tolist(), top_k=k))

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Filtered before the search."""
        below = {"field": "meta.price", "operator": "<", "value": price}
        return self._found(self._store.embedding_retrieval(vector.tolist(), filters=below, top_k=k))

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Both retrievals, joined by rank."""
        legs = [self._store.embedding_retrieval(vector.tolist(), top_k=k), self._store.bm25_retrieval(text, top_k=k)]
        return self._found(self._joiner.run(documents=legs, top_k=k)["documents"])

    @staticmethod
    def _found(documents: Iterable[Any]) -> list[Found]:
        return [(document.content, document.meta) for document in documents]

    def close(self) -> None:
        """Its threads end."""
        self._store.shutdown()
