import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import konverze_rag as kr
from konverze_rag.tuning.measuring.calibrating import best_threshold, calibrated_threshold, operating_curve
from konverze_rag.tuning.measuring.comparing import Comparison
from konverze_rag.tuning.measuring.statistics import interval
from konverze_rag.tuning.showing import pictures
from konverze_rag.tuning.showing.drawing import MOST_ROWS
from konverze_rag.tuning.sweep import Sweep
from tests.rag.tuning.findings import AT, answers, evaluation, question_set, sweep, trial


def drawn(figure):
    """The figure, laid out."""
    figure.draw_without_rendering()
    return figure


def points(axes):
    """The places of all dots that stand for trials or questions."""
    of_scatters = [place for marks in axes.collections if len(marks.get_offsets()) > 1 for place in marks.get_offsets()]
    of_lines = [
        place
        for line in axes.lines
        if line.get_marker() == "o"
        for place in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    return np.array([*of_scatters, *of_lines])


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def names(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def shown_labels(axis):
    low, high = sorted(axis.get_view_interval())
    labels = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [text for text in labels if text.get_visible() and text.get_text()]


def assert_readable(figure):
    """All words lie within the picture, and no label of an axis on another."""
    drawn(figure)
    whole = figure.bbox
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [text.get_window_extent() for text in shown_labels(axis)]
            assert not any(one.overlaps(other) for one, other in pairwise(boxes))
        said = [axes.xaxis.label, axes.yaxis.label, axes._left_title, *shown_labels(axes.yaxis), *axes.texts]
        for text in [one for one in (*said, figure._suptitle) if one.get_text()]:
            box = text.get_window_extent()
            assert whole.x0 - 1 <= box.x0 <= box.x1 <= whole.x1 + 1, text
            assert whole.y0 - 1 <= box.y0 <= box.y1 <= whole.y1 + 1, text
    for one in figure.legends:
        box = one.get_window_extent()
        assert whole.x0 - 1 <= box.x0 <= box.x1 <= whole.x1 + 1
        assert not any(box.overlaps(axes.get_window_extent()) for axes in figure.axes)


@pytest.mark.parametrize("count", [2, 7, 60])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_every_trial_is_a_point_with_its_units(count, share):
    found = sweep(count)
    figure = pictures.quality_by_latency(found, best=found.best(), latency_share=share)
    axes = figure.axes[0]
    assert axes.get_xlabel() == f"latency of a search, p{100 * share:g}, ms"
    assert axes.get_ylabel() == "mean ndcg@10"
    wanted = {(one.latency_ms(share), one.mean("ndcg@10")) for one in found.trials}
    front = [(one.latency_ms(share), one.mean("ndcg@10")) for one in found.front(against=f"p{100 * share:g}_ms")]
    others = [marks.get_offsets() for marks in axes.collections if marks.get_label().endswith(" others")]
    assert {tuple(place) for places in others for place in places.tolist()} == wanted - set(front)
    bars = axes.containers[0]
    assert list(zip(bars[0].get_xdata(), bars[0].get_ydata(), strict=True)) == front
    ends = [tuple(segment[:, 1]) for segment in bars[2][0].get_segments()]
    known = [interval(one.scores["ndcg@10"]) for one in found.front(against=f"p{100 * share:g}_ms")]
    assert np.allclose(ends, [(one.low, one.high) for one in known])
    assert_readable(figure)


def test_the_tenant_as_served_and_the_choice_are_named():
    found = sweep(30)
    best = found.best()
    said = legend(pictures.quality_by_latency(found, best=best))
    assert any(line.startswith("#0, as served: ") for line in said)
    assert any(line.startswith(f"#{best.number}, chosen: ") and "chunk_tokens=" in line for line in said)
    assert not any("chosen" in line for line in legend(pictures.quality_by_latency(found)))


def test_the_front_is_of_the_latency_that_is_shown():
    calm = trial(1, mean=0.6)
    # Fast in most searches, and slow in some.
    moody = trial(2, mean=0.4)
    moody.latencies_ms[:] = np.where(np.arange(120) < 90, 0.1, 500.0)
    found = Sweep(questions=question_set(120), metric="ndcg@10", trials=(calm, moody), generation=1, finished_at=AT)
    assert [one.number for one in found.front()] == [2, 1]
    assert [one.number for one in found.front(against="p99_ms")] == [1]


def test_latencies_far_apart_are_on_a_scale_of_quotients():
    near, far = sweep(20, slowest=1.2), sweep(20, slowest=60)
    assert pictures.quality_by_latency(near).axes[0].get_xscale() == "linear"
    figure = drawn(pictures.quality_by_latency(far))
    assert figure.axes[0].get_xscale() == "log"
    ticks = [float(text.get_text()) for text in shown_labels(figure.axes[0].xaxis)]
    assert len(ticks) > 2
    assert {str(tick)[0] for tick in ticks} <= set("125")
    assert_readable(figure)


def test_trials_that_failed_are_no_points():
    failed = [trial(number, error="no such model") for number in (1, 2)]
    found = sweep(4)
    mixed = Sweep(
        questions=found.questions,
        metric="ndcg@10",
        trials=(found.trials[0], *failed),
        generation=1,
        finished_at=AT,
    )
    assert len(points(pictures.quality_by_latency(mixed).axes[0])) == 1
    none = Sweep(questions=found.questions, metric="ndcg@10", trials=tuple(failed), generation=1, finished_at=AT)
    with pytest.raises(kr.ConfigError, match="errors of the trials"):
        pictures.quality_by_latency(none)


@pytest.mark.parametrize("count", [1, 2, 60])
def test_means_stand_side_by_side_with_their_intervals(count):
    found = {
        f"chunk_tokens={128 + place}, dense_weight=0.{place}, fusion=convex": evaluation(80, mean=0.4, seed=place)
        for place in range(count)
    }
    figure = pictures.means(found, ["ndcg@10", "recall@5"])
    assert [axes.get_xlabel() for axes in figure.axes] == ["mean ndcg@10", "mean recall@5"]
    assert len(names(figure.axes[0])) == count
    for axes, metric in zip(figure.axes, ("ndcg@10", "recall@5"), strict=True):
        assert np.allclose(points(axes)[:, 0], [one.mean(metric) for one in found.values()])
        ends = [tuple(segment[:, 0]) for segment in axes.containers[0][2][0].get_segments()]
        known = [interval(one.scores[metric]) for one in found.values()]
        assert np.allclose(ends, [(one.low, one.high) for one in known])
    assert_readable(figure)


def test_too_many_means_are_refused():
    one = evaluation(3)
    for evaluations, metrics in [
        ({}, ["ndcg@10"]),
        ({"a": one}, []),
        (dict.fromkeys(map(str, range(MOST_ROWS + 1)), one), ["ndcg@10"]),
        ({"a": one}, ["ndcg@10"] * (pictures.MOST_PANELS + 1)),
        ({"a": one}, ["speed"]),
    ]:
        with pytest.raises(kr.ConfigError):
            pictures.means(evaluations, metrics)


@pytest.mark.parametrize("count", [1, 2, 60, 300])
def test_every_judged_question_is_a_point_and_few_are_named(count):
    found = evaluation(count)
    scores = found.scores["ndcg@10"]
    scores[1::5] = np.nan
    figure = pictures.by_question(found, "ndcg@10")
    axes = figure.axes[0]
    judged = np.sort(scores[~np.isnan(scores)])[::-1]
    assert points(axes)[:, 0].tolist() == judged.tolist()
    assert axes.get_xlabel() == "ndcg@10"
    assert len([name for name in names(axes) if name]) == (len(judged) if len(judged) <= MOST_ROWS else 0)
    assert f"mean {judged.mean():.3f}" in legend(figure)
    assert_readable(figure)
    scores[:] = np.nan
    with pytest.raises(kr.ConfigError, match="no question is judged"):
        pictures.by_question(found, "ndcg@10")


@pytest.mark.parametrize("count", [2, 40, 150])
def test_each_changed_question_is_a_bar_the_largest_gain_above(count):
    comparison = Comparison.of(evaluation(count), evaluation(count, seed=1), metric="ndcg@10")
    figure = pictures.changes(comparison)
    axes = figure.axes[0]
    gains = sorted((one.gain for one in comparison.changes[:MOST_ROWS]), reverse=True)
    assert [bar.get_width() for bar in axes.patches] == gains
    assert axes.get_xlabel() == "difference of ndcg@10, after minus before"
    assert len(names(axes)) == len(gains)
    better, worse = (sum(sign * one.gain > 0 for one in comparison.changes) for sign in (1, -1))
    assert f"{better} better, {worse} worse, {count - better - worse} alike" in figure.get_suptitle()
    assert ("not shown" in figure.get_suptitle()) == (len(comparison.changes) > MOST_ROWS)
    assert_readable(figure)


def test_without_a_change_there_is_no_picture():
    one = evaluation(5)
    with pytest.raises(kr.ConfigError, match="differs"):
        pictures.changes(Comparison.of(one, one, metric="ndcg@10"))


@pytest.mark.parametrize("count", [2, 60, 500])
def test_refusals_show_both_kinds_of_questions_and_what_thresholds_do(count):
    found = answers(count)
    figure = pictures.refusals(found)
    counts, curve, shares = figure.axes
    values = found.scores["evidence"]
    far = np.array([one.is_unanswerable for one in found.questions])
    best = best_threshold(found).threshold
    assert sum(bar.get_height() for bar in counts.patches) == count
    assert [line.get_xdata()[0] for line in counts.lines] == [0.5, best]
    refused = [[np.mean(values[kind] < threshold) for kind in (~far, far)] for threshold in (0.5, best)]
    assert points(curve).tolist() == refused
    known = operating_curve(found)
    assert list(curve.lines[0].get_xdata()) == [one.refusals.of_answerable for one in known]
    assert list(curve.lines[0].get_ydata()) == [one.refusals.of_unanswerable for one in known]
    for line, kind in zip(shares.lines, (~far, far), strict=False):
        wanted = [np.mean(values[kind] < threshold) for threshold in line.get_xdata()]
        assert np.allclose(line.get_ydata(), wanted)
    assert shares.get_xlabel() == "evidence of an answer"
    assert (counts.get_ylabel(), shares.get_ylabel()) == ("questions", "share refused")
    assert any(line.startswith("threshold 0.500, as served: refuses ") for line in legend(figure))
    assert_readable(figure)


@pytest.mark.parametrize("count", [2, 60, 200])
def test_refusals_by_the_best_dense_score_show_what_a_threshold_of_the_tenant_would_do(count):
    found = answers(count)
    figure = pictures.refusals(found, "nearest")
    counts, curve, shares = figure.axes
    known = calibrated_threshold(found)
    assert sum(bar.get_height() for bar in counts.patches) == count
    assert [line.get_xdata()[0] for line in counts.lines] == [0.83, known.best.threshold]
    wanted = [[one.refusals.of_answerable, one.refusals.of_unanswerable] for one in (known.served, known.best)]
    assert points(curve).tolist() == wanted
    assert list(shares.lines[0].get_xdata()) == [one.threshold for one in known.curve]
    assert shares.get_xlim() == counts.get_xlim()
    assert shares.get_xlabel() == "best dense score"
    assert_readable(figure)


def test_words_alone_are_decided_by_at_their_own_threshold():
    found = answers(40)
    found.nearest[:] = np.nan
    assert pictures.refusals(found).axes[0].lines[0].get_xdata()[0] == 0.45
    with pytest.raises(kr.ConfigError, match="embedder"):
        pictures.refusals(found, "nearest")


def test_a_model_without_a_threshold_has_no_line_of_its_own():
    counts, curve, _ = pictures.refusals(answers(40, threshold=0.0), "nearest").axes
    assert (len(counts.lines), len(points(curve))) == (1, 1)
    assert counts.get_xlim()[0] > 0.6


def test_no_text_is_read_as_a_formula():
    hostile = question_set(8, name=r"$\frac{1}{_a$ _b", text=r"$\bad{{$ _ {}")
    one = evaluation(8, questions=hostile)
    assert_readable(pictures.by_question(one, "ndcg@10"))
    assert_readable(pictures.means({r"$\bad{$ _": one, "_hidden": one}, ["ndcg@10"]))
    found = sweep(6, name=r"$\bad{ $")
    assert_readable(pictures.quality_by_latency(found, best=found.best()))


def test_pictures_leave_nothing_behind():
    program = """
import sys
import matplotlib
before = dict(dict.items(matplotlib.rcParams))  # to read a setting by its name may change it
from tests.rag.tuning.findings import answers, evaluation, sweep
from konverze_rag.tuning.showing import pictures
assert "matplotlib.figure" not in sys.modules
for figure in (pictures.quality_by_latency(sweep(5)), pictures.by_question(evaluation(5), "ndcg@10"),
               pictures.refusals(answers(8))):
    figure.savefig(open("/dev/null", "wb"), format="png")
assert "matplotlib.pyplot" not in sys.modules
assert dict(dict.items(matplotlib.rcParams)) == before
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(kr.MissingExtraError, match=r"konverze-rag\[tuning\]"):
        pictures.by_question(evaluation(3), "ndcg@10")
