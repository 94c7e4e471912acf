"""Sealed conversation turns, each day under a key of its own, so that destroying the key ends the day's turns."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from konverze_core.answers import Answer, AnswerMode, Citation, Usage
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, IntegrityError, RollbackError
from konverze_core.protocols import BlobStore, Clock, Message
from konverze_indexes.contention import pause
from konverze_indexes.datakeys import KEY_ID_BYTES, DataKey
from konverze_indexes.keyring import Keyring
from konverze_indexes.scalars import checked_text
from konverze_indexes.tenantblobs import OneKey, TenantBlobs, blob_digest

MAX_NAME_CHARS = 256
"""Longest conversation or visitor name."""

HISTORY_DAYS = 2
"""A conversation goes on while its last turn is of today or of the day before."""

MAX_TURN_TRIES = 64
"""How often a turn takes the next number because another one took its own."""

MAX_REMEMBERED = 10_000
"""Conversations of which a process remembers the newest turn, to notice an older copy."""


class Turn(BaseModel):
    """A question and its answer, as stored.

    Attributes:
        version: Of this format.
        number: Place among the conversation's turns of its day, from 0.
        previous: SHA-256 of the sealed turn before; empty for the first of a day.
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
    return checked_text(f"the name of a {what}", name)


class Conversations:
    """The conversations of one tenant; safe to share between threads.

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
        self._newest: dict[str, tuple[int, str]] = {}
        self._lock = threading.Lock()

    def history(self, conversation: str, *, turns: int) -> tuple[Message, ...]:
        """The latest questions and answers of a conversation, oldest first.

        Raises:
            IntegrityError: A stored turn is not what was written, is missing, or is out of order.
        """
        stored: list[Turn] = []
        # A server whose clock runs ahead may have begun tomorrow.
        for age in range(-1, HISTORY_DAYS):
            if len(stored) < turns:
                folder = self._folder(self._clock.now().date() - timedelta(days=age), conversation)
                stored = self._of_day(folder, turns - len(stored)) + stored
        return tuple(
            Message(role=role, text=text)
            for turn in stored
            for role, text in (("user", turn.question), ("assistant", turn.answer))
        )

    def append(self, turn: Turn) -> None:
        """Stores a turn, durably, behind all others of its conversation.

        Raises:
            ConflictError: Other turns of the same conversation took every number tried.
            IntegrityError: The turn before is missing, or the day's key is.
            StoreError: The store did not take it.
        """
        today = self._clock.now().date()
        ahead = self._folder(today + timedelta(days=1), turn.conversation)
        folder = ahead if self._blobs.names(f"{ahead.name}/") else self._folder(today, turn.conversation)
        self._mark_visitor(turn, folder)
        for number in range(MAX_TURN_TRIES):
            if self._put(turn, folder):
                return
            pause(number)
        raise ConflictError("other turns of this conversation were faster; try again")

    def _put(self, turn: Turn, folder: _Folder) -> bool:
        names = self._numbered(folder)
        previous = blob_digest(self._blobs.stored("turn", names[-1])) if names else ""
        linked = turn.model_copy(update={"number": len(names), "previous": previous})
        blobs, name = self._sealed_by_day(folder.day, can_begin=True), f"{folder.name}/{len(names):06d}"
        try:
            digest = blobs.write_chained("turn", name, linked.model_dump_json().encode())
        except ConflictError:
            return False
        self._remember(folder, len(names) + 1, digest)
        return True

    def _numbered(self, folder: _Folder) -> list[str]:
        """Names of the turns of a day, once it is sure that none is missing and none seen before is gone."""
        seen, _ = self._newest.get(folder.name, (0, ""))  # before the look: turns that come meanwhile only add to it
        names = self._blobs.names(f"{folder.name}/")
        if names != [f"{folder.name}/{number:06d}" for number in range(len(names))]:
            raise IntegrityError("a turn of a conversation is missing")
        if len(names) < seen:
            raise RollbackError("fewer turns of a conversation stand where more were already seen")
        return names

    def _of_day(self, folder: _Folder, turns: int) -> list[Turn]:
        names = self._numbered(folder)
        if not names:
            return []
        blobs = self._sealed_by_day(folder.day)
        read = [self._read(blobs, name) for name in names[-turns - 1 :]]
        for (_, digest), (turn, _) in pairwise(read):
            if turn.previous != digest:
                raise IntegrityError("a turn of a conversation does not follow the one before it")
        count, seen = self._newest.get(folder.name, (0, ""))
        if count == len(names) and seen != read[-1][1]:
            raise RollbackError("another turn of a conversation stands where one was already seen")
        self._remember(folder, len(names), read[-1][1])
        return [turn for turn, _ in read[-turns:]]

    @staticmethod
    def _read(blobs: TenantBlobs, name: str) -> tuple[Turn, str]:
        sealed = blobs.stored("turn", name)
        try:
            turn = Turn.model_validate_json(blobs.opened("turn", name, sealed).tobytes())
        except ValidationError:
            # The error would quote the turn: it is not chained.
            raise IntegrityError(f"{name} holds no turn of this version") from None
        return turn, blob_digest(sealed)

    def _remember(self, folder: _Folder, count: int, digest: str) -> None:
        with self._lock:
            if len(self._newest) >= MAX_REMEMBERED:
                self._newest.pop(next(iter(self._newest)))
            self._newest[folder.name] = (count, digest)

    def _mark_visitor(self, turn: Turn, folder: _Folder) -> None:
        """Before the turn itself, so that no turn of a visitor is ever without its marker."""
        if turn.visitor is not None:
            visitor = self._keyring.blind_name("visitor", turn.visitor)
            _, day, conversation = folder.name.split("/")
            self._blobs.write("visitor", f"visitors/{visitor}/{day}/{conversation}", b"", if_absent=False)

    def _folder(self, day: date, conversation: str) -> _Folder:
        blind = self._keyring.blind_name("conversation", conversation)
        return _Folder(day, f"days/{day.isoformat()}/{blind}")

    def _sealed_by_day(self, day: date, *, can_begin: bool = False) -> TenantBlobs:
        known = self._day_keys.get(day)
        if known is None:
            oldest = self._clock.now().date() - timedelta(days=HISTORY_DAYS)
            self._day_keys = {other: key for other, key in self._day_keys.items() if other >= oldest}
            known = self._day_keys[day] = self._day_key(day, can_begin=can_begin)
        return replace(self._blobs, keys=OneKey(active=known))

    def _day_key(self, day: date, *, can_begin: bool) -> DataKey:
        """The day's key; made only by a writer, and only for a day without turns."""
        name = f"days/{day.isoformat()}/key"
        try:
            return self._opened_day_key(name)
        except BlobNotFoundError as exc:
            if not can_begin or self._blobs.names(f"days/{day.isoformat()}/"):
                raise IntegrityError(f"the conversation key of {day} is gone") from exc
        fresh = DataKey.fresh()
        try:
            self._blobs.write("day-key", name, fresh.id + fresh.secret)
        except ConflictError:
            return self._opened_day_key(name)
        return fresh

    def _opened_day_key(self, name: str) -> DataKey:
        opened = self._blobs.read("day-key", name).tobytes()
        return DataKey(id=opened[:KEY_ID_BYTES], secret=opened[KEY_ID_BYTES:])


class _Folder(NamedTuple):
    """A conversation's turns of one day."""

    day: date
    name: str
