"""`python -m benchmarks [QUESTION ...]`: runs the suite, prints its tables, writes `benchmarks/results`."""

from __future__ import annotations

import sys

from benchmarks import commits, quality, reopening, retrieval, sealing
from benchmarks.measuring import machine, table

QUESTIONS = {module.QUESTION: module for module in (retrieval, reopening, sealing, commits, quality)}


def main(wanted: list[str]) -> None:
    """Runs the questions asked for, or all."""
    unknown = [name for name in wanted if name not in QUESTIONS]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(QUESTIONS)}")
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    for name in wanted or QUESTIONS:
        print(f"\n## {name}\n\n{QUESTIONS[name].__doc__}\n", flush=True)
        if rows := QUESTIONS[name].run():
            print(table(rows), flush=True)


main(sys.argv[1:])
