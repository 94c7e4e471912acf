"""Thousands of tenants under one budget: who stays in memory, and that nobody gets another one's index."""

from __future__ import annotations

import gc
import random
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.index import REFRESH_S
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.settings import MIN_CACHE_BYTES
from tests.settings import OFFLINE

ROWS, DIM = 40, 64
TENANT_BYTES = 130_000
"""More than one of these tenants takes."""


def budget_of(tenants):
    return OFFLINE.model_copy(update={"cache_bytes": tenants * TENANT_BYTES})


def fill(engine, name, *, rows=ROWS):
    vectors = np.random.default_rng(len(name)).normal(size=(rows, DIM)).astype(np.float32)
    engine.tenant(name).add(
        [kr.Chunk(document_id="d", ordinal=row, text=f"canary of {name}. {'x' * 2_000}") for row in range(rows)],
        vectors,
    )


def texts_of(tenant, *, k=3):
    return {hit.chunk.text.split(".")[0] for hit in tenant.search(vector=np.ones(DIM, np.float32), k=k)}


def test_tenants_that_are_asked_once_leave_before_those_that_are_asked_again(make_engine):
    with make_engine(embedder=None) as filling:
        for name in ("a", "b", *map(str, range(10))):
            fill(filling, name)
    engine = make_engine(embedder=None, settings=budget_of(4))
    for name in ("a", "b") * 2:
        texts_of(engine.tenant(name))
    assert (engine.cache_stats().misses, engine.cache_stats().hits) == (2, 2)
    for number in range(10):
        texts_of(engine.tenant(str(number)))
    before = engine.cache_stats()
    assert (before.misses, before.hits) == (12, 2)
    for name in ("a", "b"):
        texts_of(engine.tenant(name))
    assert (engine.cache_stats().misses, engine.cache_stats().hits) == (12, 4)


class Traffic:
    """Threads that search tenants at random, drop keys, and erase a few."""

    def __init__(self, engine, names):
        self.engine, self.names, self.erased, self.wrong = engine, names, set(), []
        self.held = {name: engine.tenant(name) for name in names[:6]}

    def _ask(self, name, chance):
        tenant = self.held.get(name) or self.engine.tenant(name, create=False)
        if texts_of(tenant, k=chance.choice([1, 3, 40])) != {f"canary of {name}"}:
            self.wrong.append(name)
        if chance.random() < 0.05:
            tenant.keyring.drop()
        if chance.random() < 0.02 and len(self.erased) < 3:
            self.erased.add(name)
            self.engine.erase_tenant(name)

    def _work(self, seed):
        chance = random.Random(seed)
        for _ in range(60):
            name = chance.choice(self.names)
            try:
                self._ask(name, chance)
            except kr.TenantErasedError:
                if name not in self.erased:
                    self.wrong.append(f"{name} is not erased")

    def run(self, round_number):
        threads = [threading.Thread(target=self._work, args=(round_number * 10 + number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def test_random_traffic_of_threads_gets_its_own_canary_within_the_budget(make_engine, clock):
    names = [f"tenant-{number}" for number in range(12)]
    filler = make_engine(embedder=None)
    for name in names:
        fill(filler, name)
    engine = make_engine(embedder=None, settings=budget_of(3))
    traffic = Traffic(engine, names)
    for round_number in range(5):
        traffic.run(round_number)
        assert not traffic.wrong
        clock.advance(REFRESH_S)
        engine._tenancy.residents.sweep()
        stats = engine.cache_stats()
        resident = [tenant for tenant in engine._open_tenants._alive.values() if tenant.index.is_resident]
        assert stats.resident_bytes == sum(tenant.index.resident_bytes for tenant in resident) <= stats.budget_bytes
        assert stats.resident_tenants == len(resident)
        assert not {tenant.id for tenant in resident} & traffic.erased
    assert stats.misses > len(names)
    assert stats.evictions > 0
    assert stats.hits > 0
    for name in traffic.erased:
        with pytest.raises(kr.TenantErasedError):
            engine.tenant(name)


def test_an_evicted_tenant_comes_back_without_a_call_of_the_key_provider(make_engine, keys, monkeypatch):
    engine = make_engine(embedder=None)
    fill(engine, "acme")
    acme = engine.tenant("acme")
    before = weakref.ref(acme.index.snapshot())
    acme.index.evict()
    gc.collect()
    assert before() is None
    for verb in ("wrap", "unwrap", "sign", "verify", "current_version"):
        monkeypatch.setattr(keys, verb, lambda *_, **__: pytest.fail("the key provider was asked"))
    assert texts_of(acme) == {"canary of acme"}


def test_a_reader_keeps_the_snapshot_that_leaves_meanwhile(make_engine):
    engine = make_engine(embedder=None)
    fill(engine, "acme")
    acme = engine.tenant("acme")
    snapshot = acme.index.snapshot()
    acme.index.evict()
    assert texts_of(acme) == {"canary of acme"}
    assert snapshot is not acme.index.snapshot()
    assert snapshot.live_chunks == ROWS


def test_many_who_find_a_tenant_cold_open_it_once_and_delay_no_warm_one(make_engine, blobs, monkeypatch):
    engine = make_engine(embedder=None)
    for name in ("cold", "warm"):
        fill(engine, name)
    cold, warm = engine.tenant("cold"), engine.tenant("warm")
    cold.index.evict()
    misses, gate, reads, get = engine.cache_stats().misses, threading.Event(), [], blobs.get

    def gated(name):
        if tenant_directory("cold") in name:
            reads.append(name)
            assert gate.wait(10)
        return get(name)

    monkeypatch.setattr(blobs, "get", gated)
    found = []
    threads = [threading.Thread(target=lambda: found.append(texts_of(cold))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert texts_of(warm) == texts_of(engine.tenant("warm")) == {"canary of warm"}
    gate.set()
    for thread in threads:
        thread.join()
    assert found == [{"canary of cold"}] * 8
    assert len(reads) == len(set(reads))
    assert engine.cache_stats().misses == misses + 1


def test_a_tenant_that_is_only_asked_for_is_not_opened_again(make_engine, clock):
    engine = make_engine(embedder=None)
    fill(engine, "acme")
    acme = engine.tenant("acme")
    acme.index.evict()
    clock.advance(REFRESH_S)
    assert engine.tenant("acme") is acme
    assert not acme.index.is_resident
    make_engine(embedder=None).erase_tenant("acme")
    clock.advance(REFRESH_S)
    with pytest.raises(kr.TenantErasedError):
        engine.tenant("acme")


def test_opened_texts_count_and_make_others_leave_once_it_is_looked(make_engine, clock):
    engine = make_engine(embedder=None, settings=OFFLINE.model_copy(update={"cache_bytes": MIN_CACHE_BYTES}))
    names = [f"tenant-{number}" for number in range(12)]
    for name in names:
        fill(engine, name)
        engine.tenant(name).index.snapshot()
    before = engine.cache_stats().resident_tenants
    for name in names:
        texts_of(engine.tenant(name), k=ROWS)
    assert engine.cache_stats().resident_tenants == before
    for name in names:
        clock.advance(REFRESH_S)
        texts_of(engine.tenant(name), k=ROWS)
    stats = engine.cache_stats()
    assert stats.resident_bytes <= MIN_CACHE_BYTES
    assert stats.resident_tenants < before


def test_a_tenant_larger_than_the_budget_works_and_stays_until_another_is_opened(make_engine):
    engine = make_engine(embedder=None, settings=OFFLINE.model_copy(update={"cache_bytes": MIN_CACHE_BYTES}))
    fill(engine, "large", rows=6_000)
    fill(engine, "small")
    large, small = engine.tenant("large"), engine.tenant("small")
    assert texts_of(large) == {"canary of large"}
    misses = engine.cache_stats().misses
    assert texts_of(large) == {"canary of large"}
    assert engine.cache_stats().misses == misses
    assert small.index.is_resident
    small.index.evict()
    assert texts_of(small) == {"canary of small"}
    fill(engine, "third")
    assert not large.index.is_resident


def test_what_is_counted_is_what_python_has_allocated(keys):
    blobs = MemoryBlobStore()
    with kr.Engine(settings=OFFLINE, blobs=blobs, keys=keys) as engine:
        for number in range(20):
            fill(engine, f"tenant-{number}")
        tenants = [engine.tenant(f"tenant-{number}") for number in range(20)]
        for tenant in tenants:
            texts_of(tenant, k=ROWS)
            tenant.index.evict()
        gc.collect()
        tracemalloc.start(1)
        try:
            before = tracemalloc.get_traced_memory()[0]
            for tenant in tenants:
                texts_of(tenant, k=ROWS)
            gc.collect()
            allocated = tracemalloc.get_traced_memory()[0] - before
            counted = sum(tenant.index.resident_bytes for tenant in tenants)
        finally:
            tracemalloc.stop()
    assert counted == pytest.approx(allocated, rel=0.2)


def test_tenants_that_nobody_holds_do_not_outlive_their_keys(make_engine, clock):
    engine = make_engine(embedder=None)
    for name in ("held", "passing"):
        fill(engine, name)
    held, passing = engine.tenant("held"), weakref.ref(engine.tenant("passing"))
    gc.collect()
    assert passing() is not None, "kept while its keys are"
    clock.advance(OFFLINE.key_lease_s)
    engine._open_tenants.sweep()
    gc.collect()
    assert passing() is None
    assert engine.health().open_tenants == 1
    assert engine.tenant("held") is held
    assert texts_of(engine.tenant("passing")) == {"canary of passing"}


def test_the_keys_of_a_tenant_that_nobody_can_use_any_more_are_dropped_with_their_lease(make_engine, clock):
    engine = make_engine(embedder=None)
    fill(engine, "acme")
    acme = engine.tenant("acme")
    acme.keyring.drop()
    assert texts_of(acme) == {"canary of acme"}
    keyring = acme.keyring
    del acme
    gc.collect()
    clock.advance(OFFLINE.key_lease_s)
    engine._open_tenants.sweep()
    assert keyring._keys == {}
    assert engine.cache_stats().resident_tenants == 0


def test_the_budget_is_a_setting(monkeypatch):
    monkeypatch.setenv("KONVERZE_CACHE_BYTES", "5000000")
    assert kr.Settings().cache_bytes == 5_000_000
    with pytest.raises(kr.ConfigError, match="cache_bytes"):
        kr.Settings(cache_bytes=1000)
