"""How often a visitor may ask, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from konverze_core.errors import RateLimitedError
from konverze_core.protocols import Clock

MINUTE_S = 60.0

MAX_VISITORS = 10_000
"""Visitors that are remembered; of more, those that asked least recently begin anew."""


class VisitorLimits:
    """Lets each visitor ask so often a minute, a minute's worth at once (GCRA, ITU-T I.371); safe between threads.

    Args:
        clock: Tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used_up_to: OrderedDict[int, float] = OrderedDict()  # by hash: an erasure of a visitor finds no name here
        self._lock = threading.Lock()

    def admit(self, visitor: str, asks_per_minute: int) -> None:
        """Counts a question.

        Args:
            visitor: Who asks.
            asks_per_minute: How often.

        Raises:
            RateLimitedError: Too often; tells when to come back.
        """
        who, now = hash(visitor), self._clock.monotonic()
        with self._lock:
            used_up_to = max(self._used_up_to.get(who, now), now) + MINUTE_S / asks_per_minute
            wait_s = used_up_to - now - MINUTE_S
            if wait_s > 0:
                raise RateLimitedError(
                    f"a visitor may ask {asks_per_minute} times a minute; try again in {wait_s:.0f} s",
                    retry_after_s=wait_s,
                )
            self._used_up_to[who] = used_up_to
            self._used_up_to.move_to_end(who)
            if len(self._used_up_to) > MAX_VISITORS:
                self._used_up_to.popitem(last=False)
