"""A segment: an immutable batch of documents with their chunks, vectors, postings and filter columns.

Two buffers, each sealed as a blob of its own (docs/formats/segment.md):

- *hot*: a container of arrays, all that a search touches;
- *text*: the chunks' texts, UTF-8, end to end, so that one hit needs one small frame.
"""

from __future__ import annotations

import json
import numbers
import secrets
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NoReturn, cast

import numpy as np
import numpy.typing as npt
from msgspec import json as fast_json
from msgspec import structs

from konverze_core.documents import Chunk, Metadata, MetadataValue, Span
from konverze_core.errors import ConfigError
from konverze_core.protocols import Vectors
from konverze_indexes.container import Array, Bytes, pack_arrays, unpack_arrays
from konverze_indexes.filters import FilterBuilder, Filters, Mask
from konverze_indexes.lexical import Postings
from konverze_indexes.scalars import checked_metadata, checked_text
from konverze_indexes.strings import Interner, StringColumn

NONE = -1
"""Stands for a missing page, span or heading in an integer column."""

FIELDS = 6
"""Numbers that a chunk's row holds: ordinal, page, start and end of the span, heading, metadata."""

MAX_COLUMN_VALUE = 2**31 - 1
"""Largest ordinal, page or place in a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """A document's row in the catalogue.

    Attributes:
        id: The document id.
        version: Random; tells this ingest of the document from every other.
        ingested_at: When it was handed to the index, UTC.
        content_bytes: Length of the original; 0 for chunks added without one.
        content_sha256: Hex digest of the original; empty for chunks added without one.
        settings_sha256: Hex digest of what decided how the original became chunks and vectors.
        upload: Random name of the sealed original; empty where none is kept.
        metadata: Facts about the file.
    """

    id: str
    ingested_at: datetime
    version: str = field(default_factory=lambda: secrets.token_hex(8))
    content_bytes: int = 0
    content_sha256: str = ""
    settings_sha256: str = ""
    upload: str = ""
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])

    @property
    def original(self) -> str:
        """Name, below the tenant's prefix, of the sealed original."""
        return f"uploads/{self.upload}"

    def to_json(self) -> str:
        """The catalogue row as JSON."""
        row = asdict(self) | {"ingested_at": self.ingested_at.isoformat()}
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> IndexedDocument:
        """The catalogue row that `to_json` wrote."""
        row = cast("dict[str, Any]", json.loads(text))
        row["ingested_at"] = datetime.fromisoformat(row["ingested_at"])
        return cls(**row)


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
    span = chunk.span
    if span is not None:
        span = Span(_whole("span", span.start), _whole("span", span.end)) if isinstance(span, Span) else _no_span(span)  # pyright: ignore[reportUnnecessaryIsInstance]
    return structs.replace(
        chunk,
        ordinal=_whole("ordinal", chunk.ordinal),
        text=checked_text("a chunk's text", chunk.text),
        page=None if chunk.page is None else _whole("page", chunk.page),
        span=span,
        heading=None if chunk.heading is None else checked_text("a chunk's heading", chunk.heading),
        metadata=checked_metadata(chunk.metadata),
    )


def _whole(field_name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not 0 <= int(value) <= MAX_COLUMN_VALUE:
        raise ConfigError(f"a chunk's {field_name} must be a whole number from 0 to 2**31 - 1")
    return int(value)


def _no_span(value: object) -> NoReturn:
    raise ConfigError(f"a chunk's span is a kr.Span, not {type(value).__name__}")


def version_text(number: np.uint64) -> str:
    """A version of a document as its catalogue row and its tombstone have it: 16 hexadecimal digits."""
    return f"{int(number):016x}"


def version_numbers(versions: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Versions as the column of a segment has them: uint64, shape (count,)."""
    return np.array([int(version, 16) for version in versions], np.uint64)


def searchable_text(chunk: Chunk) -> str:
    """What both legs index: the heading path above the chunk, and its text."""
    return f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text


def filterable(chunk: Chunk) -> dict[str, MetadataValue]:
    """What `where` sees: the metadata, and above it those fields of the chunk that are set."""
    seen: dict[str, MetadataValue] = {**chunk.metadata, "document_id": chunk.document_id}
    if chunk.page is not None:
        seen["page"] = chunk.page
    if chunk.heading is not None:
        seen["heading"] = chunk.heading
    return seen


def build_segment(documents: Sequence[DocumentChunks], vectors: Vectors | None) -> tuple[Bytes, Bytes]:
    """Lays documents out as a segment.

    Args:
        documents: What to index; chunks as `checked_chunk` returns them.
        vectors: float32, shape (chunks of all documents in order, dim); None for a lexical index.

    Returns:
        The hot and the text buffer, each uint8 of one dimension.
    """
    chunks = [chunk for entry in documents for chunk in entry.chunks]
    arrays: dict[str, Array] = {} if vectors is None else {"vectors": vectors}
    arrays |= Postings.build([searchable_text(chunk) for chunk in chunks]).arrays()
    texts = StringColumn.of([chunk.text for chunk in chunks])
    arrays |= {"text.starts": texts.starts, **_field_arrays(chunks)}
    bounds = np.cumsum([0] + [len(entry.chunks) for entry in documents], dtype=np.int64)
    arrays["documents.bounds"] = bounds
    arrays["documents.versions"] = version_numbers(entry.document.version for entry in documents)
    arrays |= StringColumn.of([entry.document.to_json() for entry in documents]).arrays_as("documents")
    arrays |= StringColumn.of([entry.document.id for entry in documents]).arrays_as("document_ids")
    filters = FilterBuilder()
    for row, chunk in enumerate(chunks):
        filters.add(row, filterable(chunk))
    filter_arrays, keys = filters.arrays()
    return pack_arrays(arrays | filter_arrays, {"version": 1, "filters": keys}), texts.utf8


def _field_arrays(chunks: Sequence[Chunk]) -> dict[str, Array]:
    headings, metadata = Interner(), Interner()
    fields = np.empty((len(chunks), FIELDS), np.int32)
    for row, chunk in enumerate(chunks):
        start, end = (NONE, NONE) if chunk.span is None else (chunk.span.start, chunk.span.end)
        heading = NONE if chunk.heading is None else headings.code(chunk.heading)
        facts = json.dumps(dict(chunk.metadata), ensure_ascii=False, separators=(",", ":"))
        page = NONE if chunk.page is None else chunk.page
        fields[row] = (chunk.ordinal, page, start, end, heading, metadata.code(facts))
    return {"fields": fields, **headings.column().arrays_as("headings"), **metadata.column().arrays_as("metadata")}


class Segment:
    """A decrypted segment in memory; every column is a view into one of its two buffers.

    Args:
        hot: uint8, shape (n,): the hot buffer.
        text: uint8, shape (m,): the text buffer.

    Raises:
        IntegrityError: The hot buffer is no container.
    """

    def __init__(self, hot: Bytes, text: Bytes) -> None:
        arrays, header = unpack_arrays(hot)
        self.resident_bytes = hot.nbytes + text.nbytes
        self.vectors: Vectors | None = arrays.get("vectors")
        self.postings = Postings.read(arrays)
        self.bounds: npt.NDArray[np.int64] = arrays["documents.bounds"]
        self.versions: npt.NDArray[np.uint64] = arrays["documents.versions"]
        self.row_count = int(self.bounds[-1])
        self.filters = Filters(arrays, header["filters"], row_count=self.row_count)
        self._bounds = self.bounds.data
        self._fields = arrays["fields"].reshape(-1).data  # one row is read five times as fast as from an array
        self._texts = StringColumn(text, arrays["text.starts"])
        self._documents = StringColumn.read(arrays, "documents")
        self._document_ids = StringColumn.read(arrays, "document_ids")
        self._headings = StringColumn.read(arrays, "headings")
        self._metadata = StringColumn.read(arrays, "metadata")

    def document(self, position: int) -> IndexedDocument:
        """The catalogue row at this position."""
        return IndexedDocument.from_json(self._documents[position])

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

    def live_mask(self, dead_versions: Sequence[str]) -> Mask | None:
        """bool, shape (rows,): rows of documents that no tombstone names; None when all are live."""
        dead = np.isin(self.versions, version_numbers(dead_versions))
        if not dead.any():
            return None
        return ~np.repeat(dead, np.diff(self.bounds))

    def chunk(self, row: int) -> Chunk:
        """The chunk at a row."""
        ordinal, page, start, end, heading, facts = self._fields[row * FIELDS : (row + 1) * FIELDS].tolist()
        return Chunk(
            document_id=self._document_ids.kept(bisect_right(self._bounds, row) - 1),
            ordinal=ordinal,
            text=self._texts[row],
            page=None if page == NONE else page,
            span=None if start == NONE else Span(start, end),
            heading=None if heading == NONE else self._headings.kept(heading),
            metadata=fast_json.decode(self._metadata.utf8_of(facts)),
        )

    def chunks_of(self, position: int) -> tuple[Chunk, ...]:
        """All chunks of the document at a position."""
        return tuple(self.chunk(row) for row in range(self._bounds[position], self._bounds[position + 1]))
