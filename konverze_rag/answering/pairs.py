"""Whether a sentence exchanges neighbours of a list: "white in winter" over "blue in winter and white in summer".

A list often leaves its verb out ("dogs on a leash and cats in a carrier"), so that its members are no clauses. Each
member, of the source and of the sentence, is a few words and figures, and each of these is at home in the members of
the source that hold it.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import regex

from konverze_indexes.terms import words
from konverze_rag.answering.facts import Date, Number, facts
from konverze_rag.answering.meanings import meanings
from konverze_rag.answering.opposites import are_contrary
from konverze_rag.answering.quantities import MONTHS
from konverze_rag.answering.roles import Mark, marks_of
from konverze_rag.answering.rows import cells_of
from konverze_rag.answering.statements import Statement
from konverze_rag.answering.strangers import holds
from konverze_rag.answering.terms import Term, terms_of
from konverze_rag.answering.wording import folded

# A member has at least a thing and what is said of it.
_FEWEST_ITEMS = 2
_JOINT = regex.compile(
    r"(?P<hard>[;।]|(?<=[\p{L}\p{M})]{3})\. (?=\p{Lu}|\p{Lo}))|,(?!\d)"
    r"|(?<![\w\p{M}-])(?:and|or|और|तथा|एवं|aur|(?P<hard>but|while|whereas|जबकि|लेकिन|मगर|jabki|lekin))(?![\w\p{M}-])",
    regex.IGNORECASE,
)
_PLACES = "in on at for from by to with until till after before near under over above below during via"
_PREPOSITIONS = frozenset(_PLACES.split())
# The marker of what stands before them; genitives join two words into one phrase.
_MARKERS = "में पर को से तक mein me par ko se tak"
_POSTPOSITIONS = frozenset(_MARKERS.split())
_RESETS = "is are was were be you we they it can must may will should do does has have holds"
_VERBS = frozenset(_RESETS.split())
_MOST_WORDS_OF_A_PHRASE = 2
# Months without a day are no dates; "may" is a verb more often.
_MONTHS = MONTHS.keys() - {"may", "mar", "dec"}


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a member.

    Attributes:
        term: The word.
        marker: The preposition or postposition of its phrase; empty where it has none.
        following: The word behind it.
        is_first: Whether it is the first of its member.
    """

    term: Term
    marker: str
    following: str
    is_first: bool


_Item: TypeAlias = _Word | Mark


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of a list: its words and figures."""

    terms: tuple[Term, ...]
    items: tuple[_Item, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, text: str) -> _Member:
        """The member that a text is."""
        found = tuple(_words(text))
        marks = tuple(marks_of(facts(text)))
        return cls(tuple(word.term for word in found), (*found, *marks), marks)

    def has(self, item: _Item) -> bool:
        """Whether it holds a word, in some inflection or under another name, or a figure."""
        if isinstance(item, _Word):
            return holds(self.terms, item.term)
        return any(_agree(item, mark) for mark in self.marks)


def is_exchanged(claim: Statement, window: Sequence[Statement], header: Statement | None = None) -> bool:
    """Whether a member of the claim joins what stands in two members of the source, against the pairs of these.

    Args:
        claim: The sentence.
        window: The sentences of the source that should support it.
        header: Of the table, where the window is a row; each of its columns is a member then.
    """
    if not header and not any(_JOINT.search(statement.text) for statement in window):
        return False
    lists = [_columns(header, statement) if header else _members(statement.text) for statement in window]
    said = [member for members in lists for member in members]
    claimed = _members(claim.text)
    if len(said) < _FEWEST_ITEMS:
        return False
    if any(_cross(one, other, said) for one, other in combinations(claimed, 2)):
        return True
    return not header and any(_is_mixed(member, claimed, members) for members in lists for member in claimed)


def _columns(header: Statement, row: Statement) -> list[_Member]:
    """The cells of a row, each under its name."""
    return [_Member.of(" ".join(pair)) for pair in zip(cells_of(header.text), cells_of(row.text), strict=False)]


def _members(text: str) -> list[_Member]:
    """The members of a text; what is too short for one goes with the one before, a beginning with the one behind."""
    found: list[_Member] = []
    pending = ""
    texts: list[str] = []
    for part, is_apart in _parts(text):
        member = _Member.of(f"{pending} {part}" if pending else part)
        if len(member.items) >= _FEWEST_ITEMS:
            texts.append(f"{pending} {part}")
            found.append(member)
            pending = ""
        elif found and not (pending or is_apart):
            texts[-1] = f"{texts[-1]} {part}"
            found[-1] = _Member.of(texts[-1])
        else:
            pending = f"{pending} {part}"
    return found


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """What stands between joints, and whether the one before it parts more than members."""
    start, is_apart = 0, True
    for joint in _JOINT.finditer(text):
        yield text[start : joint.start()], is_apart
        start, is_apart = joint.end(), joint["hard"] is not None
    yield text[start:], is_apart


def _cross(one: _Member, other: _Member, said: Sequence[_Member]) -> bool:
    """Whether each of two members of the claim has a part of each of two members of the source, and none the same."""
    mine = [(item, [member.has(item) for member in said]) for item in one.items if not other.has(item)]
    theirs = [(item, [member.has(item) for member in said]) for item in other.items if not one.has(item)]
    for p, q in combinations(range(len(said)), 2):
        sides = [
            any(homes[here] and not homes[there] for _, homes in items)
            for items in (mine, theirs)
            for here, there in ((p, q), (q, p))
        ]
        if all(sides):
            return True
    return False


def _is_mixed(member: _Member, claimed: Sequence[_Member], said: Sequence[_Member]) -> bool:
    """Whether the claim joins parts of two members, each in the place of one that it does not say at all."""
    homes = {place: [item for item in member.items if here.has(item)] for place, here in enumerate(said)}
    for p, q in combinations(homes, 2):
        mine = [item for item in homes[p] if not said[q].has(item)]
        theirs = [item for item in homes[q] if not said[p].has(item)]
        sides = _replaced(mine, claimed, said[p], said[q]), _replaced(theirs, claimed, said[q], said[p])
        if all(sides) and any(map(any, sides)):
            return True
    return False


def _replaced(items: Iterable[_Item], claimed: Sequence[_Member], home: _Member, rival: _Member) -> list[bool]:
    """Of each item that has counterparts in another member, some of which the claim leaves out, whether it does all."""
    found: list[bool] = []
    for item in items:
        rivals = [other for other in rival.items if _stand_alike(_own(item, home), other) and not home.has(other)]
        left_out = [not any(member.has(other) for member in claimed) for other in rivals]
        if any(left_out):
            found.append(all(left_out))
    return found


def _own(item: _Item, home: _Member) -> _Item:
    """The item as its member says it."""
    if not isinstance(item, _Word):
        return item
    return next(word for word in home.items if isinstance(word, _Word) and holds([word.term], item.term))


def _stand_alike(one: _Item, other: _Item) -> bool:
    """Whether two items stand in the same place of their members."""
    if isinstance(one, _Word) and isinstance(other, _Word):
        return (
            are_contrary(one.term.word, other.term.word)
            or (bool(one.marker) and one.marker == other.marker)
            or (bool(one.following) and one.following == other.following)
            or (one.is_first and other.is_first and not one.marker and not other.marker)
        )
    if isinstance(one, Number) and isinstance(other, Number):
        return one.competes(other) or (not one.unit and not other.unit and one.value != other.value)
    return isinstance(one, Date) and isinstance(other, Date)


def _agree(one: Mark, other: Mark) -> bool:
    if isinstance(one, Number):
        return isinstance(other, Number) and one.agrees(other)
    if isinstance(one, Date):
        return isinstance(other, Date) and one.agrees(other)
    return one == other


def _words(text: str) -> Iterator[_Word]:
    said = [folded(word) for word in words(text)]
    terms, places = list(terms_of(text)), list[int]()
    for term in terms:
        places.append(said.index(term.word, places[-1] + 1 if places else 0))
    for place, word in enumerate(said):
        if word in _MONTHS:
            at = bisect(places, place)
            places.insert(at, place)
            terms.insert(at, Term(word, names=True, meanings=meanings(word)))
    for n, (place, term) in enumerate(zip(places, terms, strict=True)):
        start = places[n - _MOST_WORDS_OF_A_PHRASE] + 1 if n >= _MOST_WORDS_OF_A_PHRASE else 0
        before = next((w for w in reversed(said[start:place]) if w in _PREPOSITIONS or w in _VERBS), "")
        behind = next((w for w in said[place + 1 : place + 4] if w in _POSTPOSITIONS), "")
        marker = behind or ("" if before in _VERBS else before)
        following = said[place + 1] if place + 1 < len(said) else ""
        yield _Word(term, marker, following, not n)
