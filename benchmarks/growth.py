"""How do latency and build time grow with a tenant, beside raw FAISS?"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.contest import QUERIES, Course, K, built
from benchmarks.extents import MILLION, Extent
from benchmarks.measuring import RESULTS, interleaved_ms, median
from benchmarks.peers.by_hand import Flat
from benchmarks.peers.konverze import Konverze
from benchmarks.ratios import Row, Watched

QUESTION = "growth"
ROUNDS, WARM_UP = 200, 200
GOAL = 4.0
"""p50 at a million / p50 at 100,000, at most."""

HYBRID_GOAL_MS = 6.0
"""At a million."""

CURVES = {
    "FAISS p50 ms": "raw FAISS flat, row numbers only",
    "dense p50 ms": "dense, hits with text",
    "hybrid p50 ms": "hybrid, hits with text",
    "filtered p50 ms": "dense, 10 % of chunks allowed",
}


def run(extent: Extent) -> list[Row]:
    """One row a size."""
    faiss.omp_set_num_threads(1)
    rows = [
        _measured(Course(size=size)) for size in extent.sizes(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, MILLION)
    ]
    at = {row["chunks"]: row for row in rows}
    if MILLION in at:
        grown = cast("float", at[MILLION]["dense p50 ms"]) / cast("float", at[100_000]["dense p50 ms"])
        at[MILLION]["dense / at 100,000"] = Watched.of([grown], goal=GOAL)
        at[MILLION]["hybrid p50 ms"] = Watched.of([cast("float", at[MILLION]["hybrid p50 ms"])], goal=HYBRID_GOAL_MS)
    if extent is not Extent.GATE:
        _plot(rows)
    return rows


def _measured(course: Course) -> Row:
    queries, asked = course.queries, course.questions
    with built(Konverze, course) as (ours, build_s):
        flat = Flat(course.vectors)
        calls: dict[str, Callable[[int], object]] = {
            "FAISS": lambda turn: flat.rows(queries[turn], K),
            "dense": lambda turn: ours.search(queries[turn], K),
            "hybrid": lambda turn: ours.hybrid(queries[turn], asked[turn], K),
            "filtered": lambda turn: ours.search_below(queries[turn], K, 100),
        }
        for turn in range(WARM_UP):  # opens what hits open on demand
            for name in ("dense", "hybrid", "filtered"):
                calls[name](turn)
        # One after the other: a scan of all vectors would empty the processor's caches before each other search.
        times = {name: interleaved_ms({name: call}, rounds=ROUNDS)[name] for name, call in calls.items()}
        recall = course.recall(lambda turn: ours.search(queries[turn], K), most=QUERIES)
    return {
        "chunks": course.size,
        **{f"{name} p50 ms": median(found) for name, found in times.items()},
        "recall@10": recall,
        "build s": build_s,
    }


def _plot(rows: list[Row]) -> None:
    drawing: Any = import_module("matplotlib.figure")  # of the extra `bench`; the gate draws nothing
    figure: Any = drawing.Figure(figsize=(7, 4.5), layout="constrained")
    axes: Any = figure.subplots()
    for head, label in CURVES.items():
        heights = [getattr(row[head], "median", row[head]) for row in rows]
        axes.plot([row["chunks"] for row in rows], heights, marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="chunks of 384 dimensions", ylabel="median latency, ms")
    axes.set_title("Search latency, one thread, k = 10")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend()
    figure.savefig(RESULTS / f"{QUESTION}.png", dpi=110)
