import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.errors import ConfigError, IntegrityError
from konverze_indexes import dense, dense_twelve_bit
from konverze_indexes.allowed import Allowed
from konverze_indexes.dense import DenseIndex
from konverze_indexes.dense_building import build_dense
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.dense_figures import DenseFigures

DIM = 384
ROWS = 6_000
STRUCTURES = ("flat", "ivf", "pq")
TWELVE_BIT = ("ivf in twelve bits", "pq in twelve bits")


def clustered(count, *, seed, dim=DIM):
    """Unit vectors in groups of a hundred, which lists hold."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(max(1, count // 100), dim))[random.integers(max(1, count // 100), size=count)]
    return unit(vectors + 0.6 * random.normal(size=(count, dim)))


def scattered(count, *, seed, dim=DIM, latent=64):
    """Unit vectors without groups, in 64 dimensions of all: lists of neighbours fail, codes do not."""
    span = np.random.default_rng(99).normal(size=(latent, dim))
    return unit(np.random.default_rng(seed).normal(size=(count, latent)) @ span)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


MADE = {
    "flat": lambda: (clustered(500, seed=0), unit(np.random.default_rng(1).normal(size=(60, DIM)))),
    "ivf": lambda: (clustered(ROWS, seed=0), unit(clustered(ROWS, seed=0)[::60] + 0.02)),
    "pq": lambda: (scattered(ROWS, seed=0), scattered(100, seed=1)),
}


def build(vectors, structure):
    """The index; in twelve bits whatever its length, where the structure says so."""
    with pytest.MonkeyPatch.context() as patch:
        if structure in TWELVE_BIT:
            patch.setattr(dense_twelve_bit, "LONG_ROW_BYTES", 0)
        return build_dense(vectors)


@cache
def made(structure):
    """Vectors, fresh queries, and what was built of the vectors, of a structure."""
    kind, _, bits = structure.partition(" in ")
    vectors, queries = MADE[kind]()
    of_vectors = build(vectors, structure)
    assert (of_vectors.figures.structure, of_vectors.figures.bits) == (kind, 12 if bits else 16)
    return vectors, queries, of_vectors


@pytest.fixture(scope="module", params=[*STRUCTURES, *TWELVE_BIT])
def structure(request):
    """What an index is built as."""
    return request.param


@pytest.fixture(scope="module")
def built(structure):
    """Vectors, fresh queries and the index of them, of each structure."""
    vectors, queries, of_vectors = made(structure)
    return vectors, queries, of_vectors.opened()


def exact(vectors, query, k, mask=None):
    """The plain answer: rows of the mask by inner product."""
    rows = np.arange(len(vectors)) if mask is None else np.flatnonzero(mask)
    scores = vectors[rows].astype(np.float64) @ query
    return rows[np.argsort(-scores, kind="stable")[:k]]


def recall(index, vectors, queries, mask=None, *, k=10):
    allowed = None if mask is None else Allowed(mask)
    shares = []
    for query in queries:
        expected = exact(vectors, query, k, mask)
        shares.append(np.isin(expected, index.search(query, k=k, allowed=allowed)[1]).mean())
    return np.mean(shares)


def test_fresh_queries_reach_the_recall_that_was_asked_for(built):
    vectors, queries, index = built
    assert recall(index, vectors, queries) >= 0.99


@pytest.mark.parametrize("share", [0.99, 0.5, 0.2, 0.1, 0.01, 0.001])
def test_recall_holds_among_any_share_of_the_rows(built, share):
    vectors, queries, index = built
    mask = np.random.default_rng(7).random(len(vectors)) < share
    mask[0] = True
    assert recall(index, vectors, queries, mask) >= 0.99


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_recall_holds_where_the_condition_goes_with_the_meaning(built, share):
    vectors, queries, index = built
    along = vectors @ np.random.default_rng(8).normal(size=DIM)
    assert recall(index, vectors, queries, along > np.quantile(along, 1 - share)) >= 0.99


@pytest.mark.parametrize("structure", ["ivf", "pq", *TWELVE_BIT])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_rows_that_are_too_many_to_gather_are_skipped_with_the_same_result(structure, share, monkeypatch):
    vectors, queries, of_vectors = made(structure)
    for query in queries[:10]:
        near = vectors @ query
        mask = near < np.quantile(near, share)  # of which none is among the best of all rows
        found, gathered = [], []
        for most_bytes, part in ((16 << 20, 8), (0, 1 << 40)):
            monkeypatch.setattr(dense, "GATHERED_BYTES", most_bytes)
            monkeypatch.setattr(dense, "GATHERED_SHARE", part)
            index, allowed = of_vectors.opened(), Allowed(mask)
            found.append(index.search(query, k=10, allowed=allowed)[0])
            gathered.append(allowed.prepared_bytes)
        row_bytes = DIM if structure in TWELVE_BIT else 2 * DIM
        assert gathered == [np.count_nonzero(mask) * (row_bytes + 8), 0]
        np.testing.assert_allclose(*found, rtol=1e-5)


def test_scores_are_inner_products_and_fall(built):
    vectors, queries, index = built
    for query in queries[:20]:
        scores, rows = index.search(query, k=10)
        np.testing.assert_allclose(scores, vectors[rows] @ query, atol=1e-3)
        assert (np.diff(scores) <= 0).all()
        assert len(set(rows.tolist())) == 10


@settings(max_examples=40)
@given(data=st.data())
def test_a_search_returns_as_many_allowed_rows_as_there_are_and_no_others(built, data):
    vectors, queries, index = built
    count = len(vectors)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    left = data.draw(st.integers(0, count))
    mask = np.zeros(count, np.bool_)
    at = random.choice(count, left, replace=False) if data.draw(st.booleans()) else np.arange(left)
    mask[at] = True
    k = data.draw(st.sampled_from([1, 10, 50, 700, count, count + 5]))
    query = queries[data.draw(st.integers(0, len(queries) - 1))]
    scores, rows = index.search(query, k=k, allowed=Allowed(mask))
    assert rows.size == scores.size == min(k, left)
    assert mask[rows].all()
    assert len(set(rows.tolist())) == rows.size


def test_all_rows_come_when_all_are_asked_for(built):
    vectors, queries, index = built
    assert sorted(index.search(queries[0], k=10 * len(vectors))[1].tolist()) == list(range(len(vectors)))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_what_is_stored_is_the_vectors_as_fp16_in_row_order(structure):
    vectors, _, of_vectors = made(structure)
    np.testing.assert_array_equal(of_vectors.opened().vectors(), vectors.astype(np.float16).astype(np.float32))


def test_figures_survive_json_and_show_what_was_measured(built):
    _, _, index = built
    figures = index.figures
    assert DenseFigures.from_json(figures.to_json()) == figures
    if figures.structure == "flat":
        assert (figures.recall, figures.queries) == (None, "")
    else:
        assert figures.recall >= figures.asked_recall == 0.99
        assert figures.queries == "passages"


def test_the_index_keeps_its_bytes_alive(structure):
    _, queries, of_vectors = made(structure)
    stored = of_vectors.stored
    kept = of_vectors._replace(stored=stored.copy()).opened()
    gc.collect()
    noise = [np.random.default_rng(0).integers(0, 256, stored.size, np.uint8) for _ in range(4)]
    expected = of_vectors.opened().search(queries[0], k=10)[1]
    np.testing.assert_array_equal(kept.search(queries[0], k=10)[1], expected)
    assert noise


def test_concurrent_searches_agree_and_take_one_openmp_thread_each(built):
    vectors, queries, index = built
    mask = np.random.default_rng(3).random(len(vectors)) < 0.5
    plain = [index.search(query, k=10)[1].tolist() for query in queries]
    filtered = [index.search(query, k=10, allowed=Allowed(mask))[1].tolist() for query in queries]
    shared = Allowed(mask)  # prepared by whichever thread is first

    def search(number):
        at = number % len(queries)
        found = index.search(queries[at], k=10)[1].tolist(), index.search(queries[at], k=10, allowed=shared)[1].tolist()
        return found == (plain[at], filtered[at]) and faiss.omp_get_max_threads() == 1

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(search, range(400)))


def test_building_twice_gives_the_same_figures_and_vectors(built, structure):
    vectors, _, index = built
    again = build(vectors, structure)
    assert again.figures == index.figures
    np.testing.assert_array_equal(again.opened().vectors(), index.vectors())


@pytest.mark.parametrize("structure", STRUCTURES)
def test_damaged_bytes_are_an_integrity_error(structure):
    _, _, of_vectors = made(structure)
    stored, figures, *_ = of_vectors
    for bad in (stored[:-1], stored[:100], stored[:0], np.zeros_like(stored[:50]), np.zeros_like(stored)):
        with pytest.raises(IntegrityError):
            DenseIndex(bad, replace(figures, size_bytes=bad.size) if bad.size != stored.size - 1 else figures)
    for other in STRUCTURES:
        if other != structure:
            with pytest.raises(IntegrityError):
                DenseIndex(stored, replace(figures, structure=other))


@pytest.mark.parametrize(
    "figures", [{}, {"efforts": []}, {"efforts": [[1.0]]}, {"efforts": 3}, {"other": 1, "efforts": []}]
)
def test_malformed_figures_are_an_integrity_error(figures):
    with pytest.raises(IntegrityError):
        DenseFigures.from_json(figures)


@settings(max_examples=60)
@given(
    count=st.integers(0, 60),
    dim=st.integers(1, 40),
    seed=st.integers(0, 2**32),
    exponent=st.integers(-120, 49),
    k=st.integers(1, 70),
)
def test_small_indexes_are_exact_to_the_rounding_of_fp16_at_any_scale(*, count, dim, seed, exponent, k):
    random = np.random.default_rng(seed)
    vectors = np.ldexp(random.uniform(-1, 1, size=(count, dim)), exponent).astype(np.float32)
    query = random.uniform(-1, 1, size=dim).astype(np.float32)
    stored, figures, *_ = build_dense(vectors)
    index = DenseIndex(stored, figures)
    scores, rows = index.search(query, k=k)
    assert (index.count, index.dim, figures.structure) == (count, dim, "flat")
    best = np.sort(vectors.astype(np.float64) @ query)[::-1][: min(k, count)]
    # A component is off by 2**-11 of its own, or of the least that is normal beside the greatest.
    np.testing.assert_allclose(scores, best, rtol=0, atol=dim * 2.0 ** (exponent - 10))
    assert len(set(rows.tolist())) == rows.size == best.size
    np.testing.assert_allclose(index.vectors(), vectors, rtol=2**-11, atol=2.0 ** (exponent - 20))


@pytest.mark.parametrize("value", [0.0, 1.0, 1e15, -1e15, 1e-15])
def test_equal_vectors_are_all_found(value):
    vectors = np.full((5_000, 320), value, np.float32)
    stored, figures, *_ = build_dense(vectors)
    index = DenseIndex(stored, figures)
    scores, rows = index.search(vectors[0], k=10)
    assert len(set(rows.tolist())) == 10
    np.testing.assert_allclose(scores, vectors[0].astype(np.float64) @ vectors[0], rtol=2e-3)


def test_great_components_keep_their_recall():
    vectors, queries = MADE["ivf"]()
    stored, figures, *_ = build_dense(vectors * np.float32(1e15))
    assert figures.structure == "ivf"
    assert recall(DenseIndex(stored, figures), vectors, queries) >= 0.99


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value):
    vectors = np.ones((3, 4), np.float32)
    vectors[1, 2] = value
    with pytest.raises(ConfigError):
        build_dense(vectors)


def test_recall_is_measured_with_the_queries_of_the_caller():
    vectors, queries = MADE["pq"]()
    _, figures, *_ = build_dense(vectors, queries=CalibrationQueries(vectors=queries, source="sentences"))
    assert figures.queries == "sentences"


def test_more_recall_takes_more_effort():
    vectors, _ = MADE["pq"]()
    efforts = [build_dense(vectors, recall=asked)[1].efforts[0][1] for asked in (0.9, 0.999)]
    assert efforts[0] < efforts[1]


def test_lengths_that_no_code_divides_are_searched_all_the_same():
    vectors = scattered(ROWS, seed=0, dim=331)
    stored, figures, *_ = build_dense(vectors)
    assert figures.structure == "flat"
    assert recall(DenseIndex(stored, figures), vectors, scattered(20, seed=1, dim=331)) >= 0.99


def test_an_effort_between_two_numbers_of_hits_is_between_theirs():
    figures = DenseFigures(structure="ivf", size_bytes=0, asked_recall=0.99, efforts=((10, 4), (20, 8), (100, 40)))
    assert [figures.effort(wanted) for wanted in (1, 10, 11, 20, 60, 100, 200)] == [4, 4, 5, 8, 24, 40, 80]


def test_vectors_of_some_rows_are_those_that_are_stored(built):
    _, _, index = built
    rows = np.array([3, 499, 0, 3])
    np.testing.assert_array_equal(index.vectors_at(rows), index.vectors()[rows])
