"""Words as lexical search sees them, in Latin and all Indic scripts."""

from __future__ import annotations

import re
import string
import unicodedata

import regex

# Combining marks are letters: vowel signs and viramas stand inside Indic words, as do the zero-width joiners.
# One inner punctuation mark keeps codes and numbers whole: SKU-123/A, 1,299.50, a.b@example.com.
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]+")
# It starts where a word starts and gives nothing back, so that a text without spaces costs no more than another.
_JOINED = regex.compile(r"(?<![\p{L}\p{M}\p{N}_])[\p{L}\p{M}\p{N}_]++(?:[-/.,:@+][\p{L}\p{M}\p{N}_]++)++")
_JOINT = re.compile(r"[-/.,:@+](?=\S)")
# The same for texts of ASCII alone, which take a tenth of the time.
_ASCII_WORD = string.ascii_lowercase + string.digits + "_"
_ASCII_SPACED = {code: chr(code) if chr(code) in _ASCII_WORD else " " for code in range(128)}
_ASCII_JOINED = re.compile(r"[a-z0-9_]++(?:[-/.,:@+][a-z0-9_]++)++")
# Digits of the scripts of South Asia: Arabic and Urdu, Devanagari to Malayalam, Sinhala, Ol Chiki, Meetei Mayek.
# People write १२३ in a document and type 123, or the other way round.
_ZEROS = (0x0660, 0x06F0, *range(0x0966, 0x0DE7, 0x80), 0x1C50, 0xABF0)
_FOLDED = {"\u200c": "", "\u200d": ""} | {chr(zero + value): str(value) for zero in _ZEROS for value in range(10)}
# Signs of Latin typography, which separate as a space does: without them most texts are of ASCII alone.
_SIGNS = "\xa1-\xa9\xab-\xb1\xb6-\xb8\xbb\xbf\xd7\xf7\u2010-\u2027\u2030-\u203e\u20a0-\u20c0\u2190-\u22ff"
_CHANGED = re.compile(f"[{''.join(_FOLDED)}{_SIGNS}]")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return _CHANGED.sub(lambda found: _FOLDED.get(found[0], " "), unicodedata.normalize("NFKC", text).casefold())


def _words(folded: str) -> list[str]:
    return folded.translate(_ASCII_SPACED).split() if folded.isascii() else _WORD.findall(folded)


def _joined(folded: str) -> list[str]:
    if not folded.isascii():
        return _JOINED.findall(folded) if _JOINT.search(folded) else []
    found: list[str] = []
    end = 0
    for joint in _JOINT.finditer(folded):
        place = joint.start()
        if place >= end:  # or else it is inside of what was found last
            match = _ASCII_JOINED.match(folded, end + len(folded[end:place].rstrip(_ASCII_WORD)))
            found += [match[0]] if match else []
            end = match.end() if match else place
    return found


def words(text: str) -> list[str]:
    """Words in order: NFKC, case folded, punctuation apart, Indic words whole, Indic digits as ASCII ones."""
    return _words(_folded(text))


def index_terms(text: str) -> list[str]:
    """Terms to index or to look up: the words, and codes that punctuation joins as one term more.

    `SKU-123/A` yields `sku`, `123`, `a` and `sku-123/a`: the parts are found alone, the whole ranks first.
    """
    folded = _folded(text)
    codes = [term for term in _joined(folded) if any(character.isdigit() or character == "@" for character in term)]
    return _words(folded) + codes
