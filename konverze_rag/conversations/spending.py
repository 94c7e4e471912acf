"""What a tenant may spend a day on its visitors, however many processes serve it.

Grants stand at `days/<day>/spent/<number>`, sealed under the day's key and put if absent; each says what was granted on
that day so far, itself included. A process takes a grant ahead, and spends it in memory. So all of them together never
spend more than the budget; what a process had left when it ended is lost for the day.
"""

from __future__ import annotations

import math
import threading
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from konverze_core.answers import Usage
from konverze_core.errors import (
    ConflictError,
    IntegrityError,
    ProviderRejectedError,
    ProviderUnavailableError,
    StoreError,
)
from konverze_core.protocols import BlobStore, Clock
from konverze_indexes.contention import pause
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.names import grant_folder, grant_name
from konverze_rag.settings import Settings

KIND = "grant"
"""What a grant is sealed as."""

GRANT_SHARE = 0.02
"""Share of a day's budget that a process takes ahead."""

MAX_GRANT_TRIES = 64
"""How often a process takes the next number because another one took its own."""


class Spend(NamedTuple):
    """Tokens that models read and wrote, and what they cost."""

    tokens: float = 0.0
    cost: float = 0.0

    def plus(self, other: Spend) -> Spend:
        """Both together."""
        return Spend(self.tokens + other.tokens, self.cost + other.cost)

    def minus(self, other: Spend) -> Spend:
        """What is left without the other."""
        return Spend(self.tokens - other.tokens, self.cost - other.cost)

    def covers(self, other: Spend) -> bool:
        """Whether the other is no more, in both."""
        return self.tokens >= other.tokens and self.cost >= other.cost


class Reservation(NamedTuple):
    """What is kept for a call of a model until its usage is known."""

    day: date
    spend: Spend
    settings: Settings


class _Grant(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    tokens: float
    cost: float


class Spending:
    """Of one tenant in one process; safe to share between threads.

    Args:
        store: Where the sealed grants live.
        keyring: The tenant's keys.
        clock: Tells which day it is, UTC.
    """

    def __init__(self, store: BlobStore, keyring: Keyring, clock: Clock) -> None:
        self._blobs = TenantBlobs.of(store, keyring)
        self._keyring = keyring
        self._days = DayKeys(self._blobs, keyring, clock)
        self._clock = clock
        self._lock = threading.Lock()
        self._day = date.min
        self._left = Spend()

    def reserve(self, settings: Settings, most: Usage) -> Reservation | None:
        """Keeps the most that a call can take; None where the tenant has no budget.

        Args:
            settings: The tenant's.
            most: Tokens of the prompt and of the longest answer, or of a question to embed; without a cost they cost
                the most they can.

        Raises:
            IntegrityError: A grant is not what was written, or missing.
            ProviderRejectedError: The budget of the day does not cover it.
            ProviderUnavailableError: The store cannot tell what is left.
        """
        if settings.daily_tokens is None and settings.daily_cost is None:
            return None
        budget = Spend(settings.daily_tokens or math.inf, settings.daily_cost or math.inf)
        needed = _spend(most, settings)
        return Reservation(self._reserved(needed, budget), needed, settings)

    def _reserved(self, needed: Spend, budget: Spend) -> date:
        with self._lock:
            today = self._clock.now().date()
            if today != self._day:
                self._day, self._left = today, Spend()
            if not self._left.covers(needed):
                try:
                    self._take_grant(needed, budget)
                except StoreError as exc:
                    raise ProviderUnavailableError("what is left of the day's budget cannot be read") from exc
            self._left = self._left.minus(needed)
            return today

    def settle(self, reservation: Reservation | None, usage: Usage) -> None:
        """Gives back what a call did not take of its reservation; a usage without a cost costs the most it can."""
        if reservation is None:
            return
        used = _spend(usage, reservation.settings)
        with self._lock:
            if reservation.day == self._day:
                self._left = self._left.plus(reservation.spend.minus(used))

    def _take_grant(self, needed: Spend, budget: Spend) -> None:
        """Takes what is missing, or a share of the budget where that is more and still there."""
        with self._keyring.telling_erasure():
            blobs = self._days.begun(self._day)
            for tries in range(MAX_GRANT_TRIES):
                number, granted = self._granted(blobs)
                missing = needed.minus(self._left)
                free = budget.minus(granted)
                if not free.covers(missing):
                    raise ProviderRejectedError("the bot's budget for today is spent")
                grant = Spend(*(_ahead(*each) for each in zip(missing, free, budget, strict=True)))
                total = granted.plus(grant)
                content = _Grant(tokens=total.tokens, cost=total.cost).model_dump_json().encode()
                try:
                    blobs.write(KIND, grant_name(self._day, number), content)
                except ConflictError:
                    pause(tries)
                    continue
                self._left = self._left.plus(grant)
                return
        raise ConflictError("other processes took every grant that was tried; try again")

    def _granted(self, blobs: TenantBlobs) -> tuple[int, Spend]:
        """How many grants there are today, and what they come to."""
        names = self._blobs.names(grant_folder(self._day))
        if names != [grant_name(self._day, number) for number in range(len(names))]:
            raise IntegrityError("a grant of today's budget is missing")
        return (len(names), read_grant(blobs, names[-1])) if names else (0, Spend())


def read_grant(blobs: TenantBlobs, name: str) -> Spend:
    """What was granted on a day, up to this grant.

    Args:
        blobs: Sealed under the day's key.
        name: Of the grant.

    Raises:
        BlobNotFoundError: There is none.
        IntegrityError: It is not what was written.
    """
    try:
        grant = _Grant.model_validate_json(blobs.read(KIND, name).tobytes())
    except ValidationError as exc:
        raise IntegrityError(f"{name} holds no grant of this version") from exc
    return Spend(grant.tokens, grant.cost)


def _spend(usage: Usage, settings: Settings) -> Spend:
    cost = settings.highest_cost(usage) if usage.cost is None else usage.cost
    return Spend(usage.input_tokens + usage.output_tokens, cost)


def _ahead(missing: float, free: float, budget: float) -> float:
    """What to take of one measure; without a limit there is nothing to count."""
    return max(missing, 0.0) if math.isinf(budget) else min(free, max(missing, budget * GRANT_SHARE, 0.0))
