"""What a visitor asks, checked before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from konverze_core.errors import ConfigError
from konverze_indexes.where import parse_where
from konverze_rag.conversations import checked_name

MAX_QUERY_CHARS = 8_000
"""Longest question or search text."""


def checked_query(text: str) -> str:
    """A text that can be searched for, blank or not; half surrogate pairs become question marks.

    Raises:
        ConfigError: It is no text, or too long.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a question is a string, not {type(text).__name__}")
    if len(text) > MAX_QUERY_CHARS:
        raise ConfigError(f"the question has {len(text)} characters; at most {MAX_QUERY_CHARS} are taken")
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a visitor asks, checked.

    Attributes:
        text: The question.
        conversation: Name of the conversation; None to read and store nothing.
        visitor: Who asks.
        where: Which chunks the answer may rest on.
    """

    text: str
    conversation: str | None = None
    visitor: str | None = None
    where: Mapping[str, Any] | None = None

    @classmethod
    def checked(
        cls, text: str, *, conversation: str | None, visitor: str | None, where: Mapping[str, Any] | None
    ) -> Self:
        """The question, if it can be asked.

        Raises:
            ConfigError: The text is blank or too long, or a name or `where` is not legal.
        """
        asked = checked_query(text)
        if not asked.strip():
            raise ConfigError("the question is empty: ask in words")
        if conversation is not None:
            conversation = checked_name("conversation", conversation)
        if visitor is not None:
            visitor = checked_name("visitor", visitor)
            if conversation is None:
                raise ConfigError("a visitor's turn is stored under a conversation: name it too")
        if where is not None:
            parse_where(where)
        return cls(text=asked, conversation=conversation, visitor=visitor, where=where)
