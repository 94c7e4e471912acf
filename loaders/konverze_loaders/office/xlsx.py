"""XLSX (ECMA-376 part 1, §18): each sheet a heading, each row of its tables a fact, as a reader sees them.

Read from the XML, row by row: only cells that hold something cost anything, wherever they stand, and the styles tell
that .18 is shown as 18%, and 45293 as a date (ADR 0018).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.package import Package, distinct, local_name
from konverze_loaders.office.drawing import paragraphs, shapes
from konverze_loaders.office.number_formats import general, shown
from konverze_loaders.office.xlsx_book import Book, Style, rich_text
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS, MAX_REPEATED_CHARS
from konverze_loaders.tabular.tables import Row, SheetWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_core.documents import Document
    from konverze_loaders.containers.package import Element
    from konverze_loaders.office.xlsx_book import Sheet
    from konverze_loaders.reading import Reading

MAX_COLUMN_LETTERS = 3
MAX_ROW_DIGITS = 7
MAX_MERGED_RANGES = 10_000
MAX_EXACT_DIGITS = 15
_MERGED = re.compile(rb"""mergeCell\s[^<>]*?ref=["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']""")
_THREAD_NOTICE = "Comment:\n"
_PLAIN = Style()


def load_xlsx(data: bytes, reading: Reading) -> Document:
    """Makes a document of an XLSX, XLSM or XLTX file.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: The zip or its XML is damaged.
        LimitExceededError: It unpacks to too much, or holds more cells than `max_cells`.
    """
    package = Package(data, reading)
    book = Book(package)
    builder = DocumentBuilder(reading)
    cells = 0
    for sheet in book.sheets:
        if sheet.is_hidden:
            builder.note_unread(f"sheet {sheet.name}", "hidden; show it to have it read")
            continue
        try:
            cells = _SheetReader(package, book, sheet, cells).add_to(builder)
        except CorruptFileError as error:
            builder.note_unread(f"sheet {sheet.name}", error.reason)
    return builder.build({"format": "xlsx", **package.facts()})


@dataclass(slots=True)
class _Merged:
    """Ranges of merged cells: tall ones by their column, wide ones by their row."""

    tall: dict[int, list[tuple[int, int]]] = field(default_factory=dict[int, list[tuple[int, int]]])
    wide: dict[int, dict[int, int]] = field(default_factory=dict[int, dict[int, int]])


class _SheetReader:
    """Feeds a sheet to a builder."""

    def __init__(self, package: Package, book: Book, sheet: Sheet, cells: int) -> None:
        self._package = package
        self._book = book
        self._sheet = sheet
        self._cells = cells
        self._merged = _merged(package, sheet.path)
        self._above: dict[int, tuple[int, str]] = {}
        self._columns: dict[str, int] = {}
        self._unvalued = 0

    def add_to(self, builder: DocumentBuilder) -> int:
        """Adds the sheet under its name, and returns how many cells the file had so far."""
        writer = SheetWriter(builder, trust=False)
        is_begun = False
        last = 0
        for number, row in self._rows():
            if row.cells and not is_begun:
                builder.add(BlockKind.HEADING, self._sheet.name, level=1)
                is_begun = True
            if number != last + 1:
                writer.end_table()
            writer.add(row)
            last = number
        writer.end_table()
        if self._unvalued:
            reason = f"formulas without a stored result: {self._unvalued}; open the file in a spreadsheet and save it"
            builder.note_unread(f"sheet {self._sheet.name}", reason)
        self._add_beside(builder)
        return self._cells

    def _rows(self) -> Iterator[tuple[int, Row]]:
        number = 0
        for element in self._package.elements(self._sheet.path, "row"):
            stated = element.get("r", "")
            number = int(stated) if stated.isdecimal() and len(stated) <= MAX_ROW_DIGITS else number + 1
            cells, is_bold = self._filled(element)
            self._cells += len(cells)
            self._package.reading.check("max_cells", self._cells)
            if self._merged.tall and cells:
                cells = self._continued(number, cells)
            yield number, Row(cells, is_bold=is_bold, groups=self._merged.wide.get(number, {}))

    def _filled(self, row: Element) -> tuple[dict[int, str], bool]:
        """Texts of the cells that show something, by column, and whether all of them are bold."""
        cells: dict[int, str] = {}
        is_bold = True
        column = -1
        # Cells state where they stand, or none of the row does.
        places = {cell: place for place, cell in enumerate(row)} if len(row) and row[0].get("r") is None else {}
        # Cells that are there for their look alone are passed over inside the parser.
        for value in row.iter("{*}v", "{*}is", "{*}f"):
            cell = value.getparent()
            assert cell is not None  # all are inside the row
            if local_name(value) == "f":
                self._unvalued += value.getnext() is None
                continue
            column = places[cell] if places else self._column(cell.get("r"), column + 1)
            style = self._style(cell.get("s"))
            text = self._text(value, cell.get("t"), style).strip()
            if text:
                cells[column] = text
                is_bold = is_bold and style.is_bold
        return cells, is_bold

    def _column(self, reference: str | None, following: int) -> int:
        letters = (reference or "").rstrip("0123456789")
        column = self._columns.get(letters, -1)
        if column < 0 and letters.isascii() and letters.isalpha() and len(letters) <= MAX_COLUMN_LETTERS:
            column = self._columns[letters] = _column_number(letters)
        return following if column < 0 else column

    def _style(self, index: str | None) -> Style:
        styles = self._book.styles
        place = int(index) if index and index.isdecimal() else 0
        return styles[place] if place < len(styles) else _PLAIN

    def _text(self, element: Element, kind: str | None, style: Style) -> str:
        if kind == "inlineStr":
            return rich_text(element)
        value = element.text or ""
        if kind == "s":
            place = int(value) if value.isdecimal() else -1
            return self._book.strings[place] if 0 <= place < len(self._book.strings) else ""
        if kind is None or kind == "n":
            return _number_text(value, style.code, is_1904=self._book.is_1904)
        return {"0": "FALSE", "1": "TRUE"}.get(value, value) if kind == "b" else value

    def _continued(self, number: int, cells: dict[int, str]) -> dict[int, str]:
        """The cells, and those above that reach down into this row."""
        continued = dict(cells)
        for column, ranges in self._merged.tall.items():
            place = bisect_right(ranges, (number, math.inf)) - 1
            if place >= 0 and ranges[place][1] >= number:
                first, text = self._above.get(column, (0, ""))
                if ranges[place][0] == number:
                    self._above[column] = (number, cells.get(column, "")[:MAX_REPEATED_CHARS])
                elif text and ranges[place][0] == first:
                    continued.setdefault(column, text)
        return continued if len(continued) == len(cells) else dict(sorted(continued.items()))

    def _add_beside(self, builder: DocumentBuilder) -> None:
        """What lies on the sheet or hangs on its cells: text boxes and comments."""
        relations = self._package.relations(self._sheet.path)
        for path in distinct(relations, "drawing"):
            root = self._package.part(path)
            for shape in () if root is None else shapes(root):
                builder.add(BlockKind.PARAGRAPH, "\n".join(paragraphs(shape)))
        for path in distinct(relations, "comments"):
            for comment in self._package.elements(path, "comment"):
                texts = [rich_text(item) for item in comment if local_name(item) == "text"]
                words = "".join(texts).rpartition(_THREAD_NOTICE)[2].strip()
                if words:
                    builder.add(BlockKind.NOTE, f"{comment.get('ref', '')}: {words}")


def _number_text(value: str, code: str, *, is_1904: bool) -> str:
    if not code and value.isdecimal() and len(value) <= MAX_EXACT_DIGITS:
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    return shown(number, code, is_1904=is_1904) if code else general(number)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _merged(package: Package, path: str) -> _Merged:
    """Merged ranges, which a sheet states after its rows; found in its bytes, since its rows are read one by one."""
    merged = _Merged()
    for first, top, last, bottom in islice(package.matches(path, _MERGED), MAX_MERGED_RANGES):
        start, end = _column_number(first.decode()), _column_number(last.decode())
        if int(bottom) > int(top) and (start in merged.tall or len(merged.tall) < MAX_FILLED_COLUMNS):
            merged.tall.setdefault(start, []).append((int(top), int(bottom)))
        if end > start:
            merged.wide.setdefault(int(top), {})[start] = end
    for ranges in merged.tall.values():
        ranges.sort()
    return merged
