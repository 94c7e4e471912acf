"""Does a burst of searches hold up the event loop, or one tenant's burst the others?"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import chain
from statistics import median

import konverze_rag as kr
from benchmarks.contest import QUERIES, Course, K
from benchmarks.extents import Extent
from benchmarks.measuring import percentile
from benchmarks.peers.konverze import settings
from benchmarks.ratios import REPETITIONS, Row, Watched

QUESTION = "concurrency"
SIZE = 10_000
CALLERS = 200
ASKED_EACH = 10
TICK_S = 0.001
STALL_GOAL_MS = 10.0
"""Lateness of a timer on the loop, 99th percentile, at most."""

TENANTS = 10
CALLERS_EACH = 2
FLOOD_CALLERS = 10 * CALLERS_EACH
WINDOW_S = 2.0
FLOOD_GOAL = 2.0
"""p99 of the other tenants while one floods / without, at most."""


def run(extent: Extent) -> list[Row]:  # noqa: ARG001  # the same for all
    """One row a question."""
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    course = Course(size=SIZE)
    with tempfile.TemporaryDirectory() as folder:
        async with await kr.AsyncEngine.open(folder, settings=settings()) as engine:
            tenants = [await engine.tenant(f"tenant-{number}") for number in range(TENANTS)]
            each = SIZE // TENANTS
            for number, tenant in enumerate(tenants[1:]):
                await tenant.add(course.chunks[number * each :][:each], course.vectors[number * each :][:each])
            await tenants[0].add(course.chunks, course.vectors)
            return [await _stalled(course, tenants[0]), await _flooded(course, tenants)]


async def _search(course: Course, tenant: kr.AsyncTenant, turn: int) -> float:
    """Milliseconds of one hybrid search."""
    started = time.perf_counter()
    await tenant.search(course.questions[turn % QUERIES], vector=course.queries[turn % QUERIES], k=K)
    return (time.perf_counter() - started) * 1000


async def _stalled(course: Course, tenant: kr.AsyncTenant) -> Row:
    """So many callers at once, each with some searches in turn; how late a timer fires meanwhile."""
    p99s: list[float] = []
    times: list[float] = []
    for _ in range(REPETITIONS):
        late: list[float] = []
        ticking = asyncio.create_task(_tick(late))

        async def caller(number: int) -> list[float]:
            return [await _search(course, tenant, number * 7 + turn) for turn in range(ASKED_EACH)]

        times += chain.from_iterable(await asyncio.gather(*map(caller, range(CALLERS))))
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        p99s.append(percentile(late, 99))
    return {
        "question": f"{CALLERS} concurrent searches of {SIZE:,} chunks",
        "p50 ms": median(times),
        "p99 ms": percentile(times, 99),
        "loop stall p99 ms": Watched.of(p99s, goal=STALL_GOAL_MS),
    }


async def _tick(late: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late.append((time.perf_counter() - started - TICK_S) * 1000)


async def _flooded(course: Course, tenants: list[kr.AsyncTenant]) -> Row:
    """The same callers of nine tenants with and without a tenth that calls with ten times as many."""
    quiet: list[list[float]] = []
    flooded: list[list[float]] = []
    for _ in range(REPETITIONS):
        quiet.append(await _window(course, tenants, CALLERS_EACH))
        flooded.append(await _window(course, tenants, FLOOD_CALLERS))
    quotients = [percentile(loud, 99) / percentile(calm, 99) for loud, calm in zip(flooded, quiet, strict=True)]
    times = list(chain.from_iterable(flooded))
    return {
        "question": f"one of {TENANTS} tenants floods",
        "p50 ms": median(times),
        "p99 ms": percentile(times, 99),
        "p99 / without": Watched.of(quotients, goal=FLOOD_GOAL),
    }


async def _window(course: Course, tenants: list[kr.AsyncTenant], first_callers: int) -> list[float]:
    """Milliseconds of all searches of all tenants but the first, which has so many callers."""
    until = time.perf_counter() + WINDOW_S

    async def caller(number: int) -> list[float]:
        times: list[float] = []
        while time.perf_counter() < until:
            times.append(await _search(course, tenants[number], len(times)))
        return times

    call: Callable[[int], Awaitable[list[float]]] = caller
    first = [call(0) for _ in range(first_callers)]
    others = [call(number) for number in range(1, len(tenants)) for _ in range(CALLERS_EACH)]
    found = await asyncio.gather(*others, *first)
    return list(chain.from_iterable(found[: len(others)]))
