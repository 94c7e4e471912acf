"""Whether a sentence contradicts the place of a source that it rests on: numbers, dates, codes, names, negations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import regex

from konverze_rag.answering.closest import otherwise
from konverze_rag.answering.facts import Date, Facts, Number, spans_of_time
from konverze_rag.answering.pairs import is_exchanged
from konverze_rag.answering.roles import is_borrowed
from konverze_rag.answering.sources import Source, Window
from konverze_rag.answering.statements import Sayings, Statement
from konverze_rag.answering.strangers import is_foreign
from konverze_rag.answering.wording import content_words

_FEWEST_FIGURES_OF_A_ROW = 2
# With one of these, an end of a range is meant as a limit.
_BOUND = regex.compile(
    r"\b(?:up ?to|at (?:least|most)|within|from|maximum|minimum|under|over|above|below|(?:more|less) than)"
    r" (?:of |rs\.? ?|₹)?\d"
    r"|\d[^.।]{0,12}\b(?:tak|se)\b|\d[^.।]{0,12}(?:तक|से|के भीतर|के अंदर)(?!\w|\p{M})",
    regex.IGNORECASE,
)
_NAME = regex.compile(r"(?<=[\p{Ll}\p{N},]\s|\p{L}[-–—/])(?:\p{L}['’])?\p{Lu}[\p{L}\p{M}]{2,}")
_NAME_ALIKE = 0.85
# In a headline all words look like names.
_MOST_NAMES_SHARE = 0.5


def disagreement(claim: Statement, source: Source, window: Window) -> str:
    """What the source says otherwise, as a `Support.reason`; empty when all agrees.

    Args:
        claim: The sentence.
        source: Where it may be said, and where another number may fit it better.
        window: The consecutive sentences or rows of the source that should support it.
    """
    within, above = source.within(window), source.above(window)
    if found := disagreement_of_figures(claim, [*within, *above]):
        return found
    if not _is_one_row(claim, within) and any(is_borrowed(clause, claim, source, window) for clause in claim.clauses):
        return "number"
    if not _names_known(claim, [*(statement.whole.said for statement in above), *source.words]):
        return "name"
    if is_foreign(claim.terms, [term for statement in (*within, *above) for term in statement.terms]):
        return "words"
    header = source.header(window)
    found = next(filter(None, (otherwise(clause, within, above, header) for clause in claim.clauses)), "")
    return found or ("word" if is_exchanged(claim, within, header) else "")


def disagreement_of_figures(claim: Statement, window: Sequence[Statement]) -> str:
    """What the source says otherwise in figures and dates, which can be compared across languages."""
    claimed, said = claim.whole.facts, _together(window)
    is_bounded = _BOUND.search(claim.text) is not None
    if (
        _turns_times(claim, window)
        or not _figures_said(claimed, said, in_row=_is_row(window))
        or (not is_bounded and _is_half_a_range(claimed, said))
    ):
        return "number"
    if not all(any(date.agrees(other) for other in said.dates) for date in claimed.dates):
        return "date"
    return "" if claimed.codes <= said.codes else "code"


def has_other_polarity(claim: Statement, window: Sequence[Statement]) -> bool:
    """Whether the claim denies or asserts what no clause of the window does."""
    return not _polarities([claim]) <= _polarities(window)


def _together(statements: Sequence[Statement]) -> Facts:
    parts = [statement.whole.facts for statement in statements]
    return Facts(
        frozenset[Number]().union(*(part.numbers for part in parts)),
        frozenset[Date]().union(*(part.dates for part in parts)),
        frozenset[str]().union(*(part.codes for part in parts)),
    )


def _is_row(window: Sequence[Statement]) -> bool:
    return any(statement.is_row for statement in window)


def _figures_said(claimed: Facts, said: Facts, *, in_row: bool) -> bool:
    """Whether the source says every number of the claim; parts of its dates count as said."""
    parts = (part for date in said.dates for part in (date.year, date.day) if part is not None)
    offered = said.numbers | {Number(Decimal(part)) for part in parts}
    return all(any(number.agrees(other) for other in offered) for number in claimed.needed()) and not any(
        _counts_otherwise(number, said, in_row=in_row) for number in claimed.numbers - claimed.needed()
    )


def _turns_times(claim: Statement, window: Sequence[Statement]) -> bool:
    """Whether two times stand the other way round: "8 am to 8 pm" over "8 pm to 8 am"."""
    mine = set(spans_of_time(claim.text))
    said = (
        {span for statement in window for span in spans_of_time(statement.text)}
        if mine
        else set[tuple[Decimal, Decimal]]()
    )
    return any((end, start) in said for start, end in mine - said)


def _is_half_a_range(claimed: Facts, said: Facts) -> bool:
    """Whether a number of the claim is in the source only as an end of a range ("4 days" of "4 to 6 days")."""
    units = Counter(number.unit for number in claimed.needed())
    alone = [number for number in claimed.needed() if number.unit and units[number.unit] == 1 and not number.is_end]
    found = [[other for other in said.numbers if number.agrees(other)] for number in alone]
    return any(others and all(other.is_end for other in others) for others in found)


def _counts_otherwise(number: Number, said: Facts, *, in_row: bool) -> bool:
    """Whether the source counts the same things, and to another number ("five times" over "three times")."""
    if number.value == 1 and not in_row:
        return False
    alike = [other for other in said.numbers if other.counted and other.counted == number.counted]
    return bool(alike) and not any(number.agrees(other) for other in alike)


def _is_one_row(claim: Statement, window: Sequence[Statement]) -> bool:
    """Whether several figures of the sentence stand in one row, whose columns are looked at elsewhere."""
    needed = claim.whole.facts.needed()
    if len(window) != 1 or not window[0].is_row or len(needed) < _FEWEST_FIGURES_OF_A_ROW:
        return False
    said = window[0].whole.facts
    return all(any(number.agrees(other) for other in said.numbers) for number in needed)


def _names_known(claim: Statement, source: Sequence[Sayings]) -> bool:
    """Whether all capitalised words inside the sentence occur in the source."""
    names = _NAME.findall(claim.original)
    if len(names) > _MOST_NAMES_SHARE * len(claim.original.split()):
        return True
    words = [word for name in names for word in content_words(name)]
    return all(any(said.best(word) >= _NAME_ALIKE for said in source) for word in words)


def _polarities(statements: Sequence[Statement]) -> set[bool]:
    return {clause.facts.negated for statement in statements for clause in statement.clauses}
