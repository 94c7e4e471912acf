"""What answers are worth, and what they cost, over all questions of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Scores, mean_of
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.sweep import MEDIAN, P99

Flags: TypeAlias = npt.NDArray[np.bool_]
"""One a question: bool, shape (questions,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How well it is told which questions the documents do not answer, 0 to 1; a refusal of one of these is right.

    Questions of which it is not known whether they are answered do not count.

    Attributes:
        of_answerable: Share of the answerable questions that are refused; NaN without any.
        of_unanswerable: Share of the unanswerable ones, the recall of refusing; NaN without any.
        precision: Share of the refusals that are right; NaN without any.
        f1: Harmonic mean of precision and recall; NaN without unanswerable questions.
    """

    of_answerable: float
    of_unanswerable: float
    precision: float
    f1: float

    @classmethod
    def of(cls, refused: Flags, answerable: Scores) -> Refusals:
        """The figures of these refusals.

        Args:
            refused: Which questions are refused: bool, shape (questions,).
            answerable: As `answerable_of` tells: float64, shape (questions,).
        """
        right, wrong = int((refused & (answerable == 0)).sum()), int((refused & (answerable == 1)).sum())
        count = int((answerable == 0).sum())
        return cls(
            of_answerable=_share(wrong, int((answerable == 1).sum())),
            of_unanswerable=_share(right, count),
            precision=_share(right, right + wrong),
            f1=_share(2 * right, right + wrong + count) if count else float("nan"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSummary:
    """An evaluation of answers in a few figures: means of the questions that are judged, NaN without any.

    Attributes:
        count: Questions.
        citation_precision: Share of an answer's citations that lie in what is relevant.
        citation_recall: Share of what is relevant that an answer cites.
        answered: Share of the answers in which a right answer's words stand.
        degraded: Share of the answers of which a model failed.
        refusals: How well it is told which questions are not answered.
        input_tokens: An answer.
        output_tokens: An answer.
        cost: An answer, in the currency of the prices.
        p50_ms: Half of the answers took at most so long, in milliseconds.
        p99_ms: And 99 of 100.
    """

    count: int
    citation_precision: float
    citation_recall: float
    answered: float
    degraded: float
    refusals: Refusals
    input_tokens: float
    output_tokens: float
    cost: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, evaluation: AnswerEvaluation) -> AnswerSummary:
        """The figures of an evaluation."""
        names = ("citation_precision", "citation_recall", "answered", "degraded")
        return cls(
            count=len(evaluation.questions),
            **{name: mean_of(evaluation.scores[name]) for name in names},
            refusals=refusals_of(evaluation),
            input_tokens=mean_of(evaluation.input_tokens),
            output_tokens=mean_of(evaluation.output_tokens),
            cost=mean_of(evaluation.costs),
            p50_ms=float(np.quantile(evaluation.latencies_ms, MEDIAN)),
            p99_ms=float(np.quantile(evaluation.latencies_ms, P99)),
        )


def refusals_of(evaluation: AnswerEvaluation) -> Refusals:
    """How well a candidate refuses."""
    return Refusals.of(evaluation.scores["refused"] > 0, answerable_of(evaluation.questions))


def answerable_of(questions: QuestionSet) -> Scores:
    """1 for what the documents answer, 0 for what they do not, NaN where that is not known: float64, (questions,)."""
    known = (float(not one.is_unanswerable) if one.is_judged else float("nan") for one in questions)
    return np.fromiter(known, np.float64)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
