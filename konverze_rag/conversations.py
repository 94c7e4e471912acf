"""Sealed conversation turns, each day under a key of its own, so that destroying the key ends the day's turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from konverze_core.answers import Answer, AnswerMode, Citation, Usage
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, IntegrityError
from konverze_core.protocols import BlobStore, Clock, Message
from konverze_indexes.datakeys import KEY_ID_BYTES, DataKey
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import OneKey, TenantBlobs, blob_digest

MAX_NAME_CHARS = 256
"""Longest conversation or visitor name."""

HISTORY_DAYS = 2
"""A conversation goes on while its last turn is of today or of the day before."""

MAX_TURN_TRIES = 16
"""How often a turn takes the next number because another one took its own."""


class Turn(BaseModel):
    """A question and its answer, as stored.

    Attributes:
        version: Of this format.
        number: Place among the conversation's turns of its day, from 0.
        previous: SHA-256 of the sealed turn before; empty for the first.
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
        generation: Generation of the index that was searched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    number: int = 0
    previous: str = ""
    conversation: str
    visitor: str | None
    asked_at: datetime
    question: str
    answer: str
    citations: tuple[Citation, ...]
    refused: bool
    degraded: str | None
    mode: AnswerMode
    usage: Usage
    generation: int

    @classmethod
    def of(cls, answer: Answer, *, question: str, conversation: str, visitor: str | None, asked_at: datetime) -> Turn:
        """The turn that an answer ends."""
        return cls(
            conversation=conversation,
            visitor=visitor,
            asked_at=asked_at,
            question=question,
            answer=answer.text,
            citations=answer.citations,
            refused=answer.refused,
            degraded=answer.degraded,
            mode=answer.mode,
            usage=answer.usage,
            generation=answer.generation,
        )


def checked_name(what: str, name: str) -> str:
    """The name of a conversation or visitor, if it is one.

    Raises:
        ConfigError: It is empty, too long, or not text.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a {what} is named by 1 to {MAX_NAME_CHARS} characters")
    return name


class Conversations:
    """The conversations of one tenant.

    Args:
        store: Where the sealed turns live.
        keyring: The tenant's keys; its name key hides the names.
        clock: Tells which day it is.
    """

    def __init__(self, store: BlobStore, keyring: Keyring, clock: Clock) -> None:
        self._blobs = TenantBlobs.of(store, keyring)
        self._keyring = keyring
        self._clock = clock
        self._day_keys: dict[date, DataKey] = {}

    def history(self, conversation: str, *, turns: int) -> tuple[Message, ...]:
        """The latest questions and answers of a conversation, oldest first.

        Raises:
            IntegrityError: A stored turn is not what was written, or is out of order.
        """
        stored = self._latest(conversation, turns)
        return tuple(
            Message(role=role, text=text)
            for turn, _ in stored
            for role, text in (("user", turn.question), ("assistant", turn.answer))
        )

    def append(self, turn: Turn) -> None:
        """Stores a turn, durably.

        Raises:
            ConflictError: Other turns of the same conversation took every number tried.
            StoreError: The store did not take it.
        """
        day = turn.asked_at.date()
        blobs = self._sealed_by_day(day)
        folder = f"days/{day.isoformat()}/{self._blind('conversation', turn.conversation)}"
        for _ in range(MAX_TURN_TRIES):
            number = len(blobs.names(f"{folder}/"))
            latest = self._latest(turn.conversation, 1)
            linked = turn.model_copy(update={"number": number, "previous": latest[-1][1] if latest else ""})
            try:
                blobs.write("turn", f"{folder}/{number:06d}", linked.model_dump_json().encode())
            except ConflictError:
                continue
            self._mark_visitor(turn, day)
            return
        raise ConflictError("other turns of this conversation were faster; try again")

    def _latest(self, conversation: str, turns: int) -> list[tuple[Turn, str]]:
        found: list[tuple[Turn, str]] = []
        today = self._clock.now().date()
        for day in (today - timedelta(days=age) for age in range(HISTORY_DAYS)):
            if len(found) < turns:
                found = self._of_day(day, conversation, turns - len(found)) + found
        for (_, digest), (turn, _) in pairwise(found):
            if turn.previous != digest:
                raise IntegrityError("a turn of a conversation does not follow the one before it")
        return found

    def _of_day(self, day: date, conversation: str, turns: int) -> list[tuple[Turn, str]]:
        names = self._blobs.names(f"days/{day.isoformat()}/{self._blind('conversation', conversation)}/")
        if not names:
            return []
        blobs = self._sealed_by_day(day)
        if not names[-1].endswith(f"{len(names) - 1:06d}"):
            raise IntegrityError("a turn of a conversation is missing")
        return [self._read(blobs, name) for name in names[-turns:]]

    @staticmethod
    def _read(blobs: TenantBlobs, name: str) -> tuple[Turn, str]:
        sealed = blobs.stored("turn", name)
        return Turn.model_validate_json(blobs.opened("turn", name, sealed).tobytes()), blob_digest(sealed)

    def _mark_visitor(self, turn: Turn, day: date) -> None:
        if turn.visitor is not None:
            visitor = self._blind("visitor", turn.visitor)
            name = f"visitors/{visitor}/{day.isoformat()}/{self._blind('conversation', turn.conversation)}"
            self._blobs.write("visitor", name, b"", if_absent=False)

    def _blind(self, label: str, name: str) -> str:
        return self._keyring.blind_name(label, name)

    def _sealed_by_day(self, day: date) -> TenantBlobs:
        if day not in self._day_keys:
            self._day_keys[day] = self._day_key(f"days/{day.isoformat()}/key")
        return replace(self._blobs, keys=OneKey(active=self._day_keys[day]))

    def _day_key(self, name: str) -> DataKey:
        try:
            return self._opened_day_key(name)
        except BlobNotFoundError:
            fresh = DataKey.fresh()
        try:
            self._blobs.write("day-key", name, fresh.id + fresh.secret)
        except ConflictError:
            return self._opened_day_key(name)
        return fresh

    def _opened_day_key(self, name: str) -> DataKey:
        opened = self._blobs.read("day-key", name).tobytes()
        return DataKey(id=opened[:KEY_ID_BYTES], secret=opened[KEY_ID_BYTES:])
