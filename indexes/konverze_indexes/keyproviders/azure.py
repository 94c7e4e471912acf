"""Keys in Azure Key Vault: RSA keys that wrap by RSA-OAEP-256, an EC key that signs; needs the extra `azure`.

Wrapping needs the public key alone and is done on this side, with a public key at most `PUBLIC_KEY_CACHE_S` old.
Unwrapping and signing are done by the vault. RSA wrapping proves nothing of who wrapped, and binds no context: that is
what the signed keyring is for. Signatures are verified on this side, under public keys that the caller pins.

Not used, on purpose: symmetric keys (the client library wraps with a random key of its own when the HSM keeps the
material to itself), and the library's `logging_enable` (it logs unwrapped keys).
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from konverze_core.errors import ConfigError, IntegrityError, KeyAccessDeniedError, KeyDestroyedError
from konverze_core.names import KEK_NAME_CHARS_MAX, checked_kek_name
from konverze_core.protocols import SHARED_KEK, KekDestruction, KekVersion, WrappedKey
from konverze_core.wrapping import checked_own_kek, checked_payload
from konverze_indexes.keyproviders.azure_calls import VaultCalls, VaultSession
from konverze_indexes.keyproviders.azure_keys import (
    NewestVersions,
    PinnedSigningKeys,
    PublicKek,
    enum_text,
    rotation_interval,
    rotation_policy_of,
    versioned_name,
)
from konverze_indexes.keyproviders.remote import TIMEOUT_S

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.keys import DeletedKey, KeyVaultKey

MAX_OPERATIONS_PER_S = 50.0
"""What a vault allows for RSA keys of 3072 bits in an HSM."""

KEK_BITS = 3072
"""Length of the RSA keys that are made here."""

CIPHERTEXT_BYTES_MAX = 512
"""Longest wrapped key: that of an RSA key of 4096 bits."""

DELETION_POLL_S = 0.5
"""How often is looked whether a deleted key can be purged."""

_KEY_NAME_CHARS_MAX = 127
_KEY_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*", re.ASCII)


class AzureKeyVault:
    """`KeyProvider` that asks an Azure Key Vault; safe to share between threads.

    The shared KEK is the key `key_name`, every other one `<kek_prefix>-<name>`. The identity needs the permissions
    get, unwrapKey and sign; create, rotate, delete and purge for the verbs of these names.

    Args:
        vault_url: `https://<vault>.vault.azure.net`.
        credential: Gives tokens, such as one of `azure.identity`.
        key_name: RSA key in the vault that is the shared KEK.
        signing_key: EC P-256 key in the vault that signs keyrings; `<name>` or `<name>/<version>`.
        signing_public_keys: The public keys, as PEM, whose signatures are trusted: that of `signing_key`, and older
            ones. Taken from the operator, never from the vault or the store.
        kek_prefix: Begins the names of all other KEKs; no other key in the vault may begin so.
        hsm: Whether KEKs are made in a hardware security module (vaults of the premium tier).
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        timeout_s: Time for a verb, retries, tokens and waiting for a turn included.
        max_operations_per_s: How often this provider asks the vault.

    Raises:
        ConfigError: An argument is not as described.
    """

    def __init__(
        self,
        *,
        vault_url: str,
        credential: TokenCredential,
        key_name: str,
        signing_key: str,
        signing_public_keys: Sequence[str],
        kek_prefix: str = "konverze-kek",
        hsm: bool = False,
        ca_file: str | os.PathLike[str] | None = None,
        timeout_s: float = TIMEOUT_S,
        max_operations_per_s: float = MAX_OPERATIONS_PER_S,
    ) -> None:
        self._key_name = _checked_key_name(key_name, "key_name")
        self._prefix = _checked_key_name(kek_prefix, "kek_prefix", room_for=KEK_NAME_CHARS_MAX + 1)
        name, slash, version = signing_key.partition("/")
        if slash and not re.fullmatch(r"[0-9a-f]{32}", version, re.ASCII):
            raise ConfigError("signing_key is a name, or a name, a slash and a version")
        for other in (key_name, _checked_key_name(name, "signing_key")):
            if other.lower().startswith(f"{kek_prefix.lower()}-"):
                raise ConfigError("kek_prefix begins the name of another key, which could be destroyed as a KEK")
        self._signing_key = signing_key
        self._pinned = PinnedSigningKeys(signing_public_keys)
        self._hsm = hsm
        self._calls = VaultCalls(
            vault_url,
            credential,
            ca_file=None if ca_file is None else Path(ca_file),
            timeout_s=timeout_s,
            max_operations_per_s=max_operations_per_s,
        )
        self._newest = NewestVersions(self._fetched)
        weakref.finalize(self, self._calls.close)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host that keeps the keys."""
        return (urlsplit(self._calls.vault_url).hostname or "",)

    def __repr__(self) -> str:
        return f"AzureKeyVault({self._calls.vault_url!r}, key_name={self._key_name!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled or copied")

    def close(self) -> None:
        """Closes all connections."""
        self._calls.close()

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key on this side; asks the vault only when the public key is not known, or too old.

        Args:
            payload: 16 to 128 bytes, a multiple of 8.
            context: Not bound: RSA-OAEP in a key vault takes none.
            kek: Name of the KEK.

        Raises:
            ConfigError: The payload has another length, the name is not legal, or the key is no RSA key.
            KeyAccessDeniedError: The newest version is disabled or has expired, or this identity may not read it.
            KeyDestroyedError: The key is gone, or was never made.
            KeyUnavailableError: No answer in time.
        """
        del context
        checked_payload(payload)
        return self._newest.get(self._name(kek)).wrap(payload)

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Lets the vault decrypt what `wrap` made: always one operation, of the version that the key id names.

        Raises:
            IntegrityError: The key id is none of this provider's, the vault refuses the ciphertext, or what is in it
                cannot come from `wrap`.
            KeyAccessDeniedError: The key is disabled, or this identity may not use it.
            KeyDestroyedError: The key is gone.
            KeyUnavailableError: No answer in time, or none that is understood.
        """
        del context
        key = versioned_name(wrapped.key_id, vault_url=self._calls.vault_url)
        if key is None or not self._is_ours(key.partition("/")[0]):
            raise IntegrityError(f"a key is wrapped by {wrapped.key_id[:200]!r}, which is no key of this provider")
        if not 0 < len(wrapped.ciphertext) <= CIPHERTEXT_BYTES_MAX:
            raise IntegrityError("a wrapped key has a length that no RSA key makes")
        payload = self._calls.make(
            lambda vault: vault.use(key, "unwrapkey", algorithm="RSA-OAEP-256", value=wrapped.ciphertext)
        )
        try:
            return checked_payload(payload)
        except ConfigError as exc:
            raise IntegrityError("a wrapped key holds something of a length that is never wrapped") from exc

    def sign(self, message: bytes) -> bytes:
        """The vault's signature over SHA-256 of the message: ES256, 64 bytes, r ‖ s.

        Raises:
            ConfigError: The vault signs with a key that is not pinned.
            KeyAccessDeniedError: The signing key is disabled, or this identity may not use it.
            KeyDestroyedError: The signing key is gone.
            KeyUnavailableError: No answer in time, or none that is understood.
        """
        digest = sha256(message).digest()
        signature = self._calls.make(
            lambda vault: vault.use(self._signing_key, "sign", algorithm="ES256", value=digest)
        )
        if not self._pinned.accept(message, signature):
            raise ConfigError("the vault signs with a key that is not pinned: add its public key, or name a version")
        return signature

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, under any of the pinned keys; the vault is not asked.

        Raises:
            IntegrityError: The signature does not fit the message.
        """
        if not self._pinned.accept(message, signature):
            raise IntegrityError("a signature does not fit its message under any pinned key")

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now; notices other rotations than by `rotate` within `PUBLIC_KEY_CACHE_S`.

        Raises:
            ConfigError: The name is not legal, or the key is no RSA key.
            KeyProviderError: As `wrap`.
        """
        return self._newest.get(self._name(kek)).version

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Lets the vault make a new version; older ones still unwrap.

        Raises:
            ConfigError: The name is not legal, or the key is no RSA key.
            KeyProviderError: As `wrap`.
        """
        name = self._name(kek)
        key = self._calls.make(lambda vault: vault.do(lambda client: client.rotate_key(name)))
        return self._newest.put(name, self._checked(key, name)).version

    def create_kek(self, kek: str) -> None:
        """Makes an RSA key of `KEK_BITS`, unless there is one; also the shared KEK, for a new vault.

        A purged key leaves no trace in the vault, so that its name can be used again.

        Raises:
            ConfigError: The name is not legal, or is that of a key that is no RSA key.
            KeyDestroyedError: One of this name is deleted and not yet purged.
            KeyProviderError: As `wrap`.
        """
        name = self._name(kek)
        self._newest.put(name, self._checked(self._calls.make(lambda vault: self._found_or_made(vault, name)), name))

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Deletes a key with all its versions, and purges it where the vault lets us.

        A backup of the key that somebody took out of the vault can be restored; the vault does not tell of it.

        Raises:
            ConfigError: It is the shared one, or the name is not legal.
            KeyAccessDeniedError: This identity may not delete keys.
            KeyUnavailableError: No answer in time; part of it may have been done, and it can be called again.
        """
        name = self._name(kek)
        checked_own_kek(kek)
        self._newest.drop(name)
        remains, effective_by = self._calls.make(lambda vault: _destroyed(vault, name))
        key_id = f"{self._calls.vault_url}/keys/{name}"
        return KekDestruction(key_id=key_id, effective_by=effective_by, remains=remains)

    def rotation_policy(self, kek: str = SHARED_KEK) -> timedelta | None:
        """Time between the vault's automatic rotations of a KEK; None when there are none.

        Raises:
            ConfigError: The name is not legal.
            KeyProviderError: As `wrap`.
        """
        name = self._name(kek)
        return rotation_interval(
            self._calls.make(lambda vault: vault.do(lambda client: client.get_key_rotation_policy(name)))
        )

    def set_rotation_policy(
        self, every: timedelta, *, expires_in: timedelta | None = None, kek: str = SHARED_KEK
    ) -> None:
        """Lets the vault rotate a KEK by itself.

        Args:
            every: Age at which a version is replaced; whole days, at least 7.
            expires_in: Age at which a version no longer wraps, it still unwraps; longer than `every`. None for never.
            kek: Name of the KEK.

        Raises:
            ConfigError: The name or a time is not as described.
            KeyProviderError: As `wrap`.
        """
        name, policy = self._name(kek), rotation_policy_of(every, expires_in)
        self._calls.make(lambda vault: vault.do(lambda client: client.update_key_rotation_policy(name, policy)))

    def _name(self, kek: str) -> str:
        return self._key_name if checked_kek_name(kek) == SHARED_KEK else f"{self._prefix}-{kek}"

    def _is_ours(self, name: str) -> bool:
        return name == self._key_name.lower() or name.startswith(f"{self._prefix.lower()}-")

    def _checked(self, key: KeyVaultKey, name: str) -> PublicKek:
        return PublicKek.of(key, vault_url=self._calls.vault_url, name=name)

    def _fetched(self, name: str) -> PublicKek:
        return self._checked(self._calls.make(lambda vault: vault.do(lambda client: client.get_key(name))), name)

    def _found_or_made(self, vault: VaultSession, name: str) -> KeyVaultKey:
        try:
            return vault.do(lambda client: client.get_key(name))
        except KeyDestroyedError:
            return vault.do(
                lambda client: client.create_rsa_key(
                    name, size=KEK_BITS, hardware_protected=self._hsm, key_operations=["wrapKey", "unwrapKey"]
                )
            )


def _destroyed(vault: VaultSession, name: str) -> tuple[tuple[str, ...], datetime]:
    """Sentences on what remains, and until when."""
    try:
        deleted: DeletedKey | None = vault.do(lambda client: client.begin_delete_key(name).result())
    except KeyDestroyedError:
        deleted = _deleted(vault, name)
    if deleted is None or deleted.recovery_id is None:
        return (), datetime.now(UTC)
    until = (deleted.scheduled_purge_date or datetime.now(UTC) + timedelta(days=90)).astimezone(UTC)
    if "Purgeable" not in enum_text(deleted.properties.recovery_level):
        return (f"the key, recoverable in the vault until {until:%Y-%m-%d} by its purge protection",), until
    while _deleted(vault, name) is None:  # a deletion takes the vault some seconds
        if not vault.pause(DELETION_POLL_S):
            return (f"the key, recoverable in the vault until {until:%Y-%m-%d} unless it is purged before",), until
    try:
        vault.do(lambda client: client.purge_deleted_key(name))
    except KeyAccessDeniedError:
        return (
            f"the key, recoverable in the vault until {until:%Y-%m-%d}, because this identity may not purge it",
        ), until
    except KeyDestroyedError:
        pass  # purged meanwhile, by another process or a try before
    return (), datetime.now(UTC)


def _deleted(vault: VaultSession, name: str) -> DeletedKey | None:
    try:
        return vault.do(lambda client: client.get_deleted_key(name))
    except KeyDestroyedError:
        return None


def _checked_key_name(name: str, argument: str, *, room_for: int = 0) -> str:
    if len(name) + room_for > _KEY_NAME_CHARS_MAX or not _KEY_NAME.fullmatch(name):
        raise ConfigError(f"{argument} is no legal name of a key in a key vault")
    return name
