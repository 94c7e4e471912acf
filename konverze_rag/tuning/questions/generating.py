"""Makes questions from documents without a model: from their headings, and from the rarest words of their sentences.

Each question carries the span that answers it. They are for tenants who have no questions yet, and for a first look:
they are made of the documents' own words, and so they flatter the lexical leg. Visitors use other words; compare
weights of the two legs on their questions only.

- *Of headings*: the headings above a section, outermost first, with a question mark; the section answers it.
- *Of sentences*: at most half of a sentence's words that carry a topic, the rarest ones of all documents, in their
  order; the sentence answers it. It is never the sentence itself.

What two places of the documents would be asked for alike is asked for by no question.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from konverze_core.documents import BlockKind, Document, Span
from konverze_core.errors import ConfigError
from konverze_loaders import split_sentences
from konverze_rag.answering.wording import content_words
from konverze_rag.questions import MAX_QUERY_CHARS
from konverze_rag.tuning.questions.question import Passage, Question

DEFAULT_COUNT = 200
"""Questions to make, at most."""

MAX_WORDS = 6
"""Words of a question that is made of a sentence, at most."""

MIN_WORDS = 3
"""Words of such a question, at least; the sentence has twice as many."""

MIN_HEADING_WORDS = 2
"""Words that carry a topic in the headings above a section, at least: `Overview` asks for nothing."""

MIN_SECTION_CHARS = 20
"""Shortest section that answers anything."""

_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM})
_HEADING_JOINT = ": "


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something stands that can be asked for.

    Attributes:
        document_id: The document.
        span: In the document's text.
        words: What it would be asked for by: its words that carry a topic, in order, each once.
        text: The question; empty while it is not worded.
    """

    document_id: str
    span: Span
    words: tuple[str, ...]
    text: str = ""


def generated_questions(documents: Mapping[str, Document], *, count: int, seed: int) -> tuple[Question, ...]:
    """Questions that the documents answer, half of them of headings where there are so many.

    Args:
        documents: By id.
        count: Most questions.
        seed: Other questions for another seed; the same ones for the same.

    Raises:
        ConfigError: The documents have no headings, and no sentences to ask for; or the count is below 1.
    """
    if count < 1:
        raise ConfigError("make at least one question: count is 1 or more")
    ordered = sorted(documents.items())
    headings = _unlike(place for name, document in ordered for place in _sections(name, document))
    sentences = _unlike(place for name, document in ordered for place in _sentences(name, document))
    rarity = Counter(word for place in sentences for word in place.words)
    choice = random.Random(seed)  # noqa: S311 (no secret hangs on it)
    of_headings = choice.sample(headings, min(len(headings), max(count // 2, count - len(sentences))))
    of_sentences = choice.sample(sentences, min(len(sentences), count - len(of_headings)))
    worded = [_Place(one.document_id, one.span, one.words, _rarest(one.words, rarity)) for one in of_sentences]
    questions = (*_asked("heading", of_headings), *_asked("sentence", worded))
    if not questions:
        raise ConfigError("the documents have no headings above text, and no sentences that are long enough to ask for")
    return questions


def _asked(kind: str, places: Iterable[_Place]) -> Iterator[Question]:
    for number, place in enumerate(places, 1):
        passage = Passage(document_id=place.document_id, span=place.span)
        yield Question(id=f"{kind}-{number}", text=place.text, passages=(passage,))


def _unlike(places: Iterable[_Place]) -> list[_Place]:
    """The places that no other has all words in common with."""
    found = list(places)
    alike = Counter(place.words for place in found)
    return [place for place in found if alike[place.words] == 1]


def _sections(document_id: str, document: Document) -> Iterator[_Place]:
    """Sections by the headings above them, each from its heading to the next one."""
    headings = [block for block in document.blocks if block.kind is BlockKind.HEADING]
    ends = [*(block.span.start for block in headings[1:]), len(document.text)]
    above: list[tuple[int, str]] = []
    for block, end in zip(headings, ends, strict=False):  # no heading, no section
        title = " ".join(document.text[block.span.start : block.span.end].split())
        above = [(level, text) for level, text in above if level < block.level] + [(block.level, title)]
        span = _stripped(document.text, block.span.end, end)
        words = _words(" ".join(text for _, text in above))
        asked = _HEADING_JOINT.join(text for _, text in above).rstrip("?") + "?"
        is_askable = len(words) >= MIN_HEADING_WORDS and len(asked) <= MAX_QUERY_CHARS
        if is_askable and len(span) >= MIN_SECTION_CHARS and words != _words(document.text[span.start : span.end]):
            yield _Place(document_id, span, words, asked)


def _sentences(document_id: str, document: Document) -> Iterator[_Place]:
    """Sentences of paragraphs and list items that have words enough to ask for half of them."""
    prose = [block.span for block in document.blocks if block.kind in _PROSE]
    for stretch in prose if document.blocks else [Span(0, len(document.text))]:
        for span in split_sentences(document.text, stretch.start, stretch.end):
            words = _words(document.text[span.start : span.end])
            if len(words) >= 2 * MIN_WORDS:
                yield _Place(document_id, span, words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(content_words(text)))


def _rarest(words: tuple[str, ...], rarity: Mapping[str, int]) -> str:
    """The question: half of the words, at most `MAX_WORDS`, that fewest sentences have; of equals the longer ones."""
    ranked = sorted(range(len(words)), key=lambda place: (rarity[words[place]], -len(words[place]), place))
    kept = sorted(ranked[: min(MAX_WORDS, len(words) // 2)])
    return " ".join(words[place] for place in kept) + "?"


def _stripped(text: str, start: int, end: int) -> Span:
    """The stretch without white space at its ends."""
    part = text[start:end]
    return Span(start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip())) if part.strip() else end)
