"""LanceDB: a table with a full-text index, flat or with an IVF-PQ index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import Found, facts_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

arrow: Any = import_module("pyarrow")
lancedb: Any = import_module("lancedb")
rerankers: Any = import_module("lancedb.rerankers")
indexes: Any = import_module("lancedb.index")

CHUNKS_PER_PARTITION = 4_096
PROBES = 20
REFINE = 10


class Lance:
    """Exact; the hits of hybrid search are fused by rank."""

    most_chunks = 100_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder, self._dim = folder, dim

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """One table."""
        database = lancedb.connect(str(self._folder))
        self._table = database.create_table("benchmark", self._rows(chunks, vectors))
        self._table.create_index("text", config=indexes.FTS())

    def _rows(self, chunks: Sequence[Chunk], vectors: Vectors) -> Any:
        facts = [facts_of(chunk) for chunk in chunks]
        columns: dict[str, Any] = {name: [fact[name] for fact in facts] for name in facts[0]}
        flat = arrow.array(vectors.ravel())
        columns["vector"] = arrow.FixedSizeListArray.from_arrays(flat, self._dim)
        return arrow.table({"text": [chunk.text for chunk in chunks], **columns})

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Searched without index until `optimize`."""
        self._table.add(self._rows(chunks, vectors))

    def save(self) -> None:
        """All is stored already."""

    def open(self) -> None:
        """Opens the table."""
        self._table = lancedb.connect(str(self._folder)).open_table("benchmark")

    def delete(self, documents: Iterable[str]) -> None:
        """By a condition."""
        named = ", ".join(f"'{document}'" for document in documents)
        self._table.delete(f"document_id IN ({named})")

    def _query(self, vector: Vectors, k: int) -> Any:
        return self._table.search(vector, vector_column_name="vector").distance_type("dot").limit(k)

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """By the vector."""
        return self._found(self._query(vector, k))

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Filtered before the search."""
        return self._found(self._query(vector, k).where(f"price < {price}", prefilter=True))

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Both legs, fused by rank."""
        query = self._table.search(query_type="hybrid", vector_column_name="vector", fts_columns="text")
        query = query.vector(vector).text(text).distance_type("dot").rerank(rerankers.RRFReranker()).limit(k)
        return self._found(query)

    @staticmethod
    def _found(query: Any) -> list[Found]:
        return [(row.pop("text"), row) for row in query.to_list()]

    def close(self) -> None:
        """Lets go of the table."""
        del self._table


class LanceAnn(Lance):
    """With an IVF-PQ index, refined."""

    most_chunks = 100_000

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """The index after the rows, with its own defaults but for the number of lists."""
        super().build(chunks, vectors)
        partitions = max(1, len(chunks) // CHUNKS_PER_PARTITION)
        self._table.create_index(
            "vector",
            config=indexes.IvfPq(distance_type="dot", num_partitions=partitions, num_sub_vectors=self._dim // 8),
        )

    def _query(self, vector: Vectors, k: int) -> Any:
        return super()._query(vector, k).nprobes(PROBES).refine_factor(REFINE)
