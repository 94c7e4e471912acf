"""Rebuilds lines and table rows of a PDF page from text fragments and their positions.

Reading order is the order of the content stream: columns that a writer filled one after the other stay apart.
Only fragments that follow each other on one baseline, in columns that the next row repeats, become a row.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TypeAlias

Matrix: TypeAlias = Sequence[float]

GLYPH_WIDTH_EM = 0.54
NARROW_GLYPH_WIDTH_EM = 0.28
WIDE_GLYPH_WIDTH_EM = 0.72
MIN_COLUMN_GAP_EM = 0.7
MIN_SPACE_EM = 0.12
MAX_OVERLAP_SHARE = 0.3
BASELINE_TOLERANCE_EM = 0.35
WRAP_LEADING_EM = 2.0
MAX_RAISED_EM = 10.0
LEFT_TOLERANCE_PT = 3.0
ESTIMATED_TOLERANCE_PT = 7.0
MAX_PROSE_CELL_CHARS = 25
MIN_ROWS = 2
MIN_EVEN_ROWS = 4
MIN_ALIGNED_SHARE = 0.5
MIN_NUMBER_SHARE = 0.25
MAX_WORDY_SHARE = 3
MAX_CELL_CHARS = 200
_NARROW = re.compile(r"[\sijltfrI.,:;'|!()\[\]/-]")
_WIDE = re.compile(r"[A-HJ-Zmw%@&—]")
_DIGIT = re.compile(r"\d")
_LIST_MARK = re.compile(r"^(?:[^\w\s]{1,2}|\(?[\dA-Za-z]{1,3}[.)])$")


class Fragment(NamedTuple):
    """Text that the content stream shows at one position.

    Attributes:
        text: As extracted, with the spaces and line ends that the extractor adds.
        x: Left edge, in points.
        y: Baseline, in points; grows upwards.
        size: Font size, in points.
        right: Right edge, in points; None where the file does not tell.
    """

    text: str
    x: float
    y: float
    size: float
    right: float | None = None


@dataclass(slots=True)
class Line:
    """A line of text, or a row of a table.

    Attributes:
        text: Its words; empty for a row.
        y: Baseline, in points.
        size: Largest font size, in points.
        cells: Cells of a row.
        table: Number of the row's table on this page; None for a line of text.
    """

    text: str
    y: float
    size: float
    cells: tuple[str, ...] = ()
    table: int | None = None


@dataclass(slots=True)
class _Cell:
    text: str
    x: float
    y: float
    size: float
    last_part: str = ""
    end: float | None = None

    @property
    def width(self) -> float:
        """Told by the file, else estimated from the glyphs of common fonts."""
        if self.end is not None:
            return self.end - self.x
        narrow, wide = len(_NARROW.findall(self.last_part)), len(_WIDE.findall(self.last_part))
        rest = len(self.last_part) - narrow - wide
        return self.size * (narrow * NARROW_GLYPH_WIDTH_EM + wide * WIDE_GLYPH_WIDTH_EM + rest * GLYPH_WIDTH_EM)

    @property
    def right(self) -> float:
        return self.x + self.width if self.end is None else self.end

    def extend(self, fragment: Fragment) -> None:
        is_apart = self.end is not None and fragment.x - self.end > MIN_SPACE_EM * self.size
        self.last_part = f"{self.last_part}{fragment.text}"
        self.text = f"{self.text}{' ' if is_apart else ''}{fragment.text}"
        self.end = fragment.right

    def wrap(self, fragment: Fragment) -> None:
        self.last_part = fragment.text.strip()
        self.text = f"{self.text.rstrip()} {self.last_part}"
        self.y = fragment.y
        self.end = fragment.right


@dataclass(slots=True)
class _Row:
    first: int
    end: int
    y: float
    cells: list[_Cell] = field(default_factory=list[_Cell])

    @property
    def bottom(self) -> float:
        return min(cell.y for cell in self.cells)

    def edges(self) -> tuple[list[float], list[float], list[float]]:
        """Left edges, right edges and centres of the cells, ascending."""
        lefts, rights = [cell.x for cell in self.cells], [cell.right for cell in self.cells]
        return sorted(lefts), sorted(rights), sorted((a + b) / 2 for a, b in zip(lefts, rights, strict=True))


def fragment(text: str, user: Matrix, text_matrix: Matrix, size: float) -> Fragment:
    """Places text on the page: the text matrix multiplied by the current transformation (ISO 32000-1, 9.4.4)."""
    a, b, c, d, e, f = user
    x, y = text_matrix[4], text_matrix[5]
    height = abs(text_matrix[2] * b + text_matrix[3] * d) or abs(text_matrix[2] * a + text_matrix[3] * c)
    return Fragment(text, x * a + y * c + e, x * b + y * d + f, abs(size) * height or abs(size))


def ended_at(part: Fragment, pen: Fragment) -> Fragment:
    """The fragment with its right edge, if the pen stands on its baseline, to the right of where it starts."""
    is_beside = abs(pen.y - part.y) <= BASELINE_TOLERANCE_EM * part.size and pen.x > part.x
    return part._replace(right=pen.x) if is_beside and part.right is None else part


def lines(fragments: Sequence[Fragment]) -> list[Line]:
    """Lines and rows in reading order; all text of the fragments is in one of them.

    Args:
        fragments: In the order of the content stream.
    """
    if all(part.text.count("\n") == 1 and part.text[-1] == "\n" != part.text for part in fragments):
        return [Line(part.text[:-1], part.y, part.size) for part in fragments]  # nothing stands beside anything
    result: list[Line] = []
    position = 0
    for table, rows in enumerate(_tables(_rows(fragments))):
        result += _plain_lines(fragments[position : rows[0].first])
        for row in rows:
            cells = tuple(cell.text for cell in row.cells)
            result.append(Line("", row.y, max(cell.size for cell in row.cells), cells, table))
        position = rows[-1].end
    return result + _plain_lines(fragments[position:])


def _plain_lines(fragments: Sequence[Fragment]) -> list[Line]:
    result: list[Line] = []
    is_open = False
    for part in fragments:
        for index, text in enumerate(part.text.split("\n")):
            is_open = is_open and index == 0
            if not text.strip():
                if is_open:
                    result[-1].text += text
                continue
            if is_open:
                result[-1].text += text
                result[-1].size = max(result[-1].size, part.size)
            else:
                result.append(Line(text, part.y, part.size))
                is_open = True
    return result


def _rows(fragments: Sequence[Fragment]) -> list[_Row]:
    """Runs of fragments that share a baseline, wrapped cells included."""
    rows: list[_Row] = []
    ends_line = True
    for index, part in enumerate(fragments):
        if part.text.strip():
            above = rows[-2] if len(rows) > 1 else None
            if not rows or not _joins(rows[-1], above, part, may_continue=not ends_line):
                rows.append(_Row(index, index + 1, part.y, [_new_cell(part)]))
            rows[-1].end = index + 1
        ends_line = part.text.endswith("\n") or (ends_line and not part.text.strip())
    return rows


def _joins(row: _Row, above: _Row | None, part: Fragment, *, may_continue: bool) -> bool:
    """Adds the fragment to the row if it belongs there."""
    cell = row.cells[-1]
    if (may_continue or cell.end is not None) and _continues(cell, part):
        cell.extend(part)
    elif _stands_beside(row, above, part):
        row.cells.append(_new_cell(part))
    elif len(row.cells) > 1 and _wraps(cell, part):
        cell.wrap(part)
    else:
        return False
    return True


def _new_cell(part: Fragment) -> _Cell:
    text = part.text.strip()
    return _Cell(text, part.x, part.y, part.size, text, part.right)


def _continues(cell: _Cell, part: Fragment) -> bool:
    """The next words of the same cell, in another font or after an adjustment."""
    on_baseline = abs(part.y - cell.y) <= BASELINE_TOLERANCE_EM * max(part.size, cell.size)
    gap = part.x - cell.right
    return on_baseline and -MAX_OVERLAP_SHARE * cell.width <= gap < MIN_COLUMN_GAP_EM * cell.size


def _stands_beside(row: _Row, above: _Row | None, part: Fragment) -> bool:
    """A cell to the right: on the row's baseline, or raised because its lines are centred or set from the bottom."""
    cell = row.cells[-1]
    if part.x <= cell.x + cell.size:
        return False
    if abs(part.y - row.y) <= BASELINE_TOLERANCE_EM * max(part.size, cell.size):
        return True
    is_raised = 0 < part.y - row.y <= MAX_RAISED_EM * part.size
    return is_raised and len(row.cells) > 1 and above is not None and len(above.cells) > 1 and part.y < above.bottom


def _wraps(cell: _Cell, part: Fragment) -> bool:
    is_below = 0 < cell.y - part.y <= WRAP_LEADING_EM * cell.size
    return is_below and abs(part.x - cell.x) <= LEFT_TOLERANCE_PT


def _tables(rows: Sequence[_Row]) -> list[list[_Row]]:
    groups: list[list[_Row]] = []
    previous: _Row | None = None
    for row in rows:
        if not _may_be_table_row(row):
            previous = None
            continue
        if previous is not None and _share_columns(previous, row):
            groups[-1].append(row)
        else:
            groups.append([row])
        previous = row
    return [group for group in groups if len(group) >= MIN_ROWS and not _is_prose(group) and not _are_words(group)]


def _may_be_table_row(row: _Row) -> bool:
    if len(row.cells) < MIN_ROWS or any(len(cell.text) > MAX_CELL_CHARS for cell in row.cells):
        return False
    return not (len(row.cells) == MIN_ROWS and _LIST_MARK.match(row.cells[0].text))


def _share_columns(above: _Row, below: _Row) -> bool:
    lefts, rights, centres = above.edges()
    shared = sum(
        _is_near(lefts, cell.x, LEFT_TOLERANCE_PT)
        or _is_near(rights, cell.right, ESTIMATED_TOLERANCE_PT)
        or _is_near(centres, (cell.x + cell.right) / 2, ESTIMATED_TOLERANCE_PT)
        for cell in below.cells
    )
    return shared >= MIN_ROWS and above.y > below.y


def _is_near(edges: Sequence[float], edge: float, tolerance: float) -> bool:
    """Whether one of the ascending edges lies no further off."""
    place = bisect_left(edges, edge - tolerance)
    return place < len(edges) and edges[place] <= edge + tolerance


def _are_words(rows: Sequence[_Row]) -> bool:
    """Lines of which each word is shown by itself: they stand under each other by chance only.

    Not where numbers abound, which are aligned on the right, nor where all rows have as many cells.
    """
    cells = [cell for row in rows for cell in row.cells]
    numbers = sum(_is_number(cell) for cell in cells)
    is_even = len(rows) >= MIN_EVEN_ROWS and len({len(row.cells) for row in rows}) == 1
    if is_even or numbers >= MIN_NUMBER_SHARE * len(cells):
        return False
    pairs = [(cell, above) for above, below in pairwise(rows) for cell in below.cells if not _is_number(cell)]
    aligned = sum(any(abs(cell.x - other.x) <= LEFT_TOLERANCE_PT for other in above.cells) for cell, above in pairs)
    return aligned < MIN_ALIGNED_SHARE * len(pairs)


def _is_number(cell: _Cell) -> bool:
    """Half of it digits; words of fonts that map their glyphs wrongly hold single ones."""
    return 2 * len(_DIGIT.findall(cell.text)) >= len("".join(cell.text.split()))


def _is_prose(rows: Sequence[_Row]) -> bool:
    """Columns of running text that a writer showed line by line are no table."""
    columns = max(len(row.cells) for row in rows)
    long_columns = sum(
        median(len(row.cells[column].text) for row in rows if column < len(row.cells)) > MAX_PROSE_CELL_CHARS
        for column in range(columns)
    )
    wordy_rows = sum(sum(len(cell.text) > MAX_PROSE_CELL_CHARS for cell in row.cells) >= MIN_ROWS for row in rows)
    return long_columns >= MIN_ROWS or wordy_rows * MAX_WORDY_SHARE > len(rows)
