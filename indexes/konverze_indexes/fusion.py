"""One ranking out of two: by scores (convex combination) or by ranks (reciprocal rank fusion)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

RRF_CONSTANT = 60


class Ranking(NamedTuple):
    """Items with their scores, best first.

    Attributes:
        items: Their numbers.
        scores: Their scores, in the same order.
    """

    items: Sequence[int]
    scores: Sequence[float]


NO_RANKING = Ranking((), ())


def shares_by_score(
    ranking: Ranking, *, weight: float, low: float | None = None, high: float | None = None
) -> list[float]:
    """Shares in a convex combination (Bruch, Gai and Ingber, ACM TOIS 2023): weight times the score scaled to 0 to 1.

    Args:
        ranking: What a leg has found.
        weight: Of the leg; the weights of both legs add up to 1.
        low: The score that gives nothing; by default the ranking's lowest.
        high: The score that gives the whole weight; by default the ranking's highest.

    Returns:
        What the leg gives to the fused score of each item that it ranks, in order.
    """
    scores = ranking.scores
    if not scores:
        return []
    bottom = scores[-1] if low is None else low
    width = (scores[0] if high is None else high) - bottom
    if width <= 0:
        return [weight] * len(scores)
    return [weight * (score - bottom) / width for score in scores]


def shares_by_rank(items: Sequence[int], *, weight: float) -> list[float]:
    """Shares in reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): weight / (60 + rank from 1)."""
    return [weight / place for place in range(RRF_CONSTANT + 1, RRF_CONSTANT + 1 + len(items))]


def fused(first: Ranking, second: Ranking, *, k: int) -> Ranking:
    """The k items with the greatest sums of both legs' shares, best first; equal sums by item number.

    Args:
        first: Items of a leg, with its shares as scores.
        second: The same of the other leg.
        k: At most this many.
    """
    sums = dict(zip(first.items, first.scores, strict=True))
    for item, share in zip(second.items, second.scores, strict=True):
        sums[item] = sums.get(item, 0.0) + share
    floor = min(sorted(sums.values(), reverse=True)[:k], default=0.0)  # so that few pairs are made and sorted
    best = sorted((-score, item) for item, score in sums.items() if score >= floor)[:k]
    return Ranking([item for _, item in best], [-score for score, _ in best])
