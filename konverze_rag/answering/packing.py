"""Picks the hits that fit into a prompt and puts them into reading order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import filterfalse

from konverze_core.retrieval import Hit
from konverze_indexes.terms import words
from konverze_rag.answering.wording import has_digit

_SHINGLE_WORDS = 3
_SAME_FROM = 0.8
"""Jaccard similarity of word shingles from which two chunks say the same (A. Broder, 1997)."""


def pack(hits: Sequence[Hit], *, budget_tokens: int, count: Callable[[str], int]) -> tuple[Hit, ...]:
    """The hits that a prompt carries; its source numbers are positions in this order, from 1.

    Hits are taken by rank until the budget is full. One that does not fit is passed over for smaller later ones, never
    cut. Near-duplicates and chunks that lie inside another are dropped.

    Args:
        hits: Best first.
        budget_tokens: Room for all of them.
        count: Tokens that a chunk's text takes in the prompt.

    Returns:
        Documents in order of their best rank, chunks of a document in reading order.
    """
    said = {id(hit): _Said(hit.chunk.text) for hit in hits}
    taken: list[Hit] = []
    room = budget_tokens
    for hit in hits:
        inside = [other for other in taken if _contains(hit, other)]
        others = [other for other in taken if other not in inside]
        if any(_contains(other, hit) or said[id(other)].is_same(said[id(hit)]) for other in others):
            continue
        cost = count(hit.chunk.text) - sum(count(other.chunk.text) for other in inside)
        if cost <= room:
            taken = [other for other in taken if other not in inside] + [hit]
            room -= cost
    return _in_reading_order(taken, hits)


def _in_reading_order(taken: Sequence[Hit], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    kept = {hit.chunk.document_id for hit in taken}
    order = [name for name in dict.fromkeys(hit.chunk.document_id for hit in hits) if name in kept]
    return tuple(sorted(taken, key=lambda hit: (order.index(hit.chunk.document_id), hit.chunk.ordinal)))


def _contains(outer: Hit, inner: Hit) -> bool:
    """Whether both are of one document and the inner one lies in the outer; equal ones contain each other."""
    if outer.chunk.document_id != inner.chunk.document_id:
        return False
    if outer.chunk.span is None or inner.chunk.span is None:
        return outer.chunk.ordinal == inner.chunk.ordinal
    return outer.chunk.span.start <= inner.chunk.span.start and inner.chunk.span.end <= outer.chunk.span.end


class _Said:
    """What a text says, to tell whether another one says the same."""

    def __init__(self, text: str) -> None:
        self._words = words(text)

    @cached_property
    def figures(self) -> frozenset[str]:
        return frozenset(filter(has_digit, filterfalse(str.isalpha, self._words)))

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        shifted = [self._words[start:] for start in range(_SHINGLE_WORDS)]
        return frozenset(zip(*shifted, strict=False)) or frozenset([tuple(self._words)])

    def is_same(self, other: _Said) -> bool:
        """Whether both share most shingles and all words that hold a digit: plans that differ in price stay apart."""
        if self.figures != other.figures:
            return False
        return len(self.shingles & other.shingles) >= _SAME_FROM * len(self.shingles | other.shingles)
