"""What the cells of an XLSX refer to: shared strings, number formats, and its sheets (ECMA-376 part 1, §18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from konverze_core.errors import CorruptFileError
from konverze_loaders.containers.package import attribute, local_name
from konverze_loaders.office.number_formats import BUILT_IN

if TYPE_CHECKING:
    from konverze_loaders.containers.package import Element, Package

DEFAULT_MAIN_PART = "xl/workbook.xml"
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_FORMAT_CHARS = 255  # what spreadsheets allow
_ON = frozenset(["1", "true"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet as the workbook lists it.

    Attributes:
        name: Its name.
        path: Its part; empty where the file lacks it.
        is_hidden: Whether a reader does not see it.
    """

    name: str
    path: str
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a cell's style says.

    Attributes:
        code: Format of its number; empty for none.
        is_bold: Whether it is set in bold.
    """

    code: str = ""
    is_bold: bool = False


class Book:
    """The parts of a workbook that all its sheets share.

    Args:
        package: The file.

    Raises:
        CorruptFileError: There is no workbook in it.
        LimitExceededError: More shared strings than `max_cells`.
    """

    def __init__(self, package: Package) -> None:
        main = next(iter(package.related("", "officeDocument")), DEFAULT_MAIN_PART)
        root = package.part(main)
        if root is None:
            raise CorruptFileError(package.reading.source, "an XLSX file without a workbook")
        relations = package.relations(main)
        paths = {relation.identifier: relation.path for relation in relations}
        of_kind = {relation.kind: relation.path for relation in relations}
        self.sheets = [_sheet(element, paths) for element in root.iterfind("{*}sheets/{*}sheet")]
        self.is_1904 = attribute(root.find("{*}workbookPr"), "date1904") in _ON
        self.strings = _strings(package, of_kind.get("sharedStrings", ""))
        self.styles = _styles(package.part(of_kind.get("styles", "")))


def _sheet(element: Element, paths: dict[str, str]) -> Sheet:
    identifier = next((str(value) for key, value in element.items() if key.endswith("}id")), "")
    return Sheet(
        name=element.get("name", ""),
        path=paths.get(identifier, ""),
        is_hidden=element.get("state", "visible") != "visible",
    )


def _strings(package: Package, path: str) -> list[str]:
    strings: list[str] = []
    for element in package.elements(path, "si"):
        strings.append(rich_text(element))
        package.reading.check("max_cells", len(strings))
    return strings


def rich_text(element: Element) -> str:
    """The words of a string that may change its look within; how it is pronounced is left out."""
    runs = (run for run in element if local_name(run) in {"t", "r"})
    text = "".join(item.text or "" for run in runs for item in run.iter("{*}t"))
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _styles(root: Element | None) -> list[Style]:
    if root is None:
        return []
    codes = dict(BUILT_IN)
    for element in root.iterfind("{*}numFmts/{*}numFmt"):
        if (number := _number(element.get("numFmtId"))) is not None:
            codes[number] = element.get("formatCode", "")[:MAX_FORMAT_CHARS]
    bold = [_is_bold(font) for font in root.iterfind("{*}fonts/{*}font")]
    styles: list[Style] = []
    for element in root.iterfind("{*}cellXfs/{*}xf"):
        font = _number(element.get("fontId"))
        code = codes.get(_number(element.get("numFmtId")) or 0, "")
        styles.append(
            Style(code="" if code == "General" else code, is_bold=font is not None and font < len(bold) and bold[font])
        )
    return styles


def _is_bold(font: Element) -> bool:
    mark = font.find("{*}b")
    return mark is not None and attribute(mark) in {None, *_ON}


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdecimal() and len(value) < MAX_FORMAT_CHARS else None
