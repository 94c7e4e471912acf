"""Whether a row of a table is the one that a sentence speaks of, and its column too."""

from __future__ import annotations

from itertools import takewhile

from konverze_rag.answering.facts import facts
from konverze_rag.answering.pieces import header_of
from konverze_rag.answering.sources import Source, Window
from konverze_rag.answering.statements import Statement
from konverze_rag.answering.strangers import holds
from konverze_rag.answering.wording import content_words


def is_of_another_row(claim: Statement, source: Source, window: Window) -> bool:
    """Whether the row itself has nothing of the claim, or another row of its table has a word of it that this lacks."""
    if not source.pieces[window.first].is_row:
        return False
    row = source.statement(window.first)
    shares_figure = any(mine.agrees(other) for mine in claim.whole.facts.numbers for other in row.whole.facts.numbers)
    if not shares_figure and not any(holds(row.terms, term) for term in claim.terms):
        return True
    head = header_of(window.first, source.pieces)
    places = takewhile(lambda place: source.pieces[place].is_row, range(head, len(source.pieces)))
    others = [source.words[place] for place in places]
    return any(
        source.words[window.first].best(word) == 0 and any(other.best(word) > 0 for other in others)
        for word in claim.whole.topics
    )


def is_of_another_column(claim: Statement, source: Source, window: Window) -> bool:
    """Whether a figure of the sentence stands in a column whose name fits it less than that of a rival figure."""
    header = source.header(window)
    if header is None:
        return False
    names, cells = cells_of(header.text), cells_of(source.statement(window.first).text)
    if len(names) != len(cells):
        return False
    claimed = claim.whole.facts.needed()
    columns = [frozenset(content_words(name)) for name in names]
    said = [facts(cell).numbers for cell in cells]
    for number in claimed:
        own = [
            words for words, found in zip(columns, said, strict=True) if any(number.agrees(other) for other in found)
        ]
        others = [
            words
            for words, found in zip(columns, said, strict=True)
            if any(number.competes(other) and not any(other.agrees(mine) for mine in claimed) for other in found)
        ]
        if own and any(all(_fits_better(other, mine, claim) for mine in own) for other in others):
            return True
    return False


def _fits_better(other: frozenset[str], own: frozenset[str], claim: Statement) -> bool:
    """Whether the claim has a word of another column's name and, of what that lacks, none of its own column's."""
    return _held(other - own, claim) > _held(own - other, claim) == 0


def _held(words: frozenset[str], claim: Statement) -> float:
    return max((claim.whole.said.best(word) for word in words), default=0.0)


def cells_of(row: str) -> list[str]:
    """The cells of a row."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
