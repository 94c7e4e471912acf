"""How texts become the terms of a tenant's lexical index: words, and by choice their stems."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import Stemmer

from konverze_indexes.terms import index_terms

_DEVANAGARI = ("\u0900", "\u097f")


class _Stemmers(threading.local):
    """Snowball's stemmers, a pair for each thread: they must not be shared.

    They remember no words: these would outlive the keys of the texts that they are from.
    """

    def __init__(self) -> None:
        made = cast("Callable[[str, int], Any]", Stemmer.Stemmer)  # pyright: ignore[reportUnknownMemberType]
        self.english: Callable[[str], str] = made("english", 0).stemWord
        self.hindi: Callable[[str], str] = made("hindi", 0).stemWord


_STEMMERS = _Stemmers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Decides the terms of an index; a question must be analysed as the texts were.

    Attributes:
        stemming: Words of ASCII letters become English stems, words in Devanagari Hindi ones. Codes, numbers and words
            of other scripts stay whole.
    """

    stemming: bool = True

    def terms(self, text: str) -> list[str]:
        """Terms of a text, in the order of `index_terms`."""
        return self.roots(index_terms(text))

    def roots(self, terms: Iterable[str]) -> list[str]:
        """The terms of the index that stand for terms of a text, one for each."""
        if not self.stemming:
            return list(terms)
        english, hindi = _STEMMERS.english, _STEMMERS.hindi
        return [
            (english(term) if term.isalpha() else term) if term.isascii() else hindi(term) if _is_hindi(term) else term
            for term in terms
        ]


def _is_hindi(term: str) -> bool:
    first, last = _DEVANAGARI
    return first <= min(term) and max(term) <= last
