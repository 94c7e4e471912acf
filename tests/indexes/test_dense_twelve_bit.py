"""What is particular about vectors of twelve bits; what all dense indexes do is in `test_dense`."""

from dataclasses import replace
from functools import cache

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.errors import IntegrityError
from konverze_core.fakes import MemoryKeyProvider
from konverze_core.protocols import EmbedderInfo
from konverze_indexes import dense_twelve_bit
from konverze_indexes.compaction import compact
from konverze_indexes.container import unpack_arrays
from konverze_indexes.dense_building import build_dense
from konverze_indexes.dense_twelve_bit import LONG_ROW_BYTES, TwelveBitIndex
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.manifest import Embedding
from konverze_indexes.segment_building import SegmentContent, build_segment
from konverze_indexes.snapshot import Query
from konverze_indexes.stemming import Analysis
from konverze_indexes.texts import read_from
from tests.indexes.builders import document, new_index, reopened

DIM = LONG_ROW_BYTES // 2
ROWS = 2_000
STEPS = 255


def clustered(count, *, seed, dim=DIM):
    random = np.random.default_rng(seed)
    vectors = np.random.default_rng(5).normal(size=(20, dim))[random.integers(20, size=count)]
    vectors = vectors + 0.6 * random.normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@cache
def made(dim=DIM):
    vectors = clustered(ROWS, seed=0, dim=dim)
    return vectors, clustered(50, seed=1, dim=dim), build_dense(vectors)


def coarsest(vectors):
    """The greatest step of the upper eight bits."""
    return (vectors.max(axis=0) - vectors.min(axis=0)).max() / STEPS


def test_vectors_are_long_from_2_kib_on():
    short, long = (build_dense(clustered(ROWS, seed=0, dim=dim)).figures for dim in (DIM - 1, DIM))
    assert (short.bits, long.bits, long.structure) == (16, 12, short.structure)


def test_few_rows_are_compared_as_they_are():
    figures = build_dense(clustered(900, seed=0)).figures
    assert (figures.structure, figures.bits) == ("flat", 16)


@pytest.mark.parametrize("dim", [DIM, DIM + 1])
def test_what_is_kept_is_sixteen_bits_between_the_least_and_the_greatest_component(dim):
    vectors, _, built = made(dim)
    error = np.abs(built.opened().vectors() - vectors)
    assert error.max() <= 0.51 * coarsest(vectors) / 256
    assert error.max() < np.abs(vectors.astype(np.float16) - vectors).max() / 4


@pytest.mark.parametrize("dim", [DIM, DIM + 1])
def test_a_score_is_nearer_than_eight_bits_tell(dim):
    vectors, queries, built = made(dim)
    index = built.opened()
    errors = []
    for query in queries:
        scores, rows = index.search(query, k=20)
        errors.append(scores - vectors[rows].astype(np.float64) @ query)
    spread = (vectors.max(axis=0) - vectors.min(axis=0)) / STEPS / 12**0.5
    by_eight_bits = np.linalg.norm(queries * spread, axis=1).mean()
    assert np.std(errors) < by_eight_bits / 12
    assert np.abs(np.mean(errors)) < by_eight_bits / 16


def test_indexing_again_what_was_kept_changes_nothing_that_matters():
    vectors, _, built = made()
    kept = built.opened().vectors()
    again = kept
    for _ in range(3):
        again = build_dense(again).opened().vectors()
    assert np.abs(again - kept).max() <= coarsest(vectors) / 256 / 50


def test_it_takes_three_quarters_of_the_memory_and_as_much_room(monkeypatch):
    vectors, _, built = made()
    monkeypatch.setattr(dense_twelve_bit, "LONG_ROW_BYTES", 1 << 20)
    of_sixteen = build_dense(vectors)
    held = built.stored.size + built.middle.size
    assert (of_sixteen.figures.structure, of_sixteen.figures.bits) == (built.figures.structure, 16)
    assert held < 0.78 * of_sixteen.stored.size
    assert held + built.lower.size < 1.01 * of_sixteen.stored.size


def test_recall_is_that_of_what_is_searched():
    vectors, _, built = made()
    assert built.figures.recall >= built.figures.asked_recall
    assert built.figures.recall == build_dense(vectors).figures.recall


def test_components_that_range_too_far_for_twelve_bits_stay_as_they_are():
    vectors = clustered(ROWS, seed=0)
    vectors[0] *= 1e4  # all others now differ by less than a part of a step
    figures = build_dense(vectors, queries=None).figures
    assert figures.bits == 16


def test_vectors_too_short_for_the_steps_of_the_others_stay_as_they_are():
    built = []
    for factor in (1, 1e-3, 0):  # the last has no direction to lose
        vectors = clustered(ROWS, seed=0)
        vectors[7] *= factor
        built.append(build_dense(vectors).figures)
    assert [(figures.structure, figures.bits) for figures in built] == [("ivf", 12), ("ivf", 16), ("ivf", 12)]


def test_many_hits_of_near_neighbours_are_found_as_by_sixteen_bits(monkeypatch):
    random = np.random.default_rng(3)
    centres = random.normal(size=(30, DIM))

    def near(count):
        vectors = centres[random.integers(30, size=count)] + 0.2 * random.normal(size=(count, DIM))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    vectors, queries = near(3_000), near(100)
    built = build_dense(vectors)
    monkeypatch.setattr(dense_twelve_bit, "LONG_ROW_BYTES", 1 << 20)
    sixteen = build_dense(vectors)
    assert (built.figures.bits, sixteen.figures.bits) == (12, 16)
    exact = np.argsort(-(queries @ vectors.T), axis=1)
    for k in (10, 20, 50, 100):
        recalls = [
            np.mean([np.isin(exact[at, :k], index.search(query, k=k)[1]).mean() for at, query in enumerate(queries)])
            for index in (built.opened(), sixteen.opened())
        ]
        assert recalls[0] >= recalls[1] - 0.005


@pytest.mark.parametrize("value", [0.0, 1.0, 1e15, 1e-15])
def test_dimensions_of_one_value_are_kept(value):
    vectors = clustered(ROWS, seed=0) * np.float32(max(value, 1e-15))
    vectors[:, ::3] = value
    built = build_dense(vectors)
    kept = built.opened().vectors()
    np.testing.assert_allclose(kept, vectors, rtol=0, atol=1e-3 * max(value, 1e-15))
    assert np.isfinite(built.opened().search(vectors[0], k=10)[0]).all()


@settings(max_examples=8)
@given(exponent=st.integers(-100, 49), seed=st.integers(0, 2**32))
def test_any_scale_gives_the_same_answers(exponent, seed):
    vectors, queries, built = made()
    scaled = build_dense(np.ldexp(vectors, exponent))
    query = queries[seed % len(queries)]
    expected, found = built.opened().search(query, k=10), scaled.opened().search(query, k=10)
    assert scaled.figures.bits == 12
    np.testing.assert_allclose(np.ldexp(found[0].astype(np.float64), -exponent), expected[0], rtol=1e-4)


def test_bits_that_do_not_fit_are_an_integrity_error():
    _, _, built = made()
    lower = read_from(built.lower.reshape(-1))
    for middle in (None, built.middle[:-1], built.middle[:, :-1]):
        with pytest.raises(IntegrityError):
            TwelveBitIndex(built.stored, built.figures, middle=middle, read_lower=lower)
    vectors = clustered(ROWS, seed=0, dim=DIM - 2)
    other = build_dense(vectors)
    with pytest.raises(IntegrityError):
        TwelveBitIndex(
            other.stored,
            replace(other.figures, bits=12),
            middle=np.zeros((ROWS, DIM // 2 - 1), np.uint8),
            read_lower=lower,
        )


def test_a_segment_holds_them_as_the_format_page_says():
    vectors, _, _ = made()
    scaled = np.ldexp(vectors, 20)  # so that the scale is another than 1
    item = document("a", *[f"text {row}" for row in range(ROWS)])
    hot, text = build_segment(SegmentContent.of([item], scaled, analysis=Analysis()))
    arrays, header = unpack_arrays(hot)
    figures = header["dense"]
    assert (figures["structure"], figures["bits"]) == ("ivf", 12)
    index = faiss.deserialize_index(arrays["dense"])
    least, span = np.split(faiss.vector_to_array(index.sq.trained).astype(np.float64), 2)
    upper = np.zeros((ROWS, DIM), np.int64)
    for number in range(index.nlist):
        size = index.invlists.list_size(number)
        rows = faiss.rev_swig_ptr(index.invlists.get_ids(number), size)
        upper[rows] = faiss.rev_swig_ptr(index.invlists.get_codes(number), size * DIM).reshape(size, DIM)
    lower = text[arrays["text.starts"][-1] :].reshape(ROWS, DIM // 2)
    middle, lower = (np.concatenate([plane % 16, plane // 16], axis=1) for plane in (arrays["dense.middle"], lower))
    components = (least + (256 * upper + 16 * middle + lower) * span / 255 / 256) / figures["scale"]
    np.testing.assert_allclose(components, scaled, rtol=0, atol=0.51 * coarsest(scaled) / 256)


@pytest.mark.parametrize("cut", [1, ROWS * DIM // 2])
def test_lower_bits_that_are_not_all_there_are_an_integrity_error(cut):
    _, _, built = made()
    index = built._replace(lower=built.lower.reshape(-1)[:-cut]).opened()
    for read in (index.vectors, lambda: index.vectors_at(np.array([ROWS - 1]))):
        with pytest.raises(IntegrityError, match="not all there"):
            read()


def test_vectors_of_some_rows_are_read_in_any_order():
    _, _, built = made()
    index = built.opened()
    rows = np.array([5, 6, 7, 3, 2, 1, 1, ROWS - 1, 0])
    np.testing.assert_array_equal(index.vectors_at(rows), index.vectors()[rows])
    assert index.vectors_at(np.empty(0, np.int64)).shape == (0, DIM)


# In an index


@pytest.fixture
def location(tmp_path):
    """A store with a tenant of many long vectors, and its key provider and vectors."""
    store, provider = LocalBlobStore(tmp_path), MemoryKeyProvider()
    vectors, _, _ = made()
    index = new_index(store, provider)
    texts = [f"text number {row}" for row in range(ROWS)]
    documents = [document(f"d{row}", *texts[row : row + 100]) for row in range(0, ROWS, 100)]
    embedding = Embedding.of(EmbedderInfo(name="long", dim=DIM))
    index.add(documents, vectors, embedding=embedding, replaces=True)
    return store, provider, vectors


def test_hits_and_vectors_are_those_that_were_added(location):
    store, provider, vectors = location
    snapshot = reopened(store, provider).snapshot()
    (part,) = snapshot.segments
    assert part.segment.dense.figures.bits == 12
    for row in (0, 777, ROWS - 1):
        (hit,) = snapshot.search(Query(k=1, vector=vectors[row]))
        assert hit.chunk.text == f"text number {row}"
    np.testing.assert_allclose(part.segment.dense.vectors(), vectors, atol=1e-5)
    diverse = snapshot.search(Query(k=5, vector=vectors[3], relevance_weight=0.5))
    assert diverse[0].chunk.text == "text number 3"


def test_a_compaction_keeps_vectors_and_deletes(location):
    store, provider, vectors = location
    index = reopened(store, provider)
    index.delete(["d100", "d1900"])
    before = index.snapshot().segments[0].segment.dense.vectors()
    compact(index)
    (part,) = reopened(store, provider).snapshot().segments
    kept = np.r_[0:100, 200:1900]
    # What was a dimension's greatest may be gone, and its parts are then others.
    np.testing.assert_allclose(part.segment.dense.vectors(), before[kept], atol=0.51 * coarsest(vectors) / 256)
    np.testing.assert_allclose(part.segment.dense.vectors(), vectors[kept], atol=1e-5)


def test_lower_bits_that_were_tampered_with_are_found_out(location, tmp_path):
    store, provider, vectors = location
    snapshot = reopened(store, provider).snapshot()
    (place,) = tmp_path.rglob("*.text*")
    sealed = bytearray(place.read_bytes())
    sealed[-100] ^= 1  # in the lower bits of the last row
    place.write_bytes(sealed)
    dense = reopened(store, provider).snapshot().segments[0].segment.dense
    assert dense.search(vectors[ROWS - 1], k=1)[1].tolist() == [ROWS - 1]
    dense.vectors_at(np.array([0]))
    with pytest.raises(IntegrityError):
        dense.vectors_at(np.array([ROWS - 1]))
    with pytest.raises(IntegrityError):
        dense.vectors()
    assert snapshot


def test_no_bits_of_a_vector_lie_in_the_store_in_the_clear(location, tmp_path):
    _, _, built = made()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for plane in (built.middle[0], built.lower[0], built.stored[-1_000:], built.stored[1_000:2_000]):
        assert plane[:16].tobytes() not in stored
