"""Citation marks in the text of a language model: which brackets are one, and which sources they name."""

from __future__ import annotations

import regex

REFUSAL_SENTINEL = "NO_ANSWER"
"""What the model is told to write, alone, when the sources do not answer."""

_ONE = r"\^?[ ]?(?:sources?[ ]?|स्रोत[ ]?)?#?\d{1,3}(?:[ ]?[-–][ ]?\d{1,3})?"
_SOME = rf"[ ]?{_ONE}(?:[ ]?[,;][ ]?{_ONE}){{0,9}}"
# [1]  [1, 2]  [1-3]  [^1]  [Source 1]  【1】  【1†source】; whatever else stands in brackets is text.
_MARK = regex.compile(rf"\[{_SOME}[ ]?\]|【{_SOME}(?:†[^】\n]{{0,20}})?[ ]?】", regex.IGNORECASE)
_NUMBERS = regex.compile(r"(\d{1,3})(?:\s?[-–]\s?(\d{1,3}))?")


def may_be_mark(text: str) -> bool:
    """Whether more text could turn this into a mark; true of a whole mark too."""
    return _MARK.fullmatch(text, partial=True) is not None


def is_mark(text: str) -> bool:
    """Whether the text is one whole mark."""
    return _MARK.fullmatch(text) is not None


def numbers_of(mark: str, *, most: int) -> list[int]:
    """Source numbers that a mark names, in order, each once; ranges are spread out up to `most`, the last source."""
    found: list[int] = []
    for first, last in _NUMBERS.findall(mark.partition("†")[0]):
        end = min(int(last), max(most, int(first))) if last else int(first)
        found.extend(range(int(first), end + 1) or [int(first)])
    return list(dict.fromkeys(found))
