"""From settings to the chunker that they ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from konverze_core.documents import Chunk, Document
from konverze_core.errors import ConfigError
from konverze_core.protocols import Embedder
from konverze_loaders import (
    Chunker,
    ParentChildChunker,
    RowChunker,
    SemanticChunker,
    SentenceWindowChunker,
    TokenWindowChunker,
)
from konverze_loaders.chunkers.chunking import CountTokens
from konverze_loaders.chunkers.parent_child import DEFAULT_PARENT_TOKENS
from konverze_loaders.chunkers.sentence_windows import DEFAULT_WINDOW_TOKENS
from konverze_rag.embedding import patient_vectors
from konverze_rag.settings import Settings


def counts_of(embedder: Embedder | None, otherwise: CountTokens) -> CountTokens:
    """How the tokens of chunks are counted: as the embedder does; where there is none, otherwise."""
    return embedder.count_tokens if embedder else otherwise


def chunker_of(
    settings: Settings,
    embedder: Embedder | None,
    count_tokens: CountTokens,
    *,
    stopped: threading.Event | None = None,
) -> Chunker:
    """The chunker that the settings ask for; no chunk has more tokens than the embedder reads.

    Args:
        settings: Names it, with its sizes.
        embedder: Embeds the chunks; None for lexical search.
        count_tokens: Counts tokens where there is no embedder.
        stopped: Ends what a semantic chunker waits for while the embedding service is too busy.

    Raises:
        ConfigError: It needs an embedder, and there is none.
    """
    count = counts_of(embedder, count_tokens)
    most = min(settings.chunk_tokens, embedder.info.max_tokens) if embedder else settings.chunk_tokens
    overlap = min(settings.chunk_overlap_tokens, most // 2)
    match settings.chunker:
        case "tokens":
            return TokenWindowChunker(count, max_tokens=most, overlap_tokens=overlap)
        case "rows":
            return RowChunker(count, max_tokens=most, overlap_tokens=overlap)
        case "sentences":
            window = settings.parent_tokens or DEFAULT_WINDOW_TOKENS
            return SentenceWindowChunker(count, max_tokens=most, window_tokens=window)
        case "parents":
            parent = max(most, settings.parent_tokens or DEFAULT_PARENT_TOKENS)
            return ParentChildChunker(count, max_tokens=most, parent_tokens=parent)
        case "semantic":
            if embedder is None:
                raise ConfigError("settings: chunker='semantic' needs an embedding model")
            embed = partial(patient_vectors, embedder, stopped=stopped or threading.Event())
            return SemanticChunker(count, embed, max_tokens=most)


class SettledChunker:
    """Cuts as the tenant's settings say at the moment of each call; implements `Chunker`.

    Args:
        settings: The tenant's settings at the moment of a call.
        embedder: Embeds the chunks; None for lexical search.
        stopped: Ends what a semantic chunker waits for while the embedding service is too busy.
        count_tokens: Counts tokens where there is no embedder.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        embedder: Embedder | None,
        stopped: threading.Event | None = None,
        *,
        count_tokens: CountTokens,
    ) -> None:
        self._settings = settings
        self._make = partial(chunker_of, embedder=embedder, count_tokens=count_tokens, stopped=stopped)

    @property
    def name(self) -> str:
        """The strategy and its settings.

        Raises:
            ConfigError: The chunker needs an embedder, and there is none.
        """
        return self._make(self._settings()).name

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character is over the budget, or the chunker needs an embedder, and there is none.
            ProviderError: The model that tells a semantic chunker what is alike failed.
        """
        return self._make(self._settings()).chunk(document, document_id)
