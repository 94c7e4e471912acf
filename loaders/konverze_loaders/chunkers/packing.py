"""Packs a document's text into windows that fit a token budget by an exact count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from konverze_core.documents import Document, under
from konverze_core.errors import ConfigError
from konverze_loaders.chunkers.borders import SENTENCE_KINDS, after_blanks, border_before, sentence_start_after
from konverze_loaders.chunkers.chunking import CountTokens, Cut
from konverze_loaders.chunkers.contexts import Contexts
from konverze_loaders.chunkers.outline import Section

TINY_SHARE = 4
"""A section of at most the budget divided by this shares a chunk with its neighbour."""

MIN_FILL_SHARE = 3
"""A window that fits is widened while it has fewer tokens than the budget divided by this."""

MIN_CUT_FILL = 0.8
"""So full a window must be for a sentence to be cut."""

AIMED_FILL = 0.93
"""Windows are guessed to be so full: a guess above the budget costs a second count."""

PROBE_CHARS = 256


class Packer:
    """Packs the sections of one document.

    How much text fits is guessed from the window before, and counted exactly: most text is counted once. A guess
    never reaches further back than one window, so that a change of the document moves few windows.

    Args:
        document: What is cut.
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a window under its context.
        overlap_tokens: About so many tokens of whole sentences a window repeats of the one before.
        tiles: Whether each window holds the white space up to the next one of its section.
    """

    def __init__(
        self,
        document: Document,
        count_tokens: CountTokens,
        *,
        max_tokens: int,
        overlap_tokens: int = 0,
        tiles: bool = False,
    ) -> None:
        self._text = document.text
        self._count_tokens = count_tokens
        self._max_tokens = max_tokens
        self._overlap_tokens = overlap_tokens
        self._tiles = tiles
        self.contexts = Contexts(document, count_tokens, max_tokens)
        probe = document.text[:PROBE_CHARS]
        self._chars_per_token = len(probe) / max(1, count_tokens([probe])[0]) if probe else 1.0

    def merged(self, sections: Iterable[Section]) -> Iterator[Section]:
        """The sections, tiny neighbours under one parent joined."""
        group: Section | None = None
        for section in sections:
            if group is not None and self._belong_together(group, section):
                group = Section(group.path, group.blocks + section.blocks)
            else:
                if group is not None:
                    yield group
                group = section
        if group is not None:
            yield group

    def _belong_together(self, first: Section, second: Section) -> bool:
        one, other = first.path, second.path
        is_related = bool(one) and bool(other) and (one[:-1] == other[:-1] or other[: len(one)] == one)
        room = int(self._max_tokens * self._chars_per_token * AIMED_FILL)
        sizes = first.end - first.start, second.end - second.start
        return is_related and sum(sizes) <= room and min(sizes) * TINY_SHARE <= room

    def cuts(self, section: Section) -> Iterator[Cut]:
        """Windows of a section, in order: whole blocks, else whole sentences, else words.

        Raises:
            ConfigError: A single character is over the budget.
        """
        start = covered = section.start
        while True:
            context = self.contexts.above(section, start)
            end = self._end(section, start, covered, context)
            if end is None and start < covered:  # what was to be repeated leaves no room
                start = covered
                continue
            if end is None and context:
                context, end = "", self._end(section, start, start, "")
            if end is None:
                raise ConfigError(f"max_tokens={self._max_tokens} is less than the tokens of a single character")
            yield Cut(start, end, section.path, context)
            if end >= section.end:
                return
            covered = after_blanks(self._text, end)
            start = self._overlap_start(section, start, end, covered) if self._overlap_tokens else covered

    def _end(self, section: Section, start: int, covered: int, context: str) -> int | None:
        """End of the fullest window found that fits and goes beyond what is covered; None where there is none."""
        fits: int | None = None
        too_far = section.end + 1
        room = self._room(self._chars_per_token, context)
        if section.end - start <= room / AIMED_FILL:
            room = section.end - start  # no remnant is left for a guess alone
        while True:
            found = border_before(self._text, section, start, min(start + room, too_far - 1), floor=covered)
            if found is None or (fits is not None and found.end <= fits):
                return fits
            # A sentence that may fit whole is tried before it is cut.
            is_cut = found.is_cut and not (found.whole_end < too_far and found.whole_end - start <= room * 2)
            end = found.end if is_cut or not found.is_cut else found.whole_end
            reach = after_blanks(self._text, end) if self._tiles and end < section.end else end
            tokens = self._count_tokens([under(context, self._text[start:reach])])[0]
            size = reach - start + len(context)
            if tokens > self._max_tokens:
                too_far = end
                room = min(room, self._room(size / tokens, context))
                continue
            if tokens * MIN_FILL_SHARE >= self._max_tokens:
                self._chars_per_token = size / tokens
            fits = reach
            enough = MIN_CUT_FILL if is_cut else 1 / MIN_FILL_SHARE
            if end >= section.end or tokens >= self._max_tokens * enough:
                return fits
            room = max(room + 1, self._room(size / max(1, tokens), context))

    def _room(self, chars_per_token: float, context: str) -> int:
        """Characters of a window, as far as can be told."""
        return int(self._max_tokens * chars_per_token * AIMED_FILL) - len(context)

    def _overlap_start(self, section: Section, start: int, end: int, covered: int) -> int:
        """Goes back over whole sentences of the finished window, as far as the overlap allows."""
        earliest = max(start + 1, end - int(self._overlap_tokens * self._chars_per_token))
        first, last = section.block_at(earliest), section.block_at(covered)
        if section.blocks[last].kind not in SENTENCE_KINDS:
            return covered
        for place in range(last - 1, first - 1, -1):
            if section.blocks[place].kind not in SENTENCE_KINDS:
                earliest = section.starts[place + 1]
                break
        return sentence_start_after(self._text, section, earliest, end) or covered
