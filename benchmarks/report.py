"""Tables of results, in the terminal and in `benchmarks/README.md`, and the gate over them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from benchmarks.measuring import RESULTS, machine
from benchmarks.ratios import Cell, Row, Watched, from_json

README = RESULTS.parent / "README.md"
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; a goal stands in brackets, and a missed one is bold."""
    heads = list(dict.fromkeys(head for row in rows for head in row))
    cells = [[_cell(row.get(head)) for head in heads] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, ["---"] * len(heads), *cells])


def _cell(cell: Cell) -> str:
    if isinstance(cell, Watched):
        said = f"{cell.median:.3g} ± {cell.spread:.1g}"
        if cell.goal is None:
            return said
        said += f" ({'≥' if cell.higher_is_better else '≤'} {cell.goal:g})"
        return said if cell.is_met() else f"**{said}**"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 1000 else f"{cell:.3g}"  # noqa: PLR2004
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int) else cell


def recorded(question: str) -> list[Row]:
    """The rows of the last run that was kept; none where there was none."""
    path = RESULTS / f"{question}.json"
    return [from_json(row) for row in json.loads(path.read_text("utf-8"))["rows"]] if path.exists() else []


def foreign_processor(question: str) -> str:
    """The processor of the last run that was kept, where it is not this machine's; otherwise empty."""
    path = RESULTS / f"{question}.json"
    kept = json.loads(path.read_text("utf-8"))["machine"]["processor"] if path.exists() else ""
    return "" if kept == machine()["processor"] else kept


def rewrite_readme() -> None:
    """Puts the tables of the last run between their marks."""
    README.write_text(MARKED.sub(_rewritten, README.read_text("utf-8")), "utf-8")


def _rewritten(mark: re.Match[str]) -> str:
    rows = recorded(mark[2])
    if not rows:
        return mark[0]
    facts = json.loads((RESULTS / f"{mark[2]}.json").read_text("utf-8"))
    said = ", ".join(f"{name} {value}" for name, value in facts["machine"].items())
    return f"{mark[1]}\n{table(rows)}\n\nMeasured {facts['measured_at']}: {said}.\n\n{mark[3]}"


def worse(rows: Sequence[Row], before: Sequence[Row]) -> dict[str, str]:
    """What of these rows is worse than it was, beyond its noise: by name, how much.

    Args:
        rows: Of a run just now.
        before: The rows that were kept.
    """
    kept = {_key(row): row for row in before}
    found: dict[str, str] = {}
    for row in rows:
        for head, cell in row.items():
            was = kept.get(_key(row), {}).get(head)
            if isinstance(cell, Watched) and isinstance(was, Watched) and cell.is_worse_than(was):
                figure = ", ".join([*(f"{name} {value}" for name, value in _key(row)), head])
                found[figure] = f"{figure} is {cell.median:.3g}, was {was.median:.3g} ± {was.spread:.2g}"
    return found


def _key(row: Row) -> tuple[tuple[str, str | int], ...]:
    """What was measured: all cells that are no figures."""
    return tuple((head, cell) for head, cell in row.items() if isinstance(cell, str | int))
