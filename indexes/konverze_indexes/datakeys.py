"""Data keys in memory, and the subkeys derived from them."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from konverze_core.errors import ConfigError

KEY_ID_BYTES = 16
SECRET_BYTES = 32


def subkey(secret: bytes, label: str, context: bytes = b"") -> bytes:
    """A key of 32 bytes for one use: HKDF-Expand with SHA-256 (RFC 5869), info = label ‖ context; its first block.

    Args:
        secret: 32 uniformly random bytes.
        label: Names the use, such as `konverze/v1/stream`.
        context: Canonical fields that the subkey is bound to.
    """
    return hmac.digest(secret, label.encode() + context + b"\x01", "sha256")


@dataclass(frozen=True, kw_only=True)
class DataKey:
    """A data encryption key (DEK), unwrapped; never shown, never pickled, never used raw.

    Attributes:
        id: 16 random bytes that name it.
        secret: 32 random bytes.
    """

    id: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.id) != KEY_ID_BYTES or len(self.secret) != SECRET_BYTES:
            raise ConfigError(f"a data key has an id of {KEY_ID_BYTES} bytes and a secret of {SECRET_BYTES}")

    @cached_property
    def stream_key(self) -> bytes:
        """What the keys of blobs are derived from, 32 bytes."""
        return subkey(self.secret, "konverze/v1/stream")

    @cached_property
    def commit_key(self) -> bytes:
        """What ties blobs to this data key, 32 bytes."""
        return subkey(self.secret, "konverze/v1/commit")

    @classmethod
    def fresh(cls) -> DataKey:
        """A new random key."""
        return cls(id=os.urandom(KEY_ID_BYTES), secret=os.urandom(SECRET_BYTES))

    def __reduce__(self) -> NoReturn:
        raise TypeError("data keys are not pickled or copied")
