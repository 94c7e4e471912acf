"""One question whose right answer is known, or known not to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from konverze_core.documents import Span
from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_text
from konverze_rag.questions import checked_query

MAX_ID_CHARS = 500
"""Longest id of a question."""

MAX_ANSWER_CHARS = 20_000
"""Longest answer, and longest text of a passage."""

MAX_GRADE = 100
"""Highest grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a document that answers a question.

    Attributes:
        document_id: The document.
        text: The stretch's words; empty where `span` tells it. With both, they are for chunks without a span.
        span: Where it stands in the document's text; None where `text` tells it.
        grade: How well it answers, 1 or more.

    Raises:
        ConfigError: It names no document or no stretch, or the grade is none.
    """

    document_id: str
    text: str = ""
    span: Span | None = None
    grade: int = 1

    def __post_init__(self) -> None:
        if not self.document_id:
            raise ConfigError("a passage names its document: give document_id")
        if self.span is None and not self.text.strip():
            raise ConfigError("a passage needs its text, or its span in the document's text")
        if self.span is not None and not 0 <= self.span.start < self.span.end:
            raise ConfigError("a passage's span is a start of 0 or more, and an end behind it")
        if len(checked_text("a passage", self.text)) > MAX_ANSWER_CHARS:
            raise ConfigError(f"a passage has {len(self.text)} characters; at most {MAX_ANSWER_CHARS} are taken")
        _check_grade(self.grade)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and what is known of its answer.

    Attributes:
        id: What tells it from the others of its set.
        text: As a visitor asks it.
        relevant: Documents that answer it, with their grades, 1 or more.
        passages: Stretches of documents that answer it; a question that has some is judged by them, not by `relevant`.
        answers: Each by itself a right answer, in the documents' own words.
        history: Earlier turns of the conversation, each a question and its answer, oldest first.
        is_unanswerable: Whether the documents do not answer it, so that a refusal is right.

    Raises:
        ConfigError: The id or the text is blank or too long, a grade is none, or it is unanswerable and has an answer.
    """

    id: str
    text: str
    relevant: Mapping[str, int] = field(default_factory=dict[str, int])
    passages: tuple[Passage, ...] = ()
    answers: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    is_unanswerable: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(checked_text("an id", self.id)) <= MAX_ID_CHARS:
            raise ConfigError(f"an id is 1 to {MAX_ID_CHARS} characters")
        if not checked_query(checked_text("a question", self.text)).strip():
            raise ConfigError("the question is empty: ask in words")
        if self.is_unanswerable and (self.relevant or self.passages or self.answers):
            raise ConfigError("an unanswerable question has no relevant documents, passages or answers: drop either")
        for document_id, grade in self.relevant.items():
            if not checked_text("a document id", document_id):
                raise ConfigError("a relevant document has an empty id")
            _check_grade(grade)
        for answer in self.answers:
            _check_answer(answer)
        for asked, answered in self.history:
            _ = checked_text("the history", asked), checked_text("the history", answered)

    @property
    def is_judged(self) -> bool:
        """Whether anything is known of its answer."""
        return bool(self.relevant or self.passages or self.answers or self.is_unanswerable)


def _check_grade(grade: int) -> None:
    if isinstance(grade, bool) or not isinstance(grade, int) or not 1 <= grade <= MAX_GRADE:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a grade is a whole number from 1 to {MAX_GRADE}; leave out what does not answer")


def _check_answer(answer: str) -> None:
    if not checked_text("an answer", answer).strip():
        raise ConfigError("an answer is empty, and would stand in every text: drop it")
    if len(answer) > MAX_ANSWER_CHARS:
        raise ConfigError(f"an answer has {len(answer)} characters; at most {MAX_ANSWER_CHARS} are taken")
