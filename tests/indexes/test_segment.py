import numpy as np
import pytest
from msgspec import structs

from konverze_core.documents import Chunk, Span
from konverze_core.errors import ConfigError
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument, version_numbers
from konverze_indexes.chunk_fields import checked_chunk, filterable
from konverze_indexes.segment import Segment
from konverze_indexes.segment_building import SegmentContent, build_segment
from konverze_indexes.stemming import Analysis
from konverze_indexes.texts import read_from
from tests.indexes.builders import NOW, document, unit_vectors

CHUNK = Chunk(
    document_id="preise.pdf",
    ordinal=7,
    text="Preis: 4,50 € — मूल्य",
    page=3,
    span=Span(10, 31),
    heading="Preise › 2026",
    metadata={"lang": "hi", "tags": ["a", "b"], "price": 4.5, "final": True},
)


def opened(documents, vectors):
    hot, text = build_segment(SegmentContent.of(documents, vectors, analysis=Analysis()))
    return Segment(hot, read_from(text))


def _segment(*chunks, vectors=None):
    row = IndexedDocument(id=chunks[0].document_id, ingested_at=NOW, content_bytes=5, metadata={"format": "pdf"})
    return opened([DocumentChunks(document=row, chunks=chunks)], vectors), row


def test_a_chunk_comes_back_as_it_was():
    bare = Chunk(document_id="preise.pdf", ordinal=8, text="x")
    segment, row = _segment(CHUNK, bare)
    assert [segment.chunk(0), segment.chunk(1)] == [CHUNK, bare]
    assert segment.document(0) == row
    assert segment.chunks_of(0) == (CHUNK, bare)


def test_vectors_come_back_in_half_precision():
    vectors = unit_vectors(2)
    segment = opened([document("a", "x", "y")], vectors)
    np.testing.assert_array_equal(segment.dense.vectors(), vectors.astype(np.float16).astype(np.float32))


def test_only_a_chunk_that_was_opened_takes_memory():
    documents = [document("a", "x" * 5_000, "y")]
    hot, text = build_segment(SegmentContent.of(documents, None, analysis=Analysis()))
    kept, dropped = (Segment(hot, read_from(text), keeps_texts=keeps) for keeps in (True, False))
    before = kept.resident_bytes, dropped.resident_bytes
    assert kept.chunk(0) == dropped.chunk(0) == documents[0].chunks[0]
    assert kept.resident_bytes - before[0] >= 5_000
    assert dropped.resident_bytes == before[1]
    once = kept.resident_bytes
    assert kept.chunk(0).text is kept.chunk(0).text
    assert kept.resident_bytes == once


def test_who_changes_a_hits_metadata_changes_nobody_elses():
    segment, _ = _segment(CHUNK)
    segment.chunk(0).metadata["tags"].append("c")
    assert segment.chunk(0) == CHUNK


def test_every_document_is_found_by_id():
    segment = opened([document("a", "1", "2"), document("b", "3"), document("é", "4")], None)
    assert [segment.positions_of(name) for name in ("a", "b", "é", "c")] == [[0], [1], [2], []]


def test_live_mask_covers_all_rows_of_dead_versions():
    documents = [document("a", "1", "2"), document("b", "3"), document("c", "4")]
    a, _, c = (item.document.version for item in documents)
    segment = opened(documents, None)
    assert segment.live_mask(version_numbers([])) is None
    assert segment.live_mask(version_numbers(["00" * 8, "ff" * 8])) is None
    np.testing.assert_array_equal(segment.live_mask(version_numbers([a])), [False, False, True, True])
    np.testing.assert_array_equal(segment.live_mask(version_numbers([c, "00" * 8, a])), [False, False, True, False])


def test_documents_are_found_by_version():
    documents = [document(str(number), "text") for number in range(50)]
    segment = opened(documents, None)
    before = segment.resident_bytes
    asked = version_numbers([*(item.document.version for item in reversed(documents)), "00" * 8, "ff" * 8])
    assert segment.places(asked).tolist() == [*reversed(range(50)), -1, -1]
    assert segment.resident_bytes - before == 50 * 8


@pytest.mark.parametrize(
    "change",
    [
        {"ordinal": -1},
        {"ordinal": 2**31},
        {"ordinal": "0"},
        {"ordinal": True},
        {"page": -1},
        {"page": "iv"},
        {"page": 2**40},
        {"page": 1.5},
        {"span": (0, 5)},
        {"span": Span(-1, 5)},
        {"span": Span(0, 2**31)},
        {"span": Span(1.5, 2)},
        {"text": None},
        {"text": "\ud800"},
        {"heading": 5},
        {"heading": "\ud800"},
        {"metadata": None},
        {"metadata": [("a", 1)]},
        {"metadata": {"price": float("nan")}},
        {"metadata": {"price": np.float32("inf")}},
        {"metadata": {"id": 2**60}},
        {"metadata": {"nested": {"a": 1}}},
        {"metadata": {"list": [[1]]}},
        {"metadata": {"when": NOW}},
        {"metadata": {"raw": b"x"}},
        {"metadata": {5: "x"}},
        {"metadata": {"\ud800": "x"}},
        {"metadata": {"x": "\ud800"}},
    ],
    ids=repr,
)
def test_what_cannot_be_indexed_is_refused(change):
    with pytest.raises(ConfigError):
        checked_chunk(structs.replace(CHUNK, **change))


def test_only_chunks_are_chunks():
    with pytest.raises(ConfigError, match="dict"):
        checked_chunk({"text": "x"})


def test_values_of_numpy_become_pythons_own():
    metadata = {
        "n": np.int64(3),
        "f": np.float32(0.5),
        "b": np.bool_(True),
        "s": np.str_("x"),
        "t": (1, 2),
        "none": None,
    }
    chunk = checked_chunk(structs.replace(CHUNK, page=np.int64(4), ordinal=np.int32(2), metadata=metadata))
    assert chunk.metadata == {"n": 3, "f": 0.5, "b": True, "s": "x", "t": [1, 2]}
    assert [type(chunk.page), type(chunk.ordinal), type(chunk.metadata["b"])] == [int, int, bool]
    segment, _ = _segment(chunk)
    assert segment.chunk(0) == chunk


def test_metadata_may_stand_in_for_fields_that_are_not_set():
    chunk = Chunk(document_id="d", ordinal=0, text="x", metadata={"page": 3, "heading": "own", "ingested_at": "1999"})
    assert filterable(chunk, "2026") == {"document_id": "d", "ingested_at": "2026", "page": 3, "heading": "own"}
    assert filterable(structs.replace(chunk, page=7), "2026")["page"] == 7
