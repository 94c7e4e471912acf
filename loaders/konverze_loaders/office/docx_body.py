"""Walks WordprocessingML (ECMA-376 part 1, §17) in document order and yields what a reader sees.

Tracked changes count as accepted, fields show their results, and of alternatives one is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_loaders.containers.package import attribute
from konverze_loaders.normalise import RAISED_NUMBER
from konverze_loaders.office.docx_styles import child, element_name, is_number
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS, Cell, Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_loaders.office.docx_styles import Element, Styles

_DROPPED = frozenset(
    {
        "w:del",
        "w:moveFrom",
        "w:instrText",
        "w:delText",
        "w:delInstrText",
        "w:rPr",
        "w:pPr",
        "w:sdtPr",
        "w:sdtEndPr",
        "w:tblPr",
        "w:tblGrid",
        "w:trPr",
        "w:tcPr",
        "w:sectPr",
    }
)
_CHARACTERS = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
}
_TEXTS = frozenset(["w:t", "m:t", "a:t"])
_ON = frozenset(["1", "true", "on"])
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}")
_PLAIN_STYLES = frozenset(["", "TableGrid", "TableNormal"])
FIRST_ROW_BIT = 5
_FLOATING = frozenset(["w:txbxContent", "w:tbl"])


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before it has a place in the document.

    Attributes:
        kind: What it is.
        text: Its text; empty for a table row.
        level: Depth of a heading.
        cells: Cells of a table row, from left to right.
        table: The table element of a row.
        is_header: Whether the row names the columns.
    """

    kind: BlockKind
    text: str = ""
    level: int = 0
    cells: tuple[str, ...] = ()
    table: Element | None = field(default=None, compare=False)
    is_header: bool = False

    @property
    def plain(self) -> str:
        """The text on one line; cells of a row set apart by spaces."""
        return " ".join((self.text or " ".join(self.cells)).split())


def pieces(container: Element, styles: Styles) -> Iterator[Piece]:
    """Blocks inside a body, cell, note, text box, header or content control.

    Args:
        container: Any element that holds paragraphs and tables.
        styles: Styles of the file.
    """
    stack = [iter(container)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        name = element_name(element)
        if name == "w:p":
            yield from _paragraph(element, styles)
        elif name == "w:tbl":
            yield from _table(element, styles)
        elif name == "mc:AlternateContent":
            stack.append(iter(_alternative(element)))
        elif name not in _DROPPED:
            stack.append(iter(element))


def _paragraph(element: Element, styles: Styles) -> Iterator[Piece]:
    parts: list[str] = []
    floating: list[Element] = []
    _collect(element, parts, floating)
    text = "".join(parts)
    level = styles.heading_level(element)
    if level:
        yield Piece(BlockKind.HEADING, " ".join(text.split()), level=level)
    else:
        yield Piece(BlockKind.LIST_ITEM if styles.is_list_item(element) else BlockKind.PARAGRAPH, text)
    for box in floating:
        yield from _table(box, styles) if element_name(box) == "w:tbl" else pieces(box, styles)


def _collect(paragraph: Element, parts: list[str], floating: list[Element]) -> None:
    stack = [iter(paragraph)]
    is_raised = False
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        name = element_name(element)
        if name in _TEXTS:
            parts.append(element.text or "")
        elif name in _CHARACTERS:
            parts.append(_CHARACTERS[name])
        elif name == "w:sym":
            parts.append(_symbol(element))
        elif name in _FLOATING:
            floating.append(element)
        elif name == "mc:AlternateContent":
            stack.append(iter(_alternative(element)))
        elif name not in _DROPPED:
            if name == "w:r":
                is_raised = _mark_raised(element, parts, is_continued=is_raised)
            stack.append(iter(element))


def _mark_raised(run: Element, parts: list[str], *, is_continued: bool) -> bool:
    is_raised = _is_raised_number(run)
    if is_raised and not is_continued and parts and parts[-1][-1:].isdecimal():
        parts.append("^")
    return is_raised


def _is_raised_number(run: Element) -> bool:
    """Whether the run is an exponent or a note's number: after a digit, it must not make a number of it."""
    if attribute(child(run, "w:rPr", "w:vertAlign")) != "superscript":
        return False
    return RAISED_NUMBER.fullmatch("".join(item.text or "" for item in run if element_name(item) == "w:t")) is not None


def _alternative(element: Element) -> list[Element]:
    """The first alternative that holds text; a drawing and its fallback show the same words."""
    branches = [item for item in element if element_name(item) in {"mc:Choice", "mc:Fallback"}]
    for branch in branches:
        if any(element_name(item) in _TEXTS for item in branch.iter()):
            return [branch]
    return branches[:1]


def _symbol(element: Element) -> str:
    code = attribute(element, "char") or ""
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def _table(table: Element, styles: Styles) -> Iterator[Piece]:
    grid = Grid()
    named = _names_columns(table)
    for place, row in enumerate(_inside(table, "w:tr")):
        cells = list(_inside(row, "w:tc"))
        filled = [[piece for piece in pieces(cell, styles) if piece.plain] for cell in cells]
        if _is_layout(filled):
            for found in filled:
                yield from found
        else:
            skipped = _number(child(row, "w:trPr", "w:gridBefore"), 0)
            texts = grid.row([_cell(cell, found) for cell, found in zip(cells, filled, strict=True)], skipped=skipped)
            is_header = _is_on(child(row, "w:trPr", "w:tblHeader")) or (named and place == 0)
            yield Piece(BlockKind.TABLE_ROW, cells=tuple(texts), table=table, is_header=is_header)


def _names_columns(table: Element) -> bool:
    """Whether the table's look sets its first row apart (§17.4.55); where rows repeat as headers, they alone are."""
    rows = table.iterfind("{*}tr/{*}trPr/{*}tblHeader")
    look = child(table, "w:tblPr", "w:tblLook")
    flags = attribute(look) or "0"
    first = attribute(look, "firstRow") or str(int(flags, 16) >> FIRST_ROW_BIT & 1 if _HEX.fullmatch(flags) else 0)
    style = attribute(child(table, "w:tblPr", "w:tblStyle")) or ""
    return style not in _PLAIN_STYLES and first in _ON and not any(_is_on(row) for row in rows)


def _is_on(switch: Element | None) -> bool:
    return switch is not None and attribute(switch) in {None, *_ON}


def _cell(element: Element, found: list[Piece]) -> Cell:
    properties = child(element, "w:tcPr")
    merge = child(properties, "w:vMerge")
    return Cell(
        text=" ".join(piece.plain for piece in found),
        columns=_number(child(properties, "w:gridSpan"), 1),
        is_continued=merge is not None and attribute(merge) in {None, "continue"},
    )


def _number(element: Element | None, default: int) -> int:
    value = attribute(element) or ""
    return min(int(value), MAX_FILLED_COLUMNS) if is_number(value) else default


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    """Children of that name, also inside content controls and insertions."""
    stack = [iter(element)]
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
        elif element_name(item) == wanted:
            if child(item, "w:trPr", "w:del") is None:
                yield item
        elif element_name(item) not in _DROPPED:
            stack.append(iter(item))


def _is_layout(cells: list[list[Piece]]) -> bool:
    """Whether the row only places things on the page: it holds tables, or one cell with several blocks."""
    holds_table = any(piece.kind is BlockKind.TABLE_ROW for cell in cells for piece in cell)
    filled = [cell for cell in cells if cell]
    return holds_table or (len(filled) == 1 and len(filled[0]) > 1)
