"""Opens all that is stored of a tenant's conversations, and says what is wrong or left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby

from konverze_core.errors import BlobNotFoundError, IntegrityError
from konverze_core.reports import Finding
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.feedback import read_feedback
from konverze_rag.conversations.grants import USES, read_grant
from konverze_rag.conversations.names import (
    DAYS,
    VISITORS,
    Folder,
    Place,
    day_of,
    grant_folder,
    grant_name,
    key_name,
    marked_place,
    rated_place,
    turn_place,
)
from konverze_rag.conversations.turn import StoredTurn, Turn

_OVERDUE = "older than conversations are kept: a purge removes it"


def verified(
    blobs: TenantBlobs, days: DayKeys, blind_name: Callable[[str, str], str], *, since: date
) -> Iterator[Finding]:
    """What is wrong with the turns, their feedback, the day keys and markers of a tenant.

    Args:
        blobs: The tenant's sealed blobs.
        days: The tenant's day keys.
        blind_name: Hides the name of a conversation or visitor (`Keyring.blind_name`).
        since: The first day that is kept.
    """
    return _Walk(blobs, days, blind_name, since=since).findings()


class _Walk:
    """One look at everything, as it was listed at its start."""

    def __init__(
        self, blobs: TenantBlobs, days: DayKeys, blind_name: Callable[[str, str], str], *, since: date
    ) -> None:
        self._blobs = blobs
        self._days = days
        self._blind_name = blind_name
        self._since = since
        # In this order: a marker is written before its turn, and deleted after the turn was overwritten.
        self._stored = blobs.names(DAYS)
        self._markers = blobs.names(VISITORS)
        self._marked = frozenset(self._markers)
        self._rated = frozenset(filter(None, map(rated_place, self._stored)))

    def findings(self) -> Iterator[Finding]:
        for name in (*self._stored, *self._markers):
            day = day_of(name)
            if day is None:
                yield self._finding(name, "no turn, feedback, grant, day key or marker is named so")
            elif day < self._since:
                yield self._finding(name, _OVERDUE, is_harmless=True)
        kept = [name for name in self._stored if (day := day_of(name)) is not None and day >= self._since]
        for day, names in groupby(kept, key=lambda name: name.split("/")[1]):
            yield from self._day(date.fromisoformat(day), [place for place in map(turn_place, names) if place])
        for place in sorted(self._rated.difference(map(turn_place, kept))):
            if place.folder.day >= self._since and self._blobs.head(place.name) is None:
                yield self._finding(place.feedback, "given on a turn that is gone")
        for name in self._markers:
            place = marked_place(name)
            if place is not None and place.folder.day >= self._since:
                yield from self._marker(name, place)

    def _day(self, day: date, places: Sequence[Place]) -> Iterator[Finding]:
        try:
            sealed_by_day = self._days.blobs_of(day)
        except BlobNotFoundError:
            yield self._finding(key_name(day), f"gone, and so {len(places)} turns of the day cannot be opened")
        except IntegrityError as exc:
            yield self._finding(key_name(day), f"{exc}: {len(places)} turns of the day cannot be opened")
        else:
            for use in USES:
                yield from self._grants(day, use, sealed_by_day)
            for folder, of_folder in groupby(places, key=lambda place: place.folder):
                yield from self._conversation(folder, [place.number for place in of_folder], sealed_by_day)

    def _grants(self, day: date, use: str, sealed_by_day: TenantBlobs) -> Iterator[Finding]:
        names = self._blobs.names(grant_folder(day, use))
        for name in names:
            try:
                read_grant(sealed_by_day, name, USES[use])
            except BlobNotFoundError:
                continue  # purged since it was listed
            except IntegrityError as exc:
                yield self._finding(name, str(exc))
        for missing in sorted({grant_name(day, use, number) for number in range(len(names))}.difference(names)):
            yield self._finding(missing, "missing among the day's grants")

    def _conversation(self, folder: Folder, numbers: Sequence[int], sealed_by_day: TenantBlobs) -> Iterator[Finding]:
        missing = sorted(set(range(numbers[-1])) - set(numbers))
        yield from (self._finding(folder.turn(number), "missing in its conversation") for number in missing)
        before: str | None = ""  # digest of the turn before; None when that could not be read
        for number in range(numbers[-1] + 1):
            if number in missing:
                before = None
                continue
            name = folder.turn(number)
            try:
                stored = StoredTurn.read(sealed_by_day, name)
            except (BlobNotFoundError, IntegrityError) as exc:
                problem = "listed, but gone" if isinstance(exc, BlobNotFoundError) else str(exc)
                yield self._finding(name, problem)
                before = None
                continue
            yield from self._turn(stored, place := Place(folder, number), before)
            if place in self._rated:
                yield from self._feedback(stored, place)
            before = stored.digest

    def _turn(self, stored: StoredTurn, place: Place, before: str | None) -> Iterator[Finding]:
        turn = stored.turn
        if turn.number != place.number:
            yield self._finding(place.name, "holds the turn of another number")
        if before is not None and turn.previous != before:
            yield self._finding(place.name, "does not follow the turn before it")
        if not isinstance(turn, Turn):
            return
        if self._blind_name("conversation", turn.conversation) != place.folder.conversation:
            yield self._finding(place.name, "holds a turn of another conversation")
        if turn.visitor is not None:
            marker = place.folder.marker(self._blind_name("visitor", turn.visitor), place.number)
            if marker not in self._marked:
                yield self._finding(marker, "missing: an erasure of the visitor would not find the turn")

    def _feedback(self, stored: StoredTurn, place: Place) -> Iterator[Finding]:
        if not isinstance(stored.turn, Turn):
            if self._blobs.head(place.feedback) is not None:
                yield self._finding(place.feedback, "given on an erased turn: a purge removes it", is_harmless=True)
            return
        try:
            read_feedback(self._days, place, stored)
        except BlobNotFoundError:
            return  # purged since it was listed
        except IntegrityError as exc:
            yield self._finding(place.feedback, str(exc))

    def _marker(self, name: str, place: Place) -> Iterator[Finding]:
        try:
            opened = self._blobs.read("visitor", name)
        except BlobNotFoundError:
            return  # erased or purged since it was listed
        except IntegrityError as exc:
            yield self._finding(name, str(exc))
            return
        if len(opened):
            yield self._finding(name, "a marker is empty, this one is not")
        if self._blobs.head(place.name) is None:
            yield self._finding(name, "leads to no turn: its writer was interrupted, or is at work", is_harmless=True)

    def _finding(self, name: str, problem: str, *, is_harmless: bool = False) -> Finding:
        return Finding(name=self._blobs.prefix + name, problem=problem, is_harmless=is_harmless)
