"""Which rows of a segment hold which terms, in blocks of rows that open without parsing.

A block numbers at most 65,536 rows, so that a posting takes three bytes. A term that many rows hold is a column
instead: one byte a row, read at any row without a search. Layout: docs/formats/segment.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import count
from typing import NamedTuple, Self, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from konverze_indexes.container import Array, Bytes
from konverze_indexes.filters import Mask
from konverze_indexes.stemming import Analysis
from konverze_indexes.terms import index_terms

K1 = 1.2
B = 0.75

BLOCK_ROWS = 65_536
"""Rows of a block, at most: they are numbered by 16 bits."""

COLUMN_SHARE = 0.2
"""A term that more than this share of a block's rows hold is stored as a column."""

HASH_BYTES = 8
"""Of the name of a term."""

MAX_FREQUENCY = 255
"""Occurrences of a term in a row beyond this count as so many."""

MAX_SHARE = 255
"""Code of the greatest share of its weight that a term can give: all of it."""

Hashes: TypeAlias = npt.NDArray[np.uint64]
Numbers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]

_ARRAYS = ("terms", "starts", "rows", "frequencies", "bests", "frequent", "columns", "column_bests", "lengths")


def term_hashes(terms: Iterable[str]) -> Hashes:
    """The names of terms in a segment, so that no vocabulary is parsed when one is opened: 64 bits of BLAKE2b.

    Returns:
        uint64, shape (terms,).
    """
    digests = [blake2b(term.encode("utf-8", "replace"), digest_size=HASH_BYTES).digest() for term in terms]
    return np.frombuffer(b"".join(digests), "<u8")


def length_norms(lengths: npt.NDArray[np.int32], mean: float) -> Floats:
    """What a row's length adds below the line of BM25, float32, shape (rows,).

    Args:
        lengths: int32, shape (rows,): terms in each row.
        mean: Mean length, in terms.
    """
    return lengths.astype(np.float32) * (K1 * B / max(mean, 1e-9)) + K1 * (1 - B)


class Place(NamedTuple):
    """Where a term stands in a block.

    Attributes:
        rows: uint16, ascending: rows that hold it; None for a column.
        frequencies: uint8: how often it stands in these rows, or in all rows of the block.
        best: The greatest share of its weight that it gives to a row, by the block's mean length; 255ths, rounded up.
    """

    rows: npt.NDArray[np.uint16] | None
    frequencies: Bytes
    best: int

    def frequencies_at(self, rows: Numbers) -> Bytes:
        """How often the term stands in some rows of the block, uint8, shape (rows,)."""
        if self.rows is None:
            return self.frequencies[rows]
        wanted = rows.astype(np.uint16)
        found = self.rows.searchsorted(wanted)
        return self.frequencies.take(found, mode="clip") * (self.rows.take(found, mode="clip") == wanted)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Terms of a run of rows.

    Attributes:
        terms: uint64, sorted: hashes of the terms that have postings.
        starts: uint32, shape (terms + 1,): where each term's postings begin.
        rows: uint16: rows of the block, ascending within a term.
        frequencies: uint8: how often the term stands in the row, saturating at 255.
        bests: uint8, shape (terms,): see `Place.best`.
        frequent: uint64, sorted: hashes of the terms that have columns.
        columns: uint8, shape (frequent terms, rows of the block): how often each stands in each row.
        column_bests: uint8, shape (frequent terms,): see `Place.best`.
        lengths: int32, shape (rows of the block,): terms in each row.
    """

    terms: Hashes
    starts: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint16]
    frequencies: Bytes
    bests: Bytes
    frequent: Hashes
    columns: Bytes
    column_bests: Bytes
    lengths: npt.NDArray[np.int32]

    @cached_property
    def mean_length(self) -> float:
        """Mean number of terms in a row."""
        return float(self.lengths.mean(dtype=np.float64))

    @cached_property
    def _tables(self) -> tuple[memoryview, memoryview]:
        return self.terms.data, self.frequent.data

    def place(self, hashed: int) -> Place | None:
        """Where the term stands; None when no row holds it."""
        terms, frequent = self._tables
        column = bisect_left(frequent, hashed)
        if column < len(frequent) and frequent[column] == hashed:
            return Place(None, self.columns[column], int(self.column_bests[column]))
        number = bisect_left(terms, hashed)
        if number == len(terms) or terms[number] != hashed:
            return None
        start, stop = self.starts[number : number + 2].tolist()
        return Place(self.rows[start:stop], self.frequencies[start:stop], int(self.bests[number]))

    def keys(self, targets: Numbers, vocabulary: Hashes) -> Numbers:
        """All postings in the order and form that `_block` takes, unsorted.

        Args:
            targets: int64, shape (rows of the block,): what number each row gets; negative for a row to leave out.
            vocabulary: uint64, sorted: the terms to number postings by.
        """
        term, column_rows = np.nonzero(self.columns)
        codes = [np.repeat(np.searchsorted(vocabulary, self.terms), np.diff(self.starts))]
        codes += [np.searchsorted(vocabulary, self.frequent)[term]]
        frequencies = np.concatenate([self.frequencies, self.columns[term, column_rows]])
        rows = targets[np.concatenate([self.rows, column_rows.astype(np.uint16)])]
        return (np.concatenate(codes) << 24 | rows << 8 | frequencies)[rows >= 0]


def _block(vocabulary: Hashes, keys: Numbers, lengths: npt.NDArray[np.int32]) -> Block:
    """Lays a block out.

    Args:
        vocabulary: uint64, sorted, shape (v,): hashes of terms.
        keys: int64, sorted, shape (postings,): number of the term << 24 | row << 8 | frequency.
        lengths: int32, shape (rows,): terms in each row.
    """
    counts = np.bincount(keys >> 24, minlength=len(vocabulary))
    terms, counts = vocabulary[counts > 0], counts[counts > 0]
    rows, frequencies = (keys >> 8 & 0xFFFF).astype(np.uint16), (keys & 0xFF).astype(np.uint8)
    norms = length_norms(lengths, float(lengths.mean(dtype=np.float64)))
    shares = frequencies / (frequencies + norms[rows])
    starts = np.concatenate([[0], np.cumsum(counts)])
    bests = np.ceil(np.maximum.reduceat(shares, starts[:-1]) * MAX_SHARE) if len(terms) else np.empty(0)
    bests = bests.astype(np.uint8)
    is_column = counts > COLUMN_SHARE * len(lengths)
    in_column = np.repeat(is_column, counts)
    columns = np.zeros((np.count_nonzero(is_column), len(lengths)), np.uint8)
    columns[np.repeat(np.arange(len(columns)), counts[is_column]), rows[in_column]] = frequencies[in_column]
    return Block(
        terms=terms[~is_column],
        starts=np.concatenate([[0], np.cumsum(counts[~is_column])]).astype(np.uint32),
        rows=rows[~in_column],
        frequencies=frequencies[~in_column],
        bests=bests[~is_column],
        frequent=terms[is_column],
        columns=columns,
        column_bests=bests[is_column],
        lengths=lengths,
    )


def _built(texts: Sequence[str], analysis: Analysis) -> Block:
    codes: defaultdict[str, int] = defaultdict(count().__next__)  # in order of first sight
    tokens: list[int] = []
    lengths = np.zeros(len(texts), np.int32)
    for row, text in enumerate(texts):
        found = index_terms(text)
        lengths[row] = len(found)
        tokens += map(codes.__getitem__, found)
    vocabulary, numbers = np.unique(term_hashes(analysis.roots(codes)), return_inverse=True)
    pairs = numbers[np.array(tokens, np.int64)] << 16 | np.repeat(np.arange(len(texts)), lengths)
    pairs.sort()
    firsts = np.flatnonzero(np.diff(pairs, prepend=-1))
    frequencies = np.minimum(np.diff(firsts, append=len(pairs)), MAX_FREQUENCY)
    return _block(vocabulary, pairs[firsts] << 8 | frequencies, lengths)


class Postings:
    """The blocks of a segment.

    Args:
        blocks: Of 65,536 rows each, but for the last.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self.row_count = sum(len(block.lengths) for block in self.blocks)

    @classmethod
    def build(cls, texts: Sequence[str], analysis: Analysis) -> Self:
        """Postings of the texts, one a row."""
        starts = range(0, len(texts), BLOCK_ROWS)
        return cls([_built(texts[start : start + BLOCK_ROWS], analysis) for start in starts])

    @classmethod
    def read(cls, arrays: Mapping[str, Array]) -> Self:
        """The postings that `arrays` put into a container."""
        blocks: list[Block] = []
        while f"lexical.{len(blocks)}.lengths" in arrays:
            blocks.append(Block(**{name: arrays[f"lexical.{len(blocks)}.{name}"] for name in _ARRAYS}))
        return cls(blocks)

    def arrays(self) -> dict[str, Array]:
        """The arrays under the names by which `read` finds them."""
        return {
            f"lexical.{number}.{name}": cast("Array", getattr(block, name))
            for number, block in enumerate(self.blocks)
            for name in _ARRAYS
        }

    @classmethod
    def merged(cls, parts: Sequence[tuple[Postings, Mask | None]]) -> Self:
        """The live rows of several segments as one, equal to postings built from their texts.

        Args:
            parts: Postings in order, each with its live rows: bool, shape (rows,), or None for all.
        """
        sources: list[tuple[Block, Numbers]] = []
        total = 0
        for postings, live in parts:
            for block, mask in postings.masked(live):
                kept = np.ones(len(block.lengths), np.bool_) if mask is None else mask
                targets = np.where(kept, total + np.cumsum(kept) - 1, -1)
                sources.append((block, targets))
                total += int(np.count_nonzero(kept))
        return cls([_merged(sources, start) for start in range(0, total, BLOCK_ROWS)])

    def masked(self, mask: Mask | None) -> Iterator[tuple[Block, Mask | None]]:
        """The blocks, each with its part of a mask over all rows."""
        for number, block in enumerate(self.blocks):
            start = number * BLOCK_ROWS
            yield block, None if mask is None else mask[start : start + len(block.lengths)]


def _merged(sources: Sequence[tuple[Block, Numbers]], start: int) -> Block:
    """The block of the rows whose new numbers begin at `start`."""
    taken: list[tuple[Block, Numbers]] = []
    for block, targets in sources:
        inside = (targets >= start) & (targets < start + BLOCK_ROWS)
        if inside.any():
            taken.append((block, np.where(inside, targets - start, -1)))
    vocabulary = np.unique(np.concatenate([table for block, _ in taken for table in (block.terms, block.frequent)]))
    keys = np.concatenate([block.keys(targets, vocabulary) for block, targets in taken])
    keys.sort()
    return _block(vocabulary, keys, np.concatenate([block.lengths[targets >= 0] for block, targets in taken]))
