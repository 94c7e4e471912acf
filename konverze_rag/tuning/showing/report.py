"""HTML pages of what tuning has found, one file each: a sweep, an evaluation, two evaluations compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from math import isnan

import numpy as np

from konverze_core.errors import ConfigError
from konverze_rag.tuning.measuring.answer_figures import AnswerSummary, answerable_of
from konverze_rag.tuning.measuring.comparing import Change, Comparison
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation, Scores
from konverze_rag.tuning.measuring.statistics import Difference, difference, interval
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.settings_files import evidence_of, settings_text
from konverze_rag.tuning.showing import pictures
from konverze_rag.tuning.showing.drawing import MOST_ROWS, asked
from konverze_rag.tuning.showing.highlighting import marked
from konverze_rag.tuning.showing.page import HIT_CHARS, hit_list, note, page, picture, section, table
from konverze_rag.tuning.sweep import MEDIAN, P99, Sweep, Trial

SHOWN_TRIALS = 100
"""Rows of a sweep's table, at most."""

SHOWN_QUESTIONS = 40
"""Questions with their hits on a page, at most."""

SHOWN_METRICS = 6
"""Metrics of a sweep's table, and of a picture of means, at most."""

LEAD_METRIC = "ndcg@10"
"""What an evaluation's questions are sorted by, where they are judged by it."""


def sweep_page(sweep: Sweep, *, best: Trial | None = None) -> str:
    """A sweep: what was chosen, quality by latency, and the trials by the sweep's metric.

    Args:
        sweep: What was found.
        best: The trial that was chosen; by default the one with the highest mean.

    Raises:
        ConfigError: No trial could be measured.
        MissingExtraError: matplotlib is not installed.
    """
    chosen = best or sweep.best()
    facts = [*_facts(sweep.questions, sweep.generation, sweep.finished_at), f"{len(sweep.trials)} trials"]
    drawn = [
        picture(
            pictures.quality_by_latency(sweep, best=chosen, latency_share=share),
            f"Mean {sweep.metric} of each trial by p{100 * share:g} of its latency; the table below has the figures",
        )
        for share in (MEDIAN, P99)
    ]
    parts = [
        section("Chosen settings", *_chosen(sweep, chosen)),
        section("Quality by latency", *drawn),
        section("Trials", *_trials(sweep, chosen)),
    ]
    return page(f"Sweep by {sweep.metric}", facts, parts)


def _chosen(sweep: Sweep, chosen: Trial) -> Iterator[str]:
    served, changes = sweep.trials[0], chosen.candidate.changes
    yield note(f"Trial #{chosen.number}. Other questions than those it was chosen by tell how good it is.")
    if not changes:
        yield note("The tenant as it is served: no setting changes.")
        return
    yield table(["setting", "value"], [[name, _value(value)] for name, value in changes.items()])
    if sweep.metric in served.scores:
        found = difference(served.scores[sweep.metric], chosen.scores[sweep.metric])
        yield note(f"{sweep.metric} {_against(found)}, against the tenant as it is served.", kind="plain")
    yield note("As a file of settings:")
    yield f"<pre>{escape(settings_text(chosen.candidate.settings, evidence_of(sweep, chosen)))}</pre>\n"


def _trials(sweep: Sweep, chosen: Trial) -> Iterator[str]:
    metrics = _metrics_beside(sweep.metric, [name for trial in sweep.measured for name in trial.scores])
    names = list(dict.fromkeys(name for trial in sweep.trials for name in trial.candidate.changes))
    ranked = sorted(sweep.trials, key=lambda one: (isnan(one.mean(sweep.metric)), -one.mean(sweep.metric)))
    shown, front = ranked[:SHOWN_TRIALS], {trial.number for trial in sweep.front()}
    rows = [
        [
            f"#{trial.number}",
            *(_value(trial.candidate.changes.get(name, "")) for name in names),
            *_figures(trial, metrics[:1]),
            *(_number(trial.latency_ms(share), "{:.2f}") for share in (MEDIAN, P99)),
            f"{trial.chunks:,}",
            trial.error or _remarks(trial, is_chosen=trial.number == chosen.number, is_front=trial.number in front),
            *_figures(trial, metrics[1:]),
        ]
        for trial in shown
    ]
    head = ["trial", *names, *metrics[:1], "p50 ms", "p99 ms", "chunks", "remarks", *metrics[1:]]
    yield note("Means with 95 % intervals. A setting that is not stated is the tenant's own.")
    yield note("Front: no other trial is better in both the mean and the median latency.")
    yield table(head, rows, lead=frozenset(place for place, trial in enumerate(shown) if trial.number == chosen.number))
    if len(ranked) > len(shown):
        yield note(f"{len(ranked) - len(shown)} trials with lower means are not shown.")


def _remarks(trial: Trial, *, is_chosen: bool, is_front: bool) -> str:
    said = {"as served": trial.number == 0, "chosen": is_chosen, "front": is_front}
    return ", ".join(name for name, is_so in said.items() if is_so)


def _figures(trial: Trial, metrics: Sequence[str]) -> Iterator[str]:
    return (_mean(trial.scores[name]) if name in trial.scores else "–" for name in metrics)


def _value(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def evaluation_page(evaluation: Evaluation, *, answers: AnswerEvaluation | None = None) -> str:
    """An evaluation: its means, its questions, and what was found for those with the lowest scores.

    Args:
        evaluation: Of searches.
        answers: Of answers to the same questions.

    Raises:
        ConfigError: The answers are to other questions.
        MissingExtraError: matplotlib is not installed.
    """
    if answers is not None and answers.questions.digest != evaluation.questions.digest:
        raise ConfigError("the answers are to other questions: measure both on the same set")
    metrics = _judged(evaluation.scores)
    facts = [
        *_facts(evaluation.questions, evaluation.generation, evaluation.evaluated_at),
        f"{evaluation.chunks:,} chunks",
        f"p50 {evaluation.latency_ms(MEDIAN):.2f} ms",
        f"p99 {evaluation.latency_ms(P99):.2f} ms",
    ]
    lead = LEAD_METRIC if LEAD_METRIC in metrics else next(iter(metrics), "")
    parts: list[str] = [
        section("Means", table(["metric", "mean", "judged questions"], _mean_rows(evaluation.scores, metrics))),
        *([] if answers is None else _answers(answers)),
        section("Questions", *(_questions(evaluation, answers, lead) if lead else ())),
    ]
    return page(f"Evaluation: {evaluation.candidate.label}", facts, parts)


def _answers(answers: AnswerEvaluation) -> Iterator[str]:
    found = AnswerSummary.of(answers)
    refusing = {
        "answerable questions, refused": found.refusals.of_answerable,
        "unanswerable questions, refused": found.refusals.of_unanswerable,
        "F1 of refusing": found.refusals.f1,
    }
    spent = {"input tokens": found.input_tokens, "output tokens": found.output_tokens, "cost": found.cost}
    rows = [*_mean_rows(answers.scores, _judged(answers.scores))]
    rows += [[name, _number(value, "{:.3f}"), ""] for name, value in refusing.items() if not isnan(value)]
    rows += [[name, _number(value, "{:,.4g}"), ""] for name, value in spent.items() if not isnan(value)]
    yield section(
        "Answers",
        table(["metric", "mean", "judged questions"], rows),
        note(f"An answer took {found.p50_ms:.0f} ms (p50), {found.p99_ms:.0f} ms (p99)."),
    )
    yield section("Refusals", *_refusals(answers))


def _refusals(answers: AnswerEvaluation) -> Iterator[str]:
    answerable = answerable_of(answers.questions)
    if not {0, 1} <= set(answerable):
        return
    yield picture(pictures.refusals(answers), "Histograms of the evidence, and shares refused by threshold")
    if answers.hits and not np.isnan(answers.nearest).all():
        said = "Histograms of the best dense score, and shares refused by answerable_score"
        yield picture(pictures.refusals(answers, "nearest"), said)
    wrong: list[int] = np.flatnonzero((answers.scores["refused"] > 0) == (answerable == 1)).tolist()
    yield note(
        f"Refused though answerable, or answered though not: {len(wrong)}. {_shown(len(wrong), SHOWN_QUESTIONS)}"
    )
    for place in wrong[:SHOWN_QUESTIONS]:
        question = answers.questions.questions[place]
        kind = "unanswerable, answered" if question.is_unanswerable else "answerable, refused"
        yield f"{_asked(question.text)}{note(f'{question.id} · {kind}', kind='worse')}{_answer(answers, place)}"
        yield hit_list(question, answers.hits[place]) if answers.hits else ""


def _questions(evaluation: Evaluation, answers: AnswerEvaluation | None, metric: str) -> Iterator[str]:
    scores = evaluation.scores_by(metric)
    order: list[int] = np.argsort(scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))].tolist()
    yield picture(pictures.by_question(evaluation, metric), f"{metric} of each question, sorted, with the mean")
    yield note(f"The lowest {metric} first. {_shown(len(order), SHOWN_QUESTIONS)}")
    for place in order[:SHOWN_QUESTIONS]:
        question = evaluation.questions.questions[place]
        yield f"{_asked(question.text)}{note(f'{question.id} · {metric} {scores[place]:.3f}')}"
        yield "" if answers is None else _answer(answers, place)
        yield hit_list(question, evaluation.hits[place])


def _answer(answers: AnswerEvaluation, place: int) -> str:
    said = [f"{name} {scores[place]:.3g}" for name, scores in answers.scores.items() if not isnan(scores[place])]
    return f"<div class=answer dir=auto>{marked(answers.texts[place], (), most_chars=HIT_CHARS)}</div>\n" + note(
        " · ".join([*said, f"{answers.latencies_ms[place]:.0f} ms"])
    )


def comparison_page(before: Evaluation, after: Evaluation, metric: str) -> str:
    """Two evaluations of the same questions: whether they differ, and the hits of the questions that tell so.

    Raises:
        ConfigError: They are not of the same questions, or one lacks the metric.
        MissingExtraError: matplotlib is not installed.
    """
    found = Comparison.of(before, after, metric=metric)
    facts = [
        *_facts(before.questions, after.generation, after.evaluated_at),
        f"before: {before.candidate.label}",
        f"after: {after.candidate.label}",
    ]
    parts = [
        section("Means", note(f"{metric} {_against(found.difference)}.", kind="plain"), *_both_means(found)),
        section("Questions that changed", *_changes(found)),
    ]
    return page(f"Comparison by {metric}", facts, parts)


def _both_means(found: Comparison) -> Iterator[str]:
    before, after = found.before.scores, found.after.scores
    metrics = [name for name in _judged(before) if name in after]
    rows: list[list[object]] = []
    for name in metrics:
        one = difference(before[name], after[name])
        ends = f"{_signed(one.mean)} [{_signed(one.low)}, {_signed(one.high)}]"
        rows.append([name, _mean(before[name]), _mean(after[name]), ends, f"{one.p_value:.4f}", one.count])
    yield table(["metric", "before", "after", "difference", "p", "judged questions"], rows)
    shown = _metrics_beside(found.metric, metrics)
    figure = pictures.means({"before": found.before, "after": found.after}, shown)
    yield picture(figure, f"Means before and after by {', '.join(shown)}; the table has the figures")


def _changes(found: Comparison) -> Iterator[str]:
    changes = found.changes
    if not changes:
        yield note(f"No question's {found.metric} differs.")
        return
    yield picture(pictures.changes(found), f"Differences of {found.metric} by question, at most {MOST_ROWS}")
    yield note(f"The largest changes first. {_shown(len(changes), SHOWN_QUESTIONS)}")
    for one in changes[:SHOWN_QUESTIONS]:
        yield _change(one, found.metric)


def _change(change: Change, metric: str) -> str:
    question, kind = change.question, "better" if change.gain > 0 else "worse"
    said = f"{metric} {change.before:.3f} → {change.after:.3f} ({_signed(change.gain)}) · {question.id}"
    sides = "".join(
        f"<div><h4>{name}</h4>\n{hit_list(question, hits)}</div>\n"
        for name, hits in (("before", change.hits_before), ("after", change.hits_after))
    )
    return f"{_asked(question.text)}{note(said, kind=kind)}<div class=sides>\n{sides}</div>\n"


def _asked(text: str) -> str:
    return f"<h3 dir=auto>{escape(text)}</h3>\n"


def _facts(questions: QuestionSet, generation: int, at: datetime) -> list[str]:
    return [asked(questions.name, len(questions)), f"generation {generation}", f"{at:%Y-%m-%d %H:%M} UTC"]


def _shown(count: int, most: int) -> str:
    return f"{most} of {count} are shown." if count > most else f"All {count} are shown."


def _judged(scores: Mapping[str, Scores]) -> list[str]:
    return [name for name, values in scores.items() if not np.isnan(values).all()]


def _metrics_beside(metric: str, names: Sequence[str]) -> list[str]:
    """The metric, and others that look at as many places."""
    ending = metric.partition("@")[2]
    return list(dict.fromkeys([metric, *(name for name in names if name.partition("@")[2] == ending)]))[:SHOWN_METRICS]


def _mean_rows(scores: Mapping[str, Scores], names: Sequence[str]) -> list[list[object]]:
    return [[name, _mean(scores[name]), int(np.count_nonzero(~np.isnan(scores[name])))] for name in names]


def _mean(scores: Scores) -> str:
    found = interval(scores)
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]" if found.count else "–"


def _number(value: float, form: str) -> str:
    return "–" if isnan(value) else form.format(value)


def _signed(value: float) -> str:
    return "–" if isnan(value) else f"{value:+.3f}".replace("-", "−")


def _against(found: Difference) -> str:
    ends = f"[{_signed(found.low)}, {_signed(found.high)}]"
    return f"{_signed(found.mean)} {ends}, p = {found.p_value:.4f}, {found.count:,} questions judged in both"
