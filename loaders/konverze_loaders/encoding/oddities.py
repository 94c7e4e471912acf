"""How odd a decoded text looks: what no language writes inside its words is the mark of a wrong code page."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SAMPLE_CHARS = 10_000
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_BLANKS = re.compile("[ \t\r\n]+")
# Kana, Han and Hangul stand beside letters of any alphabet, and beside digits.
_ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "THAI", "ARMENIAN", "GEORGIAN"}
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
_NO_CHARACTERS = {"Cc", "Cn", "Co", "Cs"}
_SYMBOLS = {"Sc", "Sk", "Sm", "So"}
_SPACING_ACCENTS = "ˆˇ"
_AT_LETTERS = "©®™°"
_BETWEEN_NO_LETTERS = "‘“”‹›«»†‡‰§¶"
_BEHIND_NO_LETTER = "„‚¡¿"
_NO_BREAK_SPACE = "\xa0"


def oddity(text: str) -> float:
    """Share of the words beyond ASCII with a character that no language has at that place, from 0 to 1."""
    found = _BEYOND_ASCII.search(text)
    if found is None:
        return 0.0
    start = max(0, found.start() - 1)
    words = [word for word in _BLANKS.split(text[start : start + SAMPLE_CHARS]) if not word.isascii()]
    return sum(map(_is_odd, words)) / len(words)


def _is_odd(word: str) -> bool:
    return any(map(_is_out_of_place, f" {word}", word, f"{word[1:]} "))


@lru_cache(maxsize=16_384)
def _is_out_of_place(before: str, character: str, after: str) -> bool:
    if character.isascii():
        return False
    category = unicodedata.category(character)
    if character == _NO_BREAK_SPACE:
        return " " in {before, after}
    if category[0] == "L" and character not in _SPACING_ACCENTS:
        return _is_letter_out_of_place(before, character, after)
    if category[0] == "M":
        return unicodedata.category(before)[0] not in "LM"
    if (category in _SYMBOLS or character in _SPACING_ACCENTS) and character not in _AT_LETTERS:
        return before.isalpha() or after.isalpha()
    is_between = before.isalpha() and after.isalpha() and not {_script(before), _script(after)} & _EAST_ASIAN
    is_wrong_mark = character in _BETWEEN_NO_LETTERS and is_between
    return category in _NO_CHARACTERS or is_wrong_mark or (character in _BEHIND_NO_LETTER and before.isalpha())


def _is_letter_out_of_place(before: str, letter: str, after: str) -> bool:
    script = _script(letter)
    if script in _EAST_ASIAN:
        return before.isascii() and before.islower() and after.isascii() and after.islower()
    if script not in _ALPHABETS:
        return False
    is_mixed = len({script, _script(before), _script(after)} & _ALPHABETS) > 1
    is_at_digit = "0" <= before <= "9" or "0" <= after <= "9"
    is_capital_inside = letter.isupper() and before.isalpha() and (before.islower() or after.islower())
    return is_mixed or is_at_digit or is_capital_inside or (letter.islower() and after.isupper())


def _script(character: str) -> str:
    """The first word of a letter's name; nothing where it is none."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
