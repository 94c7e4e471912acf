"""Answers of one tenant to questions that were asked in the same words before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Self

from konverze_core.answers import Answer, Cited, Event, Refusal, Sources, Timings, Token, Unsupported, Usage
from konverze_rag.latest import Latest
from konverze_rag.questions import Question
from konverze_rag.settings import Settings

ANSWER_BYTES = 2_000
"""Of the objects around the texts of a kept answer, about."""


class AnswerKey(NamedTuple):
    """What must be the same for an answer to be given again.

    Attributes:
        text: The question, to the letter.
        where: Which chunks it may rest on, as JSON with sorted names.
        generation: Of the index: whatever is indexed, deleted or compacted makes another one.
    """

    text: str
    where: str
    generation: int

    @classmethod
    def of(cls, question: Question, generation: int) -> Self:
        """The key of a question without history."""
        return cls(question.text, _written(question.where), generation)


class _Kept(NamedTuple):
    settings: Settings
    answer: Answer
    bytes: int


class AnswerCache(Latest[AnswerKey, _Kept]):
    """Keeps whole answers.

    Only a tenant's own questions reach it: each has one of its own. The settings must be the same object, which the
    tenant's configuration gives until they change.
    """

    def __init__(self) -> None:
        super().__init__(lambda _, kept: kept.bytes)

    def known(self, key: AnswerKey, settings: Settings) -> Answer | None:
        """The answer as it was given, at no cost; None where it is not kept."""
        found = self.get(key)
        if found is None or found.settings is not settings:
            return None
        return replace(found.answer, usage=Usage(), timings=Timings(), turn=None)

    def keeping(self, key: AnswerKey, settings: Settings) -> Callable[[Answer], None]:
        """What keeps an answer that is written from now on, in place of the oldest one."""
        keep = self.keeper(key, settings.answer_cache_size)
        return lambda answer: keep(_Kept(settings, answer, _bytes_of(answer)))


def said_again(answer: Answer) -> Iterator[Event]:
    """The events of an answer that was given before."""
    if answer.refused:
        yield Refusal(answer.text)
        return
    yield Sources(answer.hits)
    yield Token(answer.text)
    yield from map(Cited, answer.citations)
    yield from map(Unsupported, answer.unsupported)


def _bytes_of(answer: Answer) -> int:
    texts = [answer.text, answer.question, *(citation.quote for citation in answer.citations)]
    texts += [hit.chunk.text for hit in answer.hits]
    return ANSWER_BYTES + sum(map(sys.getsizeof, texts))


def _written(where: Mapping[str, Any] | None) -> str:
    return "" if where is None else json.dumps(where, sort_keys=True, default=repr)
