import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_indexes.fusion import NO_RANKING, Ranking, fused, shares_by_rank, shares_by_score
from konverze_indexes.mmr import maximal_marginal_relevance

SCORES = st.lists(st.floats(-5, 5), max_size=30).map(lambda scores: sorted(scores, reverse=True))


@given(SCORES, st.floats(0, 1))
def test_shares_by_score_run_from_nothing_to_the_weight(scores, weight):
    shares = shares_by_score(Ranking(range(len(scores)), scores), weight=weight)
    assert all(-1e-9 <= share <= weight + 1e-9 for share in shares)
    assert shares == sorted(shares, reverse=True)
    if len(set(scores)) > 1:
        assert shares[0] == pytest.approx(weight)
        assert shares[-1] == 0


def test_a_fixed_scale_does_not_depend_on_what_was_found():
    assert shares_by_score(Ranking([7], [3.0]), weight=0.5, low=0.0, high=12.0) == [0.125]


def test_shares_by_rank_are_those_of_the_paper():
    assert shares_by_rank([9, 4], weight=2.0) == [2 / 61, 2 / 62]


@given(st.dictionaries(st.integers(0, 40), st.floats(0, 1)), st.dictionaries(st.integers(0, 40), st.floats(0, 1)))
def test_the_fused_score_is_the_sum_of_both_shares(first, second):
    both = fused(Ranking(list(first), list(first.values())), Ranking(list(second), list(second.values())), k=10)
    sums = {item: first.get(item, 0) + second.get(item, 0) for item in first.keys() | second.keys()}
    expected = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    assert list(zip(both.items, both.scores, strict=True)) == expected


def test_nothing_fuses_to_nothing():
    assert fused(NO_RANKING, NO_RANKING, k=3) == ([], [])


# Maximal marginal relevance


def _by_hand(relevances, vectors, *, k, weight):
    scaled = (np.array(relevances) - min(relevances)) / ((max(relevances) - min(relevances)) or 1)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen, left = [], list(range(len(relevances)))
    while left and len(chosen) < k:
        gain = {
            place: weight * scaled[place]
            - (1 - weight) * max([float(unit[place] @ unit[c]) for c in chosen], default=0)
            for place in left
        }
        chosen.append(max(left, key=lambda place: gain[place]))
        left.remove(chosen[-1])
    return chosen


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_candidates_are_chosen_as_by_hand(weight, seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(30, 8)).astype(np.float32)
    relevances = sorted(random.random(30).tolist(), reverse=True)
    chosen = maximal_marginal_relevance(relevances, vectors, k=10, relevance_weight=weight)
    assert chosen == _by_hand(relevances, vectors, k=10, weight=weight)


def test_two_of_a_kind_do_not_both_come_first():
    vectors = np.array([[1, 0], [1, 0.01], [0, 1]], np.float32)
    assert maximal_marginal_relevance([0.9, 0.89, 0.5], vectors, k=2, relevance_weight=0.5) == [0, 2]
    assert maximal_marginal_relevance([0.9, 0.89, 0.5], vectors, k=2, relevance_weight=1.0) == [0, 1]


def test_zero_vectors_and_few_candidates_are_no_trouble():
    assert sorted(maximal_marginal_relevance([1, 1], np.zeros((2, 4), np.float32), k=9, relevance_weight=0.5)) == [0, 1]
