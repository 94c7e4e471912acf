"""A key provider whose keys are in the transit engine of HashiCorp Vault or OpenBao, and never leave it.

Each KEK is a derived key of type aes256-gcm96, from which the engine derives one for each context::

    context         = canonical(prefix, each name and value of the context, sorted by name)
    key_id          = "vault:<mount>/<prefix>.kek.<name>/<N>"                N, from 1, is the engine's version
    ciphertext      = the bytes that the engine writes as "vault:v<N>:<base64>"
    signature       = N as u32, big-endian ‖ HMAC-SHA256, 32 bytes

Transit keys: `<prefix>.kek.<name>`; `<prefix>.signing`, made by whoever owns the engine; `<prefix>.destroyed.<name>`, a
key that is never used and whose being there says that the KEK of this name was destroyed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from konverze_core.clock import SystemClock
from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
)
from konverze_core.names import checked_kek_name
from konverze_core.protocols import SHARED_KEK, Clock, KekDestruction, KekVersion, WrappedKey
from konverze_core.wrapping import checked_own_kek, checked_payload
from konverze_indexes.fields import canonical
from konverze_indexes.keyproviders.remote import TIMEOUT_S, HeldVersions, signed_bytes
from konverze_indexes.keyproviders.vault_calls import Transit, TransitCalls, field, unless_gone

AUTO_ROTATION_S_MIN = 3600
"""Shortest time between two rotations that the engine makes by itself."""

MAC_BYTES = 32
_VERSION_BYTES = 4
_KEY_TYPE = "aes256-gcm96"
_NO_TYPE = "none"
_VERSIONED = re.compile(r"vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+={0,2})", re.ASCII)
_MOUNT = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", re.ASCII)


class VaultTransit:
    """`KeyProvider` over a transit engine; safe to share between threads.

    Whoever owns the engine makes two keys, once::

        vault write transit/keys/konverze.kek.shared type=aes256-gcm96 derived=true
        vault write transit/keys/konverze.signing type=aes256-gcm96

    The token needs `update` on `encrypt/` and `decrypt/` of the KEKs, on `hmac/` and `verify/` of the signing key,
    and `read` on `keys/`; to rotate, make and destroy KEKs, also `create`, `update` and `delete` on `keys/`.

    Args:
        url: Address of the server: https, or http on this machine.
        token: The token, or a function that gives a fresh one for each verb, such as one that reads an agent's file.
        mount: Path of the transit engine.
        prefix: Name of the deployment; it can never change.
        namespace: Namespace of the mount, where the server has them.
        ca_file: PEM file of the authorities that are trusted instead of the public ones.
        timeout_s: Longest time of a verb: the token and retries included.
        clock: Tells when to ask for the version again.

    Raises:
        ConfigError: An argument is no legal one.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str | Callable[[], str],
        mount: str = "transit",
        prefix: str = "konverze",
        namespace: str | None = None,
        ca_file: Path | None = None,
        timeout_s: float = TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        if _MOUNT.fullmatch(mount) is None:
            raise ConfigError("the mount of a transit engine is a path without slashes at its ends")
        self._url = url
        self._mount = mount
        self._prefix = checked_kek_name(prefix)
        give = token if callable(token) else lambda: token
        self._calls = TransitCalls(url, give, namespace=namespace, ca_file=ca_file, timeout_s=timeout_s)
        self._versions = HeldVersions(clock or SystemClock())

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host that keeps the keys."""
        return (urlsplit(self._url).hostname or "",)

    def __repr__(self) -> str:
        return f"VaultTransit(url={self._url!r}, mount={self._mount!r}, prefix={self._prefix!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled or copied")

    def close(self) -> None:
        """Closes all connections."""
        self._calls.close()

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key under the newest version of a KEK, bound to the context.

        Raises:
            ConfigError: The payload is not 16 to 128 bytes, a multiple of 8, or the name is not legal.
            KeyProviderError: As the protocol says.
        """
        checked_payload(payload)
        name = self._name(kek)
        bound = self._bound(context)

        def verb(transit: Transit) -> WrappedKey:
            self._current(transit, kek)  # a key that is not derived would not bind the context
            # The engine makes a key that it does not have on the fly, unless it is told to make one of no type.
            answer = transit.encrypt_data(name, _text(payload), context=bound, type=_NO_TYPE, mount_point=self._mount)
            version, ciphertext = _unpacked(field(answer, "ciphertext"))
            return WrappedKey(key_id=f"{self._key_id(name)}/{version}", ciphertext=ciphertext)

        return self._made(kek, verb)

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older version of the KEK.

        Raises:
            IntegrityError: Another engine, deployment or context, or a changed ciphertext.
            KeyProviderError: As the protocol says.
        """
        name, version = self._parsed(wrapped.key_id)
        bound = self._bound(context)
        packed = f"vault:v{version}:{_text(wrapped.ciphertext)}"

        def verb(transit: Transit) -> bytes:
            answer = transit.decrypt_data(name, packed, context=bound, mount_point=self._mount)
            return base64.b64decode(field(answer, "plaintext"), validate=True)

        return self._calls.make(verb, refused=IntegrityError)

    def sign(self, message: bytes) -> bytes:
        """The version of the signing key and a MAC, HMAC-SHA256 over the deployment's prefix and the message's SHA-256.

        Raises:
            KeyProviderError: As the protocol says.
        """
        digest = _text(signed_bytes(self._prefix, message))

        def verb(transit: Transit) -> bytes:
            answer = transit.generate_hmac(self._signing, digest, algorithm="sha2-256", mount_point=self._mount)
            version, mac = _unpacked(field(answer, "hmac"))
            return version.to_bytes(_VERSION_BYTES, "big") + mac

        return self._calls.make(verb, refused=ConfigError)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, also under an older version of the signing key.

        Raises:
            IntegrityError: The signature does not fit the message.
            KeyProviderError: As the protocol says.
        """
        version = int.from_bytes(signature[:_VERSION_BYTES], "big")
        if len(signature) != _VERSION_BYTES + MAC_BYTES or not version:
            raise IntegrityError("a signature does not fit its message")
        digest = _text(signed_bytes(self._prefix, message))
        mac = f"vault:v{version}:{_text(signature[_VERSION_BYTES:])}"

        def verb(transit: Transit) -> object:
            answer = transit.verify_signed_data(
                self._signing, digest, hmac=mac, hash_algorithm="sha2-256", mount_point=self._mount
            )
            return field(answer, "valid")

        if self._calls.make(verb, refused=IntegrityError) is not True:
            raise IntegrityError("a signature does not fit its message")

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now, at most `VERSION_CACHE_S` old.

        Raises:
            ConfigError: The name is not legal, or the key is not derived, or can be exported.
            KeyProviderError: As the protocol says.
        """
        checked_kek_name(kek)
        return self._calls.make(lambda transit: self._current(transit, kek), refused=ConfigError)

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Makes a new version and wraps with it from now on; older ones still decrypt.

        Raises:
            ConfigError: The name is not legal.
            KeyProviderError: As the protocol says.
        """
        name = self._name(kek)

        def verb(transit: Transit) -> KekVersion:
            transit.rotate_key(name, mount_point=self._mount)
            return self._asked(transit, kek)

        return self._calls.make(verb, refused=ConfigError, repeatable=False)

    def create_kek(self, kek: str) -> None:
        """Makes a derived key that cannot be exported, unless there is one.

        Raises:
            ConfigError: The name is not legal.
            KeyDestroyedError: One of this name was destroyed.
            KeyProviderError: As the protocol says.
        """
        name = self._name(kek)

        def verb(transit: Transit) -> None:
            if unless_gone(lambda: transit.read_key(self._mark(kek), mount_point=self._mount)) is not None:
                raise KeyDestroyedError(f"the key {kek} was destroyed")
            self._create(transit, name)

        self._calls.make(verb, refused=ConfigError)

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Deletes all versions of a KEK, at once and for good.

        Raises:
            ConfigError: It is the shared one, or the name is not legal.
            KeyProviderError: As the protocol says.
        """
        name = self._name(checked_own_kek(kek))

        def verb(transit: Transit) -> KekDestruction:
            self._versions.drop(kek)
            self._create(transit, self._mark(kek))
            mark = transit.read_key(self._mark(kek), mount_point=self._mount)
            unless_gone(lambda: transit.update_key_configuration(name, deletion_allowed=True, mount_point=self._mount))
            unless_gone(lambda: transit.delete_key(name, mount_point=self._mount))
            return KekDestruction(
                key_id=self._key_id(name),
                effective_by=_newest(mark)[1],
                remains=("the key in snapshots and backups of Vault's storage, for as long as they are kept",),
            )

        return self._calls.make(verb, refused=ConfigError)

    def rotation_policy(self, kek: str = SHARED_KEK) -> timedelta | None:
        """How often the engine rotates the KEK by itself; None when it does not.

        Raises:
            ConfigError: The name is not legal.
            KeyProviderError: As the protocol says.
        """
        name = self._name(kek)

        def verb(transit: Transit) -> timedelta | None:
            every_s = field(transit.read_key(name, mount_point=self._mount), "auto_rotate_period")
            return timedelta(seconds=int(every_s)) or None

        return self._calls.make(verb, refused=ConfigError)

    def set_rotation_policy(self, every: timedelta | None, kek: str = SHARED_KEK) -> None:
        """Lets the engine rotate the KEK by itself, or no longer.

        Args:
            every: An hour or more; None for never.
            kek: Name of the KEK.

        Raises:
            ConfigError: A shorter time, or the name is not legal.
            KeyProviderError: As the protocol says.
        """
        name = self._name(kek)
        every_s = 0 if every is None else int(every.total_seconds())
        if every is not None and every_s < AUTO_ROTATION_S_MIN:
            raise ConfigError("Vault rotates a key every hour at most")

        def verb(transit: Transit) -> None:
            transit.update_key_configuration(name, auto_rotate_period=f"{every_s}s", mount_point=self._mount)

        self._calls.make(verb, refused=ConfigError)

    # Inside a verb

    def _made(self, kek: str, verb: Callable[[Transit], WrappedKey]) -> WrappedKey:
        try:
            return self._calls.make(verb, refused=ConfigError)
        except KeyAccessDeniedError:
            # A token that may not make keys is refused so, too, where there is no key any more.
            self._versions.drop(kek)
            self.current_version(kek)
            raise

    def _current(self, transit: Transit, kek: str) -> KekVersion:
        return self._versions.get(kek) or self._asked(transit, kek)

    def _asked(self, transit: Transit, kek: str) -> KekVersion:
        self._versions.drop(kek)
        name = self._name(kek)
        answer = transit.read_key(name, mount_point=self._mount)
        if field(answer, "derived") is not True or field(answer, "exportable") or field(answer, "type") != _KEY_TYPE:
            raise ConfigError(f"the transit key {name} has to be derived, of type {_KEY_TYPE}, and not exportable")
        number, created_at = _newest(answer)
        version = KekVersion(key_id=f"{self._key_id(name)}/{number}", created_at=created_at)
        return self._versions.put(kek, version)

    def _create(self, transit: Transit, name: str) -> None:
        transit.create_key(name, derived=True, exportable=False, key_type=_KEY_TYPE, mount_point=self._mount)

    @property
    def _signing(self) -> str:
        return f"{self._prefix}.signing"

    def _mark(self, kek: str) -> str:
        return f"{self._prefix}.destroyed.{kek}"

    def _name(self, kek: str) -> str:
        return f"{self._prefix}.kek.{checked_kek_name(kek)}"

    def _key_id(self, name: str) -> str:
        return f"vault:{self._mount}/{name}"

    def _parsed(self, key_id: str) -> tuple[str, int]:
        """Name and version of a KEK of this deployment."""
        named = re.fullmatch(
            rf"vault:{re.escape(self._mount)}/({re.escape(self._prefix)}\.kek\.[a-z0-9-]{{1,64}})/([1-9]\d{{0,8}})",
            key_id,
            re.ASCII,
        )
        if named is None:
            raise IntegrityError("a wrapped key was not made by this deployment's transit keys")
        return named[1], int(named[2])

    def _bound(self, context: Mapping[str, str]) -> str:
        fields = (field for pair in sorted(context.items()) for field in pair)
        return _text(canonical(self._prefix, *fields))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unpacked(text: object) -> tuple[int, bytes]:
    """Version and bytes of what the engine writes as text."""
    found = _VERSIONED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise KeyUnavailableError("Vault's answer is not understood")
    return int(found[1]), base64.b64decode(found[2], validate=True)


def _newest(answer: object) -> tuple[int, datetime]:
    """Number of the newest version, and when it was made."""
    number, made = field(answer, "latest_version"), field(answer, "keys")
    try:
        return int(number), datetime.fromtimestamp(made[str(number)], UTC)
    except (KeyError, TypeError, OverflowError) as exc:
        raise KeyUnavailableError("Vault's answer is not understood") from exc
