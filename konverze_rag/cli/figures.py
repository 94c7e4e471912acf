"""What the commands of tuning print: means with their intervals, trials, and what has dropped."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from rich.table import Table

from konverze_rag.cli import rendering
from konverze_rag.tuning.measuring.answer_figures import AnswerSummary
from konverze_rag.tuning.measuring.baseline import Regression
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation, Scores
from konverze_rag.tuning.measuring.statistics import Interval, interval
from konverze_rag.tuning.settings_files import is_cut_anew
from konverze_rag.tuning.sweep import MEDIAN, P99, Sweep, Trial

SHOWN_TRIALS = 10
"""Trials of a sweep that are shown, at most; JSON has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an evaluation has found.

    Attributes:
        searched: How well it retrieves.
        answered: How well it answers; None where that was not asked for.
        lost: What has dropped against the baseline.
        metrics: Of searches, to be shown; all without any.
    """

    searched: Evaluation
    answered: AnswerEvaluation | None
    lost: tuple[Regression, ...]
    metrics: tuple[str, ...]

    @property
    def means(self) -> dict[str, Interval]:
        """By metric, of searches."""
        named = self.metrics or tuple(self.searched.scores)
        return _means({name: self.searched.scores_by(name) for name in named})


def show_found(found: Found, *, as_json: bool) -> None:
    """An evaluation."""
    if as_json:
        rendering.print_json(_without_nan(_evaluation(found)))
        return
    searched, out = found.searched, rendering.out
    out.print(f"{len(searched.questions)} questions, {searched.chunks} chunks, k={searched.k}")
    _show_means(found.means)
    out.print(f"half of the searches within {searched.latency_ms(MEDIAN):.1f} ms, 99 % within ", end="")
    out.print(f"{searched.latency_ms(P99):.1f} ms")
    if found.answered is not None:
        _show_means(_means(found.answered.scores))
        _show_answers(AnswerSummary.of(found.answered))
    for one in found.lost:
        rendering.err.print(f"dropped: {one.metric}: {one.before:.3f}, now {one.after:.3f}")


def show_sweep(sweep: Sweep, best: Trial, *, as_json: bool) -> None:
    """The trials with the highest means, and the one that was chosen."""
    if as_json:
        trials = [_trial(trial) for trial in sweep.trials]
        told = {"questions": len(sweep.questions), "digest": sweep.questions.digest, "metric": sweep.metric}
        rendering.print_json(_without_nan({**told, "best": best.number, "trials": trials}))
        return
    out, served = rendering.out, sweep.trials[0]
    table = Table("trial", "changes", sweep.metric, "95 % interval", "p50 ms", "p99 ms")
    for trial in sorted(sweep.measured, key=lambda one: -one.mean(sweep.metric))[:SHOWN_TRIALS]:
        found = interval(trial.scores[sweep.metric])
        times = [f"{trial.latency_ms(share):.1f}" for share in (MEDIAN, P99)]
        table.add_row(str(trial.number), trial.candidate.label, f"{found.mean:.4g}", _ends(found), *times)
    out.print(table)
    out.print(f"as served: {served.mean(sweep.metric):.4g}; best, trial {best.number}: {best.mean(sweep.metric):.4g}")
    out.print(best.candidate.label)
    if is_cut_anew(best.candidate):
        out.print("documents are cut so when they are ingested again")


def _show_means(means: Mapping[str, Interval]) -> None:
    table = Table("metric", "mean", "95 % interval", "questions")
    for name, found in means.items():
        table.add_row(name, f"{found.mean:.4g}", _ends(found), str(found.count))
    rendering.out.print(table)


def _show_answers(summary: AnswerSummary) -> None:
    out, refusals = rendering.out, summary.refusals
    out.print(f"refused: {_said(refusals.of_answerable)} of the answerable questions, ", end="")
    out.print(f"{_said(refusals.of_unanswerable)} of the unanswerable ones; F1 {_said(refusals.f1)}")
    cost = "" if isnan(summary.cost) else f"; cost {summary.cost:.4f}"
    out.print(f"an answer: {summary.input_tokens:.0f} tokens read, {summary.output_tokens:.0f} written{cost}")
    out.print(f"half of the answers within {summary.p50_ms:.0f} ms, 99 % within {summary.p99_ms:.0f} ms")


def _evaluation(found: Found) -> dict[str, Any]:
    searched, answered = found.searched, found.answered
    told: dict[str, Any] = {
        "questions": len(searched.questions),
        "digest": searched.questions.digest,
        "k": searched.k,
        "changes": searched.candidate.changes,
        "chunks": searched.chunks,
        "generation": searched.generation,
        "p50_ms": searched.latency_ms(MEDIAN),
        "p99_ms": searched.latency_ms(P99),
        "metrics": {name: dataclasses.asdict(one) for name, one in found.means.items()},
        "dropped": [dataclasses.asdict(one) for one in found.lost],
    }
    if answered is not None:
        told["answers"] = dataclasses.asdict(AnswerSummary.of(answered))
    return told


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "changes": trial.candidate.changes,
        "metrics": {name: dataclasses.asdict(one) for name, one in _means(trial.scores).items()},
        "p50_ms": trial.latency_ms(MEDIAN),
        "p99_ms": trial.latency_ms(P99),
        "chunks": trial.chunks,
        "error": trial.error,
    }


def _means(scores: Mapping[str, Scores]) -> dict[str, Interval]:
    """Of the metrics that judge a question."""
    found = {name: interval(one) for name, one in scores.items()}
    return {name: one for name, one in found.items() if one.count}


def _ends(found: Interval) -> str:
    return f"{found.low:.4g} to {found.high:.4g}"


def _said(share: float) -> str:
    return "–" if isnan(share) else f"{share:.2f}"


def _without_nan(value: Any) -> Any:
    """The same with None for NaN, which JSON does not have."""
    match value:
        case float() if isnan(value):
            return None
        case dict():
            return {name: _without_nan(one) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list() | tuple():
            return [_without_nan(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value
