"""What one would write by hand: FAISS, lists of texts, bm25s, reciprocal rank fusion."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.peers import Found, facts_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

HNSW_LINKS = 16
HNSW_EFFORT = 64
RRF_CONSTANT = 60
"""Of reciprocal rank fusion (Cormack et al., SIGIR 2009)."""

OVERFETCH = 3


class Flat:
    """Raw FAISS: exact, row numbers only. What dense search is compared with.

    Args:
        vectors: float32, shape (n, dim).
    """

    def __init__(self, vectors: Vectors) -> None:
        self.index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)

    def rows(self, vector: Vectors, k: int) -> list[int]:
        """The k nearest to a vector of shape (dim,), best first."""
        return self.index.search(vector[None], k)[1][0].tolist()


class Words:
    """bm25s: row numbers only.

    Args:
        texts: One a row.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bm25s: Any = import_module("bm25s")
        self._index: Any = self._bm25s.BM25()
        self._index.index(self._bm25s.tokenize(list(texts), stopwords=None, show_progress=False), show_progress=False)

    def rows(self, text: str, k: int) -> list[int]:
        """The k best, best first."""
        # Its own tokeniser without the progress bars and lists of lists that it is made for.
        tokens = self._bm25s.tokenize(text, stopwords=None, show_progress=False, return_ids=False)
        return self._index.retrieve(tokens, k=k, show_progress=False).documents[0].tolist()


class FlatWithTexts:
    """Raw FAISS with the texts in a pickle beside it, in the clear."""

    most_chunks = 10_000_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._index: Any = faiss.IndexFlatIP(dim)
        self._rows: list[Found] = []

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Adds to the index and to the list."""
        self._index.add(vectors)
        self._rows += [(chunk.text, facts_of(chunk)) for chunk in chunks]

    add = build

    def save(self) -> None:
        """Both as they are, not synced."""
        faiss.write_index(self._index, str(self._folder / "index"))
        (self._folder / "rows").write_bytes(pickle.dumps(self._rows))

    def open(self) -> None:
        """Reads both."""
        self._index = faiss.read_index(str(self._folder / "index"))
        self._rows = pickle.loads((self._folder / "rows").read_bytes())  # noqa: S301  # written by this run

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Exact."""
        return [self._rows[row] for row in self._index.search(vector[None], k)[1][0].tolist()]

    def close(self) -> None:
        """Nothing is open."""


class Hnsw:
    """A FAISS HNSW graph with a list of texts."""

    most_chunks = 100_000

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # as all peers
        self._index: Any = faiss.IndexHNSWFlat(dim, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efSearch = HNSW_EFFORT

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """On all cores, then back to one."""
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        self._index.add(vectors)
        faiss.omp_set_num_threads(threads)
        self._rows: list[Found] = [(chunk.text, facts_of(chunk)) for chunk in chunks]

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """By the graph."""
        return [self._rows[row] for row in self._index.search(vector[None], k)[1][0].tolist()]

    def close(self) -> None:
        """Nothing is open."""


class HnswWithBm25(Hnsw):
    """The graph and bm25s, fused by rank."""

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """The words besides."""
        super().build(chunks, vectors)
        self._words = Words([chunk.text for chunk in chunks])

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Reciprocal rank fusion of both legs."""
        legs = self._index.search(vector[None], OVERFETCH * k)[1][0].tolist(), self._words.rows(text, OVERFETCH * k)
        scores: dict[int, float] = {}
        for leg in legs:
            for rank, row in enumerate(leg):
                scores[row] = scores.get(row, 0.0) + 1 / (RRF_CONSTANT + rank + 1)
        return [self._rows[row] for row in sorted(scores, key=scores.__getitem__, reverse=True)[:k]]
