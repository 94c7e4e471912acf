"""How many uploads a tenant takes a day, however many processes take them."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date

from konverze_core.errors import KonverzeError, QuotaExceededError
from konverze_core.protocols import Clock
from konverze_rag.conversations.grants import GRANT_SHARE, Grants, Ingested


class DailyIngests:
    """The uploads that one call takes; safe to share between threads.

    It takes grants of as many as it has uploads, or a share of the budget where that is less, and gives back at its end
    what it did not need; what a killed process had left is lost for the day.

    Args:
        grants: What was handed out a day.
        clock: Tells which day it is, UTC.
        budget: Uploads a day; None for no limit.
        uploads: How many the call has.
    """

    def __init__(self, grants: Grants[Ingested], clock: Clock, *, budget: int | None, uploads: int) -> None:
        self._grants = grants
        self._clock = clock
        self._budget = budget
        self._ahead = 0 if budget is None else max(1, min(uploads, int(budget * GRANT_SHARE)))
        self._lock = threading.Lock()
        self._day = date.min
        self._left = 0
        self._is_spent = False

    def count(self, source: str) -> None:
        """Counts an upload that is about to be read.

        Raises:
            ConflictError: Other processes took every grant that was tried.
            IntegrityError: A grant is not what was written, or missing.
            QuotaExceededError: The tenant takes no more today.
            StoreError: The store cannot tell.
        """
        if self._budget is None:
            return
        with self._lock:
            today = self._clock.now().date()
            if today != self._day:
                self._day, self._left, self._is_spent = today, 0, False
            if not self._left:
                self._take(self._budget, source)
            self._left -= 1

    def _take(self, budget: int, source: str) -> None:
        def total_after(taken: Ingested) -> Ingested:
            self._is_spent = taken.uploads >= budget
            self._check(budget, source)
            return Ingested(min(budget, taken.uploads + self._ahead))

        self._check(budget, source)
        before, after = self._grants.take(self._day, total_after)
        self._left = after.uploads - before.uploads

    def _check(self, budget: int, source: str) -> None:
        if self._is_spent:
            reason = f"is {budget}, and so many were taken: ingest again after midnight, UTC, or raise it"
            raise QuotaExceededError(source, "daily_ingests", reason)

    def give_back(self) -> None:
        """Returns what was not needed; no upload is counted any more."""
        if self._left:
            left, self._left = self._left, 0
            with suppress(KonverzeError):  # then it is lost for the day
                self._grants.take(self._day, lambda taken: Ingested(taken.uploads - left))
