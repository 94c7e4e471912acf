"""Grows a document block by block, so that spans are exact in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from konverze_core.documents import Block, BlockKind, Document, Page, Span, Unread
from konverze_loaders.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from konverze_core.documents import MetadataValue
    from konverze_loaders.reading import Reading

CELL_SEPARATOR = " | "
_CLOSE_KINDS = frozenset({BlockKind.TABLE_ROW, BlockKind.LIST_ITEM})


class DocumentBuilder:
    """Collects normalised blocks and pages.

    Blocks are set apart by a blank line; rows of one table and items of one list by a line end.

    Args:
        reading: Which file it is, and what it may take.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._page_starts: list[int] = []
        self._page_labels: list[str] = []
        self._unread: list[Unread] = []
        self._length = 0
        self._tables = 0

    def add(
        self, kind: BlockKind, text: str, *, level: int = 0, table: int | None = None, is_header: bool = False
    ) -> None:
        """Appends a block; one without visible text is left out.

        Args:
            kind: What it is.
            text: Its text, not yet normalised.
            level: Depth of a heading.
            table: Number of the table, from `new_table`.
            is_header: Whether it is a table's row of column names.

        Raises:
            LimitExceededError: The text grows beyond `max_text_chars`.
        """
        text = normalise(text).strip("\n") if kind is BlockKind.CODE else normalise(text).strip()
        if not text.strip():
            return
        start = self._separate(kind, table)
        self._parts.append(text)
        self._length = start + len(text)
        self._reading.check("max_text_chars", self._length)
        span = Span(start, self._length)
        self._blocks.append(Block(kind=kind, span=span, level=level, table=table, header=is_header))

    def add_row(self, cells: Sequence[str], table: int, *, is_header: bool = False) -> None:
        """Appends a table row as one line.

        Args:
            cells: Texts from left to right; line ends inside become spaces.
            table: Number of the table, from `new_table`.
            is_header: Whether it is the row of column names.

        Raises:
            LimitExceededError: The text grows beyond `max_text_chars`.
        """
        flat = [" ".join(cell.split()) for cell in cells]
        if any(flat):
            self.add(BlockKind.TABLE_ROW, CELL_SEPARATOR.join(flat), table=table, is_header=is_header)

    def new_table(self) -> int:
        """Number for the next table."""
        self._tables += 1
        return self._tables - 1

    def start_page(self, label: str = "") -> None:
        """Opens the next page; what is added from now on stands on it.

        Args:
            label: What the page itself says its number is; empty where that is its place.
        """
        self._page_starts.append(len(self._blocks))
        self._page_labels.append(label)

    def note_unread(self, part: str, reason: str, *, page: int | None = None) -> None:
        """Says that the document lacks the text of a part of the file.

        Args:
            part: Which part: `page 3`, `attachment scan.tiff`.
            reason: Why.
            page: Its number from 1, where it is a page.
        """
        self._unread.append(Unread(part=part, reason=reason, page=page))

    def include(self, document: Document, title: str) -> None:
        """Appends a document that lies inside this one, under a heading of the first level.

        Its headings move one level down, and a first one that only repeats the title is left out; its pages are not
        counted among this one's.

        Args:
            document: What was read of the file inside.
            title: Its name.

        Raises:
            LimitExceededError: The text grows beyond `max_text_chars`.
        """
        self.add(BlockKind.HEADING, title, level=1)
        tables: dict[int, int] = {}
        blocks = document.blocks
        if blocks and blocks[0].kind is BlockKind.HEADING and _words(document, blocks[0]) == title.split():
            blocks = blocks[1:]
        for block in blocks:
            if block.table is not None and block.table not in tables:
                tables[block.table] = self.new_table()
            table = None if block.table is None else tables[block.table]
            level = block.level + 1 if block.kind is BlockKind.HEADING else 0
            text = document.text[block.span.start : block.span.end]
            self.add(block.kind, text, level=level, table=table, is_header=block.header)
        for unread in document.unread:
            self.note_unread(f"{title}: {unread.part}", unread.reason)

    def build(self, metadata: dict[str, MetadataValue]) -> Document:
        """The finished document."""
        return Document(
            text="".join(self._parts),
            blocks=tuple(self._blocks),
            pages=tuple(self._pages()),
            metadata=metadata,
            unread=tuple(self._unread),
        )

    def _separate(self, kind: BlockKind, table: int | None) -> int:
        if not self._blocks:
            return 0
        last = self._blocks[-1]
        close = kind in _CLOSE_KINDS and last.kind is kind and last.table == table
        separator = "\n" if close else "\n\n"
        self._parts.append(separator)
        return self._length + len(separator)

    def _pages(self) -> list[Page]:
        pages: list[Page] = []
        ends = [*self._page_starts[1:], len(self._blocks)]
        position = 0
        for number, (label, first, end) in enumerate(
            zip(self._page_labels, self._page_starts, ends, strict=False), start=1
        ):
            start = self._blocks[first].span.start if first < end else position
            position = self._blocks[end - 1].span.end if first < end else position
            pages.append(Page(number=number, span=Span(start, position), label=label))
        return pages


def _words(document: Document, block: Block) -> list[str]:
    return document.text[block.span.start : block.span.end].split()
