"""Guesses a language from the script that most letters of a text belong to."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

UNDETERMINED = "und"
MIN_KANA_SHARE = 0.1
MAX_LOOKED_AT = 32
"""So many characters, evenly spaced, stand for a longer text."""

# First and last code point of a script's main blocks, and the language that stands for it.
_SCRIPTS = (
    (0x0000, 0x024F, "en"),
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "ru"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x077F, "ar"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0F00, 0x0FFF, "bo"),
    (0x10A0, 0x10FF, "ka"),
    (0x1E00, 0x1EFF, "en"),
    (0x3040, 0x30FF, "ja"),
    (0x4E00, 0x9FFF, "zh"),
    (0xAC00, 0xD7A3, "ko"),
    (0xFB50, 0xFDFF, "ar"),
    (0xFE70, 0xFEFF, "ar"),
)
MAX_KNOWN_CHARACTERS = 4_096

_LETTER = re.compile("[A-Za-z]")
_STARTS = tuple(first for first, _, _ in _SCRIPTS)


def dominant_language(text: str) -> str:
    """ISO 639-1 code of the language that stands for the text's main script, "und" for a text without letters.

    Devanagari gives "hi", Latin "en": a filter by script, not a language detector.
    """
    if text.isascii():
        return "en" if _LETTER.search(text) else UNDETERMINED
    letters = [*filter(None, map(_language, text[:: 1 + len(text) // MAX_LOOKED_AT]))]
    counts = {language: letters.count(language) for language in set(letters)}
    if not counts:
        return UNDETERMINED
    japanese, chinese = counts.get("ja", 0), counts.get("zh", 0)
    if japanese >= MIN_KANA_SHARE * (japanese + chinese) > 0:
        counts["ja"] = japanese + counts.pop("zh", 0)
    return max(counts, key=lambda language: (counts[language], language))


@lru_cache(MAX_KNOWN_CHARACTERS)
def _language(character: str) -> str:
    """The language that a letter stands for; empty for what is no letter."""
    if not character.isalpha():
        return ""
    code_point = ord(character)
    index = bisect_right(_STARTS, code_point) - 1
    return _SCRIPTS[index][2] if code_point <= _SCRIPTS[index][1] else UNDETERMINED
