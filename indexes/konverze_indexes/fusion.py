"""One ranking out of several: by scores (convex combination) or by ranks (reciprocal rank fusion)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

RRF_CONSTANT = 60

Ranking: TypeAlias = Sequence[tuple[int, float]]
"""Item numbers with their scores, best first."""


def scaled(ranking: Ranking, *, low: float | None = None, high: float | None = None) -> list[tuple[int, float]]:
    """The same ranking with scores from 0 to 1.

    Args:
        ranking: Best first.
        low: The score that becomes 0; by default the ranking's lowest.
        high: The score that becomes 1; by default the ranking's highest.
    """
    if not ranking:
        return []
    bottom = ranking[-1][1] if low is None else low
    width = (ranking[0][1] if high is None else high) - bottom
    return [(item, (score - bottom) / width if width > 0 else 1.0) for item, score in ranking]


def convex_combination(
    rankings: Mapping[str, Ranking], *, weights: Mapping[str, float], k: int
) -> list[tuple[int, float]]:
    """Fuses by scores (Bruch, Gai and Ingber, ACM TOIS 2023): weighted mean of scores from 0 to 1, 0 where not ranked.

    Args:
        rankings: By the name of the leg that ranked; scores from 0 to 1.
        weights: Weight of each leg.
        k: At most this many items.

    Returns:
        Items with their fused scores from 0 to 1, best first; equal scores by item number.
    """
    total = sum(weights[leg] for leg in rankings) or 1.0
    scores: dict[int, float] = {}
    for leg, ranking in rankings.items():
        share = weights[leg] / total
        for item, score in ranking:
            scores[item] = scores.get(item, 0.0) + share * score
    return _best(scores, k)


def reciprocal_rank_fusion(
    rankings: Mapping[str, Ranking], *, weights: Mapping[str, float], k: int
) -> list[tuple[int, float]]:
    """Fuses by ranks (Cormack, Clarke and Buettcher, SIGIR 2009): sum of weight / (60 + rank), rank from 1.

    Args:
        rankings: By the name of the leg that ranked; only the order counts.
        weights: Weight of each leg.
        k: At most this many items.

    Returns:
        Items with their fused scores, best first; equal scores by item number.
    """
    scores: dict[int, float] = {}
    for leg, ranking in rankings.items():
        for rank, (item, _) in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + weights[leg] / (RRF_CONSTANT + rank)
    return _best(scores, k)


def _best(scores: Mapping[int, float], k: int) -> list[tuple[int, float]]:
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
