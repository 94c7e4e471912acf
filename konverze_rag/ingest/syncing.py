"""Makes a folder and the documents that come from it agree."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace

from msgspec import structs

from konverze_core.errors import ConfigError
from konverze_core.reports import SyncReport
from konverze_indexes.draft import Draft
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import Manifest, Tombstone
from konverze_indexes.snapshot import Snapshot
from konverze_rag.ingest.folders import Selection, files_below
from konverze_rag.ingest.ingestion import Ingestion
from konverze_rag.ingest.preparing import Order
from konverze_rag.ingest.progress import OnProgress
from konverze_rag.uploads import checked_source


def sync_folder(
    ingestion: Ingestion,
    folder: str | os.PathLike[str],
    selection: Selection,
    order: Order,
    *,
    may_delete_all: bool = False,
    on_progress: OnProgress | None = None,
) -> SyncReport:
    """Ingests what is in a folder, then deletes the documents that came from it and are not in it any more.

    Args:
        ingestion: Of the tenant.
        folder: Walked with all its subfolders.
        selection: Which of its files are meant.
        order: Without uploads; its `folder` is the label, by default the folder's own path.
        may_delete_all: Whether no file at all may be taken for what the folder shall be.
        on_progress: Told how far the ingest has come.

    Raises:
        ConfigError: The folder cannot be listed, or no file in it is meant while the index has documents of it.
        KonverzeError: As `Ingestion.run`; nothing was deleted.
    """
    files = files_below(folder, selection)
    label = checked_source(order.folder or str(files.root))
    if not files.uploads and not may_delete_all and _vanished(ingestion.index.refreshed(), label, ()):
        raise ConfigError("no file of the folder is to be synced, which would delete all that came from it: allow it")
    order = replace(order, uploads=list(files.uploads.values()), folder=label)
    report = ingestion.run(order, on_progress)
    gone, generation = _delete(ingestion.index, label, files.uploads.keys())
    return SyncReport(
        chunks=report.chunks,
        added=report.added,
        changed=report.changed,
        unchanged=report.skipped,
        deleted=gone,
        failed=(*report.failed, *files.refused),
        unread=report.unread,
        duplicates=tuple((source, of) for source, of in report.duplicates if of not in gone),
        usage=report.usage,
        generation=generation,
    )


def _delete(index: TenantIndex, label: str, present: Collection[str]) -> tuple[tuple[str, ...], int]:
    """Deletes, in one commit, exactly the versions that came from the folder and are not in it.

    Returns:
        Their sources, and the generation that is without them.
    """
    newest = index.refreshed()
    gone = _vanished(newest, label, present)
    if not gone:
        return (), newest.manifest.generation

    def change(snapshot: Snapshot) -> Manifest:
        nonlocal gone
        gone = _vanished(snapshot, label, present)  # anew: another writer may have brought one in since
        return structs.replace(snapshot.manifest, tombstones=(*snapshot.manifest.tombstones, *gone))

    with Draft(index.blobs) as draft:
        generation = index.commit(change, draft)
    return tuple(sorted(item.document_id for item in gone)), generation


def _vanished(snapshot: Snapshot, label: str, present: Collection[str]) -> list[Tombstone]:
    rows = (part.segment.document(position) for part in snapshot.segments for position in part.live_positions())
    return [
        Tombstone(document_id=row.id, version=row.version)
        for row in rows
        if row.folder == label and row.id not in present
    ]
