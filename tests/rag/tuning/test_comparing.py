import numpy as np
import pytest

from konverze_core.errors import ConfigError
from konverze_rag.tuning.measuring.comparing import Comparison
from konverze_rag.tuning.measuring.statistics import difference, interval
from tests.rag.tuning.evaluations import evaluated, question_set

NAN = float("nan")


def test_a_comparison_tells_the_questions_that_changed_the_largest_change_first():
    before, after = evaluated([1.0, 0.5, 1.0, NAN, 0.0]), evaluated([1.0, 0.75, 0.0, NAN, 0.5])
    found = Comparison.of(before, after, metric="hit@5")
    assert [(one.question.id, one.before, one.after) for one in found.changes] == [
        ("q2", 1.0, 0.0),
        ("q4", 0.0, 0.5),
        ("q1", 0.5, 0.75),
    ]
    assert [one.gain for one in found.changes] == [-1.0, 0.5, 0.25]
    assert [one.hits_before for one in found.changes] == [before.hits[place] for place in (2, 4, 1)]
    assert [one.hits_after for one in found.changes] == [after.hits[place] for place in (2, 4, 1)]
    assert found.difference == difference(before.scores["hit@5"], after.scores["hit@5"])


def test_nothing_changes_between_an_evaluation_and_itself():
    one = evaluated([1.0, 0.0, NAN])
    found = Comparison.of(one, one, metric="hit@5")
    assert (found.changes, found.difference.mean, found.difference.p_value) == ((), 0, 1)


def test_evaluations_of_other_questions_are_not_compared():
    other = evaluated([1.0], questions=question_set(1).only(["q0"], name="other"))
    assert not Comparison.of(evaluated([1.0]), other, metric="hit@5").changes  # the same questions by another name
    with pytest.raises(ConfigError, match="different questions"):
        Comparison.of(evaluated([1.0]), evaluated([1.0, 1.0]), metric="hit@5")


def test_a_metric_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="there are: hit@5"):
        Comparison.of(evaluated([1.0]), evaluated([1.0]), metric="hit")


def test_an_evaluation_tells_the_mean_of_what_is_judged_with_its_interval():
    one = evaluated([1.0, 0.0, NAN, 1.0])
    assert one.mean("hit@5") == pytest.approx(2 / 3)
    assert one.summary() == (("hit@5", interval(np.array([1.0, 0.0, 1.0]))),)
    assert np.isnan(evaluated([NAN]).mean("hit@5"))
    assert evaluated([NAN]).summary() == ()
    with pytest.raises(ConfigError, match="there are: hit@5"):
        one.mean("ndcg@10")
