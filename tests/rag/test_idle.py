"""Keys and decrypted data of tenants that nobody uses leave the memory."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import konverze_rag as kr
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider

LEASE_S = 900.0


def engine_with(clock, **settings):
    return kr.Engine(
        settings=kr.Settings(embeddings="none", key_lease_s=LEASE_S, **settings),
        blobs=MemoryBlobStore(),
        keys=MemoryKeyProvider(),
        clock=clock,
    )


def test_a_tenant_that_nobody_used_for_a_lease_drops_its_index_and_reloads_it():
    clock = ManualClock()
    with engine_with(clock) as engine:
        acme = engine.tenant("acme")
        acme.ingest(b"A refund takes 7 days.", source="a.txt")
        held = weakref.ref(acme.index.snapshot())
        clock.advance(LEASE_S - 1)
        acme.drop_if_idle()
        gc.collect()
        assert held() is not None, "used within its lease"
        acme.drop_if_idle()
        clock.advance(LEASE_S)
        acme.drop_if_idle()
        gc.collect()
        assert held() is None
        assert [hit.chunk.document_id for hit in acme.search("refund")] == ["a.txt"]


def test_the_engine_sweeps_by_itself_until_it_is_closed_or_gone():
    others = set(threading.enumerate())
    engine = kr.Engine(
        settings=kr.Settings(embeddings="none", key_lease_s=0.2), blobs=MemoryBlobStore(), keys=MemoryKeyProvider()
    )
    acme = engine.tenant("acme")
    acme.ingest(b"A refund takes 7 days.", source="a.txt")
    held = weakref.ref(acme.index.snapshot())
    deadline = time.monotonic() + 20
    while held() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
        gc.collect()
    assert held() is None
    gone = weakref.ref(engine)
    del engine, acme
    gc.collect()
    assert gone() is None, "the sweep does not keep its engine"
    deadline = time.monotonic() + 20
    while set(threading.enumerate()) - others and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not set(threading.enumerate()) - others
