"""Ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import konverze_rag as kr
from benchmarks.peers import Found
from konverze_core.protocols import Vectors

TENANT = "benchmark"


def settings(**others: Any) -> kr.Settings:
    """No model is asked: the vectors are given."""
    return kr.Settings(embeddings="none", openai_api_key=None, openai_base_url=None, **others)


class Konverze:
    """One tenant of an engine over a local folder."""

    most_chunks = 10_000_000
    others: ClassVar[dict[str, Any]] = {}
    """Settings that are not as by default."""

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # as all peers
        self._folder = folder

    def open(self) -> None:
        """Opens the store, the keys and the tenant."""
        self.engine = kr.Engine.open(self._folder, settings=settings(**self.others))
        self.tenant = self.engine.tenant(TENANT)

    def build(self, chunks: Sequence[kr.Chunk], vectors: Vectors) -> None:
        """One commit, compacted."""
        self.open()
        self.tenant.add(chunks, vectors)
        self.tenant.compact()

    def add(self, chunks: Sequence[kr.Chunk], vectors: Vectors) -> None:
        """Durable when it returns."""
        self.tenant.add(chunks, vectors)

    def save(self) -> None:
        """All is stored already."""

    def delete(self, documents: Iterable[str]) -> None:
        """Durable when it returns."""
        self.tenant.delete(*documents)

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Dense."""
        return [(hit.chunk.text, hit.chunk.metadata) for hit in self.tenant.search(vector=vector, k=k)]

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Both legs, fused as by default."""
        return [(hit.chunk.text, hit.chunk.metadata) for hit in self.tenant.search(text, vector=vector, k=k)]

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Filtered before the search."""
        hits = self.tenant.search(vector=vector, k=k, where={"price": {"lt": price}})
        return [(hit.chunk.text, hit.chunk.metadata) for hit in hits]

    def close(self) -> None:
        """Closes the engine."""
        self.engine.close()


class KonverzeSealedTexts(Konverze):
    """Each hit opens its own text from the sealed store."""

    others: ClassVar[dict[str, Any]] = {"texts_in_memory": False}


class KonverzeWords:
    """A tenant without vectors."""

    most_chunks = 10_000_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._whole = Konverze(folder, dim)

    def build(self, chunks: Sequence[kr.Chunk], vectors: Vectors) -> None:  # noqa: ARG002  # words alone
        """One commit, compacted."""
        self._whole.open()
        self._whole.tenant.add(chunks)
        self._whole.tenant.compact()

    def lexical(self, text: str, k: int) -> list[Found]:
        """By words alone."""
        return [(hit.chunk.text, hit.chunk.metadata) for hit in self._whole.tenant.search(text, k=k)]

    def close(self) -> None:
        """Closes the engine."""
        self._whole.close()
