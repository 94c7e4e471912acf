"""Which decrypted indexes stay in memory: one byte budget for all tenants of an engine (docs/adr/0014-tenant-cache.md).

SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): indexes stand in line as they were opened, and a hand goes
along the line, from the oldest to the newest and round again. One that was used since the hand last came by stays where
it is; any other has to leave. A use is therefore no more than a count, without a lock.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol


class Resident(Protocol):
    """What takes room in memory while it is decrypted.

    Attributes:
        uses: Counts how often it was found in memory. Counted without a lock, so that one of a million may be missed.
    """

    uses: int

    @property
    def resident_bytes(self) -> int:
        """What it takes at the moment."""
        ...

    def release(self) -> object:
        """Lets go of what is decrypted; takes no lock, and is called by `Residents` alone.

        Returns:
            What it let go of: the last to drop it frees the memory.
        """
        ...

    def drop_if_idle(self) -> None:
        """Drops keys and decrypted data unless they were used within the time of a key lease."""
        ...


class Companion(Protocol):
    """What is kept beside a decrypted index, and leaves the memory with it."""

    @property
    def resident_bytes(self) -> int:
        """What it takes at the moment."""
        ...

    def forget(self) -> None:
        """Drops all of it; takes no lock."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStats:
    """What the tenants of an engine take in memory, and how often they were found there.

    Attributes:
        resident_tenants: Tenants whose index is in memory.
        resident_bytes: What these take, as weighed when each was opened or last looked at.
        budget_bytes: What they may take together.
        hits: Uses of an index that was in memory.
        misses: Indexes that were opened.
        evictions: Indexes that had to leave for others.
    """

    resident_tenants: int
    resident_bytes: int
    budget_bytes: int
    hits: int
    misses: int
    evictions: int


@dataclass(slots=True)
class _Place:
    """What is known of an index in line."""

    size_bytes: int
    uses: int


class Residents:
    """The indexes in memory; safe to share between threads.

    Readers of an index that leaves keep what they hold. An index larger than the whole budget stays as a guest: nobody
    leaves for it, and it leaves when the next one is opened.

    Args:
        budget_bytes: What all of them may take together.
    """

    def __init__(self, budget_bytes: int = sys.maxsize) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._ahead: OrderedDict[Resident, _Place] = OrderedDict()  # of the hand; new ones go to the end
        self._passed: OrderedDict[Resident, _Place] = OrderedDict()
        self._guest: Resident | None = None
        self._total_bytes = 0
        self._past_hits = 0
        self._misses = 0
        self._evictions = 0

    def keep(self, resident: Resident) -> None:
        """Takes up an index that was opened, or weighs it anew; others leave to make room."""
        freed: list[object] = []  # when the lock is not held any more
        with self._lock:
            size = resident.resident_bytes
            if (place := self._place(resident)) is not None:
                freed += self._resized(resident, place, size)
            elif resident is not self._guest:
                self._misses += 1
                freed += self._without_guest()
                if size > self._budget_bytes:
                    self._guest = resident
                else:
                    freed += self._make_room(size)
                    self._ahead[resident] = _Place(size, resident.uses)
                    self._total_bytes += size

    def weigh(self, resident: Resident) -> None:
        """Weighs an index anew that may have grown; does nothing where it is not in memory."""
        freed: list[object] = []
        with self._lock:
            if (place := self._place(resident)) is not None:
                freed += self._resized(resident, place, resident.resident_bytes)

    def sweep(self) -> None:
        """Drops those that are idle, and weighs the others anew."""
        with self._lock:
            inside = self._inside()
        for resident in inside:
            resident.drop_if_idle()
            self.weigh(resident)

    def drop(self, resident: Resident) -> None:
        """Lets an index go, be it in memory or not."""
        with self._lock:
            self._remove(resident)
            freed = resident.release()
        del freed  # not while the lock is held

    def stats(self) -> CacheStats:
        """What is in memory."""
        with self._lock:
            inside = self._inside()
            return CacheStats(
                resident_tenants=len(inside),
                resident_bytes=self._total_bytes + (0 if self._guest is None else self._guest.resident_bytes),
                budget_bytes=self._budget_bytes,
                hits=self._past_hits + sum(resident.uses for resident in inside),
                misses=self._misses,
                evictions=self._evictions,
            )

    def _inside(self) -> list[Resident]:
        return [*self._passed, *self._ahead, *([] if self._guest is None else [self._guest])]

    def _place(self, resident: Resident) -> _Place | None:
        return self._passed.get(resident) or self._ahead.get(resident)

    def _resized(self, resident: Resident, place: _Place, size_bytes: int) -> list[object]:
        """Evicts others until this one fits with its new size, or makes it the guest."""
        self._total_bytes += size_bytes - place.size_bytes
        place.size_bytes = size_bytes
        if size_bytes <= self._budget_bytes:
            return self._make_room(0, spared=resident)
        self._remove(resident)
        freed = self._without_guest()
        self._guest = resident
        return freed

    def _make_room(self, needed_bytes: int, *, spared: Resident | None = None) -> list[object]:
        """Moves the hand until so much fits: once round the line at most before the next one has to leave."""
        freed: list[object] = []
        most_spared = len(self._ahead) + len(self._passed)
        while self._total_bytes + needed_bytes > self._budget_bytes:
            resident, place = next(iter(self._ahead.items()))
            if resident is spared or (place.uses != resident.uses and most_spared > 0):
                most_spared -= 1
                place.uses = resident.uses
                self._passed[resident] = self._ahead.pop(resident)
            else:
                freed.append(self._evicted(resident))
            if not self._ahead:
                self._ahead, self._passed = self._passed, self._ahead
        return freed

    def _without_guest(self) -> list[object]:
        return [] if self._guest is None else [self._evicted(self._guest)]

    def _evicted(self, resident: Resident) -> object:
        self._remove(resident)
        self._evictions += 1
        return resident.release()

    def _remove(self, resident: Resident) -> None:
        place = self._passed.pop(resident, None) or self._ahead.pop(resident, None)
        if place is not None:
            self._total_bytes -= place.size_bytes
        elif resident is self._guest:
            self._guest = None
        else:
            return
        self._past_hits += resident.uses
        resident.uses = 0
