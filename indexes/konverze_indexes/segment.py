"""A segment: an immutable batch of documents with their chunks, vectors, postings and filter columns.

Two buffers, each sealed as a blob of its own (docs/formats/segment.md):

- *hot*: a container of arrays, all that a search touches;
- *text*: the chunks' texts, each compressed by itself, end to end, so that one hit needs one or two small frames.
"""

from __future__ import annotations

import json
import numbers
import secrets
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple, Self, cast

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs
from msgspec import json as fast_json

from konverze_core.documents import Chunk, Metadata, MetadataValue, Span
from konverze_core.errors import ConfigError
from konverze_core.protocols import Vectors
from konverze_indexes.container import Array, Arrays, Bytes, Header, Whole, pack_arrays, unpack_arrays
from konverze_indexes.dense import DenseIndex
from konverze_indexes.dense_building import build_dense
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.dense_figures import DenseFigures
from konverze_indexes.filters import FilterBuilder, Filters, Mask
from konverze_indexes.manifest import SegmentEntry
from konverze_indexes.postings import Postings
from konverze_indexes.scalars import checked_metadata, checked_text, instant_text
from konverze_indexes.stemming import Analysis
from konverze_indexes.strings import Interner, StringColumn
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.texts import ReadBytes, Texts, pack_texts

NONE = -1
"""Stands for a missing page, span, parent, heading or context in a chunk's row."""

OPENED_BYTES = 370
"""Memory of a chunk that was opened, besides its text: the objects around it, measured by `sys.getsizeof`."""

FIELDS = 9
"""Numbers of a chunk's row: ordinal, page, start and end of the span and of the parent, heading, context, metadata."""

SPAN_FIELDS = slice(2, 4)
"""Where among them the span is."""

MAX_COLUMN_VALUE = 2**31 - 1
"""Largest ordinal, page or place in a document."""

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: that takes longer than its use


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """A document's row in the catalogue.

    Attributes:
        id: The document id.
        version: Random; tells this ingest of the document from every other.
        ingested_at: When it was handed to the index, UTC.
        content_bytes: Length of the original; of the chunks' texts, as UTF-8, for those added without one.
        content_sha256: Hex digest of the original; empty for chunks added without one.
        settings_sha256: Hex digest of what decided how the original became chunks and vectors.
        upload: Random name of the sealed original; empty where none is kept.
        metadata: Facts about the file.
        folder: Label of the folder that it was synced from; empty for none.
        unread: How many parts of the file have no text here.
    """

    id: str
    ingested_at: datetime
    version: str = field(default_factory=lambda: secrets.token_hex(8))
    content_bytes: int = 0
    content_sha256: str = ""
    settings_sha256: str = ""
    upload: str = ""
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])
    folder: str = ""
    unread: int = 0

    @property
    def original(self) -> str:
        """Name, below the tenant's prefix, of the sealed original."""
        return f"uploads/{self.upload}"

    def to_json(self) -> str:
        """The catalogue row as JSON."""
        row = {column.name: getattr(self, column.name) for column in fields(self)}
        row["ingested_at"] = self.ingested_at.isoformat()
        for name in ("folder", "unread"):
            if not row[name]:
                del row[name]
        return _json(row)

    @classmethod
    def from_json(cls, text: str) -> IndexedDocument:
        """The catalogue row that `to_json` wrote."""
        row = cast("dict[str, Any]", fast_json.decode(text))
        row["ingested_at"] = datetime.fromisoformat(row["ingested_at"])
        return cls(**row)


class _Length(Struct):
    """What is read of the catalogue rows of all documents at once."""

    content_bytes: int


_decode_length = fast_json.Decoder(_Length).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChunks:
    """A document to be indexed.

    Attributes:
        document: Its catalogue row.
        chunks: Its chunks, in order.
    """

    document: IndexedDocument
    chunks: tuple[Chunk, ...]


def checked_chunk(chunk: Chunk) -> Chunk:
    """The chunk with plain values in all its fields.

    Raises:
        ConfigError: A field cannot be stored; the message names it.
    """
    if not isinstance(chunk, Chunk):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"chunks are kr.Chunk values, not {type(chunk).__name__}")
    span, parent = _checked_span("span", chunk.span), _checked_span("parent", chunk.parent)
    if parent is not None and (span is None or not parent.start <= span.start <= span.end <= parent.end):
        raise ConfigError("a chunk's parent must contain its span")
    return structs.replace(
        chunk,
        ordinal=_whole("ordinal", chunk.ordinal),
        text=checked_text("a chunk's text", chunk.text),
        page=None if chunk.page is None else _whole("page", chunk.page),
        span=span,
        heading=None if chunk.heading is None else checked_text("a chunk's heading", chunk.heading),
        context=None if chunk.context is None else checked_text("a chunk's context", chunk.context),
        parent=parent,
        metadata=checked_metadata(chunk.metadata),
    )


def _whole(field_name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not 0 <= int(value) <= MAX_COLUMN_VALUE:
        raise ConfigError(f"a chunk's {field_name} must be a whole number from 0 to 2**31 - 1")
    return int(value)


def _checked_span(field_name: str, value: object) -> Span | None:
    if value is None:
        return None
    if not isinstance(value, Span):
        raise ConfigError(f"a chunk's {field_name} is a kr.Span, not {type(value).__name__}")
    return Span(_whole(field_name, value.start), _whole(field_name, value.end))


def version_text(number: np.uint64) -> str:
    """A version of a document as its catalogue row and its tombstone have it: 16 hexadecimal digits."""
    return f"{int(number):016x}"


def version_numbers(versions: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Versions as the column of a segment has them: uint64, shape (count,)."""
    return np.array([int(version, 16) for version in versions], np.uint64)


def filterable(chunk: Chunk, ingested_at: str) -> dict[str, MetadataValue]:
    """What `where` sees: the metadata, and above it those fields of the chunk and its document that are set.

    Args:
        chunk: The chunk.
        ingested_at: When its document was handed to the index, by `instant_text`.
    """
    seen: dict[str, MetadataValue] = {
        **chunk.metadata,
        "document_id": chunk.document_id,
        "ingested_at": ingested_at,
    }
    if chunk.page is not None:
        seen["page"] = chunk.page
    if chunk.heading is not None:
        seen["heading"] = chunk.heading
    return seen


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
    if content.vectors is not None:
        arrays["dense"], figures = build_dense(content.vectors, queries=content.queries)
        header["dense"] = figures.to_json()
    arrays |= content.postings.arrays()
    arrays["text.starts"], texts = pack_texts([chunk.text for chunk in chunks])
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
        rows.append((chunk.ordinal, page, *places, heading, context, metadata.code(_json(dict(chunk.metadata)))))
    # One more than each: a container holds no negative numbers.
    columns: dict[str, Array] = {"fields": np.array(rows, np.int64).reshape(-1, FIELDS) + 1}
    for name, interner in (("headings", headings), ("contexts", contexts), ("metadata", metadata)):
        columns |= interner.column().arrays_as(name)
    return columns


def _ends(span: Span | None) -> tuple[int, int]:
    return (NONE, NONE) if span is None else (span.start, span.end)


def opened_segment(blobs: TenantBlobs, entry: SegmentEntry, *, hot: Bytes | None = None) -> Segment:
    """The segment that a manifest names.

    Args:
        blobs: The tenant's sealed blobs.
        entry: Names and pins it.
        hot: Its hot buffer, where that is in memory already.

    Raises:
        BlobNotFoundError: A blob of it is gone.
        IntegrityError: A blob of it is not what was written.
        StoreError: The store cannot be read.
    """
    buffer = blobs.read("hot", entry.hot_name, pin=entry.hot) if hot is None else hot
    reader = blobs.reader("text", entry.text_name, pin=entry.text)
    return Segment(buffer, reader.read, keeps_texts=blobs.keeps_texts, held_bytes=reader.held_bytes)


class _Opened(NamedTuple):
    """A chunk, but for its metadata, which is decoded for each hit."""

    document_id: str
    ordinal: int
    text: str
    page: int | None
    span: Span | None
    heading: str | None
    context: str | None
    parent: Span | None
    metadata: bytes


class Segment:
    """A segment in memory; every column is a view into its hot buffer, and texts are opened as hits need them.

    Args:
        hot: uint8, shape (n,): the hot buffer.
        read_text: Reads the text buffer.
        keeps_texts: Whether a chunk whose text was opened stays in memory.
        held_bytes: Memory that the text buffer takes.

    Raises:
        IntegrityError: The hot buffer is no container.
    """

    def __init__(self, hot: Bytes, read_text: ReadBytes, *, keeps_texts: bool = True, held_bytes: int = 0) -> None:
        arrays, header = unpack_arrays(hot)
        self._hot = hot
        self._buffers_bytes = hot.nbytes + held_bytes
        stored = arrays.get("dense")
        self.dense = None if stored is None else DenseIndex(stored, DenseFigures.from_json(header["dense"]))
        self.bounds: Whole = arrays["documents.bounds"]
        self.versions: npt.NDArray[np.uint64] = arrays["documents.versions"]
        self.row_count = int(self.bounds[-1])
        self._bounds = self.bounds.data
        self._fields = arrays["fields"].reshape(-1).data  # one row is read five times as fast as from an array
        self._texts = Texts(arrays["text.starts"], read_text)
        nothing: list[_Opened | None] = [None]
        self._kept = nothing * (self.row_count if keeps_texts else 0)
        self._kept_bytes = sys.getsizeof(self._kept)
        self._document_ids = StringColumn.read(arrays, "document_ids")
        self._headings = StringColumn.read(arrays, "headings")
        self._contexts = StringColumn.read(arrays, "contexts")
        self._metadata = StringColumn.read(arrays, "metadata")

    @cached_property
    def postings(self) -> Postings:
        """Of the chunks' searchable texts."""
        return Postings.read(self._arrays())

    @cached_property
    def filters(self) -> Filters:
        """Of the chunks' metadata."""
        arrays, header = unpack_arrays(self._hot)
        return Filters(arrays, header["filters"], row_count=self.row_count)

    @cached_property
    def _documents(self) -> StringColumn:
        return StringColumn.read(self._arrays(), "documents")

    def _arrays(self) -> Arrays:
        """Read anew each time: what the header says takes more memory than it takes time."""
        return unpack_arrays(self._hot)[0]

    @property
    def resident_bytes(self) -> int:
        """Decrypted bytes in memory; more when texts have been opened, or vectors read by row."""
        made = sum(self.__dict__[name].nbytes for name in ("_by_version", "content_bytes") if name in self.__dict__)
        return self._buffers_bytes + self._kept_bytes + made + (self.dense.map_bytes if self.dense else 0)

    def document(self, position: int) -> IndexedDocument:
        """The catalogue row at this position."""
        return IndexedDocument.from_json(self._documents[position])

    def document_ids(self) -> list[bytes]:
        """The ids of all documents in UTF-8, dead ones included."""
        return self._document_ids.all_utf8()

    @cached_property
    def content_bytes(self) -> npt.NDArray[np.int64]:
        """Lengths of all documents as their catalogue rows have them, dead ones included; int64, shape (documents,)."""
        rows = map(_decode_length, self._documents.all_utf8())
        return np.fromiter((row.content_bytes for row in rows), np.int64, count=len(self.versions))

    def version(self, position: int) -> str:
        """The version of the document at this position, as its catalogue row has it."""
        return version_text(self.versions[position])

    def version_texts(self) -> list[str]:
        """The versions of all documents, dead ones included."""
        return [version_text(number) for number in self.versions]

    def positions_of(self, document_id: str) -> list[int]:
        """Positions of all versions of a document, dead ones included."""
        rows = self.filters.rows_equal("document_id", document_id)
        return sorted(set((np.searchsorted(self.bounds, rows, side="right") - 1).tolist()))

    def live_mask(self, dead_versions: npt.NDArray[np.uint64]) -> Mask | None:
        """bool, shape (rows,): rows of documents that no tombstone names; None when all are live.

        Args:
            dead_versions: uint64, shape (count,): what the tombstones name.
        """
        positions = self.places(dead_versions) if dead_versions.size else np.empty(0, np.int64)
        positions = positions[positions >= 0]
        if not positions.size:
            return None
        mask = np.ones(self.row_count, np.bool_)
        for start, stop in zip(self.bounds[positions].tolist(), self.bounds[positions + 1].tolist(), strict=True):
            mask[start:stop] = False
        return mask

    def places(self, versions: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Positions of the documents that have these versions, -1 where none has; int64, shape (versions,).

        Args:
            versions: uint64, shape (versions,).
        """
        found = self._by_version.take(self.versions.searchsorted(versions, sorter=self._by_version), mode="clip")
        return np.where(self.versions[found] == versions, found, -1)

    @cached_property
    def _by_version(self) -> npt.NDArray[np.int64]:
        """Positions of all documents in the order of their versions: commits look for a few among many."""
        return self.versions.argsort()

    def chunk(self, row: int) -> Chunk:
        """The chunk at a row, for a hit: what was opened of it stays in memory, where texts do.

        Raises:
            IntegrityError: Its text is not what was written.
        """
        opened = self._kept[row] if self._kept else None
        if opened is None:
            opened = self._opened(row)
            if self._kept and self._kept[row] is None:  # not by another thread meanwhile
                self._kept[row] = opened
                self._kept_bytes += sys.getsizeof(opened.text) + OPENED_BYTES
        return _chunk(opened)

    def chunks_of(self, position: int) -> tuple[Chunk, ...]:
        """All chunks of the document at a position, for who reads them once.

        Raises:
            IntegrityError: A text is not what was written.
        """
        return tuple(_chunk(self._opened(row)) for row in range(self._bounds[position], self._bounds[position + 1]))

    def _opened(self, row: int) -> _Opened:
        stored = self._fields[row * FIELDS : (row + 1) * FIELDS].tolist()
        ordinal, page, start, end, first, last, heading, context, facts = [number - 1 for number in stored]
        return _Opened(
            self._document_ids.kept(bisect_right(self._bounds, row) - 1),
            ordinal,
            self._texts[row],
            None if page == NONE else page,
            None if start == NONE else Span(start, end),
            None if heading == NONE else self._headings.kept(heading),
            None if context == NONE else self._contexts.kept(context),
            None if first == NONE else Span(first, last),
            bytes(self._metadata.utf8_of(facts)),
        )

    def rows_within(self, position: int, span: Span) -> list[int]:
        """Rows of the chunks that lie in a span of the document at a position, in the order of the document."""
        first, end = self._bounds[position], self._bounds[position + 1]
        table = np.asarray(self._fields[first * FIELDS : end * FIELDS]).astype(np.int64).reshape(-1, FIELDS) - 1
        starts, ends = table[:, SPAN_FIELDS].T
        inside = first + np.flatnonzero((starts >= span.start) & (ends <= span.end))
        return inside[np.argsort(starts[inside - first], kind="stable")].tolist()


def _chunk(opened: _Opened) -> Chunk:
    document_id, ordinal, text, page, span, heading, context, parent, facts = opened
    return Chunk(
        document_id=document_id,
        ordinal=ordinal,
        text=text,
        page=page,
        span=span,
        heading=heading,
        context=context,
        parent=parent,
        metadata=fast_json.decode(facts),  # for each hit anew: its reader may change it
    )
