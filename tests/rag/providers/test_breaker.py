from __future__ import annotations

import pytest

from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError, RateLimitedError
from konverze_rag.providers.breaker import MAX_ASKED_PAUSE_S, CircuitBreaker


class Service:
    """Counts the calls that reach it, and fails as told."""

    def __init__(self, **options):
        self.now_s = 100.0
        self.calls = 0
        self.breaker = CircuitBreaker(failures=3, open_s=10.0, monotonic=lambda: self.now_s, **options)

    def ask(self, error=None):
        with self.breaker.call():
            self.calls += 1
            if error is not None:
                raise error

    def fail(self, times=1, error=None):
        for _ in range(times):
            with pytest.raises((ProviderUnavailableError, RateLimitedError)):
                self.ask(error or ProviderUnavailableError("down"))


def test_a_service_that_keeps_failing_is_not_asked_for_a_while():
    service = Service()
    service.fail(3)
    assert service.breaker.is_open
    with pytest.raises(ProviderUnavailableError, match="not asked for 10 s"):
        service.ask()
    assert service.calls == 3
    service.now_s += 10
    service.ask()
    service.ask()
    assert service.calls == 5
    assert not service.breaker.is_open


def test_failures_count_in_a_row_only():
    service = Service()
    for _ in range(5):
        service.fail(2)
        service.ask()
    assert not service.breaker.is_open


def test_a_failing_probe_begins_the_pause_anew_and_others_wait_for_it():
    service = Service()
    service.fail(3)
    service.now_s += 10

    def probe():
        with service.breaker.call():
            with pytest.raises(ProviderUnavailableError, match="not asked"):
                service.ask()
            raise ProviderUnavailableError("down")

    with pytest.raises(ProviderUnavailableError, match="down"):
        probe()
    service.now_s += 9
    with pytest.raises(ProviderUnavailableError, match="not asked for 1 s"):
        service.ask()
    service.now_s += 1
    service.ask()


def test_a_pause_that_the_service_asks_for_is_kept_up_to_a_bound():
    service = Service()
    service.fail(error=RateLimitedError("slow", retry_after_s=4.0))
    with pytest.raises(ProviderUnavailableError, match="not asked for 4 s"):
        service.ask()
    service.now_s += 4
    service.ask()
    service.fail(error=RateLimitedError("slow", retry_after_s=9_999.0))
    service.now_s += MAX_ASKED_PAUSE_S
    service.ask()


def test_a_refused_request_shows_that_the_service_works():
    service = Service()
    service.fail(2)
    with pytest.raises(ProviderRejectedError):
        service.ask(ProviderRejectedError("no"))
    service.fail(2)
    assert not service.breaker.is_open


def test_who_stops_listening_tells_nothing():
    service = Service()
    service.fail(2)

    def listening():
        with service.breaker.call():
            yield 1

    one = listening()
    next(one)
    one.close()
    service.fail(1)
    assert service.breaker.is_open
