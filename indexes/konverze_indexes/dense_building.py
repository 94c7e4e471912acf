"""Building the dense index of a segment: choosing its structure by measurement."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil, frexp, isfinite, isqrt
from typing import Any, NamedTuple, Self, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from konverze_core.errors import ConfigError
from konverze_core.protocols import Vectors
from konverze_indexes.container import Bytes
from konverze_indexes.dense import DenseIndex, Rows64, flat_index, scan_work, work
from konverze_indexes.dense_calibration import DEPTHS, CalibrationQueries, Trial, holds, lists_needed, recalls_of
from konverze_indexes.dense_figures import CALIBRATED_K, TWELVE_BITS, DenseFigures, Efforts, Structure
from konverze_indexes.dense_twelve_bit import TwelveBitIndex, fits, has_long_rows, planes_of
from konverze_indexes.texts import read_from

_faiss = cast("Any", faiss)

FLAT_BYTES = 3 << 20
"""Up to this many bytes of fp16 all rows are compared: building anything else costs more than it saves."""

FLAT_ROWS = 1_000
"""Up to this many rows all are compared, however long: they would be too few to measure with."""

LISTS_PER_ROOT = 2
"""Lists for each unit of the root of the number of rows."""

ITERATIONS = 10
"""Rounds of k-means, of lists and of codes; more were measured to change nothing."""

SAMPLES_PER_CENTROID = 64
"""Rows that k-means looks at, for each centroid."""

MAX_CODE_LENGTH = 384
"""Sub-vectors of a row that get a 4-bit code each, at most."""

MAX_SUBVECTOR = 8
"""Dimensions for each code, at most: longer ones name poor candidates."""

PER_HIT = (1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Candidates for each hit that are tried."""

WORTHWHILE_SHARE = 0.5
"""An index that does more than this share of the exact search's work is not worth its memory."""

ROWS_AT_A_TIME = 1 << 16
"""Rows that are rounded and added at a time."""

SAFE_EXPONENTS = range(-5, 13)
"""Binary exponents of the greatest component with which fp16 keeps its precision and does not overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """An index that could be stored; `cost` in rows compared for each query."""

    index: Any
    structure: Structure
    cost: float
    efforts: Efforts = ()
    recall: float | None = None


class BuiltDense(NamedTuple):
    """An index, as it is stored.

    Attributes:
        stored: uint8, shape (size,): FAISS's.
        figures: What it is, and what it was measured to do.
        middle: Of long vectors, bits that a search looks up: uint8, shape (n, ceil(dim / 2)).
        lower: Of long vectors, the bits that it has no use for, in the same shape.
    """

    stored: Bytes
    figures: DenseFigures
    middle: Bytes | None = None
    lower: Bytes | None = None

    @classmethod
    def of(cls, index: Any, figures: DenseFigures, middle: Bytes | None = None, lower: Bytes | None = None) -> Self:
        """FAISS's index, serialised; the figures tell its length from now on."""
        stored = cast("Bytes", _faiss.serialize_index(index))
        return cls(stored, replace(figures, size_bytes=stored.size), middle, lower)

    def opened(self) -> DenseIndex:
        """The index, as a segment opens it."""
        if self.lower is None:
            return DenseIndex(self.stored, self.figures)
        lower = read_from(self.lower.reshape(-1))
        return TwelveBitIndex(self.stored, self.figures, middle=self.middle, read_lower=lower)


def build_dense(vectors: Vectors, *, queries: CalibrationQueries | None = None, recall: float = 0.99) -> BuiltDense:
    """Builds the index that reaches a recall with the least work, on all cores; the same for the same input.

    Args:
        vectors: float32, shape (n, dim), C order; components at most 1e15.
        queries: What the recall is measured with; None for passages of the segment.
        recall: Share of the ten best rows that a search shall find, on the whole.

    Raises:
        ConfigError: A component is infinite or not a number.
    """
    exponent = _exponent(vectors)
    scaled = np.ldexp(vectors, exponent) if exponent else vectors
    with _threads(os.cpu_count() or 1):
        trial = None if is_small(*scaled.shape) else Trial(scaled, queries)
        chosen = _flat(scaled) if trial is None else _chosen(scaled, trial, recall)
    figures = DenseFigures(
        structure=chosen.structure,
        size_bytes=0,
        scale=2.0**exponent,
        efforts=chosen.efforts,
        recall=chosen.recall,
        asked_recall=recall,
        queries="" if trial is None or chosen.structure == "flat" else trial.source,
    )
    if trial is not None and chosen.structure != "flat" and has_long_rows(scaled.shape[1]) and fits(scaled):
        planes = planes_of(chosen.index, chosen.structure, scaled)
        short = BuiltDense.of(planes.index, replace(figures, bits=TWELVE_BITS), planes.middle, planes.lower)
        reached = [_recall_of(short.opened(), trial, k) for k in DEPTHS]
        if min(reached) >= recall:
            return short._replace(figures=replace(short.figures, recall=reached[0]))
    return BuiltDense.of(chosen.index, figures)


def is_small(count: int, dim: int) -> bool:
    """Whether all rows are compared, so that there is no recall to measure."""
    return count <= FLAT_ROWS or count * dim * 2 <= FLAT_BYTES


def _exponent(vectors: Vectors) -> int:
    """The power of two to multiply by: 0 where fp16 holds the vectors as they are."""
    greatest = float(max(vectors.max(initial=0), -vectors.min(initial=0)))
    if not isfinite(greatest):
        raise ConfigError("a vector has a component that is infinite or not a number")
    _, exponent = frexp(greatest)
    # Its inverse multiplies the scores: both must be float32.
    return 0 if greatest == 0 or exponent in SAFE_EXPONENTS else min(-exponent, 126)


@contextmanager
def _threads(count: int) -> Generator[None]:
    before = _faiss.omp_get_max_threads()
    _faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        _faiss.omp_set_num_threads(before)


def _chosen(vectors: Vectors, trial: Trial, asked: float) -> _Candidate:
    count, dim = vectors.shape
    lists = _lists(vectors, trial, asked)
    code_length = _code_length(dim)
    if lists is not None and lists.cost <= scan_work(count, dim, code_length):
        return lists
    codes = _codes(vectors, trial, asked) if code_length else None
    found = [candidate for candidate in (lists, codes) if candidate is not None]
    best = min(found, key=lambda candidate: candidate.cost, default=None)
    return best if best is not None and best.cost <= WORTHWHILE_SHARE * count else _flat(vectors)


def _filled(index: Any, vectors: Vectors) -> Any:
    for start in range(0, len(vectors), ROWS_AT_A_TIME):
        # Rounded by numpy, ties to even, so that what is decoded is stored as it was: FAISS rounds ties away from zero.
        index.add(vectors[start : start + ROWS_AT_A_TIME].astype(np.float16).astype(np.float32))
    return index


def _flat(vectors: Vectors) -> _Candidate:
    index = _filled(flat_index(vectors.shape[1]), vectors)
    return _Candidate(index=index, structure="flat", cost=len(vectors))


def _lists(vectors: Vectors, trial: Trial, asked: float) -> _Candidate | None:
    """Lists of neighbours; None where fp16 alone, or the lists, miss the recall."""
    count, dim = vectors.shape
    list_count = LISTS_PER_ROOT * isqrt(count)
    kind, metric = _faiss.ScalarQuantizer.QT_fp16, _faiss.METRIC_INNER_PRODUCT
    nearest = _faiss.IndexFlatIP(dim)
    # Not by residual: what is stored then is the vector itself, and decodes to it.
    index = _faiss.IndexIVFScalarQuantizer(nearest, dim, list_count, kind, metric, False)
    _limit(index.cp)
    index.train(vectors)
    _filled(index, vectors)
    efforts = lists_needed(index, trial, asked=asked)
    index.nprobe = efforts[0][1]
    recall = float(recalls_of(_found(index, trial, CALIBRATED_K), trial.exact[:, :CALIBRATED_K]).mean())
    cost = _work(index, "ivf", efforts)
    return (
        _Candidate(index=index, structure="ivf", cost=cost, efforts=efforts, recall=recall) if recall >= asked else None
    )


def _code_length(dim: int) -> int:
    """Sub-vectors of at least two dimensions that a vector divides into; 0 where they would be too long for a code."""
    length = next(
        length for length in range(min(dim // 2, MAX_CODE_LENGTH), -1, -1) if length == 0 or dim % length == 0
    )
    return length if length * MAX_SUBVECTOR >= dim else 0


def _work(index: Any, structure: Structure, efforts: Efforts) -> float:
    fixed, per_effort = work(index, structure)
    return fixed + per_effort * efforts[0][1]


def _codes(vectors: Vectors, trial: Trial, asked: float) -> _Candidate | None:
    """Codes of all rows that name candidates; None where no number of these reaches the recall."""
    dim = vectors.shape[1]
    scan = _faiss.IndexPQFastScan(dim, _code_length(dim), 4, _faiss.METRIC_INNER_PRODUCT)
    _limit(scan.pq.cp)
    with _threads(1):  # thousands of parallel regions of microseconds each: a team spends its time on meeting
        scan.train(vectors)
    scan.add(vectors)
    index = _faiss.IndexRefine(scan, _flat(vectors).index)
    tried = [_candidates_for(index, trial, k, asked) for k in DEPTHS]
    measured = [effort_and_recall for effort_and_recall in tried if effort_and_recall is not None]
    if len(measured) < len(DEPTHS):
        return None
    efforts = tuple((k, effort) for k, (effort, _) in zip(DEPTHS, measured, strict=True))
    cost = _work(index, "pq", efforts)
    return _Candidate(index=index, structure="pq", cost=cost, efforts=efforts, recall=measured[0][1])


def _candidates_for(index: Any, trial: Trial, k: int, asked: float) -> tuple[int, float] | None:
    """The fewest candidates with which as many hits as the exact ones hold the recall, and what they reach."""
    for per_hit in PER_HIT:
        index.k_factor = per_hit
        recalls = recalls_of(_found(index, trial, k), trial.exact[:, :k])
        if holds(recalls, asked):
            return ceil((k + 1) * per_hit), float(recalls.mean())
    return None


def _limit(clustering: Any) -> None:
    clustering.niter = ITERATIONS
    clustering.max_points_per_centroid = SAMPLES_PER_CENTROID
    clustering.min_points_per_centroid = 1  # fewer would be warned of on standard output


def _found(index: Any, trial: Trial, k: int) -> Rows64:
    return trial.without_own(cast("Rows64", index.search(trial.queries, k + 1)[1]))


def _recall_of(index: DenseIndex, trial: Trial, k: int) -> float:
    """Recall of an index as it is searched."""
    found = np.array([index.search(query, k=k + 1)[1] for query in trial.queries])
    return float(recalls_of(trial.without_own(found), trial.exact[:, :k]).mean())
