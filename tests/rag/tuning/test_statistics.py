from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.errors import ConfigError
from konverze_rag.tuning.measuring.statistics import difference, interval, sign_flip_p_value

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("scores", [RNG.beta(2, 1, 2_000), RNG.choice([0, 0.25, 1], 2_000)], ids=["many", "few values"])
def test_an_interval_is_that_of_the_normal_law_where_there_are_many_questions(scores):
    found = interval(scores, resamples=10_000)
    error = 1.96 * scores.std() / np.sqrt(len(scores))
    assert found.mean == pytest.approx(scores.mean())
    assert (found.low, found.high) == pytest.approx((found.mean - error, found.mean + error), abs=error * 0.05)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    held = [
        found.low <= 0.7 <= found.high
        for seed in range(300)
        for found in [interval((np.random.default_rng(seed).random(200) < 0.7).astype(float), seed=seed)]
    ]
    assert 0.92 <= np.mean(held) <= 0.98


def test_questions_that_are_not_judged_are_left_out():
    scores = np.array([1.0, np.nan, 0.0, 1.0, np.nan])
    assert interval(scores) == interval(scores[~np.isnan(scores)])
    assert interval(scores).count == 3
    paired = difference(scores, np.array([np.nan, 1.0, 1.0, 1.0, np.nan]))
    assert (paired.count, paired.mean) == (2, 0.5)


def test_without_questions_nothing_is_told():
    nothing = interval(np.full(3, np.nan))
    assert (nothing.count, np.isnan([nothing.mean, nothing.low, nothing.high]).all()) == (0, True)
    assert (difference(np.empty(0), np.empty(0)).p_value, difference(np.empty(0), np.empty(0)).count) == (1, 0)


def test_the_same_seed_tells_the_same():
    scores = RNG.random(50)
    assert interval(scores, seed=4) == interval(scores, seed=4) != interval(scores, seed=5)


@settings(max_examples=30)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=10))
def test_the_p_value_is_that_of_all_assignments_of_signs(differences):
    moved = np.array(differences)
    sums = [abs(float(np.dot(signs, moved))) for signs in product((-1, 1), repeat=len(moved))]
    exact = np.mean([total >= abs(moved.sum()) - 1e-9 for total in sums])
    assert sign_flip_p_value(moved) == pytest.approx(exact, abs=0.025)


def test_settings_that_are_alike_differ_significantly_as_seldom_as_the_p_value_says():
    values = []
    for seed in range(300):
        draw = np.random.default_rng(seed)
        before, after = draw.random((2, 60)) < 0.6
        values.append(difference(before.astype(float), after.astype(float), permutations=1_000).p_value)
    assert np.mean(np.array(values) < 0.05) <= 0.08


def test_a_difference_is_known_where_it_is_one():
    before = (RNG.random(400) < 0.6).astype(float)
    after = np.where(RNG.random(400) < 0.15, 1.0, before)
    found = difference(before, after)
    assert found.mean == pytest.approx(after.mean() - before.mean())
    assert 0 < found.low < found.mean < found.high
    assert found.p_value < 0.001
    back = difference(after, before)
    assert (back.mean, back.p_value < 0.001, back.high < 0) == (-found.mean, True, True)


def test_scores_of_different_questions_are_not_paired():
    with pytest.raises(ConfigError, match="3 scores cannot be paired with 2"):
        difference(np.zeros(3), np.zeros(2))


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        interval(np.zeros(3), confidence)
