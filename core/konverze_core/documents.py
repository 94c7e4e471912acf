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
    """

    kind: BlockKind
    span: Span
    level: int = 0
    table: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a paginated document.

    Attributes:
        number: Counted from 1.
        span: Where its text stands in `Document.text`; empty for a page without text.
    """

    number: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of one upload with its structure.

    Attributes:
        text: All text in reading order; spans count its code points.
        blocks: Structure in reading order; spans ascend and do not overlap.
        pages: Pages in order; empty where the format has none.
        metadata: Facts about the file: at least `format`; `title`, `author`, `encoding` where known.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])


class Chunk(Struct, frozen=True, kw_only=True, gc=False):
    """The unit of retrieval: one stretch of a document. Made ten times a search, hence no dataclass (ADR 0015).

    Attributes:
        document_id: The document it is cut from.
        ordinal: Its place among the document's chunks, from 0.
        text: Its words; equal to `document.text[span.start:span.end]` where `span` is given.
        page: Page on which it starts, from 1; None where the format has no pages.
        span: Where it stands in the document's text.
        heading: Headings above it, outermost first, joined by " › ".
        metadata: Filterable facts, of the document and of the chunk.
    """

    document_id: str
    ordinal: int
    text: str
    page: int | None = None
    span: Span | None = None
    heading: str | None = None
    metadata: Metadata = msgspec.field(default_factory=dict[str, MetadataValue])
