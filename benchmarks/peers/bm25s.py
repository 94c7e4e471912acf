"""bm25s, which searches by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.peers import Found, facts_of
from benchmarks.peers.by_hand import Words
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

import_module("bm25s")


class Bm25s:
    """bm25s with a list of texts."""

    most_chunks = 100_000

    def __init__(self, folder: Path, dim: int) -> None: ...

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:  # noqa: ARG002  # words alone
        """Scores all words of all texts ahead."""
        self._rows: list[Found] = [(chunk.text, facts_of(chunk)) for chunk in chunks]
        self._words = Words([chunk.text for chunk in chunks])

    def lexical(self, text: str, k: int) -> list[Found]:
        """By the sums."""
        return [self._rows[row] for row in self._words.rows(text, k)]

    def close(self) -> None:
        """Nothing is open."""
