"""What a tenant's owner is told of its conversations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from konverze_core.answers import AnswerMode, Citation, TurnId, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What was said of an answer.

    Attributes:
        helpful: Whether the answer helped.
        comment: In the person's own words; may be empty.
        given_at: UTC.
    """

    helpful: bool
    comment: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationTurn:
    """A stored question and its answer.

    Attributes:
        conversation: Name of the conversation.
        visitor: Name of the visitor; None where none was given.
        asked_at: UTC.
        question: As asked.
        answer: As answered.
        citations: As sent.
        refused: Whether the sources did not answer.
        degraded: Why the language model did not answer; None when all went as configured.
        mode: How the answer came about.
        usage: Tokens and cost.
        confidence: How well the sources support the answer, 0 to 1.
        total_ms: How long the answer took until it was stored, in milliseconds.
        generation: Generation of the index that was searched.
        number: Place among the conversation's turns of its day, from 0.
        day: Under whose key the turn is stored, UTC; past midnight, it may be the day after `asked_at`.
        feedback: What was said of the answer last; None where nothing was.
    """

    conversation: str = field(repr=False)  # both may be a person's address or number, which have no place in a log
    visitor: str | None = field(repr=False)
    asked_at: datetime
    question: str
    answer: str
    citations: tuple[Citation, ...]
    refused: bool
    degraded: str | None
    mode: AnswerMode
    usage: Usage
    confidence: float
    total_ms: float
    generation: int
    number: int
    day: date
    feedback: Feedback | None

    @property
    def turn(self) -> TurnId:
        """Where it is stored: what `Answer.turn` was, and what feedback is given on."""
        return TurnId(self.day, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionGroup:
    """Questions that ask for the same, and were not answered.

    Attributes:
        example: The first of them, as asked.
        questions: How many.
        last_asked_at: UTC.
    """

    example: str
    questions: int
    last_asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedDocument:
    """A document that answers cite.

    Attributes:
        document_id: The document; it may be deleted by now.
        turns: How many answers cite it.
    """

    document_id: str
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """What a tenant's stored turns tell together.

    Attributes:
        turns: Questions asked.
        conversations: Conversations that they belong to.
        visitors: Visitors who asked, as far as they were named.
        refused: Turns that the sources did not answer.
        degraded: Turns that something configured failed in.
        unanswered: Questions that were refused, by what they ask for; the most frequent first.
        unanswered_left_out: Refused questions in none of these groups, which are too many to list.
        cited: Documents that answers cite, the most cited first.
        cited_left_out: Cited documents beyond these.
        latency_p50_ms: What half of the answers took at most, in milliseconds, to three figures; 0 without turns.
        latency_p99_ms: What 99 of 100 answers took at most.
        input_tokens: Tokens that models read for all of them.
        output_tokens: Tokens that models wrote.
        cost: What the answers cost whose price is known.
        unpriced: Answers by models without a price, which `cost` lacks.
        helpful: Answers that were called helpful.
        unhelpful: Answers that were called unhelpful.
    """

    turns: int
    conversations: int
    visitors: int
    refused: int
    degraded: int
    unanswered: tuple[QuestionGroup, ...]
    unanswered_left_out: int
    cited: tuple[CitedDocument, ...]
    cited_left_out: int
    latency_p50_ms: float
    latency_p99_ms: float
    input_tokens: int
    output_tokens: int
    cost: float
    unpriced: int
    helpful: int
    unhelpful: int

    @property
    def answered_share(self) -> float:
        """Share of the turns that the sources answered, 0 to 1; 0 without turns."""
        return self._share(self.turns - self.refused)

    @property
    def refused_share(self) -> float:
        """Share of the turns that they did not answer."""
        return self._share(self.refused)

    @property
    def degraded_share(self) -> float:
        """Share of the turns that something configured failed in, answered or not."""
        return self._share(self.degraded)

    def _share(self, turns: int) -> float:
        return turns / self.turns if self.turns else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export has written.

    Attributes:
        turns: Turns of conversations.
        documents: Rows of the catalogue.
        uploads: Originals.
        bytes: Length of the file.
    """

    turns: int
    documents: int
    uploads: int
    bytes: int
