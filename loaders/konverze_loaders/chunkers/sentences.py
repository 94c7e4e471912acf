"""Sentence borders by rule, for Latin, Indic and CJK punctuation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from konverze_core.documents import Span
from konverze_loaders.chunkers.abbreviations import is_abbreviated

if TYPE_CHECKING:
    from collections.abc import Iterator

# Quotes, brackets, emphasis, superscript numbers and [12] after a stop belong to its sentence.
_CLOSERS = r"(?:[\"'”’»)\]}*_¹²³⁰-⁹]|\[\d{1,3}\])*+"
# Each border has one of these; they are found ten times as fast as the rest of its pattern.
_CANDIDATE = re.compile("[.…!?؟।॥۔。！？।|\n]")
_BORDER = re.compile(
    rf"(?P<stop>(?<![.…!?؟])[.…!?؟]++{_CLOSERS}(?=\s))"
    r"|(?P<wide>(?:[।॥۔。！？።]|(?<=[ऀ-ॿ])\|(?=\s|$))+[\"'”’»」』）)]*)"
    r"|(?P<blank>\n[^\S\n]*\n\s*)"
    r"|(?P<line>\n)"
)
_STOPS = ".…!?؟"
_MARK = re.compile("[!?؟]")
_NEXT = re.compile(r"[\s\"'“‘«(\[*_]*+(\w*)")
_LOOK_BACK_CHARS = 14
# In some corpora all stops stand apart from their words.
_APART = re.compile(r"[\w)\]%] $")
_LEADER = "...."
_ROW_MARKS = (" | ", "\t", "   ", "....", ". . . . ")
_ROW_START = re.compile(r"[^\S\n]*(?:[•●▪◦‣*–—-]|\(?\d{1,3}[.)]|\(?(?:[a-zA-Z]|[ivx]{2,5})[.)])\s")


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Spans of the sentences of a text.

    A line end is a border where lines are rows or list items, and at blank lines; elsewhere it is white space.

    Args:
        text: Any text.
        start: Where to begin.
        end: Where to stop; the end of the text by default.

    Returns:
        Spans in order that do not overlap, are free of outer white space, and together hold every character that is
        not white space.
    """
    spans: list[Span] = []
    stop = len(text) if end is None else end
    for border in sentence_borders(text, start, stop):
        _append(text, start, border, spans)
        start = border
    _append(text, start, stop, spans)
    return spans


def sentence_borders(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences end between two places of a text; white space may follow, or stand before."""
    position = start
    for candidate in _CANDIDATE.finditer(text, start, end):
        if candidate.start() >= position and (border := _border_at(text, candidate.start(), end)):
            position = border
            yield border


def last_sentence_border(text: str, start: int, end: int) -> int | None:
    """The last of the `sentence_borders` that has text before it; without the white space there."""
    for candidate in reversed([*_CANDIDATE.finditer(text, start, end)]):
        border = _border_at(text, candidate.start(), end + 1)
        if border and border <= end and (kept := len(text[start:border].rstrip())):
            return start + kept
    return None


def _border_at(text: str, position: int, end: int) -> int | None:
    """The border that a stop or a line end makes; None where it makes none."""
    match = _BORDER.match(text, position, end)
    if match is None:
        return None
    kind = match.lastgroup
    if kind == "stop":
        return match.end() if _ends_sentence(text, match) else None
    return match.end() if kind != "line" or _ends_row(text, position) else None


def _append(text: str, start: int, end: int, spans: list[Span]) -> None:
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        spans.append(Span(start, start + len(stripped)))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    found = match[0]
    ahead = _NEXT.match(text, match.end())
    following = ahead[1] if ahead else ""
    before = text[max(0, match.start() - _LOOK_BACK_CHARS) : match.start()]
    if ahead and not following and text.startswith((".", "…"), ahead.end()):
        return False  # dots that lead on
    if found == "." and following and _APART.search(before):
        return True
    if following[:1].islower() and not following[1:2].isupper():  # "iPhone" may start a sentence
        return found[-1] in _STOPS and _MARK.search(found) is not None
    if _MARK.search(found):
        return True
    if found.startswith((".", "…")) and not found.startswith(".."):
        return found[0] == "…" or not is_abbreviated(before, following)
    return not found.startswith(_LEADER) or not (before[-1:].isspace() or following[:1].isdigit())


def _ends_row(text: str, position: int) -> bool:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return any(mark in line for mark in _ROW_MARKS) or _ROW_START.match(text, position + 1) is not None
