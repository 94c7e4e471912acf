"""Blobs as objects of a cloud store: Azure Blob Storage, S3 and what speaks their protocols, through obstore."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, GenericError, PermissionDeniedError, UnauthenticatedError

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    KonverzeError,
    StoreUnavailableError,
)
from konverze_core.names import NAME_CHARS_MAX, checked_blob_name, is_blob_part
from konverze_core.protocols import BlobHead

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

CREATE_TRIES = 2
"""How often a put-if-absent is sent whose answer got lost; obstore sends such a one once only."""

# Its overloads for arrow are untyped where arrow is not installed.
_list: Callable[..., Iterable[Sequence[ObjectMeta]]] = obstore.list  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
_PUT_ID = "put_id"  # Azure takes identifiers only as names of metadata
_DENIED = "access is denied: this identity has to read, write, list and delete there"
_NO_BUCKET = "there is no such container or bucket: create it, or correct the location"

# What obstore says may hold parts of requests and answers: only these words are looked for in it, and none is quoted.
_REASONS = {
    "ContainerNotFound": _NO_BUCKET,
    "NoSuchBucket": _NO_BUCKET,
    "status: 401": _DENIED,
    "status: 403": _DENIED,
    "InvalidCertificate": "its certificate is not trusted, has expired or is for another host",
    "ProtocolVersion": "it does not speak TLS 1.2 or newer",
    "PeerIncompatible": "it does not speak TLS 1.2 or newer",
    "TimedOut": "it did not answer in time",
    "kind: Connect": "it cannot be reached",
}


class ObjectStoreBlobs:
    """`BlobStore` in a container or bucket; safe to share between threads.

    A blob is one object, written by one request, so that no reader sees a part of it and nothing is left of a writer
    that died: no multipart upload, whose parts stay in the store, out of an erasure's sight. That bounds a blob to what
    a store takes in one request: 5,000 MiB (Azure), 5 GiB (S3).

    **Put-if-absent with a lost answer.** A store may take a blob and fail to say so: the connection drops, or a gateway
    answers 5xx. The next try, ours or obstore's own, is told that the name is taken, by ourselves. Every put-if-absent
    therefore writes a random id as metadata of the object; when the name is taken, the id there says by whom. Only
    another one's id is a conflict, so that the winner always learns that it won, and a lost answer is asked for again.

    Args:
        store: An obstore `AzureStore`, `S3Store` or `MemoryStore`. Its own limits of time and retries hold.
        prefix: Put before each name, with a slash; a legal blob name, or empty.
        hosts: Where the store is; None where the caller does not know.

    Raises:
        ConfigError: The prefix is not a legal blob name.
    """

    def __init__(self, store: ObjectStore, *, prefix: str = "", hosts: tuple[str, ...] | None = None) -> None:
        self.hosts = hosts
        self._store = store
        self._start = f"{checked_blob_name(prefix)}/" if prefix else ""

    def __repr__(self) -> str:
        return f"ObjectStoreBlobs({type(self._store).__name__}, prefix={self._start!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a cloud store may hold credentials: it is not pickled")

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only, without a copy of what came over the network.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name, or the store is reached without TLS.
            StoreUnavailableError: The store cannot be reached in time, or denies access.
        """
        key = self._key(name)
        with _translated(name):
            return memoryview(obstore.get(self._store, key).bytes())

    def put(self, name: str, data: bytes | bytearray | memoryview, *, if_absent: bool = False) -> None:
        """Writes the blob before returning; no reader ever sees a part of it.

        After `StoreUnavailableError` the blob may be there: a request whose answer was lost cannot be taken back.

        Raises:
            ConfigError: The name is not a legal blob name, or the store is reached without TLS.
            ConflictError: `if_absent` and the name is taken.
            StoreUnavailableError: The store cannot be reached in time, or denies access.
        """
        key, body = self._key(name), memoryview(data)
        body = body.cast("B") if body.nbytes else memoryview(b"")
        with _translated(name):
            if if_absent:
                self._create(key, body)
            else:
                obstore.put(self._store, key, body, mode="overwrite", use_multipart=False)

    def list(self, prefix: str) -> list[str]:
        """Sorted names of all blobs whose name starts with `prefix`, at any depth.

        Raises:
            ConfigError: The store is reached without TLS.
            StoreUnavailableError: The store cannot be reached in time, or denies access.
        """
        *folders, _ = prefix.split("/")
        if not all(map(is_blob_part, folders)):
            return []
        with _translated(prefix or "the store"):
            pages = _list(self._store, prefix=self._start + "/".join(folders))
            names = [entry["path"].removeprefix(self._start) for page in pages for entry in page]
        return sorted(name for name in names if name.startswith(prefix) and _is_blob_name(name))

    def head(self, name: str) -> BlobHead:
        """Length and age of the blob; the age by the clock of the store.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name, or the store is reached without TLS.
            StoreUnavailableError: The store cannot be reached in time, or denies access.
        """
        key = self._key(name)
        with _translated(name):
            facts = obstore.head(self._store, key)
        return BlobHead(size_bytes=facts["size"], modified_at=facts["last_modified"])

    def delete(self, name: str) -> None:
        """Removes the blob; a name that is not there is no error.

        Raises:
            ConfigError: The name is not a legal blob name, or the store is reached without TLS.
            StoreUnavailableError: The store cannot be reached in time, or denies access.
        """
        key = self._key(name)
        try:
            with _translated(name):
                obstore.delete(self._store, key)
        except BlobNotFoundError:
            return

    def _key(self, name: str) -> str:
        return self._start + checked_blob_name(name)

    def _create(self, key: str, body: memoryview) -> None:
        put_id = secrets.token_hex(16)
        for tries_left in reversed(range(CREATE_TRIES)):
            try:
                obstore.put(self._store, key, body, mode="create", attributes={_PUT_ID: put_id}, use_multipart=False)
            except AlreadyExistsError:
                if self._put_id(key) != put_id:
                    raise
            except GenericError:
                if not tries_left:
                    raise
                continue
            return

    def _put_id(self, key: str) -> str | None:
        try:
            found = obstore.get(self._store, key, options={"head": True})
        except FileNotFoundError:  # deleted meanwhile: it was there, so that this writer did not win
            return None
        return found.attributes.get(_PUT_ID)


def _is_blob_name(name: str) -> bool:
    return len(name) <= NAME_CHARS_MAX and all(map(is_blob_part, name.split("/")))


@contextmanager
def _translated(name: str) -> Generator[None]:
    """The one seam where obstore's errors become ours."""
    try:
        yield
    except AlreadyExistsError as exc:
        raise ConflictError(f"already there: {name}") from exc
    except (BaseError, ValueError, OSError) as exc:
        raise _ours(name, exc) from None  # it may quote what the request or the answer held


def _ours(name: str, exc: Exception) -> KonverzeError:
    told = str(exc)
    if "BadScheme" in told:
        return ConfigError(f"{name}: the store's endpoint is not https")
    reason = next((reason for mark, reason in _REASONS.items() if mark in told), None)
    if isinstance(exc, FileNotFoundError) and reason is None:
        return BlobNotFoundError(name)
    if isinstance(exc, PermissionDeniedError | UnauthenticatedError):
        reason = _DENIED
    return StoreUnavailableError(f"{name}: {reason or 'the store failed'}")
