"""Questions that ask for the same, put together as they come, in memory and time that do not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from konverze_core.conversations import QuestionGroup
from konverze_rag.answering.wording import stem, topic_words, weight

MAX_GROUPS = 4_000
"""Groups in memory; when there are more, the half that was asked least goes."""

MAX_TOLD_GROUPS = 100
"""Groups that are told."""

MAX_ALIKE = 32
"""Groups that a question is compared with, for each of its words: the newest that hold the word."""

MAX_WORDS = 32
"""Words of a question that are looked at: its first ones that carry a topic."""

ALIKE = 0.6
"""Share of their words, by weight, that questions of one group have in common with its first one."""


@dataclass(slots=True)
class _Group:
    """Questions that ask for the same.

    Attributes:
        words: Stems of the first one's topic words.
        example: The first one.
        questions: How many.
        last_asked_at: UTC.
    """

    words: frozenset[str]
    example: str
    questions: int
    last_asked_at: datetime


class QuestionGroups:
    """Groups questions by their topic words, whatever their order and inflection, and one or two more or fewer.

    Each question is compared with a bounded number of groups, so that the time is linear in their number. A question
    that could go to several groups goes to the most alike.
    """

    def __init__(self) -> None:
        self._groups: dict[frozenset[str], _Group] = {}
        self._by_word: dict[str, list[_Group]] = {}
        self._seen = 0

    def add(self, question: str, asked_at: datetime) -> None:
        """Takes up a question."""
        self._seen += 1
        words = frozenset(map(stem, topic_words(question)[:MAX_WORDS]))
        group = self._groups.get(words) or self._most_alike(words)
        if group is None:
            self._begin(_Group(words, question, 1, asked_at))
            return
        group.questions += 1
        group.last_asked_at = max(group.last_asked_at, asked_at)

    def told(self) -> tuple[tuple[QuestionGroup, ...], int]:
        """The largest groups, the largest first, and how many questions are in none of them."""
        groups = _largest(self._groups.values(), MAX_TOLD_GROUPS)
        told = tuple(
            QuestionGroup(example=group.example, questions=group.questions, last_asked_at=group.last_asked_at)
            for group in groups
        )
        return told, self._seen - sum(group.questions for group in groups)

    def _most_alike(self, words: frozenset[str]) -> _Group | None:
        near = {id(group): group for word in words for group in self._by_word.get(word, ())[-MAX_ALIKE:]}
        alike = [(_alike(words, group.words), group) for group in near.values()]
        best, group = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        return group if best >= ALIKE else None

    def _begin(self, group: _Group) -> None:
        if len(self._groups) >= MAX_GROUPS:
            kept = _largest(self._groups.values(), MAX_GROUPS // 2)
            self._groups, self._by_word = {}, {}
            for old in kept:
                self._index(old)
        self._index(group)

    def _index(self, group: _Group) -> None:
        self._groups[group.words] = group
        for word in group.words:
            self._by_word.setdefault(word, []).append(group)


def _largest(groups: Iterable[_Group], most: int) -> list[_Group]:
    return sorted(groups, key=lambda group: (group.questions, group.last_asked_at), reverse=True)[:most]


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of their words that are common, by weight, 0 to 1 (the weighted Jaccard index)."""
    total = sum(map(weight, one | other))
    return sum(map(weight, one & other)) / total if total else 0.0
