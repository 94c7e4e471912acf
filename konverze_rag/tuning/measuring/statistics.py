"""Tells differences from luck: intervals for means over questions, and for the difference of two settings.

Questions are taken as a sample of those that visitors will ask. What they are not asked about, no interval tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_core.errors import ConfigError

CONFIDENCE = 0.95
"""How often an interval holds the mean over all questions, about."""

RESAMPLES = 2_000
"""Sets of questions that a bootstrap draws."""

PERMUTATIONS = 10_000
"""Assignments of signs that a permutation test draws."""

FEW_VALUES = 32
"""Different scores, at most, whose counts are drawn in place of questions."""

Floats: TypeAlias = npt.NDArray[np.float64]
"""float64, shape (questions,)."""

_CELLS = 1 << 20  # drawn at a time, so that memory stays bounded
_TOLERANCE = 1e-9  # of sums in another order


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over questions, and how far it can be trusted; NaN each without questions.

    Attributes:
        mean: Of the questions at hand.
        low: Lower end.
        high: Upper end.
        count: Questions that are judged.
    """

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the scores of the same questions differ between two settings; NaN each without questions.

    Attributes:
        mean: After minus before; above zero is better.
        low: Lower end of the interval.
        high: Upper end.
        p_value: How likely as large a difference, of either sign, is if both settings are alike; 1 without questions.
        count: Questions that are judged in both.
    """

    mean: float
    low: float
    high: float
    p_value: float
    count: int


def interval(scores: Floats, confidence: float = CONFIDENCE, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of the scores with its percentile bootstrap interval.

    B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13; drawn are questions.

    Args:
        scores: One a question, NaN where it is not judged: float64, shape (questions,).
        confidence: How often the interval holds the mean, about; between 0 and 1.
        resamples: Sets of questions to draw.
        seed: The same interval for the same seed.

    Raises:
        ConfigError: The confidence is not between 0 and 1, or nothing would be drawn.
    """
    if not 0 < confidence < 1 or resamples < 1:
        raise ConfigError("the confidence lies between 0 and 1, and at least one set of questions is drawn")
    judged = scores[~np.isnan(scores)]
    if not len(judged):
        return Interval(mean=np.nan, low=np.nan, high=np.nan, count=0)
    means = _resampled_means(judged, resamples, np.random.default_rng(seed))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(mean=float(judged.mean()), low=float(low), high=float(high), count=len(judged))


def _resampled_means(scores: Floats, resamples: int, draw: np.random.Generator) -> Floats:
    """Means of as many scores, drawn with replacement.

    Where scores are few different values, how often each is drawn is drawn at once, which takes a tenth of the time.
    """
    count = len(scores)
    values, counts = np.unique(scores, return_counts=True)
    if len(values) <= FEW_VALUES:
        return draw.multinomial(count, counts / count, resamples) @ values / count
    places = (draw.integers(0, count, (rows, count), dtype=np.int32) for rows in _batches(resamples, count))
    return np.concatenate([scores[rows].mean(axis=1) for rows in places])


def difference(
    before: Floats,
    after: Floats,
    confidence: float = CONFIDENCE,
    *,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Difference:
    """The mean of the paired differences, with its bootstrap interval and a sign-flip permutation test.

    M. D. Smucker, J. Allan, B. Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation" (2007).

    Args:
        before: One a question, NaN where it is not judged: float64, shape (questions,).
        after: Of the same questions, in the same order: float64, shape (questions,).
        confidence: As of `interval`.
        resamples: As of `interval`.
        permutations: Assignments of signs to draw.
        seed: The same result for the same seed.

    Raises:
        ConfigError: There are not as many scores before as after, or a number is out of its range.
    """
    if before.shape != after.shape:
        raise ConfigError(f"{len(before)} scores cannot be paired with {len(after)}: measure the same questions")
    paired = after - before
    found = interval(paired, confidence, resamples=resamples, seed=seed)
    p_value = sign_flip_p_value(paired[~np.isnan(paired)], permutations=permutations, seed=seed)
    return Difference(mean=found.mean, low=found.low, high=found.high, p_value=p_value, count=found.count)


def sign_flip_p_value(differences: Floats, *, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """How often random signs make the sum of the differences as large as it is, of either sign.

    The arrangement at hand counts as one of those drawn, so that it is never 0: B. Phipson, G. K. Smyth, "Permutation
    P-values Should Never Be Zero" (2010).

    Args:
        differences: float64, shape (questions,), without NaN.
        permutations: Assignments of signs to draw.
        seed: The same value for the same seed.
    """
    moved = differences[differences != 0]  # no sign changes a zero
    least = abs(float(moved.sum())) - _TOLERANCE
    draw = np.random.default_rng(seed)
    as_large = 0
    for rows in _batches(permutations, len(moved)):
        signs = draw.integers(0, 2, (rows, len(moved)), dtype=np.int8) * np.int8(2) - np.int8(1)
        as_large += int(np.count_nonzero(np.abs(signs @ moved) >= least))
    return (as_large + 1) / (permutations + 1)


def _batches(rows: int, columns: int) -> Iterator[int]:
    """How many rows to draw at a time."""
    most = max(1, _CELLS // max(1, columns))
    while rows > 0:
        yield min(rows, most)
        rows -= most
