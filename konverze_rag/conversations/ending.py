"""How turns end: by retention, which deletes a day's key first, and by erasure of a visitor, which overwrites them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from konverze_core.errors import BlobNotFoundError, IntegrityError
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.names import (
    DAYS,
    VISITORS,
    Place,
    day_of,
    key_name,
    marked_place,
    rated_place,
    turn_place,
)
from konverze_rag.conversations.turn import KIND, ErasedTurn, StoredTurn, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgedTurns:
    """What a purge has deleted.

    Attributes:
        days: Days whose key or turns were there.
        turns: Turns deleted.
        feedback: Feedback on turns deleted.
        markers: Visitors' markers deleted.
        bytes: Sealed bytes of all of these, the day keys included.
    """

    days: int
    turns: int
    feedback: int
    markers: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorErasure:
    """What the erasure of a visitor has done.

    Attributes:
        turns: Turns overwritten.
        feedback: Feedback on the visitor's turns deleted.
        markers: Markers deleted.
        bytes: Sealed bytes of all of these, as they were before.
        pending: Markers kept, because their turn is only being written, or the key of its day is gone already: the
            next erasure, or the purge of the day, removes them.
        last_day: Newest day of an overwritten turn; a copy of the original from elsewhere opens until that day's key
            is purged. None when there was nothing to overwrite.
    """

    turns: int
    feedback: int
    markers: int
    bytes: int
    pending: int
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitingTurns:
    """Stored turns that cite a document.

    Attributes:
        turns: How many.
        last_day: The newest one's day; None when there is none.
    """

    turns: int = 0
    last_day: date | None = None


def purged(blobs: TenantBlobs, before: date) -> PurgedTurns:
    """Deletes all days before this one.

    Args:
        blobs: The tenant's sealed blobs.
        before: The first day that is kept.

    Raises:
        StoreError: The store did not remove something.
    """
    places = [(day_of(name), name) for prefix in (DAYS, VISITORS) for name in blobs.names(prefix)]
    due = [(day, name) for day, name in places if day is not None and day < before]
    size = 0
    # By day: its key, its turns and their feedback, its markers.
    for _, name in sorted(due, key=lambda item: (item[0], item[1] != key_name(item[0]), item[1])):
        size += _size(blobs, name)
        blobs.delete(name)
    return PurgedTurns(
        days=len({day for day, name in due if name.startswith(DAYS)}),
        turns=sum(turn_place(name) is not None for _, name in due),
        feedback=sum(rated_place(name) is not None for _, name in due),
        markers=sum(name.startswith(VISITORS) for _, name in due),
        bytes=size,
    )


class VisitorErasing:
    """One erasure of a visitor.

    Each marker names one turn's number, and a number that is taken stays taken. So a marker is settled, and goes, once
    its number holds an erased turn or another visitor's; a writer that is slower takes a later number and marks that.

    Args:
        blobs: The tenant's sealed blobs.
        days: The tenant's day keys.
        visitor: Name of the visitor.
        open_from: The first day that turns may still come to.
    """

    def __init__(self, blobs: TenantBlobs, days: DayKeys, *, visitor: str, open_from: date) -> None:
        self._blobs = blobs
        self._days = days
        self._visitor = visitor
        self._open_from = open_from
        self._turns = self._feedback = self._markers = self._bytes = self._pending = 0
        self._last_day: date | None = None
        self._failures: list[IntegrityError] = []

    def run(self, blind: str) -> VisitorErasure:
        """Follows all markers of the visitor.

        Args:
            blind: The visitor's blinded name.

        Raises:
            IntegrityError: Turns cannot be opened; all others were erased.
            StoreError: The store did not do as asked.
        """
        found = ((name, marked_place(name)) for name in self._blobs.names(f"{VISITORS}{blind}/"))
        marked = [(name, place) for name, place in found if place is not None]
        for day, of_day in groupby(marked, key=lambda item: item[1].folder.day):
            sealed_by_day = self._opened(day)
            for name, place in of_day:
                self._follow(name, place, sealed_by_day)
        if self._failures:
            count = len(self._failures)
            raise IntegrityError(f"{count} marked turns cannot be opened; all others were erased") from self._failures[
                0
            ]
        return VisitorErasure(
            turns=self._turns,
            feedback=self._feedback,
            markers=self._markers,
            bytes=self._bytes,
            pending=self._pending,
            last_day=self._last_day,
        )

    def _opened(self, day: date) -> TenantBlobs | None:
        try:
            return self._days.blobs_of(day)
        except BlobNotFoundError:
            return None
        except IntegrityError as exc:
            self._failures.append(exc)
            return None

    def _follow(self, marker: str, place: Place, sealed_by_day: TenantBlobs | None) -> None:
        is_there = self._blobs.head(place.name) is not None
        if is_there and sealed_by_day is not None:
            try:
                self._overwrite(place, sealed_by_day)
            except IntegrityError as exc:
                self._failures.append(exc)
                return
        elif is_there or place.folder.day >= self._open_from:
            self._pending += 1
            return
        self._bytes += _size(self._blobs, marker)
        self._blobs.delete(marker)
        self._markers += 1

    def _overwrite(self, place: Place, sealed_by_day: TenantBlobs) -> None:
        turn, digest, stored_bytes, _ = StoredTurn.read(sealed_by_day, place.name)
        if isinstance(turn, Turn):
            if turn.visitor != self._visitor:
                return
            erased = ErasedTurn(number=turn.number, previous=turn.previous, replaces=digest)
            sealed_by_day.write(KIND, place.name, erased.model_dump_json().encode(), if_absent=False)
            self._turns += 1
            self._bytes += stored_bytes
        if feedback_bytes := _size(self._blobs, place.feedback):  # which nothing opens, now that its turn is gone
            self._blobs.delete(place.feedback)
            self._feedback += 1
            self._bytes += feedback_bytes
        self._last_day = place.folder.day  # markers come by day, the newest last


def turns_citing(blobs: TenantBlobs, days: DayKeys, document_id: str, *, since: date) -> CitingTurns:
    """How many stored turns cite a document.

    Args:
        blobs: The tenant's sealed blobs.
        days: The tenant's day keys.
        document_id: The document.
        since: The first day to look at.

    Raises:
        IntegrityError: A turn is not what was written, or a day's key is gone.
    """
    citing = [
        day
        for day, turn in _turns(blobs, days, since=since)
        if any(citation.document_id == document_id for citation in turn.citations)
    ]
    return CitingTurns(turns=len(citing), last_day=max(citing, default=None))


def _turns(blobs: TenantBlobs, days: DayKeys, *, since: date) -> Iterator[tuple[date, Turn]]:
    places = [place for place in map(turn_place, blobs.names(DAYS)) if place is not None and place.folder.day >= since]
    for day, of_day in groupby(places, key=lambda place: place.folder.day):
        try:
            sealed_by_day = days.blobs_of(day)
        except BlobNotFoundError as exc:
            raise IntegrityError(f"the conversation key of {day} is gone") from exc
        for place in of_day:
            turn = StoredTurn.read(sealed_by_day, place.name).turn
            if isinstance(turn, Turn):
                yield day, turn


def _size(blobs: TenantBlobs, name: str) -> int:
    head = blobs.head(name)
    return head.size_bytes if head is not None else 0
