"""Words as lexical search sees them, in Latin and all Indic scripts."""

from __future__ import annotations

import re
import unicodedata

import regex

# Combining marks are letters: vowel signs and viramas stand inside Indic words, as do the zero-width joiners.
# One inner punctuation mark keeps codes and numbers whole: SKU-123/A, 1,299.50, a.b@example.com.
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_\u200c\u200d]+")
# It starts where a word starts and gives nothing back, so that a text without spaces costs no more than another.
_JOINED = regex.compile(r"(?<![\p{L}\p{M}\p{N}_])[\p{L}\p{M}\p{N}_]++(?:[-/.,:@+][\p{L}\p{M}\p{N}_]++)++")
# The same for texts of ASCII alone, which the standard library's patterns go through three times as fast.
_ASCII_WORD = re.compile(r"[a-z0-9_]+")
_ASCII_JOINED = re.compile(r"(?<![a-z0-9_])[a-z0-9_]++(?:[-/.,:@+][a-z0-9_]++)++")
# Digits of the scripts of South Asia: Arabic and Urdu, Devanagari to Malayalam, Sinhala, Ol Chiki, Meetei Mayek.
# People write १२३ in a document and type 123, or the other way round.
_ZEROS = (0x0660, 0x06F0, *range(0x0966, 0x0DE7, 0x80), 0x1C50, 0xABF0)
_FOLDED = {0x200C: None, 0x200D: None} | {zero + value: str(value) for zero in _ZEROS for value in range(10)}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)


def words(text: str) -> list[str]:
    """Words in order: NFKC, case folded, punctuation apart, Indic words whole, Indic digits as ASCII ones."""
    return _WORD.findall(_folded(text))


def index_terms(text: str) -> list[str]:
    """Terms to index or to look up: the words, and codes that punctuation joins as one term more.

    `SKU-123/A` yields `sku`, `123`, `a` and `sku-123/a`: the parts are found alone, the whole ranks first.
    """
    if text.isascii():
        folded = text.lower()
        found, joined = _ASCII_WORD.findall(folded), _ASCII_JOINED.findall(folded)
    else:
        folded = _folded(text)
        found, joined = _WORD.findall(folded), _JOINED.findall(folded)
    return found + [term for term in joined if any(character.isdigit() or character == "@" for character in term)]
