"""Sealing a tenant's blobs anew under its active data key, so that older data keys can be dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise

from konverze_core.errors import BlobNotFoundError
from konverze_core.protocols import Clock
from konverze_core.reports import RotationReport
from konverze_indexes.compaction import compact
from konverze_indexes.draft import Draft
from konverze_indexes.envelope import sealing_key_id
from konverze_indexes.index import TenantIndex
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.vacuum import PROBE, vacuum
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.names import day_of, marked_place
from konverze_rag.conversations.turn import StoredTurn, Turn
from konverze_rag.tenant_settings import TenantConfiguration

DROPPED_AFTER = timedelta(hours=1)
"""A retired data key is dropped no earlier: until they look, writers elsewhere do not know that it is retired."""

_KINDS_IN_PLACE = {"uploads": "upload", "days": "day-key", "visitors": "visitor"}
"""Blobs that keep their name, by folder. Turns are sealed under their day's key, which does not rotate."""


class Reencryption:
    """Seals all blobs of retired data keys anew, removes the old ones, and drops the keys that nothing names any more.

    A key that was retired only just, or that a blob still names, of a writer that is slow for instance, stays: a later
    run drops it.

    Args:
        keyring: The tenant's keys.
        index: The tenant's index.
        configuration: The tenant's settings.
        clock: Tells the age of keys.
        kept_from: Tells the first day whose conversations are kept; earlier ones are for a purge.
    """

    def __init__(
        self,
        keyring: Keyring,
        index: TenantIndex,
        configuration: TenantConfiguration,
        *,
        clock: Clock,
        kept_from: Callable[[], date],
    ) -> None:
        self._keyring = keyring
        self._index = index
        self._blobs = index.blobs
        self._configuration = configuration
        self._clock = clock
        self._kept_from = kept_from
        self._days = DayKeys(index.blobs, keyring, clock)

    def run(self) -> RotationReport:
        """Does it; can be run again.

        Raises:
            ConflictError: Other writers were faster, time and again; run it again.
            IntegrityError: A blob is not what was written; nothing is dropped.
            KeyProviderError: The tenant's keys cannot be unwrapped, or its keyring not be signed.
            StoreError: The store failed; run it again.
            TenantErasedError: The tenant was erased meanwhile.
        """
        retired = self._retired()
        if not retired:
            return RotationReport()
        before = _sealed_by(self._blobs, retired)
        if before:
            self._reseal(before)
        latest = self._clock.now() - DROPPED_AFTER
        due = {key_id for key_id, since in retired.items() if since <= latest}
        if due and not self._index.commits.generations():
            self._reseal_segments(())  # takes the place of a first commit, whose writer may sleep
        left = _sealed_by(self._blobs, retired)
        done = [size for name, (_, size) in before.items() if name not in left]
        unused = due - {key for key, _ in left.values()}
        return RotationReport(
            blobs_reencrypted=len(done),
            bytes_reencrypted=sum(done),
            data_keys_dropped=self._keyring.drop_data_keys(unused) if unused else 0,
        )

    def _retired(self) -> dict[bytes, datetime]:
        """Since when each data key has had a successor, by id."""
        return {entry.key_id: successor.created_at for entry, successor in pairwise(self._keyring.deks)}

    def _reseal(self, names: Collection[str]) -> None:
        self._reseal_in_place(names)
        if any(name.startswith("settings/") for name in names):
            self._configuration.renew()
        stale = {name.removeprefix("segments/").partition(".")[0] for name in names if name.startswith("segments/")}
        if stale or any(name.startswith("commits/") for name in names):
            self._reseal_segments(stale)
        vacuum(self._index, grace_s=0)

    def _reseal_in_place(self, names: Iterable[str]) -> None:
        """Blobs that are still needed; one that was erased or purged meanwhile is not brought back."""
        written = list[str]()
        for name in self._needed(names):
            kind = _KINDS_IN_PLACE[name.partition("/")[0]]
            try:
                self._blobs.write_lasting(kind, name, self._blobs.read(kind, name), if_absent=False)
            except BlobNotFoundError:
                continue
            written.append(name)
        for name in set(written) - set(self._needed(written)):
            self._blobs.delete(name)

    def _needed(self, names: Iterable[str]) -> list[str]:
        originals = {
            part.segment.document(position).original
            for part in self._index.refreshed().segments
            for position in part.live_positions()
        }
        kept_from = self._kept_from()

        def is_needed(name: str) -> bool:
            if name.startswith("uploads/"):
                return name in originals
            day = day_of(name) if name.startswith(("days/", "visitors/")) else None
            return day is not None and day >= kept_from and not self._is_settled(name)

        return [name for name in names if is_needed(name)]

    def _is_settled(self, name: str) -> bool:
        """Whether it is a marker that an erasure has deleted, or is about to: its turn is no longer the visitor's."""
        place = marked_place(name)
        if place is None:
            return False
        try:
            turn = StoredTurn.read(self._days.blobs_of(place.folder.day), place.name).turn
        except BlobNotFoundError:
            return False  # its writer is at work, or was interrupted
        if not isinstance(turn, Turn) or turn.visitor is None:
            return True
        return name != place.folder.marker(self._keyring.blind_name("visitor", turn.visitor), place.number)

    def _reseal_segments(self, stale: Collection[str]) -> None:
        """Rewrites segments; where there are none, an unchanged commit supersedes those of a retired key."""
        live = {entry.id for entry in self._index.refreshed().manifest.segments}.intersection(stale)
        if live:
            compact(self._index, only=live)
            return
        with Draft(self._blobs) as draft:
            self._index.commit(lambda newest: newest.manifest, draft)


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
