"""Tells a file's format from its bytes; the extension decides only where content cannot."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING

from konverze_core.errors import CorruptFileError, EncryptedFileError, UnsupportedFormatError
from konverze_loaders.containers.archive import entry_count
from konverze_loaders.containers.eml import is_eml
from konverze_loaders.tabular.delimited import find_dialect
from konverze_loaders.tabular.json_values import is_json, is_json_lines

if TYPE_CHECKING:
    from konverze_loaders.reading import Reading

PDF_HEADER_WITHIN_BYTES = 1_024
HTML_WITHIN_CHARS = 100_000


class Format(StrEnum):
    """Formats that have a loader."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    EPUB = "epub"
    ZIP = "zip"
    EML = "eml"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    JSON_LINES = "jsonl"
    CSV = "csv"
    TEXT = "text"


_EXTENSIONS = {
    f".{extension}": kind
    for kind, extensions in {
        Format.PDF: "pdf",
        Format.DOCX: "docx docm dotx dotm",
        Format.PPTX: "pptx pptm potx potm ppsx ppsm",
        Format.XLSX: "xlsx xlsm xltx xltm",
        Format.EPUB: "epub",
        Format.ZIP: "zip",
        Format.EML: "eml mht mhtml",
        Format.HTML: "html htm xhtml",
        Format.MARKDOWN: "md markdown",
        Format.JSON: "json geojson",
        Format.JSON_LINES: "jsonl ndjson",
        Format.CSV: "csv tsv tab",
        Format.TEXT: "txt",
    }.items()
    for extension in extensions.split()
}
_SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"{\\rtf", "an RTF document; save it as DOCX"),
    (b"%!PS", "a PostScript file; save it as PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"RIFF", "a RIFF image, recording or film"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"wOFF", "a font"),
)
_WORDS = frozenset([b"GIF8", b"BZh", b"ID3", b"OggS", b"RIFF", b"wOFF"])
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
PRINTABLE_WITHIN_BYTES = 4_096
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMPOUND_KINDS = (
    ("WordDocument", "a legacy Word document (.doc)", "save it as DOCX"),
    ("PowerPoint Document", "a legacy PowerPoint presentation (.ppt)", "save it as PPTX"),
    ("Workbook", "a legacy Excel workbook (.xls)", "save it as XLSX"),
    ("__substg1.0_", "an Outlook message (.msg)", "save it as EML"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What a zip is, by the first of these entries that it holds; a name that ends in a slash stands for all below it.
_OFFICE_MARKS = ("[content_types].xml", "_rels/.rels")
_OFFICE_KINDS: tuple[tuple[str, Format | str], ...] = (
    ("word/", Format.DOCX),
    ("ppt/", Format.PPTX),
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb); save it as XLSX"),
    ("xl/", Format.XLSX),
    ("visio/", "a Visio drawing; save it as PDF"),
    ("fixeddocseq.fdseq", "an XPS document; save it as PDF"),
)
_CONTENT_TYPES = {b"spreadsheetml.": Format.XLSX, b"presentationml.": Format.PPTX}
CONTENT_TYPES_WITHIN_BYTES = 100_000
_ZIP_KINDS: tuple[tuple[str, Format | str], ...] = (
    ("word/document.xml", Format.DOCX),
    ("ppt/presentation.xml", Format.PPTX),
    ("xl/workbook.xml", Format.XLSX),
    ("meta-inf/container.xml", Format.EPUB),
    ("meta-inf/manifest.xml", "an OpenDocument file; save it as DOCX, PPTX or XLSX"),
    ("meta-inf/manifest.mf", "a Java archive"),
    ("index/document.iwa", "a Pages, Numbers or Keynote file; save it as PDF"),
)
_PDF_HEADER = re.compile(rb"%PDF-\d")
_PDF_HEADER_LINE = re.compile(rb"\s*%PDF-\d\.\d[ \t]*(?:[\r\n]|\Z)")
_PDF_OBJECT = re.compile(rb"\d \d+ obj\b")
_HTML_START = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|table|h[1-6]|ul|ol"
    r"|article|section|main|span|center|font|br|a|b|pre)\b",
    re.IGNORECASE,
)
_HTML_ROOT = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_BEFORE_ROOT = {"<?xml": ">", "<!--": "-->"}
_SPACE = re.compile(r"\s*")
_ANY_TAG = re.compile(r"</?(?:p|div|br|table|tr|td|h[1-6]|ul|li|a|span|b|i|pre|html|body)\b[^<>]*+>", re.IGNORECASE)
_MARKDOWN_SIGNS = re.compile(r"^(?:#{1,6} \S|```|\|\s*:?-{3,}|[-*] \[[ x]\] )|\[[^\[\]\n]+\]\([^\s()]+\)", re.MULTILINE)
MIN_MARKDOWN_SIGNS = 3


def declared_format(name: str) -> Format | None:
    """What the extension promises; None where it is unknown."""
    return _EXTENSIONS.get(PurePath(name).suffix.lower())


def sniff_bytes(data: bytes, reading: Reading) -> Format | None:
    """Recognises what is no text, and mails, whose parts may be in several encodings; None means: try it as text.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: The file starts like a zip, but is none.
        EncryptedFileError: An Office file locked by a password.
        LimitExceededError: A zip of too many entries.
        UnsupportedFormatError: A known binary format without a loader.
    """
    source = reading.source
    if _is_pdf(data, is_declared=declared_format(source) is Format.PDF):
        return Format.PDF
    if data.startswith(_COMPOUND_FILE):
        _refuse_compound_file(data, source)
    if data.startswith(_ZIP):
        return _sniff_zip(data, reading)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and not (signature in _WORDS and _is_printable(data)):
            raise UnsupportedFormatError(source, f"this is {kind}")
    return Format.EML if is_eml(data, is_declared=declared_format(source) is Format.EML) else None


def sniff_text(text: str, declared: Format | None) -> Format:
    """Tells the formats apart that are text.

    Args:
        text: The decoded file.
        declared: What the extension promises.
    """
    head = text[:HTML_WITHIN_CHARS]
    start = _after_prolog(head)
    if _HTML_ROOT.match(head, start) or (declared is Format.HTML and _ANY_TAG.search(head)):
        return Format.HTML
    if declared is Format.MARKDOWN:
        return Format.MARKDOWN
    if found := _sniff_data(text, declared):
        return found
    if _HTML_START.match(head, start):
        return Format.HTML
    signs = 0 if declared is Format.TEXT else len(_MARKDOWN_SIGNS.findall(head))
    return Format.MARKDOWN if signs >= MIN_MARKDOWN_SIGNS else Format.TEXT


def _sniff_data(text: str, declared: Format | None) -> Format | None:
    try:
        if is_json(text):
            return Format.JSON
        if is_json_lines(text):
            return Format.JSON_LINES
    except RecursionError:
        # Called JSON, it is refused when it is read; else it is a text of brackets.
        return declared if declared in {Format.JSON, Format.JSON_LINES} else None
    return Format.CSV if find_dialect(text, is_declared=declared is Format.CSV) else None


def _after_prolog(text: str) -> int:
    """Where XML declarations and comments end."""
    position = len(text) - len(text.lstrip())
    while opening := next((mark for mark in _BEFORE_ROOT if text[position : position + 5].startswith(mark)), None):
        closing = _BEFORE_ROOT[opening]
        end = text.find(closing, position + len(opening))
        if end < 0:
            break
        spaces = _SPACE.match(text, end + len(closing))
        position = spaces.end() if spaces else end
    return position


def looks_like_markup(data: bytes) -> bool:
    """Whether the file may declare its own encoding."""
    return data.lstrip()[:1] == b"<"


def _is_pdf(data: bytes, *, is_declared: bool) -> bool:
    if data.startswith(b"%") and b" obj" in data and b"startxref" in data:
        return True
    header = _PDF_HEADER.search(data[:PDF_HEADER_WITHIN_BYTES])
    if header is None:
        return False
    # A text about PDFs may name the header, and start with it; only a PDF has it on a line of its own, has objects, or
    # is called one.
    is_first = not data[: header.start()].strip()
    has_objects = b"endobj" in data and _PDF_OBJECT.search(data) is not None
    is_alone = _PDF_HEADER_LINE.match(data) is not None
    return has_objects or (is_first and (is_declared or is_alone or not _is_printable(data)))


def _is_printable(data: bytes) -> bool:
    return _UNPRINTABLE.search(data[:PRINTABLE_WITHIN_BYTES]) is None


def _refuse_compound_file(data: bytes, source: str) -> None:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise EncryptedFileError(source, "locked by a password; save a copy without one")
    kinds = ((kind, advice) for stream, kind, advice in _COMPOUND_KINDS if stream.encode("utf-16-le") in data)
    kind, advice = next(kinds, ("a legacy Office file", "save it as DOCX, PPTX, XLSX or PDF"))
    raise UnsupportedFormatError(source, f"this is {kind}; {advice}")


def _sniff_zip(data: bytes, reading: Reading) -> Format:
    reading.check("max_entries", entry_count(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in archive.infolist()}
            is_office = not entries.keys().isdisjoint(_OFFICE_MARKS)
            content_types = _head(archive, entries.get(_OFFICE_MARKS[0]))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as exc:
        raise CorruptFileError(reading.source, "a damaged or truncated Office file or zip") from exc
    folders = {f"{path.partition('/')[0]}/" for path in entries if "/" in path}
    kinds = (*(_OFFICE_KINDS if is_office else ()), *_ZIP_KINDS)
    found = (kind for mark, kind in kinds if mark in entries or mark in folders)
    stated = (kind for mark, kind in _CONTENT_TYPES.items() if mark in content_types)
    kind = next(found, None) or next(stated, Format.DOCX if is_office else Format.ZIP)
    if not isinstance(kind, Format):
        raise UnsupportedFormatError(reading.source, f"this is {kind}")
    return kind


def _head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None) -> bytes:
    """The first bytes of an entry; none where it is missing or damaged."""
    try:
        return archive.open(entry).read(CONTENT_TYPES_WITHIN_BYTES) if entry else b""
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error):
        return b""
