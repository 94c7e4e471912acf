"""Whether the hits answer the question at all; a grounded bot refuses when they do not.

Two signals carry the decision: the best dense score, measured from the embedder's own threshold, and the share of the
question's content words that the best of the first hits holds. Constants were set on questions of four public sets
(English and Hindi) asked of their own texts, of texts without the paragraph that answers, and of foreign texts.
"""

from __future__ import annotations

from collections.abc import Sequence

from konverze_core.retrieval import Hit
from konverze_rag.answering.language import language_of
from konverze_rag.answering.wording import Vocabulary, content_words, coverage

ANSWERABLE_FROM = 0.5
"""Evidence from which a question counts as answered, where a dense score is known."""
LEXICAL_ANSWERABLE_FROM = 0.45
"""The same for words alone."""
# This much more cosine weighs as much as all of the question's words.
_DENSE_RANGE = 0.15
# Cosines between languages lie this much lower.
_CROSS_LANGUAGE_SHIFT = 0.05
_FIRST_HITS = 3


def evidence(question: str, hits: Sequence[Hit], *, answerable_score: float) -> float:
    """How strongly the hits speak for an answer, 0 to 1.

    Args:
        question: The standalone question.
        hits: Best first.
        answerable_score: The embedder's threshold (`EmbedderInfo.answerable_score`); at 0, not calibrated, words
            alone count, and a question in another language than the hits' gets the benefit of the doubt.
    """
    lexical = lexical_evidence(question, hits)
    nearest = nearest_hit(hits)
    if nearest is None or nearest.explain.dense_score is None:
        return lexical
    is_foreign = _is_foreign(question, nearest)
    words = max(lexical, ANSWERABLE_FROM) if is_foreign else lexical
    if not answerable_score:
        return words
    threshold = answerable_score - (_CROSS_LANGUAGE_SHIFT if is_foreign else 0.0)
    return min(max(words + (nearest.explain.dense_score - threshold) / _DENSE_RANGE, 0.0), 1.0)


def nearest_hit(hits: Sequence[Hit]) -> Hit | None:
    """The hit with the highest dense score; None where none has one."""
    return max(
        (hit for hit in hits if hit.explain.dense_score is not None),
        key=lambda hit: hit.explain.dense_score or 0.0,
        default=None,
    )


def lexical_evidence(question: str, hits: Sequence[Hit]) -> float:
    """Share of the question's content words, by weight, in the best of the first hits, headings included; 0 to 1."""
    wanted = content_words(question)
    texts = (f"{hit.chunk.heading or ''}\n{hit.chunk.text}" for hit in hits[:_FIRST_HITS])
    return max((coverage(wanted, Vocabulary.of(text)) for text in texts), default=0.0)


def is_answerable(question: str, hits: Sequence[Hit], *, answerable_score: float) -> bool:
    """Whether the hits are likely to answer the question.

    Args:
        question: The standalone question.
        hits: Best first.
        answerable_score: The embedder's threshold.
    """
    is_dense = bool(answerable_score) and nearest_hit(hits) is not None
    needed = ANSWERABLE_FROM if is_dense else LEXICAL_ANSWERABLE_FROM
    return bool(hits) and evidence(question, hits, answerable_score=answerable_score) >= needed


def _is_foreign(question: str, hit: Hit) -> bool:
    """Whether the hit is in another language and shares no word, so that only its meaning can speak for it."""
    return not lexical_evidence(question, [hit]) and language_of(hit.chunk.text) != language_of(question)
