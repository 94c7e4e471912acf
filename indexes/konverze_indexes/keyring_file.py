"""The signed file in which a tenant's wrapped keys are stored.

Layout, two lines of JSON (see `docs/formats/keyring.md`)::

    {"created_at": …, "deks": […], "generation": …, …}     the body: canonical, that is sorted keys, no spaces, ASCII
    {"signature": "<hex>"}                                 by the key provider, over the bytes of the first line

The file holds no secret. Exactly one byte string is valid for a body and a signature.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from konverze_core.errors import IntegrityError
from konverze_core.protocols import KeyProvider, WrappedKey

_LINES = re.compile(rb'([^\n]+)\n\{"signature":"((?:[0-9a-f]{2})+)"\}\n')
Hex16 = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class KeyState(StrEnum):
    """What a data key is used for."""

    ACTIVE = "active"  # seals and opens
    RETIRED = "retired"  # opens


class WrappedEntry(BaseModel):
    """A key of the tenant, wrapped by the key provider.

    Attributes:
        id: 16 random bytes that name the key, in hex.
        kek_id: Full id of the wrapping key, with its version.
        ciphertext: The wrapped payload, base64.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Hex16
    kek_id: str
    ciphertext: str

    @classmethod
    def of(cls, key_id: str, wrapped: WrappedKey) -> WrappedEntry:
        """The entry for a wrapped key."""
        return cls(id=key_id, kek_id=wrapped.key_id, ciphertext=base64.b64encode(wrapped.ciphertext).decode())

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


class DekEntry(WrappedEntry):
    """A data key, wrapped."""

    state: KeyState
    created_at: AwareDatetime


class KeyringBody(BaseModel):
    """What the signature covers.

    Attributes:
        type: Sets these signatures apart from all others of the same provider.
        version: Of the format.
        tenant: The tenant's directory.
        generation: Counts from 1; the highest one is valid.
        previous: SHA-256 of the file of the generation before, in hex; None for the first.
        name_key: The key that blinds names; stays the same for life.
        deks: The data keys; exactly one is active.
        tenant_id_sealed: The true tenant id, sealed under the name key; hex.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: Literal["konverze/keyring"] = "konverze/keyring"
    version: Literal[1] = 1
    tenant: str
    generation: int = Field(ge=1)
    previous: Hex32 | None
    name_key: WrappedEntry
    deks: tuple[DekEntry, ...]
    tenant_id_sealed: Annotated[str, Field(pattern="^([0-9a-f]{2})*$")]

    @property
    def active(self) -> DekEntry:
        """The data key that seals.

        Raises:
            IntegrityError: Not exactly one data key is active.
        """
        active = [dek for dek in self.deks if dek.state is KeyState.ACTIVE]
        if len(active) != 1:
            raise IntegrityError(f"the keyring of {self.tenant} has {len(active)} active data keys")
        return active[0]


def encoded(body: KeyringBody, provider: KeyProvider) -> bytes:
    """The signed file of a keyring.

    Raises:
        KeyProviderError: The provider cannot sign.
    """
    line = _canonical_json(body.model_dump(mode="json"))
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
        return KeyringBody.model_validate_json(lines[1])
    except (IntegrityError, ValidationError) as exc:
        raise IntegrityError(f"{name} is not a keyring that this key provider signed") from exc


def _canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
