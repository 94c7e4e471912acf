"""Which encoding a text is in (ADR 0028)."""

from konverze_loaders.encoding.decoding import Decoded, decode, decode_as

__all__ = ["Decoded", "decode", "decode_as"]
