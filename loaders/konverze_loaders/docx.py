"""DOCX (ECMA-376 and ISO/IEC 29500 strict), read from its XML: the body in document order, then notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.docx_body import pieces
from konverze_loaders.docx_package import Package
from konverze_loaders.docx_styles import Styles, attribute, child, element_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.docx_styles import Element
    from konverze_loaders.limits import LoadLimits

DEFAULT_MAIN_PART = "word/document.xml"
_NOTES = {"footnotes": "w:footnote", "endnotes": "w:endnote", "comments": "w:comment"}


def load_docx(data: bytes, source: str, limits: LoadLimits) -> Document:
    """Makes a document of a DOCX, DOCM or DOTX file.

    Args:
        data: The whole file.
        source: Name of the file.
        limits: Limits of the load.

    Raises:
        CorruptFileError: The zip or its XML is damaged.
        LimitExceededError: It unpacks to too much, or is nested too deeply.
    """
    package = Package(data, source, limits)
    main = next((path for kind, path in package.related("") if kind == "officeDocument"), DEFAULT_MAIN_PART)
    root = package.part(main)
    body = child(root, "w:body")
    if body is None:
        raise CorruptFileError(source, "a DOCX file without a document body")
    builder = DocumentBuilder(source, limits)
    reader = _Reader(package, main, builder)
    reader.add_margins("header", BlockKind.PAGE_HEADER)
    reader.add_body(body)
    reader.add_notes()
    reader.add_margins("footer", BlockKind.PAGE_FOOTER)
    return builder.build({"format": "docx", **_facts(package)})


class _Reader:
    """Feeds the parts of a package to a builder."""

    def __init__(self, package: Package, main: str, builder: DocumentBuilder) -> None:
        self._package = package
        self._builder = builder
        self._related = package.related(main)
        self._styles = Styles(next(self._parts("styles"), None))

    def add_body(self, body: Element) -> None:
        tables: dict[Element, int] = {}
        for piece in pieces(body, self._styles):
            if piece.table is None:
                self._builder.add(piece.kind, piece.text, level=piece.level)
            else:
                if piece.table not in tables:
                    tables[piece.table] = self._builder.new_table()
                self._builder.add_row(piece.cells, tables[piece.table])

    def add_margins(self, kind: str, block_kind: BlockKind) -> None:
        """Headers or footers; sections repeat them, readers need them once."""
        seen: set[str] = set()
        for root in self._parts(kind):
            text = self._flat(root)
            if text not in seen:
                self._builder.add(block_kind, text)
            seen.add(text)

    def add_notes(self) -> None:
        """Footnotes, endnotes and comments, one block each; separators are drawings, not notes."""
        for kind, name in _NOTES.items():
            for root in self._parts(kind):
                for note in root:
                    if element_name(note) == name and attribute(note, "type") in {None, "normal"}:
                        self._builder.add(BlockKind.NOTE, self._flat(note))

    def _flat(self, container: Element) -> str:
        return "\n".join(piece.plain for piece in pieces(container, self._styles) if piece.plain)

    def _parts(self, kind: str) -> Iterator[Element]:
        for found, path in self._related:
            if found == kind and (root := self._package.part(path)) is not None:
                yield root


def _facts(package: Package) -> dict[str, MetadataValue]:
    path = next((path for kind, path in package.related("") if kind == "core-properties"), "docProps/core.xml")
    root = package.part(path)
    wanted = {"title": "title", "creator": "author"}
    facts: dict[str, MetadataValue] = {}
    for element in () if root is None else root:
        key = wanted.get(element_name(element).rpartition(":")[2])
        if key and (value := " ".join((element.text or "").split())):
            facts[key] = value
    return facts
