"""When to try a remote model again, and when to give up."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from konverze_core.errors import ProviderUnavailableError, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with jitter, inside a deadline (Brooker, 2015, "Exponential Backoff And Jitter").

    Attributes:
        max_retries: Tries after the first one.
        first_delay_s: Longest pause before the first retry; doubles with each.
        longest_delay_s: Upper bound of a pause that the service did not ask for.
    """

    max_retries: int = 2
    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0

    def call(self, attempt: Callable[[], T], *, deadline_s: float) -> T:
        """Calls until it succeeds, tries run out, or the next pause would pass the deadline.

        Args:
            attempt: What to do; only errors that a retry can cure are retried.
            deadline_s: On the scale of `time.monotonic`.

        Raises:
            ProviderRejectedError: At once: a retry would be refused again.
            ProviderUnavailableError: The last try failed so.
            RateLimitedError: The last try failed so, or the service asks for a longer pause than there is time.
        """
        for retry in itertools.count():
            try:
                return attempt()
            except (ProviderUnavailableError, RateLimitedError) as error:
                pause_s = self.pause_s(retry, error)
                if retry >= self.max_retries or time.monotonic() + pause_s >= deadline_s:
                    raise
            time.sleep(pause_s)
        raise AssertionError  # itertools.count never ends

    def pause_s(self, retry: int, error: Exception) -> float:
        """Seconds to wait before the retry of that number, counted from 0; never shorter than the service asks for."""
        longest_s = min(self.longest_delay_s, self.first_delay_s * 2**retry)
        pause_s = _RANDOM.uniform(longest_s / 2, longest_s)
        return max(pause_s, error.retry_after_s) if isinstance(error, RateLimitedError) else pause_s
