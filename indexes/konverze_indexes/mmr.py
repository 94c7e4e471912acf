"""Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): hits that do not all say the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from konverze_core.protocols import Vectors


def maximal_marginal_relevance(
    relevances: Sequence[float], vectors: Vectors, *, k: int, relevance_weight: float
) -> list[int]:
    """Chooses k candidates one by one, each for its relevance and for being unlike those chosen before.

    Args:
        relevances: Score of each candidate; scaled here so that the best gives 1 and the last 0.
        vectors: float32, shape (candidates, dim): of each candidate; compared by cosine.
        k: At most this many.
        relevance_weight: 0 to 1: how much relevance counts; the rest of 1 is what likeness costs.

    Returns:
        Places of the chosen candidates, in the order of their choice.
    """
    scores = np.asarray(relevances, np.float32)
    spread = float(np.ptp(scores))
    scores = (scores - scores.min()) / spread if spread > 0 else np.ones_like(scores)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    likeness = np.zeros(len(scores), np.float32)
    chosen: list[int] = []
    gains = relevance_weight * scores
    for _ in range(min(k, len(scores))):
        best = int(np.argmax(gains - (1 - relevance_weight) * likeness))
        chosen.append(best)
        gains[best] = -np.inf
        seen = unit @ unit[best]
        likeness = seen if len(chosen) == 1 else np.maximum(likeness, seen)
    return chosen
