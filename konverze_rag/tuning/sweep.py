"""Many candidates measured on the same questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.evaluation import Scores
from konverze_rag.tuning.questions import QuestionSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate of a sweep.

    Attributes:
        number: From 0, in the order in which candidates were chosen.
        candidate: What was measured.
        scores: By metric; empty where the candidate failed.
        latencies_ms: Of each search: float64, shape (questions,), milliseconds.
        chunks: Size of the index.
        error: Why it could not be measured; empty where it was.
    """

    number: int
    candidate: Candidate
    scores: Mapping[str, Scores]
    latencies_ms: Scores
    chunks: int = 0
    error: str = ""

    def mean(self, metric: str) -> float:
        """Mean of the questions that are judged by the metric; NaN without any."""
        raise NotImplementedError

    def latency_ms(self, share: float) -> float:
        """What this share of the searches took at most, in milliseconds; .5 for p50."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep has found.

    Attributes:
        questions: What was asked.
        metric: What candidates were chosen by.
        trials: In order; the first is the tenant as it is served.
        generation: Of the tenant's index that the documents were taken from.
        finished_at: UTC.
    """

    questions: QuestionSet
    metric: str
    trials: tuple[Trial, ...]
    generation: int
    finished_at: datetime
