"""Synthetic vectors and texts, the same for all contestants of a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from konverze_core.documents import Chunk, Span
from konverze_core.protocols import Vectors

DIM = 384
LARGE_DIM = 1_536
"""Of text-embedding-3-small."""

CHUNKS_PER_CLUSTER = 100
CLUSTER_SPREAD = 0.6
LATENT_DIMS = 128
QUERY_NOISE = 0.02

WORDS_PER_CHUNK = 130
WORDS_PER_SENTENCE = 13
WORDS_PER_QUERY = 6
VOCABULARY = 20_000
CODE_SHARE = 0.02
"""Share of words that are a code or a number."""

CHUNKS_PER_DOCUMENT = 10
PRICES = 1_000
PRICE_STEP = 7_919
"""Shares no divisor with `PRICES`: each price stands in one chunk of a thousand, apart from clusters and documents."""

ROWS_AT_ONCE = 100_000


def clustered_vectors(count: int, *, dim: int = DIM, seed: int = 0) -> Vectors:
    """Unit vectors around random centres, float32, shape (count, dim)."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(10, count // CHUNKS_PER_CLUSTER), dim), np.float32)
    vectors = np.empty((count, dim), np.float32)
    for start in range(0, count, ROWS_AT_ONCE):
        rows = vectors[start : start + ROWS_AT_ONCE]
        rows[:] = random.standard_normal(rows.shape, np.float32) * CLUSTER_SPREAD
        rows += centres[random.integers(len(centres), size=len(rows))]
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def queries_near(vectors: Vectors, count: int, *, seed: int = 1) -> Vectors:
    """Unit vectors beside random rows of the corpus, float32, shape (count, dim)."""
    random = np.random.default_rng(seed)
    near = vectors[random.integers(len(vectors), size=count)]
    near += random.standard_normal(near.shape, np.float32) * QUERY_NOISE
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def hard_vectors(count: int, *, dim: int = DIM, seed: int = 3) -> Vectors:
    """Unit vectors without clusters in a space of `LATENT_DIMS` dimensions, float32, shape (count, dim).

    Fresh draws of another seed are the queries: the space is the same, and no query stands beside a row.
    """
    space = np.random.default_rng(dim).standard_normal((LATENT_DIMS, dim), np.float32)
    vectors = np.random.default_rng(seed).standard_normal((count, LATENT_DIMS), np.float32) @ space
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def exact_rows(vectors: Vectors, queries: Vectors, k: int) -> npt.NDArray[np.int64]:
    """Rows of the k largest inner products, best first, by a plain matrix product; int64, shape (queries, k)."""
    scores = queries @ vectors.T
    k = min(k, len(vectors))
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


@cache
def words() -> tuple[str, ...]:
    """The vocabulary: pronounceable words, the frequent ones short."""
    syllables = [
        onset + vowel
        for onset in ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "st", "tr", "pl"]
        for vowel in "aeiou"
    ]
    random, found = np.random.default_rng(4), dict[str, None]()
    while len(found) < VOCABULARY:
        length = 1 + sum(len(found) >= limit for limit in (40, 1_000, 10_000))
        found["".join(random.choice(syllables, length)) + str(random.choice(["", "n", "s", "r"]))] = None
    return tuple(found)


def zipfian_words(count: int, length: int, *, seed: int = 2) -> npt.NDArray[np.int64]:
    """Word numbers by a Zipf law, int64, shape (count, length)."""
    shares = 1 / np.arange(1, VOCABULARY + 1)
    return np.random.default_rng(seed).choice(VOCABULARY, size=(count, length), p=shares / shares.sum())


def texts(count: int, *, seed: int = 2) -> list[str]:
    """Sentences of Zipfian words with some codes and numbers between them; about 800 to 900 bytes each."""
    known, random = words(), np.random.default_rng(seed + 1)
    found: list[str] = []
    for start in range(0, count, ROWS_AT_ONCE):
        rows = zipfian_words(min(ROWS_AT_ONCE, count - start), WORDS_PER_CHUNK, seed=seed + start)
        for numbers in rows.tolist():
            row: list[str] = [known[number] for number in numbers]
            for place in np.flatnonzero(random.random(WORDS_PER_CHUNK) < CODE_SHARE):
                row[place] = _code(int(random.integers(1 << 30)))
            found.append(_sentences(row))
    return found


def _code(draw: int) -> str:
    """An article number, an amount or a year."""
    kind, number = draw % 3, draw // 3
    if kind == 0:
        return f"{'ABCDEFGH'[number % 8]}{'KLMN'[number % 4]}-{number % 50_000:05}/{'XYZ'[number % 3]}"
    return f"{number % 1_000_000 / 100:,.2f}" if kind == 1 else str(1950 + number % 80)


def _sentences(row: Sequence[str]) -> str:
    starts = range(0, len(row), WORDS_PER_SENTENCE)
    sentences = (" ".join(row[start : start + WORDS_PER_SENTENCE]) for start in starts)
    return " ".join(f"{said[0].upper()}{said[1:]}." for said in sentences)


def price_of(row: int) -> float:
    """The price of the chunk in this row; a thousand rows have a thousand prices."""
    return float(row * PRICE_STEP % PRICES)


@lru_cache(maxsize=2)
def chunks(count: int) -> list[Chunk]:
    """Chunks of ten a document with text, span, page, heading and metadata; no two texts are alike."""
    return [
        Chunk(
            document_id=f"document-{row // CHUNKS_PER_DOCUMENT}",
            ordinal=row % CHUNKS_PER_DOCUMENT,
            text=text,
            page=1 + row % CHUNKS_PER_DOCUMENT,
            span=Span(0, len(text)),
            heading=f"section {row % 50}",
            metadata={"lang": "en", "price": price_of(row)},
        )
        for row, text in enumerate(texts(count))
    ]


def questions(given: Sequence[Chunk], rows: Sequence[int], *, seed: int = 5) -> list[str]:
    """A run of words from each of these chunks, as a question would quote them."""
    random = np.random.default_rng(seed)
    found: list[str] = []
    for row in rows:
        said = given[row].text.replace(". ", " ").split()
        start = int(random.integers(len(said) - WORDS_PER_QUERY))
        found.append(" ".join(said[start : start + WORDS_PER_QUERY]))
    return found
