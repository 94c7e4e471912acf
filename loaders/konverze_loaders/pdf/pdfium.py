"""A PDF as PDFium opens it: text, shapes and pictures of its pages. Threads take turns: PDFium has one state."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

from konverze_loaders.pdf.pdfium_text import PDFIUM, PageText, TextPage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

POINTS_PER_INCH = 72
MAX_PICTURE_PIXELS = 16_000_000
MAX_FORM_DEPTH = 3
MAX_DRAWN_OBJECTS = 50_000

_open: Any = pypdfium2.PdfDocument
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShapes:
    """What a page shows beside text.

    Attributes:
        picture_share: Share of the page that the boxes of its images cover, at most 1.
        paths: Lines and curves.
        largest_image_pixels: Of its images, as they are stored.
    """

    picture_share: float = 0.0
    paths: int = 0
    largest_image_pixels: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page as a grey image.

    Attributes:
        pixels: Row by row, one byte each, 255 for white.
        width: In pixels.
        height: In pixels.
    """

    pixels: bytes
    width: int
    height: int


class PdfiumDocument:
    """A PDF opened by PDFium; a context manager.

    Args:
        data: The whole file.
        password: Opens it where it is locked.

    Raises:
        pypdfium2.PdfiumError: Not to be opened.
    """

    def __init__(self, data: bytes, password: str | None) -> None:
        with _lock:
            self._document = _open(data, password=password)
            self._count = len(self._document)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _lock:
            self._document.close()

    def __len__(self) -> int:
        return self._count

    def read(self, number: int) -> PageText | None:
        """Text of a page, counted from 0; None where PDFium cannot load the page."""
        with _lock:
            page = PDFIUM.FPDF_LoadPage(self._document.raw, number)
            if not page:
                return None
            text = PDFIUM.FPDFText_LoadPage(page)
            try:
                return TextPage(text).read() if text else None
            finally:
                PDFIUM.FPDFText_ClosePage(text)
                PDFIUM.FPDF_ClosePage(page)

    def shapes(self, number: int) -> PageShapes:
        """Images and paths of a page, counted from 0; nothing where PDFium cannot load the page."""
        with _lock:
            page = PDFIUM.FPDF_LoadPage(self._document.raw, number)
            if not page:
                return PageShapes()
            try:
                return _shapes(page)
            finally:
                PDFIUM.FPDF_ClosePage(page)

    def picture(self, number: int, dots_per_inch: int, turn: int = 0) -> Picture:
        """A page as an image, of fewer pixels where it would have more than `MAX_PICTURE_PIXELS`.

        Args:
            number: Counted from 0.
            dots_per_inch: Resolution.
            turn: Degrees clockwise: 0, 90, 180 or 270.
        """
        with _lock:
            page = self._document[number]
            try:
                width, height = page.get_size()
                scale = min(dots_per_inch / POINTS_PER_INCH, (MAX_PICTURE_PIXELS / max(width * height, 1.0)) ** 0.5)
                bitmap = page.render(scale=scale, rotation=turn, grayscale=True)
                try:
                    rows = memoryview(bitmap.buffer).cast("B")
                    pixels = b"".join(
                        rows[start : start + bitmap.width]
                        for start in range(0, bitmap.height * bitmap.stride, bitmap.stride)
                    )
                    return Picture(pixels=pixels, width=bitmap.width, height=bitmap.height)
                finally:
                    bitmap.close()
            finally:
                page.close()


def _shapes(page: Any) -> PageShapes:
    width, height = PDFIUM.FPDF_GetPageWidthF(page), PDFIUM.FPDF_GetPageHeightF(page)
    edges, sides = [ctypes.c_float() for _ in range(4)], [ctypes.c_uint() for _ in range(2)]
    covered, paths, pixels = 0.0, 0, 0
    for kind, item in _objects(page):
        if kind == PDFIUM.FPDF_PAGEOBJ_PATH:
            paths += 1
        elif kind == PDFIUM.FPDF_PAGEOBJ_IMAGE and PDFIUM.FPDFPageObj_GetBounds(item, *map(ctypes.byref, edges)):
            left, bottom, right, top = (edge.value for edge in edges)
            covered += max(right - left, 0.0) * max(top - bottom, 0.0)
            if PDFIUM.FPDFImageObj_GetImagePixelSize(item, *map(ctypes.byref, sides)):
                pixels = max(pixels, sides[0].value * sides[1].value)
    share = min(covered / max(width * height, 1.0), 1.0)
    return PageShapes(picture_share=share, paths=paths, largest_image_pixels=pixels)


def _objects(page: Any) -> Iterator[tuple[int, Any]]:
    """Kinds and handles of the page's objects, those inside forms included."""
    kind_of, form = PDFIUM.FPDFPageObj_GetType, PDFIUM.FPDF_PAGEOBJ_FORM
    count = min(PDFIUM.FPDFPage_CountObjects(page), MAX_DRAWN_OBJECTS)
    stack = [(PDFIUM.FPDFPage_GetObject(page, index), 0) for index in range(count)]
    seen = 0
    while stack and seen < MAX_DRAWN_OBJECTS:
        item, depth = stack.pop()
        seen += 1
        kind = kind_of(item)
        yield kind, item
        if kind == form and depth < MAX_FORM_DEPTH:
            inner = min(PDFIUM.FPDFFormObj_CountObjects(item), MAX_DRAWN_OBJECTS)
            stack += [(PDFIUM.FPDFFormObj_GetObject(item, index), depth + 1) for index in range(inner)]
