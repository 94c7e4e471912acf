"""Lays documents out as a segment; the layout is that of docs/formats/segment.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

import numpy as np

from konverze_core.documents import Chunk, Span
from konverze_core.protocols import Vectors
from konverze_indexes.catalogue import DocumentChunks, compact_json, version_numbers
from konverze_indexes.chunk_fields import filterable
from konverze_indexes.container import Array, Bytes, Header, pack_arrays
from konverze_indexes.dense_building import build_dense
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.filters import FilterBuilder
from konverze_indexes.postings import Postings
from konverze_indexes.scalars import instant_text
from konverze_indexes.segment import FIELDS, NONE
from konverze_indexes.stemming import Analysis
from konverze_indexes.strings import Interner, StringColumn
from konverze_indexes.texts import pack_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentContent:
    """What a segment is made of.

    Attributes:
        documents: With their chunks, as `checked_chunk` returns them.
        vectors: float32, shape (chunks of all documents in order, dim); None for a lexical index.
        postings: Of the chunks' searchable texts.
        queries: What the recall of the dense index is measured with; None for passages of the segment.
    """

    documents: Sequence[DocumentChunks]
    vectors: Vectors | None
    postings: Postings
    queries: CalibrationQueries | None = None

    @classmethod
    def of(
        cls,
        documents: Sequence[DocumentChunks],
        vectors: Vectors | None,
        *,
        analysis: Analysis,
        queries: CalibrationQueries | None = None,
    ) -> Self:
        """The content of documents that are indexed for the first time."""
        texts = [chunk.searchable_text for item in documents for chunk in item.chunks]
        return cls(documents=documents, vectors=vectors, postings=Postings.build(texts, analysis), queries=queries)


def build_segment(content: SegmentContent) -> tuple[Bytes, Bytes]:
    """Lays content out as a segment.

    Returns:
        The hot and the text buffer, each uint8 of one dimension.
    """
    documents = content.documents
    chunks = [chunk for entry in documents for chunk in entry.chunks]
    arrays: dict[str, Array] = {}
    header: Header = {"version": 1}
    starts, texts = pack_texts([chunk.text for chunk in chunks])
    if content.vectors is not None:
        dense = build_dense(content.vectors, queries=content.queries)
        header["dense"] = dense.figures.to_json()
        arrays["dense"] = dense.stored
        if dense.middle is not None and dense.lower is not None:
            arrays["dense.middle"] = dense.middle
            texts = np.concatenate([texts, dense.lower.reshape(-1)])
    arrays |= content.postings.arrays()
    arrays["text.starts"] = starts
    arrays |= _field_arrays(chunks)
    bounds = np.cumsum([0] + [len(entry.chunks) for entry in documents], dtype=np.int64)
    arrays["documents.bounds"] = bounds
    arrays["documents.versions"] = version_numbers(entry.document.version for entry in documents)
    arrays |= StringColumn.of([entry.document.to_json() for entry in documents]).arrays_as("documents")
    arrays |= StringColumn.of([entry.document.id for entry in documents]).arrays_as("document_ids")
    filters = FilterBuilder()
    rows = count()
    for entry in documents:
        ingested_at = instant_text(entry.document.ingested_at)
        for chunk in entry.chunks:
            filters.add(next(rows), filterable(chunk, ingested_at))
    filter_arrays, header["filters"] = filters.arrays()
    return pack_arrays(arrays | filter_arrays, header), texts


def _field_arrays(chunks: Sequence[Chunk]) -> dict[str, Array]:
    headings, contexts, metadata = Interner(), Interner(), Interner()
    rows: list[tuple[int, ...]] = []
    for chunk in chunks:
        heading = NONE if chunk.heading is None else headings.code(chunk.heading)
        context = NONE if chunk.context is None else contexts.code(chunk.context)
        page = NONE if chunk.page is None else chunk.page
        places = *_ends(chunk.span), *_ends(chunk.parent)
        rows.append((chunk.ordinal, page, *places, heading, context, metadata.code(compact_json(dict(chunk.metadata)))))
    # One more than each: a container holds no negative numbers.
    columns: dict[str, Array] = {"fields": np.array(rows, np.int64).reshape(-1, FIELDS) + 1}
    for name, interner in (("headings", headings), ("contexts", contexts), ("metadata", metadata)):
        columns |= interner.column().arrays_as(name)
    return columns


def _ends(span: Span | None) -> tuple[int, int]:
    return (NONE, NONE) if span is None else (span.start, span.end)
