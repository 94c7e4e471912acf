"""Questions whose right answers are known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from konverze_core.documents import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a document that answers a question.

    Attributes:
        document_id: The document.
        text: The stretch's words; empty where `span` tells it.
        span: Where it stands in the document's text; None where `text` tells it.
        grade: How well it answers, 1 or more.
    """

    document_id: str
    text: str = ""
    span: Span | None = None
    grade: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and what is known of its answer.

    Attributes:
        id: What tells it from the others of its set.
        text: As a visitor asks it.
        relevant: Documents that answer it, with their grades, 1 or more.
        passages: Stretches of documents that answer it.
        answers: Each by itself a right answer, in the documents' own words.
        history: Earlier turns of the conversation, each a question and its answer, oldest first.
        is_unanswerable: Whether the documents do not answer it, so that a refusal is right.
    """

    id: str
    text: str
    relevant: Mapping[str, int] = field(default_factory=dict[str, int])
    passages: tuple[Passage, ...] = ()
    answers: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    is_unanswerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions of one tenant, or of one part of a set; ids are unique.

    Attributes:
        name: Told with every figure.
        questions: In the order given.
    """

    name: str
    questions: tuple[Question, ...]

    def __len__(self) -> int:
        return len(self.questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    @property
    def digest(self) -> str:
        """Hex digest over all that is known of all questions."""
        return hashlib.sha256(msgspec.json.encode(self.questions, order="deterministic")).hexdigest()

    def only(self, ids: Iterable[str], *, name: str) -> QuestionSet:
        """The questions of these ids, in the set's order."""
        kept = set(ids)
        return QuestionSet(name=name, questions=tuple(one for one in self.questions if one.id in kept))

    def split(self, share: float = 0.5, *, seed: int = 0) -> tuple[QuestionSet, QuestionSet]:
        """Two parts without a question in common: to choose settings by the first, and to measure them on the second.

        Questions that are judged by the same documents stay together, so that the second part is news; so do the turns
        of a conversation. Answerable and unanswerable questions are shared out alike.

        Args:
            share: Of the questions that the first part gets, about; between 0 and 1.
            seed: Another split for another seed; the same one for the same.

        Raises:
            ConfigError: The share is not between 0 and 1, or a part would have no question.
        """
        raise NotImplementedError
