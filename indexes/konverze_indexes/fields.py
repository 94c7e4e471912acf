"""One byte string for several fields, so that no two lists of fields look alike to a MAC or a key derivation."""

from __future__ import annotations

from konverze_core.errors import ConfigError

FIELD_BYTES_MAX = 0xFFFF


def canonical(*fields: str) -> bytes:
    """Each field in UTF-8 after its length in bytes as u16, big-endian.

    Raises:
        ConfigError: A field is longer than 65,535 bytes or holds half a surrogate pair.
    """
    return b"".join(map(_prefixed, fields))


def _prefixed(field: str) -> bytes:
    try:
        encoded = field.encode()
    except UnicodeEncodeError as exc:
        raise ConfigError("a field holds half a surrogate pair") from exc
    if len(encoded) > FIELD_BYTES_MAX:
        raise ConfigError(f"a field is longer than {FIELD_BYTES_MAX} bytes")
    return len(encoded).to_bytes(2, "big") + encoded
