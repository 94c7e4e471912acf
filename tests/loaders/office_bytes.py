"""PPTX and XLSX files from raw XML, and zips of anything."""

from __future__ import annotations

import io
import zipfile

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of those files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(targets: dict[str, tuple[str, str]]) -> str:
    """Relationships: kind and target by id."""
    items = "".join(f'<Relationship Id="{i}" Type="{RELATIONS}/{k}" Target="{t}"/>' for i, (k, t) in targets.items())
    return f'<Relationships xmlns="{_PACKAGE}">{items}</Relationships>'


def xlsx(
    sheets: dict[str, str],
    *,
    strings: str = "",
    styles: str = "",
    states: dict[str, str] | None = None,
    parts: dict[str, str] | None = None,
) -> bytes:
    """A workbook: what stands inside `worksheet`, by the name of the sheet; more parts by path."""
    names = list(sheets)
    targets = {f"r{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(len(names))}
    targets |= {"s": ("sharedStrings", "sharedStrings.xml"), "t": ("styles", "styles.xml")}
    entries = "".join(
        f'<sheet name="{name}" sheetId="{n + 1}" state="{(states or {}).get(name, "visible")}" r:id="r{n}"/>'
        for n, name in enumerate(names)
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"r": ("officeDocument", "xl/workbook.xml")}),
        "xl/_rels/workbook.xml.rels": relations(targets),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{RELATIONS}"><sheets>{entries}</sheets></workbook>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_SHEET}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{_SHEET}">{styles}</styleSheet>',
    }
    for n, content in enumerate(sheets.values()):
        files[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_SHEET}">{content}</worksheet>'
    return zipped(files | (parts or {}))


def cell(reference: str, value: str | float, style: int = 0) -> str:
    """A cell with a text or number in it."""
    if isinstance(value, str):
        return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{reference}" s="{style}"><v>{value}</v></c>'


def grid(*rows: list[str | float | None], first: int = 1) -> str:
    """Sheet data of those rows; None for cells that are not there."""
    lines = (
        "".join(cell(f"{chr(65 + column)}{number}", value) for column, value in enumerate(row) if value is not None)
        for number, row in enumerate(rows, start=first)
    )
    return "".join(f'<row r="{number}">{line}</row>' for number, line in enumerate(lines, start=first))


def sheet(*rows: list[str | float | None]) -> str:
    """The content of a sheet of those rows."""
    return f"<sheetData>{grid(*rows)}</sheetData>"


def pptx(slides: list[str], *, order: list[int] | None = None, parts: dict[str, str] | None = None) -> bytes:
    """A presentation: what stands in the shape tree of each slide; more parts by path, beside each slide's own."""
    order = order or list(range(len(slides)))
    entries = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in order)
    spaces = f'xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}" xmlns:r="{RELATIONS}"'
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"r": ("officeDocument", "ppt/presentation.xml")}),
        "ppt/_rels/presentation.xml.rels": relations(
            {f"r{n}": ("slide", f"slides/slide{n}.xml") for n in range(len(slides))}
        ),
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>{entries}</p:sldIdLst></p:presentation>",
    }
    for n, content in enumerate(slides):
        files[f"ppt/slides/slide{n}.xml"] = tree("sld", content)
    return zipped(files | (parts or {}))


def tree(root: str, content: str) -> str:
    """A slide, or its notes, with shapes."""
    spaces = f'xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}" xmlns:r="{RELATIONS}"'
    return f"<p:{root} {spaces}><p:cSld><p:spTree>{content}</p:spTree></p:cSld></p:{root}>"


def shape(*paragraphs: str, place: str | None = None) -> str:
    """A shape with text; `place` is the kind of placeholder it fills."""
    holder = "" if place is None else f'<p:ph type="{place}"/>' if place else "<p:ph/>"
    texts = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:txBody>{texts}</p:txBody></p:sp>"


def frame(content: str) -> str:
    """A frame around a table, chart or diagram."""
    return f"<p:graphicFrame><a:graphic><a:graphicData>{content}</a:graphicData></a:graphic></p:graphicFrame>"
