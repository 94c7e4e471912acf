"""Threads that serve each caller in turn."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.fair_threads import FairThreads
from konverze_rag.lanes import MAX_CALLS, MAX_PREPARATIONS


def test_callers_take_turns_however_many_calls_one_of_them_has():
    async def run():
        threads, gate, done = FairThreads(1, most_each=1, name="test"), threading.Event(), []
        first = asyncio.create_task(threads.run("flood", gate.wait))
        await asyncio.sleep(0.05)
        calls = [threads.run("flood", partial(done.append, f"flood {number}")) for number in range(50)]
        calls += [threads.run(name, partial(done.append, f"{name} {number}")) for number in range(2) for name in "ab"]
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(first, *tasks)
        threads.close()
        return done

    done = asyncio.run(run())
    assert done[:6] == ["flood 0", "a 0", "b 0", "flood 1", "a 1", "b 1"]
    assert done[6:] == [f"flood {number}" for number in range(2, 50)]


def test_one_caller_never_takes_more_threads_than_its_share():
    async def run():
        threads, gate, running = FairThreads(4, most_each=2, name="test"), threading.Event(), []

        def hold(name):
            running.append(name)
            assert gate.wait(10)

        flood = [asyncio.create_task(threads.run("flood", partial(hold, "flood"))) for _ in range(10)]
        other = [asyncio.create_task(threads.run("other", partial(hold, "other"))) for _ in range(2)]
        await asyncio.sleep(0.2)
        seen = sorted(running)
        gate.set()
        await asyncio.gather(*flood, *other)
        threads.close()
        return seen, running

    seen, running = asyncio.run(run())
    assert seen == ["flood"] * 2 + ["other"] * 2
    assert running.count("flood") == 10


def test_a_cancelled_call_leaves_the_line_and_one_under_way_disturbs_nobody():
    async def run():
        threads, gate, done = FairThreads(1, most_each=1, name="test"), threading.Event(), []
        under_way = asyncio.create_task(threads.run("a", gate.wait))
        await asyncio.sleep(0.05)
        tasks = [asyncio.create_task(threads.run("a", partial(done.append, number))) for number in range(4)]
        await asyncio.sleep(0)
        for task in (under_way, tasks[0], tasks[2]):
            task.cancel()
        gate.set()
        outcomes = await asyncio.gather(under_way, *tasks, return_exceptions=True)
        threads.close()
        return done, [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes]

    assert asyncio.run(run()) == ([1, 3], [True, True, False, True, False])


def test_errors_reach_who_awaits_and_the_threads_serve_on():
    async def run():
        threads = FairThreads(1, most_each=1, name="test")
        with pytest.raises(ZeroDivisionError):
            await threads.run("a", lambda: 1 / 0)
        assert await threads.run("a", lambda: 7) == 7
        threads.close()
        with pytest.raises(kr.ConfigError, match="closed"):
            await threads.run("a", lambda: 7)

    asyncio.run(run())


def test_threads_serve_several_loops_one_after_the_other():
    threads = FairThreads(2, most_each=2, name="test")
    for number in range(3):
        assert asyncio.run(threads.run("a", lambda number=number: number)) == number
    threads.close()


def test_cold_openings_and_long_calls_of_one_tenant_delay_neither_warm_searches_nor_other_openings(
    make_engine, blobs, monkeypatch
):
    filler = make_engine()
    for name in ("warm", "cold", "other"):
        filler.tenant(name).ingest(f"canary of {name}".encode(), source="a")
    gate, get = threading.Event(), blobs.get

    def gated(name):
        assert tenant_directory("cold") not in name or gate.wait(10)
        return get(name)

    class Slow(HashingEmbedder):
        def embed_documents(self, texts):
            assert gate.wait(10)
            return super().embed_documents(texts)

        def embed_queries(self, texts):
            return super().embed_documents(texts)

    async def run():
        async with kr.AsyncEngine(make_engine(embedder=Slow())) as engine:
            warm, cold, other = [await engine.tenant(name) for name in ("warm", "cold", "other")]
            assert await warm.search("canary")
            for tenant in (cold, other):
                tenant._tenant.index.evict()
            monkeypatch.setattr(blobs, "get", gated)
            waiting = [asyncio.create_task(cold.search("canary")) for _ in range(2 * MAX_PREPARATIONS)]
            waiting += [asyncio.create_task(cold.ingest(b"more", source="b")) for _ in range(2 * MAX_CALLS)]
            await asyncio.sleep(0.1)
            try:
                found = [
                    (await asyncio.wait_for(tenant.search("canary"), 5))[0].chunk.text for tenant in (warm, other, warm)
                ]
                assert (await asyncio.wait_for(other.stats(), 5)).chunks == 1
                assert not any(task.done() for task in waiting)
            finally:
                gate.set()
            for task in waiting[2 * MAX_PREPARATIONS :]:
                task.cancel()
            hits = await asyncio.gather(*waiting[: 2 * MAX_PREPARATIONS])
            return found, {hit[0].chunk.text for hit in hits}

    assert asyncio.run(run()) == (["canary of warm", "canary of other", "canary of warm"], {"canary of cold"})


def test_a_search_that_is_ready_waits_for_nobody_and_one_that_is_not_prepares_first(make_engine, clock):
    acme = make_engine().tenant("acme")
    vector = HashingEmbedder().embed_queries(["refund"])[0]
    assert acme.is_ready("refund", None)
    acme.ingest(b"A refund takes 7 days.", source="a")
    assert not acme.is_ready("refund", None)
    assert acme.is_ready("refund", vector)
    assert acme.is_ready("  ", None)
    acme.prepare("refund", None)
    assert acme.is_ready("refund", None)
    clock.advance(2)
    assert not acme.is_ready("refund", vector)
    acme.prepare("refund", vector)
    assert acme.is_ready("refund", vector)
    acme.index.evict()
    assert not acme.is_ready(None, vector)
    with pytest.raises(kr.ConfigError):
        acme.prepare(7, None)
