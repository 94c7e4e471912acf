"""Erasing a document: no key and no blob of the store brings back what it said."""

from __future__ import annotations

from konverze_core.errors import ConflictError
from konverze_indexes.compaction import compact
from konverze_indexes.draft import MAX_REWRITES
from konverze_indexes.index import TenantIndex
from konverze_indexes.snapshot import Snapshot
from konverze_indexes.vacuum import VacuumCounts, vacuum


def erase_document(index: TenantIndex, document_id: str) -> VacuumCounts:
    """Deletes a document with all its versions: from the index, from its segments, from older commits, its originals.

    Can be run again after a crash at any point, and finishes then; also when only remains of the document are left. A
    version that is ingested while it runs is a new document and stays.

    Returns:
        What was deleted, other leftovers of the tenant included: nothing is older than the erasure afterwards.

    Raises:
        ConflictError: Other writers were faster, time and again; run it again.
        IntegrityError: Stored data is not what was written.
        StoreError: The store failed; run it again.
        TenantErasedError: The tenant was erased.
    """
    index.delete([document_id])
    for _ in range(MAX_REWRITES):
        touched = _holding_remains(index.refreshed(), document_id)
        if not touched:
            return vacuum(index, grace_s=0)
        compact(index, only=touched)
    raise ConflictError(f"other writers were faster {MAX_REWRITES} times in a row; try again")


def _holding_remains(newest: Snapshot, document_id: str) -> list[str]:
    """Ids of segments that hold a dead version of a document."""
    dead = {item.version for item in newest.manifest.tombstones if item.document_id == document_id}
    return [
        id_
        for id_, segment in newest.segments_by_id.items()
        if any(segment.version(position) in dead for position in segment.positions_of(document_id))
    ]
