"""Lines that run along the heads and feet of pages: found by their repetition, so that no chunk ends in one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from konverze_core.documents import MetadataValue
    from konverze_loaders.pdf.layout import Line

MAX_EDGE_LINES = 3
MIN_VOTING_LINES = 4
MIN_PAGES = 3
MIN_PAGES_SHARE = 0.25
ENOUGH_PAGES = 10
MIN_COUNTING_SHARE = 0.8
PLACE_TOLERANCE_PT = 6.0
MAX_CHARS = 200
MARK = " | "
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\W*(?:[ivxlc]+|#)\W*")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(slots=True)
class RunningLines:
    """Running heads and feet of a document.

    Attributes:
        heads: For each page that shows one first, its lines.
        feet: The same for feet.
    """

    heads: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    feet: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def facts(self) -> dict[str, MetadataValue]:
        """Metadata of the document: `page_header` and `page_footer`, where there are any."""
        found = {"page_header": self.heads, "page_footer": self.feet}
        return {
            key: MARK.join(chain.from_iterable(texts.values()))[:MAX_CHARS] for key, texts in found.items() if texts
        }


def take_running_lines(pages: Sequence[list[Line]]) -> RunningLines:
    """Takes the running heads and feet out of the pages.

    A line runs if the same words stand at the same height on a quarter of the pages, three at least; numbers in it may
    count the pages, but not differ otherwise. Of each one the first is kept, unless it is a page number and no more.

    Args:
        pages: Lines of each page; those that run are removed.
    """
    found = RunningLines()
    running: dict[int, set[int]] = defaultdict(set)
    enough = max(MIN_PAGES, min(MIN_PAGES_SHARE * len(pages), ENOUGH_PAGES))
    for (words, is_head), shown in _repeated(pages).items():
        voting = [(number, line) for number, line in shown if len(pages[number]) >= MIN_VOTING_LINES]
        if len(voting) < enough or not _count_pages(voting):
            continue
        for number, line in shown:
            running[number].add(id(line))
        if _LETTER.search(words) and not _PAGE_NUMBER.fullmatch(words):
            number, line = shown[0]
            (found.heads if is_head else found.feet)[number].append(" ".join(line.text.split()))
    for number, lines in running.items():
        pages[number][:] = [line for line in pages[number] if id(line) not in lines]
    return found


def _repeated(pages: Sequence[Sequence[Line]]) -> dict[tuple[str, bool], list[tuple[int, Line]]]:
    """Lines at the edges of pages by their words, if they stand where most of their like do."""
    alike: dict[tuple[str, bool], list[tuple[int, Line]]] = defaultdict(list)
    for number, lines in enumerate(pages):
        for line, is_head in _edges(lines):
            alike[_NUMBER.sub("#", " ".join(line.text.split()).casefold()), is_head].append((number, line))
    for key, shown in alike.items():
        height = median(line.y for _, line in shown)
        alike[key] = [(number, line) for number, line in shown if abs(line.y - height) <= PLACE_TOLERANCE_PT]
    return alike


def _count_pages(shown: Sequence[tuple[int, Line]]) -> bool:
    """Whether each number in the lines is the same on all pages, or grows with them."""
    for numbers in zip(*(_NUMBER.findall(line.text) for _, line in shown), strict=True):
        values = [int(value) for value in numbers]
        steps = Counter(value - page for value, (page, _) in zip(values, shown, strict=True))
        most = max(steps.most_common(1)[0][1], Counter(values).most_common(1)[0][1])
        if most < MIN_COUNTING_SHARE * len(shown):
            return False
    return True


def _edges(lines: Sequence[Line]) -> list[tuple[Line, bool]]:
    """Lines at the head and at the foot of a page, with whether they are at the head."""
    texts = [line for line in lines if line.table is None and len(line.text) <= MAX_CHARS]
    texts.sort(key=lambda line: -line.y)
    heads = texts[: min(MAX_EDGE_LINES, (len(texts) + 1) // 2)]
    feet = texts[max(len(texts) - MAX_EDGE_LINES, len(heads)) :]
    return [(line, True) for line in heads] + [(line, False) for line in feet]
