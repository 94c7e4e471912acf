"""Rows of spreadsheets, CSV and JSON as facts: each names its columns itself, so that it is understood alone.

`Plan: Basic | Price: 499` is found by "price of the basic plan", is cited as it stands, and tells a model what 499 is,
wherever the chunk was cut (ADR 0018). A table whose columns have no names keeps its cells as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from konverze_loaders.builder import DocumentBuilder

HEADER_WITHIN_ROWS = 12
MAX_TITLE_ROWS = 3
MAX_NAME_CHARS = 120
MIN_NAMED_SHARE = 0.6
FORM_COLUMNS = 2
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATUM = re.compile(
    r"[^\w\s]{0,3}\s?(?:[A-Z]{2,3}\.?\s)?\d[\d\s.,:/()TZ+-]*(?:\s?%|\s?[^\W\d_]{1,3})?[)]?|true|false|yes|no",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet.

    Attributes:
        cells: Texts that are not empty, by column, in the order of columns.
        is_bold: Whether all of them are set in bold.
        groups: Columns up to which a cell that spans several reaches, by its first column.
    """

    cells: Mapping[int, str]
    is_bold: bool = False
    groups: Mapping[int, int] = field(default_factory=dict[int, int])


class SheetWriter:
    """Adds the rows of a sheet, table by table; a blank row ends a table, and what stands alone above one is its title.

    Args:
        builder: Where the blocks go.
        trust: Whether the first row of two columns of words names them: in a CSV it mostly does, in a sheet it is as
            often the first line of a form.
    """

    def __init__(self, builder: DocumentBuilder, *, trust: bool) -> None:
        self._builder = builder
        self._trust = trust
        self._waiting: list[Row] = []
        self._is_open = False
        self._names: dict[int, str] = {}
        self._table = 0

    def add(self, row: Row) -> None:
        """Adds a row; one without cells ends the table.

        Raises:
            LimitExceededError: The text is too long.
        """
        if not row.cells:
            self.end_table()
        elif self._is_open:
            self._write(row)
        else:
            self._waiting.append(row)
            if len(self._waiting) == HEADER_WITHIN_ROWS:
                self._begin()

    def end_table(self) -> None:
        """Ends the table; the next one may go on with its columns.

        Raises:
            LimitExceededError: The text is too long.
        """
        if self._waiting:
            self._begin()
        self._is_open = False

    def _begin(self) -> None:
        rows, self._waiting = self._waiting, []
        wide = next((place for place, row in enumerate(rows) if len(row.cells) > 1), len(rows))
        if wide < len(rows) or len(rows) <= MAX_TITLE_ROWS:
            for row in rows[:wide]:
                self._builder.add(BlockKind.PARAGRAPH, next(iter(row.cells.values())))
            rows = rows[wide:]
        if not rows:
            return
        self._is_open = True
        names, used = column_names(rows, trust=self._trust)
        columns = {column for row in rows for column in row.cells}
        goes_on = not names and len(columns) > 1 and columns <= self._names.keys()
        if not goes_on:
            self._names = names
            self._table = self._builder.new_table()
        for row in rows[:used]:
            # Without names of its own: the rows below name their columns themselves.
            self._builder.add_row(_placed(row), self._table)
        for row in rows[used:]:
            self._write(row)

    def _write(self, row: Row) -> None:
        names = self._names
        cells = [named(names.get(column, ""), text) for column, text in row.cells.items()] if names else _placed(row)
        self._builder.add_row(cells, self._table)


def _placed(row: Row) -> list[str]:
    """The cells with the gaps between them, from the first to the last."""
    first, last = min(row.cells), max(row.cells)
    if last - first >= MAX_FILLED_COLUMNS:
        return list(row.cells.values())
    return [row.cells.get(column, "") for column in range(first, last + 1)]


def named(name: str, text: str) -> str:
    """A cell with the name of its column."""
    return f"{name}: {text}" if name else text


def column_names(rows: Sequence[Row], *, trust: bool) -> tuple[dict[int, str], int]:
    """Names of the columns, and how many rows they take up; none where the first row is one like the others.

    Args:
        rows: The first rows of a table.
        trust: Whether two columns of words suffice.
    """
    first = rows[0]
    below = rows[1:]
    if first.groups and len(below) > 1 and not any(is_datum(text) for text in below[0].cells.values()):
        joined = _joined(first, below[0])
        if _could_name(Row(joined), rows):
            return joined, 2
    if not below or not _could_name(first, rows):
        return {}, 0
    is_set_apart = first.is_bold and not all(row.is_bold for row in below)
    is_form = len(first.cells) == FORM_COLUMNS and not trust
    return (dict(first.cells), 1) if is_set_apart or not is_form or _differs(first, below) else ({}, 0)


def _could_name(row: Row, rows: Sequence[Row]) -> bool:
    columns = {column for other in rows for column in other.cells}
    texts = [" ".join(text.split()).casefold() for text in row.cells.values()]
    return (
        len(texts) > 1
        and len(texts) >= MIN_NAMED_SHARE * len(columns)
        and len(set(texts)) == len(texts)
        and all(len(text) <= MAX_NAME_CHARS and not is_datum(text) for text in texts)
    )


def _differs(first: Row, below: Sequence[Row]) -> bool:
    """Whether some column holds data where the first row has a word."""
    for column in first.cells:
        texts = [row.cells[column] for row in below if column in row.cells]
        if texts and sum(is_datum(text) for text in texts) > len(texts) / 2:
            return True
    return False


def is_datum(text: str) -> bool:
    """Whether it is a number, date, amount or truth value rather than a name; a year may be either."""
    return _DATUM.fullmatch(text) is not None and _YEAR.fullmatch(text) is None


def _joined(groups: Row, names: Row) -> dict[int, str]:
    """Names below the names of groups that span them: `2024 Q1`."""
    joined: dict[int, str] = {}
    for column, name in names.cells.items():
        over = groups.cells.get(column) or next(
            (groups.cells[start] for start, end in groups.groups.items() if start <= column <= end), ""
        )
        joined[column] = name if over == name else f"{over} {name}".strip()
    return {column: text for column, text in groups.cells.items() if column not in joined} | joined
