"""Puts in the place of small chunks, which are searched, the larger text that is answered from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import structs

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit

ParentChunks: TypeAlias = Callable[[Chunk], Sequence[Chunk]]


@dataclass(slots=True)
class _Widened:
    """A hit, and the chunks that are answered from in its place, by where they start; none for the hit itself."""

    hit: Hit
    parts: dict[int, Chunk]

    def shares_text(self, other: _Widened) -> bool:
        """Whether both are answered from the same chunk, among others."""
        is_same = self.hit.chunk.document_id == other.hit.chunk.document_id
        return is_same and not self.parts.keys().isdisjoint(other.parts)


def widened(hits: Sequence[Hit], parent_chunks: ParentChunks) -> tuple[Hit, ...]:
    """The hits with the text of their parents for their own; those that share text become one, at the best rank.

    A parent is the stored chunks in it, end to end: its text is as verbatim as theirs. Where chunks are missing, or may
    not be read, it ends there.

    Args:
        hits: Best first.
        parent_chunks: The chunks that lie in a chunk's parent.
    """
    found: list[_Widened] = []
    for hit in hits:
        wide = _Widened(hit, _run(hit.chunk, parent_chunks) if hit.chunk.parent else {})
        met = [other for other in found if other.shares_text(wide)]
        first = met[0] if met else wide
        for other in (*met[1:], wide):
            first.parts |= other.parts
        found = [other for other in found if other is first or other not in met]
        if not met:
            found.append(wide)
    return tuple(_joined(wide) for wide in found)


def _run(chunk: Chunk, parent_chunks: ParentChunks) -> dict[int, Chunk]:
    """The chunk with those of its parent that lead up to it and follow it without a gap, by where they start."""
    places = [(part.span, part) for part in (*parent_chunks(chunk), chunk) if part.span and len(part.span)]
    by_start = {span.start: part for span, part in places if len(span) == len(part.text)}
    starts = {span.end: span.start for span, part in places if by_start.get(span.start) is part}
    place = chunk.span.start if chunk.span else -1
    if place not in by_start:
        return {}
    while place in starts:
        place = starts[place]
    run: dict[int, Chunk] = {}
    while (part := by_start.get(place)) is not None:
        run[place] = part
        place += len(part.text)
    return run


def _joined(wide: _Widened) -> Hit:
    """The hit, answered from the chunks end to end; they keep their place, and the hit what is known of it."""
    if not wide.parts:
        return wide.hit
    start, first = min(wide.parts.items())
    text = "".join(part.text for _, part in sorted(wide.parts.items())).rstrip()
    chunk = structs.replace(
        wide.hit.chunk,
        ordinal=first.ordinal,
        text=text,
        page=first.page,
        span=Span(start, start + len(text)),
        parent=None,
    )
    return structs.replace(wide.hit, chunk=chunk)
