"""Markdown by markdown-it-py: the words a reader sees, with headings, lists, tables and code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from konverze_core.documents import BlockKind
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.html import visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.limits import LoadLimits

MAX_BRACKETS = 5_000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FRONT_FACT = re.compile(r"^(title|author)\s*:\s*(\S.*)$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


def load_markdown(text: str, source: str, limits: LoadLimits, *, encoding: str) -> Document:
    """Makes a document of Markdown (CommonMark with tables and strikethrough).

    Args:
        text: The decoded file.
        source: Name of the file.
        limits: Limits of the load.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: The text is too long or too deeply nested.
    """
    metadata: dict[str, MetadataValue] = {"format": "markdown", "encoding": encoding}
    if front := _FRONT_MATTER.match(text):
        metadata |= {fact[1]: fact[2].strip().strip("\"'") for fact in _FRONT_FACT.finditer(front[1])}
        text = text[front.end() :]
    parser = MarkdownIt("commonmark", {"maxNesting": limits.max_depth + 1}).enable(["table", "strikethrough"])
    if any(block.count("[") > MAX_BRACKETS for block in _BLANK_LINE.split(text)):
        # The parser looks for the partner of each bracket: 100,000 of them take 14 s.
        parser.disable(["link", "image"])
    tokens = parser.parse(text)
    # markdown-it drops what is nested deeper than its limit; losing text silently is not an option.
    limits.check("max_depth", max((token.level + 1 for token in tokens), default=0), source)
    builder = DocumentBuilder(source, limits)
    _add_blocks(tokens, builder, source, limits)
    return builder.build(metadata | _first_title(tokens, metadata))


def _add_blocks(tokens: Sequence[Token], builder: DocumentBuilder, source: str, limits: LoadLimits) -> None:
    list_marks: list[str] = []
    rows = iter(_rows(tokens))
    table = 0
    for position, token in enumerate(tokens):
        match token.type:
            case "list_item_open":
                list_marks.append(f"{token.info}{token.markup} " if token.info else "")
            case "list_item_close":
                list_marks.pop()
            case "table_open":
                table = builder.new_table()
            case "tr_close":
                builder.add_row(next(rows), table)
            case "fence" | "code_block":
                builder.add(BlockKind.CODE, token.content)
            case "html_block":
                builder.add(BlockKind.PARAGRAPH, visible_text(token.content, source, limits))
            case "inline":
                _add_inline(tokens[position - 1], token, builder, list_marks)
            case _:
                pass


def _add_inline(opening: Token, token: Token, builder: DocumentBuilder, list_marks: list[str]) -> None:
    text = inline_text(token)
    if opening.type == "heading_open":
        builder.add(BlockKind.HEADING, " ".join(text.split()), level=int(opening.tag[1:]))
    elif opening.type == "paragraph_open":
        mark = ""
        if list_marks:
            mark, list_marks[-1] = list_marks[-1], ""
        builder.add(BlockKind.LIST_ITEM if list_marks else BlockKind.PARAGRAPH, mark + text)


def _rows(tokens: Sequence[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    for position, token in enumerate(tokens):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and tokens[position - 1].type in {"th_open", "td_open"}:
            row.append(inline_text(token))
        elif token.type == "tr_close":
            yield row


def inline_text(token: Token) -> str:
    """The words of an inline token: no marks, no link targets, images by their description."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"} or (
            child.type == "html_inline" and _BREAK_TAG.fullmatch(child.content)
        ):
            parts.append("\n")
        elif child.type != "html_inline":
            parts.append(child.content)
    return "".join(parts)


def _first_title(tokens: Sequence[Token], metadata: dict[str, MetadataValue]) -> dict[str, MetadataValue]:
    if "title" in metadata or not tokens or tokens[0].type != "heading_open" or tokens[0].tag != "h1":
        return {}
    return {"title": " ".join(inline_text(tokens[1]).split())}
