"""`load`: bytes in, `Document` out, and the one seam at which foreign exceptions become ours."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from konverze_core.errors import (
    ConfigError,
    CorruptFileError,
    KonverzeError,
    LimitExceededError,
    NoTextError,
)
from konverze_loaders.containers.eml import load_eml
from konverze_loaders.containers.epub import load_epub
from konverze_loaders.containers.zip_files import load_zip
from konverze_loaders.encoding import decode
from konverze_loaders.limits import LoadLimits
from konverze_loaders.markup.html import load_html
from konverze_loaders.markup.markdown import load_markdown
from konverze_loaders.office.docx import load_docx
from konverze_loaders.office.pptx import load_pptx
from konverze_loaders.office.xlsx import load_xlsx
from konverze_loaders.pdf.loader import load_pdf
from konverze_loaders.reading import Reading
from konverze_loaders.sniffing import Format, declared_format, looks_like_markup, sniff_bytes, sniff_text
from konverze_loaders.tabular.delimited import load_csv
from konverze_loaders.tabular.json_values import load_json, load_json_lines
from konverze_loaders.text import load_text

if TYPE_CHECKING:
    from konverze_core.documents import Document

DEFAULT_NAME = "upload"
_BINARY_LOADERS = {
    Format.PDF: load_pdf,
    Format.DOCX: load_docx,
    Format.PPTX: load_pptx,
    Format.XLSX: load_xlsx,
    Format.EPUB: load_epub,
}
_CONTAINER_LOADERS = {Format.ZIP: load_zip, Format.EML: load_eml}
_TEXT_LOADERS = {
    Format.HTML: load_html,
    Format.MARKDOWN: load_markdown,
    Format.JSON: load_json,
    Format.JSON_LINES: load_json_lines,
    Format.CSV: load_csv,
    Format.TEXT: load_text,
}


def load(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    name: str | None = None,
    password: str | None = None,
    limits: LoadLimits = LoadLimits(),  # noqa: B008
) -> Document:
    """Reads a file of any supported format, in this process; `LoaderPool` reads files of strangers.

    The content decides the format; an extension that promises another one is noted as `declared_format`.

    Args:
        source: A path, the bytes of a file, or a binary file object (read from where it stands, not closed).
        name: File name for messages and for telling Markdown by its extension; by default the path's or the file
            object's base name, or "upload".
        password: Opens a locked PDF or zip; tried on locked files inside the file, too.
        limits: How large the file may be.

    Returns:
        The document; its metadata holds at least `format`, and `replaced_characters` where a text had damaged bytes.

    Raises:
        ConfigError: The path does not exist or is no readable file, or the file object is not binary.
        CorruptFileError: Damaged, truncated or not what it claims to be.
        EncodingError: Text in no known encoding.
        EncryptedFileError: Locked by a password that was not given.
        LimitExceededError: Larger or deeper than `limits` allow.
        NoTextError: Nothing to read in it.
        UnsupportedFormatError: No loader reads this kind of file.
    """
    name = name or _default_name(source)
    data = _read(source, name, limits)
    return _parse(data, Reading(source=name, limits=limits, password=password))


def _parse(data: bytes, reading: Reading) -> Document:
    """Reads a file, or one inside a file, and raises nothing but a `LoadError`."""
    name = reading.source
    try:
        document = _dispatch(data, reading)
    except KonverzeError:
        raise
    except RecursionError as exc:
        raise LimitExceededError(name, "nested too deeply to be read") from exc
    except MemoryError as exc:
        raise LimitExceededError(name, "needs more memory than there is") from exc
    except Exception as exc:
        raise CorruptFileError(name, f"damaged: the parser gave up ({type(exc).__name__})") from exc
    if not document.text.strip():
        raise NoTextError(name, "the file holds no text")
    return document


def _dispatch(data: bytes, reading: Reading) -> Document:
    name = reading.source
    if not data.strip():
        raise NoTextError(name, "the file is empty")
    declared = declared_format(name)
    kind = sniff_bytes(data, reading)
    if kind is not None:
        in_files = _CONTAINER_LOADERS.get(kind)
        document = in_files(data, reading, _parse) if in_files else _BINARY_LOADERS[kind](data, reading)
    else:
        decoded = decode(data, name, is_markup=looks_like_markup(data))
        kind = sniff_text(decoded.text, declared)
        document = _TEXT_LOADERS[kind](decoded.text, reading, encoding=decoded.encoding)
        if decoded.replaced_characters:
            replaced = {"replaced_characters": decoded.replaced_characters}
            document = replace(document, metadata={**document.metadata, **replaced})
    if declared is None or declared is kind:
        return document
    return replace(document, metadata={**document.metadata, "declared_format": declared.value})


def _default_name(source: str | os.PathLike[str] | bytes | BinaryIO) -> str:
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return (Path(path).name if isinstance(path, str) else "") or DEFAULT_NAME


def _read(source: str | os.PathLike[str] | bytes | BinaryIO, name: str, limits: LoadLimits) -> bytes:
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | os.PathLike):
        data = _read_path(Path(source), name, limits)
    else:
        data = _read_stream(source, name, limits)
    limits.check("max_file_bytes", len(data), name)
    return data


def _read_path(path: Path, name: str, limits: LoadLimits) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{name}: a directory or device, not a file")
        limits.check("max_file_bytes", status.st_size, name)
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise ConfigError(f"{name}: no such file") from exc
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a legal path"
        raise ConfigError(f"{name}: cannot be read ({reason})") from exc


def _read_stream(stream: BinaryIO, name: str, limits: LoadLimits) -> bytes:
    try:
        data = cast("object", stream.read(limits.max_file_bytes + 1))
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{name}: the file object cannot be read") from exc
    if not isinstance(data, bytes | bytearray):
        raise ConfigError(f"{name}: open the file in binary mode")
    return bytes(data)
