"""What key providers that ask a service share: legal addresses, calls in bounded time, versions held for a while."""

from __future__ import annotations

import hashlib
import itertools
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from konverze_core.addresses import is_loopback
from konverze_core.errors import ConfigError, KeyUnavailableError
from konverze_core.protocols import Clock, KekVersion
from konverze_indexes.fields import canonical

T = TypeVar("T")

TIMEOUT_S = 10.0
"""A verb of a key provider ends within this time, retries included."""

TRIES_MAX = 6
"""Tries of a verb that the service does not answer."""

FIRST_PAUSE_S = 0.1
"""Longest pause before the second try; doubles with each."""

MAX_PAUSE_S = 2.0
"""Longest pause before any try."""

CALLS_MAX = 64
"""Calls of a provider at a time, those included that nobody waits for any more."""

VERSION_CACHE_S = 300.0
"""A rotation that a service made by itself is noticed within this time."""

WAITS_PER_CALL = 3
"""A connection may stay silent for the timeout divided by this, so that a hung call leaves time for another try."""


class CallThread(threading.Thread):
    """A thread that makes one call of a key provider."""


class CallFilter(logging.Filter):
    """Drops what a logger is told during calls of key providers: at DEBUG some SDKs write out bodies and headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record was made outside of such a call."""
        del record
        return not isinstance(threading.current_thread(), CallThread)


class BoundedCalls:
    """Makes calls in threads of their own, because no timeout of a client library bounds a call as a whole.

    A timeout of a socket bounds one wait: a service that drips a byte a second, or a slow name server, holds a caller
    for ever. A call that nobody waits for any more ends with its connection; there are never more than `CALLS_MAX`.

    Args:
        service: What is called, for messages.
        timeout_s: Longest time of `make`.

    Raises:
        ConfigError: The timeout is not positive.
    """

    def __init__(self, service: str, timeout_s: float) -> None:
        if not 0 < timeout_s <= threading.TIMEOUT_MAX:
            raise ConfigError("timeout_s is the time for a call, in seconds, and is positive")
        self._service = service
        self._timeout_s = timeout_s
        self._slots = threading.BoundedSemaphore(CALLS_MAX)

    def make(self, call: Callable[[], T], *, repeatable: bool = True) -> T:
        """The call's result; tried again after `KeyUnavailableError` while there is time.

        Back-off with jitter: Brooker, 2015, "Exponential Backoff And Jitter".

        Args:
            call: What to do; raises errors of ours alone.
            repeatable: Whether doing it twice does no harm.

        Raises:
            KeyUnavailableError: No result in time.
        """
        deadline_s = time.monotonic() + self._timeout_s
        for tries in itertools.count(1):
            try:
                return self._made(call, deadline_s)
            except KeyUnavailableError:
                pause_s = random.uniform(0.5, 1) * min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))  # noqa: S311
                if not repeatable or tries == TRIES_MAX or time.monotonic() + pause_s >= deadline_s:
                    raise
            time.sleep(pause_s)
        raise AssertionError  # itertools.count never ends

    def _made(self, call: Callable[[], T], deadline_s: float) -> T:
        if not self._slots.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
            raise KeyUnavailableError(f"{self._service} does not answer: {CALLS_MAX} calls are under way")
        outcome: Future[T] = Future()
        try:
            CallThread(target=self._run, args=(call, outcome), daemon=True).start()
        except RuntimeError as exc:
            self._slots.release()
            raise KeyUnavailableError(f"no thread to call {self._service} from") from exc
        try:
            return outcome.result(timeout=max(0.0, deadline_s - time.monotonic()))
        except TimeoutError:
            raise KeyUnavailableError(f"{self._service} did not answer in {self._timeout_s:g} s") from None

    def _run(self, call: Callable[[], T], outcome: Future[T]) -> None:
        try:
            outcome.set_result(call())
        except BaseException as exc:  # noqa: BLE001 (it is raised where the result is waited for)
            outcome.set_exception(exc)
        finally:
            self._slots.release()
            del call, outcome  # an error's traceback would keep both, and they the error


class HeldVersions:
    """The newest versions of KEKs that a service has told within `VERSION_CACHE_S`; safe to share between threads.

    Args:
        clock: Measures the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[KekVersion, float]] = {}

    def get(self, kek: str) -> KekVersion | None:
        """The version held; None when the service has to be asked."""
        version, until_s = self._held.get(kek, (None, 0.0))
        return None if self._clock.monotonic() >= until_s else version

    def put(self, kek: str, version: KekVersion) -> KekVersion:
        """Holds, and returns, what the service has just told."""
        self._held[kek] = version, self._clock.monotonic() + VERSION_CACHE_S
        return version

    def drop(self, kek: str) -> None:
        """Forgets the version."""
        self._held.pop(kek, None)


def signed_bytes(prefix: str, message: bytes) -> bytes:
    """What a service makes a MAC of: the deployment's prefix and the message's SHA-256."""
    return canonical("konverze/v1/sign", prefix) + hashlib.sha256(message).digest()


def checked_url(url: str) -> str:
    """The URL itself, when it begins with `https://`, or with `http://` and a loopback host, and names just a host.

    Raises:
        ConfigError: It is another kind of URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("the address of a key provider is no URL") from None
    if not host or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError("the address of a key provider is scheme, host and port alone")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ConfigError("a key provider is called over https, or over http on this machine alone")
    return url


def checked_ca_file(ca_file: Path) -> str:
    """The path itself, when authorities can be read from the file.

    Raises:
        ConfigError: They cannot.
    """
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as exc:  # an SSLError, too
        raise ConfigError(f"{ca_file} holds no certificates of authorities: {type(exc).__name__}") from exc
    return str(ca_file)
