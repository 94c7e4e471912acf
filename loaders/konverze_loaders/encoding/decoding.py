"""Tells the encoding of a text, or says that it cannot be told."""

from __future__ import annotations

import codecs
import re

from konverze_core.errors import EncodingError
from konverze_loaders.encoding.code_pages import by_code_page
from konverze_loaders.encoding.east_asian import is_written
from konverze_loaders.encoding.seven_bit import seven_bit_encoding
from konverze_loaders.encoding.strict import SAMPLE_BYTES, Decoded, is_free_of_controls, is_readable, mended, strict
from konverze_loaders.encoding.vietnamese import TABLES

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
# Real text encodings by Python's names: no escapes, no UTF-7, no rot13.
_TEXT_CODEC = re.compile(
    r"(?:ascii|utf-8(?:-sig)?|utf-(?:16|32)(?:-[lb]e)?|iso8859-\d+|cp\d{3,4}|koi8-[rtu]|kz1048|tis-620|johab|hz|gb2312|gbk"
    r"|gb18030|big5(?:hkscs)?|euc[_-]\w+|shift_jisx?\w*|iso2022_\w+|mac-\w+)"
)
_ASCII = re.compile(r"[\t\n\r -~]")
_EAST_ASIAN_ROWS = bytes((0x30, *range(0x4E, 0xA0), *range(0xAC, 0xD8), 0xFF))
_EAST_ASIAN = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
MIN_ASCII_SHARE = 0.02
MIN_EAST_ASIAN_SHARE = 0.9


def decode(data: bytes, source: str, *, is_markup: bool = False) -> Decoded:
    """Decodes the bytes of a text file.

    Order: byte order mark, the shifts of 7-bit encodings, strict UTF-8, UTF-16 and UTF-32 without a mark, the encoding
    that markup declares, UTF-8 with a few damaged bytes, code pages.

    Args:
        data: The whole file.
        source: Name of the file, for the message.
        is_markup: Whether the file may declare its encoding, as HTML does.

    Raises:
        EncodingError: No candidate gives a readable text.
    """
    found = _by_mark(data) or _by_shifts(data) or _utf8(data) or _wide(data)
    found = found or (_declared(data) if is_markup else None) or _damaged_utf8(data) or by_code_page(data)
    if found is None:
        raise EncodingError(source, "not a text in any known encoding; save it as UTF-8")
    return found


def decode_as(data: bytes, label: str) -> Decoded | None:
    """The text in the encoding that a mail or page says it has; None where that is none, or cannot be."""
    return strict(data, label.lower()) if _is_text_encoding(label.lower()) else None


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark) and (found := mended(data, encoding)):
            return found
    return None


def _by_shifts(data: bytes) -> Decoded | None:
    encoding = seven_bit_encoding(data) if data.isascii() else None
    return strict(data, encoding) if encoding else None


def _utf8(data: bytes) -> Decoded | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return Decoded(text, "utf-8") if is_free_of_controls(text) else None


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 where more characters beyond ASCII are whole than damaged: in no other encoding is that chance."""
    found = mended(data, "utf-8")
    if found is None:
        return None
    beyond_ascii = len(found.text) - len(found.text.encode("ascii", "ignore"))
    return found if beyond_ascii > 2 * found.replaced_characters else None


def _wide(data: bytes) -> Decoded | None:
    head = data[:SAMPLE_BYTES]
    # Without spaces and line ends, only East Asian text can be UTF-16 and hold no zero.
    rows = {"utf-16-be": head[::2], "utf-16-le": head[1::2]}
    encodings = _WIDE if b"\0" in head else [name for name in rows if not rows[name].translate(None, _EAST_ASIAN_ROWS)]
    found = [decoded for encoding in encodings if (decoded := mended(data, encoding)) and _is_wide_text(decoded.text)]
    return min(found, key=_variety_of_rows, default=None)


def _is_wide_text(text: str) -> bool:
    """Whether it has spaces and line ends, which every text has but those of East Asia."""
    sample = text[:SAMPLE_BYTES]
    is_spaced = len(_ASCII.findall(sample)) >= MIN_ASCII_SHARE * len(sample)
    is_east_asian = len(_EAST_ASIAN.findall(sample)) >= MIN_EAST_ASIAN_SHARE * len(sample)
    return is_readable(sample) and (is_spaced or (is_east_asian and is_written(sample)))


def _variety_of_rows(decoded: Decoded) -> float:
    """How much higher bytes vary beside lower ones: less in every script, more in the wrong byte order."""
    codes = set(map(ord, decoded.text[:SAMPLE_BYTES]))
    return len({code >> 8 for code in codes}) / len({code & 0xFF for code in codes})


def _declared(data: bytes) -> Decoded | None:
    match = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    return decode_as(data, match[1].decode("ascii")) if match else None


def _is_text_encoding(label: str) -> bool:
    try:
        return label in TABLES or _TEXT_CODEC.fullmatch(codecs.lookup(label).name.lower()) is not None
    except (LookupError, ValueError):
        return False
