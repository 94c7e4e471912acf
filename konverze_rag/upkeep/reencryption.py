"""Sealing a tenant's blobs anew under its active data key, so that older data keys can be dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from konverze_core.errors import BlobNotFoundError
from konverze_core.reports import RotationReport
from konverze_indexes.compaction import compact
from konverze_indexes.draft import Draft
from konverze_indexes.envelope import sealing_key_id
from konverze_indexes.index import TenantIndex
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.vacuum import PROBE, vacuum
from konverze_rag.conversations.names import day_of
from konverze_rag.tenant_settings import TenantConfiguration

_KINDS_IN_PLACE = {"uploads": "upload", "days": "day-key", "visitors": "visitor"}
"""Blobs that keep their name, by folder. Turns are sealed under their day's key, which does not rotate."""


def reencrypt(
    keyring: Keyring, index: TenantIndex, configuration: TenantConfiguration, *, kept_from: date
) -> RotationReport:
    """Seals all blobs of retired data keys anew, removes the old ones, and drops the keys that nothing names any more.

    A key that a blob still names stays: of a writer that is slow, for instance. The next run drops it.

    Args:
        keyring: The tenant's keys.
        index: The tenant's index.
        configuration: The tenant's settings.
        kept_from: The first day whose conversations are kept; earlier ones are for a purge.

    Raises:
        ConflictError: Other writers were faster, time and again; run it again.
        IntegrityError: A blob is not what was written; nothing is dropped.
        KeyProviderError: The tenant's keys cannot be unwrapped, or its keyring not be signed.
        StoreError: The store failed; run it again.
        TenantErasedError: The tenant was erased meanwhile.
    """
    retired = {entry.key_id for entry in keyring.deks} - {keyring.active.id}
    if not retired:
        return RotationReport()
    blobs = index.blobs
    before = _sealed_by(blobs, retired)
    _reseal_in_place(index, before, kept_from=kept_from)
    if any(name.startswith("settings/") for name in before):
        configuration.configure(configuration.own())
    _reseal_segments(index, {name.removeprefix("segments/").partition(".")[0] for name in before})
    vacuum(index, grace_s=0)
    left = _sealed_by(blobs, retired)
    done = [size for name, (_, size) in before.items() if name not in left]
    return RotationReport(
        blobs_reencrypted=len(done),
        bytes_reencrypted=sum(done),
        data_keys_dropped=keyring.drop_data_keys(retired - {key_id for key_id, _ in left.values()}),
    )


def _sealed_by(blobs: TenantBlobs, key_ids: Collection[bytes]) -> dict[str, tuple[bytes, int]]:
    """Blobs of these keys: the key's id and the sealed bytes, by name."""
    found: dict[str, tuple[bytes, int]] = {}
    for name in blobs.names(""):
        if name == PROBE:
            continue
        try:
            sealed = blobs.stored("", name)
        except BlobNotFoundError:
            continue  # removed meanwhile
        if (key_id := sealing_key_id(sealed)) in key_ids:
            found[name] = key_id, len(sealed)
    return found


def _reseal_in_place(index: TenantIndex, names: Iterable[str], *, kept_from: date) -> None:
    """Blobs that are still needed; one that was erased or purged meanwhile is not brought back."""
    blobs, written = index.blobs, list[str]()
    for name in _needed(index, names, kept_from):
        kind = _KINDS_IN_PLACE[name.partition("/")[0]]
        try:
            blobs.write(kind, name, blobs.read(kind, name), if_absent=False)
        except BlobNotFoundError:
            continue
        written.append(name)
    for name in set(written) - set(_needed(index, written, kept_from)):
        blobs.delete(name)


def _needed(index: TenantIndex, names: Iterable[str], kept_from: date) -> list[str]:
    originals = {
        part.segment.document(position).original
        for part in index.refreshed().segments
        for position in part.live_positions()
    }

    def is_needed(name: str) -> bool:
        if name.startswith("uploads/"):
            return name in originals
        day = day_of(name) if name.startswith(("days/", "visitors/")) else None
        return day is not None and day >= kept_from and bool(index.blobs.names(f"days/{day.isoformat()}/"))

    return [name for name in names if is_needed(name)]


def _reseal_segments(index: TenantIndex, stale: Collection[str]) -> None:
    """Rewrites segments; where there are none, an unchanged commit supersedes those of a retired key."""
    live = {entry.id for entry in index.refreshed().manifest.segments}.intersection(stale)
    if live:
        compact(index, only=live)
        return
    with Draft(index.blobs) as draft:
        index.commit(lambda newest: newest.manifest, draft)
