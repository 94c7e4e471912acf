"""Sections of a document: the blocks that stand under one heading, as ranges of its text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from konverze_core.documents import Block, BlockKind, Document, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTSIDE = frozenset({BlockKind.PAGE_HEADER, BlockKind.PAGE_FOOTER, BlockKind.NOTE})


class Section:
    """Neighbouring blocks that may share a chunk.

    Args:
        path: Headings above them, from the outermost to their own.
        blocks: At least one; none is blank.
        end: Where its text ends; by default with the last block.

    Attributes:
        path: Headings above them.
        blocks: The blocks in order.
        starts: Where each block starts.
        end: Where its text ends.
    """

    __slots__ = ("blocks", "end", "path", "starts")

    def __init__(self, path: tuple[str, ...], blocks: list[Block], end: int = 0) -> None:
        self.path = path
        self.blocks = blocks
        self.starts = [block.span.start for block in blocks]
        self.end = max(end, blocks[-1].span.end)

    @property
    def start(self) -> int:
        """Where its text starts."""
        return self.starts[0]

    @property
    def has_body(self) -> bool:
        """Whether anything stands under its heading."""
        return self.blocks[-1].kind is not BlockKind.HEADING

    def add(self, block: Block) -> None:
        """Appends a block."""
        self.blocks.append(block)
        self.starts.append(block.span.start)
        self.end = block.span.end

    def block_at(self, position: int) -> int:
        """Which of the blocks holds the position, or ends last before it."""
        return bisect_right(self.starts, position) - 1

    def part(self, start: int, end: int) -> Section:
        """The section between two places, of which the first is not blank."""
        inside = self.blocks[self.block_at(start) : self.block_at(end - 1) + 1]
        return Section(self.path, [_clipped(block, start, end) for block in inside], end)


def sections(document: Document) -> list[Section]:
    """The document in sections that together hold all its text.

    A heading without a body joins the section that follows. Page headers, footers and notes form sections of their
    own, under no heading.
    """
    found: list[Section] = []
    stack: list[tuple[int, str]] = []
    for block in _all_blocks(document):
        if block.kind is BlockKind.HEADING:
            while stack and stack[-1][0] >= block.level:
                stack.pop()
            stack.append((block.level, " ".join(document.text[block.span.start : block.span.end].split())))
        path = () if block.kind in _OUTSIDE else tuple(title for _, title in stack)
        last = found[-1] if found else None
        if last is None or (last.has_body and (block.kind is BlockKind.HEADING or last.path != path)):
            found.append(Section(path, [block]))
        else:
            last.path = path
            last.add(block)
    return found


def _all_blocks(document: Document) -> Iterator[Block]:
    """What is not blank of the blocks, and paragraphs for text that no block holds; no white space at their ends."""
    position = 0
    for block in (*document.blocks, Block(kind=BlockKind.PARAGRAPH, span=Span(len(document.text), len(document.text)))):
        start = max(position, block.span.start)
        if start > position and (loose := trimmed(document.text, position, start)):
            yield Block(kind=BlockKind.PARAGRAPH, span=loose)
        position = max(position, block.span.end)
        if span := trimmed(document.text, start, position):
            yield block if span == block.span else replace(block, span=span)


def trimmed(text: str, start: int, end: int) -> Span | None:
    """A stretch of text without the white space at its ends; None where there is nothing else."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return Span(start, end)
    piece = text[start:end]
    first = len(piece) - len(piece.lstrip())
    return Span(start + first, start + len(piece.rstrip())) if first < len(piece) else None


def _clipped(block: Block, start: int, end: int) -> Block:
    if start <= block.span.start and block.span.end <= end:
        return block
    return replace(block, span=Span(max(start, block.span.start), min(end, block.span.end)))
