"""What the suite states and watches: quotients within one run, measured several times, with their noise."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Self, TypeAlias

from benchmarks.measuring import interleaved_ms, median, percentile

REPETITIONS = 5
ROUNDS = 60
"""Calls of each contestant in one repetition, where the budget allows."""

LONGEST_S = 3.0
"""Calls of one contestant take no longer than so, warm-up apart."""

TIME_NOISE = 0.1
"""Share of a quotient of times that no repetition within one run shows: memory lies elsewhere in the next."""

RECALL_NOISE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A figure that the gate watches.

    Attributes:
        median: Of the repetitions.
        spread: Half their range, and no less than the noise between runs.
        goal: What it shall be, at most or at least; None where nothing was promised.
        higher_is_better: Which way is better.
    """

    median: float
    spread: float
    goal: float | None = None
    higher_is_better: bool = False

    @classmethod
    def of(cls, values: Sequence[float], *, goal: float | None = None, higher_is_better: bool = False) -> Self:
        """From the quotients of the repetitions."""
        middle = statistics.median(values)
        spread = max((max(values) - min(values)) / 2, TIME_NOISE * middle)
        return cls(median=middle, spread=spread, goal=goal, higher_is_better=higher_is_better)

    @classmethod
    def share(cls, value: float, *, goal: float | None = None) -> Self:
        """From a recall or a hit rate."""
        return cls(median=value, spread=RECALL_NOISE, goal=goal, higher_is_better=True)

    @classmethod
    def never(cls, times: int) -> Self:
        """From how often something happened that must not."""
        return cls(median=times, spread=0.0, goal=0.0)

    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.goal is None or (self.median >= self.goal if self.higher_is_better else self.median <= self.goal)

    def is_worse_than(self, recorded: Watched) -> bool:
        """Whether this lies outside the noise of an earlier run, on the wrong side."""
        worse_by = self.median - recorded.median
        return (-worse_by if self.higher_is_better else worse_by) > recorded.spread


Cell: TypeAlias = str | int | float | Watched | None
Row: TypeAlias = dict[str, Cell]
"""Texts and whole numbers say what was measured; fractions and `Watched` are figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two contestants.

    Attributes:
        base: Milliseconds of each call of the yardstick, a list a repetition.
        own: The same of the contestant.
    """

    base: list[list[float]] = field(repr=False)
    own: list[list[float]] = field(repr=False)

    @property
    def quotients(self) -> list[float]:
        """Median over median, one a repetition."""
        return [median(own) / median(base) for base, own in zip(self.base, self.own, strict=True)]

    def times(self) -> Row:
        """Median and 99th percentile of the contestant over all repetitions."""
        own = list(chain.from_iterable(self.own))
        return {"p50 ms": median(own), "p99 ms": percentile(own, 99)}


def compared(base: Callable[[int], object], own: Callable[[int], object], *, rounds: int = ROUNDS) -> Compared:
    """Both in turns of some dozen calls, so that a busy machine slows both.

    Not call by call: the yardstick reads so much that a search after it would find none of its own in the caches.

    Args:
        base: The yardstick, called with the number of the call.
        own: The contestant.
        rounds: Calls of each in one repetition; fewer where a call takes long.
    """
    rounds = max(2, min(rounds, _warmed_up(own, rounds * REPETITIONS) // REPETITIONS))
    times: dict[str, list[list[float]]] = {"base": [], "own": []}
    for repetition in range(REPETITIONS):
        for name, call in (("base", base), ("own", own)):
            turn = partial(_turn, call, repetition * rounds)
            times[name].append(interleaved_ms({name: turn}, rounds=rounds)[name])
    return Compared(**times)


def _turn(call: Callable[[int], object], first: int, number: int) -> object:
    return call(first + number)


def _warmed_up(call: Callable[[int], object], calls: int) -> int:
    """How many of the calls fit into the budget: each is made once, so that what hits open on demand is open."""
    until = time.perf_counter() + LONGEST_S
    for turn in range(calls):
        call(turn)
        if time.perf_counter() > until:
            return turn + 1
    return calls


def as_json(row: Row) -> dict[str, Any]:
    """A row for a results file."""
    return {head: asdict(cell) if isinstance(cell, Watched) else cell for head, cell in row.items()}


def from_json(row: dict[str, Any]) -> Row:
    """A row from a results file."""
    return {head: Watched(**cell) if isinstance(cell, dict) else cell for head, cell in row.items()}  # pyright: ignore[reportUnknownArgumentType]
