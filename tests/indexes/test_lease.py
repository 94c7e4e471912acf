"""For how long keys are held: young, renewed, in an outage, denied, destroyed, taken up again."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
    TenantErasedError,
)
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.generations import erase_keyring
from konverze_indexes.keyring import Keyring
from konverze_indexes.lease import FIRST_RETRY_S, MAX_RETRY_S, Lease, LeaseTerms
from tests.indexes.renewals import wait_for_renewals

TERMS = LeaseTerms(key_lease_s=100.0, outage_grace_s=1000.0)
YOUNG_S, OLD_S, OVER_S = 71.0, 89.0, 101.0


class CountingProvider(MemoryKeyProvider):
    """Counts the keys it unwraps, and takes its time."""

    unwraps = 0
    pause_s = 0.0
    flips = 0

    def unwrap(self, wrapped, *, context):
        self.unwraps += 1
        time.sleep(self.pause_s)
        payload = super().unwrap(wrapped, context=context)
        return bytes([payload[0] ^ self.flips]) + payload[1:]


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def provider():
    return CountingProvider()


@pytest.fixture
def blobs():
    return MemoryBlobStore()


@pytest.fixture
def drops():
    return []


@pytest.fixture
def keyring(blobs, provider, clock, drops):
    Keyring.create(blobs, provider, "acme", clock)
    keyring = Keyring.open(blobs, provider, "acme", clock, lease=TERMS)
    keyring.on_drop(lambda: drops.append((dict(keyring._keys), keyring._name_key)))
    provider.unwraps = 0
    return keyring


def _hold(keyring):
    keyring.hold()
    wait_for_renewals()


def _assert_dropped(keyring, drops, times=1):
    assert len(drops) >= times
    assert all(seen == ({}, None) for seen in drops), "keys are gone before anybody is told"
    assert (keyring._keys, keyring._name_key) == ({}, None)


def test_a_young_lease_costs_no_call(keyring, provider, clock):
    clock.advance(YOUNG_S)
    provider.disable()
    for _ in range(100):
        _hold(keyring)
        assert keyring.active.secret
        assert keyring.blind_name("visitor", "v")
    assert provider.unwraps == 0


def test_an_old_lease_is_renewed_in_the_background_by_one_unwrap(keyring, provider, clock):
    before = keyring.active
    clock.advance(OLD_S)
    _hold(keyring)
    assert provider.unwraps == 1
    clock.advance(YOUNG_S)  # well after the end of the first lease
    _hold(keyring)
    assert provider.unwraps == 1
    assert keyring.active == before


def test_a_reader_does_not_wait_for_the_background(keyring, provider, clock):
    clock.advance(OLD_S)
    provider.pause_s = 0.5
    started = time.perf_counter()
    for _ in range(10):
        keyring.hold()
    assert time.perf_counter() - started < 0.25
    wait_for_renewals()
    assert provider.unwraps == 1, "one renewal at a time"


def test_a_lease_run_out_is_renewed_before_use_once_for_all(keyring, provider, clock):
    clock.advance(OVER_S)
    provider.pause_s = 0.1
    barrier = threading.Barrier(8)

    def use(_):
        barrier.wait()
        keyring.hold()
        return provider.unwraps

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [1] * 8


def test_renewals_are_spread(blobs, provider, clock):
    Keyring.create(blobs, provider, "acme", clock)
    leases = [Keyring.open(blobs, provider, "acme", clock, lease=TERMS)._lease for _ in range(50)]
    ends = sorted(lease._free_until - clock.monotonic() for lease in leases)
    assert 72 <= ends[0] < 76
    assert 84 < ends[-1] <= 88


def test_retired_keys_do_not_outlive_the_lease_either(keyring, provider, clock):
    retired = keyring.active.id
    keyring.add_data_key()
    assert keyring.active
    provider.unwraps = 0
    clock.advance(OVER_S)
    keyring.hold()
    assert provider.unwraps == 2
    assert keyring.key(retired).secret
    assert provider.unwraps == 2


@pytest.mark.parametrize("age_s", [OLD_S, OVER_S])
@pytest.mark.parametrize("state", ["disable", "destroy", "damage"])
def test_a_denied_destroyed_or_changed_key_drops_all_at_once(keyring, drops, age_s, state):
    provider, clock = keyring._provider, keyring._clock
    expected = {"disable": KeyAccessDeniedError, "destroy": KeyDestroyedError, "damage": IntegrityError}[state]
    clock.advance(age_s)
    if state == "damage":
        provider.flips = 1
    else:
        getattr(provider, state)()
    if age_s == OLD_S:
        _hold(keyring)  # a failed renewal in the background raises into nobody
        _assert_dropped(keyring, drops)
    for call in (keyring.hold, lambda: keyring.active, lambda: keyring.blind_name("visitor", "v")):
        with pytest.raises(expected):
            call()
    _assert_dropped(keyring, drops)


def test_an_enabled_key_is_taken_up_again(keyring, provider, clock, drops):
    before = keyring.active, keyring.blind_name("visitor", "v")
    clock.advance(OVER_S)
    provider.disable()
    with pytest.raises(KeyAccessDeniedError):
        keyring.hold()
    provider.restore()
    provider.unwraps = 0
    assert (keyring.active, keyring.blind_name("visitor", "v")) == before
    assert provider.unwraps == 1
    provider.disable()
    clock.advance(OVER_S)
    with pytest.raises(KeyAccessDeniedError):
        keyring.hold()
    _assert_dropped(keyring, drops, 2)


@pytest.mark.parametrize("first_s", [OLD_S, OVER_S, 999.0])
def test_an_outage_is_served_through_until_its_grace_ends(keyring, drops, first_s):
    provider, clock = keyring._provider, keyring._clock
    clock.advance(first_s)
    provider.disconnect()
    now, tries = first_s, 0
    while now < 999.9:
        _hold(keyring)
        assert keyring.active.secret
        assert provider.unwraps >= tries
        tries = provider.unwraps
        clock.advance(0.5)
        now += 0.5
    assert tries >= 1
    assert drops == []
    clock.advance(1.0)
    for _ in range(2):
        with pytest.raises(KeyUnavailableError):
            keyring.hold()
    _assert_dropped(keyring, drops)
    provider.restore()
    assert keyring.active.secret


def test_tries_in_an_outage_become_rarer(keyring, provider, clock):
    clock.advance(OVER_S)
    provider.disconnect()
    times = []
    for tick in range(8000):
        tries = provider.unwraps
        _hold(keyring)
        if provider.unwraps > tries:
            times.append(tick * 0.1)
        clock.advance(0.1)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] <= FIRST_RETRY_S + 0.2
    assert 10 < max(pauses) <= MAX_RETRY_S + 0.2
    assert len(times) < 40


def test_the_end_of_an_outage_begins_a_new_lease(keyring, provider, clock, drops):
    clock.advance(OVER_S)
    provider.disconnect()
    keyring.hold()
    provider.restore()
    clock.advance(MAX_RETRY_S)
    _hold(keyring)
    clock.advance(YOUNG_S)
    provider.disable()
    keyring.hold()
    assert drops == []


def test_an_outage_never_shortens_a_lease(blobs, provider, clock):
    Keyring.create(blobs, provider, "acme", clock)
    terms = LeaseTerms(key_lease_s=100.0, outage_grace_s=0.0)
    keyring = Keyring.open(blobs, provider, "acme", clock, lease=terms)
    provider.disconnect()
    clock.advance(99.0)
    _hold(keyring)
    assert keyring.active
    clock.advance(1.1)
    with pytest.raises(KeyUnavailableError):
        keyring.hold()


def test_a_tenant_that_is_not_resident_fails_closed(blobs, provider, clock, keyring):
    provider.disconnect()
    with pytest.raises(KeyUnavailableError):
        Keyring.open(blobs, provider, "acme", clock)


def test_a_renewal_that_an_erasure_overtakes_brings_nothing_back(blobs, keyring, provider, drops):
    clock = keyring._clock
    clock.advance(OLD_S)
    provider.pause_s = 0.3
    keyring.hold()
    erase_keyring(blobs, provider, keyring.directory, clock)
    with pytest.raises(TenantErasedError):
        keyring.refresh()
    wait_for_renewals()
    _assert_dropped(keyring, drops)
    with pytest.raises(TenantErasedError):
        keyring.hold()


def test_one_failing_callback_stops_no_other(keyring, provider, clock):
    told = []
    keyring.on_drop(lambda: 1 / 0)
    keyring.on_drop(lambda: told.append(None))
    clock.advance(OVER_S)
    provider.disable()
    with pytest.raises(ZeroDivisionError):
        keyring.hold()
    assert told == [None]
    assert keyring._keys == {}


@pytest.mark.parametrize("terms", [{"key_lease_s": 0}, {"key_lease_s": float("nan")}, {"outage_grace_s": -1}])
def test_terms_without_time_are_refused(terms):
    with pytest.raises(ConfigError):
        LeaseTerms(**terms)


def test_a_drop_while_the_provider_answers_is_not_undone(clock):
    asked = []

    def renew():
        asked.append(None)
        if len(asked) == 1:
            lease.drop()

    lease = Lease(clock, TERMS, renew)
    lease.hold()
    assert len(asked) == 2, "an answer from before the drop does not count"
