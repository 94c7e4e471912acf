"""What a loader makes: documents, their structure, and the chunks cut from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Struct

MetadataScalar: TypeAlias = str | int | float | bool
MetadataValue: TypeAlias = MetadataScalar | list[MetadataScalar]
Metadata: TypeAlias = Mapping[str, MetadataValue]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in a document's text: `text[start:end]`."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class BlockKind(StrEnum):
    """What a reader would call a piece of a document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"
    PAGE_HEADER = "page_header"
    PAGE_FOOTER = "page_footer"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a document that should not be cut without need, in reading order.

    Attributes:
        kind: What it is.
        span: Where its text stands in `Document.text`.
        level: Depth of a heading, 1 for the topmost; 0 for all other kinds.
        table: Number of the table that a row belongs to, counted from 0 in reading order; None outside tables.
        header: Whether it is a table's row of column names.
    """

    kind: BlockKind
    span: Span
    level: int = 0
    table: int | None = None
    header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a paginated document.

    Attributes:
        number: Counted from 1.
        span: Where its text stands in `Document.text`; empty for a page without text.
        label: What the page itself says its number is, such as `iv`; empty where that is its place.
    """

    number: int
    span: Span
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A part of a file whose text the document lacks.

    Attributes:
        part: Which part: `page 3`, `attachment scan.tiff`.
        reason: Why, and what to do.
        page: Its number from 1, where it is a page.
    """

    part: str
    reason: str
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of one upload with its structure.

    Attributes:
        text: All text in reading order; spans count its code points.
        blocks: Structure in reading order; spans ascend and do not overlap.
        pages: Pages in order; empty where the format has none.
        metadata: Facts about the file: at least `format`; `title`, `author`, `encoding` where known.
        unread: Parts of the file whose text is missing here.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])
    unread: tuple[Unread, ...] = ()


def under(above: str, text: str) -> str:
    """What a search reads of a chunk's text below what stands above it; chunkers count the tokens of this."""
    return f"{above}\n{text}" if above else text


class Chunk(Struct, frozen=True, kw_only=True, gc=False):
    """The unit of retrieval: one stretch of a document. Made ten times a search, hence no dataclass (ADR 0015).

    Attributes:
        document_id: The document it is cut from.
        ordinal: Its place among the document's chunks, from 0.
        text: Its words; equal to `document.text[span.start:span.end]` where `span` is given.
        page: Page on which it starts, from 1; None where the format has no pages.
        span: Where it stands in the document's text.
        heading: Headings above it, outermost first, joined by " › ".
        context: What is embedded, searched and shown to a language model above the text, but never cited: the
            document's title, the headings, the names of a table's columns. None for the heading alone.
        parent: What is answered from when this chunk is found, where that is more: a span that contains `span`. The
            document's other chunks in it must follow each other without a gap.
        metadata: Filterable facts, of the document and of the chunk.
    """

    document_id: str
    ordinal: int
    text: str
    page: int | None = None
    span: Span | None = None
    heading: str | None = None
    context: str | None = None
    parent: Span | None = None
    metadata: Metadata = msgspec.field(default_factory=dict[str, MetadataValue])

    @property
    def above(self) -> str:
        """What stands above the text: the context, or the heading where none is given; may be empty."""
        return (self.heading or "") if self.context is None else self.context

    @property
    def searchable_text(self) -> str:
        """What both legs of a search index: the text under what stands above it."""
        return under(self.above, self.text)
