"""What do deleted documents cost, before a compaction, and does any come back?"""

from __future__ import annotations

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from benchmarks.contest import QUERIES, Course, K, built, contestants
from benchmarks.corpus import CHUNKS_PER_DOCUMENT, exact_rows
from benchmarks.extents import Extent
from benchmarks.peers import OURS, Dense, Shrinking
from benchmarks.ratios import Row, Watched, compared

QUESTION = "deletes"
EVERY = {"1 %": 100, "50 %": 2}
"""Every so manieth document is deleted."""

GOAL, RECALL_GOAL = 1.3, 0.99
"""p50 / that of the same corpus without deletes, at most; recall against the exact answer over the rest, at least."""

ASKED = 100
"""Queries for recall."""


def run(extent: Extent) -> list[Row]:
    """One row a size, contestant and share deleted."""
    faiss.omp_set_num_threads(1)
    courses = [Course(size=size) for size in extent.sizes(10_000, 100_000)]
    return [row for course in courses for row in _measured(course, extent)]


def _measured(course: Course, extent: Extent) -> list[Row]:
    rows: list[Row] = []
    for name, peer in contestants(Shrinking, course, extent).items():
        if issubclass(peer, Dense) and (name == OURS or course.size <= 10_000):  # noqa: PLR2004
            with built(peer, course) as (whole, _), built(peer, course) as (thinned, _):
                found = [_row(course, whole, thinned, said, is_ours=name == OURS) for said in EVERY]
            rows += [{"chunks": course.size, "contestant": name, **row} for row in found]
    return rows


def _row(course: Course, whole: Dense, thinned: Dense, said: str, *, is_ours: bool) -> Row:
    assert isinstance(thinned, Shrinking)
    of_document = np.arange(course.size) // CHUNKS_PER_DOCUMENT
    gone = of_document % EVERY[said] == 0
    thinned.delete(f"document-{document}" for document in np.unique(of_document[gone]))
    queries, kept = course.queries, np.flatnonzero(~gone)
    found = [set(course.rows(thinned.search(query, K))) for query in queries[:ASKED]]
    exact = [set(kept[best].tolist()) for best in exact_rows(course.vectors[kept], queries[:ASKED], K)]
    pair = compared(
        lambda turn: whole.search(queries[turn % QUERIES], K), lambda turn: thinned.search(queries[turn % QUERIES], K)
    )
    recall = float(np.mean([len(rows & true) / K for rows, true in zip(found, exact, strict=True)]))
    return {
        "deleted": said,
        **pair.times(),
        "/ before": Watched.of(pair.quotients, goal=GOAL if is_ours else None),
        "recall": Watched.share(recall, goal=RECALL_GOAL if is_ours else None),
        "deleted chunks found": Watched.never(sum(bool(gone[row]) for rows in found for row in rows)),
    }
