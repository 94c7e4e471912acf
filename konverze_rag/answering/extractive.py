"""Answers in the documents' own words, for when no language model can be asked.

The answer stays in the best chunk: choosing sentences from several chunks by cosine alone was measured to be worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from konverze_core.answers import Citation
from konverze_core.retrieval import Hit
from konverze_rag.answering.answer_type import (
    asked_sentence,
    asks_for_figure,
    asks_for_two,
    has_asked_figure,
    names_in,
)
from konverze_rag.answering.pieces import Piece, header_of, pieces_of
from konverze_rag.answering.relevance import MISSING, Similarities, announced, scores
from konverze_rag.answering.stopwords import GENERIC_WORDS
from konverze_rag.answering.verify import Support, Verifier, citation
from konverze_rag.answering.wording import Vocabulary, content_words, coverage, has_digit, weight

# A piece, the hit that holds it, and the hit's number.
_Part: TypeAlias = tuple[int, Hit, Piece]

# Sentences that answer less well than this share of the best one are left out.
_NEARLY_AS_GOOD = 0.75
# Rows share the words of their header, so that the right one stands out less.
_ROW_AS_GOOD = 0.95
# A sentence of another chunk must hold this share of the words that the answer's chunk lacks.
_ADDS_FROM = 0.6
# Weight from which a missing word is worth a sentence of another chunk: names, codes, longer words.
_TELLING = 5


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer made of sentences of the sources.

    Attributes:
        text: The sentences, each followed by its `[n]`; headers and announcements go with what follows them.
        citations: One for each `[n]`, in order.
    """

    text: str
    citations: tuple[Citation, ...]


def extract_answer(
    question: str, hits: Sequence[Hit], *, similarity: Similarities | None = None, max_sentences: int = 3
) -> Extract:
    """The sentences and rows of the best hit that answer the question, in their order, with citations.

    A sentence of another hit is added only for words of the question that the best hit does not hold, a row with its
    header only for a name, code or number.

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
    chosen = _chosen(scores(question, pieces, similarity), pieces, max_sentences)
    answer = _rendered([(best + 1, hits[best], pieces[place]) for place in _completed(chosen, pieces)])
    more = _rendered(_addition(question, hits, best) if len(chosen) < max_sentences else [])
    if not more.text:
        return answer
    return Extract(f"{answer.text}\n{more.text}", answer.citations + more.citations)


def _chosen(scores: Sequence[float], pieces: Sequence[Piece], most: int) -> list[int]:
    """The best pieces, each said once; headings only where there is nothing else; without any sign, the first ones."""
    distinct = list({_said(place, pieces): place for place in reversed(range(len(pieces)))}.values())
    saying = [place for place in distinct if not _only_names(place, pieces)] or distinct
    ranked = sorted(saying, key=lambda place: (-scores[place], place))
    shares = {place: _ROW_AS_GOOD if pieces[place].is_row else _NEARLY_AS_GOOD for place in ranked}
    good = [place for place in ranked if scores[place] >= shares[place] * scores[ranked[0]]]
    return sorted(good[:most])


def _only_names(place: int, pieces: Sequence[Piece]) -> bool:
    """Whether the piece is a heading, or the header of the table below it."""
    heads = place + 1 < len(pieces) and pieces[place + 1].is_row and header_of(place + 1, pieces) == place
    return pieces[place].is_heading or heads


def _said(place: int, pieces: Sequence[Piece]) -> str:
    """The words of a piece, a row's under those of its header, to tell whether they were said before."""
    header = pieces[header_of(place, pieces)].text if pieces[place].is_row else ""
    return " ".join(f"{header} {pieces[place].text}".split()).casefold()


def _completed(chosen: Sequence[int], pieces: Sequence[Piece]) -> list[int]:
    """The chosen places with what they need to be understood: a row its header, an announcement what it announces."""
    places: set[int] = set()
    for place in chosen:
        places.add(place)
        if pieces[place].is_row:
            places.add(header_of(place, pieces))
        if pieces[place].leads_on and place + 1 < len(pieces):
            places.update(announced(place + 1, pieces))
    return sorted(places)


def _addition(question: str, hits: Sequence[Hit], best: int) -> list[_Part]:
    """The piece of another hit that holds most of the words that the best hit lacks, a row under its header."""
    missing = _missing_words(question, hits[best])
    found: list[tuple[float, int, list[_Part]]] = []
    for number, hit in enumerate(hits, 1):
        pieces = [piece for piece in pieces_of(hit.chunk.text) if not piece.is_rule]
        for place, piece in enumerate(pieces):
            if number != best + 1 and not _only_names(place, pieces) and _adds(question, missing, piece):
                held = coverage(missing, Vocabulary.of(piece.text))
                found.append((held, -number, [(number, hit, pieces[n]) for n in _completed([place], pieces)]))
    return max(found, key=lambda item: item[:2])[2] if found else []


def _missing_words(question: str, hit: Hit) -> tuple[str, ...]:
    """Words of what is asked now that name something the hit does not hold."""
    known = Vocabulary.of(hit.chunk.searchable_text)
    names = names_in(question)
    return tuple(
        word
        for word in dict.fromkeys(content_words(asked_sentence(question)))
        if word not in GENERIC_WORDS and (weight(word) >= _TELLING or word in names) and known.best(word) < MISSING
    )


def _adds(question: str, missing: Sequence[str], piece: Piece) -> bool:
    """Whether the piece answers the part of the question that is missing, and does not speak of something else."""
    own = Vocabulary.of(piece.text)
    if coverage(missing, own) < _ADDS_FROM:
        return False
    if piece.is_row:
        names = names_in(question)
        return any(own.best(word) >= MISSING for word in missing if has_digit(word) or word in names)
    is_answer = coverage(content_words(asked_sentence(question)), own) >= _ADDS_FROM
    return is_answer or (
        asks_for_two(question) and (not asks_for_figure(question) or has_asked_figure(question, piece.text))
    )


def _rendered(parts: Sequence[_Part]) -> Extract:
    """Text and citations; rows and items on lines of their own, and a header or announcement without a mark."""
    text = ""
    citations: list[Citation] = []
    for place, (number, hit, piece) in enumerate(parts):
        words = " ".join(piece.text.lstrip("#").split())
        own_line = piece.is_item or (place > 0 and parts[place - 1][2].is_item)
        text += ("\n" if own_line else " ") if text else ""
        support = Verifier()(piece.text, hit)
        if support.supported and not _goes_with_next(place, parts):
            exact = citation(number, hit, Support(piece.span, support.score, supported=True))
            citations.append(exact)
            words = f"{words} [{number}]"
        text += words
    return Extract(text, tuple(citations))


def _goes_with_next(place: int, parts: Sequence[_Part]) -> bool:
    """Whether the part only heads or announces the part that follows it."""
    here = parts[place][2]
    after = parts[place + 1][2] if place + 1 < len(parts) else None
    starts_table = here.is_row and (not place or not parts[place - 1][2].is_row)
    return after is not None and (here.leads_on or (starts_table and after.is_row))
