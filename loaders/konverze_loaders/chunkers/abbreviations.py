"""Full stops that end no sentence: of abbreviations, initials and list numbers, in English and Hindi."""

from __future__ import annotations

import re

_ALWAYS = """
Mr Mrs Ms Messrs Dr Prof Rev Hon Smt Shri Sri Kum Adv Er Capt Col Gen Lt Maj Sgt Gov Sen Rep St Ave Rd Mt Ft ft hr hrs
Ed Eds ed eds cf vs viz approx max min Dept Est Pvt
डॉ डा प्रो श्री सुश्री मि पं स्व कु चि सौ कं लि प्रा वि ई पू
"""
_BEFORE_NUMBERS = """
No Nos no nos Fig Figs fig figs Eq Eqs eq eqs Sec Secs sec secs Art Arts art arts Ch ch Vol Vols vol vols P Pp p pp Rs
Re Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
रु रू सं नं क्र पृ
"""
_OF_COMPANIES = "Inc Ltd Co Corp Jr Sr al"
_NAMES_OF_LETTERS = "ए बी सी डी एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई"
_FIRST_WORDS = """
A After All Also And As At Because But By Each For From He Her His How However I If In It Its Later Many Mr Mrs My No
Not On Once One Or Our She Since So Some That The Their Then There These They This Those Though To Today Under Until We
What When Where Which While Who Why With Yes You Your
"""

_ABBREVIATIONS = frozenset(_ALWAYS.split())
_NUMBERED = frozenset(_BEFORE_NUMBERS.split())
_MAY_END = frozenset(_OF_COMPANIES.split())
_LETTER_NAMES = frozenset(_NAMES_OF_LETTERS.split())
_STARTERS = frozenset(_FIRST_WORDS.split())

_OPENERS = "\"'“‘«([/–—-"
_STOPS = ".…"
_ITEM_BORDERS = ".!?:;।"
_LETTERED = re.compile(r"\d|[A-Z]\b|[IVX]+\b")
_INITIALS = re.compile(r"[A-Z]|(?:[A-Z]\.)+[A-Z]|[a-z](?:\.[a-z])+|Ph\.D|[ऀ-ॿ]{1,4}\.[ऀ-ॿ]{1,4}")
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-zक-ह]|[ivx]{1,5})")
_SHORT_NUMBER = re.compile(r"\(?\d{1,2}")


def is_abbreviated(before: str, following: str) -> bool:
    """Whether a full stop belongs to the word before it, or to none, and no sentence ends with it.

    Titles never end one. Words that a number follows (`No. 7`) do so before anything else; names of companies (`Ltd.`)
    before a capital; initials and acronyms (`U.S.`) only before a word that often starts a sentence.

    Args:
        before: Some characters before the stop.
        following: The word after it.
    """
    last = _last_word(before)
    word = last.lstrip(_OPENERS)
    if not word.strip(_STOPS) or word in _ABBREVIATIONS or _is_list_number(before[: len(before) - len(last)], last):
        return True
    if word in _NUMBERED:
        return _LETTERED.match(following) is not None
    if word in _MAY_END:
        return not following[:1].isupper()
    return following not in _STARTERS and (word in _LETTER_NAMES or _INITIALS.fullmatch(word) is not None)


def _is_list_number(before: str, word: str) -> bool:
    """Whether the word numbers an item: at the start of a line, or where the item before it has ended."""
    line = before.rstrip(" \t")
    if not line or line[-1] == "\n":
        return _LIST_NUMBER.fullmatch(word) is not None
    if line[-1] not in _ITEM_BORDERS or not _SHORT_NUMBER.fullmatch(word):
        return False
    return line[-1] != "." or _last_word(line[:-1]) not in _NUMBERED


def _last_word(text: str) -> str:
    return (text.rsplit(None, 1) or [""])[-1]
