import asyncio
import threading
import time

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ScriptedChatModel
from konverze_rag.aio import TURNS_AHEAD
from konverze_rag.cores import computing_threads
from konverze_rag.lanes import MAX_EVENTS_AHEAD, MAX_STREAMS


def test_the_async_twin_answers_like_the_engine(make_engine):
    async def run():
        async with kr.AsyncEngine(make_engine(chat=ScriptedChatModel(["A refund takes 7 days [1]."]))) as engine:
            acme = await engine.tenant("acme")
            report = await acme.ingest(b"A refund takes 7 days.", source="policy")
            hits = await acme.search("refund")
            await acme.add([kr.Chunk(document_id="more", ordinal=0, text="Delivery is free.")])
            events = [event async for event in acme.stream("How long does a refund take?")]
            rows = [row.id for row in await acme.documents()]
            removed = await acme.delete("more")
            await acme.compact()
            return report, hits, events, rows, removed, await acme.stats(), await engine.tenants()

    report, hits, events, rows, removed, stats, tenants = asyncio.run(run())
    assert report.documents == 1
    assert hits[0].chunk.text == "A refund takes 7 days."
    assert isinstance(events[-1], kr.Done)
    assert events[-1].answer.citations
    assert (rows, removed, stats.chunks, tenants) == (["more", "policy"], 1, 1, ["acme"])


def test_public_methods_are_the_same():
    def public(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(kr.Tenant) - public(kr.AsyncTenant) == {
        "close",
        "drop_if_idle",
        "is_ready",
        "on_drop",
        "prepare",
        "require_generation",
    }
    assert public(kr.AsyncTenant) <= public(kr.Tenant)
    assert public(kr.AsyncEngine) == public(kr.Engine)


def test_upkeep_is_awaited_like_all_else(make_engine, tmp_path):
    async def run():
        async with kr.AsyncEngine(make_engine()) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest({"policy": b"A refund takes 7 days.", "more": b"Delivery is free."})
            await acme.ask("How long does a refund take?", conversation="c", visitor="asha")
            assert await acme.configure(kr.TenantSettings(persona="Mild.")) == 1
            assert (await acme.settings()).persona == "Mild."
            assert await acme.reindex(HashingEmbedder(32)) == 2
            rounds = []
            rotated = await engine.rotate_keys(reencrypt=True, on_progress=lambda done, of: rounds.append((done, of)))
            assert (rotated.data_keys_made, rounds) == (1, [(1, 1)])
            assert (await engine.vacuum(grace_s=0)).failed == ()
            assert (await engine.purge_expired()).turns == 0
            assert (await engine.back_up(tmp_path, "acme")).tenants == 1
            (folder := tmp_path / "manuals").mkdir()
            (folder / "gifts.txt").write_text("Gifts stay sold.")
            assert (await acme.sync(folder, label="manuals", on_progress=rounds.append)).added == ("gifts.txt",)
            assert rounds[-1].stage == "committed"
            assert (await acme.erase_document("more")).subject == "document"
            assert (await acme.erase_visitor("asha")).blobs_destroyed == 2
            assert (await engine.verify("acme")).is_sound
            assert (await engine.health()).is_healthy
            assert (await acme.erase()).subject == "tenant"
            assert (await engine.erase_tenant("acme")).blobs_destroyed == 0
            assert await engine.tenants() == []
            with pytest.raises(kr.TenantErasedError):
                await engine.restore(tmp_path, "acme")

    asyncio.run(run())


def test_turns_feedback_insights_and_exports_are_awaited_too(make_engine, tmp_path, clock):
    async def run():
        async with kr.AsyncEngine(make_engine()) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            for number in range(TURNS_AHEAD + 3):
                await acme.ask(f"How long does refund {number} take?", conversation="c", visitor="asha")
            turns = [turn async for turn in acme.turns(visitor="asha")]
            await acme.give_feedback("c", turns[-1].turn, helpful=False, comment="No.")
            since = clock.now().date()
            newest = [turn async for turn in acme.turns(since=since, until=since, conversation="c")][-1]
            insights = await acme.insights(since=since, until=since)
            report = await acme.export(tmp_path / "acme.zip", visitor="asha")
            with pytest.raises(kr.ConfigError):
                async for _ in acme.turns(visitor=""):
                    pass
            return turns, newest, insights, report

    turns, newest, insights, report = asyncio.run(run())
    assert [turn.number for turn in turns] == list(range(TURNS_AHEAD + 3))
    assert newest.feedback.comment == "No."
    assert (insights.turns, insights.unhelpful, report.turns) == (TURNS_AHEAD + 3, 1, TURNS_AHEAD + 3)
    assert report.bytes == (tmp_path / "acme.zip").stat().st_size


def test_turns_that_were_read_before_an_error_are_handed_out_first(make_engine, blobs):
    async def read(turns, numbers):
        async for turn in turns:
            numbers.append(turn.number)

    async def run():
        async with kr.AsyncEngine(make_engine()) as engine:
            acme = await engine.tenant("acme")
            for _ in range(TURNS_AHEAD + 3):
                await acme.ask("How long?", conversation="c")
            [last] = [name for name in blobs.list("tenants/") if name.endswith(f"/{TURNS_AHEAD + 2:06d}")]
            blobs.put(last, b"damaged")
            numbers = []
            with pytest.raises(kr.IntegrityError):
                await read(acme.turns(), numbers)
            return numbers

    assert asyncio.run(run()) == list(range(TURNS_AHEAD + 2))


def test_errors_come_through(make_engine):
    async def run():
        async with kr.AsyncEngine(make_engine()) as engine:
            with pytest.raises(kr.ConfigError):
                await engine.tenant("")
            acme = await engine.tenant("acme")
            with pytest.raises(kr.ConfigError):
                await acme.ask("")
            with pytest.raises(kr.ConfigError):
                async for _ in acme.stream(""):
                    pass

    asyncio.run(run())


class _Slow(ScriptedChatModel):
    """Writes a word, then waits until it is closed or told to go on."""

    def __init__(self):
        super().__init__([])
        self.closed = threading.Event()

    def stream(self, prompt, *, max_output_tokens, timeout_s):
        try:
            for _ in range(200):
                yield "word "
                time.sleep(0.01)
        finally:
            self.closed.set()


def test_the_loop_runs_on_while_an_answer_is_written_and_leaving_early_stops_it(make_engine):
    chat = _Slow()

    async def run():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        async with kr.AsyncEngine(make_engine(chat=chat)) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            ticker = asyncio.create_task(tick())
            stream = acme.stream("How long does a refund take?")
            seen = 0
            async for event in stream:
                seen += isinstance(event, kr.Token)
                if seen == 5:
                    break
            await stream.aclose()
            ticker.cancel()
            return ticks

    assert asyncio.run(run()) >= 3
    assert chat.closed.wait(5)


def test_a_slow_reader_slows_the_answer_down(make_engine):
    written = []

    class Fast(ScriptedChatModel):
        def stream(self, prompt, *, max_output_tokens, timeout_s):
            for number in range(1_000):
                written.append(number)
                yield f"word{number} "
            yield kr.Usage(1, 1)

    async def run():
        async with kr.AsyncEngine(make_engine(chat=Fast([]))) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            stream = acme.stream("How long does a refund take?")
            await anext(stream)
            await asyncio.sleep(0.3)
            ahead = len(written)
            events = [event async for event in stream]
            return ahead, events

    ahead, events = asyncio.run(run())
    assert ahead <= MAX_EVENTS_AHEAD + 2
    assert isinstance(events[-1], kr.Done)
    assert len(written) == 1_000


def test_closing_the_engine_ends_streams_that_nobody_reads(make_engine):
    async def run():
        engine = kr.AsyncEngine(make_engine(chat=_Slow()))
        acme = await engine.tenant("acme")
        await acme.ingest(b"A refund takes 7 days.", source="policy")
        stream = acme.stream("How long does a refund take?")
        await anext(stream)
        await asyncio.wait_for(engine.close(), 10)
        with pytest.raises(kr.ConfigError, match="closed"):
            async for _ in stream:
                pass
        for call in (acme.search("x"), acme.ask("x"), engine.tenant("other")):
            with pytest.raises(kr.ConfigError, match="closed"):
                await call
        with pytest.raises(kr.ConfigError, match="closed"):
            await anext(acme.stream("x"))

    asyncio.run(run())


def test_slow_readers_of_streams_do_not_delay_searches(make_engine):
    async def run():
        async with kr.AsyncEngine(make_engine(chat=_Slow())) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            streams = [acme.stream("How long does a refund take?") for _ in range(MAX_STREAMS)]
            await asyncio.gather(*(anext(stream) for stream in streams))
            assert await asyncio.wait_for(acme.search("refund"), 10)
            for stream in streams:
                await stream.aclose()

    asyncio.run(run())


def test_the_loop_starts_no_thread_of_a_stream(make_engine, monkeypatch):
    starters, start = {}, threading.Thread.start

    def noted(thread):
        starters[thread.name] = threading.current_thread().name
        start(thread)

    async def run():
        async with kr.AsyncEngine(make_engine(chat=ScriptedChatModel(["Seven days [1]."] * 9))) as engine:
            acme = await engine.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            streams = [acme.stream("How long does a refund take?") for _ in range(9)]
            await asyncio.gather(*(anext(stream) for stream in streams))
            for stream in streams:
                await stream.aclose()

    monkeypatch.setattr(threading.Thread, "start", noted)
    asyncio.run(run())
    of_streams = {starter for name, starter in starters.items() if name.startswith("konverze-stream")}
    assert of_streams == {"konverze-start_0"}


def test_streams_that_wait_for_the_model_or_for_their_reader_keep_no_other_from_computing(make_engine):
    gate = threading.Event()

    class Waiting(ScriptedChatModel):
        asked = 0

        def stream(self, prompt, *, max_output_tokens, timeout_s):
            self.asked += 1
            if self.asked > 5:
                assert gate.wait(10)
            for number in range(3 * MAX_EVENTS_AHEAD):
                yield f"word{number} "

    async def run():
        chat = Waiting([])
        engine = make_engine(chat=chat)
        free = engine._tenancy.computing
        async with kr.AsyncEngine(engine) as twin:
            acme = await twin.tenant("acme")
            await acme.ingest(b"A refund takes 7 days.", source="policy")
            streams = [acme.stream("How long does a refund take?") for _ in range(10)]
            first = [asyncio.create_task(anext(stream)) for stream in streams]
            await asyncio.sleep(0.5)
            assert sum(task.done() for task in first) == 5
            assert [free.acquire(timeout=5) for _ in range(computing_threads())] == [True] * computing_threads()
            late = acme.stream("How long does a refund take?")
            first.append(asyncio.create_task(anext(late)))
            await asyncio.sleep(0.3)
            assert chat.asked == 10, "nobody computes beside those who do"
            free.release(computing_threads())
            gate.set()
            await asyncio.wait_for(asyncio.gather(*first), 10)
            assert chat.asked == 11
            for stream in (*streams, late):
                await stream.aclose()

    asyncio.run(run())
