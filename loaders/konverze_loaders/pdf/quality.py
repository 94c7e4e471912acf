"""Tells text from garbage: what PDFs give whose fonts do not say which characters their glyphs are.

Each measure asks one question of a page's text; its limit stands where the honest pages of four hundred languages end
and broken ones begin. None knows the words of a language, so that rare ones pass. The one list is of what Hindi's
commonest words become in the typewriter fonts of old, which draw Devanagari for Latin letters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_LETTERS = 20
MAX_LETTERLESS_CHARS = 20
SAMPLE_CHARS = 200
MIN_ALPHANUMERIC_SHARE = 0.2
MAX_TORN_GLYPHS = 2
MIN_LATIN_LETTERS = 150
MIN_SIGNED_LETTERS = 150
MAX_UNREADABLE_SHARE = 0.1
MAX_TORN_SHARE = 0.002
MAX_ORPHAN_SHARE = 0.008
MAX_STRANGER_SHARE = 0.03
MAX_MOJIBAKE_SHARE = 0.02
MIN_VOWEL_SHARE = 0.22
MAX_LEGACY_SHARE = 0.08

UNEXPLAINED = "its fonts do not say what all their glyphs mean"
MISPLACED = "its letters and vowel signs do not go together"
GIBBERISH = "its letters make no words: a font draws others for them"

# Control, private and replacement characters; not the symbols of bullet fonts.
_LOST = "\\x01-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ufffd-\\uffff\\ue000-\\uf8ff"
_UNREADABLE = re.compile(f"[{_LOST}]")
_SUSPECT = re.compile(f"[{_LOST}\uf020-\uf0ff]")
_TORN = regex.compile(
    rf"(?<=[\p{{L}}\p{{M}}])[{_LOST}]|[{_LOST}](?=[\p{{L}}\p{{M}}])|(?<=[\p{{L}}\p{{M}}])[\uf020-\uf0ff](?=[\p{{L}}\p{{M}}])"
)
# From Arabic to Khmer: scripts whose signs join letters.
_COMPLEX = re.compile("[\u0600-\u06ff\u0900-\u109f\u1780-\u17ff]")
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_ALPHANUMERIC = re.compile(r"\w")
_SHOWN = re.compile(r"\S")
_SCRIPT_OF_SIGNS = (
    r"\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}"
    r"\p{Sinhala}\p{Myanmar}\p{Khmer}"
)
_SIGNED = regex.compile(rf"[{_SCRIPT_OF_SIGNS}]")
_ORPHAN = regex.compile(rf"(?<![\p{{L}}\p{{M}}\u200c\u200d\u25cc{_LOST}])[\p{{M}}&&[{_SCRIPT_OF_SIGNS}]]", regex.V1)
_STRANGER = regex.compile(
    rf"(?<=[{_SCRIPT_OF_SIGNS}\p{{Arabic}}])[!#-&*+<-@\[-`{{-~0-9A-Za-z](?=[{_SCRIPT_OF_SIGNS}\p{{Arabic}}])"
)
_TONE_ASTRAY = re.compile("[\u0e30\u0e32\u0e33\u0e40-\u0e46][\u0e48-\u0e4c]")
_MOJIBAKE = re.compile("[\u00c2\u00c3\u00e0\u00e2][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]")
_LONG_LATIN = re.compile("[A-Za-z\u00aa-\u02af\u1e00-\u1eff\u2c60-\u2c7f]{4,}")
_VOWEL = re.compile(
    "[AEIOUYaeiouy\u00c0-\u00c6\u00c8-\u00cf\u00d2-\u00d6\u00d8-\u00dd\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f8-\u00fd"
    "\u00ff-\u0105\u0112-\u011b\u0128-\u0131\u014c-\u0153\u0168-\u0173\u0186\u018e-\u0190\u0196-\u0197\u01cd-\u01dc"
    "\u0200-\u0217\u0244\u0254\u0258\u0259\u025b\u0268\u0269\u0289\u1ea0-\u1ef9]"
)
_WORD = re.compile(r"[^\s.,|()]+")
_LEGACY_HINDI = frozenset(
    [
        "esa",
        "gS",
        "gSa",
        "ds",
        "dh",
        "dk",
        "dks",
        "ls",
        "vkSj",
        "ij",
        "fd",
        "us",
        ";g",
        "Hkh",
        "ugha",
        "fy,",
        "rFkk",
        "x;k",
    ]
)
_LEGACY_SIGNS = ("gS", "esa ", " ds ")
# A sign that no page of its script goes without, and the least share of the letters that it has.
_SIGN_SHARES = (
    ("\u0900", "\u097f", "\u094d", 0.015),
    ("\u0980", "\u09ff", "\u09cd", 0.012),
    ("\u0a80", "\u0aff", "\u0acd", 0.015),
    ("\u0b80", "\u0bff", "\u0bcd", 0.05),
    ("\u0c00", "\u0c7f", "\u0c4d", 0.02),
    ("\u0c80", "\u0cff", "\u0ccd", 0.02),
    ("\u0d00", "\u0d7f", "\u0d4d", 0.04),
    ("\u1000", "\u109f", "\u103a", 0.03),
    ("\u1780", "\u17ff", "\u17d2", 0.02),
)


def fault(text: str) -> str | None:
    """Why a page's text is not to be indexed; None for text that looks like some language's.

    Args:
        text: Of one page, with U+FFFD for glyphs that no font explains.
    """
    if _is_letterless(text) or (_SUSPECT.search(text) and _is_unexplained(text)):
        return UNEXPLAINED
    return (None if text.isascii() or not _COMPLEX.search(text) else _signs_fault(text)) or _latin_fault(text)


def _is_unexplained(text: str) -> bool:
    if len(_UNREADABLE.findall(text)) > MAX_UNREADABLE_SHARE * len(_SHOWN.findall(text)):
        return True
    torn = len(_TORN.findall(text))
    return torn > MAX_TORN_SHARE * len(_LETTER.findall(text)) and (torn > MAX_TORN_GLYPHS or bool(_SIGNED.search(text)))


def reads_as_words(text: str) -> bool:
    """Whether a text is Latin words beyond doubt; what is short or of another script may be, but does not show it."""
    letters, vowels = _long_words(text)
    return letters >= MIN_LATIN_LETTERS and vowels >= MIN_VOWEL_SHARE * letters and fault(text) is None


def has_unreadable(text: str) -> bool:
    """Whether a text holds control, private or replacement characters."""
    return _UNREADABLE.search(text) is not None


def is_garbage(line: str) -> bool:
    """Whether a line consists of unexplained glyphs for the most part."""
    return len(_UNREADABLE.findall(line)) * 2 > len(line.replace(" ", ""))


def _is_letterless(text: str) -> bool:
    """Marks for the most part: the glyphs of letters left no trace."""
    for part in (text[:SAMPLE_CHARS], text):
        shown = len(_SHOWN.findall(part))
        if shown <= MAX_LETTERLESS_CHARS or len(_ALPHANUMERIC.findall(part)) >= MIN_ALPHANUMERIC_SHARE * shown:
            return False
    return True


def _signs_fault(text: str) -> str | None:
    if 2 * len(_TONE_ASTRAY.findall(text)) > MAX_ORPHAN_SHARE * len(_LETTER.findall(text)):
        return MISPLACED
    signed = len(_SIGNED.findall(text))
    if signed < MIN_LETTERS:
        return None
    if len(_STRANGER.findall(text)) > max(MAX_STRANGER_SHARE * signed, 1):
        return UNEXPLAINED
    if len(_ORPHAN.findall(text)) > max(MAX_ORPHAN_SHARE * signed, 1):
        return MISPLACED
    return MISPLACED if any(_lacks_sign(text, rule) for rule in _SIGN_SHARES) else None


def _lacks_sign(text: str, rule: tuple[str, str, str, float]) -> bool:
    first, last, sign, share = rule
    letters = sum(first <= character <= last for character in text)
    return letters >= MIN_SIGNED_LETTERS and text.count(sign) < share * letters


def _latin_fault(text: str) -> str | None:
    if not text.isascii() and len(_MOJIBAKE.findall(text)) > MAX_MOJIBAKE_SHARE * len(text):
        return GIBBERISH
    if any(word in text for word in _LEGACY_SIGNS):
        words: Sequence[str] = _WORD.findall(text)
        if sum([word in _LEGACY_HINDI for word in words]) > MAX_LEGACY_SHARE * len(words):
            return GIBBERISH
    if sum(map(text.count, "aeiou")) > MIN_VOWEL_SHARE * len(text):
        return None  # no need to look closer
    letters, vowels = _long_words(text)
    return GIBBERISH if letters >= MIN_LATIN_LETTERS and vowels < MIN_VOWEL_SHARE * letters else None


def _long_words(text: str) -> tuple[int, int]:
    """Letters of the words that are long enough to need a vowel, and how many are vowels."""
    letters = "".join(_LONG_LATIN.findall(text))
    return len(letters), len(_VOWEL.findall(letters))
