"""A text in one given encoding, or none where it makes no sense in that."""

from __future__ import annotations

import re
from typing import NamedTuple

from konverze_loaders.encoding.vietnamese import TABLES

SAMPLE_BYTES = 200_000
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_MARGINS = re.compile(r"[\t\x0b\x0c\r]")
_NO_LETTERS_NOR_SPACES = re.compile(r"[^\w\s]|_")
MIN_READABLE_SHARE = 0.5
MAX_REPLACED_SHARE = 0.01
MAX_NUL_SHARE = 0.25
MAX_CONTROL_SHARE = 0.02


class Decoded(NamedTuple):
    """A text, the name of its encoding, and how many characters could not be read."""

    text: str
    encoding: str
    replaced_characters: int = 0


def strict(data: bytes, encoding: str) -> Decoded | None:
    """The text where every byte is legal and the most are letters and spaces."""
    try:
        text = data.decode("latin-1").translate(TABLES[encoding]) if encoding in TABLES else data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return Decoded(text, encoding) if is_readable(text) else None


def mended(data: bytes, encoding: str) -> Decoded | None:
    """Also what is cut inside a character, or damaged in a few places."""
    text = data.decode(encoding, "replace")
    try:
        replaced = text.count("\ufffd") - data.decode(encoding, "ignore").count("\ufffd")
    except UnicodeError:
        return None
    is_close = replaced <= max(1, MAX_REPLACED_SHARE * len(text))
    return Decoded(text, encoding, replaced) if is_close and is_free_of_controls(text) else None


def is_free_of_controls(text: str) -> bool:
    """Whether the text is no garbage: some control characters, or a stray NUL, do not make it a binary file."""
    sample = text[:SAMPLE_BYTES]
    nuls = sample.count("\0")
    controls = len(_CONTROL.findall(sample)) - nuls
    # UTF-16 of Indic scripts read as ASCII: half of it are tabs, form feeds or carriage returns.
    if nuls and len(_MARGINS.findall(sample)) > MAX_NUL_SHARE * len(sample):
        return False
    return nuls <= MAX_NUL_SHARE * len(sample) and controls <= max(1, MAX_CONTROL_SHARE * len(sample))


def is_readable(text: str) -> bool:
    """Whether the most are letters and spaces, as in any text but a table of figures in ASCII."""
    text = text[:SAMPLE_BYTES]
    if "\x00" in text or len(_CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        return False
    readable = len(text) - len(_NO_LETTERS_NOR_SPACES.findall(text))
    return text.isascii() or readable >= MIN_READABLE_SHARE * len(text)
