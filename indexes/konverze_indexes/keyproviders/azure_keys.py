"""What Azure Key Vault tells of keys, checked: ids, public keys, rotation policies; and the pinned signing keys."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.keyvault.keys import (
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
    KeyVaultKey,
)
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from konverze_core.errors import ConfigError, KeyAccessDeniedError, KeyUnavailableError
from konverze_core.protocols import KekVersion, WrappedKey
from konverze_indexes.flight import SingleFlight

PUBLIC_KEY_CACHE_S = 60.0
"""A rotation that the vault made by itself, or another process asked for, is noticed within this time."""

PUBLIC_KEYS_MAX = 4096
"""Public keys held at a time."""

RSA_BITS_MIN = 2048
"""Shorter RSA keys are refused."""

ROTATION_DAYS_MIN = 7
"""Shortest time between automatic rotations that Key Vault takes."""

_VERSION = re.compile(r"[0-9a-f]{32}", re.ASCII)
_OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
_RSA_TYPES = frozenset({"RSA", "RSA-HSM"})
_COORDINATE_BYTES = 32
_DURATION = re.compile(r"P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(\d{1,6})H)?", re.ASCII)
_DURATION_DAYS = (365, 30, 7, 1, 1 / 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKek:
    """The public half of the newest version of a KEK.

    Attributes:
        version: Its id and age.
        public_key: Wraps.
        starts_at: Not used before; None for at once.
        ends_at: Not used after; None for no end.
    """

    version: KekVersion
    public_key: rsa.RSAPublicKey
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, key: KeyVaultKey, *, vault_url: str, name: str) -> PublicKek:
        """What the vault answered, checked.

        Raises:
            ConfigError: It is no RSA key of at least 2048 bits.
            KeyAccessDeniedError: It is disabled.
            KeyUnavailableError: The answer is not understood, or is about another key.
        """
        key_type = enum_text(key.key_type)
        if key_type not in _RSA_TYPES:
            raise ConfigError(f"the key {name} is of type {key_type}: a KEK in a key vault is an RSA or RSA-HSM key")
        created_at, jwk, facts = key.properties.created_on, key.key, key.properties
        key_id = key.id.lower()
        if versioned_name(key_id, vault_url=vault_url) is None or f"/keys/{name.lower()}/" not in key_id:
            raise KeyUnavailableError("the key vault answered with another key than it was asked for")
        try:
            numbers = (int.from_bytes(getattr(jwk, "e", b""), "big"), int.from_bytes(getattr(jwk, "n", b""), "big"))
            public_key = rsa.RSAPublicNumbers(*numbers).public_key()
        except (TypeError, ValueError) as exc:
            raise KeyUnavailableError("the key vault answered with a damaged key") from exc
        if public_key.key_size < RSA_BITS_MIN:
            raise ConfigError(f"the key {name} has {public_key.key_size} bits: at least {RSA_BITS_MIN} are needed")
        if created_at is None or facts.enabled is False:
            raise KeyAccessDeniedError(f"the newest version of the key {name} is disabled")
        version = KekVersion(key_id=key_id, created_at=created_at.astimezone(UTC))
        return cls(version=version, public_key=public_key, starts_at=facts.not_before, ends_at=facts.expires_on)

    def wrap(self, payload: bytes) -> WrappedKey:
        """Encrypts by RSA-OAEP with SHA-256 (RFC 8017), on this side: the payload does not travel.

        Raises:
            KeyAccessDeniedError: The version has ended, or has not begun.
        """
        now = datetime.now(UTC)
        if (self.starts_at and now < self.starts_at) or (self.ends_at and now >= self.ends_at):
            raise KeyAccessDeniedError("the newest version of the key has expired, or is not valid yet: rotate it")
        return WrappedKey(key_id=self.version.key_id, ciphertext=self.public_key.encrypt(payload, _OAEP))


class NewestVersions:
    """Newest versions of keys, each fetched once for all threads that ask at a time, and again when too old.

    Args:
        fetch: Asks the vault for a key by its name; in bounded time.
    """

    def __init__(self, fetch: Callable[[str], PublicKek]) -> None:
        self._fetch = fetch
        self._held: OrderedDict[str, tuple[PublicKek, float]] = OrderedDict()
        self._flights = SingleFlight[PublicKek]()
        self._lock = threading.Lock()

    def get(self, name: str) -> PublicKek:
        """The newest version, at most `PUBLIC_KEY_CACHE_S` old.

        Raises:
            KonverzeError: What `fetch` raises.
        """
        with self._lock:
            held = self._held.get(name)
        if held is not None and time.monotonic() < held[1] + PUBLIC_KEY_CACHE_S:
            return held[0]
        return self._flights.do(name, lambda: self.put(name, self._fetch(name)))

    def put(self, name: str, newest: PublicKek) -> PublicKek:
        """Holds, and returns, what is known to be the newest."""
        with self._lock:
            self._held[name] = (newest, time.monotonic())
            self._held.move_to_end(name)
            while len(self._held) > PUBLIC_KEYS_MAX:
                self._held.popitem(last=False)
        return newest

    def drop(self, name: str) -> None:
        """Forgets the key."""
        with self._lock:
            self._held.pop(name, None)


class PinnedSigningKeys:
    """Public keys that the caller trusts, whatever a vault or a store says.

    Args:
        pems: EC P-256 public keys.

    Raises:
        ConfigError: None is given, or one is no such key.
    """

    def __init__(self, pems: Sequence[str]) -> None:
        if isinstance(pems, str) or not pems:
            raise ConfigError("signing_public_keys is a list of at least one public key as PEM")
        self._keys = [_pinned(pem) for pem in pems]

    def accept(self, message: bytes, signature: bytes) -> bool:
        """Whether one of the keys made the signature: ES256, r ‖ s (RFC 7518, 3.4)."""
        if len(signature) != 2 * _COORDINATE_BYTES:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]))
        return any(_fits(key, encode_dss_signature(r, s), message) for key in self._keys)


def enum_text(value: object) -> str:
    """What the vault wrote: the client library makes members of enumerations of the words that it knows."""
    return str(getattr(value, "value", value))


def versioned_name(key_id: str, *, vault_url: str) -> str | None:
    """`<name>/<version>` of a full key id of this vault; None when it is anything else."""
    name, slash, version = key_id.removeprefix(f"{vault_url}/keys/").partition("/")
    is_ours = key_id == f"{vault_url}/keys/{name}/{version}" and slash
    return f"{name}/{version}" if is_ours and name and _VERSION.fullmatch(version) else None


def rotation_policy_of(every: timedelta, expires_in: timedelta | None) -> KeyRotationPolicy:
    """The vault's form of a policy.

    Raises:
        ConfigError: A time is not in whole days, too short, or the versions would end before they are replaced.
    """
    for age in filter(None, (every, expires_in)):
        if age % timedelta(days=1) or age.days < ROTATION_DAYS_MIN:
            raise ConfigError(f"a key vault takes whole days, at least {ROTATION_DAYS_MIN}")
    if expires_in is not None and expires_in <= every:
        raise ConfigError("a version of a key has to be valid for longer than the time between rotations")
    action = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create=f"P{every.days}D")
    expiry = None if expires_in is None else f"P{expires_in.days}D"
    return KeyRotationPolicy(lifetime_actions=[action], expires_in=expiry)


def rotation_interval(policy: KeyRotationPolicy) -> timedelta | None:
    """Time between automatic rotations; months count 30 days, years 365; None when there are none.

    Raises:
        KeyUnavailableError: The vault's durations are not understood.
    """
    for action in policy.lifetime_actions:
        if enum_text(action.action).lower() != "rotate":
            continue
        if action.time_after_create:
            return _duration(action.time_after_create)
        if action.time_before_expiry and policy.expires_in:
            return _duration(policy.expires_in) - _duration(action.time_before_expiry)
    return None


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise KeyUnavailableError("the key vault's rotation policy is not understood")
    return timedelta(
        days=sum(int(count or 0) * days for count, days in zip(found.groups(), _DURATION_DAYS, strict=True))
    )


def _pinned(pem: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError("a pinned signing key is no public key as PEM") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError("a pinned signing key is an EC key of the curve P-256")
    return key


def _fits(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
