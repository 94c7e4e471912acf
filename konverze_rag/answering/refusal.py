"""Whether the hits answer the question at all; a grounded bot refuses when they do not.

Two signals carry the decision: the best dense score, measured from the embedder's own threshold, and the share of the
question's content words that the best of the first hits holds. What a question names must be known besides: the thing
whose price it asks, its code, the warranty. Constants were set on questions of four public sets
(English and Hindi) asked of their own texts, of texts without the paragraph that answers, and of foreign texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from konverze_core.retrieval import Hit
from konverze_rag.answering.answer_type import asked_codes, names_in, priced_words, promises
from konverze_rag.answering.language import language_of
from konverze_rag.answering.wording import Vocabulary, content_words, coverage, holds_code

ANSWERABLE_FROM = 0.5
"""Evidence from which a question counts as answered, where a dense score is known."""
LEXICAL_ANSWERABLE_FROM = 0.45
"""The same for words alone."""
# This much more cosine weighs as much as all of the question's words.
_DENSE_RANGE = 0.15
# Cosines between scripts lie this much lower.
_CROSS_SCRIPT_SHIFT = 0.05
# A hit in the question's script that is nearly as near as one in another shows that the other does not answer.
_NEARLY_AS_NEAR = 0.02
# Share of the words of what is priced, or of names, that a hit must hold.
_KNOWN_FROM = 0.5
# With this much more cosine than the threshold, names need not be known: "How long does delivery to Pune take?"
_CLEARLY_NEAR = 0.04
# Share of a question about a promise that the promising hit must hold.
_PROMISED_FROM = 0.25
_LATIN = frozenset({"english", "hinglish"})
_REFUSALS = {
    "english": "I could not find that in the documents I have.",
    "hindi": "मेरे पास जो दस्तावेज़ हैं, उनमें मुझे यह नहीं मिला।",
    "hinglish": "Mere paas jo documents hain, unmein mujhe yeh nahi mila.",
}
_FIRST_HITS = 3


def refusal_text(language: str, question: str) -> str:
    """What a visitor reads when the hits do not answer.

    Args:
        language: That all answers are in; empty for the question's own. In one without a sentence here it is English.
        question: The visitor's words.
    """
    return _REFUSALS.get(language.casefold() or language_of(question), _REFUSALS["english"])


def evidence(question: str, hits: Sequence[Hit], *, answerable_score: float) -> float:
    """How strongly the hits speak for an answer, 0 to 1.

    Args:
        question: The standalone question.
        hits: Best first.
        answerable_score: The tenant's threshold, or the embedder's (`EmbedderInfo.answerable_score`); at 0, not
            calibrated, words alone count, and a question in another script than the hits' gets the benefit of the
            doubt.
    """
    return Signals(question=question, hits=hits).evidence(answerable_score)


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What speaks for an answer, whatever the threshold; each signal is taken once, and only where it decides.

    Attributes:
        question: The standalone question.
        hits: Best first.
    """

    question: str
    hits: Sequence[Hit]

    def evidence(self, answerable_score: float) -> float:
        """As the function of this name."""
        nearest = self.nearest
        if self._lacks_what_is_named:
            return 0.0
        if nearest is None or not answerable_score:
            return self._words
        margin = _dense(nearest) - answerable_score
        if margin < _CLEARLY_NEAR and not self._is_foreign and not self._knows_names:
            return 0.0
        return min(max(self._words + (margin + self._is_foreign * _CROSS_SCRIPT_SHIFT) / _DENSE_RANGE, 0.0), 1.0)

    def are_enough(self, answerable_score: float) -> bool:
        """Whether the evidence is that from which hits are likely to answer a question."""
        return self.evidence(answerable_score) >= needed_evidence(self.hits, answerable_score=answerable_score)

    @cached_property
    def nearest(self) -> Hit | None:
        """The hit with the highest dense score; None where none has one."""
        return nearest_hit(self.hits)

    @cached_property
    def _words(self) -> float:
        lexical = lexical_evidence(self.question, self.hits)
        return max(lexical, ANSWERABLE_FROM) if self._is_foreign else lexical

    @cached_property
    def _is_foreign(self) -> bool:
        return self.nearest is not None and _is_foreign(self.question, self.hits, self.nearest)

    @cached_property
    def _lacks_what_is_named(self) -> bool:
        return _lacks_what_is_named(self.question, self.hits[:_FIRST_HITS], self.nearest)

    @cached_property
    def _knows_names(self) -> bool:
        return _knows(names_in(self.question), self.hits[:_FIRST_HITS])


def nearest_hit(hits: Sequence[Hit]) -> Hit | None:
    """The hit with the highest dense score; None where none has one."""
    return max(
        (hit for hit in hits if hit.explain.dense_score is not None),
        key=_dense,
        default=None,
    )


def lexical_evidence(question: str, hits: Sequence[Hit]) -> float:
    """Share of the question's content words, by weight, in the best of the first hits, context included; 0 to 1."""
    wanted = content_words(question)
    return max((coverage(wanted, _vocabulary(hit)) for hit in hits[:_FIRST_HITS]), default=0.0)


def needed_evidence(hits: Sequence[Hit], *, answerable_score: float) -> float:
    """The `evidence` from which hits are likely to answer a question.

    Args:
        hits: Best first.
        answerable_score: The tenant's threshold, or the embedder's.
    """
    is_dense = bool(answerable_score) and nearest_hit(hits) is not None
    return ANSWERABLE_FROM if is_dense else LEXICAL_ANSWERABLE_FROM


def _is_foreign(question: str, hits: Sequence[Hit], nearest: Hit) -> bool:
    """Whether the nearest hit is in another script and shares no word, so that only its meaning can speak for it.

    Not so where a hit in the question's own script is nearly as near.
    """
    script = _script(question)
    if _script(nearest.chunk.text) == script or lexical_evidence(question, [nearest]):
        return False
    own = (_dense(hit) for hit in hits if _script(hit.chunk.text) == script)
    return max(own, default=0.0) < _dense(nearest) - _NEARLY_AS_NEAR


def _lacks_what_is_named(question: str, hits: Sequence[Hit], nearest: Hit | None) -> bool:
    """Whether no hit knows the thing whose price is asked, its code, or the promise that is asked about it.

    Words in another script than the nearest hit's prove nothing.
    """
    closest = nearest or next(iter(hits), None)
    if closest is None or _script(closest.chunk.text) != _script(question):
        return False
    priced = priced_words(question)
    if not _knows(priced, hits) or _lacks_a_code(question, hits, is_priced=bool(priced)):
        return True
    return not all(_is_promised(question, words, hits) for words in promises(question))


def _knows(words: Sequence[str], hits: Sequence[Hit], *, share: float = _KNOWN_FROM) -> bool:
    """Whether one hit holds this share of the words, by weight; True without words."""
    return not words or max((coverage(words, _vocabulary(hit)) for hit in hits), default=0.0) >= share


def _lacks_a_code(question: str, hits: Sequence[Hit], *, is_priced: bool) -> bool:
    """Whether a code is unknown that is priced, or while others of its family are known; an order number may be."""
    text = "\n".join(map(_text, hits))
    unknown = [code for code in asked_codes(question) if not holds_code(text, code)]
    return any(is_priced or holds_code(text, code, is_family=True) for code in unknown)


def _is_promised(question: str, words: frozenset[str], hits: Sequence[Hit]) -> bool:
    """Whether a hit that holds one of the promise's words knows what the question is about, too."""
    about = [word for word in content_words(question) if word not in words]
    promising = [hit for hit in hits if any(_vocabulary(hit).best(word) >= _KNOWN_FROM for word in words)]
    return bool(promising) and _knows(about, promising, share=_PROMISED_FROM)


def _dense(hit: Hit) -> float:
    return hit.explain.dense_score or 0.0


def _script(text: str) -> str:
    language = language_of(text)
    return "latin" if language in _LATIN else language


def _text(hit: Hit) -> str:
    return hit.chunk.searchable_text


def _vocabulary(hit: Hit) -> Vocabulary:
    return Vocabulary.of(_text(hit))
