"""Erasure, and the receipts that say what it reached and what it did not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from konverze_core.errors import BlobNotFoundError
from konverze_core.protocols import SHARED_KEK, BlobStore, Clock, KekDestruction
from konverze_core.reports import ErasureMode, ErasureReceipt, Remainder
from konverze_indexes.erasure import erase_document
from konverze_indexes.generations import Generations, erase_keyring
from konverze_indexes.index import TenantIndex
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.conversations.names import kept_from
from konverze_rag.conversations.store import Conversations
from konverze_rag.settings import Settings
from konverze_rag.tenancy import Tenancy

MAX_SWEEPS = 8
"""How often an erasure of a tenant looks for blobs of writers that were slow."""

_DATA = "tenants/{}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What the engine was told of copies that it cannot reach, at the time of an erasure.

    Attributes:
        now: When the erasure was done, aware, UTC.
        kept_days: For how long deleted blobs and backups are kept, in days, whichever is longer.
    """

    now: datetime
    kept_days: int

    @classmethod
    def declared(cls, settings: Settings, clock: Clock) -> Copies:
        """As the settings declare them."""
        return cls(now=clock.now(), kept_days=max(settings.deleted_blobs_kept_days, settings.backups_kept_days))

    def remainders(self, what: str) -> tuple[Remainder, ...]:
        """The copies, if there are any."""
        return (Remainder(what=what, until=self.now + timedelta(days=self.kept_days)),) if self.kept_days else ()


def erase_tenant(tenancy: Tenancy, tenant_id: str) -> ErasureReceipt:
    """Destroys a tenant's keys, then deletes all that it has. Can be run again, and finishes then.

    Raises:
        IntegrityError: The keyring is not what was written.
        KeyProviderError: The provider cannot sign, or not destroy the tenant's own KEK.
        StoreError: The store failed; run it again.
        UnknownTenantError: No such tenant.
    """
    blobs, keys, marks, clock = tenancy.blobs, tenancy.keys, tenancy.marks, tenancy.clock
    directory = tenant_directory(tenant_id)
    kek = Generations(blobs, keys, directory, marks).newest().body.kek
    destroyed = None if kek == SHARED_KEK else keys.destroy_kek(kek)
    key_ids = erase_keyring(blobs, keys, directory, clock, marks=marks)
    count, size = swept(blobs, directory)
    copies = Copies.declared(tenancy.settings, clock)
    record = Remainder(what="a record that the tenant was erased: a hash of its id, and the time", until=None)
    remains = _remains_of_tenant(destroyed, copies)
    return ErasureReceipt(
        subject="tenant",
        tenant=tenant_id,
        target=tenant_id,
        mode=ErasureMode.KEYS_DELETED if destroyed is None else ErasureMode.KEK_DESTROYED,
        erased_at=copies.now,
        blobs_destroyed=count,
        bytes_destroyed=size,
        keys_destroyed=key_ids if destroyed is None else (*key_ids, destroyed.key_id),
        remains=(*remains, record),
        effective_by=_latest(copies.now, remains),
    )


def swept(blobs: BlobStore, directory: str) -> tuple[int, int]:
    """Deletes all blobs of a tenant; a writer that was slow may bring some more, which nothing can open."""
    count = size = 0
    for _ in range(MAX_SWEEPS):
        names = blobs.list(_DATA.format(directory))
        if not names:
            break
        for name in names:
            try:
                size += blobs.head(name).size_bytes
            except BlobNotFoundError:
                continue
            blobs.delete(name)
            count += 1
    return count, size


def _remains_of_tenant(destroyed: KekDestruction | None, copies: Copies) -> tuple[Remainder, ...]:
    if destroyed is not None:
        until = destroyed.effective_by if destroyed.effective_by > copies.now else None  # else it is not the provider's
        return tuple(Remainder(what=what, until=until) for what in destroyed.remains)
    return copies.remainders(
        "backups and blobs that the store keeps after deletion, wrapped keys included: whoever has them and may use "
        "the shared KEK can open them"
    )


def erase_indexed_document(
    tenancy: Tenancy, index: TenantIndex, conversations: Conversations, document_id: str, *, retention_days: int
) -> ErasureReceipt:
    """Erases a document from index, originals and older commits; says where conversations still quote it."""
    gone = erase_document(index, document_id)
    copies = Copies.declared(tenancy.settings, tenancy.clock)
    citing = conversations.turns_citing(document_id, since=kept_from(copies.now, retention_days))
    remains = copies.remainders(
        "backups and blobs that the store keeps after deletion: they open with the tenant's data keys"
    )
    if citing.last_day is not None:
        quotes = f"{citing.turns} stored turns of conversations that cite it"
        remains = (*remains, Remainder(what=quotes, until=_retention_ends(citing.last_day, retention_days)))
    return ErasureReceipt(
        subject="document",
        tenant=index.blobs.tenant_id,
        target=document_id,
        mode=ErasureMode.DELETED,
        erased_at=copies.now,
        blobs_destroyed=gone.commits + gone.blobs,
        bytes_destroyed=gone.bytes,
        remains=remains,
        effective_by=_latest(copies.now, remains),
    )


def erase_visitor(
    tenancy: Tenancy, tenant_id: str, conversations: Conversations, visitor: str, *, retention_days: int
) -> ErasureReceipt:
    """Overwrites all turns of a visitor, and deletes what leads to them."""
    gone = conversations.erase_visitor(visitor)
    copies = Copies.declared(tenancy.settings, tenancy.clock)
    remains = copies.remainders(
        "backups and blobs that the store keeps after overwriting: they open until their days' keys are purged"
    )
    if gone.pending:
        remains = (*remains, Remainder(what=f"{gone.pending} turns that are being written: erase again", until=None))
    stubs: tuple[Remainder, ...] = ()
    if gone.last_day is not None:
        empty = f"{gone.turns} empty turns, without names or texts, that keep the chain of their days provable"
        stubs = (Remainder(what=empty, until=_retention_ends(gone.last_day, retention_days)),)
    return ErasureReceipt(
        subject="visitor",
        tenant=tenant_id,
        target=visitor,
        mode=ErasureMode.DELETED,
        erased_at=copies.now,
        blobs_destroyed=gone.turns + gone.feedback + gone.markers,
        bytes_destroyed=gone.bytes,
        remains=(*remains, *stubs),
        effective_by=_latest(copies.now, remains),
    )


def _retention_ends(day: date, retention_days: int) -> datetime:
    """When a purge deletes the turns of a day."""
    return datetime.combine(day, time.min, UTC) + timedelta(days=retention_days + 1)


def _latest(now: datetime, remains: Iterable[Remainder]) -> datetime | None:
    ends = [remainder.until for remainder in remains]
    return None if None in ends else max((now, *(end for end in ends if end is not None)))
