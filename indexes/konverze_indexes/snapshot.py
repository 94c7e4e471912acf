"""A generation in memory: immutable, so that readers are never blocked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from konverze_core.protocols import Vectors
from konverze_core.reports import DocumentInfo
from konverze_core.retrieval import Explanation, Hit
from konverze_indexes.dense import dense_top
from konverze_indexes.filters import Mask
from konverze_indexes.fusion import Ranking, convex_combination, reciprocal_rank_fusion, scaled
from konverze_indexes.lexical import LexicalIndex, lexical_top
from konverze_indexes.manifest import Manifest, Tombstone
from konverze_indexes.segment import DocumentChunks, Segment
from konverze_indexes.where import Condition, parse_where

MIN_CANDIDATES = 50
"""Rows that each leg of a hybrid search offers to the fusion, at least."""

CANDIDATES_PER_HIT = 4
"""Rows that each leg of a hybrid search offers for each hit asked for."""


_UNRANKED = (None, None)


class Query(Struct, frozen=True, kw_only=True):
    """What to search for; at least one of `vector` and `text` is given.

    Attributes:
        k: At most this many hits.
        vector: float32, shape (dim,): the dense leg's query; None for lexical search.
        text: The lexical leg's query; None for dense search.
        where: Which chunks may be returned.
        fusion: `convex` fuses by scores, `rrf` by ranks.
        dense_weight: Weight of the dense leg in the fusion.
        lexical_weight: Weight of the lexical leg in the fusion.
    """

    k: int
    vector: Vectors | None = None
    text: str | None = None
    where: Mapping[str, Any] | None = None
    fusion: Literal["convex", "rrf"] = "convex"
    dense_weight: float = 0.3
    lexical_weight: float = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSegment:
    """A segment as one generation sees it.

    Attributes:
        segment: The immutable segment.
        live: bool, shape (rows,): rows that no tombstone covers; None when all are live.
        base: Number of the segment's first row among all rows of the snapshot.
    """

    segment: Segment
    live: Mask | None
    base: int

    @property
    def live_rows(self) -> int:
        """Rows that a search may return."""
        return self.segment.row_count if self.live is None else int(np.count_nonzero(self.live))

    def allowed(self, condition: Condition | None) -> Mask | None:
        """bool, shape (rows,): live rows for which the condition holds; None when all rows are."""
        if condition is None:
            return self.live
        mask = self.segment.filters.mask(condition)
        return mask if self.live is None else mask & self.live

    def live_positions(self) -> Iterator[int]:
        """Positions of live documents."""
        starts = self.segment.bounds[:-1]
        return iter(range(len(starts)) if self.live is None else np.flatnonzero(self.live[starts]).tolist())

    def content(self, position: int) -> DocumentChunks:
        """The document at a position, with its chunks."""
        return DocumentChunks(document=self.segment.document(position), chunks=self.segment.chunks_of(position))


class Snapshot:
    """One generation of a tenant's index, ready to search.

    Args:
        manifest: What the generation consists of.
        segments: The decrypted segments of the manifest, by id.
    """

    def __init__(self, manifest: Manifest, segments: Mapping[str, Segment]) -> None:
        self.manifest = manifest
        self._by_id = {entry.id: segments[entry.id] for entry in manifest.segments}
        dead = [tombstone.version for tombstone in manifest.tombstones]
        self.segments: list[LiveSegment] = []
        base = 0
        for entry in manifest.segments:
            segment = segments[entry.id]
            self.segments.append(LiveSegment(segment=segment, live=segment.live_mask(dead), base=base))
            base += segment.row_count
        self._bases = [part.base for part in self.segments]
        self._lexical = LexicalIndex([s.segment.postings for s in self.segments], [s.live for s in self.segments])

    @property
    def segments_by_id(self) -> Mapping[str, Segment]:
        """The decrypted segments, so that the next generation need not open them again."""
        return self._by_id

    def search(self, query: Query) -> list[Hit]:
        """Hits, best first: by one leg alone, or fused from both."""
        condition = None if query.where is None else parse_where(query.where)
        masks = [part.allowed(condition) for part in self.segments]
        if query.vector is None or query.text is None:
            if query.text is None:
                return self._hits(dense := self._dense(query, query.k, masks), dense=dense)
            lexical = self._by_words(self._lexical.weights(query.text), query.k, masks)
            return self._hits(lexical, lexical=lexical)
        candidates = max(MIN_CANDIDATES, CANDIDATES_PER_HIT * query.k)
        weights = self._lexical.weights(query.text)
        dense, lexical = self._dense(query, candidates, masks), self._by_words(weights, candidates, masks)
        fused = _fused(query, dense, lexical, best_lexical=sum(weights.values()))
        return self._hits(fused, dense=dense, lexical=lexical)

    def _dense(self, query: Query, k: int, masks: Sequence[Mask | None]) -> Ranking:
        assert query.vector is not None
        found: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]] = []
        for part, mask in zip(self.segments, masks, strict=True):
            if part.segment.vectors is not None:
                scores, rows = dense_top(part.segment.vectors, query.vector, k=k, mask=mask)
                found.append((scores, rows + part.base))
        return _merged(found, k)

    def _by_words(self, weights: Mapping[int, float], k: int, masks: Sequence[Mask | None]) -> Ranking:
        found: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]] = []
        for number, (part, mask) in enumerate(zip(self.segments, masks, strict=True)):
            scores, rows = lexical_top(self._lexical.scores(number, weights), k=k, mask=mask)
            found.append((scores, rows + part.base))
        return _merged(found, k)

    def _hits(self, ranked: Ranking, *, dense: Ranking = (), lexical: Ranking = ()) -> list[Hit]:
        dense_places, lexical_places = _places(dense), _places(lexical)
        hits: list[Hit] = []
        for row, score in ranked:
            dense_rank, dense_score = dense_places.get(row, _UNRANKED)
            lexical_rank, lexical_score = lexical_places.get(row, _UNRANKED)
            explain = Explanation(
                dense_score=dense_score, dense_rank=dense_rank, lexical_score=lexical_score, lexical_rank=lexical_rank
            )
            part = self.segments[bisect_right(self._bases, row) - 1]
            hits.append(Hit(chunk=part.segment.chunk(row - part.base), score=score, explain=explain))
        return hits

    def documents(self) -> list[DocumentInfo]:
        """The catalogue of live documents, sorted by id; parts of one document count as one."""
        rows: dict[str, DocumentInfo] = {}
        for part in self.segments:
            bounds = part.segment.bounds
            for position in part.live_positions():
                document = part.segment.document(position)
                chunks = int(bounds[position + 1] - bounds[position])
                earlier = rows.get(document.id)
                rows[document.id] = DocumentInfo(
                    id=document.id,
                    chunks=chunks + (earlier.chunks if earlier else 0),
                    content_bytes=max(document.content_bytes, earlier.content_bytes if earlier else 0),
                    ingested_at=document.ingested_at,
                    metadata={**(earlier.metadata if earlier else {}), **document.metadata},
                )
        return [rows[document_id] for document_id in sorted(rows)]

    def positions_of(self, document_id: str) -> list[tuple[LiveSegment, int]]:
        """Segment and position of each live version of a document."""
        return [
            (part, position)
            for part in self.segments
            for position in part.segment.positions_of(document_id)
            if part.live is None or part.live[part.segment.bounds[position]]
        ]

    def tombstones(self, document_ids: Iterable[str]) -> list[Tombstone]:
        """What ends all live versions of these documents."""
        return [
            Tombstone(document_id=document_id, version=part.segment.version(position))
            for document_id in document_ids
            for part, position in self.positions_of(document_id)
        ]

    def live_content(self, segment_ids: Collection[str]) -> tuple[list[DocumentChunks], Vectors | None]:
        """Live documents of some segments, and their vectors.

        Args:
            segment_ids: Which segments.

        Returns:
            The documents; and float32, shape (their chunks in order, dim), or None for a lexical index.
        """
        parts = [self.segments[place] for place, id_ in enumerate(self._by_id) if id_ in segment_ids]
        documents = [part.content(position) for part in parts for position in part.live_positions()]
        vectors = [
            part.segment.vectors if part.live is None else part.segment.vectors[part.live]
            for part in parts
            if part.segment.vectors is not None
        ]
        return documents, np.concatenate(vectors) if vectors else None

    def live_versions(self) -> dict[str, tuple[LiveSegment, int]]:
        """Segment and position of each live version."""
        return {
            part.segment.version(position): (part, position)
            for part in self.segments
            for position in part.live_positions()
        }

    @property
    def live_chunks(self) -> int:
        """Chunks that a search may return."""
        return sum(part.live_rows for part in self.segments)

    @property
    def resident_bytes(self) -> int:
        """Decrypted bytes that the snapshot holds."""
        return sum(part.segment.resident_bytes for part in self.segments)


def _places(leg: Ranking) -> dict[int, tuple[int, float]]:
    return {row: (rank, score) for rank, (row, score) in enumerate(leg, start=1)}


def _fused(query: Query, dense: Ranking, lexical: Ranking, *, best_lexical: float) -> Ranking:
    weights = {"dense": query.dense_weight, "lexical": query.lexical_weight}
    if query.fusion == "rrf":
        return reciprocal_rank_fusion({"dense": dense, "lexical": lexical}, weights=weights, k=query.k)
    # Against the best possible score, not the best found: a hit on stop words alone must not count as a full match.
    legs = {"dense": scaled(dense), "lexical": scaled(lexical, low=0.0, high=best_lexical)}
    return convex_combination(legs, weights=weights, k=query.k)


def _merged(found: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]], k: int) -> list[tuple[int, float]]:
    if not found:
        return []
    if len(found) > 1:
        scores = np.concatenate([scores for scores, _ in found])
        rows = np.concatenate([rows for _, rows in found])
        order = np.argsort(-scores, kind="stable")[:k]
        found = [(scores[order], rows[order])]
    scores, rows = found[0]
    return list(zip(rows.tolist(), scores.tolist(), strict=True))
