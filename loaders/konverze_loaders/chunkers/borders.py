"""Where a window of text may end: after a block, else after a sentence, else after a word."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from typing import NamedTuple

from konverze_core.documents import BlockKind
from konverze_loaders.chunkers.outline import Section
from konverze_loaders.chunkers.sentences import last_sentence_border, sentence_borders

SENTENCE_KINDS = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM})
"""Blocks whose sentences can be repeated by the next window."""

FULL_SHARE = 2
"""A window ends after a block where that leaves it at least the room divided by this."""

LOOK_BACK_CHARS = 300
"""Most often a sentence ends this near to the place where the room ends."""

LOOK_AHEAD_CHARS = 2_000
"""A sentence that goes on for longer is taken to go on to the end of its block."""

STOP_CHARS = 8
"""A stop with its quotes and the white space behind it is seldom longer."""

_CELL_BORDER = " | "
_NOT_BLANK = re.compile(r"\S")


class Border(NamedTuple):
    """A place where a window may end.

    Attributes:
        end: The place; not blank before it.
        whole_end: The same, or the end of the sentence, row or line that it cuts.
    """

    end: int
    whole_end: int

    @property
    def is_cut(self) -> bool:
        """Whether it lies inside a sentence, row or line."""
        return self.end < self.whole_end


def border_before(text: str, section: Section, start: int, limit: int, *, floor: int) -> Border | None:
    """The best place to end a window.

    Args:
        text: The document's text.
        section: Where the window lies.
        start: Where it starts.
        limit: The farthest place that it may reach.
        floor: The place that it must go beyond.

    Returns:
        None where the limit is not beyond the floor.
    """
    if limit >= section.end:
        return Border(section.end, section.end)
    if limit <= floor:
        return None
    place = section.block_at(limit)
    block = section.blocks[place]
    whole = _after_blocks(section, place if block.span.end <= limit else place - 1, floor)
    if whole and ((whole - start) * FULL_SHARE >= limit - start or block.kind is BlockKind.TABLE_ROW):
        return Border(whole, whole)
    if block.span.end <= limit:
        return Border(whole or block.span.end, whole or block.span.end)
    low, high = max(floor, block.span.start), block.span.end
    inner = _inside(text, block.kind, low, limit)
    if inner or whole:
        end = max(inner or 0, whole or 0)
        return Border(end, end)
    return Border(_after_word(text, low, limit), _next_inside(text, block.kind, limit, high))


def sentence_start_after(text: str, section: Section, earliest: int, end: int) -> int | None:
    """The first place from `earliest` on, and before `end`, where a sentence or a block starts."""
    place = bisect_left(section.starts, earliest)
    first = section.starts[place] if place < len(section.starts) else end
    first = min(first, end)
    for border in sentence_borders(text, max(section.start, earliest - STOP_CHARS), first):
        start = after_blanks(text, border)
        if earliest <= start < first:
            return start
    return first if first < end else None


def after_blanks(text: str, position: int) -> int:
    """The first place from here on that holds no white space."""
    found = _NOT_BLANK.search(text, position)
    return found.start() if found else len(text)


def _after_blocks(section: Section, place: int, floor: int) -> int | None:
    """End of the block at a place, or of one before it, so that no heading is left without its text."""
    blocks = section.blocks
    last = place
    while last > 0 and blocks[last].kind is BlockKind.HEADING and blocks[last - 1].span.end > floor:
        last -= 1
    if last < 0 or blocks[last].span.end <= floor or blocks[last].kind is BlockKind.HEADING:
        return None
    return blocks[last].span.end


def _inside(text: str, kind: BlockKind, low: int, limit: int) -> int | None:
    """Where the last sentence, line of code or cell ends inside a block."""
    if kind is BlockKind.CODE:
        return _trimmed(text, low, text.rfind("\n", low, limit))
    if kind in {BlockKind.TABLE_ROW, BlockKind.HEADING}:
        return None
    near = max(low, limit - LOOK_BACK_CHARS)
    found = last_sentence_border(text, near, limit)
    return found if found or near == low else last_sentence_border(text, low, limit)


def _next_inside(text: str, kind: BlockKind, limit: int, high: int) -> int:
    """Where the sentence, line or row ends that the limit cuts."""
    if kind is BlockKind.CODE:
        end = text.find("\n", limit, high)
        return end if end > 0 else high
    if kind in {BlockKind.TABLE_ROW, BlockKind.HEADING}:
        return high
    ahead = sentence_borders(text, limit, min(high, limit + LOOK_AHEAD_CHARS))
    return next((end for border in ahead if (end := _trimmed(text, limit, border))), high)


def _trimmed(text: str, low: int, border: int) -> int | None:
    """The border without the white space before it; None where nothing lies between `low` and it."""
    if border <= low:
        return None
    kept = len(text[low:border].rstrip())
    return low + kept if kept else None


def _after_word(text: str, low: int, limit: int) -> int:
    """Where the last word or cell ends before the limit; the limit where one word fills it all."""
    for end in (text.rfind(_CELL_BORDER, low, limit), max(text.rfind(space, low, limit + 1) for space in " \n\t")):
        if (kept := _trimmed(text, low, end)) is not None:
            return kept
    while limit > low + 1 and unicodedata.category(text[limit])[0] == "M":
        limit -= 1
    return limit
