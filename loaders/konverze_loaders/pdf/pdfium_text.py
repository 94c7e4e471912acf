"""Text of PDF pages by PDFium, with the positions that a layout needs: a few questions a line, not one a character.

PDFium joins the words of lines and knows the place of each character, but every question costs half a microsecond.
So only the ends of lines are asked for, the gaps of lines that are wider than their letters, and all characters of
lines that run from right to left.
"""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from pypdfium2 import raw  # pyright: ignore[reportMissingTypeStubs]

from konverze_loaders.pdf.columns import in_columns, segments, stand_beside
from konverze_loaders.pdf.layout import MIN_COLUMN_GAP_EM, MIN_SPACE_EM, Fragment
from konverze_loaders.pdf.marks import DRAWN_BEFORE, HAS_RIGHT_TO_LEFT, Glyph, from_right_to_left, runs_from_right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SAMPLE_STEP = 64
MAX_STRAY_SHARE = 0.02
MIN_TYPICAL_CHARS = 20
TYPICAL_WIDTH_EM = 0.5
WIDE_RATIO = 1.2
SAMPLE_LINES = 6
MIN_WOVEN_LINES = 3
BOX_HEIGHT_EM = 1.12
DRAWN_SIGN_EM = 0.3
ADJACENT_EM = 0.01

PDFIUM: Any = raw


def _quick(function: Any, *types: Any) -> Callable[..., int]:
    prototype: Any = ctypes.PYFUNCTYPE(*types)
    return prototype(ctypes.cast(function, ctypes.c_void_p).value)


_LINE_END = re.compile("\r\n|[\r\n\ufffe\x02]")
SPACES = " \t\u00a0"
EXPLAINED = "\u200b"  # stands for a glyph whose characters stand before it already; dropped later
HYPHENS = "\ufffe\x02"  # what PDFium gives for one at the end of a line, in place of the line's end
_WORD = re.compile(r"[^\s\ufffe\x02]+[\ufffe\x02]?")
_GAP = re.compile(r"(?<=\S)[ \t\u00a0]+(?=\S)")
_CONTROL = re.compile("[\0\x01\x03-\x08\x0b\x0c\x0e-\x1f]")
_GLYPH_NUMBER = re.compile("[\x02\u0100-\uffff]")
# The bulk call cuts characters beyond the basic plane to 16 bits, which lands them here.
_MAY_BE_CUT = re.compile("[\ud400-\uf8ff]")
# Scripts whose glyphs stand for more than one letter, of which fonts explain some and not others.
_COMPLEX = re.compile("[\u0590-\u109f\u1700-\u1cff\ua800-\uabff]")
# Asked for each line or character: bare addresses in place of typed pointers, and the interpreter lock kept, take
# two thirds of the time of the generated bindings.
_ADDRESS, _INT = ctypes.c_void_p, ctypes.c_int
_ask_box = _quick(PDFIUM.FPDFText_GetLooseCharBox, _INT, _ADDRESS, _INT, _ADDRESS)
_ask_origin = _quick(PDFIUM.FPDFText_GetCharOrigin, _INT, _ADDRESS, _INT, _ADDRESS, _ADDRESS)
_is_unmapped = _quick(PDFIUM.FPDFText_HasUnicodeMapError, _INT, _ADDRESS, _INT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What an engine reads on a page.

    Attributes:
        fragments: Lines and cells in the order of the content stream; U+FFFD for a glyph that no font explains.
        lost_glyphs: Glyphs that stand for nothing at all.
    """

    fragments: list[Fragment]
    lost_glyphs: int = 0


@dataclass(slots=True)
class _Line:
    text: str
    start: int  # of the text, in code units of the page
    x: float
    y: float
    size: float
    right: float
    is_turned: bool
    is_woven: bool

    @property
    def em(self) -> float:
        """Mean width of a character, in type sizes."""
        return (self.right - self.x) / (len(self.text) * self.size)

    def whole(self) -> Fragment:
        return Fragment(self.text + "\n", self.x, self.y, self.size, self.right)


class TextPage:
    """One page that PDFium has loaded for text.

    Args:
        page: What `FPDFText_LoadPage` gave.
    """

    def __init__(self, page: Any) -> None:
        self._page = page
        self._address = ctypes.cast(page, ctypes.c_void_p).value
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._at = (ctypes.addressof(self._x), ctypes.addressof(self._y))
        self._box, self._matrix = PDFIUM.FS_RECTF(), PDFIUM.FS_MATRIX()
        self._box_at = ctypes.addressof(self._box)
        self._count: int = PDFIUM.FPDFText_CountChars(page)
        self._char_index: Callable[[int], int] = int
        self._type: dict[float, tuple[float, float]] = {}  # by the height of a character's box

    def read(self) -> PageText:
        """Text of the page with its places."""
        text = self._text()
        return PageText(fragments=self._fragments(text), lost_glyphs=max(self._count - len(text), 0))

    def _fragments(self, text: str) -> list[Fragment]:
        lines = [line for start, piece in _pieces(text) if (line := self._line(start, piece))]
        if sum(line.is_woven for line in lines) >= MIN_WOVEN_LINES and not HAS_RIGHT_TO_LEFT.search(text):
            found = segments(self._words(text))
            return in_columns(found) or found
        if not text.isascii() and _COMPLEX.search(text):
            found = [part for line in lines for part in self._complex(line)]
        else:
            is_wide = self._width_test(lines)
            found = [part for line in lines for part in (self._cells(line) if is_wide(line) else (line.whole(),))]
        return (in_columns(found) if stand_beside(found) else None) or found

    def _width_test(self, lines: Sequence[_Line]) -> Callable[[_Line], bool]:
        """Which lines may hold cells: all if some do, else those that are wide for their letters."""
        level = [line for line in lines if not line.is_turned]
        long = [line for line in level if len(line.text) >= MIN_TYPICAL_CHARS]
        typical = min(median([line.em for line in long]), TYPICAL_WIDTH_EM) if long else TYPICAL_WIDTH_EM
        sample = long[:: max(len(long) // SAMPLE_LINES, 1)]
        limit = 0.0 if any(len([*self._cells(line)]) > 1 for line in sample) else WIDE_RATIO * typical
        return lambda line: line.em > limit and not line.is_turned

    def _complex(self, line: _Line) -> Iterator[Fragment]:
        if line.is_turned:
            yield line.whole()
        elif runs_from_right(line.text):
            yield Fragment(self._from_right(line) + "\n", line.x, line.y, line.size, line.right)
        else:
            yield from self._spaced(line)

    def _words(self, text: str) -> list[Fragment]:
        """Every word by itself: for pages on which PDFium takes words of several columns for lines."""
        found: list[Fragment] = []
        page, box, box_at, index_of = self._address, self._box, self._box_at, self._char_index
        for word in _WORD.finditer(text):
            _ask_box(page, index_of(word.start()), box_at)
            left, bottom, top = box.left, box.bottom, box.top
            _ask_box(page, index_of(word.end() - 1), box_at)
            size = (top - bottom) / BOX_HEIGHT_EM or 1.0
            shown = word[0][:-1] + "-" if word[0][-1] in HYPHENS else word[0]
            found.append(Fragment(shown, left, bottom, size, box.right))
        return found

    def _text(self) -> str:
        """All text, by one bulk call, with U+FFFD for glyphs that no font explains."""
        buffer = (ctypes.c_ushort * (self._count + 1))()
        written = PDFIUM.FPDFText_GetText(self._page, 0, self._count, buffer) - 1 if self._count else 0
        text = bytes(memoryview(buffer)[:written]).decode("utf-16-le", "replace")
        text = _CONTROL.sub("\ufffd", text)
        if len(text) != self._count:
            self._char_index = lambda index: max(PDFIUM.FPDFText_GetCharIndexFromTextIndex(self._page, index), 0)
        if not text.isascii() and _MAY_BE_CUT.search(text):
            text = _MAY_BE_CUT.sub(lambda cut: self._whole(cut.start(), cut[0]), text)
        return self._without_glyph_numbers(text)

    def _whole(self, index: int, cut: str) -> str:
        code = PDFIUM.FPDFText_GetUnicode(self._page, self._char_index(index))
        return chr(code) if code & 0xFFFF == ord(cut) and code <= sys.maxunicode else cut

    def _without_glyph_numbers(self, text: str) -> str:
        is_complex = not text.isascii() and _COMPLEX.search(text) is not None
        step = 1 if is_complex else SAMPLE_STEP
        page, index_of = self._address, self._char_index
        if step > 1 and 1 not in [_is_unmapped(page, index) for index in range(0, self._count, step)]:
            return text
        unmapped = [n for n in range(len(text)) if _is_unmapped(page, index_of(n)) == 1]
        if not unmapped:
            return text
        # A font without a map falls back on codes: letters in simple fonts, bare glyph numbers in composite ones.
        strays = {n for n in unmapped if _GLYPH_NUMBER.match(text[n])}
        lost = set(unmapped) if is_complex or len(strays) > MAX_STRAY_SHARE * len(unmapped) else strays
        signs = dict.fromkeys(lost, "�")
        if is_complex:
            for n in sorted(lost):
                if signs.get(n - 1) == EXPLAINED or (n - 1 not in signs and self._is_ligature(n - 1)):
                    signs[n] = EXPLAINED
        return "".join(signs.get(n, character) for n, character in enumerate(text))

    def _is_ligature(self, index: int) -> bool:
        """Whether a glyph stands for several characters: some writers put all of a syllable's on its first glyph."""
        if index < 1:
            return False
        edges: list[tuple[float, float]] = []
        for place in (index - 1, index):
            _ask_box(self._address, self._char_index(place), self._box_at)
            edges.append((self._box.left, self._box.right))
        return edges[0] == edges[1]

    def _line(self, start: int, text: str) -> _Line | None:
        stripped = text.strip()
        if not stripped:
            return None
        start += text.index(stripped[0])
        first, last = self._char_index(start), self._char_index(start + len(stripped) - 1)
        page, box = self._address, self._box
        _ask_origin(page, first, *self._at)
        _ask_box(page, last, self._box_at)
        x, y, right = self._x.value, self._y.value, box.right
        height = box.top - box.bottom
        if height not in self._type:
            self._type[height] = self._measured(first)
        size, b = self._type[height]
        if b:  # measured along its own baseline
            x, y, right = (y, -x, box.top) if b > 0 else (-y, x, -box.bottom)
        is_woven = not b and not box.bottom - size / 2 <= y <= box.top
        return _Line(stripped, start, x, y, size, max(right, x), bool(b), is_woven)

    def _measured(self, index: int) -> tuple[float, float]:
        """Type size of a character, in points, and which way its line is turned; 0 for not at all."""
        PDFIUM.FPDFText_GetMatrix(self._page, index, ctypes.byref(self._matrix))
        b, d = self._matrix.b, self._matrix.d
        size = PDFIUM.FPDFText_GetFontSize(self._page, index) * (abs(d) or abs(b)) or 1.0
        return size, b if abs(b) > abs(self._matrix.a) else 0.0

    def _cells(self, line: _Line) -> Iterator[Fragment]:
        """The line, cut where a gap is wider than between words."""
        x, begin = line.x, 0
        page, box, box_at, index_of = self._address, self._box, self._box_at, self._char_index
        wide = MIN_COLUMN_GAP_EM * line.size
        for gap in _GAP.finditer(line.text):
            _ask_box(page, index_of(line.start + gap.start() - 1), box_at)
            right = box.right
            _ask_box(page, index_of(line.start + gap.end()), box_at)
            if box.left - right >= wide:
                yield Fragment(line.text[begin : gap.start()] + " ", x, line.y, line.size, right)
                x, begin = box.left, gap.end()
        yield Fragment(line.text[begin:] + "\n", x, line.y, line.size, line.right)

    def _spaced(self, line: _Line) -> Iterator[Fragment]:
        """The line with its gaps: PDFium drops spaces behind marks that take no width, and knows no cells."""
        text, x, right = "", line.x, line.x
        page, box, box_at, index_of = self._address, self._box, self._box_at, self._char_index
        sign_right = None
        for offset, character in enumerate(line.text):
            if character in SPACES:
                continue
            _ask_box(page, index_of(line.start + offset), box_at)
            if character == EXPLAINED:
                sign_right, right = None, max(right, box.right)
                continue
            step = (box.left - right) / line.size
            if sign_right is not None and step < MIN_SPACE_EM and abs(step) > ADJACENT_EM:
                right = sign_right  # the box of such a sign may reach over its letter, and over a space behind it
            gap = box.left - right
            if gap >= MIN_COLUMN_GAP_EM * line.size:
                yield Fragment(text + " ", x, line.y, line.size, right)
                text, x = "", box.left
            elif gap >= MIN_SPACE_EM * line.size:
                text += " "
            text += character
            sign_right = box.left + DRAWN_SIGN_EM * line.size if DRAWN_BEFORE.match(character) else None
            right = box.right if sign_right is not None else max(right, box.right)
        yield Fragment(text + "\n", x, line.y, line.size, right)

    def _from_right(self, line: _Line) -> str:
        glyphs: list[Glyph] = []
        for offset, character in enumerate(line.text):
            _ask_box(self._address, self._char_index(line.start + offset), self._box_at)
            glyphs.append(Glyph(character, self._box.left, self._box.right))
        return from_right_to_left(glyphs, MIN_SPACE_EM * line.size)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Lines with the places where they start; one that ended in a hyphen gets it back."""
    start = 0
    for end in _LINE_END.finditer(text):
        hyphen = "-" if end[0] in HYPHENS else ""
        yield start, text[start : end.start()] + hyphen
        start = end.end()
    yield start, text[start:]
