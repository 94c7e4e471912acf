"""Blob stores by location, and the test that a store deserves trust."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, unquote, urlsplit

from konverze_core.addresses import is_loopback
from konverze_core.errors import ConfigError, ConflictError, MissingExtraError
from konverze_core.fakes import MemoryBlobStore
from konverze_core.protocols import BlobStore
from konverze_indexes.localstore import LocalBlobStore

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
"""A blob has to be sent and acknowledged within this: 480 MiB at 8 MiB/s. A read has to go on within it."""

TRANSFER_TIMEOUT_S = 600.0
"""A blob has to be read within this."""

RETRIES_MAX = 2
RETRY_TIMEOUT_S = 60.0
"""No retry is begun later than this after the first try."""

SELFTEST_WRITERS = 4

_BACKOFF_FIRST_S = 0.1
_BACKOFF_MAX_S = 2.0
_EXTRAS = {"az": "azure", "s3": "aws"}
_HINTS = {
    "az": "set AZURE_STORAGE_ACCOUNT_NAME, and a key, a SAS token or an identity where the machine has none of its own",
    "s3": "set AWS_REGION, and AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY where the machine has no role of its own",
}
# Where obstore looks, first what is more definite; `config` comes before the environment.
_ENDPOINTS = {
    "s3": ("endpoint", "endpoint_url", "aws_endpoint_url_s3", "aws_endpoint_url", "aws_endpoint"),
    "az": ("endpoint", "azure_storage_endpoint", "azure_endpoint"),
}
_REGIONS = ("region", "aws_region", "aws_default_region")
_FIRST_REGION = "us-east-1"
_ACCOUNTS = ("account_name", "azure_storage_account_name")


def open_blob_store(
    location: str | os.PathLike[str],
    *,
    config: Mapping[str, str] | None = None,
    root_certificate: bytes | None = None,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> BlobStore:
    """The blob store at a path or URL; nothing goes over the network yet.

    - a path, or `file:///path`: a local directory, created when missing;
    - `memory://`: an empty one, gone with the process;
    - `az://container/prefix`: Azure Blob Storage (extra `azure`);
    - `s3://bucket/prefix`: S3 and what speaks its protocol (extra `aws`).

    Account and credentials of the clouds come from what obstore finds: `AZURE_STORAGE_ACCOUNT_NAME`,
    `AZURE_STORAGE_ACCOUNT_KEY`, `AZURE_STORAGE_SAS_TOKEN`, `AZURE_CLIENT_ID` and so on, `AWS_REGION`,
    `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL` and so on, or the machine's own identity. They are
    reached by TLS 1.2 or newer only; by plain http only at a loopback address that `config` names as `endpoint`.

    Args:
        location: Where the blobs are.
        config: Settings that go before the environment's, named as in obstore's `AzureConfig` and `S3Config`.
        root_certificate: PEM of a further certificate authority to trust.
        timeout_s: A blob has to be sent and acknowledged within this, and a read has to go on.

    Raises:
        ConfigError: The location or a setting is not usable.
        IntegrityError: A symbolic link stands where a local store keeps its unfinished files.
        MissingExtraError: The extra for this cloud is not installed.
        StoreUnavailableError: The directory cannot be created or read.
    """
    where = os.fspath(location)
    if "://" not in where:
        return LocalBlobStore(where)
    url = _checked_url(where)
    if url.scheme == "memory" and not url.netloc + url.path:
        return MemoryBlobStore()
    if url.scheme == "file" and not url.netloc and url.path:
        return LocalBlobStore(Path(unquote(url.path)))
    if url.scheme in _EXTRAS and url.netloc:
        return _opened(url, config or {}, _client_options(config or {}, root_certificate, timeout_s))
    raise ConfigError(
        "a location of blobs is a path, file:///path, memory://, az://container/prefix or s3://bucket/prefix"
    )


def check_put_if_absent(store: BlobStore) -> None:
    """Makes sure that of several writers of a name exactly one wins: all safety of commits rests on it.

    Writes one blob of a random name below `selftest/`, by racing writers and by a late one, and deletes it.

    Raises:
        ConfigError: The store does not hold what put-if-absent promises: it must not be used.
        StoreError: The store cannot be written, read, or deleted from.
    """
    name = f"selftest/{secrets.token_hex(16)}"
    *racing, late = (secrets.token_bytes(32) for _ in range(SELFTEST_WRITERS + 1))

    def is_put(body: bytes) -> bool:
        try:
            store.put(name, body, if_absent=True)
        except ConflictError:
            return False
        return True

    try:
        with ThreadPoolExecutor(SELFTEST_WRITERS) as pool:
            winners = [body for body, is_winner in zip(racing, pool.map(is_put, racing), strict=True) if is_winner]
        is_replaced = is_put(late)
        if is_replaced or len(winners) != 1 or bytes(store.get(name)) != winners[0]:
            raise ConfigError(f"{store!r} lets a writer replace another's blob: it cannot keep an index")
    finally:
        store.delete(name)


def _checked_url(where: str) -> SplitResult:
    scheme = where.partition("://")[0]
    if scheme not in {"file", "memory", *_EXTRAS}:
        raise ConfigError(f"no blob store is called {scheme[:20]!r}: there are file, memory, az and s3, or a path")
    try:
        url = urlsplit(where)
    except ValueError:
        raise ConfigError(f"{scheme}://: not a URL") from None
    if url.query or url.fragment or "@" in url.netloc:  # not quoted: it may be a SAS token
        raise ConfigError(f"{scheme}://: a location holds no credentials and no options")
    return url


def _client_options(config: Mapping[str, str], root_certificate: bytes | None, timeout_s: float) -> ClientConfig:
    if unsafe := [name for name in config if "allow_" in name.lower() or "emulator" in name.lower()]:
        raise ConfigError(f"a blob store cannot be told to {unsafe[0]}")
    endpoint = config.get("endpoint", "")
    is_plain = endpoint.lower().startswith("http://")
    if is_plain and not is_loopback(urlsplit(endpoint).hostname or ""):
        raise ConfigError("a blob store's endpoint is https; http is for loopback addresses")
    # Options that are given count instead of the environment's, which could allow http and forged certificates.
    options: ClientConfig = {
        "allow_http": is_plain,
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=min(CONNECT_TIMEOUT_S, timeout_s)),
        "read_timeout": timedelta(seconds=timeout_s),
        "timeout": timedelta(seconds=max(TRANSFER_TIMEOUT_S, timeout_s)),
    }
    if root_certificate is not None:
        options["root_certificate"] = root_certificate
    return options


def _opened(url: SplitResult, config: Mapping[str, str], options: ClientConfig) -> BlobStore:
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415  # the extra may be missing
        from obstore.store import AzureStore, S3Store  # noqa: PLC0415

        from konverze_indexes.objectstore import ObjectStoreBlobs  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        extra = _EXTRAS[url.scheme]
        raise MissingExtraError(f"{url.scheme}:// needs obstore: pip install 'konverze-rag[{extra}]'") from exc
    backend = AzureStore if url.scheme == "az" else S3Store
    config = _pinned(url.scheme, config)
    try:
        store = backend(url.netloc, config=cast(Any, config), client_options=options, retry_config=_retry_config())
    except (BaseError, ValueError, TypeError):  # it may quote a credential
        raise ConfigError(f"{url.scheme}://: the settings are incomplete or wrong: {_HINTS[url.scheme]}") from None
    return ObjectStoreBlobs(store, prefix=url.path.strip("/"), hosts=(urlsplit(config["endpoint"]).hostname or "",))


def _pinned(scheme: str, config: Mapping[str, str]) -> dict[str, str]:
    """The config with the address written down that obstore would find by itself, so that it is known.

    Raises:
        ConfigError: Neither an endpoint nor an account is named.
    """
    others = {name: value for name, value in config.items() if name not in _ENDPOINTS[scheme]}
    if scheme == "az":  # the environment could send all to an emulator, by plain http
        others["use_emulator"] = "false"
    if endpoint := _stated(_ENDPOINTS[scheme], config):
        return {**others, "endpoint": endpoint.rstrip("/")}
    if scheme == "s3":
        endpoint = f"https://s3.{_stated(_REGIONS, config) or _FIRST_REGION}.amazonaws.com"
        return {**others, "endpoint": endpoint, "virtual_hosted_style_request": "false"}
    if account := _stated(_ACCOUNTS, config):
        return {**others, "endpoint": f"https://{account}.blob.core.windows.net"}
    raise ConfigError(f"az://: the settings are incomplete or wrong: {_HINTS['az']}")


def _stated(names: Sequence[str], config: Mapping[str, str]) -> str:
    variables = [name.upper() for name in names if name.startswith(("aws_", "azure_"))]
    found = [*map(config.get, names), *map(os.environ.get, variables)]
    return next((value for value in found if value), "")


def _retry_config() -> RetryConfig:
    return {
        "max_retries": RETRIES_MAX,
        "retry_timeout": timedelta(seconds=RETRY_TIMEOUT_S),
        "backoff": {
            "init_backoff": timedelta(seconds=_BACKOFF_FIRST_S),
            "max_backoff": timedelta(seconds=_BACKOFF_MAX_S),
            "base": 2,
        },
    }
