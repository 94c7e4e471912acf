"""One spelling for all text, applied before any span is taken."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u2007\u202f]")
_BULLETS = re.compile("[\uf0b7\uf0a7\uf0d8]")  # symbol-font bullets of Word and Acrobat
# Control characters, soft hyphens, zero-width and bidi marks; ZWNJ and ZWJ (200c, 200d) spell Indic words and stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_LIGATURES = re.compile("[\ufb00-\ufb06]")
RAISED_NUMBER = re.compile(r"[-+\u2212]?\d{1,3}", re.ASCII)
_SURROGATES = re.compile("[\ud800-\udfff]")
_TRAILING = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
_BLANK_LINES = re.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """NFC text with LF line ends, free of characters that cannot be read.

    Normalising twice changes nothing.

    Args:
        text: Any string.

    Returns:
        The text without control, soft hyphen, zero-width and bidi characters (ZWJ and ZWNJ stay), with plain spaces
        for no-break spaces, letters for ligatures, lone surrogates replaced by U+FFFD, no space before a line end,
        and no two blank lines in a row.
    """
    if text.isascii() and text.replace("\n", "").isprintable() and " \n" not in text and "\n\n\n" not in text:
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = _SPACES.sub(" ", text)
    text = _BULLETS.sub("•", text)
    text = _SURROGATES.sub("\ufffd", text)
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = unicodedata.normalize("NFC", text)
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text))
