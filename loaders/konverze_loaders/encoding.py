"""Tells the encoding of a text, or says that it cannot be told."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

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
# Real text encodings by Python's names: no escapes, no UTF-7, no rot13.
_TEXT_CODEC = re.compile(
    r"(?:ascii|utf-8(?:-sig)?|utf-(?:16|32)(?:-[lb]e)?|iso8859-\d+|cp\d{3,4}|koi8-[rtu]|kz1048|tis-620|johab|hz|gb2312|gbk"
    r"|gb18030|big5(?:hkscs)?|euc[_-]\w+|shift_jisx?\w*|iso2022_\w+|mac-\w+)"
)
_LATIN_1 = {"iso-8859-1", "latin-1", "windows-1252", "cp1252"}
_CURRENCY_SIGN = b"\xa4"
# Controls, and the other places where Latin-9 has another character: fractions, accents that stand alone.
_NOT_LATIN_9 = re.compile(rb"[\x80-\x9f\xa6\xa8\xb4\xb8\xbc-\xbe]")
_MARGINS = re.compile(r"[\t\x0b\x0c\r]")
_ASCII = re.compile(r"[\t\n\r -~]")
_LETTERS_AND_SPACES = re.compile(r"[^\W_]|\s")
MIN_READABLE_SHARE = 0.5
MIN_ASCII_SHARE = 0.02
MAX_REPLACED_SHARE = 0.01
MAX_NUL_SHARE = 0.25
MAX_CONTROL_SHARE = 0.02


class Decoded(NamedTuple):
    """A text, the name of its encoding as `bytes.decode` knows it, and how many characters could not be read."""

    text: str
    encoding: str
    replaced_characters: int = 0


def decode(data: bytes, source: str, *, is_markup: bool = False) -> Decoded:
    """Decodes the bytes of a text file.

    Order: byte order mark, strict UTF-8, UTF-16 and UTF-32 without a mark, the encoding that markup declares, UTF-8
    with a few damaged bytes, chardet's candidates from the best.

    Args:
        data: The whole file.
        source: Name of the file, for the message.
        is_markup: Whether the file may declare its encoding, as HTML does.

    Raises:
        EncodingError: No candidate gives a readable text.
    """
    found = _by_mark(data) or _utf8(data) or _by_zeros(data) or (_declared(data) if is_markup else None)
    found = found or _damaged_utf8(data) or _by_statistics(data)
    if found is None:
        raise EncodingError(source, "not a text in any known encoding; save it as UTF-8")
    return found


def decode_as(data: bytes, label: str) -> Decoded | None:
    """The text in the encoding that a mail or page says it has; None where that is none, or cannot be."""
    return _strict(data, label) if _is_text_encoding(label) else None


def _strict(data: bytes, encoding: str) -> Decoded | None:
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return Decoded(text, encoding) if _is_readable(text) else None


def _mended(data: bytes, encoding: str) -> Decoded | None:
    """Also what is cut inside a character, or damaged in a few places."""
    text = data.decode(encoding, "replace")
    try:
        replaced = text.count("\ufffd") - data.decode(encoding, "ignore").count("\ufffd")
    except UnicodeError:
        return None
    is_close = replaced <= max(1, MAX_REPLACED_SHARE * len(text))
    return Decoded(text, encoding, replaced) if is_close and _is_free_of_controls(text) else None


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark) and (found := _mended(data, encoding)):
            return found
    return None


def _utf8(data: bytes) -> Decoded | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return Decoded(text, "utf-8") if _is_free_of_controls(text) else None


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 where more characters beyond ASCII are whole than damaged: in no other encoding is that chance."""
    found = _mended(data, "utf-8")
    if found is None:
        return None
    beyond_ascii = len(found.text) - len(found.text.encode("ascii", "ignore"))
    return found if beyond_ascii > 2 * found.replaced_characters else None


def _is_free_of_controls(text: str) -> bool:
    """Whether the text is no garbage: some control characters, or a stray NUL, do not make it a binary file."""
    sample = text[:SAMPLE_BYTES]
    nuls = sample.count("\0")
    controls = len(_CONTROL.findall(sample)) - nuls
    # UTF-16 of Indic scripts read as ASCII: half of it are tabs, form feeds or carriage returns.
    if nuls and len(_MARGINS.findall(sample)) > MAX_NUL_SHARE * len(sample):
        return False
    return nuls <= MAX_NUL_SHARE * len(sample) and controls <= max(1, MAX_CONTROL_SHARE * len(sample))


def _by_zeros(data: bytes) -> Decoded | None:
    head = data[:SAMPLE_BYTES]
    if b"\0" not in head:
        return None
    found = [decoded for encoding in _WIDE if (decoded := _mended(data, encoding)) and _is_readable(decoded.text)]
    # The wrong byte order turns spaces and line ends, which every text has, into rare characters.
    best = max(found, key=lambda decoded: _ascii_share(decoded.text), default=None)
    return best if best is not None and _ascii_share(best.text) >= MIN_ASCII_SHARE else None


def _ascii_share(text: str) -> float:
    sample = text[:SAMPLE_BYTES]
    return len(_ASCII.findall(sample)) / max(1, len(sample))


def _declared(data: bytes) -> Decoded | None:
    match = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    return decode_as(data, match[1].decode("ascii").lower()) if match else None


def _is_text_encoding(label: str) -> bool:
    try:
        return _TEXT_CODEC.fullmatch(codecs.lookup(label).name.lower()) is not None
    except (LookupError, ValueError):
        return False


def _by_statistics(data: bytes) -> Decoded | None:
    if b"\0" in data[:SAMPLE_BYTES]:
        return None
    for guess in chardet.detect_all(data[:SAMPLE_BYTES], ignore_threshold=True):
        name = guess["encoding"]
        if name and not _IMPLAUSIBLE.match(name) and (found := _strict(data, _with_euro(name.lower(), data))):
            return found
    return None


def _with_euro(name: str, data: bytes) -> str:
    """Latin-9 in place of Latin-1 where that had the sign for any currency, which nobody writes."""
    is_latin_9 = name in _LATIN_1 and _CURRENCY_SIGN in data and not _NOT_LATIN_9.search(data)
    return "iso-8859-15" if is_latin_9 else name


def _is_readable(text: str) -> bool:
    text = text[:SAMPLE_BYTES]
    if "\x00" in text or len(_CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        return False
    readable = len(_LETTERS_AND_SPACES.findall(text))
    return text.isascii() or readable >= MIN_READABLE_SHARE * len(text)
