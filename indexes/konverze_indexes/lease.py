"""How long unwrapped keys, and what they have opened, may be used without asking the key provider again.

From the last success on, by the clock's monotonic time::

    0 ── young ── about 80 % ── renewed in the background ── key_lease_s ── renewed before use ──▶
                                 provider out: used all the same, tried meanwhile ── outage_grace_s ── dropped ──▶

A provider that denies the key, or no longer has it, ends the lease at once.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from konverze_core.errors import ConfigError, KeyUnavailableError, KonverzeError
from konverze_core.protocols import Clock
from konverze_indexes.flight import SingleFlight

RENEWED_AT = 0.8
"""Share of a lease after which its next use starts a renewal."""

RENEWAL_JITTER = 0.1
"""Random part of that share, so that tenants opened together are not renewed together."""

FIRST_RETRY_S = 1.0
"""Longest time to the first try after the provider could not be reached; doubles with each."""

MAX_RETRY_S = 60.0
"""Longest time between two tries."""

_NEVER = -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """For how long keys are held.

    Attributes:
        key_lease_s: Time after which the key provider has to be asked again, in seconds.
        outage_grace_s: Time since its last answer for which keys are used while it cannot be reached, in seconds;
            no shorter than the lease.

    Raises:
        ConfigError: A time is not positive.
    """

    key_lease_s: float = 900.0
    outage_grace_s: float = 14_400.0

    def __post_init__(self) -> None:
        if not self.key_lease_s > 0 or not self.outage_grace_s >= 0:
            raise ConfigError("a key lease lasts longer than 0 s, and its grace is not negative")


class Lease:
    """The right to use keys, renewed by those who use it; safe to share between threads. Begins with the first `hold`.

    Args:
        clock: Measures the time.
        terms: For how long.
        renew: Asks the key provider for the keys again, or for the first time.
    """

    def __init__(self, clock: Clock, terms: LeaseTerms, renew: Callable[[], None]) -> None:
        self._clock = clock
        self._terms = terms
        self._renew = renew
        self._flight = SingleFlight[None]()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._renewal: threading.Thread | None = None
        self._drops = 0
        self._failures = 0
        self._used_at = clock.monotonic()
        self._free_until = self._expires_at = self._grace_ends_at = _NEVER

    def hold(self) -> None:
        """Returns when the keys may be used now; almost always at once.

        Raises:
            IntegrityError: The wrapped keys are not what was written; what was held is dropped.
            KeyAccessDeniedError: The KEK is disabled or forbidden; what was held is dropped.
            KeyDestroyedError: The KEK is gone; what was held is dropped.
            KeyUnavailableError: The provider cannot be reached, and the grace is over; what was held is dropped.
        """
        self._used_at = now = self._clock.monotonic()
        while now >= self._free_until:
            if now < (self._grace_ends_at if self._failures else self._expires_at):
                self._start_renewal()
                return
            self._flight.do(None, self._try)
            now = self._clock.monotonic()

    def drop(self) -> None:
        """Ends the lease and tells whoever holds something by it; the next `hold` begins a new one."""
        with self._lock:
            self._drops += 1
            self._failures = 0
            self._free_until = self._expires_at = self._grace_ends_at = _NEVER
        with ExitStack() as stack:  # runs all of them, also when one fails
            for callback in reversed(self._callbacks):
                stack.callback(callback)

    def drop_if_idle(self) -> None:
        """Ends the lease when nobody has used it for as long as it lasts: no key outlives it in memory."""
        if self._clock.monotonic() - self._used_at >= self._terms.key_lease_s:
            self.drop()

    def on_drop(self, callback: Callable[[], None]) -> None:
        """Calls back whenever the lease ends, after the keys are dropped and before anybody hears of it.

        Args:
            callback: Drops what the keys have opened. Runs in whatever thread noticed, so it takes no lock under which
                keys are asked for.
        """
        self._callbacks.append(callback)

    def _start_renewal(self) -> None:
        with self._lock:
            is_due = self._clock.monotonic() >= self._free_until  # or renewed since
            if is_due and (self._renewal is None or not self._renewal.is_alive()):
                self._renewal = threading.Thread(target=self._renew_quietly, name="konverze-lease", daemon=True)
                self._renewal.start()

    def _renew_quietly(self) -> None:
        with suppress(KonverzeError):  # whoever uses the lease next hears of it
            self._flight.do(None, self._try)

    def _try(self) -> None:
        drops = self._drops
        try:
            self._renew()
        except KeyUnavailableError:
            if not self._is_put_off():
                self.drop()
                raise
        except BaseException:
            self.drop()
            raise
        else:
            self._begin(drops)

    def _begin(self, drops: int) -> None:
        now, lease_s = self._clock.monotonic(), self._terms.key_lease_s
        with self._lock:
            is_late = self._drops != drops  # dropped since the provider was asked: what it gave goes as well
            if not is_late:
                self._last(now, lease_s)
        if is_late:
            self.drop()

    def _last(self, now: float, lease_s: float) -> None:
        self._failures = 0
        self._expires_at = now + lease_s
        self._grace_ends_at = now + max(lease_s, self._terms.outage_grace_s)
        self._free_until = now + lease_s * RENEWED_AT * _about_one(RENEWAL_JITTER)

    def _is_put_off(self) -> bool:
        """Whether the keys are used further, until the next try, although the provider cannot be reached."""
        now = self._clock.monotonic()
        with self._lock:
            if now >= self._grace_ends_at:
                return False
            pause_s = min(MAX_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self._failures, 10)) * _about_one(0.5) / 1.5
            self._failures += 1
            self._free_until = min(now + pause_s, self._grace_ends_at)
            return True


def _about_one(spread: float) -> float:
    return random.uniform(1 - spread, 1 + spread)  # noqa: S311 (no secret hangs on it)
