"""Tells the encoding of a text, or says that it cannot be told."""

from __future__ import annotations

import codecs
import re

import chardet

from konverze_core.errors import EncodingError

SAMPLE_BYTES = 200_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN_BYTES = 2_048
# No upload is EBCDIC; a DOS code page is only ever guessed for want of evidence.
_IMPLAUSIBLE = re.compile(r"^(cp|ibm)?-?(037|273|424|500|875|1026|1140)$", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_ASCII = re.compile(r"[\t\n\r -~]")
_LETTERS_AND_SPACES = re.compile(r"[^\W_]|\s")
MIN_READABLE_SHARE = 0.5
MIN_ASCII_SHARE = 0.02


def decode(data: bytes, source: str, *, is_markup: bool = False) -> tuple[str, str]:
    """Decodes the bytes of a text file.

    Order: byte order mark, strict UTF-8, UTF-16 and UTF-32 without a mark, the encoding that markup declares,
    chardet's candidates from the best.

    Args:
        data: The whole file.
        source: Name of the file, for the message.
        is_markup: Whether the file may declare its encoding, as HTML does.

    Returns:
        The text, and the name of its encoding as `bytes.decode` knows it.

    Raises:
        EncodingError: No candidate gives a readable text.
    """
    found = _by_mark(data) or _strict(data, "utf-8") or _by_zeros(data) or (_declared(data) if is_markup else None)
    found = found or _by_statistics(data)
    if found is None:
        raise EncodingError(source, "not a text in any known encoding; save it as UTF-8")
    return found


def _strict(data: bytes, encoding: str) -> tuple[str, str] | None:
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return (text, encoding) if _is_readable(text[:SAMPLE_BYTES]) else None


def _by_mark(data: bytes) -> tuple[str, str] | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark) and (found := _strict(data, encoding)):
            return found
    return None


def _by_zeros(data: bytes) -> tuple[str, str] | None:
    head = data[:SAMPLE_BYTES]
    if b"\0" not in head:
        return None
    found = [decoded for encoding in _WIDE if (decoded := _strict(data, encoding))]
    # The wrong byte order turns spaces and line ends, which every text has, into rare characters.
    best = max(found, key=lambda decoded: _ascii_share(decoded[0]), default=None)
    return best if best is not None and _ascii_share(best[0]) >= MIN_ASCII_SHARE else None


def _ascii_share(text: str) -> float:
    sample = text[:SAMPLE_BYTES]
    return len(_ASCII.findall(sample)) / max(1, len(sample))


def _declared(data: bytes) -> tuple[str, str] | None:
    match = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    return _strict(data, match[1].decode("ascii").lower()) if match else None


def _by_statistics(data: bytes) -> tuple[str, str] | None:
    if b"\0" in data[:SAMPLE_BYTES]:
        return None
    for guess in chardet.detect_all(data[:SAMPLE_BYTES], ignore_threshold=True):
        name = guess["encoding"]
        if name and not _IMPLAUSIBLE.match(name) and (found := _strict(data, name.lower())):
            return found
    return None


def _is_readable(text: str) -> bool:
    if not text:
        return True
    controls = len(_CONTROL.findall(text))
    if "\x00" in text or controls * 50 > len(text):
        return False
    readable = len(_LETTERS_AND_SPACES.findall(text))
    return text.isascii() or readable >= MIN_READABLE_SHARE * len(text)
