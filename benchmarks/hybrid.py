"""How long does a hybrid search take, to hits with text and metadata, beside FAISS and bm25s with row numbers alone?"""

from __future__ import annotations

from collections.abc import Callable

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.contest import QUERIES, Course, K, built, contestants
from benchmarks.extents import Extent
from benchmarks.measuring import median
from benchmarks.peers import ALL_OURS, OURS, Found, Hybrid
from benchmarks.peers.by_hand import Flat, Words
from benchmarks.ratios import Row, Watched, compared

QUESTION = "hybrid"
BY_HAND = "HNSW + bm25s + RRF"
GOALS = {1_000: 2.5, 10_000: 0.4, 100_000: 0.1}
"""p50 / (raw FAISS + bm25s), at most."""

BY_HAND_GOALS = {10_000: 1.2, 100_000: 1.2}
"""p50 / what one would write by hand with a graph, at most."""

RIVAL_GOALS = {1_000: 5.0, 10_000: 8.0, 100_000: 8.0}
"""Fastest rival library / ours, at least."""


def run(extent: Extent) -> list[Row]:
    """One row a size and contestant; one search thread."""
    faiss.omp_set_num_threads(1)
    return [
        row for size in extent.sizes(1_000, 10_000, 100_000, 1_000_000) for row in _measured(Course(size=size), extent)
    ]


def _measured(course: Course, extent: Extent) -> list[Row]:
    flat, words = Flat(course.vectors), Words([chunk.text for chunk in course.chunks])
    queries, asked = course.queries, course.questions

    def legs(turn: int) -> object:
        return flat.rows(queries[turn % QUERIES], K), words.rows(asked[turn % QUERIES], K)

    rows: list[Row] = []
    quotients: dict[str, list[float]] = {}
    for name, peer in contestants(Hybrid, course, extent).items():
        with built(peer, course) as (contestant, _):
            search = _search(contestant, course)
            pair = compared(legs, search)
            quotients[name] = pair.quotients
            first = course.quoted_first(search)
        rows.append(
            {
                "chunks": course.size,
                "contestant": name,
                **pair.times(),
                "/ (FAISS + bm25s)": Watched.of(pair.quotients, goal=GOALS.get(course.size) if name == OURS else None),
                "quoted chunk first": first,
            }
        )
    rows[0] |= _beside(course.size, quotients)
    return rows


def _search(contestant: Hybrid, course: Course) -> Callable[[int], list[Found]]:
    return lambda turn: contestant.hybrid(course.queries[turn % QUERIES], course.questions[turn % QUERIES], K)


def _beside(size: int, quotients: dict[str, list[float]]) -> Row:
    """Ours beside the hand-written one and the fastest library, through the yardstick by which all were measured."""
    ours = quotients[OURS]
    row: Row = {}
    if BY_HAND in quotients:
        beside = [own / theirs for own, theirs in zip(ours, quotients[BY_HAND], strict=True)]
        row[f"/ {BY_HAND}"] = Watched.of(beside, goal=BY_HAND_GOALS.get(size))
    rivals = {name: found for name, found in quotients.items() if name not in {*ALL_OURS, BY_HAND}}
    if rivals:
        fastest = min(rivals.values(), key=median)
        beside = [theirs / own for own, theirs in zip(ours, fastest, strict=True)]
        row["fastest library / ours"] = Watched.of(beside, goal=RIVAL_GOALS.get(size), higher_is_better=True)
    return row
