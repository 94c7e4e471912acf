"""Measuring a dense index against the exact answer, so that its effort is what the asked recall takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import numpy.typing as npt

from konverze_core.protocols import Vectors
from konverze_indexes.dense import Rows64
from konverze_indexes.dense_figures import CALIBRATED_K, Efforts

_faiss = cast("Any", faiss)

Recalls: TypeAlias = npt.NDArray[np.float64]

MAX_QUERIES = 200
"""Queries that an index is measured with, at most."""

MIN_QUERIES = 30
"""Fewer queries than this say too little: the segment's own passages are taken instead."""

CONFIDENCE_Z = 1.64
"""Standard errors that the recall asked for lies below the measured: 95 % of fresh samples then hold it."""

ROUNDING_LOSS = 0.002
"""Recall that fp16 costs where scores nearly tie, at most (measured: .0006 on real sentences, .0017 on random ones)."""

NOISE = 1.0
"""Length of the noise in a query made of a passage, in lengths of that: questions lie further from the text."""

DEPTHS = (CALIBRATED_K, 20, 50, 100, 200)
"""Numbers of hits for which effort is counted: a search under a filter looks so much deeper."""

_SEED = 20261124


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationQueries:
    """Vectors that stand for the questions to come.

    Attributes:
        vectors: float32, shape (m, dim).
        source: Where they come from, such as `sentences`.
    """

    vectors: Vectors
    source: str


class Trial:
    """Queries whose exact answers are known.

    Args:
        vectors: float32, shape (n, dim): the rows.
        queries: Whose recall counts; None, or too few, for passages, which then are not among their own answers.
    """

    def __init__(self, vectors: Vectors, queries: CalibrationQueries | None) -> None:
        self._vectors = vectors
        self._random = np.random.default_rng(_SEED)
        if queries is not None and len(queries.vectors) >= MIN_QUERIES:
            self.source = queries.source
            chosen = self._sample(len(queries.vectors))
            self.queries = np.ascontiguousarray(queries.vectors[chosen], np.float32)
            self._own = np.full(chosen.size, -1)
        else:
            self.source = "passages"
            self._own = self._sample(len(vectors))
            passages = vectors[self._own]
            noise = self._random.standard_normal(passages.shape, np.float32) * np.float32(
                NOISE / passages.shape[1] ** 0.5
            )
            self.queries = passages + noise * np.linalg.norm(passages, axis=1, keepdims=True)

    def _sample(self, count: int) -> Rows64:
        return self._random.choice(count, min(count, MAX_QUERIES), replace=False)

    def without_own(self, rows: Rows64) -> Rows64:
        """int64, shape (m, k), of the given (m, k + 1): the best rows that are not the query itself."""
        # A stable sort moves a query's own row behind all others, or else drops the last.
        behind = np.argsort(rows == self._own[:, None], axis=1, kind="stable")
        return np.take_along_axis(rows, behind, axis=1)[:, :-1]

    @cached_property
    def exact(self) -> Rows64:
        """int64, shape (m, DEPTHS[-1]): the best rows in float32."""
        (count, dim), asked = self._vectors.shape, DEPTHS[-1] + 1
        scores = np.empty((len(self.queries), asked), np.float32)
        rows = np.empty(scores.shape, np.int64)
        arguments = [_faiss.swig_ptr(self.queries), _faiss.swig_ptr(self._vectors), dim, len(rows), count, asked]
        _faiss.knn_inner_product(*arguments, _faiss.swig_ptr(scores), _faiss.swig_ptr(rows))
        return self.without_own(rows)


def holds(recalls: Recalls, asked: float) -> bool:
    """Whether queries like these can be trusted to reach the asked recall on the whole; one recall for each."""
    return float(recalls.mean() - CONFIDENCE_Z * recalls.std() / np.sqrt(recalls.size)) >= asked


def recalls_of(found: Rows64, exact: Rows64) -> Recalls:
    """float64, shape (m,): share of each query's exact rows that were found; both of shape (m, k)."""
    return (found[:, :, None] == exact[:, None, :]).any(axis=1).mean(axis=1)


def lists_needed(index: Any, trial: Trial, *, asked: float) -> Efforts:
    """How many of the nearest lists hold the answers, for each depth.

    Args:
        index: The filled `IndexIVFScalarQuantizer`.
        trial: What to measure with.
        asked: The recall that it takes.
    """
    order = cast("Rows64", index.quantizer.search(trial.queries, index.nlist)[1])
    place = np.argsort(order, axis=1) + 1
    needed = np.take_along_axis(place, _list_of_row(index)[trial.exact], axis=1)
    return tuple((k, _fewest(needed[:, :k], asked=min(1.0, asked + ROUNDING_LOSS))) for k in DEPTHS)


def _fewest(needed: Rows64, *, asked: float) -> int:
    """The least number of lists for which enough of the answers, shape (m, k), need no more."""
    most = int(needed.max())
    return next((count for count in range(1, most) if holds((needed <= count).mean(axis=1), asked)), most)


def _list_of_row(index: Any) -> Rows64:
    index.make_direct_map(True)
    places = _faiss.vector_to_array(index.direct_map.array)
    index.make_direct_map(False)  # it would be stored with the index, for one row in a hundred bytes
    return places >> 32
