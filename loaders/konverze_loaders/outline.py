"""Sections of a document: what stands under which heading, cut into atoms that chunks are packed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from konverze_core.documents import Block, BlockKind, Document, Span
from konverze_loaders.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTSIDE = frozenset({BlockKind.PAGE_HEADER, BlockKind.PAGE_FOOTER, BlockKind.NOTE})
_WHOLE = frozenset({BlockKind.HEADING, BlockKind.TABLE_ROW})


@dataclass(frozen=True, slots=True)
class Atom:
    """A stretch of text that is cut only when it does not fit a chunk by itself.

    Attributes:
        span: Where it stands; no white space at its ends.
        kind: Kind of the block it belongs to.
        starts_block: Whether a block starts here.
    """

    span: Span
    kind: BlockKind
    starts_block: bool


@dataclass(slots=True)
class Section:
    """Text under one heading.

    Attributes:
        path: Headings from the outermost to the section's own.
        atoms: The heading first, then its body.
    """

    path: tuple[str, ...]
    atoms: list[Atom] = field(default_factory=list[Atom])

    @property
    def has_body(self) -> bool:
        """Whether anything stands under the heading."""
        return bool(self.atoms) and self.atoms[-1].kind is not BlockKind.HEADING


def sections(document: Document) -> list[Section]:
    """The document in sections that together hold all its text.

    A heading without a body joins the section that follows. Page headers, footers and notes form sections of their
    own, under no heading.
    """
    found: list[Section] = []
    stack: list[tuple[int, str]] = []
    for block in _all_blocks(document):
        text = document.text[block.span.start : block.span.end]
        if block.kind is BlockKind.HEADING:
            while stack and stack[-1][0] >= block.level:
                stack.pop()
            stack.append((block.level, " ".join(text.split())))
        path = () if block.kind in _OUTSIDE else tuple(title for _, title in stack)
        _open_section(found, block.kind, path)
        found[-1].atoms += _atoms(block, text)
    return [section for section in found if section.atoms]


def _open_section(found: list[Section], kind: BlockKind, path: tuple[str, ...]) -> None:
    last = found[-1] if found else None
    if last is None or (kind is BlockKind.HEADING and last.has_body) or (last.path != path and last.has_body):
        found.append(Section(path))
    else:
        last.path = path


def _all_blocks(document: Document) -> Iterator[Block]:
    """The blocks, and paragraphs for text that no block holds."""
    position = 0
    for block in document.blocks:
        if block.span.start > position:
            yield Block(kind=BlockKind.PARAGRAPH, span=Span(position, block.span.start))
        yield block
        position = max(position, block.span.end)
    if position < len(document.text):
        yield Block(kind=BlockKind.PARAGRAPH, span=Span(position, len(document.text)))


def _atoms(block: Block, text: str) -> Iterator[Atom]:
    whole = block.kind in _WHOLE
    spans = [_trimmed(text)] if whole else split_sentences(text)
    for index, span in enumerate(spans):
        if len(span):
            shifted = Span(span.start + block.span.start, span.end + block.span.start)
            yield Atom(shifted, block.kind, index == 0)


def _trimmed(text: str) -> Span:
    start = len(text) - len(text.lstrip())
    return Span(start, max(start, len(text.rstrip())))
