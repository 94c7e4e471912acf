"""Which language a text is in, told from its script and a few words: enough to pick instructions and checks."""

from __future__ import annotations

from collections import Counter

import regex

from konverze_indexes.terms import words
from konverze_rag.answering.stopwords import HINGLISH_WORDS

# Unicode blocks of the scripts of India, in order, 128 code points each from U+0900.
_FIRST_INDIC = 0x0900
_BLOCK = 0x80
_INDIC = ("hindi", "bengali", "punjabi", "gujarati", "odia", "tamil", "telugu", "kannada", "malayalam")
_LETTER = regex.compile(r"\p{L}")

# A sixth of romanised Hindi function words is far above what English text holds by chance ("to", "is" are not counted).
_HINGLISH_SHARE = 1 / 6


def language_of(text: str) -> str:
    """Name of the language, by the script of most letters; `hinglish` for Hindi in Latin letters, else `english`.

    Devanagari counts as Hindi, and every script that is not Indic as English.
    """
    names = [] if text.isascii() else [_indic_name(letter) for letter in _LETTER.findall(text)]
    indic = Counter(filter(None, names))
    if indic and 2 * indic.total() >= len(names):
        return indic.most_common(1)[0][0]
    found = words(text)
    romanised = sum(word in HINGLISH_WORDS for word in found)
    return "hinglish" if romanised and romanised >= _HINGLISH_SHARE * len(found) else "english"


def _indic_name(letter: str) -> str:
    block = (ord(letter) - _FIRST_INDIC) // _BLOCK
    return _INDIC[block] if 0 <= block < len(_INDIC) else ""
