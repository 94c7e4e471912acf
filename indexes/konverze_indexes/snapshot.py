"""A generation in memory: immutable, so that readers are never blocked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors
from konverze_core.reports import DenseStats, DocumentInfo
from konverze_core.retrieval import Explanation, Hit
from konverze_indexes.allowed import Allowed
from konverze_indexes.bm25 import LexicalIndex, LexicalQuery
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument, version_numbers
from konverze_indexes.filters import Mask
from konverze_indexes.fusion import NO_RANKING, Ranking, fused, shares_by_rank, shares_by_score
from konverze_indexes.manifest import Manifest, Tombstone
from konverze_indexes.mmr import maximal_marginal_relevance
from konverze_indexes.postings import Postings
from konverze_indexes.segment import Segment
from konverze_indexes.segment_building import SegmentContent
from konverze_indexes.where import Condition, parse_where

MIN_CANDIDATES = 50
"""Rows that each leg of a hybrid search offers to the fusion, at least."""

CANDIDATES_PER_HIT = 4
"""Rows that each leg of a hybrid search offers for each hit asked for."""

MAX_KEPT_FILTERS = 16
"""Filters of which a generation remembers the rows."""


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
        relevance_weight: Weight of relevance beside being unlike the other hits, 0 to 1; 1 for relevance alone.
    """

    k: int
    vector: Vectors | None = None
    text: str | None = None
    where: Mapping[str, Any] | None = None
    fusion: Literal["convex", "rrf"] = "convex"
    dense_weight: float = 0.3
    lexical_weight: float = 0.7
    relevance_weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSegment:
    """A segment as one generation sees it.

    Attributes:
        segment: The immutable segment.
        live: Rows that no tombstone covers; None when all are live.
        base: Number of the segment's first row among all rows of the snapshot.
    """

    segment: Segment
    live: Allowed | None
    base: int

    @property
    def live_rows(self) -> int:
        """Rows that a search may return."""
        return self.segment.row_count if self.live is None else self.live.count

    def allowed(self, condition: Condition) -> Allowed | None:
        """Live rows for which the condition holds; None when all rows are."""
        mask = self.segment.filters.mask(condition)
        return Allowed(mask if self.live is None else mask & self.live.mask)

    def is_live(self, position: int) -> bool:
        """Whether no tombstone covers the document at a position."""
        return self.live is None or bool(self.live.mask[self.segment.bounds[position]])

    def live_positions(self) -> Iterator[int]:
        """Positions of live documents."""
        starts = self.segment.bounds[:-1]
        return iter(range(len(starts)) if self.live is None else np.flatnonzero(self.live.mask[starts]).tolist())

    def content(self, position: int) -> DocumentChunks:
        """The document at a position, with its chunks."""
        return DocumentChunks(document=self.segment.document(position), chunks=self.segment.chunks_of(position))


class Extent(NamedTuple):
    """How much an index holds, or grows by.

    Attributes:
        documents: Live documents; parts of one count as one.
        content_bytes: Their length: of their originals, and of texts that were added ready.
    """

    documents: int = 0
    content_bytes: int = 0

    def plus(self, other: Extent) -> Extent:
        """Both together."""
        return Extent(self.documents + other.documents, self.content_bytes + other.content_bytes)


_Ranked: TypeAlias = tuple[float | None, int | None, float]
"""Of a row in one leg: score, rank from 1, and share."""

_Leg: TypeAlias = Mapping[int, _Ranked]
_UNRANKED: _Ranked = (None, None, 0.0)
_NO_LEG: _Leg = {}

AllowedRows: TypeAlias = Sequence[Allowed | None]
"""By segment: rows that a search may return; None for all."""


class Snapshot:
    """One generation of a tenant's index, ready to search.

    Args:
        manifest: What the generation consists of.
        segments: The decrypted segments of the manifest, by id.
    """

    def __init__(self, manifest: Manifest, segments: Mapping[str, Segment]) -> None:
        self.manifest = manifest
        self._by_id = {entry.id: segments[entry.id] for entry in manifest.segments}
        dead = version_numbers(tombstone.version for tombstone in manifest.tombstones)
        self.segments: list[LiveSegment] = []
        base = 0
        for entry in manifest.segments:
            segment = segments[entry.id]
            mask = segment.live_mask(dead)
            self.segments.append(LiveSegment(segment=segment, live=None if mask is None else Allowed(mask), base=base))
            base += segment.row_count
        self._bases = [part.base for part in self.segments]
        self._live: AllowedRows = [part.live for part in self.segments]
        self._live_masks = _masks(self._live)
        self._filtered: dict[str, AllowedRows] = {}

    @cached_property
    def _lexical(self) -> LexicalIndex:
        """Made for the first search by words: one by vectors alone reads no postings."""
        return LexicalIndex([part.segment.postings for part in self.segments], self._live_masks, self.manifest.analysis)

    @property
    def segments_by_id(self) -> Mapping[str, Segment]:
        """The decrypted segments, so that the next generation need not open them again."""
        return self._by_id

    def search(self, query: Query) -> list[Hit]:
        """Hits, best first: by one leg alone, or fused from both."""
        allowed = self._live if query.where is None else self._allowed(query.where)
        is_diverse = query.relevance_weight < 1
        if query.vector is not None and query.text is not None:
            return self._by_both(query, allowed)
        k = _candidates(query.k) if is_diverse else query.k
        dense, lexical = _NO_LEG, _NO_LEG
        if query.vector is not None:
            ranked = self._dense(query.vector, k, allowed)
            dense = _leg(ranked, ranked.scores)
        else:
            ranked = self._by_words(self._lexical.query(query.text or ""), k, allowed)
            lexical = _leg(ranked, ranked.scores)
        return self._hits(self._diverse(ranked, query) if is_diverse else ranked, dense, lexical)

    def _by_both(self, query: Query, allowed: AllowedRows) -> list[Hit]:
        assert query.vector is not None
        assert query.text is not None
        count = _candidates(query.k)
        asked = self._lexical.query(query.text)
        dense, lexical = self._dense(query.vector, count, allowed), self._by_words(asked, count, allowed)
        if query.fusion == "rrf":
            shares = shares_by_rank(dense.items, weight=query.dense_weight)
            other = shares_by_rank(lexical.items, weight=query.lexical_weight)
        else:
            # Against the best possible score, not the best found: a hit on stop words alone is no full match.
            total = query.dense_weight + query.lexical_weight or 1.0
            shares = shares_by_score(dense, weight=query.dense_weight / total)
            other = shares_by_score(lexical, weight=query.lexical_weight / total, low=0.0, high=asked.best_score)
        is_diverse = query.relevance_weight < 1
        legs = Ranking(dense.items, shares), Ranking(lexical.items, other)
        ranked = fused(*legs, k=count if is_diverse else query.k)
        if is_diverse:
            ranked = self._diverse(ranked, query)
        return self._hits(ranked, _leg(dense, shares), _leg(lexical, other))

    def _allowed(self, where: Mapping[str, Any]) -> AllowedRows:
        """By segment: live rows for which `where` holds; those of the last filters are remembered."""
        condition = parse_where(where)
        name = repr(condition)  # which tells 1 from True and 1.0, as equality does not
        known = self._filtered.get(name)
        if known is None:
            known = [part.allowed(condition) for part in self.segments]
            while len(self._filtered) >= MAX_KEPT_FILTERS:
                with suppress(StopIteration, RuntimeError):  # another thread may change it meanwhile
                    self._filtered.pop(next(iter(self._filtered)), None)
            self._filtered[name] = known
        return known

    def _dense(self, vector: Vectors, k: int, allowed: AllowedRows) -> Ranking:
        found: list[Found] = []
        for part, rows in zip(self.segments, allowed, strict=True):
            if part.segment.dense is not None:
                scores, at = part.segment.dense.search(vector, k=k, allowed=rows)
                found.append((scores, at + part.base if part.base else at))
        return _merged(found, k)

    def _by_words(self, asked: LexicalQuery, k: int, allowed: AllowedRows) -> Ranking:
        masks = self._live_masks if allowed is self._live else _masks(allowed)
        scores, rows = self._lexical.top(asked, k=k, allowed=masks)
        return Ranking(rows.tolist(), scores.tolist())

    def _diverse(self, ranked: Ranking, query: Query) -> Ranking:
        vectors = self._vectors_at(ranked.items)
        places: Sequence[int] = range(query.k)
        if vectors is not None:
            weight = query.relevance_weight
            places = maximal_marginal_relevance(ranked.scores, vectors, k=query.k, relevance_weight=weight)
        items = [ranked.items[place] for place in places if place < len(ranked.items)]
        return Ranking(items, [ranked.scores[place] for place in places if place < len(ranked.items)])

    def _vectors_at(self, rows: Sequence[int]) -> Vectors | None:
        """float32, shape (rows, dim); None for an index without vectors."""
        asked = np.array(rows, np.int64)
        of_part = np.searchsorted(np.array(self._bases), asked, side="right") - 1
        vectors: Vectors | None = None
        for place, part in enumerate(self.segments):
            here = np.flatnonzero(of_part == place)
            if here.size:
                if part.segment.dense is None:
                    return None
                if vectors is None:
                    vectors = np.empty((asked.size, part.segment.dense.dim), np.float32)
                vectors[here] = part.segment.dense.vectors_at(asked[here] - part.base)
        return vectors

    def _part_of(self, row: int) -> LiveSegment:
        return self.segments[bisect_right(self._bases, row) - 1]

    def _hits(self, ranked: Ranking, dense: _Leg, lexical: _Leg) -> list[Hit]:
        hits: list[Hit] = []
        for row, score in zip(ranked.items, ranked.scores, strict=True):
            dense_score, dense_rank, dense_share = dense.get(row, _UNRANKED)
            lexical_score, lexical_rank, lexical_share = lexical.get(row, _UNRANKED)
            explain = Explanation(
                dense_score=dense_score,
                dense_rank=dense_rank,
                dense_share=dense_share,
                lexical_score=lexical_score,
                lexical_rank=lexical_rank,
                lexical_share=lexical_share,
            )
            part = self._part_of(row)
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
                    content_bytes=document.content_bytes + (earlier.content_bytes if earlier else 0),
                    ingested_at=document.ingested_at,
                    metadata={**(earlier.metadata if earlier else {}), **document.metadata},
                    folder=document.folder or (earlier.folder if earlier else ""),
                    unread=document.unread + (earlier.unread if earlier else 0),
                )
        return [rows[document_id] for document_id in sorted(rows)]

    @cached_property
    def extent(self) -> Extent:
        """How much is live; counted once for each generation."""
        ids: set[bytes] = set()
        content_bytes = 0
        for part in self.segments:
            live = list(part.live_positions())
            ids.update(map(part.segment.document_ids().__getitem__, live))
            content_bytes += int(part.segment.content_bytes[live].sum())
        return Extent(len(ids), content_bytes)

    def rows_of(self, document_id: str) -> list[IndexedDocument]:
        """The catalogue row of each live version of a document."""
        return [part.segment.document(position) for part, position in self.positions_of(document_id)]

    def positions_of(self, document_id: str) -> list[tuple[LiveSegment, int]]:
        """Segment and position of each live version of a document."""
        return [
            (part, position)
            for part in self.segments
            for position in part.segment.positions_of(document_id)
            if part.is_live(position)
        ]

    def parent_chunks(self, chunk: Chunk, where: Mapping[str, Any] | None = None) -> list[Chunk]:
        """The live chunks of a chunk's document that lie in its parent, in the order of the document.

        Args:
            chunk: A hit's; without a parent there are none.
            where: Which chunks may be returned.
        """
        if chunk.parent is None:
            return []
        allowed = self._live if where is None else self._allowed(where)
        return [
            part.segment.chunk(row)
            for part, rows in zip(self.segments, allowed, strict=True)
            for position in part.segment.positions_of(chunk.document_id)
            for row in part.segment.rows_within(position, chunk.parent)
            if rows is None or rows.mask[row]
        ]

    def tombstones(self, document_ids: Iterable[str]) -> list[Tombstone]:
        """What ends all live versions of these documents."""
        return [
            Tombstone(document_id=document_id, version=part.segment.version(position))
            for document_id in document_ids
            for part, position in self.positions_of(document_id)
        ]

    def live_content(self, segment_ids: Collection[str]) -> SegmentContent:
        """Live documents of some segments, with what was worked out of them.

        Args:
            segment_ids: Which segments.
        """
        parts = [self.segments[place] for place, id_ in enumerate(self._by_id) if id_ in segment_ids]
        documents = [part.content(position) for part in parts for position in part.live_positions()]
        vectors = [
            part.segment.dense.vectors() if part.live is None else part.segment.dense.vectors()[part.live.mask]
            for part in parts
            if part.segment.dense is not None
        ]
        postings = Postings.merged([(part.segment.postings, _mask(part.live)) for part in parts])
        return SegmentContent(
            documents=documents, vectors=np.concatenate(vectors) if vectors else None, postings=postings
        )

    def live_versions(self) -> dict[str, tuple[LiveSegment, int]]:
        """Segment and position of each live version."""
        return {
            part.segment.version(position): (part, position)
            for part in self.segments
            for position in part.live_positions()
        }

    def dense_stats(self) -> tuple[DenseStats, ...]:
        """How the vectors of each segment are searched."""
        indexes = [part.segment.dense for part in self.segments if part.segment.dense is not None]
        return tuple(
            DenseStats(
                rows=index.count,
                structure=index.figures.structure,
                recall=1.0 if index.figures.recall is None else index.figures.recall,
                asked_recall=index.figures.asked_recall,
                queries=index.figures.queries,
                bits=index.figures.bits,
            )
            for index in indexes
        )

    @property
    def live_chunks(self) -> int:
        """Chunks that a search may return."""
        return sum(part.live_rows for part in self.segments)

    @property
    def resident_bytes(self) -> int:
        """Bytes that the snapshot holds in memory: decrypted data, and what searches have worked out of it."""
        filters = [self._live, *list(self._filtered.values())]
        lexical = self.__dict__["_lexical"].resident_bytes if "_lexical" in self.__dict__ else 0
        allowed = sum(rows.resident_bytes for of_filter in filters for rows in of_filter if rows is not None)
        return sum(part.segment.resident_bytes for part in self.segments) + allowed + lexical


Found: TypeAlias = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]


def _leg(ranking: Ranking, shares: Sequence[float]) -> _Leg:
    """What a leg found.

    Args:
        ranking: Best first.
        shares: What the leg gives to the score of each row, in the same order.
    """
    ranks = range(1, len(shares) + 1)
    return dict(zip(ranking.items, zip(ranking.scores, ranks, shares, strict=True), strict=True))


def _candidates(k: int) -> int:
    return max(MIN_CANDIDATES, CANDIDATES_PER_HIT * k)


def _mask(allowed: Allowed | None) -> Mask | None:
    return None if allowed is None else allowed.mask


def _masks(allowed: AllowedRows) -> list[Mask | None]:
    return [_mask(rows) for rows in allowed]


def _merged(found: Sequence[Found], k: int) -> Ranking:
    if not found:
        return NO_RANKING
    scores, rows = found[0]
    if len(found) > 1:
        scores = np.concatenate([scores for scores, _ in found])
        rows = np.concatenate([rows for _, rows in found])
        order = np.argsort(-scores, kind="stable")[:k]
        scores, rows = scores[order], rows[order]
    return Ranking(rows.tolist(), scores.tolist())
