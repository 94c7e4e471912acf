"""The clauses of a sentence: what is said between conjunctions, and what they leave to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from konverze_indexes.terms import words
from konverze_rag.answering.quantities import NUMBER_WORDS
from konverze_rag.answering.wording import content_words

# Clauses may differ in polarity and in figures. No comma here: "If the seal is broken, …" is one statement.
_SOFT = "and|और|तथा|aur"
_HARD = (
    "but|however|while|whereas|although|though|so that|so|because(?! of)|since|after that|otherwise"
    "|लेकिन|मगर|परंतु|परन्तु|किंतु|जबकि|इसलिए|क्योंकि|उसके बाद|वरना|lekin|magar|jabki|isliye|kyunki|uske baad|warna"
)
_SENTENCE_END = r"(?<=[\p{L}\p{M})]{3})(?<!\b(?:mrs|smt|prof|capt))[.।] (?=\p{Lu}|\p{Lo})"
# What the last word before a comma ends in, where that is a verb of Hindi.
_VERB_ENDINGS = "है|हैं|गा|गी|गे|करें|दें|लें|जें|खें|लाएं|जाएं|आएं|राएं|hai|hain"
_DAYS_AND_PLACES = r"(?:in|on|at|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b"
_BORDER = regex.compile(
    rf";|,? (?=except {_DAYS_AND_PLACES})|{_SENTENCE_END}|, (?:पर|par) |, (?=not |नहीं |\S+(?: \S+)? नहीं\W*$)"
    rf"|(?<=(?:{_VERB_ENDINGS})), |,?(?<![\w\p{{M}}])(?:(?P<soft>{_SOFT})|{_HARD})(?![\w\p{{M}}])",
    regex.IGNORECASE,
)
_COMMA = regex.compile(r", (?!(?:19|20)\d\d\b)")
_NUMBERS = "|".join(word for word, value in NUMBER_WORDS.items() if value > 1 and word.isascii())
_FIGURE = regex.compile(rf"\d|\b(?:{_NUMBERS})\b", regex.IGNORECASE)
_MOST_WORDS_OF_A_REST = 2
_MOST_WORDS_OF_A_LIST = 4
_FINITE = """
is are was were be has have had may can must will shall should do does did cannot
costs cost takes take lasts last includes include applies apply
है हैं था थे थी रहेगा रहेगी रहेंगे रहता रहती रहते होगा होगी होंगे होता होती होते सकता सकती सकते करें जाता जाती जाते
जाएगा जाएगी चाहिए मिलता मिलती मिलते hai hain tha hoga hogi hota hoti hote sakta sakti sakte karein jata jati jate
chahiye milta milti milega
भेजें दें लें रखें लाएं जाएं आएं बताएं कराएं दिखाएं चलता चलती चलेगा चलेगी चलेंगे लगता लगती लगते लगेगा लगेगी लगेंगे पडता पडती
पडते पडेगा देता देती देते lagta lagti lagte lagega lagenge padta padega deta deti dete chalta chalti
"""
_VERBS = frozenset(_FINITE.split())
_FINITE_VERB = regex.compile(
    rf"\b(?:{'|'.join(word for word in _FINITE.split() if word.isascii())})\b", regex.IGNORECASE
)
_STARTS_WITH_VERB = regex.compile(
    r"\W*(?:except|is|are|was|were|has|have|may|can|must|will|do|does|did|cannot|never|not)\b", regex.IGNORECASE
)
# A condition belongs to what follows it, a relative clause to what it follows.
_LEADS = regex.compile(
    r"\W*(?:(?:if|when|once|unless|after|before|as|until|for|in|on|with)\b|(?:अगर|यदि|जब|जो)(?!\w|\p{M})|(?:agar|jab|jo)\b)",
    regex.IGNORECASE,
)
_FOLLOWS = regex.compile(
    r"\W*(?:(?:\w+ of )?(?:which|who|whose|where|that|if|unless|provided)\b"
    r"|(?:जो|जिस|जिसमें|तो)(?!\w|\p{M})|(?:jo|jis|to)\b)",
    regex.IGNORECASE,
)
_ELLIPTIC_DENIAL = regex.compile(r"\W*(?:\w[\w\p{M}-]* ){1,2}(?:नहीं|nahin?)\W*", regex.IGNORECASE)
_EXCEPTION = regex.compile(r"\W*except\b", regex.IGNORECASE)
_PLACE = regex.compile(r"\W*(?:in|on|at|for|from|by|to|with)\b", regex.IGNORECASE)
# In Hindi and Hinglish verbs stand last.
_VERB_FINAL = regex.compile(r"[\u0900-\u097f]|\b(?:hai|hain|nahi|ka|ki|ke|mein|se|aur)\b", regex.IGNORECASE)


def clauses_of(text: str) -> Sequence[str]:
    """The parts between conjunctions and between figures; a rest ("onion and garlic") belongs to the part before."""
    found: list[str] = []
    is_joined = is_open = False
    for clause, joins in _parts(text):
        count = len(content_words(clause))
        is_rest = (count == 1 and len(clause.split()) <= _MOST_WORDS_OF_A_REST) or _is_another_place(clause, count)
        if found and (is_open or (is_rest and is_joined)):
            found[-1] = f"{found[-1]} {clause}"
        elif count:
            found.append(clause)
        if count:
            is_open = joins and not (is_rest and is_joined) and (is_rest or _is_part_of_a_list(clause, count))
            is_joined = joins
    return found


def spelled_out(clauses: Sequence[str]) -> Sequence[str]:
    """The clauses, those without a verb behind the subject and verb of the one before.

    "The fee is 30 for adults" and "The fee is 20 for children" of "The fee is 30 for adults and 20 for children".
    """
    found: list[str] = []
    head = ""
    for clause in clauses:
        verb = _FINITE_VERB.search(clause)
        if verb:
            head = clause[: verb.end()]
        found.append(clause if verb or _VERB_FINAL.search(clause) else f"{head} {clause}")
    return found


def is_exception(clause: str) -> bool:
    """Whether it takes something out of what the clause before says: "except on Sundays"."""
    return _EXCEPTION.match(clause) is not None


def shares_subject(clause: str) -> bool:
    """Whether it says more of what the clause before speaks of: "and is not refunded", "नकद नहीं"."""
    return _STARTS_WITH_VERB.match(clause) is not None or _ELLIPTIC_DENIAL.fullmatch(clause) is not None


def shares_verb(clause: str) -> bool:
    """Whether its verb stands in a clause behind it, as in Hindi: "हॉल में 600 और लॉन में 900 लोग बैठ सकते हैं"."""
    return _VERB_FINAL.search(clause) is not None and not _has_verb(clause)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Cut at conjunctions, and at some commas; with whether "and" stands behind a part."""
    start = 0
    for border in _BORDER.finditer(text):
        yield from _clauses_apart(text[start : border.start()], joins=border["soft"] is not None)
        start = border.end()
    yield from _clauses_apart(text[start:], joins=False)


def _clauses_apart(part: str, *, joins: bool) -> Iterator[tuple[str, bool]]:
    cut = 0
    for comma in _COMMA.finditer(part):
        before, behind = part[cut : comma.start()], part[comma.end() :]
        if _are_apart(before, behind):
            yield before, False
            cut = comma.end()
    yield part[cut:], joins


def _are_apart(before: str, behind: str) -> bool:
    """Whether a comma stands between two figures, or two verbs: "oil is included, filters are not"."""
    if _FIGURE.search(before) and _FIGURE.search(behind):
        return True
    return not (_LEADS.match(before) or _FOLLOWS.match(behind)) and _has_verb(before) and _has_verb(behind)


def _is_part_of_a_list(clause: str, count: int) -> bool:
    """Whether it is a noun or two: "cut strips, insulin" of "cut strips, insulin and cold items are not returned"."""
    is_short = count <= _MOST_WORDS_OF_A_LIST and not _FIGURE.search(clause)
    return is_short and not _has_verb(clause) and not _VERB_FINAL.search(clause)


def _is_another_place(clause: str, count: int) -> bool:
    """Whether it is one more place or time: "on national holidays" of "on Mondays and on national holidays"."""
    return _PLACE.match(clause) is not None and _is_part_of_a_list(clause, count)


def _has_verb(clause: str) -> bool:
    return not _VERBS.isdisjoint(words(clause))
