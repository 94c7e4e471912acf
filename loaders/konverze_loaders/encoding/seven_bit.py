"""Encodings that hide other letters in ASCII: ISO-2022, HZ and UTF-7."""

from __future__ import annotations

import re

from konverze_loaders.encoding.east_asian import is_written
from konverze_loaders.encoding.strict import SAMPLE_BYTES

_ISO_2022 = re.compile(rb"\x1b\$(?:[@B]|\([@BDOPQ]|\)C)|\x1b\([IJ]")
_ISO_2022_CODECS = ("iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext", "iso2022_kr")
_HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")
_ASCII = re.compile("[\x00-\x7f]+")
_LETTERS = re.compile(
    "[\u00a0-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u10a0-\u10ff\u1e00-\u1fff\u2010-\u2044\u20ac\u2122"
    "\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]+"
)


def seven_bit_encoding(data: bytes) -> str | None:
    """The encoding whose shifts the ASCII text holds, all of them whole; None where it is plain.

    Args:
        data: A file of ASCII characters alone.
    """
    if b"\x1b" in data and _ISO_2022.search(data):
        return next((encoding for encoding in _ISO_2022_CODECS if _beyond_ascii(data, encoding)), None)
    if _HZ.search(data, 0, SAMPLE_BYTES) and _are_letters(_beyond_ascii(data, "hz")):
        return "hz"
    return "utf-7" if b"+" in data and _are_letters(_beyond_ascii(data, "utf-7")) else None


def _beyond_ascii(data: bytes, encoding: str) -> str:
    """What is no ASCII in the decoded text; nothing where it is none in that encoding."""
    try:
        return _ASCII.sub("", data.decode(encoding))
    except UnicodeDecodeError:
        return ""


def _are_letters(letters: str) -> bool:
    """Whether texts have such letters; a hash or a name behind a plus, read as UTF-7, gives others."""
    return _LETTERS.fullmatch(letters) is not None and is_written(letters)
