"""BM25 over the postings of immutable segments, exact for the live rows.

Score of a row for a query (Robertson and Zaragoza 2009, in Lucene's form)::

    sum over terms t of  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + K1 * (1 - B + B * length / mean length))

N, df and the mean length count live rows only, over all segments of a snapshot. tf counts to 255.

The best rows are found as by MaxScore (Turtle and Flood 1995): the heaviest terms are added up row by row; as soon as
the others together cannot lift a further row among the best, they are only looked up in the rows that still may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, TypeAlias

import numpy as np

from konverze_indexes.container import Whole
from konverze_indexes.filters import Mask
from konverze_indexes.postings import MAX_SHARE, Block, Floats, Numbers, Place, Postings, length_norms, term_names
from konverze_indexes.stemming import Analysis

ROUNDING = 1e-6
"""Relative error that sums of float32 may have, with room to spare: bounds give way by it."""

FEW_ROWS = 64
"""Where a filter leaves less than one row in so many, the terms are looked up in those rows alone."""

GROUPS_PER_ROW = 4
"""Groups of scores, for each row asked for, whose greatest ones stand for all where there are many."""

Ranked: TypeAlias = tuple[Floats, Numbers]


class Term(NamedTuple):
    """A term of a question that live rows hold.

    Attributes:
        weight: Its inverse document frequency: what its share in a row is multiplied by.
        places: Where it stands in each block of the index.
    """

    weight: float
    places: Sequence[Place | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalQuery:
    """A question as one index sees it.

    Attributes:
        terms: The terms that live rows hold, heaviest first.
        best_score: What no row's score can reach: the sum of the weights of all terms, held by a row or not.
    """

    terms: Sequence[Term]
    best_score: float


class LexicalIndex:
    """BM25 over several segments at one generation.

    Args:
        postings: The segments.
        live: Rows of each that a search may return: bool, shape (rows,), or None for all.
        analysis: How the segments' texts became terms.
    """

    def __init__(self, postings: Sequence[Postings], live: Sequence[Mask | None], analysis: Analysis) -> None:
        self._segments = postings
        self._live = live
        self._analysis = analysis
        self._blocks = list(_masked(postings, live))

    @property
    def resident_bytes(self) -> int:
        """Memory of the norms, which the first search works out."""
        return sum(norms.nbytes for norms in self.__dict__.get("_norms", ()))

    def query(self, question: str) -> LexicalQuery:
        """Finds the terms of a question and weighs them."""
        rows, _ = self._totals
        terms: list[Term] = []
        best = 0.0
        for name in term_names(dict.fromkeys(self._analysis.terms(question))):
            held = 0
            places: list[Place | None] = []
            for block, live in self._blocks:
                place = block.place(name)
                places.append(place)
                if place is not None:
                    held += _held(place, live)
            weight = math.log(1 + (rows - held + 0.5) / (held + 0.5))
            best += weight
            if held:
                terms.append(Term(weight, places))
        terms.sort(reverse=True, key=attrgetter("weight"))
        return LexicalQuery(terms=terms, best_score=best)

    def top(self, query: LexicalQuery, *, k: int, allowed: Sequence[Mask | None]) -> Ranked:
        """The k live rows with the greatest positive scores, best first; equal scores in row order.

        Args:
            query: What `query` of this index made of the question.
            k: At most this many rows.
            allowed: Rows of each segment that may be returned: bool, shape (rows,), or None for all live ones.

        Returns:
            float32 scores and int64 rows, numbered over all segments; each of shape (found,).
        """
        masks = [None if mask is live else mask for mask, live in zip(allowed, self._live, strict=True)]
        scores, rows = np.empty(0, np.float32), np.empty(0, np.int64)
        floor, base = 0.0, 0
        for number, (block, mask) in enumerate(_masked(self._segments, masks)):
            search = self._search(query, number, k=k, floor=floor)
            if search.reach > floor * (1 - ROUNDING):
                found, at = search.top(mask)
                scores, rows = np.concatenate([scores, found]), np.concatenate([rows, at + base])
                floor = max(search.floor, _floor(scores, k))
                kept = scores >= floor
                scores, rows = scores[kept], rows[kept]
            base += len(block.lengths)
        order = (-scores).argsort(kind="stable")[:k]
        return scores[order], rows[order]

    def _search(self, query: LexicalQuery, number: int, *, k: int, floor: float) -> _BlockSearch:
        terms = [(term.weight, place) for term in query.terms if (place := term.places[number]) is not None]
        bounds, rest = self._bounds[number], [0.0]
        for weight, place in reversed(terms):
            rest.append(rest[-1] + weight * bounds[place.best])
        return _BlockSearch(self._norms[number], terms, rest=rest[::-1], k=k, floor=floor)

    @cached_property
    def _totals(self) -> tuple[int, float]:
        """Number of live rows, and their mean length."""
        lengths = [block.lengths if live is None else block.lengths[live] for block, live in self._blocks]
        count = sum(len(part) for part in lengths)
        return count, sum(int(part.sum(dtype=np.int64)) for part in lengths) / max(count, 1)

    @cached_property
    def _norms(self) -> Sequence[Floats]:
        """By block: what the length of each row adds below the line; infinite for a dead row, which then scores 0."""
        _, mean = self._totals
        return [_only(length_norms(block.lengths, mean), live) for block, live in self._blocks]

    @cached_property
    def _bounds(self) -> Sequence[Sequence[float]]:
        """By block and code of `Place.best`: the greatest share at the live rows' mean length."""
        _, mean = self._totals
        stretch = [min(1.0, block.mean_length / max(mean, 1e-9)) for block, _ in self._blocks]
        return [[0.0] + [1 / (1 + s * (MAX_SHARE / code - 1)) for code in range(1, MAX_SHARE + 1)] for s in stretch]


def _masked(postings: Sequence[Postings], masks: Sequence[Mask | None]) -> Iterator[tuple[Block, Mask | None]]:
    for part, mask in zip(postings, masks, strict=True):
        yield from part.masked(mask)


def _only(norms: Floats, mask: Mask | None) -> Floats:
    """Norms that leave all other rows without a score: they are infinite there."""
    if mask is None:
        return norms
    with np.errstate(divide="ignore"):
        return norms / mask.astype(np.float32)


def _held(place: Place, live: Mask | None) -> int:
    """How many live rows hold the term."""
    if place.rows is None:
        return int(np.count_nonzero(place.frequencies if live is None else place.frequencies * live))
    return len(place.rows) if live is None else int(np.count_nonzero(live[place.rows]))


def _floor(scores: Floats, k: int) -> float:
    """A score that at least k rows reach, close to the k-th best; 0 for fewer rows."""
    groups = GROUPS_PER_ROW * k
    if len(scores) < k:
        return 0.0
    each = len(scores) // groups
    ordered = scores[: each * groups].reshape(each, groups).max(axis=0) if each else scores.copy()
    ordered.partition(len(ordered) - k)
    return float(ordered[len(ordered) - k])


def _share(frequencies: Whole, norms: Floats, weight: float) -> Floats:
    """What a term adds to the scores of rows."""
    counted = frequencies.astype(np.float32)
    below = counted + norms
    counted *= weight
    counted /= below
    return counted


class _BlockSearch:
    """The search of one block.

    Args:
        norms: float32, shape (rows,): what the length of each row adds below the line; infinite for rows to leave out.
        terms: Weights and places, heaviest first.
        rest: By number of a term: what it and those after it can add to a score, at most; ends with 0.
        k: How many rows are asked for.
        floor: A score that k rows are known to reach.
    """

    def __init__(
        self, norms: Floats, terms: Sequence[tuple[float, Place]], *, rest: Sequence[float], k: int, floor: float
    ) -> None:
        self._norms = norms
        self._terms = terms
        self._rest = rest
        self._k = k
        self.floor = floor
        self.reach = rest[0]

    def top(self, mask: Mask | None) -> Ranked:
        """Scores and rows, ascending, of all rows that may be among the k best; `floor` rises to what k of them reach.

        Args:
            mask: bool, shape (rows,): rows that may be returned; None for all live ones.
        """
        if mask is not None and np.count_nonzero(mask) * FEW_ROWS < len(mask):
            rows = mask.nonzero()[0]
            scores, rows = self._completed(np.zeros(len(rows), np.float32), rows, 0)
            return scores[scores > 0], rows[scores > 0]
        self._norms = _only(self._norms, mask)
        scores, added = self._added()
        limit = self._limit(added)
        rows = (scores >= limit if limit > 0 else scores).nonzero()[0]
        return self._completed(scores[rows], rows, added)

    def _limit(self, number: int) -> float:
        """What a row must have without the terms from this number on, so that they may lift it to the floor."""
        return (self.floor - self._rest[number]) * (1 - ROUNDING)

    def _added(self) -> tuple[Floats, int]:
        """Scores of all rows by the heaviest terms, as many as a row needs one of; and how many these are."""
        scores, rest = np.zeros(len(self._norms), np.float32), self._rest
        for number, (weight, place) in enumerate(self._terms):
            if self._limit(number) > 0:
                return scores, number
            if place.rows is None:
                scores += _share(place.frequencies, self._norms, weight)
                changed = scores
            else:
                rows = place.rows.astype(np.intp, copy=False)
                changed = scores[rows]
                changed += _share(place.frequencies, self._norms[rows], weight)
                scores[rows] = changed
            if rest[0] > 2 * rest[number + 1] > 0:  # else no score so far exceeds what the other terms can give
                self.floor = max(self.floor, _floor(changed, self._k))
        self.floor = max(self.floor, _floor(scores, self._k))
        return scores, len(self._terms)

    def _completed(self, scores: Floats, rows: Numbers, added: int) -> Ranked:
        """Adds the terms from a number on to the scores of some rows, and leaves out those that fall behind."""
        for number in range(added, len(self._terms)):
            if len(rows) > 2 * self._k:
                self.floor = max(self.floor, _floor(scores, self._k))
                kept = scores >= self._limit(number)
                scores, rows = scores[kept], rows[kept]
            weight, place = self._terms[number]
            scores = scores + _share(place.frequencies_at(rows), self._norms[rows], weight)
        return scores, rows
