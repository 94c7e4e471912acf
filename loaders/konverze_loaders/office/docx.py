"""DOCX (ECMA-376 and ISO/IEC 29500 strict): parts by python-docx's parser, the body in document order, then notes.

Its `Document` is not used: it refuses the strict dialect, templates and files with a dangling relationship, and sees
neither text boxes, content controls nor notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docx.oxml.parser import oxml_parser

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.package import Package, attribute, distinct
from konverze_loaders.office.docx_body import Surroundings, pieces
from konverze_loaders.office.docx_styles import Styles, child, element_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_core.documents import Document
    from konverze_loaders.office.docx_styles import Element
    from konverze_loaders.reading import Reading

DEFAULT_MAIN_PART = "word/document.xml"
_NOTES = {"footnotes": "w:footnote", "endnotes": "w:endnote", "comments": "w:comment"}


def load_docx(data: bytes, reading: Reading) -> Document:
    """Makes a document of a DOCX, DOCM or DOTX file.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: The zip or its XML is damaged.
        LimitExceededError: It unpacks to too much, or is nested too deeply.
    """
    package = Package(data, reading, parser=oxml_parser)
    main = next(iter(package.related("", "officeDocument")), DEFAULT_MAIN_PART)
    root = package.part(main)
    body = child(root, "w:body")
    if body is None:
        raise CorruptFileError(reading.source, "a DOCX file without a document body")
    builder = DocumentBuilder(reading)
    reader = _Reader(package, main, builder)
    reader.add_margins("header", BlockKind.PAGE_HEADER)
    reader.add_body(body)
    reader.add_notes()
    reader.add_margins("footer", BlockKind.PAGE_FOOTER)
    return builder.build({"format": "docx", **package.facts()})


class _Reader:
    """Feeds the parts of a package to a builder."""

    def __init__(self, package: Package, main: str, builder: DocumentBuilder) -> None:
        self._package = package
        self._builder = builder
        self._relations = package.relations(main)
        self._margins = Surroundings(Styles(next(self._parts("styles"), None)))
        self._body = Surroundings(self._margins.styles, package.link_targets(main))

    def add_body(self, body: Element) -> None:
        tables: dict[Element, int] = {}
        for piece in pieces(body, self._body):
            if piece.table is None:
                self._builder.add(piece.kind, piece.text, level=piece.level)
            else:
                if piece.table not in tables:
                    tables[piece.table] = self._builder.new_table()
                self._builder.add_row(piece.cells, tables[piece.table], is_header=piece.is_header)

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
        return "\n".join(piece.plain for piece in pieces(container, self._margins) if piece.plain)

    def _parts(self, kind: str) -> Iterator[Element]:
        for path in distinct(self._relations, kind):
            if (root := self._package.part(path)) is not None:
                yield root
