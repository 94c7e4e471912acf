"""HTML by selectolax (lexbor): what a visitor reads, without scripts, hidden parts and menus."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from konverze_core.documents import BlockKind
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.links import MAX_TARGET_CHARS, is_web_address, with_target
from konverze_loaders.markup.html_nesting import check_nesting
from konverze_loaders.markup.html_tags import BLOCKS, SKIPPED
from konverze_loaders.normalise import RAISED_NUMBER
from konverze_loaders.tabular.grid import Cell, Grid

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.reading import Reading

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Of the page where nothing but the body is around them, else of a section.
_MARGINS = {"header": BlockKind.PAGE_HEADER, "footer": BlockKind.PAGE_FOOTER}
_SECTIONS = frozenset(["article", "aside", "main", "section"])
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
MAX_SPAN_DIGITS = 5
MAX_FRAGMENT_TAGS = 1_000  # a file may hold many fragments
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\x0b"  # stands for <br> until the white space of the source is collapsed


@dataclass(slots=True)
class _Cell:
    columns: int
    rows: int
    is_name: bool
    texts: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Table:
    number: int
    row: list[_Cell] | None = None
    is_head: bool = False
    is_layout: bool = False
    grid: Grid = field(default_factory=Grid)


@dataclass(slots=True)
class _Reader:
    builder: DocumentBuilder
    base: str = ""
    inline: list[str] = field(default_factory=list[str])
    tables: list[_Table] = field(default_factory=list[_Table])
    pre_depth: int = 0
    sections: int = 0
    margins: list[BlockKind | None] = field(default_factory=list[BlockKind | None])
    kinds: list[tuple[BlockKind, int]] = field(default_factory=list[tuple[BlockKind, int]])
    links: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def text(self, value: str) -> None:
        self.inline.append(value if self.pre_depth else _SPACE.sub(" ", value))

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        self._enter_inline(tag, node)
        if tag not in BLOCKS:
            return
        self.flush()
        self.sections += tag in _SECTIONS
        if tag in _MARGINS:
            self.margins.append(None if self.sections else _MARGINS[tag])
        elif tag in _HEADINGS:
            self.kinds.append((BlockKind.HEADING, _HEADINGS[tag]))
        elif tag == "li":
            self.kinds.append((BlockKind.LIST_ITEM, 0))
        elif tag == "pre":
            self.pre_depth += 1
        elif tag == "table":
            self._enter_table()
        elif self.tables and not self.tables[-1].is_layout:
            self._enter_cell(tag, node)

    def leave(self, tag: str) -> None:
        if tag == "a":
            self._leave_link()
        if tag not in BLOCKS:
            return
        self.flush()
        self.sections -= tag in _SECTIONS
        if tag in _MARGINS:
            self.margins.pop()
        elif tag in _HEADINGS or tag == "li":
            self.kinds.pop()
        elif tag == "pre":
            self.pre_depth -= 1
        elif tag == "table":
            self.tables.pop()
        elif tag == "tr" and self.tables:
            self._leave_row()
        elif tag == "thead" and self.tables:
            self.tables[-1].is_head = False

    def flush(self) -> None:
        text = "".join(self.inline)
        self.inline.clear()
        if self.links:  # one around several blocks
            self.links[0] = (self.links[0][0], 0)
        if not self.pre_depth:
            text = "\n".join(" ".join(line.split(" ")).strip() for line in _SPACE.sub(" ", text).split(_BREAK))
        if not text.strip():
            return
        if self.tables and self.tables[-1].row:
            self.tables[-1].row[-1].texts.append(text)
        elif self.pre_depth:
            self.builder.add(BlockKind.CODE, text)
        else:
            kind, level = self.kinds[-1] if self.kinds else (BlockKind.PARAGRAPH, 0)
            margin = next(filter(None, self.margins), None)
            if margin is not None and not level:
                kind = margin
            self.builder.add(kind, " ".join(text.split()) if level else text, level=level)

    def _enter_inline(self, tag: str, node: LexborNode) -> None:
        if tag == "sup" and _is_raised_number(node) and self.inline and self.inline[-1][-1:].isdecimal():
            self.inline.append("^")
        if tag == "br":
            self.inline.append("\n" if self.pre_depth else _BREAK)
        if tag == "a":
            self.links.append((node.attributes.get("href") or "", len(self.inline)))

    def _leave_link(self) -> None:
        href, start = self.links.pop()
        if self.links:
            return  # the outermost link is told: of links in links, each would be read once more
        is_title = bool(self.kinds and self.kinds[-1][1])
        if not (is_title or self._names_cells() or self.pre_depth or any(self.margins)):
            self.inline[start:] = [with_target("".join(self.inline[start:]), href, base=self.base)]

    def _names_cells(self) -> bool:
        table = self.tables[-1] if self.tables else None
        return table is not None and (table.is_head or bool(table.row and table.row[-1].is_name))

    def _enter_table(self) -> None:
        if self.tables:
            self._spill(self.tables[-1])
            self.tables[-1].is_layout = True
        self.tables.append(_Table(self.builder.new_table()))

    def _enter_cell(self, tag: str, node: LexborNode) -> None:
        table = self.tables[-1]
        if tag == "thead":
            table.is_head = True
        elif tag == "tr":
            table.row = []
        elif tag in {"td", "th"} and table.row is not None:
            table.row.append(_Cell(_span(node, "colspan"), _span(node, "rowspan"), is_name=tag == "th"))

    def _leave_row(self) -> None:
        table = self.tables[-1]
        filled = [cell for cell in table.row or () if cell.texts]
        if len(filled) == 1 and len(filled[0].texts) > 1:
            self._spill(table)
        elif table.row:
            cells = [Cell(text=" ".join(cell.texts), columns=cell.columns, rows=cell.rows) for cell in table.row]
            names_columns = table.is_head or (len(cells) > 1 and all(cell.is_name for cell in table.row))
            self.builder.add_row(table.grid.row(cells), table.number, is_header=names_columns)
        table.row = None

    def _spill(self, table: _Table) -> None:
        """A table that only places things on the page is no table: its cells are paragraphs."""
        for cell in table.row or ():
            for text in cell.texts:
                self.builder.add(BlockKind.PARAGRAPH, text)
        table.row = None


def load_html(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of HTML.

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: The text is too long, or its elements are too deep inside each other.
    """
    text = text.replace("\0", "")
    check_nesting(text, reading.source)
    tree = LexborHTMLParser(text)
    builder = DocumentBuilder(reading)
    if tree.root is not None:
        _walk(tree.root, _Reader(builder, base=_base(tree)))
    return builder.build({"format": "html", "encoding": encoding} | _facts(tree))


def visible_text(markup: str, reading: Reading) -> str:
    """The words of a fragment of HTML, each block on a line of its own.

    Raises:
        LimitExceededError: The text is too long.
    """
    check_nesting(markup, reading.source, max_open=MAX_FRAGMENT_TAGS)
    builder = DocumentBuilder(reading)
    root = LexborHTMLParser(markup).root
    if root is not None:
        _walk(root, _Reader(builder))
    return builder.build({}).text


def link_address(tag: str) -> str:
    """The address of a start tag `<a href="…">`; empty for any other."""
    link = LexborHTMLParser(tag).css_first("a[href]")
    return "" if link is None else link.attributes.get("href") or ""


def _walk(root: LexborNode, reader: _Reader) -> None:
    """Visits the tree without recursion: nesting depth is the author's choice, not ours."""
    open_nodes: list[tuple[str, LexborNode | None]] = []
    node: LexborNode | None = root
    while node is not None or open_nodes:
        if node is None:
            tag, node = open_nodes.pop()
            reader.leave(tag)
        elif node.is_text_node:
            reader.text(node.text_content or "")
            node = node.next
        elif not node.is_element_node or _is_hidden(node):
            node = node.next
        else:
            tag = node.tag or ""
            reader.enter(node)
            open_nodes.append((tag, node.next if node is not root else None))
            node = node.first_child
    reader.flush()


def _is_raised_number(node: LexborNode) -> bool:
    """Whether the element is an exponent or a note's number: after a digit, it must not make a number of it."""
    only = node.first_child
    if only is None or not only.is_text_node or only.next is not None:
        return False
    return RAISED_NUMBER.fullmatch((only.text_content or "").strip()) is not None


def _span(node: LexborNode, name: str) -> int:
    value = (node.attributes.get(name) or "").strip()
    is_number = value.isascii() and value.isdecimal() and len(value) <= MAX_SPAN_DIGITS
    return max(1, int(value)) if is_number else 1


def _is_hidden(node: LexborNode) -> bool:
    if node.tag in SKIPPED:
        return True
    attributes = node.attributes
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") == "navigation"
        or bool(_HIDDEN_STYLE.search(attributes.get("style") or ""))
    )


def _base(tree: LexborHTMLParser) -> str:
    """The page's own address, where it tells it."""
    for selector in ("base[href]", 'link[rel="canonical"][href]'):
        node = tree.css_first(selector)
        href = "" if node is None else (node.attributes.get("href") or "").strip()
        if len(href) <= MAX_TARGET_CHARS and is_web_address(href):
            return href
    return ""


def _facts(tree: LexborHTMLParser) -> dict[str, MetadataValue]:
    facts: dict[str, MetadataValue] = {}
    title = tree.css_first("title")
    if title is not None and (words := " ".join(title.text().split())):
        facts["title"] = words
    author = tree.css_first('meta[name="author"]')
    if author is not None and (name := (author.attributes.get("content") or "").strip()):
        facts["author"] = name
    return facts
