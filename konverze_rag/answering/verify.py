"""Whether a source supports a sentence, and which words of it do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from konverze_core.answers import Citation
from konverze_core.documents import Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.agreement import disagreement, disagreement_of_figures, has_other_polarity
from konverze_rag.answering.clauses import spelled_out
from konverze_rag.answering.language import language_of
from konverze_rag.answering.rows import is_of_another_column, is_of_another_row
from konverze_rag.answering.sources import Source, Window
from konverze_rag.answering.statements import Statement
from konverze_rag.answering.wording import content_words

Similarity: TypeAlias = Callable[[str, str], float]
Verify: TypeAlias = Callable[[str, Hit], "Support"]

SUPPORTED_FROM = 0.55
"""Share of a sentence's words, by weight, that a source must hold; set on labelled sentences."""
ROW_SUPPORTED_FROM = 0.45
"""The same of a row and its header, for a sentence with a figure: rows lack the words that make a sentence of them."""
SIMILAR_FROM = 0.86
"""Cosine from which a sentence in another language says the same; for multilingual-e5-small, others need their own."""
REWORDED_SIMILAR_FROM = 0.89
"""The same for a sentence in the source's language that says it in other words."""
# Windows that are compared by meaning in the source's language, and the words that they must share.
_MOST_REWORDED = 3
_REWORDED_FROM = 0.3
_MOST_SIMILARITY_CALLS = 24
# What the best window denies, one that fits less well by more than this cannot support.
_RESCUE_RANGE = 0.15
# Several clauses are judged apart where each has so many words of its own.
_FEWEST_CLAUSES = 2
_FEWEST_WORDS_OF_A_CLAUSE = 3


@dataclass(frozen=True, slots=True)
class Support:
    """How a source supports a sentence.

    Attributes:
        span: The supporting words, in code points of the source text.
        score: Share of the sentence's words that they hold, or the similarity given by the caller; 0 to 1.
        supported: Whether the words suffice and nothing is said otherwise.
        reason: Why it is not supported: "words" (too few), "number", "date", "code", "name", "negation", or "word" (one
            decides or stands where the source has another); empty otherwise.
    """

    span: Span
    score: float
    supported: bool
    reason: str = ""


def supports(
    sentence: str,
    source_text: str,
    *,
    context: str = "",
    similarity: Similarity | None = None,
    similar_from: float = SIMILAR_FROM,
) -> Support:
    """Whether the source says what the sentence says.

    A sentence needs `SUPPORTED_FROM` of its words, or words of their meaning, in one window; where it has fewer, as in
    most other languages than the source's, a similarity of at least `similar_from`. Numbers, dates, codes and
    negations must agree in both cases.

    Args:
        sentence: The claim, without its marks.
        source_text: The text of the cited chunk.
        context: What stands above the chunk: title, headings, names of columns.
        similarity: Cosine of two texts.
        similar_from: Threshold for `similarity`.
    """
    return _judged(sentence, Source.of(source_text, context), similarity=similarity, similar_from=similar_from)


class Verifier:
    """Judges the sentences of one answer against its sources, each of which it cuts up once.

    Args:
        similarity: Cosine of two texts, for sentences in another language than their source.
    """

    def __init__(self, similarity: Similarity | None = None) -> None:
        self._similarity = similarity
        self._sources: dict[tuple[str, str], Source] = {}

    def __call__(self, sentence: str, hit: Hit) -> Support:
        """Whether the hit's chunk, under what stands above it, says what the sentence says."""
        key = hit.chunk.text, hit.chunk.above
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = Source.of(*key)
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
    sentence: str, source: Source, *, similarity: Similarity | None, similar_from: float = SIMILAR_FROM
) -> Support:
    claim = Statement.of(sentence)
    windows = source.ranked(claim)
    if not windows or not content_words(sentence):
        return Support(Span(0, 0), 0.0, supported=False, reason="words")
    by_words = _by_words(claim, source, windows)
    if not by_words.supported and (found := _by_clauses(claim, source)):
        return found
    if by_words.reason != "words" or not similarity:
        return by_words
    if language_of(sentence) != language_of(source.text):
        found = {w: disagreement_of_figures(claim, source.within(w)) for w in windows}
        found = {
            w: why or ("negation" if has_other_polarity(claim, source.within(w)) else "") for w, why in found.items()
        }
        return _by_similarity(claim, source, found, similarity=similarity, similar_from=similar_from)
    near = [window for window in windows[:_MOST_REWORDED] if window.net_score >= _REWORDED_FROM]
    found = {w: disagreement(claim, source, w) for w in near}
    reworded = _by_similarity(claim, source, found, similarity=similarity, similar_from=REWORDED_SIMILAR_FROM)
    return reworded if reworded.supported else by_words


def _by_clauses(claim: Statement, source: Source) -> Support | None:
    """The place of the first of several clauses, each of which some place supports by itself."""
    if any(clause.shares_subject for clause in claim.clauses) or len(claim.clauses) < _FEWEST_CLAUSES:
        return None
    parts = [Statement.of(text) for text in spelled_out([clause.text for clause in claim.clauses])]
    if any(len(part.whole.topics) < _FEWEST_WORDS_OF_A_CLAUSE for part in parts):
        return None
    found: list[Support] = []
    for part in parts:
        support = _by_words(part, source, source.ranked(part))
        if not support.supported:
            return None
        found.append(support)
    return replace(found[0], score=min(support.score for support in found))


def _by_words(claim: Statement, source: Source, windows: Sequence[Window]) -> Support:
    """The best window whose words suffice and whose facts agree, or the best one with what is wrong with it."""
    bare = _bare(claim.original)
    has_figures = bool(claim.whole.facts.needed())
    reason = ""
    for window in windows:
        if bare == _bare(source.words_of(window)):
            return Support(source.span(window), 1.0, supported=True)
        enough = ROW_SUPPORTED_FROM if source.pieces[window.first].is_row and has_figures else SUPPORTED_FROM
        if window.net_score < max(enough, windows[0].net_score - _RESCUE_RANGE):
            break
        found = disagreement(claim, source, window)
        found = found or ("words" if is_of_another_row(claim, source, window) else "")
        found = found or ("number" if is_of_another_column(claim, source, window) else "")
        if not found:
            return Support(source.span(window), window.score, supported=True)
        reason = reason or found
    return Support(source.span(windows[0]), windows[0].score, supported=False, reason=reason or "words")


def _by_similarity(
    claim: Statement,
    source: Source,
    found: Mapping[Window, str],
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
    scored = [(similarity(claim.original, source.words_of(w)), w) for w in agreeing[:_MOST_SIMILARITY_CALLS]]
    score, window = max(scored, key=lambda pair: pair[0])
    similar = score >= similar_from
    clipped = min(max(score, 0.0), 1.0)
    return Support(source.span(window), clipped, supported=similar, reason="" if similar else "words")


def _bare(text: str) -> str:
    return " ".join(text.split()).strip(" .।!*").casefold()
