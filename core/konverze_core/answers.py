"""What an ask returns: the answer, and the events of a streamed one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from konverze_core.documents import Span
from konverze_core.retrieval import Hit


@dataclass(frozen=True, slots=True)
class Citation:
    """Words of a source that support a sentence of an answer.

    Attributes:
        number: Of the source, from 1: the `[n]` in the answer's text, where the sentence bears a mark.
        document_id: The cited document.
        page: Page on which the cited chunk starts; None where the format has no pages.
        span: Where `quote` stands in the document's text; None for chunks added without a span.
        quote: The supporting words, verbatim: `document.text[span.start:span.end] == quote`.
        score: Strength of the support, 0 to 1.
        supported: Whether the sentence was verified against the quote.
    """

    number: int
    document_id: str
    page: int | None
    span: Span | None
    quote: str
    score: float
    supported: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that models counted, and their price.

    Of an answer they are those of the language model, for it and for the rewrite of its question, and those of the
    question where a remote model embeds it; of an ingest those of what a remote model embeds.

    Attributes:
        input_tokens: Tokens that were read.
        output_tokens: Tokens that were written.
        cost: Price in the currency of the settings' price table, of the models that have one there; None without any.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Wall-clock time of each stage of an answer, in milliseconds."""

    condense_ms: float = 0.0
    retrieve_ms: float = 0.0
    compose_ms: float = 0.0
    generate_ms: float = 0.0
    store_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnId:
    """Where a conversation keeps the turn of an answer; what feedback on it is given by.

    Attributes:
        day: Under whose key the turn is stored, UTC.
        number: Place among the conversation's turns of that day, from 0.
    """

    day: date
    number: int


class AnswerMode(StrEnum):
    """How an answer came about."""

    GENERATED = "generated"
    EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer.

    Attributes:
        text: What the visitor reads, with `[n]` where a sentence is cited.
        citations: The verified citations, by number; empty on refusal.
        refused: Whether the sources do not answer the question.
        degraded: What failed, so that the answer is less than configured: the language model, in whose place the
            sources' own words stand, or the embedding model, without which words alone were searched. None when all
            went as configured.
        mode: How the answer came about.
        usage: Tokens and cost.
        timings: Milliseconds by stage.
        question: The standalone question that was searched.
        hits: The sources offered to the model, in rank order.
        removed_citations: Marks that failed verification and were taken out of `text`.
        unsupported: Where sentences of `text` stand that claim something no source was found to say; in code points.
        confidence: 0 to 1; 0 for a refusal. Of a generated answer, how well the sources support what it claims; of an
            extractive one, how strongly they speak for an answer to the question.
        generation: Generation of the index that was searched.
        turn: Where its turn is stored; None without a conversation.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    refused: bool = False
    degraded: str | None = None
    mode: AnswerMode = AnswerMode.EXTRACTIVE
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    question: str = ""
    hits: tuple[Hit, ...] = ()
    removed_citations: int = 0
    unsupported: tuple[Span, ...] = ()
    confidence: float = 0.0
    generation: int = 0
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The chunks that the answer will rest on; sent before the first word."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation whose sentence was verified; its mark is part of the text already sent."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence of the answer claims something that no source was found to say; `span` is its place in the text."""

    span: Span


@dataclass(frozen=True, slots=True)
class Refusal:
    """The sources do not answer the question; `text` is the whole answer, and words sent so far are withdrawn."""

    text: str


@dataclass(frozen=True, slots=True)
class Degraded:
    """Something configured failed: words sent so far are withdrawn, and an answer by what is left follows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of an answer that came about; its turn is stored by now."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of an ask that could not be answered."""

    error: Exception


Event: TypeAlias = Sources | Token | Cited | Unsupported | Usage | Refusal | Degraded | Done | Failed
