"""What loader and chunker saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, cast

from konverze_core.documents import Chunk, Document
from konverze_rag.inspecting.html_page import html_page

FRAME_HEIGHT_PX = 700
"""Of the page in a notebook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedPage:
    """How a page was read.

    Attributes:
        number: Counted from 1.
        label: What the page itself says its number is; empty where that is its place.
        chars: Code points of its text.
        words: Runs of characters between white space.
        read_from: `text`, or `image` where it was read by OCR; `nothing` for a page without text.
        problem: Why its text, or a part of it, is missing; empty where nothing is known to be.
    """

    number: int
    label: str
    chars: int
    words: int
    read_from: Literal["text", "image", "nothing"]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A file as an ingest would index it.

    Attributes:
        source: Its document id.
        content_bytes: Length of the file.
        document: Text, structure, facts, and the parts that could not be read.
        pages: How each page was read; empty where the format has none.
        chunker: Name of the strategy, with its settings.
        chunks: In reading order; each `span` says where it stands in `document.text`.
        tokens: Of each chunk's `searchable_text`, as the embedding model counts them; as many as chunks.
    """

    source: str
    content_bytes: int
    document: Document
    pages: tuple[InspectedPage, ...]
    chunker: str
    chunks: tuple[Chunk, ...]
    tokens: tuple[int, ...]

    def to_html(self) -> str:
        """One page without scripts or links to elsewhere: the text, with its chunks in colours over it."""
        return html_page(self)

    def _repr_html_(self) -> str:
        """The page in a notebook, in a frame without rights."""
        page = escape(self.to_html())
        return f'<iframe sandbox srcdoc="{page}" style="width:100%;height:{FRAME_HEIGHT_PX}px;border:0"></iframe>'


def pages_of(document: Document) -> tuple[InspectedPage, ...]:
    """How each page of a document was read."""
    problems: dict[int, list[str]] = {}
    for part in document.unread:
        if part.page is not None:
            problems.setdefault(part.page, []).append(part.reason)
    from_images = frozenset(cast("Sequence[int]", document.metadata.get("ocr_pages", ())))
    pages: list[InspectedPage] = []
    for page in document.pages:
        text = document.text[page.span.start : page.span.end]
        words = len(text.split())
        pages.append(
            InspectedPage(
                number=page.number,
                label=page.label,
                chars=len(text),
                words=words,
                read_from="nothing" if not words else "image" if page.number in from_images else "text",
                problem="; ".join(problems.get(page.number, ())),
            )
        )
    return tuple(pages)
