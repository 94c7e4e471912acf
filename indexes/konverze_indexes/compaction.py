"""Compaction: rewriting segments so that dead versions are gone and few segments remain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from msgspec import structs

from konverze_core.errors import ConflictError
from konverze_indexes.catalogue import DocumentChunks, version_numbers
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.draft import MAX_REWRITES, Draft, VoidedError
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import Manifest, SegmentEntry, Tombstone
from konverze_indexes.segment import Segment
from konverze_indexes.segment_building import SegmentContent
from konverze_indexes.snapshot import Snapshot

SMALL_CHUNKS = 1_000
"""A segment of fewer chunks is small: it is rewritten in some 10 ms, and never needs more than a flat dense index."""

MAX_SMALL_SEGMENTS = 8
"""So many small segments may stand: each takes a search 10 to 20 microseconds."""


class _OvertakenError(Exception):
    """Another compaction has already replaced a segment."""


Questions: TypeAlias = Callable[[Sequence[DocumentChunks]], CalibrationQueries | None]
"""Vectors that stand for the questions that documents will be asked; None where there are none to be had."""


def compact(index: TenantIndex, *, only: Collection[str] | None = None, questions: Questions | None = None) -> int:
    """Rewrites the live documents of segments as one segment; what is committed meanwhile keeps its effect.

    Args:
        index: The tenant's index.
        only: Ids of the segments; None for all.
        questions: What the recall of the dense index is measured with; passages by default.

    Returns:
        The generation that holds the result, be it of another compaction that was faster.

    Raises:
        ConflictError: Other writers or vacuums were faster, time and again.
        StoreError: The store did not take it; where it failed after the commit was put, that may stand.
        TenantErasedError: The tenant was erased.
    """
    for _ in range(MAX_REWRITES):
        base = index.refreshed()
        merged = [entry.id for entry in base.manifest.segments if only is None or entry.id in only]
        if not merged or (only is None and len(merged) == 1 and not base.manifest.tombstones):
            return base.manifest.generation
        try:
            with suppress(VoidedError), Draft(index.blobs) as draft:
                content = base.live_content(merged)
                if questions is not None:
                    content = replace(content, queries=questions(content.documents))
                return _rewritten(index, content, merged, draft)
        except _OvertakenError:
            return index.refreshed().manifest.generation
    raise ConflictError(f"vacuums were faster {MAX_REWRITES} times in a row; try again")


def merge_small(index: TenantIndex) -> None:
    """Rewrites small segments as one when there are many, since each costs a search its share.

    Raises:
        KonverzeError: As in `compact`; the segments then stay as they are.
    """
    small = [entry.id for entry in index.snapshot().manifest.segments if entry.chunks < SMALL_CHUNKS]
    if len(small) > MAX_SMALL_SEGMENTS:
        compact(index, only=small)


def _rewritten(index: TenantIndex, content: SegmentContent, merged: Sequence[str], draft: Draft) -> int:
    if content.documents:
        draft.write(content)

    def change(newest: Snapshot) -> Manifest:
        entries = _replaced(newest.manifest.segments, merged, draft.entries)
        known: Mapping[str, Segment] = {**newest.segments_by_id, **draft.segments}
        tombstones = standing(newest.manifest.tombstones, [known[entry.id] for entry in entries])
        return structs.replace(newest.manifest, segments=entries, tombstones=tombstones)

    return index.commit(change, draft)


def _replaced(
    entries: Sequence[SegmentEntry], merged: Sequence[str], fresh: Sequence[SegmentEntry]
) -> tuple[SegmentEntry, ...]:
    """The segments with the fresh ones in place of the first that was merged."""
    ids = [entry.id for entry in entries]
    if not set(merged) <= set(ids):
        raise _OvertakenError
    place = ids.index(merged[0])
    kept = [entry for entry in entries if entry.id not in merged]
    return (*kept[:place], *fresh, *kept[place:])


def standing(tombstones: Iterable[Tombstone], segments: Sequence[Segment]) -> tuple[Tombstone, ...]:
    """The tombstones whose versions still stand in a segment; whenever they came, they name versions and not rows."""
    tombstones = tuple(tombstones)
    if not tombstones or not segments:
        return ()
    versions = version_numbers(item.version for item in tombstones)
    stand = np.any([segment.places(versions) >= 0 for segment in segments], axis=0)
    return tuple(item for item, stands in zip(tombstones, stand.tolist(), strict=True) if stands)
