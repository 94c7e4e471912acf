"""The keys of one tenant: created once, wrapped by the key provider, unwrapped when first needed.

A keyring is stored at `keyring/<tenant directory>/<generation, 20 digits>`, put-if-absent, in the form described in
`konverze_indexes.keyring_file`. A wrapped payload is key ‖ SHA-256(canonical(`konverze/v1/dek`, directory, key id)), so
that a key cannot pass for another one even where the provider binds no context.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import NoReturn

import regex
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from konverze_core.errors import ConfigError, ConflictError, IntegrityError, UnknownTenantError
from konverze_core.protocols import BlobStore, Clock, KeyProvider
from konverze_indexes.datakeys import SECRET_BYTES, DataKey, subkey
from konverze_indexes.fields import canonical
from konverze_indexes.keyring_file import DekEntry, KeyringBody, KeyState, WrappedEntry, decoded, encoded

TENANT_ID_CHARS_MAX = 128
BLIND_NAME_BYTES = 16
_DIRECTORY_CHARS = 26
_NONCE_BYTES = 12
_ROOT = "keyring/"
# Invisible, but part of how words are spelt: a joiner beside an Indic virama (RFC 5892, A.1 and A.2, and UAX 31 for
# Bengali and Kannada), one between Arabic letters, as Persian has it, and one between two emoji.
_SPELT_JOINER = regex.compile(
    r"(?<=\p{ccc=9})[\u200c\u200d]|[\u200c\u200d](?=\p{ccc=9})"
    r"|(?<=\p{Arabic}\p{M}*)\u200c(?=\p{Arabic})"
    r"|(?<=\p{Extended_Pictographic}[\ufe0f\U0001f3fb-\U0001f3ff]*)\u200d(?=\p{Extended_Pictographic})"
)
_FILE_NAME = re.compile(rf"{_ROOT}([a-z2-7]{{{_DIRECTORY_CHARS}}})/([0-9]{{20}})")


def checked_tenant_id(tenant_id: str) -> str:
    """The id in Unicode normalisation form C.

    Raises:
        ConfigError: It has not 1 to 128 characters; begins or ends with white space; or holds a control character, half
            a surrogate pair, or an invisible format character, which would make it look like another id. Joiners are
            legal where Indic words, Persian or emoji need them.
    """
    if not isinstance(tenant_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a tenant id is a string, not {type(tenant_id).__name__}")
    normal = unicodedata.normalize("NFC", tenant_id)
    if not 1 <= len(normal) <= TENANT_ID_CHARS_MAX:
        raise ConfigError(f"a tenant id has 1 to {TENANT_ID_CHARS_MAX} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in normal):
        raise ConfigError("a tenant id holds a control character")
    if normal != normal.strip():
        raise ConfigError("a tenant id begins or ends with white space")
    if any(unicodedata.category(character) == "Cf" for character in _SPELT_JOINER.sub("", normal)):
        raise ConfigError("a tenant id holds an invisible format character")
    return normal


def tenant_directory(tenant_id: str) -> str:
    """The tenant's part of blob names: lower-case base32 of SHA-256 of the id, 26 characters.

    Raises:
        ConfigError: The id is not legal.
    """
    digest = hashlib.sha256(checked_tenant_id(tenant_id).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_DIRECTORY_CHARS]


def list_tenants(blobs: BlobStore, provider: KeyProvider) -> list[str]:
    """True ids of all tenants that have a keyring, sorted; unwraps one key for each.

    Raises:
        IntegrityError: A keyring is not what was written, or a stray blob stands among them. Tenants other than the
            one that the message names still open.
        KeyProviderError: The provider cannot unwrap.
        StoreError: A keyring cannot be read.
    """
    directories = {_parsed_name(name)[0] for name in blobs.list(_ROOT)}
    return sorted(_newest(blobs, provider, directory).tenant_id for directory in directories)


class Keyring:
    """A tenant's keys, as of the newest generation when it was opened; safe to share between threads.

    Made by `create` and `open`.
    """

    def __init__(self, body: KeyringBody, provider: KeyProvider) -> None:
        self._body = body
        self._provider = provider
        self._deks = {bytes.fromhex(entry.id): entry for entry in body.deks}
        self._unwrapped: dict[bytes, Future[DataKey]] = {}
        self._lock = threading.Lock()
        self._name_key = _unwrap(provider, body.tenant, body.name_key).secret
        self._tenant_id = self._opened_tenant_id()

    @classmethod
    def create(cls, blobs: BlobStore, provider: KeyProvider, tenant_id: str, clock: Clock) -> Keyring:
        """The tenant's keyring, made now unless the tenant has one; of several creators one wins for all.

        Raises:
            ConfigError: The id is not legal.
            IntegrityError: The stored keyring is not what was written, or gone while the tenant's data is there; or the
                provider does not unwrap what it wraps.
            KeyProviderError: The provider cannot wrap or sign.
            StoreError: The keyring cannot be stored.
        """
        directory = tenant_directory(tenant_id)
        if not blobs.list(f"{_ROOT}{directory}/"):
            _refuse_orphaned_data(blobs, directory)
            body = _first_body(provider, checked_tenant_id(tenant_id), clock)
            with suppress(ConflictError):
                blobs.put(_file_name(directory, body.generation), encoded(body, provider), if_absent=True)
        return _newest(blobs, provider, directory)  # read back: no key seals anything before it is known to be stored

    @classmethod
    def open(cls, blobs: BlobStore, provider: KeyProvider, tenant_id: str) -> Keyring:
        """The newest generation of the tenant's keyring.

        Raises:
            ConfigError: The id is not legal.
            IntegrityError: The keyring is not what was written.
            KeyProviderError: The provider cannot verify or unwrap.
            StoreError: The keyring cannot be read.
            UnknownTenantError: The tenant has none.
        """
        return _newest(blobs, provider, tenant_directory(tenant_id))

    def __repr__(self) -> str:
        return f"Keyring({self.directory!r}, generation={self.generation})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keyrings are not pickled or copied")

    @property
    def tenant_id(self) -> str:
        """The tenant's true id, in normalisation form C."""
        return self._tenant_id

    @property
    def directory(self) -> str:
        """The tenant's part of blob names."""
        return self._body.tenant

    @property
    def generation(self) -> int:
        """Generation of the keyring, from 1."""
        return self._body.generation

    @property
    def active(self) -> DataKey:
        """The data key that seals new blobs.

        Raises:
            IntegrityError: The wrapped key is not what was written.
            KeyProviderError: The provider cannot unwrap.
        """
        return self.key(bytes.fromhex(self._body.active.id))

    def key(self, key_id: bytes) -> DataKey:
        """A data key by its id, unwrapped once however many threads ask.

        Raises:
            IntegrityError: No such key in this keyring, or the wrapped key is not what was written.
            KeyProviderError: The provider cannot unwrap; the next call tries again.
        """
        entry = self._deks.get(key_id)
        if entry is None:
            raise IntegrityError(f"no data key {key_id.hex()} in {self!r}")
        with self._lock:
            known = self._unwrapped.get(key_id)
            future = self._unwrapped[key_id] = known or Future()
        if known is None:
            self._settle(future, key_id, lambda: _unwrap(self._provider, self.directory, entry))
        return future.result()

    def blind_name(self, label: str, name: str) -> str:
        """A name that only this tenant can compute: HMAC-SHA256(name key, label ‖ 0 ‖ name), 16 bytes in hex.

        Args:
            label: What is named, such as `visitor`; holds no NUL.
            name: The true name.
        """
        message = label.encode() + b"\0" + name.encode()
        return hmac.digest(self._name_key, message, "sha256")[:BLIND_NAME_BYTES].hex()

    def _settle(self, future: Future[DataKey], key_id: bytes, unwrap: Callable[[], DataKey]) -> None:
        try:
            future.set_result(unwrap())
        except BaseException as exc:  # whoever waits must hear of it
            with self._lock:
                del self._unwrapped[key_id]
            future.set_exception(exc)
            raise

    def _opened_tenant_id(self) -> str:
        sealed = bytes.fromhex(self._body.tenant_id_sealed)
        cipher = AESGCM(subkey(self._name_key, "konverze/v1/tenant-id"))
        try:
            tenant_id = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.directory.encode()).decode()
            fits = tenant_directory(tenant_id) == self.directory
        except (InvalidTag, ValueError, ConfigError) as exc:
            raise IntegrityError(f"the tenant id in {self!r} is not what was sealed") from exc
        if not fits:
            raise IntegrityError(f"{self!r} belongs to another tenant")
        return tenant_id


def _file_name(directory: str, generation: int) -> str:
    return f"{_ROOT}{directory}/{generation:020d}"


def _parsed_name(name: str) -> tuple[str, int]:
    parts = _FILE_NAME.fullmatch(name)
    if parts is None:
        raise IntegrityError(f"{name} is no keyring, but stands among them")
    return parts[1], int(parts[2])


def _newest(blobs: BlobStore, provider: KeyProvider, directory: str) -> Keyring:
    names = blobs.list(f"{_ROOT}{directory}/")
    if not names:
        raise UnknownTenantError("no such tenant")
    place = max(map(_parsed_name, names))
    name = _file_name(*place)
    body = decoded(bytes(blobs.get(name)), provider, name)
    if (body.tenant, body.generation) != place:
        raise IntegrityError(f"{name} was written for another place")
    return Keyring(body, provider)


def _refuse_orphaned_data(blobs: BlobStore, directory: str) -> None:
    """A fresh keyring could not open the data, and would stand in the way of restoring the true one."""
    # Looked for a second time, in this order: a creator that was faster may have written data since the first look.
    if blobs.list(f"tenants/{directory}/") and not blobs.list(f"{_ROOT}{directory}/"):
        raise IntegrityError(f"the tenant's data is there, but its keyring {_ROOT}{directory}/ is gone: restore it")


def _first_body(provider: KeyProvider, tenant_id: str, clock: Clock) -> KeyringBody:
    directory = tenant_directory(tenant_id)
    name_key, dek = DataKey.fresh(), DataKey.fresh()
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(subkey(name_key.secret, "konverze/v1/tenant-id"))
    wrapped_dek = _wrapped(provider, directory, dek)
    return KeyringBody(
        tenant=directory,
        generation=1,
        previous=None,
        name_key=_wrapped(provider, directory, name_key),
        deks=(DekEntry(**wrapped_dek.model_dump(), state=KeyState.ACTIVE, created_at=clock.now()),),
        tenant_id_sealed=(nonce + cipher.encrypt(nonce, tenant_id.encode(), directory.encode())).hex(),
    )


def _bound(directory: str, key_id: bytes) -> bytes:
    return hashlib.sha256(canonical("konverze/v1/dek", directory, key_id.hex())).digest()


def _wrapped(provider: KeyProvider, directory: str, key: DataKey) -> WrappedEntry:
    """The key's entry, once the provider has shown that it can unwrap it again."""
    context = {"tenant": directory, "key": key.id.hex()}
    wrapped = provider.wrap(key.secret + _bound(directory, key.id), context=context)
    entry = WrappedEntry.of(key.id.hex(), wrapped)
    if not hmac.compare_digest(_unwrap(provider, directory, entry).secret, key.secret):
        raise IntegrityError("the key provider does not unwrap what it wrapped")
    return entry


def _unwrap(provider: KeyProvider, directory: str, entry: WrappedEntry) -> DataKey:
    payload = provider.unwrap(entry.wrapped, context={"tenant": directory, "key": entry.id})
    secret, bound = payload[:SECRET_BYTES], payload[SECRET_BYTES:]
    key_id = bytes.fromhex(entry.id)
    if not hmac.compare_digest(bound, _bound(directory, key_id)):
        raise IntegrityError(f"the wrapped key {entry.id} was made for another place")
    return DataKey(id=key_id, secret=secret)
