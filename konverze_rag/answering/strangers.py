"""Words of a sentence that its place in the source lacks, where they make it another statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from konverze_rag.answering.meanings import is_decisive, is_exclusive, is_optional, is_ordinal
from konverze_rag.answering.statements import Clause, alike
from konverze_rag.answering.terms import Term

_HELD = 0.7
# On labelled sentences, what is true seldom has more.
_MOST_UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Setting:
    """A clause of a source and what stands around it.

    Attributes:
        said: Words of the clause.
        known: Words of its sentence, of those before it, and of titles.
        later: Words of the sentences behind it, which may speak of something else.
        header: Words of the header of a row.
        titles: Words of titles and headings.
        is_row: Whether it is a row, which holds for what it names and nothing else.
    """

    said: Sequence[Term]
    known: Sequence[Term]
    later: Sequence[Term] = ()
    header: Sequence[Term] = ()
    titles: Sequence[Term] = ()
    is_row: bool = False


def has_stranger(clause: Clause, setting: Setting) -> bool:
    """Whether a word that the source lacks decides on the truth, or stands where the source has another."""
    is_closed = _is_closed(setting.said) and not _is_closed(clause.terms)
    return changes(clause, setting.said, header=(*setting.header, *setting.titles)) or any(
        _is_added(term, setting, is_closed=is_closed)
        for term in clause.terms
        if not is_optional(term.word) and not holds(setting.known, term)
    )


def is_foreign(claim: Sequence[Term], known: Sequence[Term]) -> bool:
    """Whether a claim brings more words of its own than another way to say the same needs."""
    unknown = [term for term in claim if not is_optional(term.word) and not holds(known, term)]
    return len(unknown) > _MOST_UNKNOWN


def changes(clause: Clause, said: Sequence[Term], *, header: Sequence[Term] = ()) -> bool:
    """Whether the source has another word beside one that it shares with the claim.

    "by post" over "sent by SMS", "the Basic plan" over "the Gold plan".

    Args:
        clause: Of the claim.
        said: Words of a clause of the source.
        header: Of the header of its table; a claim may name columns.
    """
    held = [holds(said, term) for term in clause.terms]
    return _is_widened(clause, said) or any(
        _is_replaced(place, clause, held, said)
        for place, term in enumerate(clause.terms)
        if term.names and not held[place] and not is_optional(term.word) and not holds(header, term)
    )


def holds(terms: Iterable[Term], wanted: Term) -> bool:
    """Whether one of the words is this one, in some inflection or under another name."""
    return any(alike(term, wanted) >= _HELD for term in terms)


def _is_closed(terms: Iterable[Term]) -> bool:
    return any(is_exclusive(term.word) for term in terms)


def _is_added(term: Term, setting: Setting, *, is_closed: bool) -> bool:
    """Whether a word that is not known decides, widens what the source says of one thing only, or comes from later."""
    if is_decisive(term.word):
        return not (setting.is_row and is_exclusive(term.word))
    return term.names and not holds(setting.header, term) and (is_closed or holds(setting.later, term))


def _is_widened(clause: Clause, said: Sequence[Term]) -> bool:
    """Whether the claim leaves out which of several the source speaks of: "Sundays" over "the last Sunday"."""
    return any(
        is_ordinal(term.word) and holds(clause.terms, following) and not holds(clause.around, term)
        for term, following in pairwise(said)
    )


def _is_replaced(place: int, clause: Clause, held: Sequence[bool], said: Sequence[Term]) -> bool:
    for side in (-1, 1):
        beside = place + side
        if not 0 <= beside < len(clause.terms) or not held[beside]:
            continue
        shared = clause.terms[beside]
        instead = [
            said[n - side] for n in range(len(said)) if 0 <= n - side < len(said) and alike(said[n], shared) >= _HELD
        ]
        if any(not is_optional(other.word) and not holds(clause.around, other) for other in instead):
            return True
    return False
