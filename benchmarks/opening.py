"""How does a stored tenant come back in a new process: after what time, in what memory, from how many bytes?"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

import konverze_rag as kr
from benchmarks.contest import Course, contestants
from benchmarks.corpus import DIM, LARGE_DIM
from benchmarks.extents import MILLION, Extent
from benchmarks.fresh import Seen, seen, stored
from benchmarks.measuring import median, stored_bytes
from benchmarks.peers import ALL_OURS, OURS, SEALED_TEXTS, Stored
from benchmarks.peers.konverze import TENANT, settings
from benchmarks.ratios import REPETITIONS, Row, Watched

QUESTION = "opening"
BY_HAND = "raw FAISS + texts"
LANGCHAIN = "LangChain FAISS"
YARDSTICKS = {*ALL_OURS, BY_HAND, LANGCHAIN}
BYTES_PER_COMPONENT = 2
"""Vectors are stored as numbers of 16 bits."""

OPENING_GOALS = {1_000: 1.3, 10_000: 0.8, 100_000: 0.5, 1_000_000: 0.5}
"""Sealed / raw FAISS with its texts in a pickle, plaintext, at most."""

MEMORY_GOALS = {1_000: 1.0, 10_000: 0.75, 100_000: 0.75}
"""Held / LangChain's, at most."""

SEALED_TEXTS_GOALS = {10_000: 0.4, 100_000: 0.35}
"""The same with texts sealed."""

MILLION_MB_GOALS = {OURS: 3_300.0, SEALED_TEXTS: 1_300.0}
"""Held at a million, at most."""

BYTES_GOALS = {1_000: 1.3, 10_000: 1.15, 100_000: 1.1, 1_000_000: 1.1}
"""At rest / (vector as stored + UTF-8 text), at most."""


def run(extent: Extent) -> list[Row]:
    """One row a course and contestant; the page cache is warm."""
    courses = [Course(size=size) for size in extent.sizes(1_000, 10_000, 100_000, 1_000_000)]
    if extent is not Extent.GATE:
        courses += [Course(size=size, dim=LARGE_DIM) for size in extent.sizes(10_000, 100_000)]
    return [row for course in courses for row in _measured(course, extent)]


def _measured(course: Course, extent: Extent) -> list[Row]:
    able = contestants(Stored, course, Extent.DEFAULT if extent is Extent.GATE else extent)
    names = [name for name in able if name in YARDSTICKS or (extent is not Extent.GATE and course.dim == DIM)]
    with ExitStack() as stack:
        folders = {name: stack.enter_context(stored(name, course)) for name in names}
        looks: dict[str, list[Seen]] = {name: [] for name in names}
        for _ in range(REPETITIONS):
            for name, folder in folders.items():
                looks[name].append(seen(name, folder, course.dim))
        bytes_each = {name: _bytes_at_rest(name, folder) / course.size for name, folder in folders.items()}
    return [_row(course, name, looks, bytes_each[name]) for name in names]


def _bytes_at_rest(name: str, folder: Path) -> int:
    """Of a folder; of ours without what a vacuum will take: the commit before the compaction."""
    if name not in ALL_OURS:
        return stored_bytes(folder)
    with kr.Engine.open(folder, settings=settings()) as engine:
        return engine.tenant(TENANT).stats().stored_bytes


def _row(course: Course, name: str, looks: dict[str, list[Seen]], bytes_each: float) -> Row:
    def beside(yardstick: str, figure: str, goals: dict[int, float]) -> Watched | None:
        if yardstick not in looks:
            return None
        pairs = zip(looks[name], looks[yardstick], strict=True)
        quotients = [getattr(own, figure) / getattr(theirs, figure) for own, theirs in pairs]
        return Watched.of(quotients, goal=goals.get(course.size))

    is_ours = name == OURS
    memory_goals = MEMORY_GOALS if is_ours else SEALED_TEXTS_GOALS if name == SEALED_TEXTS else {}
    text_bytes = float(np.mean([len(chunk.text.encode()) for chunk in course.chunks]))
    held = [look.held_bytes / 1e6 for look in looks[name]]
    held_goal = MILLION_MB_GOALS.get(name) if course.size == MILLION else None
    floor = BYTES_PER_COMPONENT * course.dim + text_bytes
    return {
        **course.key,
        "contestant": name,
        "open + first hit ms": median([look.open_ms for look in looks[name]]),
        "/ FAISS + pickle": beside(BY_HAND, "open_ms", OPENING_GOALS if is_ours else {}),
        "held MB": median(held) if held_goal is None else Watched.of(held, goal=held_goal),
        "/ LangChain": beside(LANGCHAIN, "held_bytes", memory_goals),
        "bytes a chunk": bytes_each,
        "/ (vector + text)": Watched.of([bytes_each / floor], goal=BYTES_GOALS.get(course.size) if is_ours else None),
    }
