"""Words in a picture: short enough for their room, and in fonts that have all their signs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any, NamedTuple

import regex

FONT_PACKAGES = "fontpkg.family"
"""Entry points of installed packages that hold a font each, such as `fontpkg-noto-sans-devanagari`."""

_GRAPHEME = regex.compile(r"\X")
# They join and part letters of Indic scripts; all else that has no shape of its own is left out.
_JOINERS = "\u200c\u200d"
# It has a box with a number for every sign, and tells nothing to a reader.
_LAST_RESORT = "Last Resort"


class Lettered(NamedTuple):
    """Labels that can be drawn.

    Attributes:
        labels: In the order given.
        fonts: Families to draw them with; later ones have the signs that earlier ones lack.
    """

    labels: list[str]
    fonts: list[str]


def shortened(text: str, most: int) -> str:
    """A text in one line of at most so many characters, as readers count them, without what has no shape."""
    line = " ".join(text.split())
    signs = _GRAPHEME.findall("".join(sign for sign in line if sign in _JOINERS or _has_shape(sign)))
    return "".join(signs) if len(signs) <= most else "".join(signs[: most - 1]).rstrip() + "…"


def lettered(ways: Iterable[Sequence[str]], *, most_chars: int) -> Lettered:
    """Each label in the first of its ways whose letters a font has.

    Fonts are matplotlib's, those of the machine, and those of `FONT_PACKAGES`. A symbol that none has is left out.

    Args:
        ways: For each label, how it can be said, best first; the last is in ASCII.
        most_chars: Of a label.
    """
    lines = [[shortened(way, most_chars) for way in of] for of in ways]
    fonts = _Fonts({sign for of in lines for way in of for sign in way})
    return Lettered([next((said for said in map(fonts.drawn, of) if said), "") for of in lines], fonts.families)


def _has_shape(sign: str) -> bool:
    return unicodedata.category(sign)[0] != "C"


class _Fonts:
    """Families that have what is to be drawn, as far as any has."""

    def __init__(self, signs: set[str]) -> None:
        self._lacking = signs - set(_JOINERS)
        self.families: list[str] = []
        for family in _families():
            if found := self._lacking & _held(family, self._lacking):
                self.families.append(family)
                self._lacking -= found
            if not self._lacking:
                break

    def drawn(self, line: str) -> str:
        """The line without symbols that no font has; empty where letters are lacking."""
        if any(unicodedata.category(sign)[0] in "LMN" for sign in self._lacking.intersection(line)):
            return ""
        return "".join(sign for sign in line if sign not in self._lacking)


def _families() -> Iterator[str]:
    """The families that are set, then all others, those first that go with them."""
    from matplotlib import rcParams  # noqa: PLC0415 (of an extra)
    from matplotlib.font_manager import fontManager  # noqa: PLC0415

    yield from rcParams["font.family"]
    _add_packages(fontManager)
    names = {name for name in fontManager.get_font_names() if not name.startswith(_LAST_RESORT)}
    yield from sorted(names, key=lambda name: (not name.startswith("Noto Sans"), "Sans" not in name, name))


def _add_packages(fonts: Any) -> None:
    known = {str(entry.fname) for entry in fonts.ttflist}
    for package in entry_points(group=FONT_PACKAGES):
        for file in files(package.load()).joinpath("files").iterdir():
            if file.name.endswith(".ttf") and str(file) not in known:
                fonts.addfont(str(file))


def _held(family: str, signs: set[str]) -> set[str]:
    """Those of the signs that the font has which is drawn for a family."""
    from matplotlib import font_manager  # noqa: PLC0415

    fonts: Any = font_manager
    try:
        font = fonts.get_font(fonts.findfont(fonts.FontProperties(family=[family]), fallback_to_default=False))
    except (OSError, RuntimeError, ValueError):  # a font that is not there any more, or that cannot be drawn
        return set()
    return {sign for sign in signs if font.get_char_index(ord(sign))}
