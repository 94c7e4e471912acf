"""With which threshold a tenant would refuse best.

Where no language model writes the answers, a question is refused when the evidence for an answer
(`konverze_rag.answering.refusal`) is too weak. The evidence counts from `answerable_score`, the dense score below which
meaning alone does not make a question answered: each embedding model has one, and each tenant may have its own. A
language model is told to refuse by itself, and no threshold decides about it unless it fails.

The higher the threshold, the more is refused. So there is a greatest one with which a question is answered still, and
between two neighbours of these nothing changes: the curve is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from konverze_core.errors import ConfigError
from konverze_rag.answering.refusal import ANSWERABLE_FROM, Signals
from konverze_rag.tuning.measuring.answer_figures import Refusals, answerable_of
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Scores

STEPS: Final = 4_096
"""Thresholds that are told apart, above 0 up to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What a threshold makes of the questions.

    Attributes:
        threshold: What is below it is refused.
        refusals: How well that is.
    """

    threshold: float
    refusals: Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The `answerable_score` that refuses best; set it by `TenantSettings(answerable_score=found.best.threshold)`.

    Attributes:
        best: The threshold with the highest F1 of refusing; of equals the one nearest to that in use.
        served: The threshold that the candidate was measured with.
        curve: All that can be had, by rising threshold.
    """

    best: OperatingPoint
    served: OperatingPoint
    curve: tuple[OperatingPoint, ...]


def operating_curve(evaluation: AnswerEvaluation) -> tuple[OperatingPoint, ...]:
    """What each threshold of the evidence would refuse, by rising threshold, with the `answerable_score` as it was.

    The library's own is `refusal.ANSWERABLE_FROM`, and `refusal.LEXICAL_ANSWERABLE_FROM` where words alone decide.

    Raises:
        ConfigError: There are not both answerable and unanswerable questions.
    """
    answerable = _checked(evaluation)
    found = evaluation.scores["evidence"]
    places = np.unique([0.0, *found, 1.0])
    return tuple(
        OperatingPoint(threshold=float(threshold), refusals=Refusals.of(found < threshold, answerable))
        for threshold in (places[1:] + places[:-1]) / 2
    )


def best_threshold(evaluation: AnswerEvaluation) -> OperatingPoint:
    """The threshold of the evidence with the highest F1 of refusing; of equals the one nearest to the library's own.

    Raises:
        ConfigError: There are not both answerable and unanswerable questions.
    """
    return _best(operating_curve(evaluation), near=ANSWERABLE_FROM)


def calibrated_threshold(evaluation: AnswerEvaluation) -> Calibration:
    """The `answerable_score` with which the evidence tells best which questions are not answered.

    It is chosen for these questions: measure it on others (`QuestionSet.split`).

    Args:
        evaluation: Of a candidate with an embedding model, its hits kept.

    Raises:
        ConfigError: There are not both answerable and unanswerable questions, there is no dense score, or the hits were
            not kept.
    """
    answerable = _checked(evaluation)
    if len(evaluation.hits) != len(evaluation.questions) or np.isnan(evaluation.nearest).all():
        raise ConfigError("a threshold is calibrated by the hits of searches by meaning: evaluate with an embedder")
    asked = zip(evaluation.searched, evaluation.hits, strict=True)
    signals = [Signals(question=question, hits=hits) for question, hits in asked]
    limits = np.array([_limit(one) for one in signals])
    places = np.unique([0, *limits, STEPS])
    curve = tuple(
        OperatingPoint(threshold=int(step) / STEPS, refusals=Refusals.of(limits < step, answerable))
        for step in (places[1:] + places[:-1] + 1) // 2
    )
    refused = np.array([not one.are_enough(evaluation.threshold) for one in signals])
    served = OperatingPoint(threshold=evaluation.threshold, refusals=Refusals.of(refused, answerable))
    return Calibration(best=_best(curve, near=evaluation.threshold), served=served, curve=curve)


def _checked(evaluation: AnswerEvaluation) -> Scores:
    """Which questions are answerable, as `answerable_of` tells, where some are and some are not."""
    answerable = answerable_of(evaluation.questions)
    if not ((answerable == 0).any() and (answerable == 1).any()):
        raise ConfigError("a threshold parts answerable questions from unanswerable ones: ask some of each")
    return answerable


def _best(curve: Sequence[OperatingPoint], *, near: float) -> OperatingPoint:
    return max(curve, key=lambda point: (point.refusals.f1, -abs(point.threshold - near)))


def _limit(signals: Signals) -> int:
    """The greatest threshold, in steps, with which a question is answered; 0 where it never is."""
    return bisect_left(range(1, STEPS + 1), 1, key=lambda step: int(not signals.are_enough(step / STEPS)))
