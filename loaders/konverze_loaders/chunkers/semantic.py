"""Ends a chunk where the text turns to something else, as the sentences' embeddings tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_core.documents import Chunk, Document
from konverze_core.errors import ConfigError
from konverze_core.protocols import Vectors
from konverze_loaders.chunkers.chunking import DEFAULT_MAX_TOKENS, CountTokens, Cut, checked_budget, chunks_of
from konverze_loaders.chunkers.outline import Section, sections
from konverze_loaders.chunkers.packing import Packer
from konverze_loaders.chunkers.sentence_windows import sentence_starts

DEFAULT_PERCENTILE = 90.0
COMPARED_SENTENCES = 3
"""So many sentences before a place are compared with as many behind it."""

EMBED_BATCH_TEXTS = 256
"""So many sentences are embedded at once."""

Embed: TypeAlias = Callable[[Sequence[str]], Vectors]


class SemanticChunker:
    """Cuts between sentences that are the least alike, and packs what is left too long as token windows.

    At each place the mean vectors of up to `COMPARED_SENTENCES` sentences on both sides are compared (M. Hearst,
    "TextTiling", 1997, with embeddings for words). Places whose distance exceeds the percentile of the document's are
    borders, besides those of its sections.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        embed: Unit vectors of texts, float32, shape (texts, dim).
        max_tokens: Most tokens of a chunk under its context.
        percentile: Share of the places that are no borders, 0 to 100.

    Raises:
        ConfigError: `max_tokens` below 1, or a percentile outside 0 to 100.
    """

    def __init__(
        self,
        count_tokens: CountTokens,
        embed: Embed,
        *,
        max_tokens: int = DEFAULT_MAX_TOKENS,
        percentile: float = DEFAULT_PERCENTILE,
    ) -> None:
        checked_budget(max_tokens)
        if not 0 <= percentile <= 100:  # noqa: PLR2004
            raise ConfigError("percentile must be from 0 to 100")
        self._count_tokens = count_tokens
        self._embed = embed
        self._max_tokens = max_tokens
        self._percentile = percentile

    @property
    def name(self) -> str:
        """The strategy and its settings."""
        return f"semantic, {self._max_tokens} tokens, borders above percentile {self._percentile:g}"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character has more than `max_tokens`.
            ProviderError: What `embed` raises.
        """
        return chunks_of(document, document_id, self._cuts(document))

    def _cuts(self, document: Document) -> Iterator[Cut]:
        packer = Packer(document, self._count_tokens, max_tokens=self._max_tokens)
        found = sections(document)
        starts = [sentence_starts(document.text, section) for section in found]
        distances = self._distances(document.text, found, starts)
        known = [distance for of_section in distances for distance in of_section]
        threshold = float(np.percentile(known, self._percentile)) if known else 0.0
        for section, places, changes in zip(found, starts, distances, strict=True):
            borders = [place for place, change in zip(places[1:], changes, strict=True) if change > threshold]
            for start, end in zip([section.start, *borders], [*borders, section.end], strict=True):
                yield from packer.cuts(section.part(start, start + len(document.text[start:end].rstrip())))

    def _distances(self, text: str, found: Sequence[Section], starts: Sequence[list[int]]) -> list[list[float]]:
        """For each section, how far its text turns at each sentence but the first."""
        bounds = [
            (start, end)
            for section, places in zip(found, starts, strict=True)
            for start, end in zip(places, [*places[1:], section.end], strict=True)
        ]
        texts = [text[start:end].strip() for start, end in bounds]
        batches = [
            self._embed(texts[first : first + EMBED_BATCH_TEXTS]) for first in range(0, len(texts), EMBED_BATCH_TEXTS)
        ]
        vectors = np.concatenate(batches) if batches else np.empty((0, 1), np.float32)
        turns: list[list[float]] = []
        first = 0
        for places in starts:
            turns.append(_turns(vectors[first : first + len(places)]))
            first += len(places)
        return turns


def _turns(vectors: npt.NDArray[np.float32]) -> list[float]:
    """1 − cosine of the means before and behind each row but the first; vectors float32, shape (sentences, dim)."""
    return [
        1.0 - _cosine(vectors[max(0, row - COMPARED_SENTENCES) : row], vectors[row : row + COMPARED_SENTENCES])
        for row in range(1, len(vectors))
    ]


def _cosine(before: Vectors, behind: Vectors) -> float:
    one, other = before.sum(axis=0), behind.sum(axis=0)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0
