"""How a tenant's keys are wrapped and sealed, so that none of them passes for another one.

A data key is wrapped by the key provider, as key ‖ SHA-256(canonical(`konverze/v1/dek`, directory, key id)): tied to
its place even where the provider binds no context. The name key is sealed under the active data key, the tenant's true
id under the name key: nonce[12] ‖ AES-256-GCM under HKDF-Expand(key, label), aad = directory.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from konverze_core.errors import ConfigError, IntegrityError
from konverze_core.protocols import KeyProvider, WrappedKey
from konverze_indexes.datakeys import SECRET_BYTES, DataKey, subkey
from konverze_indexes.fields import canonical
from konverze_indexes.keyring_file import DekEntry, KeyringBody
from konverze_indexes.tenant_ids import tenant_directory

NONCE_BYTES = 12

_NAME_KEY = "konverze/v1/name-key"
_TENANT_ID = "konverze/v1/tenant-id"


def wrapped_key(provider: KeyProvider, directory: str, key: DataKey, *, kek: str) -> WrappedKey:
    """The key, wrapped, once the provider has shown that it can unwrap it again.

    Raises:
        IntegrityError: The provider does not unwrap what it wraps.
        KeyProviderError: The provider cannot wrap or unwrap.
    """
    payload = key.secret + _binding(directory, key.id)
    wrapped = provider.wrap(payload, context=_context(directory, key.id), kek=kek)
    if not hmac.compare_digest(provider.unwrap(wrapped, context=_context(directory, key.id)), payload):
        raise IntegrityError("the key provider does not unwrap what it wrapped")
    return wrapped


def unwrapped_key(provider: KeyProvider, directory: str, key_id: bytes, wrapped: WrappedKey) -> DataKey:
    """The key that `wrapped_key` wrapped.

    Raises:
        IntegrityError: It was wrapped for another place, or is not what was wrapped.
        KeyProviderError: The provider cannot unwrap.
    """
    payload = provider.unwrap(wrapped, context=_context(directory, key_id))
    secret, binding = payload[:SECRET_BYTES], payload[SECRET_BYTES:]
    if not hmac.compare_digest(binding, _binding(directory, key_id)):
        raise IntegrityError(f"the wrapped key {key_id.hex()} was made for another place")
    return DataKey(id=key_id, secret=secret)


def sealed_name_key(active: DataKey, directory: str, name_key: bytes) -> str:
    """The name key under the active data key, in hex."""
    return _sealed(subkey(active.secret, _NAME_KEY), directory, name_key)


def sealed_tenant_id(name_key: bytes, directory: str, tenant_id: str) -> str:
    """The tenant's true id under the name key, in hex."""
    return _sealed(subkey(name_key, _TENANT_ID), directory, tenant_id.encode())


def first_body(provider: KeyProvider, tenant_id: str, created_at: datetime, *, kek: str) -> KeyringBody:
    """The first generation of a tenant's keyring, with fresh keys.

    Raises:
        IntegrityError: The provider does not unwrap what it wraps.
        KeyProviderError: The provider cannot wrap or unwrap.
    """
    directory = tenant_directory(tenant_id)
    dek, name_key = DataKey.fresh(), DataKey.fresh().secret
    wrapped = wrapped_key(provider, directory, dek, kek=kek)
    return KeyringBody(
        tenant=directory,
        generation=1,
        previous=None,
        kek=kek,
        name_key_sealed=sealed_name_key(dek, directory, name_key),
        tenant_id_sealed=sealed_tenant_id(name_key, directory, tenant_id),
        deks=(DekEntry.of(dek.id, wrapped, created_at=created_at),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """What a keyring gives away to who can unwrap its active key.

    Attributes:
        active: The data key that seals.
        name_key: The key that blinds names.
        tenant_id: The tenant's true id.
    """

    active: DataKey
    name_key: bytes = field(repr=False)
    tenant_id: str = field(repr=False)


def unlocked(provider: KeyProvider, body: KeyringBody) -> Unlocked:
    """Opens a live keyring by unwrapping one key.

    Raises:
        IntegrityError: The keys do not fit each other, the tenant, or what was wrapped.
        KeyProviderError: The provider cannot unwrap.
    """
    entry = body.active
    active = unwrapped_key(provider, body.tenant, entry.key_id, entry.wrapped)
    name_key = _opened(subkey(active.secret, _NAME_KEY), body.tenant, body.name_key_sealed)
    tenant_id = _opened(subkey(name_key, _TENANT_ID), body.tenant, body.tenant_id_sealed)
    return Unlocked(active=active, name_key=name_key, tenant_id=_checked_owner(tenant_id, body.tenant))


def _context(directory: str, key_id: bytes) -> dict[str, str]:
    return {"tenant": directory, "key": key_id.hex()}


def _binding(directory: str, key_id: bytes) -> bytes:
    return hashlib.sha256(canonical("konverze/v1/dek", directory, key_id.hex())).digest()


def _sealed(key: bytes, directory: str, plaintext: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return (nonce + AESGCM(key).encrypt(nonce, plaintext, directory.encode())).hex()


def _opened(key: bytes, directory: str, sealed_hex: str) -> bytes:
    sealed = bytes.fromhex(sealed_hex)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], directory.encode())
    except (InvalidTag, ValueError) as exc:
        raise IntegrityError(f"what the keyring of {directory} holds sealed is not what was sealed") from exc


def _checked_owner(tenant_id: bytes, directory: str) -> str:
    try:
        owner = tenant_id.decode()
        fits = tenant_directory(owner) == directory
    except (UnicodeDecodeError, ConfigError) as exc:
        raise IntegrityError(f"the keyring of {directory} holds no tenant id") from exc
    if not fits:
        raise IntegrityError(f"the keyring of {directory} belongs to another tenant")
    return owner
