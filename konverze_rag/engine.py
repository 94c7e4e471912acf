"""The engine: one process's door to all tenants."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from threading import Semaphore
from typing import Self

from konverze_core.clock import SystemClock
from konverze_core.errors import ConfigError
from konverze_core.protocols import BlobStore, ChatModel, Clock, Embedder, KeyProvider, Reranker
from konverze_core.reports import (
    ErasureReceipt,
    HealthReport,
    ProcessingRecord,
    PurgeReport,
    RotationReport,
    VacuumReport,
    VerifyReport,
)
from konverze_indexes.marks import Marks, MemoryMarks
from konverze_indexes.residents import CacheStats, Residents
from konverze_indexes.tenant_ids import checked_tenant_id
from konverze_indexes.tenant_list import list_tenants
from konverze_loaders import LoadLimits
from konverze_rag import opening
from konverze_rag.cores import computing_threads
from konverze_rag.open_tenants import OpenTenants
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.question_batches import QuestionBatches
from konverze_rag.residency import Part
from konverze_rag.settings import Settings
from konverze_rag.tenancy import Tenancy
from konverze_rag.tenant import Tenant
from konverze_rag.upkeep.copying import CopyReport
from konverze_rag.upkeep.maintenance import Maintenance
from konverze_rag.upkeep.rounds import OnRound
from konverze_rag.upkeep.upkeep import Upkeep


class Engine:
    """Opens tenants; safe to share between threads.

    Args:
        settings: What the engine is told.
        blobs: Where sealed bytes live; one that is not of this library is tested for honouring put-if-absent.
        keys: Wraps the tenants' keys.
        embedder: Embeds chunks and questions; None for lexical search only.
        chat: Writes answers; None for extractive answers.
        reranker: Looks again at the hits of a text search; None to keep the fused order.
        clock: Tells the time.
        limits: How large an upload may be.
        marks: Remembers the newest generations seen, to notice an older copy; by default for as long as the process
            lives.

    Raises:
        ResidencyError: `settings.residency` does not let one of them have data, or one does not say where it sends it.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        blobs: BlobStore,
        keys: KeyProvider,
        embedder: Embedder | None = None,
        chat: ChatModel | None = None,
        reranker: Reranker | None = None,
        clock: Clock | None = None,
        limits: LoadLimits | None = None,
        marks: Marks | None = None,
    ) -> None:
        self.settings = settings
        self.blobs = blobs
        self.keys = keys
        self.embedder = embedder
        self.chat = chat
        self._owned = ExitStack()
        parts: dict[Part, object | None] = {"embeddings": embedder, "chat": chat, "reranking": reranker}
        used: dict[Part, object] = {part: thing for part, thing in parts.items() if thing is not None}
        self._processing = self._admitted({"store": blobs, "keys": keys, **used})
        self._tenancy = Tenancy(
            settings=settings,
            blobs=blobs,
            keys=keys,
            marks=marks or MemoryMarks(),
            clock=clock or SystemClock(),
            model=None if embedder is None else QuestionBatches(embedder),
            chat=chat,
            reranker=reranker,
            limits=limits or LoadLimits(),
            load=opening.document_loader(settings, self._owned),
            counter=TokenCounter.for_model(chat.info.name if chat else settings.chat_model),
            residents=Residents(settings.cache_bytes),
            computing=Semaphore(computing_threads()),
        )
        self._upkeep = Upkeep(self._tenancy)
        self._open_tenants = OpenTenants(self._tenancy)
        if settings.maintenance_every_s is not None:
            tasks = (lambda: self.rotate_keys(only_due=True), self.purge_expired, self.vacuum)
            self._owned.callback(Maintenance(tasks, settings.maintenance_every_s).stop)

    @classmethod
    def open(cls, location: str | os.PathLike[str], *, settings: Settings | None = None) -> Self:
        """Opens an engine over a local directory, which is made when it is not there, or over a cloud's blob store.

        A local directory works offline and without a key: local key file, local embeddings where the extra `local` is
        installed, extractive answers. `OPENAI_API_KEY`, or an OpenAI-compatible `OPENAI_BASE_URL`, brings in a
        language model.

        Args:
            location: The data directory, or a URL: `file:///path`, `az://container/prefix`, `s3://bucket/prefix`.
                Away from the local disk, the settings name the key provider, or a key file.
            settings: What the engine is told; by default what the environment states.

        Raises:
            ConfigError: The settings or the location cannot be used, or the store does not honour put-if-absent.
            KeyProviderError: The key provider cannot be used; without its key file the data cannot be opened.
            MissingExtraError: The settings or the location ask for an extra that is not installed.
            ResidencyError: `settings.residency` does not let one of the services have data.
            StoreError: The blob store cannot be reached.
        """
        settings = Settings() if settings is None else settings
        if not isinstance(settings, Settings):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("settings are kr.Settings")
        root = opening.local_root(location)
        blobs = opening.blob_store(location)
        with ExitStack() as stack:
            keys = opening.key_provider(settings, root, blobs=blobs, owned=stack)
            engine = cls(
                settings=settings,
                blobs=blobs,
                keys=keys,
                embedder=opening.embedder(settings, stack),
                chat=opening.chat_model(settings, stack),
                marks=opening.high_water_marks(settings, root),
            )
            stack.push(engine._owned)  # maintenance is stopped before the connections are closed
            engine._owned = stack.pop_all()
        return engine

    def tenant(self, tenant_id: str, *, create: bool = True, min_generation: int | None = None) -> Tenant:
        """The tenant of this id.

        Args:
            tenant_id: 1 to 128 characters of any script; no control or invisible characters, no white space around.
            create: Whether to make a tenant that is not there.
            min_generation: Refuse an index older than this.

        Raises:
            ConfigError: The id is not legal, the engine is closed, or the store does not honour put-if-absent.
            IntegrityError: Stored data is not what was written.
            KeyProviderError: The tenant's keys cannot be unwrapped.
            RollbackError: The index is older than `min_generation`, or than what was seen before.
            TenantErasedError: The tenant was erased.
            UnknownTenantError: No such tenant, and `create` is False.
        """
        tenant = self._open_tenants.tenant(tenant_id, create=create)
        if min_generation is not None:
            if not isinstance(min_generation, int):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigError("min_generation is a whole number")
            tenant.require_generation(min_generation)
        return tenant

    def tenants(self) -> list[str]:
        """Ids of all tenants, sorted; erased ones are not among them.

        Raises:
            IntegrityError: A keyring is not what was written.
            KeyProviderError: A tenant's keys cannot be unwrapped.
        """
        return list_tenants(self.blobs, self.keys, marks=self._tenancy.marks)

    def erase_tenant(self, tenant_id: str) -> ErasureReceipt:
        """Destroys a tenant's keys, then deletes all that it has; see `Tenant.erase`.

        Works without opening the tenant, so that an erasure that was interrupted can be finished.

        Raises:
            ConfigError: The id is not legal.
            IntegrityError: The keyring is not what was written.
            KeyProviderError: The provider cannot sign, or not destroy the tenant's own KEK.
            StoreError: The store failed; run it again.
            UnknownTenantError: No such tenant.
        """
        tenant_id = checked_tenant_id(tenant_id)
        try:
            return self._upkeep.erase_tenant(tenant_id)
        finally:
            self._open_tenants.notice_erasure(tenant_id)

    def rotate_keys(
        self, *, only_due: bool = False, reencrypt: bool = False, on_progress: OnRound | None = None
    ) -> RotationReport:
        """Rotates KEKs and data keys, and wraps all data keys with the newest KEK versions; nothing stops meanwhile.

        Notices KEK versions that the key provider made by itself.

        Args:
            only_due: Rotate only what has reached its age in the settings (`kek_rotation_days`,
                `data_key_rotation_days`).
            reencrypt: Also seal all blobs of older data keys anew, and drop the keys that nothing names any more once
                they have been retired for an hour: run it again after that to be rid of them.
            on_progress: Told how many tenants are done, and of how many.

        Returns:
            What was done; tenants that could not be rotated are in `failed`.

        Raises:
            KeyProviderError: The shared KEK cannot be rotated.
            StoreError: The store cannot be listed.
        """
        return self._upkeep.rotate(only_due=only_due, reencrypts=reencrypt, tell=on_progress)

    def vacuum(self, *, grace_s: float | None = None) -> VacuumReport:
        """Removes older generations and blobs that no generation names, of all tenants.

        Args:
            grace_s: Least time since they were superseded or put; `Settings.vacuum_grace_s` by default.

        Raises:
            StoreError: The store cannot be listed.
        """
        return self._upkeep.vacuum(self.settings.vacuum_grace_s if grace_s is None else grace_s)

    def purge_expired(self) -> PurgeReport:
        """Deletes the conversations of all tenants that have reached the end of their retention time.

        Raises:
            StoreError: The store cannot be listed.
        """
        try:
            return self._upkeep.purge()
        finally:
            self._open_tenants.sweep()

    def verify(self, *tenant_ids: str) -> VerifyReport:
        """Opens every blob of these tenants, or of all, and checks every hash, chain, commitment and reference.

        Raises:
            ConfigError: An id is not legal.
            StoreError: The store cannot be listed.
            UnknownTenantError: No such tenant.
        """
        return self._upkeep.verify(tenant_ids)

    def back_up(self, destination: str | os.PathLike[str], *tenant_ids: str) -> CopyReport:
        """Copies these tenants, or all, to another blob store, as sealed as they are. It holds no key.

        Args:
            destination: A path or URL as `open` takes it, without any of the tenants.
            tenant_ids: Whom to copy; all by default.

        Raises:
            ConfigError: The destination cannot be used, or has one of the tenants.
            ResidencyError: `settings.residency` does not let data be there.
            StoreError: A store failed.
            UnknownTenantError: No such tenant.
        """
        blobs = opening.blob_store(destination)
        self._admitted({"backup": blobs})
        return self._upkeep.back_up(blobs, tenant_ids)

    def restore(self, source: str | os.PathLike[str], *tenant_ids: str) -> VerifyReport:
        """Copies these tenants, or all, back from a backup, and verifies them; needs the key provider of the backup.

        A restore that was interrupted can be run again. Other processes that have a tenant open see an older copy, and
        refuse it, until they are started anew.

        Args:
            source: Where `back_up` has put them.
            tenant_ids: Whom to restore; by default all that are not here.

        Raises:
            ConfigError: The engine has one of the named tenants, or all of the backup's; it has newer data of one, to
                which only the keyring is missing; or the source cannot be used, or holds no tenant.
            StoreError: A store failed.
            TenantErasedError: One of the tenants was erased here.
            UnknownTenantError: The backup has no such tenant.
        """
        self._open_tenants.let_go_of_lost()
        return self._upkeep.restore(opening.blob_store(source), tenant_ids)

    def health(self) -> HealthReport:
        """Whether blob store and key provider answer, how many tenants are open, and what is where."""
        return self._upkeep.health(open_tenants=len(self._open_tenants), processing=self._processing)

    def cache_stats(self) -> CacheStats:
        """What the tenants' indexes take in memory, and how often they were found there."""
        return self._tenancy.residents.stats()

    def close(self) -> None:
        """Drops all decrypted data, ends the workers that read files and the connections that `open` made.

        Its tenants refuse to work afterwards.
        """
        self._open_tenants.close()
        self._owned.close()

    def _admitted(self, parts: Mapping[Part, object]) -> tuple[ProcessingRecord, ...]:
        residency = self.settings.residency
        return () if residency is None else residency.admitted(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
