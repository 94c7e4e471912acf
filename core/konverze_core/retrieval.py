"""What a search returns."""

from __future__ import annotations

from msgspec import Struct, field

from konverze_core.documents import Chunk


class Explanation(Struct, frozen=True, kw_only=True, gc=False):
    """Where a hit's score comes from: the sum of both shares, unless a reranker has scored it.

    A leg that did not find the chunk leaves None, and a share of 0.

    Attributes:
        dense_score: Inner product of query and chunk vector; cosine for unit vectors.
        dense_rank: Place among the dense candidates, from 1.
        dense_share: What the dense leg gave to the score.
        lexical_score: BM25 score.
        lexical_rank: Place among the lexical candidates, from 1.
        lexical_share: What the lexical leg gave to the score.
        fused_score: The sum of the shares, where a reranker has put its own score in its place.
    """

    dense_score: float | None = None
    dense_rank: int | None = None
    dense_share: float = 0.0
    lexical_score: float | None = None
    lexical_rank: int | None = None
    lexical_share: float = 0.0
    fused_score: float | None = None


class Hit(Struct, frozen=True, kw_only=True, gc=False):
    """A chunk that a search found.

    Attributes:
        chunk: What was found.
        score: Higher is better; comparable only within one search.
        explain: Where the score comes from.
    """

    chunk: Chunk
    score: float
    explain: Explanation = field(default_factory=Explanation)
