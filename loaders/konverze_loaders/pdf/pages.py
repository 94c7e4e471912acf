"""Reads each page of a PDF by the engine that reads it best, and says which pages none can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypdf.errors import LimitReachedError

from konverze_core.errors import LoadError
from konverze_loaders.pdf.layout import Line, lines
from konverze_loaders.pdf.marks import written
from konverze_loaders.pdf.ocr import PageImages
from konverze_loaders.pdf.pypdf_text import Extractor
from konverze_loaders.pdf.quality import UNEXPLAINED, fault, has_unreadable, is_garbage, reads_as_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from konverze_loaders.pdf.layout import Fragment
    from konverze_loaders.pdf.pdfium import PdfiumDocument
    from konverze_loaders.pdf.structure import Structure
    from konverze_loaders.reading import Reading

LITTLE_TEXT_CHARS = 200
MIN_SCAN_SHARE = 0.5
MIN_DRAWN_PATHS = 200
OCR_LINE_PT = 12.0

SCANNED = "an image without text"
DRAWN = "a drawing without text"
PARTLY = "some of its lines are left out: their fonts do not say what their glyphs mean"
_SEPARATOR = "\0"


@dataclass(slots=True)
class ReadPage:
    """A page as read.

    Attributes:
        lines: In reading order; empty for a page that shows nothing or that cannot be read.
        unread: Why its text is missing, or a part of it; None for a page that is read or blank.
        is_from_image: Whether its lines were read from its image.
    """

    lines: list[Line] = field(default_factory=list[Line])
    unread: str | None = None
    is_from_image: bool = False


class PageEngines:
    """Both engines and, where installed, the reader of images.

    Args:
        structure: As pypdf opened it; None where pypdf cannot.
        pdfium: As PDFium opened it; None where PDFium cannot.
        size_bytes: Length of the file.
        reading: Which file it is, and what it may take.
    """

    def __init__(
        self, structure: Structure | None, pdfium: PdfiumDocument | None, size_bytes: int, reading: Reading
    ) -> None:
        self._structure = structure
        self._pdfium = pdfium
        self._extractor = Extractor(reading)
        self._images = PageImages(pdfium, size_bytes) if pdfium is not None else None

    def read(self, number: int) -> ReadPage:
        """Reads a page, counted from 0.

        Raises:
            LimitExceededError: It needs more than the limits allow.
        """
        if self._structure is not None:
            self._structure.weigh(number)
        fragments, reason = self._by_pdfium(number)
        if reason or not fragments:
            slower = self._by_pypdf(number)
            text = _text(slower)
            # For a glyph that PDFium cannot explain, pypdf gives its number: only words beyond doubt are better.
            if slower and (reads_as_words(text) if reason == UNEXPLAINED else not fault(text)):
                fragments, reason = slower, None
        if reason:
            return self._from_image(number, reason, is_scan=False)
        page = _without_garbage(fragments)
        if sum(len(part.text) for part in fragments) < LITTLE_TEXT_CHARS and (shown := self._shown(number)):
            return self._from_image(number, shown, is_scan=shown is SCANNED, lines=page.lines)
        return page

    def _by_pdfium(self, number: int) -> tuple[list[Fragment], str | None]:
        page = self._pdfium.read(number) if self._pdfium is not None else None
        if page is None:
            return [], None
        fragments = _as_written(page.fragments)
        text = _text(fragments)
        if page.lost_glyphs > len(text):
            return fragments, UNEXPLAINED
        if has_unreadable(text):
            good = _text([part for part in fragments if not is_garbage(part.text)])
            return fragments, UNEXPLAINED if 2 * len(good) < len(text) else fault(good)
        return fragments, fault(text)

    def _by_pypdf(self, number: int) -> list[Fragment]:
        if self._structure is None:
            return []
        try:
            return self._extractor.fragments(self._structure.page(number))
        except (LoadError, LimitReachedError, RecursionError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - pypdf lets anything through on damaged pages; PDFium has spoken
            return []

    def _shown(self, number: int) -> str | None:
        """What a page shows in place of text."""
        if self._pdfium is None:
            return None
        shapes = self._pdfium.shapes(number)
        if shapes.picture_share >= MIN_SCAN_SHARE:
            return SCANNED
        return DRAWN if shapes.paths >= MIN_DRAWN_PATHS else None

    def _from_image(self, number: int, reason: str, *, is_scan: bool, lines: Sequence[Line] = ()) -> ReadPage:
        """The page read from its image; where that fails, the lines that there are, and why there are no more."""
        read = self._images.read(number, is_scan=is_scan) if self._images is not None else "it cannot be shown"
        if isinstance(read, str):
            return ReadPage(lines=[*lines], unread=f"{reason}; {read}")
        return ReadPage(lines=_image_lines(read), is_from_image=True)


def _as_written(fragments: list[Fragment]) -> list[Fragment]:
    """Lines with their marks in the order of writing, which the page as a whole tells."""
    drawn = _SEPARATOR.join([part.text for part in fragments])
    text = written(drawn)
    if text == drawn:
        return fragments
    texts = text.split(_SEPARATOR)
    return [part._replace(text=text) for part, text in zip(fragments, texts, strict=True)]


def _text(fragments: Sequence[Fragment]) -> str:
    return "".join([part.text for part in fragments])


def _without_garbage(fragments: Sequence[Fragment]) -> ReadPage:
    if not has_unreadable(_text(fragments)):
        return ReadPage(lines=lines(fragments))
    good = [part for part in fragments if not is_garbage(part.text)]
    return ReadPage(lines=lines(good), unread=PARTLY if len(good) < len(fragments) else None)


def _image_lines(paragraphs: Sequence[Sequence[str]]) -> list[Line]:
    """Lines of an image, one line apart, paragraphs two; of no type size, for none is known."""
    found: list[Line] = []
    y = 0.0
    for paragraph in paragraphs:
        y -= OCR_LINE_PT
        for text in paragraph:
            y -= OCR_LINE_PT
            found.append(Line(text, y, 0.0))
    return found
