"""How texts become the terms of a tenant's lexical index: words, and by choice their stems."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import Stemmer

from konverze_indexes.terms import index_terms

_DEVANAGARI = ("\u0900", "\u097f")


class _Stemmers(threading.local):
    """Snowball's stemmers, a pair for each thread: they must not be shared."""

    def __init__(self) -> None:
        made = cast("Callable[[str], Any]", Stemmer.Stemmer)  # pyright: ignore[reportUnknownMemberType]
        self.english: Callable[[str], str] = made("english").stemWord
        self.hindi: Callable[[str], str] = made("hindi").stemWord


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
        return [self.root(term) for term in index_terms(text)]

    def root(self, term: str) -> str:
        """The term of the index that stands for a term of the text."""
        if not self.stemming:
            return term
        if term.isascii():
            return _STEMMERS.english(term) if term.isalpha() else term
        first, last = _DEVANAGARI
        return _STEMMERS.hindi(term) if first <= min(term) and max(term) <= last else term
