"""The smallest parts of a text that can be quoted: sentences, table rows, list items, headings, lines of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from konverze_core.documents import Span
from konverze_loaders.chunkers.sentences import split_sentences

_FEWEST_PROSE_WORDS = 4
_MOST_HEADING_WORDS = 12
# A line of records starts anew; most lines of wrapped prose go on in lower case or (Indic) hold no figure.
_RECORDS_SHARE = 0.6
_FEWEST_RECORDS = 2
_STARTS_ANEW = regex.compile(r"^\W*[\p{Lu}\p{N}]")
_DIGIT = regex.compile(r"\d")
_PROSE_END = regex.compile(r"[.!?…।॥。][\"'”’»)\]*_]*$")
_LEADS_ON = regex.compile(r"[:?：？][*_]*$")
_RULE = regex.compile(r"^[\s|:=_*-]+$")
_CELL_BORDER = regex.compile(r"\S *\||\t|\S {3,}\S")
_CELL_MARKS = ("|", "\t", "   ")
_LIST_ITEM = regex.compile(r"^(?:[•●▪◦‣*–—-]|\(?\d{1,3}[.)])\s")


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, row, list item or heading.

    Attributes:
        span: Where it stands.
        text: Its words.
    """

    span: Span
    text: str

    @property
    def is_row(self) -> bool:
        """Whether it is a table row."""
        return any(map(self.text.__contains__, _CELL_MARKS)) and _CELL_BORDER.search(self.text) is not None

    @property
    def is_rule(self) -> bool:
        """Whether it only draws a line, like the second row of a Markdown table."""
        return _RULE.match(self.text) is not None

    @property
    def is_item(self) -> bool:
        """Whether it is a list item or a row: one of several of its kind."""
        return self.is_row or _LIST_ITEM.match(self.text) is not None

    @property
    def leads_on(self) -> bool:
        """Whether it asks or announces what the next piece says."""
        return not self.is_row and _LEADS_ON.search(self.text) is not None

    @property
    def is_heading(self) -> bool:
        """Whether it names what follows and says nothing itself."""
        if self.text.startswith("#"):
            return True
        short = len(self.text.split()) <= _MOST_HEADING_WORDS
        return short and not (self.is_item or _DIGIT.search(self.text) or _PROSE_END.search(self.text) or self.leads_on)


def pieces_of(text: str) -> list[Piece]:
    """All pieces in order; together they hold every character that is not white space."""
    return [Piece(part, text[part.start : part.end]) for span in split_sentences(text) for part in _lines(text, span)]


def header_of(row: int, pieces: Sequence[Piece]) -> int:
    """Place of the first row of the table that the row at a place belongs to."""
    while row and pieces[row - 1].is_row:
        row -= 1
    return row


def _lines(text: str, span: Span) -> Sequence[Span]:
    """The lines of a span where they are records of their own ("LK-204/B  Mixer: ₹4,299"), else the span."""
    spans: list[Span] = []
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        if stripped := line.strip():
            first = start + line.index(stripped[0])
            spans.append(Span(first, first + len(stripped)))
        start += len(line) + 1
    return spans if _are_records([text[part.start : part.end] for part in spans]) else [span]


def _are_records(lines: Sequence[str]) -> bool:
    if len(lines) < _FEWEST_RECORDS:
        return False
    figures = sum(_DIGIT.search(line) is not None for line in lines)
    starts = sum(_STARTS_ANEW.match(line) is not None for line in lines[1:])
    lower = sum(line[:1].islower() for line in lines[1:])
    return not lower and (figures >= _RECORDS_SHARE * len(lines) or starts >= len(lines) - 1)
