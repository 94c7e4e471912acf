"""Many candidates measured on the same questions, and the choice between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from konverze_core.errors import ConfigError, MissingExtraError
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import Scores, mean_of
from konverze_rag.tuning.measuring.statistics import interval
from konverze_rag.tuning.questions.question_set import QuestionSet

if TYPE_CHECKING:
    import pandas as pd

Sampler: TypeAlias = Literal["grid", "tpe"]
"""All combinations, or what an optimiser proposes."""

MEDIAN = 0.5
P99 = 0.99
_LATENCY = re.compile(r"p(\d+(?:\.\d+)?)_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate of a sweep.

    Attributes:
        number: From 0, in the order in which candidates were tried.
        candidate: What was measured.
        scores: By metric; empty where the candidate failed. Where answers were measured, those of `AnswerEvaluation`,
            `input_tokens`, `output_tokens` and `cost` are among them.
        latencies_ms: Of each search, the question's vector at hand: float64, shape (questions,), milliseconds.
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
        return mean_of(self.scores[metric]) if metric in self.scores else float("nan")

    def latency_ms(self, share: float) -> float:
        """What this share of the searches took at most, in milliseconds; .5 for p50. NaN where none was measured."""
        return float(np.quantile(self.latencies_ms, share)) if len(self.latencies_ms) else float("nan")

    def figure(self, name: str) -> float:
        """A latency such as `p50_ms` or `p99_ms`, or the mean of a metric; NaN where it was not measured."""
        latency = _LATENCY.fullmatch(name)
        return self.latency_ms(float(latency[1]) / 100) if latency else self.mean(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep has found.

    Attributes:
        questions: What was asked.
        metric: What candidates are compared by.
        trials: In the order in which they were tried; the first is the tenant as it is served.
        generation: Of the tenant's index that the documents were taken from.
        finished_at: UTC.
    """

    questions: QuestionSet
    metric: str
    trials: tuple[Trial, ...]
    generation: int
    finished_at: datetime

    @property
    def measured(self) -> tuple[Trial, ...]:
        """The trials that have a score."""
        return tuple(trial for trial in self.trials if not np.isnan(trial.mean(self.metric)))

    def best(
        self,
        metric: str | None = None,
        *,
        max_p50_ms: float | None = None,
        max_p99_ms: float | None = None,
        max_cost: float | None = None,
    ) -> Trial:
        """The trial with the highest mean; of equals the one that changes fewest settings, then the fastest.

        Args:
            metric: What to choose by; the sweep's own by default.
            max_p50_ms: Only trials half of whose searches took at most so long, in milliseconds.
            max_p99_ms: Only trials of which 99 of 100 did.
            max_cost: Only trials whose answers cost at most so much each, in the mean.

        Raises:
            ConfigError: No trial keeps the constraints.
        """
        metric = metric or self.metric
        bounds = [
            (figure, most)
            for figure, most in (("p50_ms", max_p50_ms), ("p99_ms", max_p99_ms), ("cost", max_cost))
            if most is not None
        ]
        kept = [trial for trial in self.trials if all(trial.figure(figure) <= most for figure, most in bounds)]
        kept = [trial for trial in kept if not np.isnan(trial.mean(metric))]
        if not kept:
            raise ConfigError("no trial of the sweep keeps these constraints, or has this metric: allow more")
        return min(kept, key=lambda one: (-one.mean(metric), len(one.candidate.changes), one.latency_ms(MEDIAN)))

    def front(self, metric: str | None = None, *, against: str = "p50_ms") -> tuple[Trial, ...]:
        """The Pareto front: trials that no other beats both in mean and in what it takes, the cheapest first.

        Args:
            metric: The quality; the sweep's own metric by default.
            against: What it takes: `p50_ms`, `p99_ms`, or `cost`, the mean of all answers.
        """
        metric = metric or self.metric
        front: list[Trial] = []
        known = [one for one in self.trials if not np.isnan(one.mean(metric) + one.figure(against))]
        for trial in sorted(known, key=lambda one: (one.figure(against), -one.mean(metric))):
            if not front or trial.mean(metric) > front[-1].mean(metric):
                front.append(trial)
        return tuple(front)

    def frame(self) -> pd.DataFrame:
        """A row a trial: its number, its changes, mean and interval of each metric, latency, size and error.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 (of an extra)
        except ImportError as exc:
            raise MissingExtraError('frames need: pip install "konverze-rag[tuning]"') from exc
        return pd.DataFrame([_row(trial) for trial in self.trials])


def _row(trial: Trial) -> dict[str, object]:
    row: dict[str, object] = {"trial": trial.number, **trial.candidate.changes}
    for metric, scores in trial.scores.items():
        found = interval(scores)
        row |= {metric: found.mean, f"{metric} low": found.low, f"{metric} high": found.high}
    times = {"p50_ms": trial.latency_ms(MEDIAN), "p99_ms": trial.latency_ms(P99)}
    return {**row, **times, "chunks": trial.chunks, "error": trial.error}
