"""Two settings on the same questions: whether they differ, and which questions tell so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from konverze_core.errors import ConfigError
from konverze_core.retrieval import Hit
from konverze_rag.tuning.measuring.evaluation import Evaluation
from konverze_rag.tuning.measuring.statistics import Difference, difference
from konverze_rag.tuning.questions.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question whose score differs between two settings.

    Attributes:
        question: The question.
        before: Its score with the first.
        after: Its score with the second.
        hits_before: What the first finds, best first.
        hits_after: What the second finds.
    """

    question: Question
    before: float
    after: float
    hits_before: tuple[Hit, ...]
    hits_after: tuple[Hit, ...]

    @property
    def gain(self) -> float:
        """After minus before; below zero for a loss."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two evaluations of the same questions, by one metric. Made by `Comparison.of`.

    Attributes:
        before: The first.
        after: The second.
        metric: What they are compared by.
        difference: Of the questions' scores, paired.
        changes: The questions whose scores differ, the largest change first.
    """

    before: Evaluation
    after: Evaluation
    metric: str
    difference: Difference
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, before: Evaluation, after: Evaluation, *, metric: str) -> Self:
        """Compares two evaluations.

        Raises:
            ConfigError: They are not of the same questions, or one lacks the metric.
        """
        if before.questions.digest != after.questions.digest:
            raise ConfigError("the evaluations are of different questions: measure both on the same set")
        first, second = before.scores_by(metric), after.scores_by(metric)
        changes = [
            Change(
                question=before.questions.questions[place],
                before=float(first[place]),
                after=float(second[place]),
                hits_before=before.hits[place],
                hits_after=after.hits[place],
            )
            for place in np.flatnonzero(np.abs(second - first) > 0).tolist()
        ]
        changes.sort(key=lambda change: -abs(change.gain))
        return cls(
            before=before, after=after, metric=metric, difference=difference(first, second), changes=tuple(changes)
        )
