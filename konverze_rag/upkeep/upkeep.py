"""Rounds over all tenants of a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from konverze_core.errors import ConfigError, KonverzeError, TenantErasedError, UnknownTenantError
from konverze_core.protocols import SHARED_KEK, BlobStore
from konverze_core.reports import (
    ErasureReceipt,
    HealthReport,
    ProcessingRecord,
    PurgeReport,
    RotationReport,
    VacuumReport,
    VerifyReport,
)
from konverze_indexes.generations import Generations, erase_keyring, list_directories
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import generation_of
from konverze_indexes.marks import Marks, MemoryMarks
from konverze_indexes.tenant_ids import tenant_directory
from konverze_indexes.vacuum import vacuum
from konverze_rag.conversations.names import kept_from
from konverze_rag.tenancy import Tenancy
from konverze_rag.upkeep.checking import verified, verified_store
from konverze_rag.upkeep.copying import CopyReport, copy_tenants
from konverze_rag.upkeep.erasing import erase_tenant, swept
from konverze_rag.upkeep.reencryption import Reencryption
from konverze_rag.upkeep.rotation import RotationPolicy
from konverze_rag.upkeep.rounds import OnRound, each_tenant, total


class Upkeep:
    """Looks after all tenants of a store, each opened for the occasion; what is open elsewhere notices by itself.

    Args:
        tenancy: The parts of the engine.
    """

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    def rotate(self, *, only_due: bool, reencrypts: bool, tell: OnRound | None) -> RotationReport:
        """See `Engine.rotate_keys`."""
        settings, keys = self._tenancy.settings, self._tenancy.keys
        policy = RotationPolicy(
            now=self._tenancy.clock.now(),
            kek_age=timedelta(days=settings.kek_rotation_days if only_due else 0),
            data_key_age=timedelta(days=settings.data_key_rotation_days if only_due else 0),
        )
        shared = policy.rotated_kek(keys, SHARED_KEK)

        def rotate_one(directory: str) -> RotationReport:
            keyring = self._tenancy.keyring(directory)
            own = RotationReport() if keyring.kek == SHARED_KEK else policy.rotated_kek(keys, keyring.kek)
            reports = [own, policy.rotated_keyring(keyring)]
            if reencrypts:
                reports.append(self._reencrypted(keyring))
            return total(reports)

        return each_tenant(self._directories(), rotate_one, empty=shared, tell=tell)

    def _reencrypted(self, keyring: Keyring) -> RotationReport:
        configuration = self._tenancy.configuration(keyring)
        return Reencryption(
            keyring,
            self._tenancy.index(keyring),
            configuration,
            clock=self._tenancy.clock,
            kept_from=lambda: kept_from(self._tenancy.clock.now(), configuration.current().retention_days),
        ).run()

    def vacuum(self, grace_s: float) -> VacuumReport:
        """See `Engine.vacuum`."""

        def vacuum_one(directory: str) -> VacuumReport:
            try:
                counts = vacuum(self._tenancy.index(self._tenancy.keyring(directory)), grace_s=grace_s)
            except TenantErasedError:
                parts = self._tenancy
                erase_keyring(parts.blobs, parts.keys, directory, parts.clock, marks=parts.marks)
                blobs, size = swept(self._tenancy.blobs, directory)  # of writers that were slower than the erasure
                return VacuumReport(blobs=blobs, bytes=size)
            return VacuumReport(commits=counts.commits, blobs=counts.blobs, bytes=counts.bytes)

        return each_tenant(self._directories(), vacuum_one, empty=VacuumReport())

    def purge(self) -> PurgeReport:
        """See `Engine.purge_expired`."""
        return self._purged(self._directories())

    def _purged(self, directories: Sequence[str]) -> PurgeReport:
        def purge_one(directory: str) -> PurgeReport:
            keyring = self._tenancy.keyring(directory)
            retention_days = self._tenancy.configuration(keyring).current().retention_days
            gone = self._tenancy.conversations(keyring).purge(kept_from(self._tenancy.clock.now(), retention_days))
            return PurgeReport(
                days=gone.days, turns=gone.turns, feedback=gone.feedback, markers=gone.markers, bytes=gone.bytes
            )

        return each_tenant(directories, purge_one, empty=PurgeReport())

    def erase_tenant(self, tenant_id: str) -> ErasureReceipt:
        """See `Engine.erase_tenant`."""
        return erase_tenant(self._tenancy, tenant_id)

    def verify(self, tenant_ids: Sequence[str]) -> VerifyReport:
        """See `Engine.verify`."""
        if not tenant_ids:
            return verified_store(self._tenancy)
        return verified(self._tenancy, self._chosen(self._tenancy.blobs, tenant_ids))

    def back_up(self, destination: BlobStore, tenant_ids: Sequence[str]) -> CopyReport:
        """See `Engine.back_up`."""
        blobs, marks = self._tenancy.blobs, self._tenancy.marks
        chosen = self._live(blobs, tenant_ids, marks=marks)
        return copy_tenants(
            blobs, destination, chosen, is_wanted=lambda directory: not self._is_erased(blobs, directory, marks=marks)
        )

    def restore(self, source: BlobStore, tenant_ids: Sequence[str]) -> VerifyReport:
        """See `Engine.restore`."""
        chosen = self._live(source, tenant_ids, marks=MemoryMarks())
        if not chosen:
            raise ConfigError("there is no tenant to restore: no backup stands there")
        blobs, here = self._tenancy.blobs, self._directories()
        for directory in here:
            if tenant_ids and directory in chosen and self._is_erased(blobs, directory, marks=self._tenancy.marks):
                raise TenantErasedError(f"the tenant {directory} was erased here: it is not brought back")
        if not tenant_ids:  # those of a restore that was interrupted are there already
            chosen = [directory for directory in chosen if directory not in here]
            if not chosen:
                raise ConfigError("all tenants of the backup are here already")
        for directory in chosen:
            if directory not in here:
                _refuse_newer_data(source, blobs, directory)

        def make_way(directory: str) -> bool:
            if self._is_older_than_marked(source, directory):
                self._tenancy.marks.reset(directory)
            return True

        copy_tenants(source, blobs, chosen, is_wanted=make_way)
        self._purged(chosen)  # what it cannot open, the verification tells
        return verified(self._tenancy, chosen)

    def _is_older_than_marked(self, source: BlobStore, directory: str) -> bool:
        keyrings, commits = source.list(f"keyring/{directory}/"), source.list(f"tenants/{directory}/commits/")
        keyring = int(keyrings[-1].rpartition("/")[2])
        commit = generation_of(commits[0].removeprefix(f"tenants/{directory}/")) if commits else 0
        marks = self._tenancy.marks
        return keyring < marks.newest(directory, "keyring") or commit < marks.newest(directory, "commit")

    def health(self, *, open_tenants: int, processing: tuple[ProcessingRecord, ...]) -> HealthReport:
        """See `Engine.health`."""
        return HealthReport(
            store_error=_error_of(lambda: self._tenancy.blobs.list("selftest/")),
            key_provider_error=_error_of(self._tenancy.keys.current_version),
            open_tenants=open_tenants,
            processing=processing,
        )

    def _directories(self) -> list[str]:
        return list_directories(self._tenancy.blobs)

    def _chosen(self, blobs: BlobStore, tenant_ids: Sequence[str]) -> list[str]:
        there = list_directories(blobs)
        chosen = {tenant_directory(tenant_id): tenant_id for tenant_id in tenant_ids}
        if unknown := [tenant_id for directory, tenant_id in chosen.items() if directory not in there]:
            raise UnknownTenantError(f"no such tenant: {unknown[0]!r}")
        return list(chosen) if tenant_ids else there

    def _live(self, blobs: BlobStore, tenant_ids: Sequence[str], *, marks: Marks) -> list[str]:
        """The chosen tenants that were not erased.

        Raises:
            TenantErasedError: One that was named was.
        """
        chosen = self._chosen(blobs, tenant_ids)
        live = [directory for directory in chosen if not self._is_erased(blobs, directory, marks=marks)]
        if tenant_ids and len(live) < len(chosen):
            raise TenantErasedError("an erased tenant has nothing to copy")
        return live

    def _is_erased(self, blobs: BlobStore, directory: str, *, marks: Marks) -> bool:
        return Generations(blobs, self._tenancy.keys, directory, marks).newest().body.is_erased


def _refuse_newer_data(source: BlobStore, target: BlobStore, directory: str) -> None:
    """What an interrupted restore left is all in the backup; data that is not only lacks its keyring.

    Raises:
        ConfigError: There is such data.
    """
    prefix = f"tenants/{directory}/"
    if set(target.list(prefix)) - set(source.list(prefix)):
        raise ConfigError(
            f"{prefix} holds data that the backup does not have, without its keyring: copy back keyring/{directory}/ "
            "alone to open it, or move the data away first"
        )


def _error_of(call: Callable[[], object]) -> str:
    try:
        call()
    except KonverzeError as error:
        return str(error)
    return ""
