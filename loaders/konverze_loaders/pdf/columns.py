"""Columns of prose that a writer showed row by row, brought back into the order in which they are read.

Rows of a table look alike, but their cells are short: those stay rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from konverze_loaders.pdf.layout import (
    BASELINE_TOLERANCE_EM,
    LEFT_TOLERANCE_PT,
    MAX_PROSE_CELL_CHARS,
    MIN_COLUMN_GAP_EM,
    Fragment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_COLUMN_ROWS = 5
MIN_COLUMN_SHARE = 0.15
MIN_COLUMN_EM = 6.0
MAX_CROSSING_SHARE = 0.25


def segments(words: Sequence[Fragment]) -> list[Fragment]:
    """Lines and cells of words, row by row: what stands closer than a column's gap belongs together.

    Args:
        words: In any order.
    """
    found: list[Fragment] = []
    for row in _rows(words):
        begin = 0
        for end in (*_gaps(row), len(row)):
            part, text = row[begin], " ".join(word.text for word in row[begin:end])
            line_end = "\n" if end == len(row) else " "
            found.append(Fragment(text + line_end, part.x, part.y, part.size, row[end - 1].right))
            begin = end
    return found


def _gaps(row: Sequence[Fragment]) -> list[int]:
    """Where cells begin."""
    return [
        place
        for place, (left, right) in enumerate(pairwise(row), start=1)
        if right.x - (left.right or left.x) >= MIN_COLUMN_GAP_EM * left.size
    ]


def stand_beside(fragments: Sequence[Fragment]) -> bool:
    """Whether prose stands beside prose on several lines."""
    return (
        sum(
            not left.text.endswith("\n") and len(left.text) > MAX_PROSE_CELL_CHARS < len(right.text)
            for left, right in pairwise(fragments)
        )
        >= MIN_COLUMN_ROWS
    )


def in_columns(fragments: Sequence[Fragment]) -> list[Fragment] | None:
    """The fragments column by column, or None if the page is not set in columns of prose.

    What reaches over several columns stays above what follows it.

    Args:
        fragments: Lines and parts of lines, in any order.
    """
    rows = _rows(fragments)
    starts = _starts(rows)
    if len(starts) < 2:  # noqa: PLR2004 - fewer are no columns
        return None
    found: list[Fragment] = []
    columns: list[list[Fragment]] = [[] for _ in starts]
    for row in rows:
        for part in row:
            if _crosses(part, starts):
                found += _flushed(columns)
                found.append(_ended(part))
            else:
                columns[_column(part, starts)].append(_ended(part))
    return found + _flushed(columns)


def _rows(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Fragments by baseline, from top to bottom and from left to right."""
    rows: list[list[Fragment]] = []
    for part in sorted(fragments, key=lambda part: (-part.y, part.x)):
        if rows and rows[-1][0].y - part.y <= BASELINE_TOLERANCE_EM * part.size:
            rows[-1].append(part)
        else:
            rows.append([part])
    for row in rows:
        row.sort(key=lambda part: part.x)
    return rows


def _starts(rows: Sequence[Sequence[Fragment]]) -> list[float]:
    """Left edges of the columns: those that many rows share and from which prose runs."""
    edges: dict[int, list[Fragment]] = defaultdict(list)
    for row in rows:
        for part in row:
            edges[round(part.x / LEFT_TOLERANCE_PT)].append(part)
    wanted = max(MIN_COLUMN_ROWS, MIN_COLUMN_SHARE * len(rows))
    starts: list[float] = []
    for edge in sorted(edges):
        parts = edges[edge] + edges.get(edge + 1, [])
        if len(parts) < wanted or median([len(part.text) for part in parts]) <= MAX_PROSE_CELL_CHARS:
            continue
        left = min(part.x for part in parts)
        if not starts or left - starts[-1] >= MIN_COLUMN_EM * parts[0].size:
            starts.append(left)
    crossings = sum(_crosses(part, starts) for row in rows for part in row)
    return starts if crossings <= MAX_CROSSING_SHARE * len(rows) else []


def _crosses(part: Fragment, starts: Sequence[float]) -> bool:
    """Whether a line reaches from one column into the next."""
    right = (part.right or part.x) - LEFT_TOLERANCE_PT
    return any(part.x < start - LEFT_TOLERANCE_PT and start < right for start in starts)


def _column(part: Fragment, starts: Sequence[float]) -> int:
    return max(bisect_right(starts, part.x + LEFT_TOLERANCE_PT) - 1, 0)


def _ended(part: Fragment) -> Fragment:
    return part._replace(text=part.text.rstrip() + "\n")


def _flushed(columns: list[list[Fragment]]) -> list[Fragment]:
    parts = [part for column in columns for part in column]
    for column in columns:
        column.clear()
    return parts
