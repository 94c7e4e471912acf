"""Reads stored turns in order, one at a time: what was purged, erased or is past its retention is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from konverze_core.conversations import ConversationTurn, Feedback
from konverze_core.errors import BlobNotFoundError, ConfigError, IntegrityError, RollbackError
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.feedback import read_feedback
from konverze_rag.conversations.names import (
    DAYS,
    VISITORS,
    Folder,
    Place,
    checked_name,
    marked_place,
    rated_place,
    turn_place,
)
from konverze_rag.conversations.turn import StoredTurn, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSelection:
    """Which turns are read.

    Attributes:
        since: First day, UTC; None for the first that is kept.
        until: Last day; None for the newest.
        conversation: Name of the only conversation; None for all.
        visitor: Name of the only visitor; None for all.
    """

    since: date | None = None
    until: date | None = None
    conversation: str | None = None
    visitor: str | None = None

    @classmethod
    def checked(
        cls, *, since: date | None, until: date | None, conversation: str | None, visitor: str | None
    ) -> TurnSelection:
        """The selection, if it is one.

        Raises:
            ConfigError: A day is no date, the first day lies after the last, or a name is not legal.
        """
        for day in (since, until):
            if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigError("a day is a datetime.date, in UTC")
        if since is not None and until is not None and since > until:
            raise ConfigError(f"the first day, {since}, lies after the last, {until}")
        return cls(
            since=since,
            until=until,
            conversation=None if conversation is None else checked_name("conversation", conversation),
            visitor=None if visitor is None else checked_name("visitor", visitor),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the turns of a tenant are.

    Attributes:
        blobs: The tenant's sealed blobs.
        days: The tenant's day keys.
        blind_name: Hides the name of a conversation or visitor (`Keyring.blind_name`).
        kept_from: The first day that may still be shown, at this moment.
        today: The current day, UTC.
        counts: Of a day, how many turns of each conversation this process has seen.
    """

    blobs: TenantBlobs
    days: DayKeys
    blind_name: Callable[[str, str], str]
    kept_from: Callable[[], date]
    today: Callable[[], date]
    counts: Callable[[date], Mapping[Folder, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Turns of one conversation and day.

    Attributes:
        folder: Where they stand.
        places: Of the turns, by number.
        rated: Those that feedback stands beside.
        is_whole: Whether these are all of the day, so that each follows the one before.
    """

    folder: Folder
    places: Sequence[Place]
    rated: AbstractSet[Place]
    is_whole: bool


def selected_turns(shelf: Shelf, selection: TurnSelection) -> Iterator[ConversationTurn]:
    """Turns by day, conversation and number; the conversations of a day in the order of their blinded names.

    Args:
        shelf: Where they are.
        selection: Which of them.

    Raises:
        IntegrityError: A turn, its feedback or a day's key is not what was written, or missing.
        KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        StoreError: The store cannot be read.
    """
    groups = _whole_groups(shelf, selection) if selection.visitor is None else _marked_groups(shelf, selection)
    for group in groups:
        for turn in _turns(shelf, group):
            if selection.visitor is None or turn.visitor == selection.visitor:
                yield turn


def _whole_groups(shelf: Shelf, selection: TurnSelection) -> Iterator[_Group]:
    """All turns of each conversation; lists a day when its turn comes, so that one day's names are in memory."""
    wanted = _blinded(shelf, "conversation", selection.conversation)
    day = _first_day(shelf, selection)
    while day <= min(selection.until or date.max, shelf.today() + timedelta(days=1)):  # a clock ahead has begun it
        counts = {folder: count for folder, count in shelf.counts(day).items() if wanted in {None, folder.conversation}}
        groups = _listed(shelf.blobs, day, wanted)
        if day >= shelf.kept_from():  # asked after the look: what a purge takes away is not missing
            _check_counts(groups, counts)
            yield from groups
        day += timedelta(days=1)


def _blinded(shelf: Shelf, label: str, name: str | None) -> str | None:
    return None if name is None else shelf.blind_name(label, name)


def _first_day(shelf: Shelf, selection: TurnSelection) -> date:
    return max(shelf.kept_from(), selection.since or date.min)


def _listed(blobs: TenantBlobs, day: date, conversation: str | None) -> list[_Group]:
    if conversation is None:
        names = blobs.names(f"{DAYS}{day.isoformat()}/")
    else:
        folder = Folder(day, conversation)
        names = [*blobs.names(f"{folder.name}/"), *blobs.names(f"{folder.feedback}/")]
    rated = set(filter(None, map(rated_place, names)))
    groups = groupby(filter(None, map(turn_place, names)), key=lambda place: place.folder)
    return [_group(folder, places, rated, is_whole=True) for folder, places in groups]


def _group(folder: Folder, places: Iterable[Place], rated: AbstractSet[Place], *, is_whole: bool) -> _Group:
    places = tuple(places)
    return _Group(folder=folder, places=places, rated=rated & set(places), is_whole=is_whole)


def _check_counts(groups: Sequence[_Group], counts: Mapping[Folder, int]) -> None:
    """Refuses conversations that had more turns when this process looked before; gaps break the chain."""
    standing = {group.folder: len(group.places) for group in groups}
    if any(standing.get(folder, 0) < count for folder, count in counts.items()):
        raise RollbackError("fewer turns of a conversation stand where more were already seen")


def _marked_groups(shelf: Shelf, selection: TurnSelection) -> Iterator[_Group]:
    """The turns that the visitor's markers lead to; some are another's, whose writer was faster."""
    wanted = _blinded(shelf, "conversation", selection.conversation)
    markers = shelf.blobs.names(f"{VISITORS}{_blinded(shelf, 'visitor', selection.visitor)}/")
    for folder, places in groupby(filter(None, map(marked_place, markers)), key=lambda place: place.folder):
        is_wanted = _first_day(shelf, selection) <= folder.day <= (selection.until or date.max)
        if is_wanted and wanted in {None, folder.conversation}:
            rated = set(filter(None, map(rated_place, shelf.blobs.names(f"{folder.feedback}/"))))
            yield _group(folder, places, rated, is_whole=False)


def _turns(shelf: Shelf, group: _Group) -> Iterator[ConversationTurn]:
    """The turns of a group that still stand, each held to the one before where all are read."""
    day, before = group.folder.day, ""
    for place in group.places:
        try:
            stored = StoredTurn.read(shelf.days.blobs_of(day), place.name)
            turn = stored.turn
            is_rated = place in group.rated and isinstance(turn, Turn)
            feedback = read_feedback(shelf.days, place, stored) if is_rated else None
        except BlobNotFoundError as exc:
            if day < shelf.kept_from():
                return
            if not group.is_whole and shelf.blobs.head(place.name) is None:
                continue  # its writer died, or lost the number, once it had marked it
            raise IntegrityError(f"a turn of {day}, or the conversation key of that day, is gone") from exc
        if turn.number != place.number or (group.is_whole and turn.previous != before):
            raise IntegrityError("a turn of a conversation is missing, or does not follow the one before it")
        before = stored.digest
        if day < shelf.kept_from():  # since the walk began, or while its reader took its time
            return
        if isinstance(turn, Turn):
            yield _told(turn, day, feedback)


def _told(turn: Turn, day: date, feedback: Feedback | None) -> ConversationTurn:
    return ConversationTurn(
        conversation=turn.conversation,
        visitor=turn.visitor,
        asked_at=turn.asked_at,
        question=turn.question,
        answer=turn.answer,
        citations=turn.citations,
        refused=turn.refused,
        degraded=turn.degraded,
        mode=turn.mode,
        usage=turn.usage,
        confidence=turn.confidence,
        total_ms=turn.total_ms,
        generation=turn.generation,
        number=turn.number,
        day=day,
        feedback=feedback,
    )
