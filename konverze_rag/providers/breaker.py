"""Stops asking a service that keeps failing: its callers need not wait for it (M. Nygard, *Release It!*, 2007)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from konverze_core.errors import ProviderUnavailableError, RateLimitedError

FAILURES_IN_A_ROW: Final = 5
"""So many open the circuit."""

OPEN_S: Final = 15.0
"""For so long nothing is asked then, and after each probe that fails."""

MAX_ASKED_PAUSE_S: Final = 60.0
"""A service that asks for a longer pause is probed after this."""


class CircuitBreaker:
    """Of one service; safe to share between threads.

    After `failures` in a row, or when the service asks for a pause, calls are refused for a while. Then one is let
    through as a probe: if it succeeds, all are, and if not, the pause begins anew.

    Args:
        failures: In a row, until calls are refused.
        open_s: How long they are refused.
        monotonic: Seconds.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES_IN_A_ROW,
        open_s: float = OPEN_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_failures = failures
        self._open_s = open_s
        self._monotonic = monotonic
        self._failures = 0
        self._closed_from: float | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        with self._lock:
            return self._closed_from is not None and self._monotonic() < self._closed_from

    @contextmanager
    def call(self) -> Generator[None]:
        """Around a call of the service; only its own failures count, a refused request shows that it works.

        Raises:
            ProviderUnavailableError: The service is not asked now.
        """
        self._enter()
        try:
            yield
        except (ProviderUnavailableError, RateLimitedError) as error:
            self._failed(error)
            raise
        except GeneratorExit:
            raise  # who stops listening tells nothing of the service
        except Exception:
            self._succeeded()
            raise
        self._succeeded()

    def _enter(self) -> None:
        with self._lock:
            now = self._monotonic()
            if self._closed_from is None:
                return
            if now < self._closed_from:
                raise ProviderUnavailableError(
                    f"the service is not asked for {self._closed_from - now:.0f} s: it failed too often"
                )
            self._closed_from = now + self._open_s  # this call is the probe, others wait for what it says

    def _succeeded(self) -> None:
        with self._lock:
            self._failures, self._closed_from = 0, None

    def _failed(self, error: ProviderUnavailableError | RateLimitedError) -> None:
        with self._lock:
            self._failures += 1
            pause_s = min(error.retry_after_s, MAX_ASKED_PAUSE_S) if isinstance(error, RateLimitedError) else 0.0
            if self._failures >= self._most_failures or self._closed_from is not None:
                pause_s = max(pause_s, self._open_s)
            if pause_s:
                self._closed_from = self._monotonic() + pause_s
