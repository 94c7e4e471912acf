"""What an evaluation has found: a score for each question by each metric, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_core.errors import ConfigError
from konverze_core.retrieval import Hit
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.statistics import Interval, interval
from konverze_rag.tuning.questions.question_set import QuestionSet

Scores: TypeAlias = npt.NDArray[np.float64]
"""One a question, NaN where the question is not judged by the metric: float64, shape (questions,)."""


def mean_of(scores: Scores) -> float:
    """Mean of the questions that are judged; NaN without any."""
    judged = scores[~np.isnan(scores)]
    return float(judged.mean()) if len(judged) else float("nan")


def scores_by(scores: Mapping[str, Scores], metric: str) -> Scores:
    """The scores by one metric: float64, shape (questions,).

    Raises:
        ConfigError: There is no such metric.
    """
    if metric not in scores:
        raise ConfigError(f"there is no metric of this name; there are: {', '.join(scores) or 'none'}")
    return scores[metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well a candidate retrieves, question by question.

    Attributes:
        questions: What was asked.
        candidate: What was measured.
        k: Hits of each search.
        scores: By metric, such as `recall@5`, `ndcg@10`.
        latencies_ms: Of each search, the question's vector at hand: float64, shape (questions,), milliseconds.
        hits: Of each question, best first.
        chunks: Size of the index.
        generation: Of the tenant's index that the documents were taken from.
        evaluated_at: UTC.
    """

    questions: QuestionSet
    candidate: Candidate
    k: int
    scores: Mapping[str, Scores]
    latencies_ms: Scores
    hits: tuple[tuple[Hit, ...], ...]
    chunks: int
    generation: int
    evaluated_at: datetime

    def mean(self, metric: str) -> float:
        """Mean of the questions that are judged by the metric; NaN without any.

        Raises:
            ConfigError: There is no such metric.
        """
        return mean_of(self.scores_by(metric))

    def scores_by(self, metric: str) -> Scores:
        """The questions' scores by this metric: float64, shape (questions,).

        Raises:
            ConfigError: There is no such metric.
        """
        return scores_by(self.scores, metric)

    def summary(self) -> tuple[tuple[str, Interval], ...]:
        """Each metric that judges a question, with its mean and interval, in the order of `scores`."""
        found = ((metric, interval(scores)) for metric, scores in self.scores.items())
        return tuple((metric, one) for metric, one in found if one.count)

    def latency_ms(self, share: float) -> float:
        """What this share of the searches took at most, in milliseconds; .5 for p50."""
        return float(np.quantile(self.latencies_ms, share)) if len(self.latencies_ms) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEvaluation:
    """How well a candidate answers, question by question.

    Attributes:
        questions: What was asked.
        candidate: What was measured.
        scores: By metric: `citation_precision` (share of an answer's citations that lie in what is relevant),
            `citation_recall` (share of what is relevant that the answer cites), `answered` (1 where a right answer's
            words stand in the text), `refused` (1 for a refusal), `degraded` (1 where a model failed), `evidence` (what
            the refusal is decided by where no language model answers).
        nearest: Best dense score of each question's hits; NaN without vectors: float64, shape (questions,).
        threshold: `answerable_score` that the candidate was measured with.
        latencies_ms: Of each answer, without its storage: float64, shape (questions,), milliseconds.
        input_tokens: Of each answer: float64, shape (questions,).
        output_tokens: Of each answer: float64, shape (questions,).
        costs: Of each answer; NaN without a price: float64, shape (questions,).
        texts: The answers.
        generation: Of the tenant's index that the documents were taken from.
        evaluated_at: UTC.
        searched: Each question as it was searched, by itself; empty where it was not kept.
        hits: Of each question, best first: all that its answer could rest on; empty where they were not kept.
    """

    questions: QuestionSet
    candidate: Candidate
    scores: Mapping[str, Scores]
    nearest: Scores
    threshold: float
    latencies_ms: Scores
    input_tokens: Scores
    output_tokens: Scores
    costs: Scores
    texts: tuple[str, ...]
    generation: int
    evaluated_at: datetime
    searched: tuple[str, ...] = ()
    hits: tuple[tuple[Hit, ...], ...] = ()
