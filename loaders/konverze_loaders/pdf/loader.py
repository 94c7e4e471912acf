"""PDF: pypdf checks and structures it, PDFium reads its pages, and what neither can read is said (ADR 0017)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from contextlib import nullcontext
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from pypdf.errors import LimitReachedError

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError, LimitExceededError, LoadError, NoTextError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.pdf.pages import PageEngines, ReadPage
from konverze_loaders.pdf.pdfium import PdfiumDocument
from konverze_loaders.pdf.running import take_running_lines
from konverze_loaders.pdf.structure import Structure, title_key
from konverze_loaders.pdf.weights import weigh_scattered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from konverze_core.documents import Document
    from konverze_loaders.pdf.layout import Line
    from konverze_loaders.pdf.running import RunningLines
    from konverze_loaders.reading import Reading

MAX_HEADING_CHARS = 160
MAX_HEADING_LINES = 4
HEADING_LEADING_EM = 1.6
HEADING_SIZE_RATIO = 1.15
MAX_HEADING_SIZES = 3
PARAGRAPH_GAP_RATIO = 1.4
MAX_NAMED_RANGES = 5
# Dots, dashes or lines that lead the eye to a page number.
_LEADER = re.compile(r"(?<![\s.·…_\-–])\s*+(?:[.·…_\-–]\s?){6,}+(?=\s*[\divxlc]*\s*$)", re.MULTILINE)
_MAY_LEAD = re.compile(r"[.·…_\-–]\s?[.·…_\-–]\s?[.·…_\-–]")
_PAGE_NUMBER = re.compile(r"\d{1,4}|[ivxlc]+")
_HYPHENATED = re.compile(r"(?<=[^\W\d_]{2})-\n(?=[^\W\d_A-Z]{2})")


def load_pdf(data: bytes, reading: Reading) -> Document:
    """Makes a document of a PDF.

    Pages that no engine can read are noted in `Document.unread`, and their text is left out. Lines that run along the
    heads and feet of pages are taken out of the text; the first of each stays as a block of its own, and all of them
    are in the metadata as `page_header` and `page_footer`.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: Damaged; also for any exception of the parsers that is not about limits.
        EncryptedFileError: Locked by another password than the given one and the empty one.
        LimitExceededError: Too many pages, too much text, or streams that unpack to too much.
        NoTextError: No pages, or no page that can be read.
    """
    try:
        return _read(data, reading)
    except LoadError:
        raise
    except (LimitReachedError, RecursionError, MemoryError) as exc:
        raise LimitExceededError(reading.source, "a stream or tree grows beyond the parser's limits") from exc
    except Exception as exc:
        # pypdf lets KeyError, AttributeError and others through on damaged files.
        raise CorruptFileError(reading.source, f"a damaged PDF ({type(exc).__name__})") from exc


def _read(data: bytes, reading: Reading) -> Document:
    try:
        structure = Structure(data, reading)
    except (LoadError, LimitReachedError, RecursionError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - not for pypdf to read; for PDFium, perhaps
        return _read_without_structure(data, reading)
    with _opened(data, structure.password) or nullcontext() as pdfium:
        pages = _read_pages(PageEngines(structure, pdfium, len(data), reading), structure.page_count, reading)
    return _assemble(pages, structure, reading)


def _read_without_structure(data: bytes, reading: Reading) -> Document:
    with PdfiumDocument(data, reading.password) as pdfium:
        weigh_scattered(data, len(pdfium), reading)
        pages = _read_pages(PageEngines(None, pdfium, len(data), reading), len(pdfium), reading)
    return _assemble(pages, None, reading)


def _opened(data: bytes, password: str | None) -> PdfiumDocument | None:
    """The file as PDFium opens it; None where only pypdf can."""
    try:
        return PdfiumDocument(data, password)
    except pypdfium2.PdfiumError:
        return None


def _read_pages(engines: PageEngines, count: int, reading: Reading) -> list[ReadPage]:
    pages: list[ReadPage] = []
    chars = 0
    for number in range(count):
        pages.append(engines.read(number))
        chars += sum(len(line.text) + sum(map(len, line.cells)) for line in pages[-1].lines)
        reading.check("max_text_chars", chars)
    if not any(page.lines for page in pages):
        raise NoTextError(reading.source, f"no readable text on {count} page(s): {_reasons(pages)}")
    return pages


def _reasons(pages: Sequence[ReadPage]) -> str:
    """Why pages are not read, each reason with its pages."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, page in enumerate(pages, start=1):
        places[page.unread or "nothing to read; if it shows text, run OCR first"].append(number)
    return "; ".join(f"{_ranges(numbers)}: {reason}" for reason, numbers in places.items())


def _ranges(numbers: Sequence[int]) -> str:
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    named = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs[:MAX_NAMED_RANGES]]
    return (
        ("page " if len(numbers) == 1 else "pages ")
        + ", ".join(named)
        + (" and more" if len(runs) > MAX_NAMED_RANGES else "")
    )


def _assemble(pages: Sequence[ReadPage], structure: Structure | None, reading: Reading) -> Document:
    labels = structure.labels() if structure else [""] * len(pages)
    outline = structure.outline() if structure else {}
    facts = structure.facts() if structure else {}
    page_lines = [page.lines for page in pages]
    running = take_running_lines(page_lines)
    document = _Assembler(DocumentBuilder(reading), outline, _heading_sizes(page_lines), running)
    for number, (page, label) in enumerate(zip(pages, labels, strict=True)):
        document.add_page(number, page.lines, label)
        if page.unread:
            document.builder.note_unread(f"page {number + 1}", page.unread, page=number + 1)
    from_images = [number for number, page in enumerate(pages, start=1) if page.is_from_image]
    if from_images:
        facts["ocr_pages"] = [*from_images]
    return document.builder.build({"format": "pdf", **facts, **running.facts()})


class _Assembler:
    """Turns lines into blocks: headings, paragraphs, table rows, and the running heads and feet."""

    def __init__(
        self,
        builder: DocumentBuilder,
        outline: Mapping[int, Mapping[str, int]],
        sizes: Mapping[float, int],
        running: RunningLines,
    ) -> None:
        self.builder = builder
        self._outline = outline
        self._sizes = sizes
        self._running = running

    def add_page(self, number: int, page_lines: Sequence[Line], label: str) -> None:
        """Appends a page, counted from 0 as in the outline."""
        self.builder.start_page(label)
        for head in self._running.heads.get(number, ()):
            self.builder.add(BlockKind.PAGE_HEADER, head)
        self._add_lines(number, page_lines)
        for foot in self._running.feet.get(number, ()):
            self.builder.add(BlockKind.PAGE_FOOTER, foot)

    def _add_lines(self, number: int, page_lines: Sequence[Line]) -> None:
        gap = PARAGRAPH_GAP_RATIO * _leading(page_lines)
        tables: dict[int, int] = {}
        contents = _contents(page_lines)
        paragraph: list[Line] = []
        for run in _runs(page_lines):
            if level := self._level(number, run):
                self._close(paragraph)
                self.builder.add(BlockKind.HEADING, _joined(run), level=level)
                continue
            for line in run:
                level = self._outlined(number, line.text)
                if line.table is not None or level or (paragraph and _starts_paragraph(paragraph[-1], line, gap)):
                    self._close(paragraph)
                if line.table is not None:
                    if line.table not in tables:
                        tables[line.table] = self.builder.new_table()
                    cells = [_LEADER.sub("", line.cells[0]), line.cells[2]] if line.table in contents else line.cells
                    self.builder.add_row(cells, tables[line.table])
                elif level:
                    self.builder.add(BlockKind.HEADING, " ".join(line.text.split()), level=level)
                else:
                    paragraph.append(line)
        self._close(paragraph)

    def _close(self, paragraph: list[Line]) -> None:
        text = "\n".join([line.text.strip() for line in paragraph])
        if _MAY_LEAD.search(text):
            text = _LEADER.sub(" … ", text)
        if "-\n" in text:
            text = _HYPHENATED.sub("", text)
        self.builder.add(BlockKind.PARAGRAPH, text)
        paragraph.clear()

    def _level(self, number: int, run: Sequence[Line]) -> int:
        """The level of lines that make one heading; 0 for all others."""
        if run[0].table is not None:
            return 0
        text = _joined(run)
        if level := self._outlined(number, text):
            return level
        if any(self._outlined(number, line.text) for line in run):
            return 0  # each line by itself
        level = self._sizes.get(round(run[0].size, 1), 0)
        return level if level and len(run) <= MAX_HEADING_LINES and _may_be_heading(text) else 0

    def _outlined(self, number: int, text: str) -> int:
        return self._outline[number].get(title_key(text), 0) if number in self._outline else 0


def _runs(page_lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Lines of one size that stand right under each other, together: a heading of two lines is one."""
    start = 0
    for place in range(1, len(page_lines) + 1):
        if place == len(page_lines) or not _goes_on(page_lines[place - 1], page_lines[place]):
            yield page_lines[start:place]
            start = place


def _goes_on(above: Line, below: Line) -> bool:
    return (
        above.table is None
        and below.table is None
        and round(above.size, 1) == round(below.size, 1)
        and 0 < above.y - below.y <= HEADING_LEADING_EM * above.size
    )


def _joined(run: Sequence[Line]) -> str:
    return " ".join([word for line in run for word in line.text.split()])


def _contents(page_lines: Sequence[Line]) -> set[int]:
    """Tables whose rows all are a title, dots that lead, and a page number: dashes among figures are a value."""
    rows = [line for line in page_lines if line.table is not None]
    others = {line.table for line in rows if not _is_entry(line.cells)}
    return {line.table for line in rows if line.table is not None} - others


def _is_entry(cells: Sequence[str]) -> bool:
    match cells:
        case [_, leader, page]:
            return bool(_LEADER.fullmatch(leader) and _PAGE_NUMBER.fullmatch(page.strip()))
        case _:
            return False


def _leading(page_lines: Sequence[Line]) -> float:
    steps = [above.y - below.y for above, below in pairwise(page_lines) if above.y > below.y]
    return median(steps) if steps else 0.0


def _starts_paragraph(above: Line, below: Line, gap: float) -> bool:
    return above.y - below.y > gap > 0


def _may_be_heading(text: str) -> bool:
    text = text.strip()
    letters = sum(character.isalpha() for character in text)
    return len(text) <= MAX_HEADING_CHARS and letters * 2 >= len(text) and not text.endswith((".", ",", ";", "।"))


def _heading_sizes(pages: Iterable[Sequence[Line]]) -> dict[float, int]:
    """Levels of the type sizes that are clearly larger than the body's, largest first."""
    chars: Counter[float] = Counter()
    counts: Counter[float] = Counter()
    for line in (line for page in pages for line in page if line.table is None and line.size):
        chars[round(line.size, 1)] += len(line.text)
        counts[round(line.size, 1)] += 1
    if not chars:
        return {}
    body = chars.most_common(1)[0][0]
    larger = sorted((size for size in chars if size >= HEADING_SIZE_RATIO * body), reverse=True)
    rare = [size for size in larger if counts[size] * 4 <= sum(counts.values())]
    return {size: min(level, MAX_HEADING_SIZES) for level, size in enumerate(rare, start=1)}
