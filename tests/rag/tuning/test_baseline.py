import json

import numpy as np
import pytest

from konverze_core.errors import ConfigError
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.baseline import Baseline, regressions
from konverze_rag.version import __version__
from tests.rag.tuning.evaluations import ASKED, NOON, SHOWN, evaluated, question_set

METRIC = "hit@5"
QUESTIONS = question_set(300)


def _found(draw, share=0.8):
    return (draw.random(len(QUESTIONS)) < share).astype(float)


def _evaluated(scores):
    return evaluated(scores, questions=QUESTIONS)


def _flipped(scores, draw, value, count):
    """The scores, of which as many as told that have this value have the other one."""
    flipped = scores.copy()
    flipped[draw.choice(np.flatnonzero(scores == value), count, replace=False)] = 1 - value
    return flipped


def test_the_gate_fails_on_each_of_20_planted_regressions():
    for seed in range(20):
        draw = np.random.default_rng(seed)
        before = _found(draw)
        after = _flipped(before, draw, 1, round(0.1 * before.sum()))
        (found,) = regressions(Baseline.of(_evaluated(before)), _evaluated(after), [METRIC], 0.02)
        assert (found.metric, found.before, found.after) == (METRIC, before.mean(), after.mean())
        assert found.difference.high < -0.02


@pytest.mark.parametrize("max_drop", [0.0, 0.02])
def test_the_gate_passes_on_each_of_20_noisy_runs(max_drop):
    for seed in range(20):
        draw = np.random.default_rng(seed)
        before = _found(draw)
        lost, won = draw.binomial(before.sum(), 0.03, 2)
        after = _flipped(_flipped(before, draw, 1, lost), draw, 0, won)
        assert not regressions(Baseline.of(_evaluated(before)), _evaluated(after), [METRIC], max_drop), seed


def test_the_gate_passes_where_the_mean_drops_by_no_more_than_is_allowed():
    draw = np.random.default_rng(0)
    before = _found(draw)
    after = _flipped(before, draw, 1, 30)
    baseline = Baseline.of(_evaluated(before))
    assert regressions(baseline, _evaluated(after), [METRIC], 0.09)
    assert not regressions(baseline, _evaluated(after), [METRIC], 0.11)


def test_the_gate_passes_where_all_became_better():
    before = _found(np.random.default_rng(0))
    assert not regressions(Baseline.of(_evaluated(before)), _evaluated(np.ones(300)), [METRIC], 0)


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    scores = [1.0, 0.0, float("nan"), 1 / 3]
    candidate = Candidate(settings=TenantSettings(chunk_tokens=128), embedder="large")
    written = Baseline.of(evaluated(scores, candidate=candidate, k=5))
    written.write(tmp_path / "base.json")
    read = Baseline.read(tmp_path / "base.json")
    np.testing.assert_array_equal(read.scores[METRIC], scores)
    assert (read.digest, read.ids, read.k) == (question_set(4).digest, ("q0", "q1", "q2", "q3"), 5)
    assert (read.set_name, read.generation, read.evaluated_at) == ("shop", 7, NOON)
    assert read.changes == {"chunk_tokens": 128, "embedder": "large"}
    assert read.version == __version__


def test_a_baseline_holds_no_word_of_what_was_asked_and_found(tmp_path):
    Baseline.of(evaluated([1.0, 0.0])).write(tmp_path / "base.json")
    content = (tmp_path / "base.json").read_text()
    assert "hit@5" in content
    assert not any(word in content for word in {*ASKED.split(), *SHOWN.split()} - {"a"})


def test_other_questions_are_refused():
    baseline = Baseline.of(evaluated([1.0, 0.0]))
    with pytest.raises(ConfigError, match="other questions"):
        regressions(baseline, evaluated([1.0, 0.0, 1.0]), [METRIC], 0)


def test_another_k_is_refused():
    with pytest.raises(ConfigError, match="k=10, and this with k=20"):
        regressions(Baseline.of(evaluated([1.0])), evaluated([1.0], k=20), [METRIC], 0)


def test_a_metric_that_is_not_there_or_judges_nothing_is_refused():
    with pytest.raises(ConfigError, match="there are: hit@5"):
        regressions(Baseline.of(evaluated([1.0])), evaluated([1.0]), ["hit@7"], 0)
    unknown = evaluated([float("nan")])
    with pytest.raises(ConfigError, match="no question is judged"):
        regressions(Baseline.of(unknown), unknown, [METRIC], 0)


@pytest.mark.parametrize("max_drop", [-0.1, float("nan")])
def test_a_drop_is_no_less_than_none(max_drop):
    with pytest.raises(ConfigError, match="max_drop"):
        regressions(Baseline.of(evaluated([1.0])), evaluated([1.0]), [METRIC], max_drop)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"scores": {METRIC: [1.0]}},
        {"scores": {METRIC: ["one", 0]}},
        {"questions": "q0"},
        {"extra": 1},
        {"evaluated_at": "noon"},
    ],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path, changes):
    path = tmp_path / "base.json"
    Baseline.of(evaluated([1.0, 0.0])).write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ConfigError, match=r"^base\.json: "):
        Baseline.read(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}"])
def test_bytes_that_are_no_baseline_are_refused(tmp_path, content):
    (tmp_path / "base.json").write_bytes(content)
    with pytest.raises(ConfigError, match="is no baseline of this format"):
        Baseline.read(tmp_path / "base.json")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Baseline.read(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="cannot be written"):
        Baseline.of(evaluated([1.0])).write(tmp_path / "none" / "base.json")
