"""As much as fits, along the document's own borders: the default."""

from __future__ import annotations

from konverze_core.documents import Chunk, Document
from konverze_loaders.chunkers.chunking import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_OVERLAP_TOKENS,
    CountTokens,
    checked_budget,
    chunks_of,
)
from konverze_loaders.chunkers.outline import sections
from konverze_loaders.chunkers.packing import Packer


class TokenWindowChunker:
    """Packs whole blocks, else sentences, else words into chunks of at most `max_tokens`.

    A chunk never runs from one section into another, except that tiny neighbours under the same parent share one.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a chunk under its context.
        overlap_tokens: About so many tokens of whole sentences a chunk repeats of its predecessor in the section.

    Raises:
        ConfigError: `max_tokens` below 1, or an overlap that is negative or above half of it.
    """

    def __init__(
        self,
        count_tokens: CountTokens,
        *,
        max_tokens: int = DEFAULT_MAX_TOKENS,
        overlap_tokens: int = DEFAULT_OVERLAP_TOKENS,
    ) -> None:
        checked_budget(max_tokens, overlap_tokens)
        self._count_tokens = count_tokens
        self._max_tokens = max_tokens
        self._overlap_tokens = overlap_tokens

    @property
    def name(self) -> str:
        """The strategy and its settings."""
        return f"token windows, {self._max_tokens} tokens, {self._overlap_tokens} of them shared"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character has more than `max_tokens`.
        """
        packer = Packer(document, self._count_tokens, max_tokens=self._max_tokens, overlap_tokens=self._overlap_tokens)
        groups = packer.merged(sections(document))
        return chunks_of(document, document_id, (cut for group in groups for cut in packer.cuts(group)))
