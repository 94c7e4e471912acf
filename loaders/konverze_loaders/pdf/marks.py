"""Order of characters as it is written and not as it is drawn: lines from right to left, vowel signs before letters.

A PDF shows glyphs. Engines read them from left to right, or in the order in which they were drawn.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
HAS_RIGHT_TO_LEFT = re.compile(f"[{_RIGHT_TO_LEFT}]")
_LETTER_TO_LEFT = re.compile(f"(?![\u0660-\u0669\u06f0-\u06f9])[{_RIGHT_TO_LEFT}]")
_LETTER_TO_RIGHT = re.compile(r"[A-Za-z\u00c0-\u058f]")
# What runs from left to right inside such a line: numbers with their signs, and words of other scripts.
_RUN_TO_RIGHT = re.compile(
    r"[A-Za-z\u00c0-\u058f](?:[^\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]*[A-Za-z\u00c0-\u058f0-9])?"
    r"|\d+(?:[.,:/\u066b\u066c]\d+)*"
)
# A line that was laid out for the other direction ends, in reading order, where it starts on paper.
_LEADING_STOP = re.compile(r"^([.,:;!?\u060c\u061b\u061f\u06d4]+)\s*(?=\S)(.*)$")
_CONCERNED = re.compile("[\u018f\u0259\u0900-\u0eff\u1780-\u17ff]")
_LETTERS = (
    "\u0915-\u0939\u0958-\u095f\u0995-\u09b9\u09dc-\u09df\u0a15-\u0a39\u0a59-\u0a5e\u0a95-\u0ab9\u0b15-\u0b39"
    "\u0b95-\u0bb9\u0d15-\u0d39\u0d9a-\u0dc6\u1780-\u17a2"
)
_BEFORE = "\u093f\u09bf\u09c7\u09c8\u0a3f\u0abf\u0b47\u0bc6-\u0bc8\u0d46-\u0d48\u0dd9-\u0ddb\u17c1-\u17c3"
_JOINER = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0d4d\u0dca"
# Khmer draws its subscript ro first, too.
_DRAWN_FIRST = re.compile(
    f"(?P<vowel>[{_BEFORE}]?)(?P<ro>(?:\u17d2\u179a)?)(?P<letter>[{_LETTERS}][\u093c\u09bc\u0a3c\u0abc]?)"
    f"(?P<below>(?:[{_JOINER}]\u200d?[{_LETTERS}]|\u17d2(?!\u179a)[\u1780-\u17a2])*)"
)
_AT_WORD_START = re.compile(f"(?<![\u0900-\u0dff\u1780-\u17ff\u200c\u200d])[{_BEFORE}]")
DRAWN_BEFORE = re.compile(f"[{_BEFORE}]")
_HALVES = {"\u17c1\u17b6": "\u17c4", "\u17c1\u17b8": "\u17be", "\u17c1\u17c4": "\u17c4", "\u17c1\u17be": "\u17be"}
_SARA_AM = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}
_LATIN_SCHWA = re.compile("(?<=[\u0400-\u052f])[\u0259\u018f]|[\u0259\u018f](?=[\u0400-\u052f])")
_SCHWAS = {"\u0259": "\u04d9", "\u018f": "\u04d8"}
_TONE_BEFORE_VOWEL = re.compile("([\u0e48-\u0e4c\u0ec8-\u0ecd])([\u0e31\u0e34-\u0e3a\u0eb1\u0eb4-\u0ebc])")
_BRACKETS = str.maketrans("()[]{}«»", ")(][}{»«")


MIN_MISPLACED = 3
MIN_MISPLACED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character and its box.

    Attributes:
        text: One code point.
        left: Left edge, in points.
        right: Right edge, in points.
    """

    text: str
    left: float
    right: float


def runs_from_right(text: str) -> bool:
    """Whether most letters of a line belong to scripts that run from right to left."""
    if text.isascii() or not HAS_RIGHT_TO_LEFT.search(text):
        return False
    return len(_LETTER_TO_LEFT.findall(text)) > len(_LETTER_TO_RIGHT.findall(text))


def from_right_to_left(glyphs: Iterable[Glyph], space_pt: float) -> str:
    """The text of a line that runs from right to left, in the order in which it is read.

    Args:
        glyphs: In any order; spaces among them are ignored, for engines do not know where they lie.
        space_pt: A gap so wide parts words.
    """
    bases: list[tuple[Glyph, list[str]]] = []
    marks: list[Glyph] = []
    for glyph in glyphs:
        if unicodedata.category(glyph.text) == "Mn":
            marks.append(glyph)
        elif not glyph.text.isspace():
            bases.append((glyph, []))
    bases.sort(key=lambda base: -(base[0].left + base[0].right))
    for mark in marks:
        nearest = _nearest(bases, mark)
        if nearest is not None:
            nearest.append(mark.text)
    text, left = "", bases[0][0].right if bases else 0.0
    for glyph, above in bases:
        text += (" " if left - glyph.right >= space_pt else "") + glyph.text + "".join(above)
        left = min(left, glyph.left)
    text = _RUN_TO_RIGHT.sub(lambda run: run[0][::-1], text)
    return _balanced(_LEADING_STOP.sub(r"\2\1", text.strip()))


def _nearest(bases: Sequence[tuple[Glyph, list[str]]], mark: Glyph) -> list[str] | None:
    middle = mark.left + mark.right
    best = min(bases, key=lambda base: abs(base[0].left + base[0].right - middle), default=None)
    return best[1] if best else None


def _balanced(text: str) -> str:
    """Brackets turned where they close before they open: drawn mirrored, and named after what was drawn."""
    depth, wrong, right = 0, 0, 0
    for character in text:
        if character in "([{«":
            depth += 1
        elif character in ")]}»":
            wrong, right = (wrong + 1, right) if depth == 0 else (wrong, right + 1)
            depth = max(depth - 1, 0)
    return text.translate(_BRACKETS) if wrong > right else text


def written(text: str) -> str:
    """Text of a page with each mark where its script writes it, and not where a font draws it.

    Vowel signs that stand before their letters move behind them, if the page has them at the starts of words; tone
    marks of Thai and Lao move behind the vowels that they stand above. A Latin schwa in a Cyrillic word, which fonts
    confuse, becomes the Cyrillic one.
    """
    if text.isascii() or not _CONCERNED.search(text):
        return text
    text = _LATIN_SCHWA.sub(lambda schwa: _SCHWAS[schwa[0]], text)
    text = _replaced(_TONE_BEFORE_VOWEL.sub(r"\2\1", text), _SARA_AM)
    misplaced = len(_AT_WORD_START.findall(text))
    if misplaced < MIN_MISPLACED or misplaced <= MIN_MISPLACED_SHARE * len(DRAWN_BEFORE.findall(text)):
        return text
    return _replaced(_DRAWN_FIRST.sub(r"\g<letter>\g<below>\g<ro>\g<vowel>", text), _HALVES)


def _replaced(text: str, pairs: dict[str, str]) -> str:
    for drawn, meant in pairs.items():
        text = text.replace(drawn, meant)
    return text
