"""The signed file in which a tenant's wrapped keys are stored.

Layout, two lines of JSON (see `docs/formats/keyring.md`)::

    {"deks": […], "erased_at": …, "generation": …, …}      the body: canonical, that is sorted keys, no spaces, ASCII
    {"signature": "<hex>"}                                 by the key provider, over the bytes of the first line

The file holds no secret. Exactly one byte string is valid for a body and a signature.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, structs

from konverze_core.errors import ConfigError, IntegrityError
from konverze_core.protocols import KeyProvider, WrappedKey

_LINES = re.compile(rb'([^\n]+)\n\{"signature":"((?:[0-9a-f]{2})+)"\}\n')
Hex16: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Hex32: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
HexBytes: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z")]
AwareTime: TypeAlias = Annotated[datetime, Meta(tz=True)]


class KeyState(StrEnum):
    """What a data key is used for."""

    ACTIVE = "active"  # seals and opens
    RETIRED = "retired"  # opens


class KeyringState(StrEnum):
    """Whether a tenant has keys."""

    LIVE = "live"
    ERASED = "erased"  # for ever: no generation follows


class DekEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data key of the tenant, wrapped by the key provider.

    Attributes:
        id: 16 random bytes that name the key, in hex.
        kek_id: Full id of the wrapping key, with its version.
        ciphertext: The wrapped payload, base64.
        state: What the key is used for.
        created_at: When it was made.
    """

    id: Hex16
    kek_id: str
    ciphertext: str
    state: KeyState
    created_at: AwareTime

    @classmethod
    def of(cls, key_id: bytes, wrapped: WrappedKey, *, created_at: datetime) -> DekEntry:
        """The entry of a wrapped key that is going to seal."""
        ciphertext = base64.b64encode(wrapped.ciphertext).decode()
        return cls(
            id=key_id.hex(),
            kek_id=wrapped.key_id,
            ciphertext=ciphertext,
            state=KeyState.ACTIVE,
            created_at=created_at,
        )

    @property
    def key_id(self) -> bytes:
        """The key's id, 16 bytes."""
        return bytes.fromhex(self.id)

    @property
    def wrapped(self) -> WrappedKey:
        """What the key provider unwraps.

        Raises:
            IntegrityError: The ciphertext is not base64.
        """
        try:
            return WrappedKey(key_id=self.kek_id, ciphertext=base64.b64decode(self.ciphertext, validate=True))
        except binascii.Error as exc:
            raise IntegrityError(f"the wrapped key {self.id} is not base64") from exc

    def rewrapped(self, wrapped: WrappedKey) -> DekEntry:
        """The entry of the same key, wrapped anew."""
        fresh = DekEntry.of(self.key_id, wrapped, created_at=self.created_at)
        return structs.replace(fresh, state=self.state)

    def retired(self) -> DekEntry:
        """The entry of the same key, which seals nothing more."""
        return structs.replace(self, state=KeyState.RETIRED)


class KeyringBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the signature covers.

    Attributes:
        type: Sets these signatures apart from all others of the same provider.
        version: Of the format.
        tenant: The tenant's directory.
        generation: Counts from 1; the highest one is valid.
        previous: SHA-256 of the file of the generation before, in hex; None for the first.
        state: Whether the tenant has keys.
        kek: Name of the KEK that wraps the data keys.
        erased_at: When the tenant was erased; None while it is live.
        name_key_sealed: The key that blinds names, sealed under the active data key; the same for life; hex.
        tenant_id_sealed: The true tenant id, sealed under the name key; hex.
        deks: The data keys; exactly one is active. None of an erased tenant.
    """

    type: Literal["konverze/keyring"] = "konverze/keyring"
    version: Literal[1] = 1
    tenant: str
    generation: Annotated[int, Meta(ge=1)]
    previous: Hex32 | None
    state: KeyringState = KeyringState.LIVE
    kek: str
    erased_at: AwareTime | None = None
    name_key_sealed: HexBytes
    tenant_id_sealed: HexBytes
    deks: tuple[DekEntry, ...]

    def check(self) -> None:
        """Holds the fields to each other.

        Raises:
            ValueError: They contradict each other.
        """
        sealed = bool(self.name_key_sealed), bool(self.tenant_id_sealed)
        if (self.previous is None) != (self.generation == 1):
            raise ValueError("every generation but the first names the one before")
        if self.is_erased and (self.deks or any(sealed) or self.erased_at is None):
            raise ValueError("an erased keyring holds no keys, and says when it was erased")
        if not self.is_erased and not (all(sealed) and self.erased_at is None):
            raise ValueError("a live keyring holds a name key and a tenant id")
        if not self.is_erased and sum(entry.state is KeyState.ACTIVE for entry in self.deks) != 1:
            raise ValueError("exactly one data key is active")
        if len({entry.id for entry in self.deks}) != len(self.deks):
            raise ValueError("two data keys have one id")

    @property
    def is_erased(self) -> bool:
        """Whether this is the terminal generation."""
        return self.state is KeyringState.ERASED

    @property
    def active(self) -> DekEntry:
        """The data key that seals; only a live keyring has one."""
        return next(entry for entry in self.deks if entry.state is KeyState.ACTIVE)

    def entry(self, key_id: bytes) -> DekEntry | None:
        """The data key of an id, if there is one."""
        return next((entry for entry in self.deks if entry.key_id == key_id), None)

    def erased(self, at: datetime) -> KeyringBody:
        """The same keyring without its keys."""
        return structs.replace(
            self, state=KeyringState.ERASED, erased_at=at, name_key_sealed="", tenant_id_sealed="", deks=()
        )


_DECODER = msgspec.json.Decoder(KeyringBody)


def encoded(body: KeyringBody, provider: KeyProvider) -> bytes:
    """The signed file of a keyring.

    Raises:
        ConfigError: The body could not be read back.
        KeyProviderError: The provider cannot sign.
    """
    line = _canonical_json(msgspec.to_builtins(body))
    try:
        _parsed(line)
    except ValueError as exc:
        raise ConfigError(f"no keyring of {body.tenant} looks like that") from exc
    return line + b"\n" + _canonical_json({"signature": provider.sign(line).hex()}) + b"\n"


def decoded(file: bytes, provider: KeyProvider, name: str) -> KeyringBody:
    """The body of a signed file; nothing in it is looked at before the signature is verified.

    Args:
        file: The whole file.
        provider: Whose signature it has to bear.
        name: Where it was found, for the message.

    Raises:
        IntegrityError: The file is not what the provider signed.
        KeyProviderError: The provider cannot verify.
    """
    lines = _LINES.fullmatch(file)
    if lines is None:
        raise IntegrityError(f"{name} is not a keyring")
    try:
        provider.verify(lines[1], bytes.fromhex(lines[2].decode()))
        return _parsed(lines[1])
    except (IntegrityError, ValueError) as exc:
        raise IntegrityError(f"{name} is not a keyring that this key provider signed") from exc


def _parsed(line: bytes) -> KeyringBody:
    body = _DECODER.decode(line)
    body.check()
    return body


def _canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
