"""What the suite measures on, and its yardsticks for recall and for the tenant cache."""

from __future__ import annotations

from collections import Counter, OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import corpus
from benchmarks.contest import Course
from benchmarks.tenants import lru_hits, zipf_traffic


def test_texts_are_seeded_distinct_and_as_long_as_chunks_are() -> None:
    texts = [chunk.text for chunk in corpus.chunks(500)]
    assert texts == corpus.texts(500)
    assert texts[:100] == corpus.texts(100), "a smaller corpus is the start of a larger one"
    assert len(set(texts)) == len(texts)
    assert 700 < np.mean([len(text.encode()) for text in texts]) < 1_500
    counts = Counter(" ".join(texts).split()).most_common()
    assert counts[0][1] > 5 * counts[9][1], "few words are frequent"
    assert any("/" in word and "-" in word for word, _ in counts), "there are article numbers"


@pytest.mark.parametrize("share", [0.1, 0.01, 0.001])
def test_prices_let_exactly_the_stated_share_through(share: float) -> None:
    prices = np.array([corpus.price_of(row) for row in range(10_000)])
    assert np.mean(prices < corpus.PRICES * share) == pytest.approx(share)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 99))
def test_exact_rows_are_those_of_a_full_sort(count: int, k: int, seed: int) -> None:
    vectors, queries = corpus.hard_vectors(count, dim=8, seed=seed), corpus.hard_vectors(3, dim=8, seed=seed + 100)
    expected = np.argsort(-(queries @ vectors.T), axis=1)[:, :k]
    assert np.array_equal(corpus.exact_rows(vectors, queries, k), expected)


def test_recall_counts_missed_and_foreign_rows() -> None:
    course = Course(size=50)
    hits = [(chunk.text, chunk.metadata) for chunk in course.chunks]
    exact = [[0, 1], [2, 3], []]
    assert course.recall(lambda turn: [hits[row] for row in exact[turn]], exact, most=3) == 1
    assert course.recall(lambda turn: [hits[turn * 2], hits[40]], exact, most=2) == 0.5
    assert course.recall(lambda _: hits[:1], [[]], most=1) == 0, "a filter that lets nothing through finds nothing"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 10))
def test_the_simulated_lru_hits_what_was_among_the_last_distinct_visits(visits: list[int], room: int) -> None:
    hits = 0
    for place, tenant in enumerate(visits):
        latest = list(OrderedDict.fromkeys(reversed(visits[:place])))[:room]
        hits += tenant in latest
    assert lru_hits(visits, room) == pytest.approx(hits / len(visits))


def test_zipf_traffic_goes_to_a_few_tenants_most_of_the_time() -> None:
    counts = np.sort(np.bincount(zipf_traffic(1_000, 20_000), minlength=1_000))[::-1]
    assert counts[0] == pytest.approx(20_000 / sum(1 / rank for rank in range(1, 1_001)), rel=0.15)
