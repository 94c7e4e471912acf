"""What a tenant may have, and take in a day (ADR 0029).

Looked at three times: before an upload is read, so that one without room costs little; when it is taken, one after the
other, before it is embedded; and by the commit, on the generation that it follows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from konverze_core.errors import QuotaExceededError
from konverze_core.protocols import Clock
from konverze_indexes.catalogue import IndexedDocument
from konverze_indexes.snapshot import Extent, Snapshot
from konverze_rag.conversations.grants import Grants, Ingested
from konverze_rag.ingest.daily_ingests import DailyIngests
from konverze_rag.settings import Settings

NO_GROWTH = Extent()
"""Of what the index has already."""


class Limits(NamedTuple):
    """How much a tenant may have; None for as much as it likes.

    Attributes:
        max_documents: Live documents.
        max_stored_bytes: Their length: of their originals, and of texts that were added ready.
    """

    max_documents: int | None
    max_stored_bytes: int | None

    @property
    def are_set(self) -> bool:
        """Whether there are any."""
        return any(limit is not None for limit in self)

    def check(self, source: str, held: Extent, growth: Extent) -> None:
        """Whether there is room for a document; one that takes no more than its earlier version always has it.

        Raises:
            QuotaExceededError: There is none.
        """
        for quota, limit, has, more in zip(self._fields, self, held, growth, strict=True):
            if limit is not None and more and has + more > limit:
                reason = f"is {limit}, the tenant has {has} and this is {more} more: delete documents, or raise it"
                raise QuotaExceededError(source, quota, reason)


def growth_of(known: Iterable[IndexedDocument], content_bytes: int, *, replaces: bool) -> Extent:
    """By how much an index grows with a document; nothing where it shrinks.

    Args:
        known: Catalogue rows that the index has of it.
        content_bytes: Length of the new one.
        replaces: Whether the new one takes their place, or stands beside them.
    """
    rows = list(known)
    replaced_bytes = sum(row.content_bytes for row in rows) if replaces else 0
    return Extent(documents=0 if rows else 1, content_bytes=max(0, content_bytes - replaced_bytes))


class Room:
    """What the limits leave to one call, or to one commit.

    It only gets less, and what is freed meanwhile is there for the next one: so what was refused before it was read
    would be refused later, too, whichever file is read first.

    Args:
        limits: The tenant's.
        snapshot: What it has.
    """

    def __init__(self, limits: Limits, snapshot: Snapshot) -> None:
        self.limits = limits
        self._held = NO_GROWTH
        self.see(snapshot)

    def see(self, newest: Snapshot) -> None:
        """Notes what others have brought in."""
        if self.limits.are_set:
            self._held = Extent(*map(max, self._held, newest.extent))

    def check(self, source: str, growth: Extent) -> None:
        """Whether there is room.

        Raises:
            QuotaExceededError: There is none.
        """
        self.limits.check(source, self._held, growth)

    def take(self, source: str, growth: Extent) -> None:
        """Takes room for a document.

        Raises:
            QuotaExceededError: There is none.
        """
        self.check(source, growth)
        self._held = self._held.plus(growth)


class Refusals:
    """The documents of one commit that the generation which it follows has no room for.

    Args:
        limits: The tenant's.
        rows: The documents, in order.
        replaces: Whether they take the place of earlier versions.

    Attributes:
        errors: By the generation that was looked at last.
    """

    def __init__(self, limits: Limits, rows: Sequence[IndexedDocument], *, replaces: bool) -> None:
        self.errors: list[QuotaExceededError] = []
        self._limits = limits
        self._rows = rows
        self._replaces = replaces

    def refused(self, newest: Snapshot) -> Collection[str]:
        """Their ids."""
        room, self.errors = Room(self._limits, newest), []
        for row in self._rows if self._limits.are_set else ():
            try:
                room.take(row.id, growth_of(newest.rows_of(row.id), row.content_bytes, replaces=self._replaces))
            except QuotaExceededError as error:
                self.errors.append(error)
        return {error.source for error in self.errors}

    def none_refused(self, newest: Snapshot) -> Collection[str]:
        """No ids, for a commit of all or nothing.

        Raises:
            QuotaExceededError: There is no room for one of the documents.
        """
        self.refused(newest)
        for error in self.errors:
            raise error
        return ()


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of one tenant.

    Attributes:
        settings: The tenant's.
        grants: Of the uploads that all processes together take a day.
        clock: Tells which day it is, UTC.
    """

    settings: Callable[[], Settings]
    grants: Grants[Ingested]
    clock: Clock

    def limits(self) -> Limits:
        """How much the tenant may have, as of now."""
        settings = self.settings()
        return Limits(settings.max_documents, settings.max_stored_bytes)

    def daily(self, uploads: int) -> DailyIngests:
        """What one call may take today, of at most so many uploads."""
        return DailyIngests(self.grants, self.clock, budget=self.settings().daily_ingests, uploads=uploads)
