"""Questions whose right answers are known."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from konverze_core.conversations import ConversationTurn
from konverze_core.documents import Document
from konverze_core.errors import ConfigError
from konverze_rag.tuning.questions.conversations import HISTORY_TURNS, questions_of_turns
from konverze_rag.tuning.questions.files import questions_of_csv, questions_of_frame, questions_of_jsonl, write_jsonl
from konverze_rag.tuning.questions.generating import DEFAULT_COUNT, generated_questions
from konverze_rag.tuning.questions.question import Passage, Question
from konverze_rag.tuning.questions.splitting import split_questions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MAX_QUESTIONS", "Passage", "Question", "QuestionSet"]

MAX_QUESTIONS = 100_000
"""Most questions of a set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions of one tenant, or of one part of a set; ids are unique.

    Attributes:
        name: Told with every figure.
        questions: In the order given; at least one.

    Raises:
        ConfigError: The name is empty, there is no question or there are too many, or two have the same id.
    """

    name: str
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigError("a question set needs a name")
        if not self.questions:
            raise ConfigError("a question set needs at least one question")
        if len(self.questions) > MAX_QUESTIONS:
            raise ConfigError(f"the set has {len(self.questions)} questions; at most {MAX_QUESTIONS} are taken")
        numbers: dict[str, int] = {}
        for number, question in enumerate(self.questions, 1):
            if numbers.setdefault(question.id, number) != number:
                raise ConfigError(f"questions {numbers[question.id]} and {number} have the same id: ids are unique")

    def __len__(self) -> int:
        return len(self.questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    @classmethod
    def from_jsonl(cls, path: str | os.PathLike[str], name: str | None = None) -> Self:
        """Questions of a file of JSON lines; its fields are told in `konverze_rag.tuning.questions.files`.

        Args:
            path: The file, in UTF-8.
            name: Of the set; the file's, without its ending, by default.

        Raises:
            ConfigError: The file cannot be read or is too large, or a line is no question; it names the line.
        """
        return cls(name=name or Path(path).stem, questions=questions_of_jsonl(Path(path)))

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str], name: str | None = None) -> Self:
        """Questions of a table; its columns are told in `konverze_rag.tuning.questions.files`.

        Args:
            path: The file, in UTF-8, with commas.
            name: Of the set; the file's, without its ending, by default.

        Raises:
            ConfigError: The file cannot be read or is too large, or a row is no question; it names the line.
        """
        return cls(name=name or Path(path).stem, questions=questions_of_csv(Path(path)))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, name: str = "frame") -> Self:
        """Questions of a DataFrame, one a row; its columns are the fields of a JSON line.

        Cells hold values as in JSON, or texts as in CSV.

        Raises:
            ConfigError: It is no DataFrame, or a row is no question; it names the row, from 1.
            MissingExtraError: pandas is not installed.
        """
        return cls(name=name, questions=questions_of_frame(frame))

    @classmethod
    def from_conversations(
        cls, turns: Iterable[ConversationTurn], name: str = "conversations", *, history_turns: int = HISTORY_TURNS
    ) -> Self:
        """What visitors asked, with what feedback tells of the answers; see `questions.conversations`.

        Args:
            turns: Of `Tenant.turns`, in its order.
            name: Of the set.
            history_turns: Earlier turns that a question is given, at most.

        Raises:
            ConfigError: There is no turn.
            KonverzeError: What reading the turns raises.
        """
        return cls(name=name, questions=questions_of_turns(turns, history_turns=history_turns))

    @classmethod
    def generated(
        cls, documents: Mapping[str, Document], name: str = "generated", *, count: int = DEFAULT_COUNT, seed: int = 0
    ) -> Self:
        """Questions made of documents without a model; they flatter search by words.

        Args:
            documents: By id.
            name: Of the set.
            count: Most questions.
            seed: Other questions for another seed; the same ones for the same.

        Raises:
            ConfigError: The documents have no headings, and no sentences to ask for; or the count is below 1.
        """
        return cls(name=name, questions=generated_questions(documents, count=count, seed=seed))

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Writes a new file, mode 0600, that `from_jsonl` reads as the same questions.

        Questions leave the sealed store here: no retention ends the file, and no erasure reaches it.

        Raises:
            ConfigError: Something stands there already, or the file cannot be written.
        """
        write_jsonl(Path(path), self.questions)

    @property
    def digest(self) -> str:
        """Hex digest over all that is known of all questions."""
        return hashlib.sha256(msgspec.json.encode(self.questions, order="deterministic")).hexdigest()

    def only(self, ids: Iterable[str], *, name: str) -> QuestionSet:
        """The questions of these ids, in the set's order.

        Raises:
            ConfigError: None has one of these ids.
        """
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
        first = split_questions(self.questions, share, seed=seed)
        if not 0 < len(first) < len(self):
            raise ConfigError("a part would have no question: take another share, or questions about more documents")
        rest = tuple(one for one in self.questions if one.id not in first)
        return (
            self.only(first, name=f"{self.name}, first part"),
            QuestionSet(name=f"{self.name}, second part", questions=rest),
        )
