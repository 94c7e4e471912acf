"""How long does a search take, from a vector to hits with text and metadata, beside raw FAISS, row numbers alone?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.contest import QUERIES, Course, K, built, contestants
from benchmarks.corpus import LARGE_DIM
from benchmarks.extents import MILLION, Extent
from benchmarks.measuring import calls_per_second, median
from benchmarks.peers import ALL_OURS, OURS, PEERS, SEALED_TEXTS, Dense, Found
from benchmarks.peers.by_hand import Flat
from benchmarks.ratios import REPETITIONS, Row, Watched, compared

QUESTION = "dense"
LANGCHAIN = "LangChain FAISS"
HNSW = "FAISS HNSW + texts"
ON_HARD, ON_LARGE = {*ALL_OURS, LANGCHAIN, HNSW}, {*ALL_OURS, LANGCHAIN}
"""Who is measured on other vectors than the plain ones, too."""

GOALS = {
    ("clustered", 1_000): 1.6,
    ("clustered", 10_000): 0.12,
    ("clustered", 100_000): 0.015,
    ("hard", 10_000): 0.35,
    ("hard", 100_000): 0.06,
}
"""p50 / raw FAISS, at most."""

RECALL_GOAL, RECALL_GOAL_AT_A_MILLION = 0.99, 0.98
THREADS = 4
THREADS_GOAL, THREADS_GOAL_FROM = 1.7, 10_000
"""Throughput with four threads / one, at least, from so many chunks on."""

LANGCHAIN_GOALS = {10_000: 5.0, 100_000: 50.0}
"""Throughput with four threads / LangChain's, at least."""

SEALED_TEXTS_GOAL = 4.0
"""p50 with texts sealed / with texts in memory, at most."""

SLOW_MS, FEW_QUERIES = 20.0, 50
"""Where a search takes so long, recall is measured on fewer queries."""

Rates: TypeAlias = list[tuple[float, float]]
"""Calls per second with one thread and with four, one pair a repetition."""


def run(extent: Extent) -> list[Row]:
    """One row a course and contestant, one search thread but in the columns that say otherwise."""
    faiss.omp_set_num_threads(1)
    courses = [
        *(Course(size=size) for size in extent.sizes(1_000, 10_000, 100_000, MILLION)),
        *(Course(size=size, kind="hard") for size in extent.sizes(10_000, 100_000)),
        *(Course(size=size, dim=LARGE_DIM) for size in extent.sizes(10_000, 100_000)),
    ]
    return [row for course in courses for row in _measured(course, extent)]


def _measured(course: Course, extent: Extent) -> list[Row]:
    flat = Flat(course.vectors)
    wanted = ON_HARD if course.kind == "hard" else ON_LARGE if course.dim == LARGE_DIM else PEERS
    rows: list[Row] = []
    rates: dict[str, Rates] = {}
    quotients: dict[str, list[float]] = {}
    for name, peer in contestants(Dense, course, extent).items():
        if name in wanted:
            with built(peer, course) as (contestant, build_s):
                row, quotients[name], rates[name] = _row(course, flat, contestant.search, is_ours=name == OURS)
            rows.append({**course.key, "contestant": name, **row, "build s": build_s})
    slower = [sealed / ours for sealed, ours in zip(quotients[SEALED_TEXTS], quotients[OURS], strict=True)]
    rows[1]["/ texts in memory"] = Watched.of(slower, goal=SEALED_TEXTS_GOAL)
    if LANGCHAIN in rates:
        times = [ours / theirs for (_, ours), (_, theirs) in zip(rates[OURS], rates[LANGCHAIN], strict=True)]
        goal = LANGCHAIN_GOALS.get(course.size)
        rows[0]["QPS 4 / LangChain"] = Watched.of(times, goal=goal, higher_is_better=True)
    return rows


def _row(
    course: Course, flat: Flat, search: Callable[..., list[Found]], *, is_ours: bool
) -> tuple[Row, list[float], Rates]:
    queries = course.queries

    def once(turn: int) -> list[Found]:
        return search(queries[turn % QUERIES], K)

    pair = compared(lambda turn: flat.rows(queries[turn % QUERIES], K), once)
    rates = [(calls_per_second(once, threads=1), calls_per_second(once, threads=THREADS)) for _ in range(REPETITIONS)]
    recall = course.recall(once, most=FEW_QUERIES if median(pair.own[0]) > SLOW_MS else QUERIES)
    gained = [four / one for one, four in rates]
    goal = GOALS.get((course.kind, course.size)) if is_ours else None
    threads_goal = THREADS_GOAL if is_ours and course.size >= THREADS_GOAL_FROM else None
    recall_goal = RECALL_GOAL if course.size < MILLION else RECALL_GOAL_AT_A_MILLION
    row: Row = {
        **pair.times(),
        "/ FAISS": Watched.of(pair.quotients, goal=goal),
        "recall@10": Watched.share(recall, goal=recall_goal if is_ours else None),
        "QPS 1": median([one for one, _ in rates]),
        "QPS 4": median([four for _, four in rates]),
        "QPS 4 / 1": Watched.of(gained, goal=threads_goal, higher_is_better=True),
    }
    return row, pair.quotients, rates
