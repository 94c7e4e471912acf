"""Walks WordprocessingML (ECMA-376 part 1, §17) in document order and yields what a reader sees.

Tracked changes count as accepted, fields show their results, and of alternatives one is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from konverze_core.documents import BlockKind
from konverze_loaders.containers.package import attribute
from konverze_loaders.links import with_target
from konverze_loaders.normalise import RAISED_NUMBER
from konverze_loaders.office.docx_styles import child, element_name, is_number
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS, Cell, Grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from konverze_loaders.office.docx_styles import Element, Styles

_DROPPED = frozenset(
    {
        "w:del",
        "w:moveFrom",
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
_SHOWN = _TEXTS | _CHARACTERS.keys() | {"w:sym"}
_ON = frozenset(["1", "true", "on"])
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}")
_PLAIN_STYLES = frozenset(["", "TableGrid", "TableNormal"])
FIRST_ROW_BIT = 5
_FLOATING = frozenset(["w:txbxContent", "w:tbl"])
_LINK_FIELD = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the meaning of a paragraph rests on outside of it.

    Attributes:
        styles: Styles of the file.
        targets: Where links lead, by the id of the relationship; None where no link is to tell it.
    """

    styles: Styles
    targets: Mapping[str, str] | None = None


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


def pieces(container: Element, around: Surroundings) -> Iterator[Piece]:
    """Blocks inside a body, cell, note, text box, header or content control.

    Args:
        container: Any element that holds paragraphs and tables.
        around: What they rest on.
    """
    stack = [iter(container)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        name = element_name(element)
        if name == "w:p":
            yield from _paragraph(element, around)
        elif name == "w:tbl":
            yield from _table(element, around)
        elif name == "mc:AlternateContent":
            stack.append(iter(_alternative(element)))
        elif name not in _DROPPED:
            stack.append(iter(element))


def _paragraph(element: Element, around: Surroundings) -> Iterator[Piece]:
    level = around.styles.heading_level(element)
    words = _Words(None if level else around.targets)
    words.collect(element)
    text = "".join(words.parts)
    if level:
        yield Piece(BlockKind.HEADING, " ".join(text.split()), level=level)
    else:
        yield Piece(BlockKind.LIST_ITEM if around.styles.is_list_item(element) else BlockKind.PARAGRAPH, text)
    for box in words.floating:
        yield from _table(box, around) if element_name(box) == "w:tbl" else pieces(box, around)


@dataclass(slots=True)
class _Field:
    """A field (§17.16.18) that is not over yet: its instruction, and what it links to where that is told."""

    instruction: str = ""
    is_shown: bool = False
    link: _Link | None = None


class _Link(NamedTuple):
    target: str
    start: int


@dataclass(slots=True)
class _Words:
    """The words of a paragraph, and what floats beside them. Of links in links, the outermost is told."""

    targets: Mapping[str, str] | None
    parts: list[str] = field(default_factory=list[str])
    floating: list[Element] = field(default_factory=list["Element"])
    fields: list[_Field] = field(default_factory=list[_Field])
    is_in_link: bool = False

    def collect(self, paragraph: Element) -> None:
        stack: list[tuple[Iterator[Element], _Link | None]] = [(iter(paragraph), None)]
        is_raised = False
        while stack:
            element = next(stack[-1][0], None)
            if element is None:
                self._leave(stack.pop()[1])
                continue
            name = element_name(element)
            if name in _SHOWN:
                self.parts.append(_CHARACTERS.get(name) or _shown(name, element))
            elif name in {"w:instrText", "w:fldChar"}:
                self._read_field(element)
            elif name in _FLOATING:
                self.floating.append(element)
            elif name == "mc:AlternateContent":
                stack.append((iter(_alternative(element)), None))
            elif name not in _DROPPED and not (name == "w:r" and _is_on(child(element, "w:rPr", "w:vanish"))):
                if name == "w:r":
                    is_raised = _mark_raised(element, self.parts, is_continued=is_raised)
                stack.append((iter(element), self._enter(self._target(name, element))))

    def _target(self, name: str, element: Element) -> str:
        if name == "w:hyperlink":
            return (self.targets or {}).get(attribute(element, "id") or "", "")
        return _field_target(attribute(element, "instr") or "") if name == "w:fldSimple" else ""

    def _read_field(self, element: Element) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            self.fields.append(_Field())
        elif not self.fields:
            return  # it began in an earlier paragraph
        elif kind == "separate":
            self.fields[-1].is_shown = True
            self.fields[-1].link = self._enter(_field_target(self.fields[-1].instruction))
        elif kind == "end":
            self._leave(self.fields.pop().link)
        elif not self.fields[-1].is_shown:
            self.fields[-1].instruction += element.text or ""

    def _enter(self, target: str) -> _Link | None:
        if not target or self.targets is None or self.is_in_link:
            return None
        self.is_in_link = True
        return _Link(target, len(self.parts))

    def _leave(self, link: _Link | None) -> None:
        if link is not None:
            words = "".join(self.parts[link.start :])
            self.parts[link.start :] = [with_target(words, link.target)]
            self.is_in_link = False


def _field_target(instruction: str) -> str:
    found = _LINK_FIELD.match(instruction)
    return "" if found is None else found[1]


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


def _shown(name: str, element: Element) -> str:
    if name in _TEXTS:
        return element.text or ""
    code = attribute(element, "char") or ""
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def _table(table: Element, around: Surroundings) -> Iterator[Piece]:
    grid = Grid()
    named = _names_columns(table)
    for place, row in enumerate(_inside(table, "w:tr")):
        cells = list(_inside(row, "w:tc"))
        filled = [[piece for piece in pieces(cell, around) if piece.plain] for cell in cells]
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
