"""Synthetic vectors and texts, the same for all contestants of a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from konverze_core.documents import Chunk, Span
from konverze_core.protocols import Vectors

DIM = 384
CHUNKS_PER_CLUSTER = 100
CLUSTER_SPREAD = 0.6
WORDS_PER_CHUNK = 90
VOCABULARY = 20_000
CHUNKS_PER_DOCUMENT = 10
QUERY_NOISE = 0.02


def clustered_vectors(count: int, *, seed: int = 0) -> Vectors:
    """Unit vectors around random centres, float32, shape (count, DIM)."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(10, count // CHUNKS_PER_CLUSTER), DIM))
    vectors = centres[random.integers(len(centres), size=count)]
    vectors += random.normal(size=(count, DIM)) * CLUSTER_SPREAD
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def queries_near(vectors: Vectors, count: int, *, seed: int = 1) -> Vectors:
    """Unit vectors beside random rows of the corpus, float32, shape (count, DIM)."""
    random = np.random.default_rng(seed)
    near = vectors[random.integers(len(vectors), size=count)] + random.normal(size=(count, DIM)) * QUERY_NOISE
    return (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)


def zipfian_words(count: int, length: int, *, seed: int = 2) -> npt.NDArray[np.int64]:
    """Word numbers by a Zipf law, int64, shape (count, length)."""
    shares = 1 / np.arange(1, VOCABULARY + 1)
    return np.random.default_rng(seed).choice(VOCABULARY, size=(count, length), p=shares / shares.sum())


def chunks(count: int, *, words_each: int = WORDS_PER_CHUNK) -> list[Chunk]:
    """Chunks of ten a document with text, span, page, heading and metadata."""
    return [
        Chunk(
            document_id=f"document-{row // CHUNKS_PER_DOCUMENT}",
            ordinal=row % CHUNKS_PER_DOCUMENT,
            text=" ".join(f"word{word}" for word in words),
            page=1 + row % CHUNKS_PER_DOCUMENT,
            span=Span(0, 100),
            heading=f"section {row % 50}",
            metadata={"lang": "en", "price": float(row % 100)},
        )
        for row, words in enumerate(zipfian_words(count, words_each).tolist())
    ]
