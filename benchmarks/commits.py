"""What does it take to commit 100 chunks durably, beside the FAISS stores of LangChain and LlamaIndex?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import cast

from benchmarks.contest import Course, built, contestants
from benchmarks.extents import Extent
from benchmarks.measuring import interleaved_ms, median, written_bytes
from benchmarks.peers import OURS, Growing, Stored
from benchmarks.ratios import Row, Watched

ROUNDS_BY_SIZE = {1_000: 15, 10_000: 10, 100_000: 5, 1_000_000: 5}
"""Rounds by chunks that are there before."""

LANGCHAIN = "LangChain FAISS"
GOALS = {1_000: 0.5, 10_000: 3.0, 100_000: 20.0}
"""LangChain / ours, at least."""

GROWTH_GOALS = {1_000_000: 2.0}
"""Ours / ours at the smallest size, at most."""

CHUNKS_PER_COMMIT = 100
QUESTION = "commits"
CONTESTANTS = (OURS, LANGCHAIN, "LlamaIndex FAISS", "Chroma", "LanceDB")


def run(extent: Extent) -> list[Row]:
    """One row a size and contestant. Ours syncs files and folders; most others leave that to the system."""
    rows = [row for size in extent.sizes(*ROUNDS_BY_SIZE) for row in _measured(size, extent)]
    ours = [row for row in rows if row["contestant"] == OURS]
    for row in ours:
        grown = cast("float", row["p50 ms"]) / cast("float", ours[0]["p50 ms"])
        row["/ smallest"] = Watched.of([grown], goal=GROWTH_GOALS.get(cast("int", row["chunks before"])))
    return rows


def _measured(size: int, extent: Extent) -> list[Row]:
    """All stand open at once, and take turns."""
    rounds = ROUNDS_BY_SIZE[size]
    whole = Course(size=size + (1 + rounds) * CHUNKS_PER_COMMIT)
    before = Course(size=size)
    # The gate needs LangChain, too: what it watches is the quotient.
    able = contestants(Growing, before, Extent.DEFAULT if extent is Extent.GATE else extent)
    named = (OURS, LANGCHAIN) if extent is Extent.GATE else CONTESTANTS
    with ExitStack() as opened:
        written: dict[str, list[float]] = {}
        calls: dict[str, Callable[[int], object]] = {}
        for name in named:
            if name in able:
                contestant, _ = opened.enter_context(built(able[name], before))
                calls[name] = _next_commit(contestant, whole, size, written.setdefault(name, []))
        times = interleaved_ms(calls, rounds=rounds)
    return [_row(size, name, times, median(written[name][1:]) / 1e6) for name in times]


def _row(size: int, name: str, times: dict[str, list[float]], written_mb: float) -> Row:
    theirs, ours = times[name], times[OURS]
    goal = GOALS.get(size) if name == LANGCHAIN else None
    # Commits are few and slow: each third of the rounds is a repetition.
    thirds = [median(theirs[start::3]) / median(ours[start::3]) for start in range(3)]
    beside = None if name == OURS else Watched.of(thirds, goal=goal, higher_is_better=True)
    return {
        "chunks before": size,
        "contestant": name,
        "p50 ms": median(theirs),
        "MB written": written_mb,
        "/ ours": beside,
    }


def _next_commit(contestant: object, whole: Course, size: int, written: list[float]) -> Callable[[int], object]:
    """A call that adds and stores the next chunks, and notes how many bytes this process handed to the system."""
    assert isinstance(contestant, Growing)
    assert isinstance(contestant, Stored)
    starts = iter(range(size, whole.size, CHUNKS_PER_COMMIT))

    def call(_: int) -> None:
        start, before = next(starts), written_bytes()
        rows = slice(start, start + CHUNKS_PER_COMMIT)
        contestant.add(whole.chunks[rows], whole.vectors[rows])
        contestant.save()
        written.append(written_bytes() - before)

    return call
