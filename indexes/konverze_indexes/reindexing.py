"""Reindexing: all vectors of an index made anew by another model, while readers and writers go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from msgspec import structs

from konverze_core.errors import ConflictError
from konverze_core.protocols import Vectors
from konverze_indexes.catalogue import DocumentChunks
from konverze_indexes.compaction import standing
from konverze_indexes.draft import MAX_REWRITES, Draft, VoidedError
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import Embedding, Manifest
from konverze_indexes.segment import Segment
from konverze_indexes.segment_building import SegmentContent
from konverze_indexes.snapshot import Snapshot
from konverze_indexes.stemming import Analysis

EMBED_SLICE_CHUNKS = 64
"""Chunks embedded between two reports of progress."""

Embed: TypeAlias = Callable[[Sequence[str]], Vectors]
"""Vectors of searchable texts: float32, shape (texts, dim)."""

OnReindexed: TypeAlias = Callable[[int, int], None]
"""Told how many chunks have vectors of the new model, and of how many."""


class _BehindError(Exception):
    """Documents came, or were compacted away, since the draft was written."""


def reindex(
    index: TenantIndex,
    embed: Embed | None,
    embedding: Embedding | None,
    *,
    on_progress: OnReindexed | None = None,
) -> int:
    """Embeds all live documents with another model; the change is one commit, and until it the old model serves.

    Writers go on with the old model until then; what they have written is embedded as well. From the commit on they get
    `EmbedderMismatchError`.

    Args:
        index: The tenant's index.
        embed: The new model; None for an index without vectors.
        embedding: What identifies it; None for an index without vectors.
        on_progress: Told how far it has come.

    Returns:
        The generation that holds the result.

    Raises:
        ConflictError: Writers were faster, time and again; the old model stays.
        ProviderError: The embedding service failed; the old model stays.
        StoreError: The store did not take it; where it failed after the commit was put, that may stand.
        TenantErasedError: The tenant was erased.
    """
    vectors = _NewVectors(None if embed is None else partial(_embedded_under_lease, index, embed), on_progress)
    with Draft(index.blobs) as draft:
        for _ in range(MAX_REWRITES):
            try:
                _catch_up(index, draft, vectors)
                return index.commit(lambda newest: _switched(newest, draft, embedding, index.analysis), draft)
            except _BehindError:
                continue
            except VoidedError:
                draft.discard(draft.entries)
        raise ConflictError(f"writers were faster {MAX_REWRITES} times in a row; try again")


def _catch_up(index: TenantIndex, draft: Draft, vectors: _NewVectors) -> None:
    """Brings the draft to the newest generation: without what has gone for good, with what has come."""
    newest = index.refreshed()
    draft.discard([entry for entry in draft.entries if not _may_stand(newest, draft.segments[entry.id])])
    drafted = {version for segment in draft.segments.values() for version in segment.version_texts()}
    live = newest.live_versions()
    missing = [part.content(position) for version, (part, position) in live.items() if version not in drafted]
    if missing:
        draft.write(SegmentContent.of(missing, vectors.of(missing), analysis=index.analysis))


def _may_stand(newest: Snapshot, segment: Segment) -> bool:
    """Whether all versions in a segment are live or have a tombstone.

    One that has neither was compacted away, perhaps because it was erased: it must not come back, not even dead.
    """
    known = newest.live_versions().keys() | {item.version for item in newest.manifest.tombstones}
    return known >= set(segment.version_texts())


def _switched(newest: Snapshot, draft: Draft, embedding: Embedding | None, analysis: Analysis) -> Manifest:
    segments = list(draft.segments.values())
    drafted = {version for segment in segments for version in segment.version_texts()}
    if not newest.live_versions().keys() <= drafted or not all(_may_stand(newest, segment) for segment in segments):
        raise _BehindError
    return structs.replace(
        newest.manifest,
        embedding=embedding,
        analysis=analysis,
        segments=tuple(draft.entries),
        tombstones=standing(newest.manifest.tombstones, segments),
    )


def _embedded_under_lease(index: TenantIndex, embed: Embed, texts: Sequence[str]) -> Vectors:
    index.snapshot()  # embedding takes its time: the KEK may have been revoked meanwhile
    return embed(texts)


class _NewVectors:
    """Vectors by version of a document, so that none is made twice."""

    def __init__(self, embed: Embed | None, on_progress: OnReindexed | None) -> None:
        self._embed = embed
        self._tell = on_progress
        self._by_version: dict[str, Vectors] = {}

    def of(self, documents: Sequence[DocumentChunks]) -> Vectors | None:
        """float32, shape (chunks of all documents in order, dim); None without a model."""
        if self._embed is None:
            return None
        fresh = [item for item in documents if item.document.version not in self._by_version]
        texts = [chunk.searchable_text for item in fresh for chunk in item.chunks]
        slices: list[Vectors] = []
        for start in range(0, len(texts), EMBED_SLICE_CHUNKS):
            slices.append(self._embed(texts[start : start + EMBED_SLICE_CHUNKS]))
            if self._tell is not None:
                self._tell(min(start + EMBED_SLICE_CHUNKS, len(texts)), len(texts))
        if slices:
            ends = np.cumsum([len(item.chunks) for item in fresh])[:-1]
            parts = np.split(np.concatenate(slices), ends)
            self._by_version |= {item.document.version: part for item, part in zip(fresh, parts, strict=True)}
        return np.concatenate([self._by_version[item.document.version] for item in documents])
