"""Sentence borders by rule, for Latin, Indic and CJK punctuation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from konverze_core.documents import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSERS = "[\"'”’»)\\]}*_]*"
_BORDER = re.compile(
    rf"(?P<stop>(?<![.…!?؟])[.…!?؟]++{_CLOSERS}+(?=\s))"
    rf"|(?P<wide>[।॥。！？።]+[\"'”’»」』）)]*)"
    r"|(?P<blank>\n[^\S\n]*\n\s*)"
    r"|(?P<line>\n)"
)
_MARK = re.compile("[!?؟]")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'])(?:Mr|Mrs|Ms|Dr|Prof|Rev|Hon|Smt|Shri|Sri|Capt|Col|Gen|Lt|Sgt|St|Ave|Rd|Jr|Sr|No|Nos|Rs|Re|Fig"
    r"|Figs|Eq|Sec|Art|Ch|Vol|pp?|ed|eds|cf|vs|viz|approx|max|min|Inc|Ltd|Pvt|Co|Corp|Dept|Est|al|e\.g|i\.e|a\.m|p\.m"
    r"|U\.S|U\.K|Ph\.D|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|डॉ|प्रो|रु|[A-Z]|(?:[A-Z]\.)+[A-Z])$",
)
# These also end sentences: what follows decides.
_MAY_END = re.compile(r"(?:Inc|Ltd|Co|Corp|Jr|Sr|al|a\.m|p\.m|U\.S|U\.K|Ph\.D)$")
_LIST_NUMBER = re.compile(r"(?:^|\n)[^\S\n]*\(?(?:\d{1,3}|[A-Za-z])$")
_LOOK_BACK_CHARS = 12
_LEADER = "...."
_ROW = re.compile(r" \| |\t| {3,}|\.{4,}|(?:\. ){4,}")
_ROW_START = re.compile(r"[^\S\n]*(?:[•●▪◦‣*–—-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")


def split_sentences(text: str) -> list[Span]:
    """Spans of the sentences of a text.

    A line end is a border where lines are rows or list items, and at blank lines; elsewhere it is white space.

    Args:
        text: Any text.

    Returns:
        Spans in order that do not overlap, are free of outer white space, and together hold every character that is
        not white space.
    """
    spans: list[Span] = []
    start = 0
    for end in _borders(text):
        _append(text, start, end, spans)
        start = end
    _append(text, start, len(text), spans)
    return spans


def _append(text: str, start: int, end: int, spans: list[Span]) -> None:
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        spans.append(Span(start, start + len(stripped)))


def _borders(text: str) -> Iterator[int]:
    for match in _BORDER.finditer(text):
        if (match.lastgroup == "stop" and not _ends_sentence(text, match)) or (
            match.lastgroup == "line" and not _ends_row(text, match.start())
        ):
            continue
        yield match.end()


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if _MARK.search(match[0]):
        return True
    if match[0] != ".":
        return not match[0].startswith(_LEADER)
    before = text[max(0, match.start() - _LOOK_BACK_CHARS) : match.start()]
    following = text[match.end() : match.end() + 3].lstrip()[:1]
    if _LIST_NUMBER.search(before) or following.islower():
        return False
    return not _ABBREVIATION.search(before) or (following.isupper() and _MAY_END.search(before) is not None)


def _ends_row(text: str, position: int) -> bool:
    line_start = text.rfind("\n", 0, position) + 1
    return bool(_ROW_START.match(text, position + 1) or _ROW.search(text, line_start, position))
