"""Grows a document block by block, so that spans are exact in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from konverze_core.documents import Block, BlockKind, Document, Page, Span
from konverze_loaders.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from konverze_core.documents import MetadataValue
    from konverze_loaders.limits import LoadLimits

CELL_SEPARATOR = " | "
_CLOSE_KINDS = frozenset({BlockKind.TABLE_ROW, BlockKind.LIST_ITEM})


class DocumentBuilder:
    """Collects normalised blocks and pages.

    Blocks are set apart by a blank line; rows of one table and items of one list by a line end.

    Args:
        source: Name of the file, for messages.
        limits: Limits of the load.
    """

    def __init__(self, source: str, limits: LoadLimits) -> None:
        self._source = source
        self._limits = limits
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._page_starts: list[int] = []
        self._length = 0
        self._tables = 0

    def add(self, kind: BlockKind, text: str, *, level: int = 0, table: int | None = None) -> None:
        """Appends a block; one without visible text is left out.

        Args:
            kind: What it is.
            text: Its text, not yet normalised.
            level: Depth of a heading.
            table: Number of the table, from `new_table`.

        Raises:
            LimitExceededError: The text grows beyond `max_text_chars`.
        """
        text = normalise(text).strip("\n") if kind is BlockKind.CODE else normalise(text).strip()
        if not text.strip():
            return
        start = self._separate(kind, table)
        self._parts.append(text)
        self._length = start + len(text)
        self._limits.check("max_text_chars", self._length, self._source)
        self._blocks.append(Block(kind=kind, span=Span(start, self._length), level=level, table=table))

    def add_row(self, cells: Sequence[str], table: int) -> None:
        """Appends a table row as one line.

        Args:
            cells: Texts from left to right; line ends inside become spaces.
            table: Number of the table, from `new_table`.

        Raises:
            LimitExceededError: The text grows beyond `max_text_chars`.
        """
        flat = [" ".join(cell.split()) for cell in cells]
        if any(flat):
            self.add(BlockKind.TABLE_ROW, CELL_SEPARATOR.join(flat), table=table)

    def new_table(self) -> int:
        """Number for the next table."""
        self._tables += 1
        return self._tables - 1

    def start_page(self) -> None:
        """Opens the next page; what is added from now on stands on it."""
        self._page_starts.append(len(self._blocks))

    def build(self, metadata: dict[str, MetadataValue]) -> Document:
        """The finished document."""
        return Document(
            text="".join(self._parts), blocks=tuple(self._blocks), pages=tuple(self._pages()), metadata=metadata
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
        for number, (first, end) in enumerate(zip(self._page_starts, ends, strict=False), start=1):
            start = self._blocks[first].span.start if first < end else position
            position = self._blocks[end - 1].span.end if first < end else position
            pages.append(Page(number=number, span=Span(start, position)))
        return pages
