"""Tells a file's format from its bytes; the extension decides only where content cannot."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from pathlib import PurePath

from konverze_core.errors import CorruptFileError, EncryptedFileError, UnsupportedFormatError

PDF_HEADER_WITHIN_BYTES = 1_024
HTML_WITHIN_CHARS = 100_000


class Format(StrEnum):
    """Formats that have a loader."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


_EXTENSIONS = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".docm": Format.DOCX,
    ".dotx": Format.DOCX,
    ".dotm": Format.DOCX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
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
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_KINDS = (
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint presentation"),
    ("META-INF/container.xml", "an EPUB book"),
    ("content.xml", "an OpenDocument file; save it as DOCX"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
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


def sniff_binary(data: bytes, source: str) -> Format | None:
    """Recognises PDF and DOCX; None means: try it as text.

    Args:
        data: The whole file.
        source: Name of the file, for messages.

    Raises:
        CorruptFileError: The file starts like a zip, but is none.
        EncryptedFileError: A DOCX locked by a password.
        UnsupportedFormatError: A known binary format without a loader.
    """
    if _is_pdf(data, is_declared=declared_format(source) is Format.PDF):
        return Format.PDF
    if data.startswith(_COMPOUND_FILE):
        _refuse_compound_file(data, source)
    if data.startswith(_ZIP):
        return _sniff_zip(data, source)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and not (signature in _WORDS and _is_printable(data)):
            raise UnsupportedFormatError(source, f"this is {kind}")
    return None


def sniff_text(text: str, declared: Format | None) -> Format:
    """Tells HTML, Markdown and plain text apart.

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
    if _HTML_START.match(head, start):
        return Format.HTML
    signs = 0 if declared is Format.TEXT else len(_MARKDOWN_SIGNS.findall(head))
    return Format.MARKDOWN if signs >= MIN_MARKDOWN_SIGNS else Format.TEXT


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
    kind = "a legacy Word document (.doc)" if "WordDocument".encode("utf-16-le") in data else "a legacy Office file"
    raise UnsupportedFormatError(source, f"this is {kind}; save it as DOCX")


def _sniff_zip(data: bytes, source: str) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as exc:
        raise CorruptFileError(source, "a damaged or truncated DOCX or zip file") from exc
    paths = [name.replace("\\", "/").lstrip("/") for name in names]
    if any(path.lower().startswith("word/") for path in paths):
        return Format.DOCX
    for prefix, kind in _ZIP_KINDS:
        if any(path.startswith(prefix) for path in paths):
            raise UnsupportedFormatError(source, f"this is {kind}")
    if "[Content_Types].xml" in paths:
        return Format.DOCX
    raise UnsupportedFormatError(source, "this is a zip archive; upload its files one by one")
