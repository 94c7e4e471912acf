"""DrawingML (ECMA-376 part 1, §20 and §21): the words of shapes, tables, charts and diagrams on slides and sheets."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_loaders.containers.package import attribute, local_name
from konverze_loaders.links import with_target
from konverze_loaders.normalise import RAISED_NUMBER
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS, Cell, Grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from konverze_loaders.builder import DocumentBuilder
    from konverze_loaders.containers.package import Element, Package

MAX_SPAN_DIGITS = 4
MAX_CHART_POINTS = 10_000
_ON = frozenset(["1", "true"])


def shapes(root: Element) -> Iterator[Element]:
    """Shapes and frames of a slide or sheet in drawing order, also those in groups; of alternatives the first."""
    stack = [iter([root])]
    while stack:
        element = next(stack[-1], None)
        name = "" if element is None else local_name(element)
        if element is None:
            stack.pop()
        elif name in {"sp", "cxnSp", "graphicFrame"}:
            yield element
        elif name == "AlternateContent":
            stack.append(iter([branch for branch in element if len(branch)][:1]))
        else:
            stack.append(iter(element))


def paragraphs(container: Element, link_targets: Mapping[str, str] | None = None) -> list[str]:
    """Texts of the paragraphs inside a shape, cell or note, without those that show nothing.

    Args:
        container: What holds them.
        link_targets: Where links lead, by the id of the relationship; None where no link is to tell it.
    """
    texts = (_paragraph(element, link_targets or {}) for element in container.iter("{*}p"))
    return [text for text in texts if text.strip()]


def _paragraph(element: Element, link_targets: Mapping[str, str]) -> str:
    parts: list[str] = []
    for target, runs in groupby(element, lambda run: _link_target(run, link_targets)):
        start = len(parts)
        for run in runs:
            _add_words(run, parts)
        if target:
            parts[start:] = [with_target("".join(parts[start:]), target)]
    return "".join(parts)


def _link_target(run: Element, link_targets: Mapping[str, str]) -> str:
    link = run.find("{*}rPr/{*}hlinkClick") if link_targets else None
    return link_targets.get(attribute(link, "id") or "", "")


def _add_words(run: Element, parts: list[str]) -> None:
    name = local_name(run)
    if name == "br":
        parts.append("\n")
    elif name in {"r", "fld"}:
        text = "".join(item.text or "" for item in run if local_name(item) == "t")
        is_raised = any((item.get("baseline") or "0") > "0" for item in run if local_name(item) == "rPr")
        if is_raised and RAISED_NUMBER.fullmatch(text) and parts and parts[-1][-1:].isdecimal():
            parts.append("^")
        parts.append(text)
    elif name not in {"pPr", "endParaRPr"}:
        parts.extend(item.text or "" for item in run.iter("{*}t"))


def add_table(table: Element, builder: DocumentBuilder) -> None:
    """Adds the rows of a table (§21.1.3.13).

    Raises:
        LimitExceededError: The text is too long.
    """
    number = builder.new_table()
    grid = Grid()
    look = table.find("{*}tblPr")
    is_header = look is not None and look.get("firstRow") in _ON
    for row in table.iterfind("{*}tr"):
        cells = [_cell(cell) for cell in row.iterfind("{*}tc") if cell.get("hMerge") not in _ON]
        builder.add_row(grid.row(cells), number, is_header=is_header)
        is_header = False


def _cell(element: Element) -> Cell:
    return Cell(
        text=" ".join(paragraphs(element)),
        columns=_span(element.get("gridSpan")),
        is_continued=element.get("vMerge") in _ON,
    )


def _span(value: str | None) -> int:
    is_number = value is not None and value.isascii() and value.isdecimal() and len(value) <= MAX_SPAN_DIGITS
    return max(1, min(int(value or 1), MAX_FILLED_COLUMNS)) if is_number else 1


def add_graphic(graphic: Element, package: Package, targets: dict[str, str], builder: DocumentBuilder) -> None:
    """Adds what a frame shows: a table, a chart's title and numbers, or a diagram's words.

    Args:
        graphic: The frame.
        package: The file.
        targets: Paths of related parts by the id of the relationship.
        builder: Where the blocks go.

    Raises:
        CorruptFileError: The part that it shows is damaged.
        LimitExceededError: The text is too long.
    """
    for element in graphic.iter("{*}tbl", "{*}chart", "{*}relIds"):
        name = local_name(element)
        if name == "tbl":
            add_table(element, builder)
            continue
        root = package.part(targets.get(attribute(element, "id" if name == "chart" else "dm") or "", ""))
        if root is not None and name == "chart":
            _add_chart(root, builder)
        elif root is not None:
            for point in root.iter("{*}pt"):
                builder.add(BlockKind.LIST_ITEM, "\n".join(paragraphs(point)))


def _add_chart(root: Element, builder: DocumentBuilder) -> None:
    """A chart's titles, then its numbers as the table that they were drawn from."""
    for title in root.iter("{*}title"):
        builder.add(BlockKind.PARAGRAPH, " ".join(paragraphs(title)))
    columns = [column for series in root.iter("{*}ser") for column in _series(series)]
    names: dict[str, str] = {}
    rows: dict[int, dict[str, str]] = {}
    for key, name, points in columns:
        names.setdefault(key, name)
        for place, text in points:
            rows.setdefault(place, {}).setdefault(key, text)
    if rows:
        number = builder.new_table()
        builder.add_row([names[key] for key in names], number, is_header=True)
        for place in sorted(rows):
            builder.add_row([rows[place].get(key, "") for key in names], number)


def _series(series: Element) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """Columns of a series: a key, its name and its points. The categories, alike in all series, have one key."""
    name = " ".join(text for _, text in _points(series.find("{*}tx")))
    order = attribute(series.find("{*}idx")) or str(id(series))
    for kind, key in (
        ("cat", "cat"),
        ("xVal", f"x{order}"),
        ("val", order),
        ("yVal", order),
        ("bubbleSize", f"b{order}"),
    ):
        if points := _points(series.find(f"{{*}}{kind}")):
            yield key, name if key == order else "", points


def _points(element: Element | None) -> list[tuple[int, str]]:
    """Places and texts of the values that are stored in a chart."""
    found: list[tuple[int, str]] = []
    for point in () if element is None else element.iter("{*}pt"):
        place = point.get("idx") or "0"
        value = point.find("{*}v")
        is_number = place.isascii() and place.isdecimal() and int(place[:9]) < MAX_CHART_POINTS
        if is_number and value is not None:
            found.append((int(place), (value.text or "").strip()))
    if element is not None and not found:
        found = [(0, value.text or "") for value in element.iterfind("{*}v")]
    return found
