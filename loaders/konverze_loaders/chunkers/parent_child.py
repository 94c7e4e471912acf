"""Small chunks are searched, and what is answered from is the large one around them."""

from __future__ import annotations

from collections.abc import Iterator

from konverze_core.documents import Chunk, Document, Span
from konverze_core.errors import ConfigError
from konverze_loaders.chunkers.chunking import DEFAULT_MAX_TOKENS, CountTokens, Cut, checked_budget, chunks_of
from konverze_loaders.chunkers.outline import sections
from konverze_loaders.chunkers.packing import Packer

DEFAULT_PARENT_TOKENS = 1_024


class ParentChildChunker:
    """Packs sections into parents, and each parent into the chunks that are searched; see `Chunk.parent`.

    The chunks of a parent follow each other without a gap, so that their texts, end to end, are the parent's.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a chunk under its context.
        parent_tokens: Most tokens of a parent.

    Raises:
        ConfigError: `max_tokens` is below 1 or above `parent_tokens`.
    """

    def __init__(
        self,
        count_tokens: CountTokens,
        *,
        max_tokens: int = DEFAULT_MAX_TOKENS,
        parent_tokens: int = DEFAULT_PARENT_TOKENS,
    ) -> None:
        checked_budget(max_tokens)
        if parent_tokens < max_tokens:
            raise ConfigError("parent_tokens must be at least max_tokens")
        self._count_tokens = count_tokens
        self._max_tokens = max_tokens
        self._parent_tokens = parent_tokens

    @property
    def name(self) -> str:
        """The strategy and its settings."""
        return f"parents, {self._max_tokens} tokens in {self._parent_tokens}"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character has more than `max_tokens`.
        """
        return chunks_of(document, document_id, self._cuts(document))

    def _cuts(self, document: Document) -> Iterator[Cut]:
        large = Packer(document, self._count_tokens, max_tokens=self._parent_tokens, tiles=True)
        small = Packer(document, self._count_tokens, max_tokens=self._max_tokens, tiles=True)
        for section in large.merged(sections(document)):
            for parent in large.cuts(section):
                children = list(small.cuts(section.part(parent.start, parent.end)))
                span = Span(parent.start, children[-1].end) if len(children) > 1 else None
                yield from (child._replace(parent=span) for child in children)
