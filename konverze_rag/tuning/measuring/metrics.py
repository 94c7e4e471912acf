"""Measures of a ranking by the grades of what it ranks, as trec_eval computes them.

A ranking is given as *gains*: the grade of what stands at each place, best place first, and 0 for what is not relevant.
What is relevant is given as *grades*: of all of it, found or not, each 1 or more, in any order, at least one. All
figures run from 0 to 1. The formulas are those of C. D. Manning, P. Raghavan, H. Schütze, "Introduction to Information
Retrieval" (2008), section 8.4, and of trec_eval 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import log2


def recall(gains: Sequence[int], grades: Sequence[int], k: int) -> float:
    """Share of what is relevant that stands among the first k (trec_eval's `recall_k`)."""
    return sum(gain > 0 for gain in gains[:k]) / len(grades)


def hit(gains: Sequence[int], grades: Sequence[int], k: int) -> float:  # noqa: ARG001 (one form for all)
    """1 where anything relevant stands among the first k, else 0 (trec_eval's `success_k`)."""
    return float(any(gain > 0 for gain in gains[:k]))


def reciprocal_rank(gains: Sequence[int], grades: Sequence[int], k: int) -> float:  # noqa: ARG001 (one form for all)
    """1 over the place of the first that is relevant, 0 where none of the first k is (trec_eval's `recip_rank`).

    E. M. Voorhees, "The TREC-8 Question Answering Track Report" (1999).
    """
    return next((1 / place for place, gain in enumerate(gains[:k], 1) if gain > 0), 0.0)


def average_precision(gains: Sequence[int], grades: Sequence[int], k: int) -> float:
    """Mean, over all that is relevant, of the precision at its place; 0 for what is not among the first k.

    trec_eval's `map_cut_k`.
    """
    found, total = 0, 0.0
    for place, gain in enumerate(gains[:k], 1):
        if gain > 0:
            found += 1
            total += found / place
    return total / len(grades)


def ndcg(gains: Sequence[int], grades: Sequence[int], k: int) -> float:
    """Discounted gain of the first k places, as a share of that of the best ranking (trec_eval's `ndcg_cut_k`).

    The gain is the grade itself, as in trec_eval and in K. Järvelin, J. Kekäläinen, "Cumulated Gain-Based Evaluation of
    IR Techniques" (2002), not two to the power of it; the discount is the binary logarithm of the place plus one.
    """
    return _discounted(gains, k) / _discounted(sorted(grades, reverse=True), k)


def _discounted(gains: Sequence[int], k: int) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(islice(gains, k), 1))
