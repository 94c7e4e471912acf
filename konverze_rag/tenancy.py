"""What it takes to open a tenant, shared by the engine, its tenants and the rounds of upkeep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Semaphore

from konverze_core.protocols import SHARED_KEK, BlobStore, ChatModel, Clock, KeyProvider, Reranker
from konverze_indexes.generations import Generations
from konverze_indexes.index import TenantIndex
from konverze_indexes.keyring import Keyring
from konverze_indexes.lease import LeaseTerms
from konverze_indexes.marks import Marks
from konverze_indexes.residents import Residents
from konverze_indexes.stemming import Analysis
from konverze_indexes.tenant_ids import tenant_directory
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_loaders import LoadLimits
from konverze_rag.conversations.grants import Grants, Ingested, Spend
from konverze_rag.conversations.names import INGESTED, SPENT
from konverze_rag.conversations.spending import Spending
from konverze_rag.conversations.store import Conversations
from konverze_rag.ingest.preparing import LoadDocument
from konverze_rag.ingest.quotas import Quotas
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.question_batches import QuestionBatches
from konverze_rag.settings import Settings
from konverze_rag.tenant_settings import TenantConfiguration


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """The parts of an engine.

    Attributes:
        settings: What the engine is told.
        blobs: Where sealed bytes live.
        keys: Wraps the tenants' keys.
        marks: Remembers the newest generations seen.
        clock: Tells the time.
        model: Embeds questions and, as its `embedder`, chunks; None for lexical search only.
        chat: Writes answers; None for extractive answers.
        reranker: Looks again at the hits of a text search; None to keep the fused order.
        limits: How large an upload may be.
        load: Reads files.
        counter: Counts the chat model's tokens.
        residents: The indexes that stay in memory.
        computing: Held by whoever composes a prompt or verifies the end of an answer, and waits for nobody meanwhile.
    """

    settings: Settings
    blobs: BlobStore
    keys: KeyProvider
    marks: Marks
    clock: Clock
    model: QuestionBatches | None
    chat: ChatModel | None
    reranker: Reranker | None
    limits: LoadLimits
    load: LoadDocument
    counter: TokenCounter
    residents: Residents
    computing: Semaphore

    @property
    def lease(self) -> LeaseTerms:
        """For how long keys are held."""
        return LeaseTerms(key_lease_s=self.settings.key_lease_s, outage_grace_s=self.settings.outage_grace_s)

    @property
    def analysis(self) -> Analysis:
        """How texts become terms in indexes that are begun or reindexed."""
        return Analysis(stemming=self.settings.stemming)

    def created(self, tenant_id: str) -> Keyring:
        """The keyring of a tenant, made now unless there is one; under a KEK of its own where the settings say so."""
        kek = f"tenant-{tenant_directory(tenant_id)}" if self.settings.kek_per_tenant else SHARED_KEK
        return Keyring.create(self.blobs, self.keys, tenant_id, self.clock, kek=kek, marks=self.marks, lease=self.lease)

    def keyring(self, directory: str) -> Keyring:
        """The keyring in a directory.

        Raises:
            IntegrityError: The keyring is not what was written.
            KeyProviderError: The provider cannot verify or unwrap.
            TenantErasedError: The tenant was erased.
            UnknownTenantError: There is none.
        """
        generations = Generations(self.blobs, self.keys, directory, self.marks)
        return Keyring(generations, generations.newest(), self.clock, lease=self.lease)

    def sealed_blobs(self, keyring: Keyring) -> TenantBlobs:
        """All that the keyring's tenant has, but its keyring."""
        return TenantBlobs.of(self.blobs, keyring, keeps_texts=self.settings.texts_in_memory)

    def index(self, keyring: Keyring) -> TenantIndex:
        """The index of the keyring's tenant, opened for the occasion.

        Raises:
            KonverzeError: As `TenantIndex` says.
        """
        return TenantIndex(self.sealed_blobs(keyring), keyring, self.clock, marks=self.marks, analysis=self.analysis)

    def resident_index(self, keyring: Keyring) -> TenantIndex:
        """The index of the keyring's tenant, opened to be searched: it stays in memory while there is room.

        Raises:
            KonverzeError: As `TenantIndex` says.
        """
        blobs = self.sealed_blobs(keyring)
        return TenantIndex(
            blobs, keyring, self.clock, marks=self.marks, residents=self.residents, analysis=self.analysis
        )

    def conversations(self, keyring: Keyring) -> Conversations:
        """The conversations of the keyring's tenant."""
        return Conversations(self.blobs, keyring, self.clock)

    def spending(self, keyring: Keyring) -> Spending:
        """What the keyring's tenant spends a day."""
        grants = Grants(self.blobs, keyring, self.clock, use=SPENT, counts=Spend)
        return Spending(grants, self.clock)

    def quotas(self, keyring: Keyring, settings: Callable[[], Settings]) -> Quotas:
        """What the keyring's tenant may have, and take in a day.

        Args:
            keyring: The tenant's.
            settings: The tenant's own, over the engine's.
        """
        grants = Grants(self.blobs, keyring, self.clock, use=INGESTED, counts=Ingested)
        return Quotas(settings, grants, self.clock)

    def configuration(self, keyring: Keyring) -> TenantConfiguration:
        """What the keyring's tenant has set for itself, over the engine's settings."""
        return TenantConfiguration(self.blobs, keyring, self.clock, defaults=self.settings)
