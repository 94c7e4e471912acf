"""The dense index of a segment, opened without a copy: the rows with the greatest inner product with a query.

The vectors are stored once, as fp16 (long ones as `dense_twelve_bit` has them), inside a FAISS index that
`dense_building` chose and measured:

- `flat`: every row is compared;
- `ivf`: rows lie in lists of neighbours, and only the lists nearest to the query are compared;
- `pq`: 4-bit codes of every row name candidates, and only these are compared.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt
from typing import Any, TypeAlias, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import numpy.typing as npt

from konverze_core.errors import IntegrityError
from konverze_core.protocols import Vectors
from konverze_indexes.allowed import Allowed
from konverze_indexes.container import Bytes
from konverze_indexes.dense_figures import CALIBRATED_K, DenseFigures, Structure

_faiss = cast("Any", faiss)

Scores: TypeAlias = npt.NDArray[np.float32]
Rows64: TypeAlias = npt.NDArray[np.int64]
GATHERED_BYTES = 16 << 20
"""Allowed rows are gathered, and compared by themselves, while they take no more than this."""

GATHERED_SHARE = 8
"""The same while a large index takes at least so many times as much."""

SPARE_DEVIATIONS = 2
"""Standard deviations by which more rows are fetched under a filter than it takes on average."""

CANDIDATE_WORK = 8
"""Rows that are compared in the time of one candidate: sorting it in, and reading its vector out of order."""

SKIP_WORK = 0.25
"""Rows that are compared in the time of asking a bitmap about one."""

KEPT_EFFORTS = 64
"""Numbers of hits for which an index remembers the effort."""

_TYPES: Mapping[str, Any] = {
    "flat": _faiss.IndexScalarQuantizer,
    "ivf": _faiss.IndexIVFScalarQuantizer,
    "pq": _faiss.IndexRefine,
}


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Few rows, in a flat index of their own: comparing them alone beats asking a bitmap about all others."""

    rows: Rows64
    index: Any

    def top(self, query: Vectors, wanted: int) -> tuple[Scores, Rows64]:
        """The best of these rows."""
        scores, places = _found(self.index, query, wanted, None)
        return scores, self.rows[places]


@dataclass(slots=True)
class _Selected:
    """Many rows, as parameters of a search of all lists or all rows that skips the others.

    Attributes:
        parameters: What FAISS takes.
        gathered: The same rows by themselves, once a search among the best of all rows has found too few of them.
    """

    parameters: Any
    gathered: _Gathered | None = None


class DenseIndex:
    """Searches the vectors of one segment. Threads may share it; each search runs on the thread that asks.

    Args:
        stored: uint8, shape (n,): what `build_dense` made; read in place, so it must not change.
        figures: What `build_dense` said of it.

    Attributes:
        figures: The same.
        count: Rows.
        dim: Dimensions of a vector.

    Raises:
        IntegrityError: The bytes are not what the figures say.
    """

    def __init__(self, stored: Bytes, figures: DenseFigures) -> None:
        if stored.size != figures.size_bytes:
            raise IntegrityError("a segment's dense index has another length than its figures say")
        # A zero-copy index keeps neither its reader nor the bytes alive, and reads whatever comes to stand there.
        self._stored = stored
        self._reader = _faiss.ZeroCopyIOReader(_faiss.swig_ptr(stored), stored.size)
        self._index = _opened(self._reader, figures.structure)
        self.figures = figures
        self.count = int(self._index.ntotal)
        self.dim = int(self._index.d)
        self._vectors = _faiss.downcast_index(self._index.refine_index) if figures.structure == "pq" else self._index
        self._row_bytes = int(self._vectors.code_size)
        self._unscale = np.float32(1 / figures.scale)
        self._fixed_work, self._work_per_effort = work(self._index, figures.structure)
        self._effort = lru_cache(KEPT_EFFORTS)(figures.effort)
        self._by_effort: dict[float, Any] = {}
        self._in_all_lists = self._parameters(self._index.nlist) if figures.structure == "ivf" else None
        self._most_gathered_bytes = max(GATHERED_BYTES, stored.size // GATHERED_SHARE)
        self._preparing = threading.Lock()

    def search(self, query: Vectors, *, k: int, allowed: Allowed | None = None) -> tuple[Scores, Rows64]:
        """The k rows with the greatest inner product, best first; as many as there are, whatever the effort.

        Args:
            query: float32, shape (dim,), C order, finite.
            k: At most this many rows.
            allowed: Rows of this segment that may be returned; None for all.

        Returns:
            Scores, float32, and rows, int64, both of shape (m,), m = min(k, allowed rows).
        """
        if allowed is not None and allowed.count == self.count:
            allowed = None
        wanted = min(k, self.count if allowed is None else allowed.count)
        if wanted <= 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        scores, rows = self._top(query, wanted, allowed)
        return (scores if self._unscale == 1 else scores * self._unscale), rows

    @property
    def map_bytes(self) -> int:
        """Memory of FAISS's note of which list holds which row; 0 until something needs it."""
        return 8 * int(self._index.direct_map.array.size()) if self.figures.structure == "ivf" else 0

    def vectors(self) -> Vectors:
        """float32, shape (count, dim): the stored vectors in row order."""
        decoded = np.empty((self.count, self.dim), np.float32)
        if self.count:
            self._vectors.reconstruct_n_c(0, self.count, _faiss.swig_ptr(decoded))
        return decoded if self._unscale == 1 else decoded * self._unscale

    def vectors_at(self, rows: Rows64) -> Vectors:
        """float32, shape (rows, dim): the stored vectors of some rows.

        Args:
            rows: int64, shape (rows,).
        """
        decoded = np.empty((rows.size, self.dim), np.float32)
        with self._preparing:
            if self.figures.structure == "ivf":
                self._index.make_direct_map(True)  # FAISS's note of which list holds which row; made once
            self._vectors.reconstruct_batch_c(rows.size, _faiss.swig_ptr(rows), _faiss.swig_ptr(decoded))
        return decoded if self._unscale == 1 else decoded * self._unscale

    def _top(self, query: Vectors, wanted: int, allowed: Allowed | None) -> tuple[Scores, Rows64]:
        if allowed is None:
            return self._top_of_all(query, wanted)
        prepared = self._prepared(allowed)
        if isinstance(prepared, _Gathered):
            return prepared.top(query, wanted)
        fetched = _fetched(wanted, allowed.count / self.count)
        if self._work(fetched) < self._work_of_skipping(allowed):
            scores, rows = self._top_of_all(query, fetched)
            # Neither lists nor codes need to know of a filter that leaves enough of the best of all rows; where it
            # goes with the meaning, as one on the language does, it may leave none.
            kept = np.flatnonzero(allowed.mask[rows])[:wanted]
            if kept.size == wanted:
                return scores[kept], rows[kept]
            if self._size_bytes(allowed) <= self._most_gathered_bytes:
                if prepared.gathered is None:
                    with self._preparing:
                        prepared.gathered = prepared.gathered or self._gathered(allowed)
                return prepared.gathered.top(query, wanted)
        return _found(self._vectors, query, wanted, prepared.parameters)

    def _top_of_all(self, query: Vectors, wanted: int) -> tuple[Scores, Rows64]:
        if self._work(wanted) < self.count:
            effort = self._effort(wanted)
            # In quarters, so that few parameters are kept.
            of_structure = effort if self.figures.structure == "ivf" else max(1.0, ceil(4 * effort / wanted) / 4)
            scores, rows = _found(self._index, query, wanted, self._parameters(of_structure))
            if rows[-1] >= 0:
                return scores, rows
        return _found(self._vectors, query, wanted, self._in_all_lists)

    def _work(self, wanted: int) -> float:
        """Rows that could be compared in the time of this search of all rows."""
        if self.figures.structure == "flat":
            return self.count
        return self._fixed_work + self._work_per_effort * self._effort(wanted)

    def _work_of_skipping(self, allowed: Allowed) -> float:
        return allowed.count + SKIP_WORK * self.count

    def _parameters(self, effort: float) -> Any:
        """Parameters for that many lists, or candidates per hit."""
        if effort not in self._by_effort:
            self._by_effort[effort] = (
                _faiss.SearchParametersIVF(nprobe=int(effort))
                if self.figures.structure == "ivf"
                else _faiss.IndexRefineSearchParameters(k_factor=effort)
            )
        return self._by_effort[effort]

    def _prepared(self, allowed: Allowed) -> _Gathered | _Selected:
        if isinstance(allowed.prepared, _Gathered | _Selected):
            return allowed.prepared
        with self._preparing:
            if isinstance(allowed.prepared, _Gathered | _Selected):  # by a thread that was faster
                return allowed.prepared
            fetched = _fetched(CALIBRATED_K, allowed.count / self.count)
            alternative = min(self._work(fetched), self._work_of_skipping(allowed))
            is_small = self._size_bytes(allowed) <= self._most_gathered_bytes and self.figures.structure != "flat"
            is_gathered = is_small and allowed.count < alternative
            prepared = self._gathered(allowed) if is_gathered else self._selected(allowed)
            allowed.prepared = prepared
        return prepared

    def _size_bytes(self, allowed: Allowed) -> int:
        return allowed.count * self._row_bytes

    def _gathered(self, allowed: Allowed) -> _Gathered:
        rows, codes = self._codes_of(allowed)
        gathered = _Gathered(rows, flat_index(self.dim, self._vectors.sq))
        gathered.index.add_sa_codes(codes)
        allowed.prepared_bytes = codes.nbytes + rows.nbytes
        return gathered

    def _codes_of(self, allowed: Allowed) -> tuple[Rows64, Bytes]:
        """The allowed rows as they lie in the index: their numbers, and uint8, shape (rows, bytes of a row)."""
        if self.figures.structure != "ivf":
            codes = self._vectors.codes
            rows = np.flatnonzero(allowed.mask)
            return rows, _seen(codes.data(), codes.size()).reshape(self.count, -1)[rows]
        lists = self._index.invlists
        rows = np.empty(allowed.count, np.int64)
        codes = np.empty((allowed.count, self._row_bytes), np.uint8)
        end = 0
        for number in range(self._index.nlist):
            if size := lists.list_size(number):
                numbers = _seen(lists.get_ids(number), size)
                kept = np.flatnonzero(allowed.mask[numbers])
                start, end = end, end + kept.size
                np.take(numbers, kept, out=rows[start:end], mode="clip")  # which needs no buffer
                listed = _seen(lists.get_codes(number), size * codes.shape[1]).reshape(size, -1)
                np.take(listed, kept, axis=0, out=codes[start:end], mode="clip")
        return rows, codes

    def _selected(self, allowed: Allowed) -> _Selected:
        # FAISS does not keep the bits alive, but `allowed` does, for as long as it holds what is made here.
        rows = _faiss.IDSelectorBitmap(allowed.bits.size, _faiss.swig_ptr(allowed.bits))
        if self.figures.structure == "ivf":
            return _Selected(_faiss.SearchParametersIVF(sel=rows, nprobe=self._index.nlist))
        return _Selected(_faiss.SearchParameters(sel=rows))


def work(index: Any, structure: Structure) -> tuple[float, float]:
    """What a search takes at no effort, and for each unit of effort: in rows compared."""
    count, dim = int(index.ntotal), int(index.d)
    if structure == "ivf":
        # The lists' centres are float32: comparing one costs as much as comparing two rows.
        return 2 * index.nlist, count / index.nlist
    if structure == "pq":
        # A code takes half a byte, a component two.
        return scan_work(count, dim, _faiss.downcast_index(index.base_index).pq.M), CANDIDATE_WORK
    return count, 0


def scan_work(count: int, dim: int, code_length: int) -> float:
    """What reading all codes takes, in rows compared: half a byte for each code, two for each component."""
    return count * code_length / (4 * dim)


def flat_index(dim: int, quantizer: Any | None = None) -> Any:
    """An empty FAISS index of fp16, or of what a scalar quantizer makes of vectors."""
    index = _faiss.IndexScalarQuantizer(dim, _faiss.ScalarQuantizer.QT_fp16, _faiss.METRIC_INNER_PRODUCT)
    if quantizer is not None:
        index.sq = quantizer
        index.code_size = quantizer.code_size
    return index


def _seen(place: Any, size: int) -> npt.NDArray[Any]:
    """FAISS's memory as an array, for as long as the index lives."""
    return _faiss.rev_swig_ptr(place, size)


def _fetched(wanted: int, share: float) -> int:
    """Of how many of the best rows a share holds as many as wanted, where it is random."""
    return ceil((wanted + SPARE_DEVIATIONS * sqrt(wanted * (1 - share))) / share)


def _opened(reader: Any, structure: Structure) -> Any:
    try:
        index = _faiss.read_index(reader)
    except (RuntimeError, MemoryError) as exc:
        raise IntegrityError("a segment's dense index is malformed") from exc
    if type(index) is not _TYPES.get(structure) or index.metric_type != _faiss.METRIC_INNER_PRODUCT:
        raise IntegrityError("a segment's dense index is not of the structure that its figures say")
    return index


class _Desk(threading.local):
    """Where a thread's searches put query and answer.

    Each call of FAISS lets go of the interpreter lock, also the one that asks for an array's address: with addresses at
    hand a search does so once, instead of at every step, and threads get into each other's way the less.
    """

    def __init__(self) -> None:
        # OpenMP counts per thread: without this every search would start a team of its own.
        _faiss.omp_set_num_threads(1)
        self._queries: dict[int, tuple[Vectors, Any]] = {}
        self._room = 0
        self._scores, self._rows = np.empty(0, np.float32), np.empty(0, np.int64)
        self._places: tuple[Any, Any] = (None, None)

    def found(self, index: Any, query: Vectors, k: int, parameters: Any) -> tuple[Scores, Rows64]:
        """The best k rows of an index."""
        if query.size not in self._queries:
            place = np.empty(query.size, np.float32)
            self._queries[query.size] = place, _faiss.swig_ptr(place)
        if k > self._room:
            self._room = max(2 * self._room, k)
            self._scores, self._rows = np.empty(self._room, np.float32), np.empty(self._room, np.int64)
            self._places = _faiss.swig_ptr(self._scores), _faiss.swig_ptr(self._rows)
        place, address = self._queries[query.size]
        place[:] = query
        # What `search` wraps: checks that are the caller's here.
        index.search_c(1, address, k, *self._places, parameters)
        return self._scores[:k].copy(), self._rows[:k].copy()


_desk = _Desk()


def _found(index: Any, query: Vectors, k: int, parameters: Any) -> tuple[Scores, Rows64]:
    return _desk.found(index, query, k, parameters)
