"""RetryPolicy: pauses grow, honour the service, and end before the deadline."""

from __future__ import annotations

import time

import pytest

from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError, RateLimitedError
from konverze_rag.providers.retry import RetryPolicy

POLICY = RetryPolicy(max_retries=5, first_delay_s=0.5, longest_delay_s=4.0)


def test_pauses_double_up_to_a_bound_and_vary():
    for retry, longest_s in enumerate([0.5, 1.0, 2.0, 4.0, 4.0]):
        pauses = [POLICY.pause_s(retry, ProviderUnavailableError()) for _ in range(100)]
        assert all(longest_s / 2 <= pause <= longest_s for pause in pauses)
        assert len(set(pauses)) > 50


def test_never_waits_less_than_asked():
    assert POLICY.pause_s(0, RateLimitedError("slow", retry_after_s=7.0)) == 7.0


def test_a_refusal_is_raised_at_once():
    calls = []

    def attempt():
        calls.append(1)
        raise ProviderRejectedError

    with pytest.raises(ProviderRejectedError):
        POLICY.call(attempt, deadline_s=time.monotonic() + 10)
    assert len(calls) == 1


def test_does_not_start_a_pause_that_would_pass_the_deadline():
    calls = []

    def attempt():
        calls.append(1)
        raise ProviderUnavailableError

    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        POLICY.call(attempt, deadline_s=started + 0.1)
    assert len(calls) == 1
    assert time.monotonic() - started < 0.1
