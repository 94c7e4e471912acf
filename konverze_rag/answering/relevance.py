"""How well each piece of a chunk answers a question, by words, by the sort of thing asked for, and by meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from operator import add
from typing import TypeAlias

from konverze_rag.answering.answer_type import asked_sentence, asks_for_figure, has_asked_figure, has_asked_papers
from konverze_rag.answering.facts import facts
from konverze_rag.answering.pieces import Piece, header_of
from konverze_rag.answering.wording import Vocabulary, content_words, weight

Similarities: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]

MISSING = 0.6
"""Likeness below which a text does not hold a word."""

# Similarities are stretched over the chunk first, because those of e5 lie close together. Their share is this where
# the chunk holds all words of the question, and all where it holds none, as in another language.
_SIMILARITY_SHARE = 0.2
# Keeps the weight of a word that all pieces share above 0, and that of one that none holds finite.
_HOLDERS_PRIOR = 0.5
_HEADING_WEIGHT = 0.5
# Of a follow-up put behind the question before it, the last sentence is what is asked now.
_CONTEXT_SHARE = 0.3
# "How long", "when", "how much": a sentence with such a figure is likelier the answer.
_FIGURE_BONUS = 0.3
# "Which documents": one that names documents nearly always is, whatever words and similarity say.
_PAPERS_BONUS = 1.5
_MOST_ITEMS = 6
"""Rows or list items that follow an announcing sentence."""


def announced(first: int, pieces: Sequence[Piece]) -> range:
    """Places of the piece, or of the rows or list items, that follow an announcing sentence."""
    last = first + 1
    while pieces[first].is_item and last < len(pieces) and last - first < _MOST_ITEMS and pieces[last].is_item:
        last += 1
    return range(first, last)


def scores(question: str, pieces: Sequence[Piece], similarity: Similarities | None) -> list[float]:
    """How well each piece answers: words of the question, what sort of thing it asks for, and similarity."""
    words = _Words.of(question, pieces)
    held = [words.held(place) for place in range(len(pieces))]
    fit = [_fit(question, place, pieces, is_near=held[place] > 0) for place in range(len(pieces))]
    if similarity is None or not pieces:
        return list(map(add, held, fit))
    alike = _stretched(similarity(question, [piece.text for piece in pieces]))
    share = 1 - (1 - _SIMILARITY_SHARE) * words.known()
    return [(1 - share) * own + share * near + bonus for own, near, bonus in zip(held, alike, fit, strict=True)]


def _fit(question: str, place: int, pieces: Sequence[Piece], *, is_near: bool) -> float:
    """Extra score of a piece with the sort of thing that is asked for; of a list, its announcement has it."""
    piece = pieces[place]
    follows = announced(place + 1, pieces) if piece.leads_on and place + 1 < len(pieces) else ()
    texts = [piece.text, *(pieces[item].text for item in follows)]
    if not piece.is_item and any(has_asked_papers(question, text) for text in texts):
        return _PAPERS_BONUS
    return _FIGURE_BONUS if is_near and _has_figure(question, piece) else 0.0


@dataclass(frozen=True, slots=True)
class _Words:
    """The question's words and which pieces hold them; what all pieces share does not tell them apart.

    Attributes:
        weights: Of each word, by its length and its rarity among the pieces.
        asked: The words of what is asked now.
        held_by: Likenesses of each word, by piece; half of a heading's above it.
        best: The highest of them, by word.
    """

    weights: dict[str, float]
    asked: frozenset[str]
    held_by: Sequence[dict[str, float]]
    best: dict[str, float]

    @classmethod
    def of(cls, question: str, pieces: Sequence[Piece]) -> _Words:
        """Looks the question's words up in all pieces."""
        wanted = dict.fromkeys(content_words(question))
        held_by = tuple(
            {word: max(own.best(word), _HEADING_WEIGHT * above.best(word)) for word in wanted}
            for own, above in _vocabularies(pieces)
        )
        holders = {word: sum(held[word] >= MISSING for held in held_by) for word in wanted}
        return cls(
            weights={word: weight(word) * _rarity(holders[word], len(pieces)) for word in wanted},
            asked=frozenset(content_words(asked_sentence(question))),
            held_by=held_by,
            best={word: max((held[word] for held in held_by), default=0.0) for word in wanted},
        )

    def held(self, place: int) -> float:
        """Share of the words that any piece holds, by weight, that this one does, 0 to 1; what is asked counts most."""
        known = [word for word in self.weights if self.best[word]]
        asked = [word for word in known if word in self.asked] or known
        held = self.held_by[place]
        return (1 - _CONTEXT_SHARE) * self._share(held, asked) + _CONTEXT_SHARE * self._share(held, known)

    def known(self) -> float:
        """Share of the words, by weight, that some piece holds, 0 to 1."""
        return self._share(self.best, list(self.weights))

    def _share(self, held: Mapping[str, float], words: Sequence[str]) -> float:
        total = sum(self.weights[word] for word in words)
        return sum(self.weights[word] * held[word] for word in words) / total if total else 0.0


def _rarity(holders: int, pieces: int) -> float:
    """Inverse frequency of a word among the pieces, above 0 and at most 1 (K. Spärck Jones, 1972)."""
    return log((pieces + 1) / (holders + _HOLDERS_PRIOR)) / log((pieces + 1) / _HOLDERS_PRIOR)


def _vocabularies(pieces: Sequence[Piece]) -> list[tuple[Vocabulary, Vocabulary]]:
    """Words of each piece, a row's with its header's, and those of the heading above it."""
    found: list[tuple[Vocabulary, Vocabulary]] = []
    above = Vocabulary.of("")
    for place, piece in enumerate(pieces):
        header = pieces[header_of(place, pieces)].text if piece.is_row else ""
        own = Vocabulary.of(f"{header}\n{piece.text}")
        above = own if piece.is_heading else above
        found.append((own, above))
    return found


def _has_figure(question: str, piece: Piece) -> bool:
    """Whether the piece has the figure asked for; in a row the unit stands in the header."""
    if piece.is_row:
        return asks_for_figure(question) and bool(facts(piece.text).numbers)
    return has_asked_figure(question, piece.text)


def _stretched(values: Sequence[float]) -> list[float]:
    lowest, highest = min(values), max(values)
    return [(value - lowest) / (highest - lowest) if highest > lowest else 0.0 for value in values]
