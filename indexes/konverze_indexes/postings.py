"""Which rows of a segment hold which terms, in blocks of rows that open without parsing.

A block numbers at most 65,536 rows, so that a posting takes three bytes, and two in a small block. A term that many
rows hold is a column instead: one byte a row, read at any row without a search. Layout: docs/formats/segment.md.
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

from konverze_indexes.container import Array, Whole
from konverze_indexes.filters import Mask
from konverze_indexes.stemming import Analysis
from konverze_indexes.terms import index_terms

K1 = 1.2
B = 0.75

POSTING_BITS = 16
"""They number a row of a block; what a small block leaves of them tells how often a term stands there."""

BLOCK_ROWS = 1 << POSTING_BITS
"""Rows of a block, at most."""

COLUMN_SHARE = 0.2
"""A term that more than this share of a block's rows hold is stored as a column."""

NAME_BYTES = 6
"""Of the name of a term: among 500,000 terms, two have the same one in one block of two thousand."""

TAIL_BITS = 16
"""Of a name, kept apart from the others: numpy has no type of six bytes."""

TAIL = (1 << TAIL_BITS) - 1

MAX_FREQUENCY = 255
"""Occurrences of a term in a row beyond this count as so many."""

MAX_SHARE = 255
"""Code of the greatest share of its weight that a term can give: all of it."""

Names: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]

_ARRAYS = (
    "heads",
    "tails",
    "starts",
    "postings",
    "frequencies",
    "bests",
    "frequent",
    "columns",
    "column_bests",
    "lengths",
)


def term_names(terms: Iterable[str]) -> list[int]:
    """The names of terms in a segment, so that no vocabulary is parsed when one is opened: 48 bits of BLAKE2b."""
    digests = (blake2b(term.encode("utf-8", "replace"), digest_size=NAME_BYTES).digest() for term in terms)
    return [int.from_bytes(digest, "little") for digest in digests]


def length_norms(lengths: Whole, mean: float) -> Floats:
    """What a row's length adds below the line of BM25, float32, shape (rows,).

    Args:
        lengths: Shape (rows,): terms in each row.
        mean: Mean length, in terms.
    """
    return lengths.astype(np.float32) * (K1 * B / max(mean, 1e-9)) + K1 * (1 - B)


class Place(NamedTuple):
    """Where a term stands in a block.

    Attributes:
        rows: Rows that hold it, ascending; None for a column.
        frequencies: How often it stands in these rows, or in all rows of the block.
        best: The greatest share of its weight that it gives to a row, by the block's mean length; 255ths, rounded up.
    """

    rows: Whole | None
    frequencies: Whole
    best: int

    def frequencies_at(self, rows: Numbers) -> Whole:
        """How often the term stands in some rows of the block, shape (rows,)."""
        if self.rows is None:
            return self.frequencies[rows]
        wanted = rows.astype(np.uint16)
        found = self.rows.searchsorted(wanted)
        return self.frequencies.take(found, mode="clip") * (self.rows.take(found, mode="clip") == wanted)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Terms of a run of rows. Arrays of whole numbers, as wide as it takes.

    Attributes:
        heads: Shape (terms,): the first 32 bits of the name of each term that has postings, names ascending.
        tails: Shape (terms,): the other 16.
        starts: Shape (terms + 1,): where each term's postings begin.
        postings: Rows of the block, ascending within a term; where `frequencies` is empty, each with the number of
            occurrences in its lower bits.
        frequencies: How often the term stands in the row, saturating at 255.
        bests: Shape (terms,): see `Place.best`.
        frequent: Ascending: names of the terms that have columns.
        columns: Shape (frequent terms, rows of the block): how often each stands in each row.
        column_bests: Shape (frequent terms,): see `Place.best`.
        lengths: Shape (rows of the block,): terms in each row.
    """

    heads: Whole
    tails: Whole
    starts: Whole
    postings: Whole
    frequencies: Whole
    bests: Whole
    frequent: Whole
    columns: Whole
    column_bests: Whole
    lengths: Whole

    @cached_property
    def mean_length(self) -> float:
        """Mean number of terms in a row."""
        return float(self.lengths.mean(dtype=np.float64))

    @cached_property
    def _tables(self) -> tuple[memoryview, memoryview, memoryview]:
        return self.heads.data, self.tails.data, self.frequent.data

    @cached_property
    def _low_bits(self) -> tuple[int, np.uint16] | None:
        """How many bits of a posting tell occurrences, and which; None where these stand apart."""
        bits = _spare_bits(len(self.lengths))
        return None if self.frequencies.size else (bits, np.uint16((1 << bits) - 1))

    def place(self, name: int) -> Place | None:
        """Where the term of this name stands; None when no row holds it."""
        heads, tails, frequent = self._tables
        column = bisect_left(frequent, name)
        if column < len(frequent) and frequent[column] == name:
            return Place(None, self.columns[column], int(self.column_bests[column]))
        head, tail = name >> TAIL_BITS, name & TAIL
        number = bisect_left(heads, head)
        while number < len(heads) and heads[number] == head:
            if tails[number] == tail:
                rows, frequencies = self._postings(slice(*self.starts[number : number + 2].tolist()))
                return Place(rows, frequencies, int(self.bests[number]))
            number += 1
        return None

    def _postings(self, part: slice) -> tuple[Whole, Whole]:
        """Rows, and how often a term stands in each."""
        found = self.postings[part]
        if self._low_bits is None:
            return found, self.frequencies[part]
        bits, mask = self._low_bits
        return found >> bits, found & mask

    def names(self) -> Names:
        """The names of all terms, int64, shape (terms + frequent terms,): those with postings first."""
        listed = self.heads.astype(np.int64) << TAIL_BITS | self.tails
        return np.concatenate([listed, self.frequent.astype(np.int64)])

    def keys(self, targets: Numbers, vocabulary: Names) -> Numbers:
        """All postings in the order and form that `_block` takes, unsorted.

        Args:
            targets: int64, shape (rows of the block,): what number each row gets; negative for a row to leave out.
            vocabulary: int64, sorted: the terms to number postings by.
        """
        column, column_rows = np.nonzero(self.columns)
        rows, frequencies = self._postings(slice(None))
        numbers = np.searchsorted(vocabulary, self.names())
        terms = [np.repeat(numbers[: len(self.heads)], np.diff(self.starts)), numbers[len(self.heads) :][column]]
        counted = np.concatenate([frequencies, self.columns[column, column_rows]])
        targeted = targets[np.concatenate([rows, column_rows.astype(np.uint16)])]
        return (np.concatenate(terms) << 24 | targeted << 8 | counted)[targeted >= 0]


def _spare_bits(row_count: int) -> int:
    """How many bits of a posting a block of so many rows leaves for the number of occurrences."""
    return POSTING_BITS - (row_count - 1).bit_length()


def _block(vocabulary: Names, keys: Numbers, lengths: Whole) -> Block:
    """Lays a block out.

    Args:
        vocabulary: int64, sorted, shape (v,): names of terms.
        keys: int64, sorted, shape (postings,): number of the term << 24 | row << 8 | frequency.
        lengths: Shape (rows,): terms in each row.
    """
    counts = np.bincount(keys >> 24, minlength=len(vocabulary))
    terms, counts = vocabulary[counts > 0], counts[counts > 0]
    rows, frequencies = (keys >> 8 & 0xFFFF).astype(np.uint16), (keys & 0xFF).astype(np.uint8)
    norms = length_norms(lengths, float(lengths.mean(dtype=np.float64)))
    shares = frequencies / (frequencies + norms[rows])
    starts = np.concatenate([[0], np.cumsum(counts)])
    bests = np.ceil(np.maximum.reduceat(shares, starts[:-1]) * MAX_SHARE) if len(terms) else np.empty(0)
    is_column = counts > COLUMN_SHARE * len(lengths)
    in_column = np.repeat(is_column, counts)
    columns = np.zeros((np.count_nonzero(is_column), len(lengths)), np.uint8)
    columns[np.repeat(np.arange(len(columns)), counts[is_column]), rows[in_column]] = frequencies[in_column]
    names, postings, frequencies = terms[~is_column], rows[~in_column], frequencies[~in_column]
    bits = _spare_bits(len(lengths))
    if frequencies.max(initial=0) < 1 << bits:
        postings, frequencies = postings.astype(np.uint32) << bits | frequencies, frequencies[:0]
    return Block(
        heads=(names >> TAIL_BITS).astype(np.uint32),
        tails=(names & TAIL).astype(np.uint16),
        starts=np.concatenate([[0], np.cumsum(counts[~is_column])]).astype(np.uint32),
        postings=postings.astype(np.uint16),
        frequencies=frequencies,
        bests=bests[~is_column].astype(np.uint8),
        frequent=terms[is_column],
        columns=columns,
        column_bests=bests[is_column].astype(np.uint8),
        lengths=lengths,
    )


def _built(texts: Sequence[str], analysis: Analysis) -> Block:
    codes: defaultdict[str, int] = defaultdict(count().__next__)  # in order of first sight
    tokens: list[int] = []
    lengths = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        found = index_terms(text)
        lengths[row] = len(found)
        tokens += map(codes.__getitem__, found)
    vocabulary, numbers = np.unique(np.array(term_names(analysis.roots(codes)), np.int64), return_inverse=True)
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
    vocabulary = np.unique(np.concatenate([block.names() for block, _ in taken]))
    keys = np.concatenate([block.keys(targets, vocabulary) for block, targets in taken])
    keys.sort()
    return _block(vocabulary, keys, np.concatenate([block.lengths[targets >= 0] for block, targets in taken]))
