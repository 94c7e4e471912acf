"""Keeps the segments of an index few, however many commits have brought them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from konverze_core.errors import KonverzeError
from konverze_indexes.compaction import MAX_SMALL_SEGMENTS, SMALL_CHUNKS, Questions, compact, merge_small
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import SegmentEntry

MERGED_CHUNKS = 32_768
"""Segments below this are merged when there are many, up to so many chunks in one: some 200 MB in memory meanwhile."""


def tidy(index: TenantIndex, questions: Questions | None) -> None:
    """Rewrites small segments as one when there are many of them, and so those of middle size.

    What fails is tried again after the next commit; the documents are in, and the segments as they were.

    Args:
        index: The tenant's index.
        questions: What the recall of the dense index is measured with; passages by default.
    """
    with suppress(KonverzeError):
        merge_small(index)
        middling = [
            entry for entry in index.snapshot().manifest.segments if SMALL_CHUNKS <= entry.chunks < MERGED_CHUNKS
        ]
        if len(middling) > MAX_SMALL_SEGMENTS:
            for group in _groups(middling):
                compact(index, only=group, questions=questions)


def _groups(entries: Sequence[SegmentEntry]) -> list[list[str]]:
    """Ids of neighbours that fit into one segment; what stands alone stays as it is."""
    groups: list[list[str]] = [[]]
    chunks = 0
    for entry in entries:
        if chunks + entry.chunks > MERGED_CHUNKS:
            groups.append([])
            chunks = 0
        groups[-1].append(entry.id)
        chunks += entry.chunks
    return [group for group in groups if len(group) > 1]
