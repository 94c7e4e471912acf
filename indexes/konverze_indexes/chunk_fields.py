"""What the fields of a chunk may hold, and what a filter sees of them."""

from __future__ import annotations

import numbers

from msgspec import structs

from konverze_core.documents import Chunk, MetadataValue, Span
from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_metadata, checked_text

MAX_COLUMN_VALUE = 2**31 - 1
"""Largest ordinal, page or place in a document."""


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
