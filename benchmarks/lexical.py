"""How long does a search by words take, to hits with text and metadata, beside bm25s, row numbers alone?"""

from __future__ import annotations

from benchmarks.contest import QUERIES, Course, K, built, contestants
from benchmarks.extents import Extent
from benchmarks.peers import Lexical
from benchmarks.peers.by_hand import Words
from benchmarks.ratios import Row, Watched, compared

QUESTION = "lexical"


def run(extent: Extent) -> list[Row]:
    """One row a size and contestant."""
    courses = [Course(size=size) for size in extent.sizes(1_000, 10_000, 100_000, 1_000_000)]
    return [row for course in courses for row in _measured(course, extent)]


def _measured(course: Course, extent: Extent) -> list[Row]:
    words, asked = Words([chunk.text for chunk in course.chunks]), course.questions
    rows: list[Row] = []
    for name, peer in contestants(Lexical, course, extent).items():
        with built(peer, course) as (contestant, build_s):
            pair = compared(
                lambda turn: words.rows(asked[turn % QUERIES], K),
                lambda turn, search=contestant.lexical: search(asked[turn % QUERIES], K),
            )
            first = course.quoted_first(lambda turn, search=contestant.lexical: search(asked[turn], K))
        rows.append(
            {
                "chunks": course.size,
                "contestant": name,
                **pair.times(),
                "/ bm25s": Watched.of(pair.quotients),
                "quoted chunk first": first,
                "build s": build_s,
            }
        )
    return rows
