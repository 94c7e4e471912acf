import numpy as np
import pytest

from konverze_indexes.snapshot import MAX_KEPT_FILTERS, Query
from tests.indexes.builders import DIM, add, document, new_index, unit_vectors


@pytest.fixture
def index():
    """Two segments: 40 rows of twenty documents, then three of one."""
    index = new_index()
    first = [document(f"d{number}", f"red {number}", f"blue {number}", parity=number % 2) for number in range(20)]
    add(index, *first, seed=1)
    add(index, document("late", "green late", "red late", "late late", parity=9), seed=2)
    return index


VECTORS = np.concatenate([unit_vectors(40, seed=1), unit_vectors(3, seed=2)]).astype(np.float16).astype(np.float32)
QUERY = unit_vectors(1, seed=3)[0]


def _places(hits):
    return [(hit.chunk.document_id, hit.chunk.ordinal) for hit in hits]


def _place(row):
    return (f"d{row // 2}", row % 2) if row < 40 else ("late", row - 40)


def _exact(allowed=None):
    scores = VECTORS @ QUERY
    rows = [row for row in np.argsort(-scores) if allowed is None or allowed(_place(row)[0])]
    return [(_place(row), scores[row]) for row in rows]


def test_dense_search_is_exact_by_value(index):
    hits = index.snapshot().search(Query(k=10, vector=QUERY))
    expected = _exact()[:10]
    assert _places(hits) == [place for place, _ in expected]
    np.testing.assert_allclose([hit.score for hit in hits], [score for _, score in expected], rtol=1e-5)
    assert [hit.explain.dense_rank for hit in hits] == list(range(1, 11))


def test_dense_search_is_exact_among_the_filtered(index):
    hits = index.snapshot().search(Query(k=10, vector=QUERY, where={"parity": {"gte": 1}}))
    expected = _exact(lambda name: name == "late" or int(name[1:]) % 2 == 1)[:10]
    assert _places(hits) == [place for place, _ in expected]


def test_a_filter_that_only_one_row_passes_finds_it(index):
    hits = index.snapshot().search(Query(k=10, vector=QUERY, text="red", where={"document_id": "d7"}))
    assert set(_places(hits)) == {("d7", 0), ("d7", 1)}


def test_a_filter_that_nothing_passes_returns_nothing(index):
    assert index.snapshot().search(Query(k=10, vector=QUERY, text="red", where={"parity": 99})) == []


def test_deleted_documents_are_never_returned_and_survivors_stay_exact(index):
    index.delete(["late", "d3", "d4"])
    hits = index.snapshot().search(Query(k=40, vector=QUERY))
    assert _places(hits) == [place for place, _ in _exact(lambda name: name not in {"late", "d3", "d4"})]


def test_more_hits_than_rows(index):
    assert len(index.snapshot().search(Query(k=1000, vector=QUERY))) == 43


def test_lexical_search_ranks_by_words_over_all_segments(index):
    hits = index.snapshot().search(Query(k=3, text="late green"))
    assert _places(hits)[0] == ("late", 0)
    assert {hit.chunk.document_id for hit in hits} == {"late"}
    assert hits[0].explain.dense_score is None


@pytest.mark.parametrize("fusion", ["convex", "rrf"])
def test_hybrid_search_explains_both_legs(index, fusion):
    hits = index.snapshot().search(Query(k=5, vector=VECTORS[41], text="red late", fusion=fusion))
    assert _places(hits)[0] == ("late", 1)
    assert hits[0].explain.dense_rank == 1
    assert hits[0].explain.lexical_rank == 2
    assert hits[0].explain.lexical_score < index.snapshot().search(Query(k=1, text="red late"))[0].score
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_lexical_hit_on_a_word_that_all_share_does_not_beat_meaning(index):
    """The hybrid trap: matches on stop words alone must not count as full matches."""
    hits = index.snapshot().search(Query(k=1, vector=VECTORS[12], text="why is the red vanishing zebra"))
    assert _places(hits) == [_place(12)]


def test_an_empty_index_finds_nothing():
    snapshot = new_index().snapshot()
    assert snapshot.search(Query(k=3, text="red")) == []
    assert snapshot.search(Query(k=3, vector=np.zeros(DIM, np.float32), text="red")) == []
    assert snapshot.documents() == []


def test_catalogue_counts_live_chunks_by_document(index):
    index.delete(["d0"])
    rows = {row.id: row.chunks for row in index.snapshot().documents()}
    assert rows == {"late": 3} | {f"d{number}": 2 for number in range(1, 20)}


def test_filters_that_python_holds_for_equal_are_told_apart():
    index = new_index()
    add(index, document("number", "a", flag=1), document("truth", "b", flag=True), document("text", "c", flag="1"))
    snapshot = index.snapshot()
    for _ in range(2):
        for value, expected in ((1, "number"), (True, "truth"), ("1", "text"), (1.0, "number")):
            hits = snapshot.search(Query(k=5, vector=QUERY, where={"flag": value}))
            assert [hit.chunk.document_id for hit in hits] == [expected]


def test_only_the_latest_filters_are_remembered(index):
    snapshot = index.snapshot()
    before = snapshot.resident_bytes
    for number in range(3 * MAX_KEPT_FILTERS):
        assert len(snapshot.search(Query(k=50, vector=QUERY, where={"document_id": f"d{number}"}))) == 2 * (number < 20)
    rows = sum(part.segment.row_count for part in snapshot.segments)
    assert before < snapshot.resident_bytes < before + MAX_KEPT_FILTERS * 2 * rows + 43 * 400
