"""What a tenant may spend a day on its visitors, however many processes serve it.

A process takes a grant ahead (`grants`), and spends it in memory. What it had left when it ended is lost for the day.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from konverze_core.answers import Usage
from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError, StoreError
from konverze_core.protocols import Clock
from konverze_rag.conversations.grants import GRANT_SHARE, Grants, Spend
from konverze_rag.settings import Settings


class Reservation(NamedTuple):
    """What is kept for a call of a model until its usage is known."""

    day: date
    spend: Spend
    settings: Settings


class Spending:
    """Of one tenant in one process; safe to share between threads.

    Args:
        grants: What was handed out a day.
        clock: Tells which day it is, UTC.
    """

    def __init__(self, grants: Grants[Spend], clock: Clock) -> None:
        self._grants = grants
        self._clock = clock
        self._lock = threading.Lock()
        self._day = date.min
        self._left = Spend()

    def reserve(self, settings: Settings, most: Callable[[], Usage]) -> Reservation | None:
        """Keeps the most that a call can take; None where the tenant has no budget.

        Args:
            settings: The tenant's.
            most: Counts the tokens of the prompt and of the longest answer, or of a question to embed, where there is a
                budget; without a cost they cost the most they can.

        Raises:
            IntegrityError: A grant is not what was written, or missing.
            ProviderRejectedError: The budget of the day does not cover it.
            ProviderUnavailableError: The store cannot tell what is left.
        """
        if settings.daily_tokens is None and settings.daily_cost is None:
            return None
        budget = Spend(settings.daily_tokens or math.inf, settings.daily_cost or math.inf)
        needed = _spend(most(), settings)
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

    def forget_ended(self) -> None:
        """Forgets the keys of days on which nothing is spent any more."""
        self._grants.forget_ended()

    def _take_grant(self, needed: Spend, budget: Spend) -> None:
        """Takes what is missing, or a share of the budget where that is more and still there."""
        missing = needed.minus(self._left)

        def total_after(granted: Spend) -> Spend:
            free = budget.minus(granted)
            if not free.covers(missing):
                raise ProviderRejectedError("the bot's budget for today is spent")
            return granted.plus(
                Spend(_ahead(missing.tokens, free.tokens, budget.tokens), _ahead(missing.cost, free.cost, budget.cost))
            )

        before, after = self._grants.take(self._day, total_after)
        self._left = self._left.plus(after.minus(before))


def _spend(usage: Usage, settings: Settings) -> Spend:
    cost = settings.highest_cost(usage) if usage.cost is None else usage.cost
    return Spend(usage.input_tokens + usage.output_tokens, cost)


def _ahead(missing: float, free: float, budget: float) -> float:
    """What to take of one measure; without a limit there is nothing to count."""
    return max(missing, 0.0) if math.isinf(budget) else min(free, max(missing, budget * GRANT_SHARE, 0.0))
