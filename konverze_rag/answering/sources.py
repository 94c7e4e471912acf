"""A source text as sentences are held to it: its sentences and rows, and which of them speak of the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from konverze_core.documents import Span
from konverze_rag.answering.meanings import is_optional
from konverze_rag.answering.phrases import plainly, triggers_in
from konverze_rag.answering.pieces import Piece, header_of, pieces_of
from konverze_rag.answering.statements import Sayings, Statement
from konverze_rag.answering.wording import has_digit, weight

ABOVE = -1
"""The place of what stands above a source."""
LONGEST_WINDOW = 3
"""Consecutive sentences or rows that may support one sentence together."""
# Words gathered from several sentences prove less: each sentence more must bring this much more coverage.
_LENGTH_COST = 0.1
# Headings above the source help, but do not support alone.
_CONTEXT_WEIGHT = 0.5
# A word that says little needs no support, but gets some weight where it has it.
_OPTIONAL_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive pieces of a source.

    Attributes:
        first: Place of the first.
        last: Place of the last.
        score: Share of a sentence's words that they hold, 0 to 1.
    """

    first: int
    last: int
    score: float

    @property
    def net_score(self) -> float:
        """The score, less for more pieces."""
        return self.score - _LENGTH_COST * (self.last - self.first)


@dataclass(frozen=True)
class Source:
    """A source text, cut into sentences and rows, with what every sentence is held to.

    Attributes:
        text: All of it.
        context: What stands above it.
        pieces: Its sentences and rows.
        words: Words of each piece; a row has those of its table's header too.
        spans: First and last piece of each window. A table row stands for itself, its header for nothing.
    """

    text: str
    context: str
    pieces: Sequence[Piece]
    words: Sequence[Sayings]
    spans: Sequence[tuple[int, int]]
    _known: dict[int, Statement] = field(default_factory=dict[int, Statement], repr=False, compare=False)

    @classmethod
    def of(cls, text: str, context: str) -> Source:
        """Cuts up a text.

        Args:
            text: What is cited.
            context: Title and headings above it.
        """
        pieces = pieces_of(text)
        triggers = triggers_in(text)
        texts = [f"{_header(place, pieces)}\n{piece.text}" for place, piece in enumerate(pieces)]
        words = [Sayings.of(plainly(said, triggers)) for said in texts]
        return cls(text, context, pieces, words, _spans(pieces))

    def statement(self, place: int) -> Statement:
        """A piece as it is compared; the context at `ABOVE`."""
        if place not in self._known:
            text = self.context if place == ABOVE else self.pieces[place].text
            header = "" if place == ABOVE else _header(place, self.pieces)
            self._known[place] = Statement.of(text, header=header)
        return self._known[place]

    def statements(self) -> Sequence[Statement]:
        """All pieces as they are compared."""
        return [self.statement(place) for place in range(len(self.pieces))]

    @cached_property
    def _holders(self) -> Mapping[str, Sequence[int]]:
        """The places of each word, `ABOVE` among them."""
        found: dict[str, list[int]] = {}
        for place, said in enumerate((self.statement(ABOVE).whole.said, *self.words), start=ABOVE):
            for word in said.vocabulary.words:
                found.setdefault(word, []).append(place)
        return found

    @cached_property
    def _vocabulary(self) -> Sayings:
        return Sayings.among(self._holders)

    def ranked(self, claim: Statement) -> list[Window]:
        """All windows, best first; of equals the shorter, then the earlier."""
        heavy = [weight(word) * (_OPTIONAL_WEIGHT if is_optional(word) else 1) for word in claim.whole.topics]
        total = sum(heavy) or 1
        rows = [[0.0] * len(heavy) for _ in range(len(self.words) + 1)]
        for place, (wanted, of_all) in enumerate(zip(claim.whole.topics, heavy, strict=True)):
            for word, alike in self._vocabulary.near(wanted).items():
                for holder in self._holders[word]:
                    rows[holder][place] = max(rows[holder][place], of_all * alike)
        *pieces, above = rows
        helped = [_CONTEXT_WEIGHT * max(of_word) for of_word in zip(above, *pieces[:1], strict=True)]
        windows = [
            Window(first, last, sum(map(max, helped, *pieces[first : last + 1])) / total) for first, last in self.spans
        ]
        return sorted(windows, key=lambda window: (-window.net_score, window.first))

    def span(self, window: Window) -> Span:
        """Where the window stands."""
        return Span(self.pieces[window.first].span.start, self.pieces[window.last].span.end)

    def words_of(self, window: Window) -> str:
        """What the window says."""
        return " ".join(piece.text for piece in self.pieces[window.first : window.last + 1])

    def within(self, window: Window) -> Sequence[Statement]:
        """The window's statements."""
        return [self.statement(place) for place in range(window.first, window.last + 1)]

    def above(self, window: Window) -> Sequence[Statement]:
        """What stands above the window: the context, the title, the last heading before it, the header of a row."""
        last = next((place for place in range(window.first - 1, 0, -1) if self.pieces[place].is_heading), 0)
        titles = [self.statement(place) for place in dict.fromkeys([ABOVE, 0, last] if window.first else [ABOVE])]
        header = self.header(window)
        return [*titles, header] if header else titles

    def header(self, window: Window) -> Statement | None:
        """The header of the table, where the window is a row below it."""
        is_row = self.pieces[window.first].is_row
        head = header_of(window.first, self.pieces) if is_row else window.first
        return self.statement(head) if head != window.first else None


def _header(place: int, pieces: Sequence[Piece]) -> str:
    head = header_of(place, pieces) if pieces[place].is_row else place
    return pieces[head].text if head != place else ""


def _spans(pieces: Sequence[Piece]) -> Sequence[tuple[int, int]]:
    is_row = [piece.is_row for piece in pieces]
    return [
        (first, last)
        for first in range(len(pieces))
        for last in range(first, min(first + LONGEST_WINDOW, len(pieces)))
        if not any(is_row[first : last + 1]) or (first == last and not _names_columns(first, pieces))
    ]


def _names_columns(place: int, pieces: Sequence[Piece]) -> bool:
    """Whether a row says nothing itself: a line drawn, or names above rows with figures."""
    if pieces[place].is_rule:
        return True
    has_rows = place + 1 < len(pieces) and pieces[place + 1].is_row
    return header_of(place, pieces) == place and has_rows and not any(map(has_digit, pieces[place].text.split()))
