"""What is searched above a chunk: the document's title, the headings, and the names of a table's columns."""

from __future__ import annotations

from konverze_core.documents import Block, BlockKind, Document, Span
from konverze_loaders.chunkers.chunking import HEADING_SEPARATOR, CountTokens
from konverze_loaders.chunkers.outline import Section

CONTEXT_SHARE = 4
"""A context takes at most the budget divided by this; of a longer one, the outermost parts are left out."""


class Contexts:
    """The contexts of one document's chunks.

    Args:
        document: What is cut.
        count_tokens: Tokens of each text.
        max_tokens: Budget of a chunk.
    """

    def __init__(self, document: Document, count_tokens: CountTokens, max_tokens: int) -> None:
        title = document.metadata.get("title")
        self._title = " ".join(title.split()) if isinstance(title, str) else ""
        self._text = document.text
        self._headers = _headers(document)
        self._count_tokens = count_tokens
        self._most_tokens = max_tokens // CONTEXT_SHARE
        self._known: dict[tuple[tuple[str, ...], str], str] = {}

    def above(self, section: Section, position: int) -> str:
        """The context of a chunk that starts here: `Title › Heading`, and on a line of its own a table's header."""
        block = section.blocks[section.block_at(position)]
        key = section.path, self._header(block) if block.kind is BlockKind.TABLE_ROW else ""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._fitting(*key)
        return known

    def _header(self, block: Block) -> str:
        """Names of the columns above a row; empty for the header itself."""
        span = None if block.header or block.table is None else self._headers.get(block.table)
        return " ".join(self._text[span.start : span.end].split()) if span else ""

    def _fitting(self, path: tuple[str, ...], header: str) -> str:
        parts = [self._title, *path] if self._title and self._title not in path else list(path)
        context = _joined(parts, header)
        # A token has seldom less than a character: short ones are not worth the count.
        while len(context) > self._most_tokens and self._count_tokens([context])[0] > self._most_tokens:
            if parts:
                del parts[0]
            else:
                header = ""
            context = _joined(parts, header)
        return context


def _joined(parts: list[str], header: str) -> str:
    return "\n".join(line for line in (HEADING_SEPARATOR.join(parts), header) if line)


def _headers(document: Document) -> dict[int, Span]:
    """By table, where its header rows stand."""
    found: dict[int, Span] = {}
    for block in document.blocks:
        if block.header and block.table is not None:
            first = found.get(block.table, block.span)
            found[block.table] = Span(first.start, block.span.end)
    return found
