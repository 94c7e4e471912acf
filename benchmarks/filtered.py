"""What does a filter cost, and what does it lose, when 10 %, 1 % or 0.1 % of the chunks may be found?"""

from __future__ import annotations

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from benchmarks.contest import QUERIES, Course, K, Kind, built, contestants
from benchmarks.corpus import PRICES, exact_rows, price_of
from benchmarks.extents import Extent
from benchmarks.peers import OURS, Dense, Filtering
from benchmarks.ratios import Row, Watched, compared

QUESTION = "filtered"
SHARES = (0.1, 0.01, 0.001)
GOAL, RECALL_GOAL = 1.5, 0.99
"""p50 / unfiltered, at most; recall against the exact filtered answer, at least."""

ASKED = 50
"""Queries for recall."""


def run(extent: Extent) -> list[Row]:
    """One row a size, contestant and share."""
    faiss.omp_set_num_threads(1)
    courses = [Course(size=size, kind=kind) for kind in ("clustered", "hard") for size in extent.sizes(10_000, 100_000)]
    return [row for course in courses for row in _measured(course, extent)]


def _measured(course: Course, extent: Extent) -> list[Row]:
    rows: list[Row] = []
    for name, peer in contestants(Filtering, course, extent).items():
        if issubclass(peer, Dense) and (name == OURS or _is_for_peers(course.kind, course.size)):
            with built(peer, course) as (contestant, _):
                found = [_row(course, contestant, share, is_ours=name == OURS) for share in SHARES]
            rows += [{**course.key, "contestant": name, **row} for row in found]
    return rows


def _is_for_peers(kind: Kind, size: int) -> bool:
    """Filters by rivals are not slower or worse on other vectors: one course shows what they lose."""
    return kind == "clustered" and size == 10_000  # noqa: PLR2004


def _row(course: Course, contestant: object, share: float, *, is_ours: bool) -> Row:
    assert isinstance(contestant, Dense)
    assert isinstance(contestant, Filtering)
    search, search_below, queries, price = contestant.search, contestant.search_below, course.queries, PRICES * share
    allowed = np.flatnonzero([price_of(row) < price for row in range(course.size)])
    exact = [allowed[best] for best in exact_rows(course.vectors[allowed], queries[:ASKED], K)]
    recall = course.recall(lambda turn: search_below(queries[turn], K, price), exact, most=ASKED)
    pair = compared(
        lambda turn: search(queries[turn % QUERIES], K), lambda turn: search_below(queries[turn % QUERIES], K, price)
    )
    return {
        "share": f"{share:.1%}",
        **pair.times(),
        "/ unfiltered": Watched.of(pair.quotients, goal=GOAL if is_ours else None),
        "recall": Watched.share(recall, goal=RECALL_GOAL if is_ours else None),
    }
