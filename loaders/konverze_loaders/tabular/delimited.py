"""CSV in any dialect (RFC 4180 and what is called so): each row a fact with the names of its columns.

The dialect is the one that makes the most even table with the cleanest cells, after van den Burg, Nazábal and Sutton,
"Wrangling messy CSV files by detecting row and type patterns" (2019), in a short form.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.tabular.tables import Row, SheetWriter, is_datum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_core.documents import Document
    from konverze_loaders.reading import Reading

SAMPLE_CHARS = 50_000
SAMPLE_ROWS = 200
MIN_ROWS = 4
MIN_WIDE_SHARE = 0.5
MIN_EVEN_SHARE = 0.6
MIN_CLEAN_SHARE = 0.8
MAX_SPACED_SHARE = 0.5
MAX_CELL_WORDS = 12
MIN_QUOTES = 4
_DELIMITERS = (",", "\t", ";", "|")
_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_MIN_COLUMNS = {",": 3, ";": 3, "|": 3, "\t": 2}
_CLEAN = re.compile(r"[^,;\t|\"()\[\]{}]*|[^,;\t|\"()]*\([^,;\t|\"()]*\)[^,;\t|\"()]*")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is cut into cells.

    Attributes:
        delimiter: What stands between cells.
        quote: What stands around a cell that holds a delimiter or line end; empty for nothing.
        has_escapes: Whether a backslash, not a second quote, keeps a quote from ending the cell.
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False

    def rows(self, text: str) -> Iterator[list[str]]:
        """Cells, row by row.

        Raises:
            csv.Error: A cell in quotes of over 128 kB: one of its quotes is none.
        """
        if not self.quote:
            return (line.rstrip("\r").split(self.delimiter) for line in text.split("\n"))
        return csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=not self.has_escapes,
            escapechar="\\" if self.has_escapes else None,
            skipinitialspace=True,
        )


def find_dialect(text: str, *, is_declared: bool) -> Dialect | None:
    """The dialect of a table, or None for what is no table.

    Args:
        text: The decoded file.
        is_declared: Whether its name says that it is one; else each row must have as many cells as the others, and
            the text must not read like prose.
    """
    text = _after_sep_line(text)[1]
    sample = text[:SAMPLE_CHARS]
    if len(text) > SAMPLE_CHARS:
        sample = sample[: sample.rfind("\n") + 1] or sample
    found = [(_score(sample, dialect, is_declared=is_declared), dialect) for dialect in _candidates(sample)]
    score, dialect = max(found, key=lambda pair: pair[0], default=(0.0, None))
    return dialect if score > 0 else None


def load_csv(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of CSV or TSV.

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: The text is too long, or it holds more cells than `max_cells`.
    """
    stated, text = _after_sep_line(text)
    dialect = Dialect(stated) if stated else find_dialect(text, is_declared=True)
    assert dialect is not None  # else it was not recognised
    reading.check("max_cells", text.count(dialect.delimiter))
    builder = DocumentBuilder(reading)
    writer = SheetWriter(builder, trust=True)
    for cells in _rows(text, dialect):
        writer.add(Row({column: cell for column, cell in enumerate(cells) if cell.strip()}))
    writer.end_table()
    return builder.build({"format": "csv", "encoding": encoding})


def _after_sep_line(text: str) -> tuple[str, str]:
    """The delimiter that a first line of `sep=;` states, else nothing, and the rest of the text."""
    match = _SEP_LINE.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _rows(text: str, dialect: Dialect) -> Iterator[list[str]]:
    """The rows; where a quote far down turns out to be none, those of the same dialect without quotes."""
    try:
        for _ in dialect.rows(text):
            pass
    except csv.Error:
        dialect = replace(dialect, quote="")
    return dialect.rows(text)


def _candidates(sample: str) -> Iterator[Dialect]:
    for delimiter in _DELIMITERS:
        if delimiter in sample:
            yield Dialect(delimiter)
            if '\\"' in sample:
                yield Dialect(delimiter, has_escapes=True)
            if sample.count(f"{delimiter}'") >= MIN_QUOTES:
                yield Dialect(delimiter, "'")
            if '"' in sample:  # which may be inches
                yield Dialect(delimiter, "")


def _score(sample: str, dialect: Dialect, *, is_declared: bool) -> float:
    """How even the rows are and how clean their cells; 0 for no table."""
    try:
        rows = [row for row in islice(dialect.rows(sample), SAMPLE_ROWS) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    if widths.total() < MIN_WIDE_SHARE * max(1, len(rows)):
        return 0
    cells = [cell.strip() for row in rows if len(row) == width for cell in row]
    clean = sum(is_datum(cell) or _CLEAN.fullmatch(cell) is not None for cell in cells) / len(cells)
    share = count / widths.total()
    is_table = share >= MIN_EVEN_SHARE if is_declared else clean >= MIN_CLEAN_SHARE and _is_table(sample, dialect, rows)
    return count / len(rows) * clean * (width - 1) / width if is_table else 0


def _is_table(sample: str, dialect: Dialect, rows: list[list[str]]) -> bool:
    """Whether rows that nobody called a table are one: even without exception, full, and not made of sentences."""
    width = len(rows[0])
    if len(rows) < MIN_ROWS or width < _MIN_COLUMNS[dialect.delimiter] or any(len(row) != width for row in rows):
        return False
    cells = [cell.strip() for row in rows for cell in row]
    is_spaced = sample.count(f"{dialect.delimiter} ") > MAX_SPACED_SHARE * sample.count(dialect.delimiter)
    is_wordy = sum(len(cell.split()) for cell in cells) > MAX_CELL_WORDS * len(cells)
    is_data = sum(is_datum(cell) for cell in cells) * 2 > len(cells)
    is_full = all(any(row[column].strip() for row in rows) for column in range(width))
    return is_full and not is_wordy and (is_data or not is_spaced)
