"""Pictures of what tuning has found: one matplotlib figure each, which no global state of matplotlib holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from konverze_core.errors import ConfigError
from konverze_rag.answering.refusal import ANSWERABLE_FROM, LEXICAL_ANSWERABLE_FROM
from konverze_rag.tuning.measuring.answer_figures import Refusals, answerable_of
from konverze_rag.tuning.measuring.calibrating import (
    OperatingPoint,
    best_threshold,
    calibrated_threshold,
    operating_curve,
)
from konverze_rag.tuning.measuring.comparing import Comparison
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation, Scores, scores_by
from konverze_rag.tuning.measuring.statistics import interval
from konverze_rag.tuning.showing.drawing import (
    BLUE,
    GREEN,
    GREY,
    MOST_ROWS,
    ORANGE,
    RED,
    ROW_IN,
    asked,
    frame,
    legend,
    name_questions,
    name_rows,
    number,
    spread,
    title,
)
from konverze_rag.tuning.sweep import MEDIAN, Sweep, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Evidence: TypeAlias = Literal["evidence", "nearest"]
"""What a refusal is decided by, or the best dense score alone."""

MOST_PANELS = 6
"""Metrics side by side, at most."""

BINS = 24
"""Bars of a histogram."""

_MARKS = (("as served", RED, "--"), ("best", GREEN, ":"))
_PANEL_IN = 2.1
_LABELS_IN = 3.4
_FEWEST_ROWS = 5
_UNNAMED_ROWS = 25  # room for any number of questions without names


def quality_by_latency(
    sweep: Sweep, *, metric: str | None = None, best: Trial | None = None, latency_share: float = MEDIAN
) -> Figure:
    """A sweep's trials: mean score over latency, with those that no other beats in both, and their intervals.

    Args:
        sweep: What was found.
        metric: The sweep's own by default.
        best: The trial that was chosen; it is named beside the tenant as it is served.
        latency_share: Of the searches that take at most the latency shown; 0.5 for p50, 0.99 for p99.

    Raises:
        ConfigError: No trial has the metric.
        MissingExtraError: matplotlib is not installed.
    """
    metric = metric or sweep.metric
    front = sweep.front(metric, against=f"p{100 * latency_share:g}_ms")
    unbeaten = {one.number for one in front}
    beaten = [one for one in sweep.measured if one.number not in unbeaten and not np.isnan(one.mean(metric))]
    if not front:
        raise ConfigError(f"no trial was measured by {metric}: see the errors of the trials")
    figure = frame(5.4)
    axes: Any = figure.subplots()
    if beaten:
        others = f"{len(beaten)} others"
        axes.scatter(*_places(beaten, metric, latency_share), s=26, color=GREY, alpha=0.75, label=others)
    axes.margins(x=0.08)  # room for a number beside the fastest
    _draw_front(axes, front, metric, latency_share)
    _name_trials(axes, [(sweep.trials[0], "as served"), (best, "chosen")], metric, latency_share)
    spread(axes, [one.latency_ms(latency_share) for one in (*front, *beaten)])
    axes.set_xlabel(f"latency of a search, p{latency_share * 100:g}, ms")
    axes.set_ylabel(f"mean {metric}")
    axes.grid(visible=True, alpha=0.25)
    title(
        figure, f"{metric} by latency: {len(sweep.trials)} trials, {asked(sweep.questions.name, len(sweep.questions))}"
    )
    legend(figure, axes)
    named = [one for one in (best, sweep.trials[0]) if one is not None and not np.isnan(one.mean(metric))]
    number(axes, [(f"#{one.number}", (one.latency_ms(latency_share), one.mean(metric))) for one in (*named, *front)])
    return figure


def means(evaluations: Mapping[str, Evaluation | AnswerEvaluation], metrics: Sequence[str]) -> Figure:
    """Means of several evaluations with their intervals, a row an evaluation, a panel a metric.

    Args:
        evaluations: By the name to show; at most `MOST_ROWS`.
        metrics: At most `MOST_PANELS`.

    Raises:
        ConfigError: There is nothing to show, or too much; or an evaluation lacks a metric.
        MissingExtraError: matplotlib is not installed.
    """
    if not 0 < len(evaluations) <= MOST_ROWS or not 0 < len(metrics) <= MOST_PANELS:
        raise ConfigError(f"show 1 to {MOST_ROWS} evaluations by 1 to {MOST_PANELS} metrics")
    figure = frame(1.1 + ROW_IN * max(_FEWEST_ROWS, len(evaluations)), _LABELS_IN + _PANEL_IN * max(2, len(metrics)))
    panels: Any = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    rows = np.arange(len(evaluations))
    for axes, metric in zip(panels, metrics, strict=True):
        found = [interval(scores_by(one.scores, metric)) for one in evaluations.values()]
        mids, ends = np.array([one.mean for one in found]), np.array([(one.low, one.high) for one in found])
        axes.errorbar(mids, rows, xerr=np.abs(ends.T - mids), fmt="o", color=BLUE, markersize=5, capsize=3)
        axes.set_xlabel(f"mean {metric}")
        axes.grid(visible=True, axis="x", alpha=0.25)
        axes.locator_params(axis="x", nbins=4)
    name_rows(panels[0], [(name, f"#{place}") for place, name in enumerate(evaluations, 1)])
    title(figure, "Means with 95 % intervals")
    return figure


def by_question(evaluation: Evaluation | AnswerEvaluation, metric: str) -> Figure:
    """The score of each question, highest first, with the mean and its interval; `MOST_ROWS` questions are named.

    Raises:
        ConfigError: No question is judged by the metric.
        MissingExtraError: matplotlib is not installed.
    """
    scores = scores_by(evaluation.scores, metric)
    order: list[int] = np.argsort(-scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))].tolist()
    if not order:
        raise ConfigError(f"no question is judged by {metric}: state what is relevant, or choose another metric")
    figure = frame(1.5 + ROW_IN * (max(_FEWEST_ROWS, len(order)) if len(order) <= MOST_ROWS else _UNNAMED_ROWS))
    axes: Any = figure.subplots()
    rows, found = np.arange(len(order)), interval(scores)
    axes.axvspan(
        found.low, found.high, color=ORANGE, alpha=0.3, label=f"95 % interval {found.low:.3f} to {found.high:.3f}"
    )
    axes.axvline(found.mean, color=RED, label=f"mean {found.mean:.3f}")
    edges = np.arange(len(order) + 1) - 0.5
    axes.stairs(scores[order], edges, orientation="horizontal", fill=True, color=BLUE, alpha=0.15)
    axes.plot(scores[order], rows, "o", color=BLUE, markersize=4, label="question")
    axes.set_xlabel(metric)
    name_questions(axes, [evaluation.questions.questions[place] for place in order])
    title(figure, f"{metric} by question: {len(order):,} judged of {asked(evaluation.questions.name, len(scores))}")
    legend(figure, axes)
    return figure


def changes(comparison: Comparison) -> Figure:
    """By how much each question's score differs, for the better above; the `MOST_ROWS` largest changes are shown.

    Raises:
        ConfigError: No question's score differs.
        MissingExtraError: matplotlib is not installed.
    """
    shown = sorted(comparison.changes[:MOST_ROWS], key=lambda one: -one.gain)
    if not shown:
        raise ConfigError(f"no question's {comparison.metric} differs")
    figure = frame(1.3 + ROW_IN * max(_FEWEST_ROWS, len(shown)))
    axes: Any = figure.subplots()
    gains = np.array([one.gain for one in shown])
    better = sum(one.gain > 0 for one in comparison.changes)
    worse = len(comparison.changes) - better
    axes.barh(np.arange(len(shown)), gains, color=np.where(gains > 0, BLUE, ORANGE), height=0.7)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.grid(visible=True, axis="x", alpha=0.25)
    axes.set_xlabel(f"difference of {comparison.metric}, after minus before")
    name_questions(axes, [one.question for one in shown])
    left_out = len(comparison.changes) - len(shown)
    more = f" ({left_out} smaller changes not shown)" if left_out else ""
    alike = comparison.difference.count - better - worse
    title(figure, f"Questions that changed: {better} better, {worse} worse, {alike} alike{more}")
    return figure


def refusals(answers: AnswerEvaluation, by: Evidence = "evidence") -> Figure:
    """What refusals are decided by, of answerable and unanswerable questions, and what each threshold would refuse.

    Args:
        answers: Of both kinds of questions.
        by: The evidence; or the best dense score, over which `answerable_score` is set (`calibrated_threshold`).

    Raises:
        ConfigError: There are not both kinds of questions; or, by the best dense score, none has one, or the hits were
            not kept.
        MissingExtraError: matplotlib is not installed.
    """
    curve, marks = _by_evidence(answers) if by == "evidence" else _by_nearest(answers)
    name = "evidence of an answer" if by == "evidence" else "best dense score"
    figure = frame(5.6)
    panels: Any = figure.subplot_mosaic([["counts", "curve"], ["shares", "curve"]], gridspec_kw={"wspace": 0.08})
    values, answerable = _values(answers, by), answerable_of(answers.questions)
    _draw_counts(panels["counts"], values[answerable == 1], values[answerable == 0], [mark.threshold for mark in marks])
    _draw_shares(panels["shares"], curve)
    panels["shares"].set(xlabel=name, xlim=panels["counts"].get_xlim())
    _draw_curve(panels["curve"], curve)
    for mark, (role, colour, style) in zip(marks, _MARKS, strict=True):
        if not mark.threshold:
            continue  # by words alone
        found = mark.refusals
        shares = f"{found.of_answerable:.0%} of answerable, {found.of_unanswerable:.0%} of unanswerable"
        label = f"threshold {mark.threshold:.3f}, {role}: refuses {shares}, F1 {found.f1:.2f}"
        panels["counts"].axvline(mark.threshold, color=colour, linestyle=style, label=label)
        panels["shares"].axvline(mark.threshold, color=colour, linestyle=style)
        panels["curve"].plot(found.of_answerable, found.of_unanswerable, "o", color=colour, markersize=8)
    title(figure, f"Refusals by {name}, {asked(answers.questions.name, len(values))}")
    legend(figure, panels["counts"])
    return figure


def _values(answers: AnswerEvaluation, by: Evidence) -> Scores:
    return answers.nearest if by == "nearest" else scores_by(answers.scores, "evidence")


def _by_evidence(answers: AnswerEvaluation) -> tuple[Sequence[OperatingPoint], Sequence[OperatingPoint]]:
    """The curve, and the thresholds as served and with the best F1."""
    is_dense = bool(answers.threshold) and not np.isnan(answers.nearest).all()
    needed = ANSWERABLE_FROM if is_dense else LEXICAL_ANSWERABLE_FROM
    refused = _values(answers, "evidence") < needed
    served = OperatingPoint(threshold=needed, refusals=Refusals.of(refused, answerable_of(answers.questions)))
    return operating_curve(answers), (served, best_threshold(answers))


def _by_nearest(answers: AnswerEvaluation) -> tuple[Sequence[OperatingPoint], Sequence[OperatingPoint]]:
    found = calibrated_threshold(answers)
    return found.curve, (found.served, found.best)


def _draw_counts(axes: Any, near: Scores, far: Scores, thresholds: Sequence[float]) -> None:
    near, far = near[~np.isnan(near)], far[~np.isnan(far)]
    edges = np.histogram_bin_edges([*near, *far, *filter(None, thresholds)], BINS)
    axes.hist(near, edges, color=BLUE, alpha=0.6, label=f"{len(near):,} answerable questions")
    axes.hist(far, edges, color=ORANGE, alpha=0.6, label=f"{len(far):,} unanswerable questions", hatch="///")
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("questions")
    axes.locator_params(axis="y", integer=True)


def _draw_shares(axes: Any, curve: Sequence[OperatingPoint]) -> None:
    thresholds = [point.threshold for point in curve]
    near, far = _shares(curve)
    axes.step(thresholds, near, where="mid", color=BLUE)
    axes.step(thresholds, far, where="mid", color=ORANGE, linestyle="-.")
    axes.set_ylabel("share refused")
    axes.set_ylim(-0.03, 1.03)
    axes.grid(visible=True, alpha=0.25)


def _draw_curve(axes: Any, curve: Sequence[OperatingPoint]) -> None:
    axes.plot(*_shares(curve), color=GREY)
    axes.set_xlabel("answerable, refused all the same (share)")
    axes.set_ylabel("unanswerable, refused (share)")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.grid(visible=True, alpha=0.25)


def _shares(curve: Sequence[OperatingPoint]) -> tuple[list[float], list[float]]:
    """Of the answerable and of the unanswerable questions, refused with each threshold."""
    found = [point.refusals for point in curve]
    return [one.of_answerable for one in found], [one.of_unanswerable for one in found]


def _places(trials: Sequence[Trial], metric: str, share: float) -> tuple[list[float], list[float]]:
    return [one.latency_ms(share) for one in trials], [one.mean(metric) for one in trials]


def _draw_front(axes: Any, front: Sequence[Trial], metric: str, share: float) -> None:
    times, mids = _places(front, metric, share)
    found = [interval(one.scores[metric]) for one in front]
    lengths = [[one.mean - one.low for one in found], [one.high - one.mean for one in found]]
    axes.step(times, mids, where="post", color=BLUE, alpha=0.5)
    axes.errorbar(
        times, mids, lengths, fmt="o", color=BLUE, markersize=6, capsize=3, elinewidth=1,
        label=f"{len(front)} that no other beats in both, with 95 % intervals",
    )  # fmt: skip


def _name_trials(axes: Any, named: Sequence[tuple[Trial | None, str]], metric: str, share: float) -> None:
    styles = (("D", 120, RED), ("o", 230, GREEN))
    for (trial, role), (marker, size, colour) in zip(named, styles, strict=True):
        if trial is None or np.isnan(trial.mean(metric)):
            continue
        said = f"#{trial.number}, {role}: {trial.mean(metric):.3f} in {trial.latency_ms(share):.3g} ms"
        label = said if trial.number == 0 else f"{said} ({trial.candidate.label})"
        axes.scatter(
            *_places([trial], metric, share), s=size, marker=marker, facecolors="none", edgecolors=colour,
            linewidths=2, zorder=3, label=label,
        )  # fmt: skip
