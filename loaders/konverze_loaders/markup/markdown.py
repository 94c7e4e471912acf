"""Markdown by markdown-it-py: the words a reader sees, with headings, lists, tables and code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.rules_block import reference
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from konverze_core.documents import BlockKind
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.links import with_target
from konverze_loaders.markup.html import link_address, visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore

    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.reading import Reading

MAX_BRACKETS = 100_000
MAX_INLINE_DEPTH = 20
# What may begin something where links are not looked for: brackets are text like all other.
_SPECIAL_WITHOUT_LINKS = re.compile(r"[\n\\`~*_<&]")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FRONT_FACT = re.compile(r"^(title|author)[^\S\n]*+:[^\S\n]*+(\S.*)$", re.MULTILINE)
_FRONT_KEY = re.compile(r"[\w.-]+[^\S\n]*+:(?:\s|\Z)")
_FRONT_REST = re.compile(r"\s|#|- |-$|[\]})]|\Z")
_NOTE = re.compile(r"^(?=\[\^[^\]\s]+\]:)", re.MULTILINE)
_BEFORE_ROW = re.compile(r"[\s>]*+(?:(?:[-*+]|\d{1,9}[.)])\s++)*+[\s>]*+")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK_TAG = re.compile(r"<a\s", re.IGNORECASE)
_LINK_END = re.compile(r"</a\s*>", re.IGNORECASE)


def load_markdown(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of Markdown (CommonMark with tables and strikethrough).

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: The text is too long or too deeply nested.
    """
    metadata: dict[str, MetadataValue] = {"format": "markdown", "encoding": encoding}
    front = _FRONT_MATTER.match(text)
    if front and _is_front_matter(front[1]):
        metadata |= {fact[1]: fact[2].strip().strip("\"'") for fact in _FRONT_FACT.finditer(front[1])}
        text = text[front.end() :]
    tokens = _parser(text, reading.limits.max_depth).parse(text)
    # markdown-it drops what is nested deeper than its limit; losing text silently is not an option.
    reading.check("max_depth", max((token.level + 1 for token in tokens), default=0))
    builder = DocumentBuilder(reading)
    _add_blocks(tokens, builder, reading)
    return builder.build(metadata | _first_title(tokens, metadata))


def _parser(text: str, max_depth: int) -> MarkdownIt:
    rules = ["table", "strikethrough"]
    inline = MarkdownIt("commonmark", {"maxNesting": MAX_INLINE_DEPTH}).enable(rules)
    if text.count("[") > MAX_BRACKETS:
        inline.disable(["link", "image"])
        inline.inline.terminator_re = _SPECIAL_WITHOUT_LINKS

    def parse_inline(state: StateCore) -> None:
        # Time grows with brackets times depth, and words inside each other are never as deep as lists may be.
        state.tokens = list(_with_all_cells(state.tokens, state.src.split("\n")))
        for token in state.tokens:
            if token.type == "inline":
                token.children = []
                inline.inline.parse(token.content, inline, state.env, token.children)

    parser = MarkdownIt("commonmark", {"maxNesting": max_depth + 1}).enable(rules)
    parser.core.ruler.at("inline", parse_inline)
    # A footnote is no link target, whose words nobody would see.
    parser.block.ruler.at("reference", _reference, {"alt": []})
    return parser


def _with_all_cells(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Token]:
    """The tokens, and cells of rows that are wider than their header: markdown-it drops them."""
    cells, row = 0, ""
    for token in tokens:
        if token.type == "tr_open":
            cells = 0
            row = _BEFORE_ROW.sub("", lines[token.map[0]], count=1).rstrip() if token.map else ""
        elif token.type == "td_open":
            cells += 1
        elif token.type == "tr_close" and cells:
            columns = [column.strip() for column in escapedSplit(row)]
            first = 1 if columns[0] == "" else 0
            end = len(columns) - (columns[-1] == "")
            for column in columns[first + cells : end]:
                yield Token("td_open", "td", 1)
                yield Token("inline", "", 0, content=column, level=token.level)
                yield Token("td_close", "td", -1)
        yield token


def _reference(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    begin = state.bMarks[start_line] + state.tShift[start_line]
    return not state.src.startswith("[^", begin) and reference(state, start_line, end_line, silent)


def _is_front_matter(text: str) -> bool:
    """Whether it reads as YAML: a key first, and only keys, list items, comments and indented lines."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return bool(_FRONT_KEY.match(first)) and all(_FRONT_KEY.match(line) or _FRONT_REST.match(line) for line in lines)


def _add_blocks(tokens: Sequence[Token], builder: DocumentBuilder, reading: Reading) -> None:
    list_marks: list[str] = []
    rows = iter(_rows(tokens))
    table, is_header = 0, False
    for position, token in enumerate(tokens):
        match token.type:
            case "list_item_open":
                list_marks.append(f"{token.info}{token.markup} " if token.info else "")
            case "list_item_close":
                list_marks.pop()
            case "table_open":
                table = builder.new_table()
            case "thead_open" | "thead_close":
                is_header = token.type == "thead_open"
            case "tr_close":
                builder.add_row(next(rows), table, is_header=is_header)
            case "fence" | "code_block":
                builder.add(BlockKind.CODE, token.content)
            case "html_block":
                builder.add(BlockKind.PARAGRAPH, visible_text(token.content, reading))
            case "inline":
                _add_inline(tokens[position - 1], token, builder, list_marks)
            case _:
                pass


def _add_inline(opening: Token, token: Token, builder: DocumentBuilder, list_marks: list[str]) -> None:
    text = inline_text(token, tells_links=opening.type != "heading_open")
    if opening.type == "heading_open":
        builder.add(BlockKind.HEADING, " ".join(text.split()), level=int(opening.tag[1:]))
    elif opening.type == "paragraph_open":
        mark = ""
        if list_marks:
            mark, list_marks[-1] = list_marks[-1], ""
        words, *notes = _NOTE.split(text)
        builder.add(BlockKind.LIST_ITEM if list_marks else BlockKind.PARAGRAPH, mark + words)
        for note in notes:
            builder.add(BlockKind.NOTE, note)


def _rows(tokens: Sequence[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    for position, token in enumerate(tokens):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and (cell := tokens[position - 1].type) in {"th_open", "td_open"}:
            row.append(inline_text(token, tells_links=cell == "td_open"))
        elif token.type == "tr_close":
            yield row


def inline_text(token: Token, *, tells_links: bool = True) -> str:
    """The words of an inline token without marks, images by their description.

    Args:
        token: With its children.
        tells_links: Whether the addresses of links to elsewhere stand after their words.
    """
    parts: list[str] = []
    href, start = "", 0
    for child in token.children or ():
        tag = child.content if child.type == "html_inline" else ""
        if child.type == "link_open" or _LINK_TAG.match(tag):
            if not href:  # of links in links, the outermost is told
                href, start = str(child.attrs.get("href", "")) or link_address(tag), len(parts)
        elif child.type == "link_close" or _LINK_END.match(tag):
            if href and tells_links:
                parts[start:] = [with_target("".join(parts[start:]), href)]
            href = ""
        elif child.type in {"softbreak", "hardbreak"} or _BREAK_TAG.fullmatch(tag):
            parts.append("\n")
        elif not tag:
            parts.append(child.content)
    return "".join(parts)


def _first_title(tokens: Sequence[Token], metadata: dict[str, MetadataValue]) -> dict[str, MetadataValue]:
    if "title" in metadata or not tokens or tokens[0].type != "heading_open" or tokens[0].tag != "h1":
        return {}
    return {"title": " ".join(inline_text(tokens[1], tells_links=False).split())}
