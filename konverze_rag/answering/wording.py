"""Whether two texts speak of the same things: words compared with tolerance for inflection, English and Indic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import regex

from konverze_indexes.terms import index_terms
from konverze_rag.answering.quantities import NEGATIONS, QUANTITY_WORDS
from konverze_rag.answering.stopwords import STOP_WORDS

# Long words are rare words: without document frequencies, length in characters stands for weight.
_HEAVIEST_CHARS = 8
_SAME_STEM = 0.95
_SHORTEST_STEM_CHARS = 3
_SHORTEST_INDIC_STEM_CHARS = 2
# Below this likeness two words are taken as different.
_ALIKE = 0.6
_TRIGRAM = 3
EMPTY = STOP_WORDS | NEGATIONS

_ENGLISH = "ations ation ments ment ingly ings edly ing ied ies ed es ly s e y"
# After A. Ramanathan and D. Rao, "A Lightweight Stemmer for Hindi", EACL 2003.
_HINDI = """
ाएंगी ाएंगे ाऊंगी ाऊंगा ाइयां ाइयों ाएगी ाएगा ाओगी ाओगे एंगी ेंगी एंगे ेंगे ूंगी ूंगा ातीं नाओं नाएं ताओं ताएं ियां ियों
ाकर ाइए ाईं ाया ेगी ेगा ोगी ोगे ाने ाना ाते ाती ाता तीं ाओं ाएं ुओं ुएं ुआं
कर ाओ िए ाई ाए ने नी ना ते ीं ती ता ां ों ें ो े ू ु ी ि ा
"""


def _by_last_letter(suffixes: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for suffix in sorted(suffixes.split(), key=len, reverse=True):
        found.setdefault(suffix[-1], []).append(suffix)
    return found


_ENGLISH_SUFFIXES = _by_last_letter(_ENGLISH)
_HINDI_SUFFIXES = _by_last_letter(_HINDI)
_INDIC = regex.compile(r"[\u0900-\u0d7f]")
_FIGURE = regex.compile(r"(?:rs|inr)?\.?\d")
_CODE_PART = regex.compile(r"\d+|[^\W\d_]+")
_CODE_JOINT_CHARS = 2
_FIGURES = regex.compile(r"\d+")
_SPELLINGS = str.maketrans({"\u093c": "", "\u0901": "\u0902", "ʼ": "'", "’": "'"})


def folded(word: str) -> str:
    """The word without spelling variants of Hindi: no nukta, candrabindu as anusvara."""
    return word if word.isascii() else word.translate(_SPELLINGS)


def content_words(text: str) -> tuple[str, ...]:
    """Words in order that carry a topic: no stop words, negations or single Latin letters; numbers stay.

    Codes count as a whole too: `LK-204/B` yields `lk`, `204` and `lk-204/b`.
    """
    terms = index_terms(text)
    found = terms if text.isascii() else [folded(word) for word in terms]
    return tuple(
        [word for word in found if word not in EMPTY and (len(word) > 1 or not word.isascii() or word.isdigit())]
    )


def topic_words(text: str) -> tuple[str, ...]:
    """Content words without numbers and units, which `facts` compares, each once; all where nothing else is left.

    Codes (`lk-204/b`) are topics, prices (`rs.500`) are not.
    """
    return topics_among(content_words(text))


def topics_among(content: Iterable[str]) -> tuple[str, ...]:
    """The same of the content words of a text."""
    found = tuple(dict.fromkeys(content))
    return tuple(word for word in found if word not in QUANTITY_WORDS and not _FIGURE.match(word)) or found


def has_digit(word: str) -> bool:
    """Whether the word is a number, a price or a code."""
    return not word.isalpha() and any(map(str.isdigit, word))


def is_code(word: str) -> bool:
    """Whether the word names a thing by letters and figures (`nv-300`, `sku1`); prices and quantities do not."""
    return has_digit(word) and word[0].isalpha() and not _FIGURE.match(word)


def holds_code(text: str, code: str, *, is_family: bool = False) -> bool:
    """Whether a text holds a code, however its parts are joined: `nv-300`, `NV 300`, `NV300`.

    No pattern is made of the code: the module that compiles patterns would remember it, and it may be a visitor's.

    Args:
        text: Where to look.
        code: As `content_words` yields it.
        is_family: Whether its figures may be others.
    """
    text, parts = text.casefold(), _CODE_PART.findall(code.casefold())
    sought = ["" if is_family and part.isdigit() else part for part in parts]
    starts = (found.start() for found in _CODE_PART.finditer(text))
    return any(_stands_at(text, start, sought) for start in starts if not text[max(start - 1, 0) : start].isalnum())


def _stands_at(text: str, start: int, parts: Sequence[str]) -> bool:
    """Whether the parts stand here close together, with no letter or figure behind; an empty one is any figures.

    Figures that are written in one may stand for several parts.
    """
    place, was_figures = start, False
    for part in parts:
        behind = next((at for at in range(place, place + _CODE_JOINT_CHARS + 1) if text[at : at + 1].isalnum()), place)
        figures = None if part else _FIGURES.match(text, behind)
        if part and text.startswith(part, behind):
            place = behind + len(part)
        elif figures:
            place = figures.end()
        elif part or not was_figures:
            return False
        was_figures = not part
    return not text[place : place + 1].isalnum()


def weight(word: str) -> int:
    """How much a word says: its length in characters; a word with a digit (a code, a price) says most."""
    return _HEAVIEST_CHARS if has_digit(word) else min(len(word), _HEAVIEST_CHARS)


def stem(word: str) -> str:
    """The word without its inflection."""
    if not word.isascii() and _INDIC.search(word):
        return _without_suffix(word, _HINDI_SUFFIXES, _SHORTEST_INDIC_STEM_CHARS)
    bare = _without_suffix(word, _ENGLISH_SUFFIXES, _SHORTEST_STEM_CHARS)
    is_doubled = bare != word and len(bare) > _SHORTEST_STEM_CHARS and bare[-1] == bare[-2]
    return bare[:-1] if is_doubled else bare


def _without_suffix(word: str, suffixes: Mapping[str, Sequence[str]], shortest: int) -> str:
    """Without the longest suffix that leaves so many characters."""
    for suffix in suffixes.get(word[-1:], ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= shortest:
            return word[: -len(suffix)]
    return word


def likeness(one: str, other: str) -> float:
    """How alike two words are, 0 to 1: same, same stem, a long common beginning, or many common trigrams.

    Words that hold a digit are alike only when equal.
    """
    if one == other:
        return 1.0
    if one[:2] != other[:2] or has_digit(one + other):
        return 0.0
    if stem(one) == stem(other):
        return _SAME_STEM
    alike = max(_common_beginning(one, other), _dice(_trigrams(one), _trigrams(other)))
    return alike if alike >= _ALIKE else 0.0


def _common_beginning(one: str, other: str) -> float:
    """Its share of the longer word, where it is longer than a trigram."""
    if one[: _TRIGRAM + 1] != other[: _TRIGRAM + 1]:
        return 0.0
    common = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common / max(len(one), len(other)) if common > _TRIGRAM else 0.0


def _trigrams(word: str) -> frozenset[tuple[str, str, str]]:
    padded = f" {word} "
    return frozenset(zip(padded, padded[1:], padded[2:], strict=False))


def _dice(one: frozenset[tuple[str, str, str]], other: frozenset[tuple[str, str, str]]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a text, ready to be looked up with tolerance.

    Attributes:
        words: Content words.
    """

    words: frozenset[str]
    _by_start: dict[str, list[str]] = field(default_factory=dict[str, list[str]], repr=False, compare=False)

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """The vocabulary of a text."""
        return cls(frozenset(content_words(text)))

    def best(self, word: str) -> float:
        """Likeness of the word that comes closest, 0 to 1."""
        return 1.0 if word in self.words else max(self.near(word).values(), default=0.0)

    def near(self, word: str) -> dict[str, float]:
        """The words that are like this one, with their likeness, above 0 to 1."""
        if not self._by_start:
            for known in self.words:
                self._by_start.setdefault(known[:2], []).append(known)
        return {other: alike for other in self._by_start.get(word[:2], ()) if (alike := likeness(word, other))}


class Said(Protocol):
    """Words that can be looked up with tolerance."""

    def best(self, word: str) -> float:
        """Likeness of the word that comes closest, 0 to 1."""
        ...


def covered(matches: Iterable[tuple[str, float]]) -> float:
    """Weighted mean of likenesses, 0 to 1; 0 without words."""
    pairs = [(weight(word), alike) for word, alike in matches]
    total = sum(heavy for heavy, _ in pairs)
    return sum(heavy * alike for heavy, alike in pairs) / total if total else 0.0


def coverage(wanted: Sequence[str], text: Said) -> float:
    """Share of the wanted words, by weight, that the text holds in some inflection, 0 to 1."""
    return covered((word, text.best(word)) for word in dict.fromkeys(wanted))
