"""Words that sound the same in two scripts: "canteen" and "कैंटीन", "wapas" and "वापस"."""

from __future__ import annotations

import re

from konverze_rag.answering.wording import has_digit

# Shorter words sound alike by chance.
_FEWEST_CONSONANTS = 3
_LETTERS = "k:कख g:गघ C:चछ j:जझ t:टठतथ d:डढदध n:ङञणनंँ p:प f:फ b:बभ m:म r:रऋृ l:लळ v:व s:शषस"
_DEVANAGARI = {letter: row[0] for row in _LETTERS.split() for letter in row[2:]}
_SPELLINGS = "ph:f tion:sn sh:s ch:C ck:k ce:s ci:s c:k q:k x:ks w:v z:j ge:j"
_LATIN = [row.split(":") for row in _SPELLINGS.split()]
_SILENT = frozenset("aeiouhy")
_INDIC = re.compile("[\u0900-\u097f]")
_REPEATED = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """The consonants of a word with the script it is in; empty for short words and figures."""
    if has_digit(word):
        return ""
    is_indic = _INDIC.search(word) is not None
    said = "".join(_DEVANAGARI.get(letter, "") for letter in word) if is_indic else _latin(word)
    bare = _REPEATED.sub(r"\1", said)
    return f"{'d' if is_indic else 'l'}:{bare}" if len(bare) >= _FEWEST_CONSONANTS else ""


def heard(word: str) -> str:
    """The sound of the same word in the other script."""
    script, _, said = sound(word).partition(":")
    return f"{'l' if script == 'd' else 'd'}:{said}" if said else ""


def _latin(word: str) -> str:
    for spelling, letter in _LATIN:
        word = word.replace(spelling, letter)
    return "".join(letter for letter in word if letter not in _SILENT)
