"""Which words of a source a number, date or code belongs to, and whether a sentence puts it beside others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from konverze_rag.answering.facts import Date, Facts, Number
from konverze_rag.answering.meanings import is_optional
from konverze_rag.answering.sources import Source, Window
from konverze_rag.answering.statements import Clause, Statement
from konverze_rag.answering.strangers import changes
from konverze_rag.answering.wording import coverage, covered, has_digit

Mark: TypeAlias = Number | Date | str
"""A number, a date or a code."""

# Sentences before a mark belong to it only loosely ("Refunds. They take 7 days."), clauses of its own more closely,
# and those behind it least.
_SENTENCE_LEAD = 0.5
_CLAUSE_LEAD = 0.75
_BACKWARD_LEAD = 0.3
# Another mark wins only when its words fit the sentence better by more than rounding.
_ROUNDING = 1e-6
_HELD = 0.7
# A clause that covers this share of the words is theirs: all of them, in other inflections.
_AS_CLOSE = 0.949
# A shorter clause ("and 14 days for silver") is told apart by the words of the whole sentence.
_FEWEST_WORDS_OF_A_CLAUSE = 2


def marks_of(said: Facts) -> list[Mark]:
    """Numbers that a source must confirm, codes and dates."""
    return [*said.needed(), *said.codes, *said.dates]


def is_borrowed(clause: Clause, claim: Statement, source: Source, window: Window) -> bool:
    """Whether a mark of the clause stands in the source beside other words than the clause's.

    "Refunds take 90 days" over "Refunds take 7 days. The warranty lasts 90 days.": the words of the 7 fit better.
    """
    own = [word for word in clause.topics if not has_digit(word) and not is_optional(word)]
    marks = [
        mark for mark in marks_of(clause.facts) if not (isinstance(mark, Number) and mark.spelled and mark.value == 1)
    ]
    marks = _not_said_with(own, marks, source.within(window))
    marks = marks and _not_said_with(own, marks, source.statements())
    if not marks:
        return False
    words = own
    if len(own) < _FEWEST_WORDS_OF_A_CLAUSE:
        words = [word for word in claim.whole.topics if not has_digit(word)]
    segments = [(place, part) for place, statement in enumerate(source.statements()) for part in statement.clauses]
    return any(_fits_another(mark, words, clause, segments) for mark in marks)


def _not_said_with(words: Sequence[str], marks: Sequence[Mark], statements: Sequence[Statement]) -> Sequence[Mark]:
    """The marks that no clause says which has the words."""
    parts = [part for statement in statements for part in statement.clauses] if words else []
    return [
        mark
        for mark in marks
        if not any(says(part.facts, mark) and coverage(words, part.said) >= _AS_CLOSE for part in parts)
    ]


def _fits_another(mark: Mark, words: Sequence[str], clause: Clause, segments: Sequence[tuple[int, Clause]]) -> bool:
    """Whether another mark of the same kind stands among words that fit the claim better."""
    keys = _keys(clause.facts, mark)
    rows = [held_by(part, words, keys) for _, part in segments]
    agrees = [says(part.facts, mark) for _, part in segments]
    bears = [
        mine or _has_rival(part.facts, mark, clause.facts) for mine, (_, part) in zip(agrees, segments, strict=True)
    ]
    own, rival = 0.0, 0.0
    for here, (_, part) in enumerate(segments):
        if bears[here] and (
            agrees[here] or not (changes(clause, part.terms) or _is_told_apart(here, rows, agrees, segments))
        ):
            leads = [_lead(here, there, segments, bears) for there in range(len(segments))]
            fit = gathered(words, keys, ((lead, row) for lead, row in zip(leads, rows, strict=True) if lead))
            own, rival = (max(own, fit), rival) if agrees[here] else (own, max(rival, fit))
    return rival > own + _ROUNDING


def _is_told_apart(
    here: int, rows: Sequence[Sequence[float]], agrees: Sequence[bool], segments: Sequence[tuple[int, Clause]]
) -> bool:
    """Whether a segment lacks a word of the claim that stands behind it, in its statement, beside the mark itself.

    "10:30 on Saturdays" of "back by 9:30 in the evening, by 10:30 on Saturdays": the evening belongs to both.
    """
    return not agrees[here] and any(
        mine and segments[there][0] == segments[here][0] and _has_more(rows[there], rows[here])
        for there, mine in enumerate(agrees)
        if there > here
    )


def _has_more(row: Sequence[float], other: Sequence[float]) -> bool:
    return any(mine >= _HELD > theirs for mine, theirs in zip(row, other, strict=True))


def leads_of(clause: Clause) -> tuple[float, float]:
    """How closely the words of the clauses before one, and of those behind it, belong to it."""
    before = 1.0 if clause.shares_subject else _CLAUSE_LEAD
    return before, _CLAUSE_LEAD if clause.shares_verb else _BACKWARD_LEAD


def _lead(here: int, there: int, segments: Sequence[tuple[int, Clause]], bears: Sequence[bool]) -> float:
    """How closely the words of another segment belong to this one, 0 to 1; its own wholly."""
    if there == here:
        return 1.0
    if segments[there][0] == segments[here][0]:
        return leads_of(segments[here][1])[there > here]
    return _SENTENCE_LEAD if there < here and not any(bears[there:here]) else 0.0


def held_by(clause: Clause, words: Sequence[str], marks: Sequence[Mark]) -> list[float]:
    """How much of each word and mark a clause of a source holds, 0 to 1."""
    return [*map(clause.said.best, words), *(float(says(clause.facts, mark)) for mark in marks)]


def gathered(words: Sequence[str], marks: Sequence[Mark], rows: Iterable[tuple[float, Sequence[float]]]) -> float:
    """Share of the words and marks that clauses hold together, by weight, 0 to 1.

    Args:
        words: What is looked for.
        marks: And numbers, dates and codes.
        rows: Of each clause, how closely it belongs to the one that is judged, and what `held_by` says of it.
    """
    weighed = ([lead * held for held in row] for lead, row in rows)
    return covered(zip([*words, *map(str, marks)], map(max, zip(*weighed, strict=True)), strict=True))


def says(said: Facts, mark: Mark) -> bool:
    """Whether the mark is among the facts."""
    if isinstance(mark, str):
        return mark in said.codes
    if isinstance(mark, Date):
        return any(mark.agrees(other) for other in said.dates)
    return any(mark.agrees(other) for other in said.numbers)


def _has_rival(said: Facts, mark: Mark, claimed: Facts) -> bool:
    """Whether a mark of the same kind is said that the claim does not say."""
    if isinstance(mark, str):
        return any(_series(code) == _series(mark) for code in said.codes - claimed.codes)
    if isinstance(mark, Date):
        return any(not any(mine.agrees(other) for mine in claimed.dates) for other in said.dates)
    rivals = (other for other in said.numbers if mark.competes(other))
    return not all(any(other.agrees(mine) for mine in claimed.needed()) for other in rivals)


def _series(code: str) -> str:
    return code.rstrip("0123456789")


def _keys(claimed: Facts, mark: Mark) -> list[Number | str]:
    """Other codes and numbers of the claim, which tell one row from the next."""
    codes = [code for code in claimed.codes if code != mark]
    numbers = [
        n for n in claimed.needed() if n.value > 1 and n != mark and not (isinstance(mark, Number) and n.competes(mark))
    ]
    return [*codes, *numbers]
