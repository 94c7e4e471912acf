"""Contestants over the same chunks, vectors and queries."""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from benchmarks.corpus import DIM, chunks, clustered_vectors, exact_rows, hard_vectors, queries_near, questions
from benchmarks.extents import Extent
from benchmarks.peers import ALL_OURS, Found, Peer, installed
from benchmarks.ratios import Row
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

K = 10
QUERIES = 500
HARD_QUERIES_SEED = 11
FIRST = 100
"""Questions whose first hit is looked at."""


Kind: TypeAlias = Literal["clustered", "hard"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """What all contestants of a row run over.

    Attributes:
        kind: Of vectors: `clustered`, or `hard` ones without clusters.
        dim: Their dimension.
        size: Number of chunks.
    """

    size: int
    kind: Kind = "clustered"
    dim: int = DIM

    @property
    def key(self) -> Row:
        """The first cells of a row."""
        return {"vectors": self.kind, "dims": self.dim, "chunks": self.size}

    @cached_property
    def vectors(self) -> Vectors:
        """float32, shape (size, dim)."""
        make = clustered_vectors if self.kind == "clustered" else hard_vectors
        return make(self.size, dim=self.dim)

    @cached_property
    def queries(self) -> Vectors:
        """float32, shape (QUERIES, dim)."""
        if self.kind == "clustered":
            return queries_near(self.vectors, QUERIES)
        return hard_vectors(QUERIES, dim=self.dim, seed=HARD_QUERIES_SEED)

    @property
    def chunks(self) -> list[Chunk]:
        """As many."""
        return chunks(self.size)

    @cached_property
    def exact(self) -> Any:
        """True rows of all queries, int64, shape (QUERIES, K)."""
        return exact_rows(self.vectors, self.queries, K)

    @cached_property
    def questions(self) -> list[str]:
        """A question for each query: words of its nearest chunk."""
        return questions(self.chunks, self.exact[:, 0].tolist())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {chunk.text: row for row, chunk in enumerate(self.chunks)}

    def rows(self, found: Sequence[Found]) -> list[int]:
        """The rows of hits, known by their texts."""
        return [self._rows[text] for text, _ in found]

    def recall(self, search: Callable[[int], Sequence[Found]], exact: Any = None, *, most: int = QUERIES) -> float:
        """Share of the true rows that a search finds, over queries; where there are none, it shall find none.

        Args:
            search: Called with the number of the query.
            exact: True rows, a list a query; by default of the whole corpus.
            most: Queries asked.
        """
        exact = self.exact if exact is None else exact
        shares: list[float] = []
        for turn in range(most):
            found, true = set(self.rows(search(turn))), set(map(int, exact[turn]))
            shares.append(len(found & true) / max(len(true), len(found)) if found or true else 1.0)
        return float(np.mean(shares))

    def quoted_first(self, search: Callable[[int], Sequence[Found]]) -> float:
        """Share of questions whose first hit is the chunk that they quote; `search` takes its number."""
        firsts = [self.rows(search(turn)[:1]) for turn in range(FIRST)]
        return float(np.mean([found == [row] for found, row in zip(firsts, self.exact[:FIRST, 0], strict=True)]))


@contextmanager
def built(peer: type[Peer], course: Course) -> Generator[tuple[Any, float]]:
    """A peer that has taken all chunks, and the seconds that it needed for that."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        contestant = peer(Path(folder), course.dim)
        given, vectors = course.chunks, course.vectors
        started = time.perf_counter()
        contestant.build(given, vectors)
        spent = time.perf_counter() - started
        print(f"{peer.__name__}: {course.size:,} chunks taken in {spent:.1f} s", file=sys.stderr, flush=True)
        try:
            yield contestant, spent
        finally:
            contestant.close()
            del contestant
            gc.collect()


def contestants(able: type, course: Course, extent: Extent) -> dict[str, type[Peer]]:
    """Who is measured at this size: ours first, and alone where only ours can have become worse."""
    peers = installed(able=able)
    if extent is Extent.GATE:
        return {name: peer for name, peer in peers.items() if name in ALL_OURS}
    return {name: peer for name, peer in peers.items() if course.size <= peer.most_chunks}
