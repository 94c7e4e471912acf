"""What a chunker is, and how stretches of a document become chunks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from konverze_core.documents import Chunk, Document, Span
from konverze_core.errors import ConfigError
from konverze_loaders.chunkers.scripts import dominant_language

HEADING_SEPARATOR = " › "
DEFAULT_MAX_TOKENS = 256
DEFAULT_OVERLAP_TOKENS = 32
_INHERITED = ("format", "title", "author", "declared_format")

CountTokens: TypeAlias = Callable[[Sequence[str]], list[int]]


class Chunker(Protocol):
    """Cuts documents into the units of retrieval.

    Of all chunkers this holds: a chunk's text is `document.text[span.start:span.end]`; every character that is not
    white space is in a chunk; and no `Chunk.searchable_text`, context included, has more tokens than the budget.
    """

    @property
    def name(self) -> str:
        """The strategy and its settings: chunkers of one name and one counter cut alike."""
        ...

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order, ordinals from 0; each names its span, page, headings and context.

        Args:
            document: What to cut.
            document_id: Under which id its chunks are stored.

        Raises:
            ConfigError: A single character has more tokens than the budget.
        """
        ...


class Cut(NamedTuple):
    """A stretch of a document that becomes a chunk.

    Attributes:
        start: Where it starts.
        end: Where it ends.
        path: Headings above it, outermost first.
        context: What is searched above it.
        parent: What is answered from in its place.
    """

    start: int
    end: int
    path: tuple[str, ...]
    context: str
    parent: Span | None = None


def checked_budget(max_tokens: int, overlap_tokens: int = 0) -> None:
    """Checks what a chunker is told.

    Raises:
        ConfigError: `max_tokens` is below 1, or the overlap negative or above half of it.
    """
    if max_tokens < 1:
        raise ConfigError("max_tokens must be at least 1")
    if not 0 <= overlap_tokens <= max_tokens // 2:
        raise ConfigError("overlap_tokens must be from 0 to half of max_tokens")


def chunks_of(document: Document, document_id: str, cuts: Iterable[Cut]) -> list[Chunk]:
    """The chunks that cuts make, with the facts of the document and the language of each."""
    inherited = {key: document.metadata[key] for key in _INHERITED if key in document.metadata}
    page_starts = [page.span.start for page in document.pages]
    chunks: list[Chunk] = []
    for ordinal, (start, end, path, context, parent) in enumerate(cuts):
        text = document.text[start:end]
        chunks.append(
            Chunk(
                document_id=document_id,
                ordinal=ordinal,
                text=text,
                page=document.pages[bisect_right(page_starts, start) - 1].number if page_starts else None,
                span=Span(start, end),
                heading=HEADING_SEPARATOR.join(path) or None,
                context=context,
                parent=parent,
                metadata={**inherited, "lang": dominant_language(text)},
            )
        )
    return chunks
