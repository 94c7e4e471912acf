"""Answers in the documents' own words, for when no language model can be asked.

The answer stays in the best chunk: choosing sentences from several chunks by cosine alone was measured to be worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from konverze_core.answers import Citation
from konverze_core.retrieval import Hit
from konverze_loaders.sentences import split_sentences
from konverze_rag.answering.answer_type import asks_for_figure, has_asked_figure
from konverze_rag.answering.facts import facts
from konverze_rag.answering.pieces import Piece, header_of, pieces_of
from konverze_rag.answering.verify import Support, citation, supports_hit
from konverze_rag.answering.wording import Vocabulary, content_words, coverage, covered, weight

Similarities: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]

# Similarities are stretched over the chunk first, because those of e5 lie close together.
_SIMILARITY_SHARE = 0.2
# Sentences that answer less well than this share of the best one are left out.
_NEARLY_AS_GOOD = 0.75
# Rows share the words of their header, so that the right one stands out less.
_ROW_AS_GOOD = 0.95
_HEADING_WEIGHT = 0.5
# Of a follow-up put behind the question before it, the last sentence is what is asked now.
_CONTEXT_SHARE = 0.3
# "How long", "when", "how much": a sentence with such a figure is likelier the answer.
_FIGURE_BONUS = 0.3
# A sentence of another chunk must hold this share of the words that the answer's chunk lacks.
_ADDS_FROM = 0.6
_MISSING = 0.6
# Weight from which a missing word is worth a sentence of another chunk: names, codes, longer words.
_TELLING = 5
_MOST_ITEMS = 6
"""Rows or list items that follow an announcing sentence."""


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer made of sentences of the sources.

    Attributes:
        text: The sentences, each followed by its `[n]`.
        citations: One for each, in order.
    """

    text: str
    citations: tuple[Citation, ...]


def extract_answer(
    question: str, hits: Sequence[Hit], *, similarity: Similarities | None = None, max_sentences: int = 3
) -> Extract:
    """The sentences and rows of the best hit that answer the question, in their order, with citations.

    A sentence of another hit is added only for words of the question that the best hit does not hold.

    Args:
        question: The standalone question.
        hits: In the order that numbers them as sources; the one with the highest score is the best.
        similarity: Likeness of the question to each of some texts, higher is closer.
        max_sentences: Longest answer; table headers, and items that an announcing sentence brings along, not counted.
    """
    if not hits:
        return Extract("", ())
    best = max(range(len(hits)), key=lambda place: (hits[place].score, -place))
    pieces = [piece for piece in pieces_of(hits[best].chunk.text) if not piece.is_rule]
    chosen = _chosen(_scores(question, pieces, similarity), pieces, max_sentences)
    answer = _rendered([(best + 1, hits[best], pieces[place]) for place in _completed(chosen, pieces)])
    addition = _addition(question, hits, best) if len(chosen) < max_sentences else None
    if not addition:
        return answer
    more = _rendered([addition])
    return Extract(f"{answer.text}\n{more.text}", answer.citations + more.citations)


def _scores(question: str, pieces: Sequence[Piece], similarity: Similarities | None) -> list[float]:
    """How well each piece answers: words of the question, figures of the sort that it asks for, and similarity."""
    scores: list[float] = []
    above = Vocabulary.of("")
    for place, piece in enumerate(pieces):
        header = pieces[header_of(place, pieces)].text if piece.is_row else ""
        own = Vocabulary.of(f"{header}\n{piece.text}")
        above = own if piece.is_heading else above
        held = _held(question, own, above)
        scores.append(held + (_FIGURE_BONUS if held and _has_figure(question, piece) else 0.0))
    if similarity is None or not pieces:
        return scores
    alike = _stretched(similarity(question, [piece.text for piece in pieces]))
    mixed = zip(scores, alike, strict=True)
    return [(1 - _SIMILARITY_SHARE) * score + _SIMILARITY_SHARE * near for score, near in mixed]


def _held(question: str, own: Vocabulary, above: Vocabulary) -> float:
    """Share of the question's words in a piece, and half of those in its heading; its last sentence asks most."""

    def share(text: str) -> float:
        wanted = dict.fromkeys(content_words(text))
        return covered((word, max(own.best(word), _HEADING_WEIGHT * above.best(word))) for word in wanted)

    last = split_sentences(question)[-1:]
    asked = question[last[0].start : last[0].end] if last else question
    return (1 - _CONTEXT_SHARE) * share(asked) + _CONTEXT_SHARE * share(question)


def _has_figure(question: str, piece: Piece) -> bool:
    """Whether the piece has the figure asked for; in a row the unit stands in the header."""
    if piece.is_row:
        return asks_for_figure(question) and bool(facts(piece.text).numbers)
    return has_asked_figure(question, piece.text)


def _stretched(values: Sequence[float]) -> list[float]:
    lowest, highest = min(values), max(values)
    return [(value - lowest) / (highest - lowest) if highest > lowest else 0.0 for value in values]


def _chosen(scores: Sequence[float], pieces: Sequence[Piece], most: int) -> list[int]:
    """The best pieces, headings only where there is nothing else; without any sign, those that come first."""
    saying = [place for place in range(len(pieces)) if not _only_names(place, pieces)] or list(range(len(pieces)))
    ranked = sorted(saying, key=lambda place: (-scores[place], place))
    shares = {place: _ROW_AS_GOOD if pieces[place].is_row else _NEARLY_AS_GOOD for place in ranked}
    good = [place for place in ranked if scores[place] >= shares[place] * scores[ranked[0]]]
    return sorted(good[:most])


def _only_names(place: int, pieces: Sequence[Piece]) -> bool:
    """Whether the piece is a heading, or the header of the table below it."""
    heads = place + 1 < len(pieces) and pieces[place + 1].is_row and header_of(place + 1, pieces) == place
    return pieces[place].is_heading or heads


def _completed(chosen: Sequence[int], pieces: Sequence[Piece]) -> list[int]:
    """The chosen places with what they need to be understood: a row its header, an announcement what it announces."""
    places: set[int] = set()
    for place in chosen:
        places.add(place)
        if pieces[place].is_row:
            places.add(header_of(place, pieces))
        if pieces[place].leads_on and place + 1 < len(pieces):
            places.update(_announced(place + 1, pieces))
    return sorted(places)


def _announced(first: int, pieces: Sequence[Piece]) -> range:
    last = first + 1
    while pieces[first].is_item and last < len(pieces) and last - first < _MOST_ITEMS and pieces[last].is_item:
        last += 1
    return range(first, last)


def _addition(question: str, hits: Sequence[Hit], best: int) -> tuple[int, Hit, Piece] | None:
    """The piece of another hit that holds most of the words that the best hit lacks."""
    known = Vocabulary.of(f"{hits[best].chunk.heading or ''} {hits[best].chunk.text}")
    missing = [word for word in content_words(question) if weight(word) >= _TELLING and known.best(word) < _MISSING]
    found = [
        (coverage(missing, Vocabulary.of(piece.text)), -place, (place + 1, hit, piece))
        for place, hit in enumerate(hits)
        if place != best
        for piece in pieces_of(hit.chunk.text)
        if not (piece.is_heading or piece.is_rule)
    ]
    held, _, addition = max(found, key=lambda item: item[:2], default=(0.0, 0, None))
    return addition if held >= _ADDS_FROM else None


def _rendered(parts: Sequence[tuple[int, Hit, Piece]]) -> Extract:
    """Text and citations; rows and items on lines of their own, and a header or announcement without a mark."""
    text = ""
    citations: list[Citation] = []
    for place, (number, hit, piece) in enumerate(parts):
        words = " ".join(piece.text.lstrip("#").split())
        own_line = piece.is_item or (place > 0 and parts[place - 1][2].is_item)
        text += ("\n" if own_line else " ") if text else ""
        support = supports_hit(piece.text, hit)
        if support.supported:
            exact = citation(number, hit, Support(piece.span, support.score, supported=True))
            citations.append(exact)
            words = f"{words} [{number}]"
        text += words
    return Extract(text, tuple(citations))
