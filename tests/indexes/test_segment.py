import dataclasses

import numpy as np
import pytest

from konverze_core.documents import Chunk, Span
from konverze_core.errors import ConfigError
from konverze_indexes.segment import DocumentChunks, IndexedDocument, Segment, build_segment
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


def _segment(*chunks, vectors=None):
    row = IndexedDocument(id=chunks[0].document_id, ingested_at=NOW, content_bytes=5, metadata={"format": "pdf"})
    return Segment(*build_segment([DocumentChunks(document=row, chunks=chunks)], vectors)), row


def test_a_chunk_comes_back_as_it_was():
    bare = Chunk(document_id="preise.pdf", ordinal=8, text="x")
    segment, row = _segment(CHUNK, bare)
    assert [segment.chunk(0), segment.chunk(1)] == [CHUNK, bare]
    assert segment.document(0) == row
    assert segment.chunks_of(0) == (CHUNK, bare)


def test_vectors_are_a_view_into_the_buffer():
    vectors = unit_vectors(2)
    hot, text = build_segment([document("a", "x", "y")], vectors)
    held = Segment(hot, text).vectors
    np.testing.assert_array_equal(held, vectors)
    assert np.shares_memory(held, hot)


def test_every_document_is_found_by_id():
    segment = Segment(*build_segment([document("a", "1", "2"), document("b", "3"), document("é", "4")], None))
    assert [segment.positions_of(name) for name in ("a", "b", "é", "c")] == [[0], [1], [2], []]


def test_live_mask_covers_all_rows_of_dead_versions():
    documents = [document("a", "1", "2"), document("b", "3")]
    segment = Segment(*build_segment(documents, None))
    assert segment.live_mask([]) is None
    assert segment.live_mask(["00" * 8]) is None
    np.testing.assert_array_equal(segment.live_mask([documents[0].document.version]), [False, False, True])


@pytest.mark.parametrize(
    "change",
    [
        {"document_id": "another"},
        {"ordinal": -1},
        {"text": "\ud800"},
        {"metadata": {"price": float("nan")}},
        {"metadata": {"id": 2**60}},
        {"metadata": {"nested": {"a": 1}}},
    ],
)
def test_what_cannot_be_indexed_is_refused(change):
    chunk = dataclasses.replace(CHUNK, **change)
    with pytest.raises(ConfigError):
        build_segment(
            [DocumentChunks(document=IndexedDocument(id="preise.pdf", ingested_at=NOW), chunks=(chunk,))], None
        )
