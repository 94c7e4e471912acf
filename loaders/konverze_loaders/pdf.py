"""PDF by pypdf: text page by page, headings from the outline or from type size, ruled tables row by row."""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, cast

import pypdf
from pypdf.errors import LimitReachedError

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError, EncryptedFileError, LimitExceededError, LoadError, NoTextError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.normalise import normalise
from konverze_loaders.pdf_layout import Fragment, Line, ended_at, fragment, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.limits import LoadLimits

MAX_OUTLINE_DEPTH = 6
MAX_HEADING_CHARS = 100
HEADING_SIZE_RATIO = 1.15
MAX_HEADING_SIZES = 3
PARAGRAPH_GAP_RATIO = 1.4
MAX_UNREADABLE_SHARE = 0.3
_HYPHENATED = re.compile(r"(?<=[a-zß-ÿ]{2})-\n(?=[a-zß-ÿ]{2})")
_NO_FACT = frozenset(["(anonymous)", "(unspecified)", "untitled", "unknown"])
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")


def load_pdf(data: bytes, source: str, limits: LoadLimits) -> Document:
    """Makes a document of a PDF.

    Args:
        data: The whole file.
        source: Name of the file.
        limits: Limits of the load.

    Raises:
        CorruptFileError: Damaged; also for any exception of the parser that is not about limits.
        EncryptedFileError: Locked by a password other than the empty one.
        LimitExceededError: Too many pages or operators, too much text, or streams that unpack to too much.
        NoTextError: No pages, or pages without readable text.
    """
    try:
        return _read(data, source, limits)
    except LoadError:
        raise
    except (LimitReachedError, RecursionError, MemoryError) as exc:
        raise LimitExceededError(source, "a stream or tree of this PDF grows beyond the parser's limits") from exc
    except Exception as exc:
        # pypdf lets KeyError, AttributeError and others through on damaged files.
        raise CorruptFileError(source, f"a damaged PDF ({type(exc).__name__})") from exc


def _read(data: bytes, source: str, limits: LoadLimits) -> Document:
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise EncryptedFileError(source, "locked by a password; save a copy without one")
    count = len(reader.pages)
    limits.check("max_pages", count, source)
    if not count:
        raise NoTextError(source, "a PDF without pages")
    pages: list[list[Line]] = []
    chars = 0
    extractor = _Extractor(source, limits)
    for page in reader.pages:
        pages.append(lines(extractor.fragments(page)))
        chars += sum(len(line.text) + sum(map(len, line.cells)) for line in pages[-1])
        limits.check("max_text_chars", chars, source)
    _require_text(pages, source)
    document = _Assembler(DocumentBuilder(source, limits), _outline(reader), _heading_sizes(pages))
    for number, page_lines in enumerate(pages):
        document.add_page(number, page_lines)
    return document.builder.build({"format": "pdf", **_facts(reader)})


class _Extractor:
    """Text of pages, with a count of the operators: pages may share one stream, and a small file show it often."""

    def __init__(self, source: str, limits: LoadLimits) -> None:
        self._source = source
        self._limits = limits
        self._operators = 0
        self._found: list[Fragment] = []

    def fragments(self, page: pypdf.PageObject) -> list[Fragment]:
        """Fragments of a page, in the order of its content stream.

        Raises:
            LimitExceededError: More operators than `max_text_operators`, this page's and its predecessors'.
        """
        self._found = []
        page.extract_text(visitor_operand_before=self._count, visitor_text=self._visit)
        self._check()  # pypdf swallows what is raised inside a form
        return self._found

    def _count(self, operator: bytes, operands: Any, _user: list[float], _text_matrix: list[float]) -> None:
        is_array = operator == b"TJ" and operands and isinstance(operands[0], list)
        self._operators += 1 + (len(operands[0]) if is_array else 0)
        self._check()

    def _check(self) -> None:
        self._limits.check("max_text_operators", self._operators, self._source)

    def _visit(self, text: str, user: list[float], text_matrix: list[float], _font: Any, size: float) -> None:
        place = fragment(text, user, text_matrix, float(size or 0))
        if text:
            self._found.append(place)
        elif self._found and self._found[-1].text.strip():
            # At the end of a text object the extractor reports where the pen stands: the true right edge.
            self._found[-1] = ended_at(self._found[-1], place)


def _require_text(pages: list[list[Line]], source: str) -> None:
    text = "".join(line.text + "".join(line.cells) for page in pages for line in page)
    if not normalise(text).strip():
        raise NoTextError(source, f"{len(pages)} page(s) without text, probably scanned: run OCR first")
    if len(_UNREADABLE.findall(text)) > MAX_UNREADABLE_SHARE * len(text):
        raise NoTextError(source, f"{len(pages)} page(s) whose fonts do not say what their glyphs mean: run OCR first")


class _Assembler:
    """Turns lines into blocks: headings, paragraphs and table rows."""

    def __init__(
        self, builder: DocumentBuilder, outline: Mapping[tuple[int, str], int], sizes: Mapping[float, int]
    ) -> None:
        self.builder = builder
        self._outline = outline
        self._sizes = sizes

    def add_page(self, number: int, page_lines: list[Line]) -> None:
        """Appends a page, counted from 0 as in the outline."""
        self.builder.start_page()
        gap = PARAGRAPH_GAP_RATIO * _leading(page_lines)
        tables: dict[int, int] = {}
        paragraph: list[Line] = []
        for line in page_lines:
            level = self._level(number, line)
            if line.table is not None or level or (paragraph and _starts_paragraph(paragraph[-1], line, gap)):
                self._close(paragraph)
            if line.table is not None:
                if line.table not in tables:
                    tables[line.table] = self.builder.new_table()
                self.builder.add_row(line.cells, tables[line.table])
            elif level:
                self.builder.add(BlockKind.HEADING, " ".join(line.text.split()), level=level)
            else:
                paragraph.append(line)
        self._close(paragraph)

    def _close(self, paragraph: list[Line]) -> None:
        text = "\n".join(line.text.strip() for line in paragraph)
        self.builder.add(BlockKind.PARAGRAPH, _HYPHENATED.sub("", text))
        paragraph.clear()

    def _level(self, number: int, line: Line) -> int:
        if line.table is not None:
            return 0
        return self._outline.get((number, _key(line.text))) or (
            self._sizes.get(round(line.size, 1), 0) if _may_be_heading(line.text) else 0
        )


def _leading(page_lines: list[Line]) -> float:
    steps = [above.y - below.y for above, below in pairwise(page_lines) if above.y > below.y]
    return median(steps) if steps else 0.0


def _starts_paragraph(above: Line, below: Line, gap: float) -> bool:
    return above.y - below.y > gap > 0


def _may_be_heading(text: str) -> bool:
    text = text.strip()
    letters = sum(character.isalpha() for character in text)
    return len(text) <= MAX_HEADING_CHARS and letters * 2 >= len(text) and not text.endswith((".", ",", ";", "।"))


def _heading_sizes(pages: Iterable[list[Line]]) -> dict[float, int]:
    """Levels of the type sizes that are clearly larger than the body's, largest first."""
    chars: Counter[float] = Counter()
    counts: Counter[float] = Counter()
    for line in (line for page in pages for line in page if line.table is None):
        chars[round(line.size, 1)] += len(line.text)
        counts[round(line.size, 1)] += 1
    if not chars:
        return {}
    body = chars.most_common(1)[0][0]
    larger = sorted((size for size in chars if size >= HEADING_SIZE_RATIO * body), reverse=True)
    rare = [size for size in larger if counts[size] * 4 <= sum(counts.values())]
    return {size: min(level, MAX_HEADING_SIZES) for level, size in enumerate(rare, start=1)}


def _outline(reader: pypdf.PdfReader) -> dict[tuple[int, str], int]:
    """Levels of outline entries, by page number from 0 and title; a broken outline is no reason to refuse a file."""
    found: dict[tuple[int, str], int] = {}
    try:
        stack: list[tuple[Any, int]] = [(reader.outline, 1)]
        while stack:
            entry, level = stack.pop()
            if isinstance(entry, list):
                items = cast("list[Any]", entry)
                stack += [(item, level + isinstance(item, list)) for item in items]
            elif entry.title and (page := reader.get_destination_page_number(entry)) is not None:
                found[page, _key(str(entry.title))] = min(level, MAX_OUTLINE_DEPTH)
    except Exception:  # noqa: BLE001
        return found
    return found


def _key(title: str) -> str:
    return "".join(normalise(title).casefold().split())


def _facts(reader: pypdf.PdfReader) -> dict[str, MetadataValue]:
    facts: dict[str, MetadataValue] = {}
    try:
        info = reader.metadata
        for key, value in (("title", info.title), ("author", info.author)) if info else ():
            words = " ".join(normalise(str(value or "")).split())
            if words and words.lower() not in _NO_FACT:
                facts[key] = words
    except Exception:  # noqa: BLE001
        return facts
    return facts
