"""How alike two texts are in meaning, by the engine's embedder; each text is embedded once an answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from konverze_core.errors import ProviderError
from konverze_core.protocols import Embedder, Vectors
from konverze_rag.embedding import model_vectors


class EmbeddingSimilarity:
    """Cosine of two texts.

    Args:
        embedder: A local one. When it fails all the same, nothing counts as alike.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def __call__(self, one: str, other: str) -> float:
        """Cosine of a claim and a source's words."""
        return float(self.to_each(one, [other])[0])

    def to_each(self, one: str, others: Sequence[str]) -> list[float]:
        """Cosine of a text and each of several others."""
        try:
            return [float(score) for score in self._vectors(others) @ self._vector(one)]
        except ProviderError:
            return [0.0] * len(others)

    def _vector(self, text: str) -> Vectors:
        key = f"query\0{text}"
        if key not in self._known:
            self._known[key] = model_vectors(self._embedder.embed_queries, [text], dim=self._embedder.info.dim)[0]
        return self._known[key]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            made = model_vectors(self._embedder.embed_documents, missing, dim=self._embedder.info.dim)
            self._known |= dict(zip(missing, made, strict=True))
        return np.stack([self._known[text] for text in texts])
