"""Whether a source supports a sentence, and which words of it do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

from konverze_core.answers import Citation
from konverze_core.documents import Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.agreement import disagreement
from konverze_rag.answering.facts import facts
from konverze_rag.answering.language import language_of
from konverze_rag.answering.pieces import Piece, header_of, pieces_of
from konverze_rag.answering.wording import Vocabulary, content_words, coverage, topic_words, weight

Similarity: TypeAlias = Callable[[str, str], float]
Verify: TypeAlias = Callable[[str, Hit], "Support"]

LONGEST_WINDOW = 3
"""Consecutive sentences or rows that may support one sentence together."""
SUPPORTED_FROM = 0.6
"""Share of a sentence's words, by weight, that a source must hold; set on labelled sentences."""
ROW_SUPPORTED_FROM = 0.5
"""The same of a row and its header, for a sentence with a figure: rows lack the words that make a sentence of them."""
SIMILAR_FROM = 0.86
"""Cosine from which a sentence in another language says the same; for multilingual-e5-small, others need their own."""
REWORDED_SIMILAR_FROM = 0.89
"""The same for a sentence in the source's language that says it in other words."""
# Windows that are compared by meaning in the source's language, and the words that they must share.
_MOST_REWORDED = 3
_REWORDED_FROM = 0.3
# Words gathered from several sentences prove less: each sentence more must bring this much more coverage.
_LENGTH_COST = 0.1
# Headings above the source help, but do not support alone.
_CONTEXT_WEIGHT = 0.5
_MOST_SIMILARITY_CALLS = 24
# So much better another column's name must fit.
_COLUMN_LEAD = 0.3
# What the best window denies, one that fits less well by more than this cannot support.
_RESCUE_RANGE = 0.15


@dataclass(frozen=True, slots=True)
class Support:
    """How a source supports a sentence.

    Attributes:
        span: The supporting words, in code points of the source text.
        score: Share of the sentence's words that they hold, or the similarity given by the caller; 0 to 1.
        supported: Whether the words suffice and numbers, dates, codes, names and negations agree.
        reason: Why it is not supported: "words", "number", "date", "code", "name" or "negation"; empty otherwise.
    """

    span: Span
    score: float
    supported: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Window:
    """Consecutive pieces of a source, by index, with the share of the sentence's words that they hold."""

    first: int
    last: int
    score: float

    @property
    def net_score(self) -> float:
        return self.score - _LENGTH_COST * (self.last - self.first)


@dataclass(frozen=True, slots=True)
class _Source:
    """A source text, cut into sentences and rows, with what every sentence is held to.

    Attributes:
        text: All of it.
        context: What stands above it.
        pieces: Its sentences and rows.
        vocabularies: Words of each piece; a row has those of its table's header too.
        above: Words of the context.
        spans: First and last piece of each window. A table row stands for itself.
    """

    text: str
    context: str
    pieces: Sequence[Piece]
    vocabularies: Sequence[Vocabulary]
    above: Vocabulary
    spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str, context: str) -> _Source:
        pieces = pieces_of(text)
        is_row = [piece.is_row for piece in pieces]
        headers = [pieces[header_of(n, pieces)].text if is_row[n] else "" for n in range(len(pieces))]
        spans = [
            (first, last)
            for first in range(len(pieces))
            for last in range(first, min(first + LONGEST_WINDOW, len(pieces)))
            if first == last or not any(is_row[first : last + 1])
        ]
        words = [Vocabulary.of(f"{header}\n{piece.text}") for header, piece in zip(headers, pieces, strict=True)]
        return cls(text, context, pieces, words, Vocabulary.of(context), spans)

    def span(self, window: _Window) -> Span:
        return Span(self.pieces[window.first].span.start, self.pieces[window.last].span.end)

    def above_window(self, window: _Window) -> str:
        """What stands above the window: the context, and the last heading before it."""
        headings = (piece.text for piece in reversed(self.pieces[: window.first]) if piece.is_heading)
        return f"{self.context}\n{next(headings, '')}"

    def within(self, window: _Window) -> Sequence[str]:
        return [piece.text for piece in self.pieces[window.first : window.last + 1]]


def supports(
    sentence: str,
    source_text: str,
    *,
    context: str = "",
    similarity: Similarity | None = None,
    similar_from: float = SIMILAR_FROM,
) -> Support:
    """Whether the source says what the sentence says.

    A sentence in the source's language needs `SUPPORTED_FROM` of its words in one window; in another language it
    needs a similarity of at least `similar_from`, and is unsupported without one. Numbers, dates, codes and negations
    must agree in both cases.

    Args:
        sentence: The claim, without its marks.
        source_text: The text of the cited chunk.
        context: What stands above the chunk: title, headings, names of columns.
        similarity: Cosine of two texts.
        similar_from: Threshold for `similarity`.
    """
    return _judged(sentence, _Source.of(source_text, context), similarity=similarity, similar_from=similar_from)


class Verifier:
    """Judges the sentences of one answer against its sources, each of which it cuts up once.

    Args:
        similarity: Cosine of two texts, for sentences in another language than their source.
    """

    def __init__(self, similarity: Similarity | None = None) -> None:
        self._similarity = similarity
        self._sources: dict[tuple[str, str], _Source] = {}

    def __call__(self, sentence: str, hit: Hit) -> Support:
        """Whether the hit's chunk, under what stands above it, says what the sentence says."""
        key = hit.chunk.text, hit.chunk.above
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = _Source.of(*key)
        return _judged(sentence, source, similarity=self._similarity)


def citation(number: int, hit: Hit, support: Support) -> Citation:
    """The citation of a verified sentence; its span counts in the document, its quote is verbatim.

    Args:
        number: The `[n]` in the answer.
        hit: The cited source.
        support: What `supports` found in the hit's text.
    """
    chunk, span = hit.chunk, support.span
    shift = chunk.span.start if chunk.span else 0
    return Citation(
        number=number,
        document_id=chunk.document_id,
        page=chunk.page,
        span=Span(shift + span.start, shift + span.end) if chunk.span else None,
        quote=chunk.text[span.start : span.end],
        score=support.score,
        supported=support.supported,
    )


def _judged(
    sentence: str, source: _Source, *, similarity: Similarity | None, similar_from: float = SIMILAR_FROM
) -> Support:
    windows = _ranked(sentence, source)
    if not windows or not content_words(sentence):
        return Support(Span(0, 0), 0.0, supported=False, reason="words")
    by_words = _by_words(sentence, source, windows)
    if by_words.reason != "words" or not similarity:
        return by_words
    if language_of(sentence) != language_of(source.text):
        found = {w: disagreement(sentence, source.within(w), (), same_language=False) for w in windows}
        return _by_similarity(sentence, source, found, similarity=similarity, similar_from=similar_from)
    near = [window for window in windows[:_MOST_REWORDED] if window.net_score >= _REWORDED_FROM]
    everything = [piece.text for piece in source.pieces]
    found = {w: disagreement(sentence, source.within(w), everything, context=source.above_window(w)) for w in near}
    reworded = _by_similarity(sentence, source, found, similarity=similarity, similar_from=REWORDED_SIMILAR_FROM)
    return reworded if reworded.supported else by_words


def _ranked(sentence: str, source: _Source) -> list[_Window]:
    """All windows, best first; of equals the shorter, then the earlier."""
    wanted = topic_words(sentence)
    weights = [weight(word) for word in wanted]
    total = sum(weights) or 1
    helped = [heavy * _CONTEXT_WEIGHT * source.above.best(word) for heavy, word in zip(weights, wanted, strict=True)]
    rows = [
        [heavy * piece.best(word) for heavy, word in zip(weights, wanted, strict=True)] for piece in source.vocabularies
    ]
    windows = [
        _Window(first, last, sum(map(max, helped, *rows[first : last + 1])) / total) for first, last in source.spans
    ]
    return sorted(windows, key=lambda window: (-window.net_score, window.first))


def _by_words(sentence: str, source: _Source, windows: Sequence[_Window]) -> Support:
    """The best window whose words suffice and whose facts agree, or the best one with what is wrong with it."""
    claim = _bare(sentence)
    everything = [piece.text for piece in source.pieces]
    has_figures = bool(facts(sentence).needed())
    reason = ""
    for window in windows:
        if claim == _bare(" ".join(source.within(window))):
            return Support(source.span(window), 1.0, supported=True)
        enough = ROW_SUPPORTED_FROM if source.pieces[window.first].is_row and has_figures else SUPPORTED_FROM
        if window.net_score < max(enough, windows[0].net_score - _RESCUE_RANGE):
            break
        found = disagreement(sentence, source.within(window), everything, context=source.above_window(window))
        found = found or ("words" if _is_of_another_row(sentence, source, window) else "")
        found = found or ("number" if _is_of_another_column(sentence, source, window) else "")
        if not found:
            return Support(source.span(window), window.score, supported=True)
        reason = reason or found
    return Support(source.span(windows[0]), windows[0].score, supported=False, reason=reason or "words")


def _by_similarity(
    sentence: str,
    source: _Source,
    found: Mapping[_Window, str],
    *,
    similarity: Similarity,
    similar_from: float,
) -> Support:
    """The window most similar to a sentence, among those that do not disagree with it."""
    agreeing = sorted((w for w in found if not found[w]), key=lambda w: (w.last - w.first, w.first))
    if not agreeing:
        reason = next(iter(found.values()), "words")
        first = next(iter(found), None)
        return Support(
            source.span(first) if first else Span(0, 0), first.score if first else 0.0, supported=False, reason=reason
        )
    scored = [(similarity(sentence, " ".join(source.within(w))), w) for w in agreeing[:_MOST_SIMILARITY_CALLS]]
    score, window = max(scored, key=lambda pair: pair[0])
    similar = score >= similar_from
    clipped = min(max(score, 0.0), 1.0)
    return Support(source.span(window), clipped, supported=similar, reason="" if similar else "words")


def _is_of_another_row(sentence: str, source: _Source, window: _Window) -> bool:
    """Whether a word of the sentence that the row lacks stands in another row of its table."""
    if not source.pieces[window.first].is_row:
        return False
    first = header_of(window.first, source.pieces)
    rows = list(takewhile(lambda piece: piece.is_row, source.pieces[first:]))
    own = Vocabulary.of(f"{rows[0].text}\n{source.pieces[window.first].text}")
    others = Vocabulary.of("\n".join(row.text for row in rows))
    return any(own.best(word) == 0 and others.best(word) > 0 for word in topic_words(sentence))


def _is_of_another_column(sentence: str, source: _Source, window: _Window) -> bool:
    """Whether a figure of the sentence stands in a column whose name fits it less than that of a rival figure."""
    piece = source.pieces[window.first]
    if not piece.is_row:
        return False
    names = _cells(source.pieces[header_of(window.first, source.pieces)].text)
    cells = _cells(piece.text)
    if len(names) != len(cells) or names == cells:
        return False
    claim, words = facts(sentence), Vocabulary.of(sentence)
    fits = [coverage(content_words(name), words) for name in names]
    said = [facts(cell).numbers for cell in cells]
    for number in claim.needed():
        own = [fit for fit, found in zip(fits, said, strict=True) if any(number.agrees(other) for other in found)]
        others = [
            fit
            for fit, found in zip(fits, said, strict=True)
            if any(number.competes(other) and not any(other.agrees(mine) for mine in claim.needed()) for other in found)
        ]
        if own and max(others, default=0.0) > max(own) + _COLUMN_LEAD:
            return True
    return False


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _bare(text: str) -> str:
    return " ".join(text.split()).strip(" .।!*").casefold()
