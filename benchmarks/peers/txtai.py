"""txtai: embeddings with content, dense alone or with its BM25 beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Found, facts_of, key_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

txtai: Any = import_module("txtai")

FIELDS = "text, document_id, ordinal, page, heading, lang, price"
NEAREST = f"SELECT {FIELDS}, score FROM txtai WHERE similar(:text)"  # noqa: S608  # nothing of it is given


class Txtai:
    """A flat FAISS index and an SQLite database."""

    most_chunks = 10_000
    is_hybrid = False

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # as all peers
        self._path = str(folder / "index")
        self._given: dict[str, Vectors] = {}
        self._embeddings = txtai.Embeddings(
            method="external",
            transform=self._embedded,
            backend="faiss",
            faiss={"components": "IDMap,Flat"},
            content=True,
            hybrid=self.is_hybrid,
        )

    def _embedded(self, asked: Iterable[str]) -> Vectors:
        return np.array([self._given[text] for text in asked])

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Its model is a list of the given vectors."""
        self._given = dict(zip([chunk.text for chunk in chunks], vectors, strict=True))
        self._embeddings.index((key_of(chunk), {"text": chunk.text, **facts_of(chunk)}) for chunk in chunks)
        self._given = {}

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """By the vector."""
        return self._found("the vector is ready", vector, k)

    def _found(self, text: str, vector: Vectors, k: int) -> list[Found]:
        self._given[text] = vector
        return [(row.pop("text"), row) for row in self._embeddings.search(NEAREST, k, parameters={"text": text})]

    def close(self) -> None:
        """Closes the database."""
        self._embeddings.close()


class TxtaiHybrid(Txtai):
    """Both legs, by the sum of scores."""

    is_hybrid = True

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """As it weighs by default."""
        return self._found(text, vector, k)
