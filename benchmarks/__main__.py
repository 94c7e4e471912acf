"""`python -m benchmarks [QUESTION ...]`: runs the suite, prints its tables, keeps them in `results` and the README."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks import (
    asking,
    chunking,
    commits,
    concurrency,
    deletes,
    dense,
    filtered,
    growth,
    hybrid,
    ingest,
    lexical,
    opening,
    quality,
    refusing,
    sealing,
    tenants,
    tuning,
)
from benchmarks.extents import Extent
from benchmarks.measuring import machine, save
from benchmarks.ratios import Row, as_json
from benchmarks.report import foreign_processor, recorded, rewrite_readme, table, worse

SIZED = {
    module.QUESTION: module
    for module in (dense, lexical, hybrid, filtered, deletes, opening, commits, tenants, concurrency, growth)
}
"""Questions that the gate asks, too."""

STEADY = {module.QUESTION: module for module in (sealing, quality, refusing, tuning, chunking, ingest, asking)}
"""Questions of one extent, which keep their own results."""


def main() -> None:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join([*SIZED, *STEADY])}")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--full", action="store_true", help="a million chunks and 10,000 tenants, too")
    chosen.add_argument("--check", action="store_true", help="fail where a quotient is worse than in the kept results")
    chosen.add_argument("--report", action="store_true", help="only rewrite the tables of the README")
    asked = parser.parse_args()
    if unknown := set(asked.questions) - {*SIZED, *STEADY}:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    if asked.report:
        rewrite_readme()
    elif asked.check:
        sys.exit(_check(asked.questions or list(SIZED)))
    else:
        _measure(asked.questions or [*SIZED, *STEADY], Extent.FULL if asked.full else Extent.DEFAULT)


def _measure(questions: Sequence[str], extent: Extent) -> None:
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for name in questions:
        print(f"\n## {name}\n\n{(SIZED | STEADY)[name].__doc__}\n", flush=True)
        if name in STEADY:
            rows = STEADY[name].run()
        else:
            rows = SIZED[name].run(extent)
            save(name, [as_json(row) for row in rows])
        if rows:
            print(table(rows), flush=True)
    rewrite_readme()


def _check(questions: Sequence[str]) -> int:
    """Asks again what seems worse: a busy moment is none of the code's doing.

    Returns:
        Number of questions with a figure that was worse both times, or with nothing to compare with.
    """
    failed = 0
    for name in questions:
        ask: Callable[[Extent], list[Row]] = SIZED[name].run
        before = recorded(name)
        if not before:
            print(f"{name}: FAILED: no kept results to compare with; run it without --check", flush=True)
            failed += 1
            continue
        if kept_on := foreign_processor(name):
            print(f"{name}: kept results are of another processor ({kept_on}): even quotients move with it", flush=True)
        found = worse(ask(Extent.GATE), before)
        if found:
            print(f"{name}: worse, asked again", *found.values(), sep="\n  ", flush=True)
            again = worse(ask(Extent.GATE), before)
            found = {figure: said for figure, said in again.items() if figure in found}
        print(f"{name}: {'FAILED' if found else 'as good as before'}", *found.values(), sep="\n  ", flush=True)
        failed += bool(found)
    return failed


main()
