"""What every key provider checks, whatever it wraps with."""

from __future__ import annotations

from konverze_core.errors import ConfigError
from konverze_core.names import checked_kek_name
from konverze_core.protocols import SHARED_KEK, WRAPPED_BYTES_MAX, WRAPPED_BYTES_MIN


def checked_payload(payload: bytes) -> bytes:
    """The payload itself, when it is one that a key provider wraps.

    Raises:
        ConfigError: It has another length.
    """
    if not WRAPPED_BYTES_MIN <= len(payload) <= WRAPPED_BYTES_MAX or len(payload) % 8:
        raise ConfigError("a payload to wrap has 16 to 128 bytes, a multiple of 8")
    return payload


def checked_own_kek(kek: str) -> str:
    """The name itself, when it is one of a KEK that may be destroyed: a tenant's own.

    Raises:
        ConfigError: It is the shared one, or not legal.
    """
    if checked_kek_name(kek) == SHARED_KEK:
        raise ConfigError("the shared KEK wraps the keys of all tenants: it is not destroyed from here")
    return kek
