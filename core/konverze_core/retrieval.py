"""What a search returns."""

from __future__ import annotations

from msgspec import Struct, field

from konverze_core.documents import Chunk


class Explanation(Struct, frozen=True, kw_only=True):
    """Where a hit's score comes from; a leg that did not find the chunk leaves None.

    Attributes:
        dense_score: Inner product of query and chunk vector; cosine for unit vectors.
        dense_rank: Place among the dense candidates, from 1.
        lexical_score: BM25 score.
        lexical_rank: Place among the lexical candidates, from 1.
    """

    dense_score: float | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    lexical_rank: int | None = None


class Hit(Struct, frozen=True, kw_only=True):
    """A chunk that a search found.

    Attributes:
        chunk: What was found.
        score: Higher is better; comparable only within one search.
        explain: Where the score comes from.
    """

    chunk: Chunk
    score: float
    explain: Explanation = field(default_factory=Explanation)
