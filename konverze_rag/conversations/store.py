"""The conversations of a tenant: appending to them, rating and reading them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from konverze_core.answers import TurnId
from konverze_core.conversations import ConversationTurn, Feedback
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, IntegrityError, RollbackError
from konverze_core.protocols import BlobStore, Clock, Message
from konverze_core.reports import Finding
from konverze_indexes.contention import pause
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.checking import verified
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.ending import (
    CitingTurns,
    PurgedTurns,
    VisitorErasing,
    VisitorErasure,
    purged,
    turns_citing,
)
from konverze_rag.conversations.feedback import is_given
from konverze_rag.conversations.names import Folder, Place, kept_from
from konverze_rag.conversations.reading import Shelf, TurnSelection, selected_turns
from konverze_rag.conversations.turn import KIND, StoredTurn, Turn

HISTORY_DAYS = 2
"""A conversation goes on while its last turn is of today or of the day before."""

MAX_CLOCK_SKEW = timedelta(hours=1)
"""Turns are not read in their last hour, when the purge of a server whose clock runs ahead may take them away."""

MAX_TURN_TRIES = 64
"""How often a turn takes the next number because another one took its own."""

SEALED_WITHIN = timedelta(minutes=30)
"""A marker that is put by then, after a look at the keyring, opens: a data key is dropped an hour after it was retired,
or later. For all others a second look is taken, which a turn that goes as fast as usual is spared."""

MAX_REMEMBERED = 10_000
"""Conversations of which a process remembers the newest turn, to notice an older copy."""


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
        self._days = DayKeys(self._blobs, keyring, clock)
        self._newest: dict[Folder, tuple[int, str]] = {}
        self._lock = threading.Lock()

    def history(self, conversation: str, *, turns: int, retention_days: int) -> tuple[Message, ...]:
        """The latest questions and answers of a conversation, oldest first; erased ones are left out.

        Args:
            conversation: Its name.
            turns: Look at this many, at most.
            retention_days: Turns that are older are not read, be they purged already or not.

        Raises:
            IntegrityError: A stored turn is not what was written, is missing, or is out of order.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        """
        now = self._clock.now()
        oldest = max(self._shown_from(retention_days), now.date() - timedelta(days=HISTORY_DAYS - 1))
        day = now.date() + timedelta(days=1)  # a server whose clock runs ahead may have begun tomorrow
        stored: list[StoredTurn] = []
        with self._keyring.telling_erasure():
            while len(stored) < turns and day >= oldest:
                stored = self._latest(self._folder(day, conversation), turns - len(stored)) + stored
                day -= timedelta(days=1)
        return tuple(
            Message(role=role, text=text)
            for turn, *_ in stored
            if isinstance(turn, Turn)
            for role, text in (("user", turn.question), ("assistant", turn.answer))
        )

    def turns(self, selection: TurnSelection, *, retention_days: Callable[[], int]) -> Iterator[ConversationTurn]:
        """Stored turns by day, conversation and number; erased ones and those past their retention are left out.

        Args:
            selection: Which turns.
            retention_days: Asked for each turn, as a walk may take its time.

        Raises:
            IntegrityError: A turn, its feedback or a day's key is not what was written, or missing.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store cannot be read.
            TenantErasedError: The tenant was erased.
        """
        self._keyring.refresh()
        shelf = Shelf(
            blobs=self._blobs,
            days=self._days,
            blind_name=self._keyring.blind_name,
            kept_from=lambda: self._shown_from(retention_days()),
            today=lambda: self._clock.now().date(),
            counts=self._counts,
        )
        with self._keyring.telling_erasure():
            yield from selected_turns(shelf, selection)

    def give_feedback(self, conversation: str, turn: TurnId, feedback: Feedback, *, retention_days: int) -> None:
        """Stores what is said of an answer, in place of what was said of it before.

        Args:
            conversation: Its name.
            turn: Which of its turns.
            feedback: What is said of it.
            retention_days: Turns that are older are not there any more, be they purged already or not.

        Raises:
            ConfigError: There is no such turn, or it is past its retention, or was erased.
            IntegrityError: The turn is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not take it.
            TenantErasedError: The tenant was erased.
        """
        self._keyring.refresh()
        place = Place(self._folder(turn.day, conversation), turn.number)
        with self._keyring.telling_erasure():
            is_kept = turn.day >= self._shown_from(retention_days)
            if is_kept and is_given(self._blobs, self._days, place, feedback):
                return
        raise ConfigError("no such turn: the conversation never had it, it was erased, or is past its retention")

    def append(self, turn: Turn) -> TurnId:
        """Stores a turn, durably, behind all others of its conversation.

        Returns:
            Where it stands.

        Raises:
            ConflictError: Other turns of the same conversation took every number tried.
            IntegrityError: The turn before is missing or not what was written, or the day's key is.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not take it.
            TenantErasedError: The tenant was erased.
        """
        looked_at = self._clock.now()
        self._keyring.refresh()  # an answer takes its time: the keys may have been rotated, or the tenant erased
        today = self._clock.now().date()
        ahead = self._folder(today + timedelta(days=1), turn.conversation)
        folder = ahead if self._blobs.names(f"{ahead.name}/") else self._folder(today, turn.conversation)
        with self._keyring.telling_erasure():
            for number in range(MAX_TURN_TRIES):
                stands_at = self._put(turn, folder, looked_at)
                if stands_at is not None:
                    return TurnId(folder.day, stands_at)
                pause(number)
        raise ConflictError("other turns of this conversation were faster; try again")

    def pseudonym(self, visitor: str) -> str:
        """The name by which a visitor goes where its own must not be known; always the same one for this tenant.

        Raises:
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        """
        return self._keyring.blind_name("end user", visitor)

    def forget_ended(self) -> None:
        """Forgets the keys of days that conversations do not go on from."""
        self._days.forget_ended()

    def purge(self, before: date) -> PurgedTurns:
        """Ends the conversations of all days before this one: their keys first, then their turns and markers.

        What an interrupted purge has left is removed by the next one.

        Args:
            before: The first day that is kept (`kept_from`).

        Raises:
            ConfigError: Today or the day before would be purged, which conversations still go on from.
            StoreError: The store did not remove something; run it again.
        """
        if before >= self._clock.now().date():
            raise ConfigError("conversations of today and of the day before are not purged")
        with self._lock:
            self._newest = {folder: mark for folder, mark in self._newest.items() if folder.day >= before}
        self._days.drop()
        return purged(self._blobs, before)

    def erase_visitor(self, visitor: str) -> VisitorErasure:
        """Overwrites every turn of a visitor by an erased turn, then deletes the markers that led to them.

        What an interrupted erasure has left is erased by the next one. A turn of the visitor that comes meanwhile is
        erased, or has its marker kept, so that the next one finds it.

        Raises:
            IntegrityError: Turns that the visitor's markers lead to cannot be opened; all others were erased.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not do as asked; run it again.
        """
        open_from = self._clock.now().date() - timedelta(days=1)
        erasing = VisitorErasing(self._blobs, self._days, visitor=visitor, open_from=open_from)
        return erasing.run(self._keyring.blind_name("visitor", visitor))

    def turns_citing(self, document_id: str, *, since: date) -> CitingTurns:
        """How many stored turns cite a document; opens every turn to tell.

        Args:
            document_id: The document.
            since: The first day to look at.

        Raises:
            IntegrityError: A turn is not what was written, or a day's key is gone.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        """
        return turns_citing(self._blobs, self._days, document_id, since=since)

    def verify(self, *, since: date) -> Iterator[Finding]:
        """Opens every turn, day key and marker, and says what is wrong or left over.

        Args:
            since: The first day that is kept; what is older waits for a purge.

        Raises:
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreUnavailableError: The store cannot be read.
        """
        return verified(self._blobs, self._days, self._keyring.blind_name, since=since)

    def _put(self, turn: Turn, folder: Folder, looked_at: datetime) -> int | None:
        number = len(self._numbered(folder))
        blobs = self._days.begun(folder.day)
        previous = StoredTurn.read(blobs, folder.turn(number - 1)).digest if number else ""
        linked = turn.model_copy(update={"number": number, "previous": previous})
        marker = None
        if turn.visitor is not None:  # before the turn, so that no turn of a visitor is ever without its marker
            marker = folder.marker(self._keyring.blind_name("visitor", turn.visitor), number)
            self._mark(marker, looked_at)
        try:
            digest = blobs.write_chained(KIND, folder.turn(number), linked.model_dump_json().encode())
        except ConflictError:
            return None
        if marker is not None and self._blobs.head(marker) is None:  # an erasure passed while this writer slept
            self._mark(marker, looked_at)
        self._remember(folder, number + 1, digest)
        return number

    def _mark(self, marker: str, looked_at: datetime) -> None:
        self._blobs.write("visitor", marker, b"", if_absent=False)
        if self._clock.now() - looked_at > SEALED_WITHIN:
            self._blobs.write_lasting("visitor", marker, b"", if_absent=False)

    def _numbered(self, folder: Folder) -> list[str]:
        """Names of the turns of a day, once it is sure that none is missing and none seen before is gone."""
        seen, _ = self._newest.get(folder, (0, ""))  # before the look: turns that come meanwhile only add to it
        names = self._blobs.names(f"{folder.name}/")
        if names != [folder.turn(number) for number in range(len(names))]:
            raise IntegrityError("a turn of a conversation is missing")
        if len(names) < seen:
            raise RollbackError("fewer turns of a conversation stand where more were already seen")
        return names

    def _latest(self, folder: Folder, turns: int) -> list[StoredTurn]:
        names = self._numbered(folder)
        if not names:
            return []
        try:
            blobs = self._days.blobs_of(folder.day)
        except BlobNotFoundError as exc:
            raise IntegrityError(f"the conversation key of {folder.day} is gone") from exc
        read = [StoredTurn.read(blobs, name) for name in names[-turns - 1 :]]
        for before, after in pairwise(read):
            if after.turn.previous != before.digest:
                raise IntegrityError("a turn of a conversation does not follow the one before it")
        count, seen = self._newest.get(folder, (0, ""))
        if count == len(names) and seen != read[-1].digest:
            raise RollbackError("another turn of a conversation stands where one was already seen")
        self._remember(folder, len(names), read[-1].digest)
        return read[-turns:]

    def _remember(self, folder: Folder, count: int, digest: str) -> None:
        with self._lock:
            if len(self._newest) >= MAX_REMEMBERED:
                self._newest.pop(next(iter(self._newest)))
            self._newest[folder] = (count, digest)

    def _counts(self, day: date) -> dict[Folder, int]:
        with self._lock:
            return {folder: count for folder, (count, _) in self._newest.items() if folder.day == day}

    def _shown_from(self, retention_days: int) -> date:
        return kept_from(self._clock.now() + MAX_CLOCK_SKEW, retention_days)

    def _folder(self, day: date, conversation: str) -> Folder:
        return Folder(day, self._keyring.blind_name("conversation", conversation))
