"""Keeps the columns of a table aligned where cells span several of them, or several rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_FILLED_COLUMNS = 64
MAX_REPEATED_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell as the file states it.

    Attributes:
        text: Its words.
        columns: Columns that it spans.
        rows: Rows that it spans downwards.
        is_continued: Whether it only continues the cell above (DOCX states this in each row).
    """

    text: str
    columns: int = 1
    rows: int = 1
    is_continued: bool = False


class Grid:
    """Rows of one table, in order; what spans rows is repeated in each, what spans columns stands in the first."""

    def __init__(self) -> None:
        self._row = 0
        self._above: dict[int, tuple[str, int]] = {}

    def row(self, cells: Sequence[Cell], *, skipped: int = 0) -> list[str]:
        """Texts by column; empty where no cell has words of its own.

        Args:
            cells: From left to right.
            skipped: Empty columns before the first.
        """
        columns = [""] * min(skipped, MAX_FILLED_COLUMNS)
        owed = 0
        for cell in cells:
            columns += [""] * min(owed, max(0, MAX_FILLED_COLUMNS - len(columns)))
            self._repeat(columns)
            columns.append(self._placed(cell, len(columns)))
            owed = cell.columns - 1
        if self._above:
            self._repeat(columns)
        self._row += 1
        return columns if any(cell.text.strip() for cell in cells) else []

    def _placed(self, cell: Cell, column: int) -> str:
        if cell.is_continued and not cell.text:
            return self._above.get(column, ("", 0))[0]
        if column < MAX_FILLED_COLUMNS:
            text = cell.text if len(cell.text) <= MAX_REPEATED_CHARS else ""
            end = min(column + max(1, cell.columns), MAX_FILLED_COLUMNS)
            for place in range(column, end):
                self._above[place] = (text if place == column else "", self._row + cell.rows)
        return cell.text

    def _repeat(self, columns: list[str]) -> None:
        while (above := self._above.get(len(columns))) is not None and above[1] > self._row:
            columns.append(above[0])
