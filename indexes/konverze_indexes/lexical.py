"""BM25 over the postings of immutable segments, exact for the live rows.

Score of a row for a query (Robertson and Zaragoza 2009, in Lucene's form)::

    sum over terms t of  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + K1 * (1 - B + B * length / mean length))

N, df and the mean length count live rows only, over all segments of a snapshot.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_indexes.container import Array
from konverze_indexes.filters import Mask, Rows
from konverze_indexes.terms import index_terms

K1 = 1.2
B = 0.75
MAX_TERM_FREQUENCY = 65_535

Hashes: TypeAlias = npt.NDArray[np.uint64]
Scores: TypeAlias = npt.NDArray[np.float32]


def term_hash(term: str) -> int:
    """64 bits of BLAKE2b: the name of a term in a segment, so that no vocabulary is parsed when one is opened."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Which rows hold which terms.

    Attributes:
        terms: uint64, sorted: hashes of the terms.
        starts: int64, shape (terms + 1,): where each term's postings begin.
        rows: int32: rows, ascending within a term.
        frequencies: uint16: how often the term stands in the row.
        lengths: int32, shape (rows of the segment,): terms in each row.
    """

    terms: Hashes
    starts: npt.NDArray[np.int64]
    rows: Rows
    frequencies: npt.NDArray[np.uint16]
    lengths: npt.NDArray[np.int32]

    @classmethod
    def build(cls, texts: Sequence[str]) -> Self:
        """Postings of the texts, one a row."""
        codes: dict[str, int] = {}
        tokens: list[int] = []
        lengths = np.zeros(len(texts), np.int32)
        for row, text in enumerate(texts):
            found = index_terms(text)
            lengths[row] = len(found)
            tokens.extend([codes.setdefault(term, len(codes)) for term in found])
        hashes = np.array([term_hash(term) for term in codes], np.uint64)
        terms, inverse = np.unique(hashes, return_inverse=True)
        term_of = inverse[np.array(tokens, np.int64)] if tokens else np.empty(0, np.int64)
        pairs = term_of.astype(np.int64) << 32 | np.repeat(np.arange(len(texts)), lengths)
        pairs, counts = np.unique(pairs, return_counts=True)
        starts = np.searchsorted(pairs >> 32, np.arange(len(terms) + 1)).astype(np.int64)
        frequencies = np.minimum(counts, MAX_TERM_FREQUENCY).astype(np.uint16)
        rows = (pairs & 0xFFFFFFFF).astype(np.int32)
        return cls(terms=terms, starts=starts, rows=rows, frequencies=frequencies, lengths=lengths)

    @classmethod
    def read(cls, arrays: Mapping[str, Array]) -> Self:
        """The postings that `arrays` put into a container."""
        names = ("terms", "starts", "rows", "frequencies", "lengths")
        return cls(**{name: arrays[f"lexical.{name}"] for name in names})

    def arrays(self) -> dict[str, Array]:
        """The arrays under the names by which `read` finds them."""
        parts = (self.terms, self.starts, self.rows, self.frequencies, self.lengths)
        names = ("terms", "starts", "rows", "frequencies", "lengths")
        return {f"lexical.{name}": part for name, part in zip(names, parts, strict=True)}

    def of(self, hashed: int) -> slice:
        """Where the term's postings stand; empty for a term that no row holds."""
        position = int(np.searchsorted(self.terms, np.uint64(hashed)))
        if position == len(self.terms) or int(self.terms[position]) != hashed:
            return slice(0, 0)
        return slice(int(self.starts[position]), int(self.starts[position + 1]))


class LexicalIndex:
    """BM25 over several segments at one generation."""

    def __init__(self, postings: Sequence[Postings], live: Sequence[Mask | None]) -> None:
        self._postings = postings
        self._live = live
        lengths = [p.lengths if mask is None else p.lengths[mask] for p, mask in zip(postings, live, strict=True)]
        self._count = sum(len(part) for part in lengths)
        mean = sum(int(part.sum(dtype=np.int64)) for part in lengths) / max(self._count, 1)
        self._norms = [
            (K1 * (1 - B) + K1 * B / max(mean, 1e-9) * part.lengths.astype(np.float32)).astype(np.float32)
            for part in postings
        ]

    def weights(self, question: str) -> dict[int, float]:
        """Inverse document frequency of each distinct term of the question, by term hash.

        Their sum is what no row's score can reach: terms that no live row holds count too.
        """
        weights: dict[int, float] = {}
        for hashed in dict.fromkeys(term_hash(term) for term in index_terms(question)):
            frequency = sum(self._live_count(segment, hashed) for segment in range(len(self._postings)))
            weights[hashed] = math.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5))
        return weights

    def _live_count(self, segment: int, hashed: int) -> int:
        place, live = self._postings[segment].of(hashed), self._live[segment]
        if live is None:
            return place.stop - place.start
        return int(np.count_nonzero(live[self._postings[segment].rows[place]]))

    def scores(self, segment: int, weights: Mapping[int, float]) -> Scores:
        """float32, shape (rows,): BM25 score of each row of the segment, dead ones included; 0 where no term stands."""
        postings, norms = self._postings[segment], self._norms[segment]
        scores = np.zeros(len(postings.lengths), np.float32)
        for hashed, weight in weights.items():
            place = postings.of(hashed)
            rows = postings.rows[place]
            frequencies = postings.frequencies[place].astype(np.float32)
            scores[rows] += np.float32(weight) * frequencies / (frequencies + norms[rows])
        return scores


def lexical_top(scores: Scores, *, k: int, mask: Mask | None) -> tuple[Scores, npt.NDArray[np.int64]]:
    """The k rows with the greatest positive score, best first; equal scores in row order.

    Args:
        scores: float32, shape (n,).
        k: At most this many rows.
        mask: bool, shape (n,): rows that may be returned; None for all.
    """
    rows = np.flatnonzero(scores if mask is None else np.where(mask, scores, 0))
    if len(rows) > k:
        kept = scores[rows]
        rows = rows[kept >= np.partition(kept, len(kept) - k)[len(kept) - k]]
    order = np.argsort(-scores[rows], kind="stable")[:k]
    return scores[rows[order]], rows[order]
