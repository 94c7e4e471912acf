"""Each row of a table by itself: a row is a fact."""

from __future__ import annotations

from collections.abc import Iterator

from konverze_core.documents import Block, BlockKind, Chunk, Document
from konverze_loaders.chunkers.chunking import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_OVERLAP_TOKENS,
    CountTokens,
    checked_budget,
    chunks_of,
)
from konverze_loaders.chunkers.outline import Section, sections
from konverze_loaders.chunkers.packing import Packer


class RowChunker:
    """Makes each table row a chunk, below the names of its columns as context; packs all other text as token windows.

    The header row stands in one chunk with the first row below it. A row above the budget is cut between its words.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a chunk under its context.
        overlap_tokens: About so many tokens of whole sentences are repeated, outside tables.

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
        return f"rows, {self._max_tokens} tokens, {self._overlap_tokens} of them shared"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character has more than `max_tokens`.
        """
        packer = Packer(document, self._count_tokens, max_tokens=self._max_tokens, overlap_tokens=self._overlap_tokens)
        parts = (part for section in sections(document) for part in _parts(section))
        return chunks_of(document, document_id, (cut for part in parts for cut in packer.cuts(part)))


def _parts(section: Section) -> Iterator[Section]:
    """Each row, below the headings or the header right before it, and what stands between tables."""
    group: list[Block] = []
    for block in section.blocks:
        if group and not _go_together(group[-1], block):
            yield Section(section.path, group)
            group = []
        group.append(block)
    yield Section(section.path, group)


def _go_together(last: Block, block: Block) -> bool:
    return last.kind is BlockKind.HEADING or (last.table == block.table and (block.table is None or last.header))
