"""A segment: an immutable batch of documents with their chunks, vectors, postings and filter columns.

Two buffers, each sealed as a blob of its own (docs/formats/segment.md):

- *hot*: a container of arrays, all that a search touches;
- *text*: the chunks' texts, each compressed by itself, end to end, so that one hit needs one or two small frames; and
  behind them the lower bits of long vectors.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import json as fast_json

from konverze_core.documents import Chunk, Span
from konverze_indexes.catalogue import IndexedDocument, content_lengths, version_text
from konverze_indexes.container import Arrays, Bytes, Header, Whole, unpack_arrays
from konverze_indexes.dense import DenseIndex
from konverze_indexes.dense_figures import TWELVE_BITS, DenseFigures
from konverze_indexes.dense_twelve_bit import TwelveBitIndex
from konverze_indexes.filters import Filters, Mask
from konverze_indexes.manifest import SegmentEntry
from konverze_indexes.postings import Postings
from konverze_indexes.strings import StringColumn
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.texts import ReadBytes, Texts

NONE = -1
"""Stands for a missing page, span, parent, heading or context in a chunk's row."""

OPENED_BYTES = 370
"""Memory of a chunk that was opened, besides its text: the objects around it, measured by `sys.getsizeof`."""

FIELDS = 9
"""Numbers of a chunk's row: ordinal, page, start and end of the span and of the parent, heading, context, metadata."""

SPAN_FIELDS = slice(2, 4)
"""Where among them the span is."""


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
        self.dense = _opened_dense(arrays, header, read_text)
        self.bounds: Whole = arrays["documents.bounds"]
        self.versions: Whole = arrays["documents.versions"]
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
        lengths = content_lengths(self._documents.all_utf8())
        return np.fromiter(lengths, np.int64, count=len(self.versions))

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


def _opened_dense(arrays: Arrays, header: Header, read_text: ReadBytes) -> DenseIndex | None:
    """The dense index of a hot buffer; None where it holds no vectors."""
    stored = arrays.get("dense")
    if stored is None:
        return None
    figures = DenseFigures.from_json(header["dense"])
    if figures.bits != TWELVE_BITS:
        return DenseIndex(stored, figures)
    end = int(arrays["text.starts"][-1])
    return TwelveBitIndex(
        stored,
        figures,
        middle=arrays.get("dense.middle"),
        read_lower=lambda start, stop: read_text(end + start, end + stop),
    )


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
