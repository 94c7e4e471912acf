"""Keeping below the number of operations that a service allows a second."""

from __future__ import annotations

import random
import threading
import time

from konverze_core.errors import ConfigError, KeyUnavailableError

SPACING_MARGIN = 1.05
"""Operations are spaced wider than the limit asks by this factor, because networks do not keep the spacing."""

HOLD_S_MAX = 60.0
"""Longest time that a service's wish for silence is honoured without asking again."""

HOLD_JITTER = 0.25
"""A wish for silence is lengthened by up to this share, so that several processes do not come back at once."""


class OperationBudget:
    """Gives each operation its turn; safe to share between threads, which take turns in the order they came.

    A token bucket of one token: turns are spaced evenly, because services count by the second and punish bursts.

    Args:
        operations_per_s: What the service allows.

    Raises:
        ConfigError: The number is not positive.
    """

    def __init__(self, operations_per_s: float) -> None:
        if not operations_per_s > 0:
            raise ConfigError("max_operations_per_s is a positive number")
        self._spacing_s = SPACING_MARGIN / operations_per_s
        self._next_s = 0.0
        self._held_until_s = 0.0
        self._lock = threading.Lock()

    def wait(self, deadline_s: float) -> None:
        """Sleeps until it is this thread's turn.

        Args:
            deadline_s: On the scale of `time.monotonic`.

        Raises:
            KeyUnavailableError: The turn would come after the deadline; said at once, and the turn is not used up.
        """
        while (pause_s := self._turn_in_s(deadline_s)) > 0:
            time.sleep(pause_s)
            if time.monotonic() >= self._held_until_s:  # otherwise the service asked for silence meanwhile
                return

    def hold(self, pause_s: float) -> None:
        """Gives no turns for so many seconds and a little longer, to any thread."""
        pause_s = min(max(pause_s, 0.0), HOLD_S_MAX) * random.uniform(1, 1 + HOLD_JITTER)  # noqa: S311 (no secret)
        with self._lock:
            self._held_until_s = max(self._held_until_s, time.monotonic() + pause_s)

    def _turn_in_s(self, deadline_s: float) -> float:
        with self._lock:
            now_s = time.monotonic()
            turn_s = max(now_s, self._next_s, self._held_until_s)
            if turn_s >= deadline_s:
                raise KeyUnavailableError("the key provider allows no further operation in time")
            self._next_s = turn_s + self._spacing_s
            return turn_s - now_s
