"""The dense index of long vectors: twelve bits of each component in memory, and four more sealed beside the texts.

A component is a number of sixteen bits between the least and the greatest of its dimension. FAISS searches the upper
eight; the middle four, which it does not know of, put the best rows in order; the lower four make up vectors that are
indexed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from konverze_core.errors import IntegrityError
from konverze_core.protocols import Vectors
from konverze_indexes.allowed import Allowed
from konverze_indexes.container import Array, Bytes
from konverze_indexes.dense import DenseIndex, Rows64, Scores, flat_index
from konverze_indexes.dense_figures import DenseFigures, Structure
from konverze_indexes.texts import ReadBytes

_faiss = cast("Any", faiss)

LONG_ROW_BYTES = 2 << 10
"""From so many bytes of fp16 on, vectors are most of what a segment takes, and comparing them most of a search."""

SPARE_ROWS = 10
"""Rows that are found by eight bits beside twice as many as are asked for: the middle four may bring them up."""

MAX_NOISE = 0.01
"""Length of what twelve bits leave out of a vector, in lengths of the shortest, at most. Of unit vectors .0006."""

ROWS_AT_A_TIME = 256
"""Rows that are made up at a time: few enough for the processor's caches."""

MULTIPLIED_AT_A_TIME = 1 << 18
"""Numbers that are multiplied at a time: from 460,800 on, OpenBLAS takes other threads than the one that asks."""

MIN_STEP = 1e-30
"""Dimensions whose components are so near to each other count as of one value."""

_STEPS = 255
"""From the least to the greatest component of a dimension by the upper bits, as FAISS has them."""

_PARTS, _FINE_PARTS = 16, 256
"""Of a step, by the middle bits, and by these and the lower."""


class Planes(NamedTuple):
    """Vectors, by the weight of their bits.

    Attributes:
        index: FAISS's, of the upper eight.
        middle: The middle four, uint8, shape (n, ceil(dim / 2)): in a byte those of a dimension of the first half, and
            above them those of one of the second.
        lower: The lower four, in the same way.
    """

    index: Any
    middle: Bytes
    lower: Bytes


def has_long_rows(dim: int) -> bool:
    """Whether vectors of so many dimensions are long."""
    return 2 * dim >= LONG_ROW_BYTES


def fits(vectors: Vectors) -> bool:
    """Whether twelve bits leave out little even of the shortest vector: the longest set the steps.

    Args:
        vectors: float32, shape (n, dim), n at least 1; those of length 0 do not count.
    """
    step = (vectors.max(axis=0) - vectors.min(axis=0)) / np.float32(_STEPS)
    noise = float(np.linalg.norm(step)) / _PARTS / 12**0.5  # a number within a part is off by its twelfth's root
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return noise <= MAX_NOISE * float(lengths.min(where=lengths > 0, initial=np.inf))


def planes_of(index: Any, structure: Structure, vectors: Vectors) -> Planes:
    """Lays the vectors of an index of lists or codes out by the weight of their bits.

    Args:
        index: FAISS's, as `build_dense` fills it; it has to live on, since the new one uses parts of it.
        structure: `ivf` or `pq`.
        vectors: float32, shape (n, dim), C order: its rows.
    """
    count, dim = vectors.shape
    rounding = _Rounding.of(vectors)
    middle, lower = np.empty((2, count, (dim + 1) // 2), np.uint8)
    quantizer = _faiss.ScalarQuantizer(dim, _faiss.ScalarQuantizer.QT_8bit)
    _faiss.copy_array_to_vector(np.concatenate([rounding.least, rounding.step * _STEPS]), quantizer.trained)
    if structure == "pq":
        flat = flat_index(dim, quantizer)
        for start in range(0, count, ROWS_AT_A_TIME):
            piece = slice(start, start + ROWS_AT_A_TIME)
            upper, middle[piece], lower[piece] = rounding.planes(vectors[piece])
            flat.add_sa_codes(upper)
        return Planes(_faiss.IndexRefine(index.base_index, flat), middle, lower)
    kind, metric = _faiss.ScalarQuantizer.QT_8bit, _faiss.METRIC_INNER_PRODUCT
    lists = _faiss.IndexIVFScalarQuantizer(index.quantizer, dim, index.nlist, kind, metric, False)
    lists.sq = quantizer
    lists.is_trained = True
    for number in range(index.nlist):
        if size := index.invlists.list_size(number):
            rows = _faiss.rev_swig_ptr(index.invlists.get_ids(number), size)
            upper, middle[rows], lower[rows] = rounding.planes(vectors[rows])
            lists.invlists.add_entries(number, size, _faiss.swig_ptr(rows), _faiss.swig_ptr(upper))
    lists.ntotal = count
    return Planes(lists, middle, lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rounding:
    """How components become whole numbers.

    Attributes:
        least: float32, shape (dim,): the least component of each dimension.
        step: float32, shape (dim,): a 255th of the way to its greatest.
        parts_per_unit: float32, shape (dim,): fine parts of a step in 1; 0 where all components are the same.
    """

    least: Scores
    step: Scores
    parts_per_unit: Scores

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        least = vectors.min(axis=0)
        step = (vectors.max(axis=0) - least) / np.float32(_STEPS)
        parts_per_unit = np.divide(_FINE_PARTS, step, out=np.zeros_like(step), where=step > MIN_STEP)
        return cls(least=least, step=step, parts_per_unit=parts_per_unit)

    def planes(self, vectors: Vectors) -> tuple[Bytes, Bytes, Bytes]:
        """Upper bits, uint8, shape (m, dim), and middle and lower ones, as `Planes` has them."""
        parts = np.rint((vectors - self.least) * self.parts_per_unit)
        whole = np.minimum(parts, _STEPS * _FINE_PARTS).astype(np.uint16)  # above by a rounding error
        return (whole >> 8).astype(np.uint8), _packed(whole >> 4 & 15), _packed(whole & 15)


class TwelveBitIndex(DenseIndex):
    """Searches as `DenseIndex` does, in three quarters of the memory.

    Scores are those of vectors of twelve bits: as measured, at most 5e-5 off of unit vectors, and 1.2e-4 where most of
    their components are 0.

    Args:
        stored: uint8, shape (n,): the index of `planes_of`, serialised; read in place, so it must not change.
        figures: What `build_dense` said of it.
        middle: What `planes_of` made, read in place.
        read_lower: Reads what it made as the lower bits.

    Raises:
        IntegrityError: The bytes are not what the figures say.
    """

    def __init__(self, stored: Bytes, figures: DenseFigures, *, middle: Array | None, read_lower: ReadBytes) -> None:
        super().__init__(stored, figures)
        self._packed_dim = (self.dim + 1) // 2
        if middle is None or middle.shape != (self.count, self._packed_dim) or self._row_bytes != self.dim:
            raise IntegrityError("a segment's vectors of twelve bits are malformed")
        self._middle, self._read_lower = middle, read_lower
        trained: Scores = _faiss.vector_to_array(self._vectors.sq.trained)
        self._step: Scores = trained[self.dim :] * np.float32(1 / _STEPS)
        self._weights = self._step * np.float32(1 / _PARTS)
        # FAISS takes the middle of a step, and what the lower bits hold is 7.5 of their 16 on the whole.
        self._shift = self._step * np.float32((_PARTS - 1) / (2 * _FINE_PARTS) - 0.5)

    def search(self, query: Vectors, *, k: int, allowed: Allowed | None = None) -> tuple[Scores, Rows64]:
        """As that of `DenseIndex`."""
        scores, rows = super().search(query, k=2 * k + SPARE_ROWS, allowed=allowed)
        scores = scores + self._rest(query, rows)
        best = np.argsort(-scores, kind="stable")[: max(k, 0)]
        return scores[best], rows[best]

    def _rest(self, query: Vectors, rows: Rows64) -> Scores:
        """What the middle bits of rows add to their scores."""
        half, weighted = self._packed_dim, query * self._weights
        rest = np.empty(rows.size, np.float32)
        at_a_time = max(1, MULTIPLIED_AT_A_TIME // half)
        for start in range(0, rows.size, at_a_time):
            piece = slice(start, start + at_a_time)
            packed = self._middle[rows[piece]]
            np.dot((packed & 15).astype(np.float32), weighted[:half], out=rest[piece])
            rest[piece] += np.dot((packed >> 4)[:, : self.dim - half].astype(np.float32), weighted[half:])
        rest += np.dot(query, self._shift)
        rest *= self._unscale
        return rest

    def vectors(self) -> Vectors:
        """float32, shape (count, dim): the stored vectors in row order, of all sixteen bits.

        Raises:
            IntegrityError: The lower bits are not what was written.
        """
        vectors = super().vectors()
        for start in range(0, self.count, ROWS_AT_A_TIME):
            stop = min(start + ROWS_AT_A_TIME, self.count)
            lower = self._lower(start, stop)
            vectors[start:stop] += self._below(self._middle[start:stop], lower)
        return vectors

    def vectors_at(self, rows: Rows64) -> Vectors:
        """float32, shape (rows, dim): the stored vectors of some rows, of all sixteen bits.

        Args:
            rows: int64, shape (rows,).

        Raises:
            IntegrityError: The lower bits are not what was written.
        """
        lower = np.empty((rows.size, self._packed_dim), np.uint8)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1).tolist()  # of rows that follow each other
        for start, stop in pairwise([*starts, rows.size]):
            lower[start:stop] = self._lower(int(rows[start]), int(rows[stop - 1]) + 1)
        return super().vectors_at(rows) + self._below(self._middle[rows], lower)

    def _lower(self, start: int, stop: int) -> Bytes:
        read = self._read_lower(start * self._packed_dim, stop * self._packed_dim)
        if len(read) != (stop - start) * self._packed_dim:
            raise IntegrityError("a segment's lower bits of vectors are not all there")
        return np.frombuffer(read, np.uint8).reshape(stop - start, -1)

    def _below(self, middle: Array, lower: Array) -> Vectors:
        """What the middle and lower bits add to vectors of the upper ones."""
        parts = _unpacked(middle, self.dim) * np.float32(_PARTS) + _unpacked(lower, self.dim)
        parts *= np.float32(1 / _FINE_PARTS)
        parts -= np.float32(0.5)
        parts *= self._step * self._unscale
        return parts


def _packed(bits: Array) -> Bytes:
    """Two numbers of four bits to a byte: uint8, shape (m, ceil(dim / 2)), of uint16, shape (m, dim)."""
    half = (bits.shape[1] + 1) // 2
    packed = bits[:, :half].astype(np.uint8)
    packed[:, : bits.shape[1] - half] |= (bits[:, half:] << 4).astype(np.uint8)
    return packed


def _unpacked(packed: Array, dim: int) -> Vectors:
    """What `_packed` packed, as float32."""
    return np.concatenate([packed & 15, packed >> 4], axis=1)[:, :dim].astype(np.float32)
