"""How many asks get an answer from a provider that fails, what does an answer cost beside the model, and who waits?"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import konverze_rag as kr
from benchmarks.contest import Course
from benchmarks.measuring import median, percentile, save
from benchmarks.peers.konverze import settings as settings_of
from benchmarks.ratios import REPETITIONS, Row, Watched, as_json
from konverze_core.answers import Usage
from konverze_core.protocols import ChatModelInfo, Prompt
from tests.servers.openai_server import OpenAIServer, Reply

QUESTION = "asking"
ASKS, THREADS = 10_000, 16
ITEMS = 500
DEAREST = 10_000
"""So that no price is the number of an item, too."""

DEADLINE_S = 3.0
LATE_S = 0.25
"""Past the deadline, until an answer counts as late: the extractive answer is found and the turn is stored."""

FAULT_SHARE = 0.2
FAULTS = (
    Reply(status=429, headers={"Retry-After": "1"}),
    Reply(status=429),
    Reply(status=500),
    Reply(status=503),
    Reply(cut_after=0),
    Reply(hang_after=1),
    Reply(cut_after=2),
    Reply(malformed_after=1),
    Reply(delay_s=2 * DEADLINE_S),
)
AVAILABLE_GOAL = 0.999
SIZE, OWN_ASKS = 10_000, 400
OWN_P50_GOAL_MS, OWN_P99_GOAL_MS, FORWARD_GOAL_MS = 5.0, 20.0, 2.0
STREAMS, PIECES, PIECE_S = 200, 10, 0.02
TICK_S = 0.001
STALL_GOAL_MS = 50.0


def run() -> list[Row]:
    """One row a question."""
    logging.disable(logging.WARNING)
    rows = [_available(), _own_work(), asyncio.run(_streamed())]
    save(QUESTION, [as_json(row) for row in rows])
    return rows


class _Failing(OpenAIServer):
    """Fails one of five requests, in every way."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        super().__init__()

    def next_reply(self) -> Reply:
        if self._random.random() < FAULT_SHARE:
            return self._random.choice(FAULTS)
        return Reply(text=_answer)


def _price_list() -> dict[str, bytes]:
    return {f"{n}.txt": f"The price of item {n} is Rs {n + DEAREST}.".encode() for n in range(ITEMS)}


def _answer(body: dict[str, Any]) -> str:
    """The sentence of the source that names the item, with its mark."""
    read = body["input"][-1]["content"]
    number = re.search(r"Question: .*item (\d+)\?", read)
    found = number and re.search(rf"<<source (\d+) [^>]*>>\n[^<]*?(The price of item {number[1]} is [^.]*)\.", read)
    return f"{found[2]} [{found[1]}]." if found else "NO_ANSWER"


def _available() -> Row:
    with tempfile.TemporaryDirectory() as folder, _Failing() as server:
        address = str(server.url)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        settings = kr.Settings(
            openai_base_url=address,
            openai_api_key="k",  # pyright: ignore[reportArgumentType]
            answer_deadline_s=DEADLINE_S,
            embeddings="none",
            loader_workers=0,
        )
        with kr.Engine.open(folder, settings=settings) as engine:
            tenant = engine.tenant("acme")
            tenant.ingest(_price_list())
            with ThreadPoolExecutor(THREADS) as pool:
                outcomes = [*pool.map(partial(_outcome, tenant), range(ASKS))]
            stored = sum(1 for _ in tenant.turns())
    said = Counter(outcome for outcome, _ in outcomes)
    times = [spent_ms for _, spent_ms in outcomes]
    answered = said["full"] + said["degraded"]
    return {
        "question": f"{ASKS:,} asks, {FAULT_SHARE:.0%} of the requests fail",
        "answered": Watched.share(answered / ASKS, goal=AVAILABLE_GOAL),
        "in full": said["full"] / ASKS,
        "errors": Watched.never(said["error"]),
        "lost turns": Watched.never(ASKS - stored),
        "p50 ms": median(times),
        "p99 ms": percentile(times, 99),
    }


def _outcome(tenant: kr.Tenant, number: int) -> tuple[str, float]:
    started = time.perf_counter()
    try:
        item = number % ITEMS
        answer = tenant.ask(f"What is the price of item {item}?", conversation=f"c{number}", visitor=f"v{number % 97}")
    except Exception as exc:  # noqa: BLE001 - what is counted here
        print(f"asking: {type(exc).__name__}: {exc}", flush=True)
        return "error", (time.perf_counter() - started) * 1000
    spent_s = time.perf_counter() - started
    is_right = f"Rs {item + DEAREST}" in answer.text and bool(answer.citations)
    outcome = "degraded" if answer.degraded else "full"
    return outcome if is_right and spent_s <= DEADLINE_S + LATE_S else "wrong or late", spent_s * 1000


class _Told:
    """`ChatModel` that says when it gave its pieces.

    Args:
        pause_s: Before each piece.
    """

    def __init__(self, pause_s: float = 0.0) -> None:
        self.given = 0.0
        self._pause_s = pause_s

    @property
    def info(self) -> ChatModelInfo:
        return ChatModelInfo(name="told", context_window_tokens=128_000)

    def stream(self, prompt: Prompt, *, max_output_tokens: int, timeout_s: float) -> Iterator[str | Usage]:
        del max_output_tokens, timeout_s
        source = prompt.messages[-1].text.partition(">>\n")[2].partition("\n<<end")[0]
        words = " ".join(source.rpartition("\n")[2].split()[:PIECES]) + " [1]."
        for piece in re.findall(r"\S+\s*", words):
            if self._pause_s:
                time.sleep(self._pause_s)
            self.given = time.perf_counter()
            yield piece
        yield Usage(1, 1)


def _own_work() -> Row:
    """Everything but the model and the write of the turn; there is no embedding model."""
    course, chat = Course(size=SIZE), _Told()
    own: list[float] = []
    forwarded: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(loader_workers=0)
        with kr.Engine.open(folder, settings=settings) as built:
            built.tenant("acme").add(course.chunks)
        with kr.Engine.open(folder, settings=settings) as opened:
            engine = kr.Engine(settings=settings, blobs=opened.blobs, keys=opened.keys, chat=chat)
            tenant = engine.tenant("acme")
            for number in range(OWN_ASKS):
                question = course.questions[number % len(course.questions)]
                is_first = True
                for event in tenant.stream(question, conversation=f"c{number}"):
                    if isinstance(event, kr.Token) and is_first:
                        forwarded.append((time.perf_counter() - chat.given) * 1000)
                        is_first = False
                    if isinstance(event, kr.Done):
                        timings = event.answer.timings
                        own.append(timings.total_ms - timings.store_ms)
    half = OWN_ASKS // 2
    return {
        "question": f"own work of an ask, {SIZE:,} chunks",
        "p50 ms": Watched.of([median(own[:half]), median(own[half:])], goal=OWN_P50_GOAL_MS),
        "p99 ms": Watched.of([percentile(own[:half], 99), percentile(own[half:], 99)], goal=OWN_P99_GOAL_MS),
        "first word forwarded, ms": Watched.of([median(forwarded)], goal=FORWARD_GOAL_MS),
    }


async def _streamed() -> Row:
    """So many streams at once on one loop; how late a timer fires meanwhile."""
    stalls: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(loader_workers=0)
        with kr.Engine.open(folder, settings=settings) as opened:
            told = kr.Engine(settings=settings, blobs=opened.blobs, keys=opened.keys, chat=_Told(PIECE_S))
            engine = kr.AsyncEngine(told)
            tenant = await engine.tenant("acme")
            await tenant.ingest(_price_list())
            gc.collect()
            gc.freeze()  # as the guide to serving says: to walk through all that was ever imported stalls a loop
            for _ in range(REPETITIONS):
                late: list[float] = []
                ticking = asyncio.create_task(_tick(late))
                await asyncio.gather(*[_listened(tenant, number) for number in range(STREAMS)])
                ticking.cancel()
                with suppress(asyncio.CancelledError):
                    await ticking
                stalls.append(max(late))
    return {
        "question": f"{STREAMS} concurrent streams on one loop",
        "longest stall ms": Watched.of(stalls, goal=STALL_GOAL_MS),
    }


async def _listened(tenant: kr.AsyncTenant, number: int) -> None:
    async for event in tenant.stream(f"What is the price of item {number}?"):
        assert not isinstance(event, kr.Failed), event.error


async def _tick(late: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late.append((time.perf_counter() - started - TICK_S) * 1000)
