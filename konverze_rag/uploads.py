"""What a tenant hands in, and the document id that each upload goes by."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_text
from konverze_loaders import LoadLimits

MAX_SOURCE_CHARS = 1_024
"""Longest document id."""

Upload: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Uploads: TypeAlias = Upload | Sequence[Upload] | Mapping[str, Upload]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedUpload:
    """An upload under its document id.

    Attributes:
        source: The document id.
        content: A path, bytes, or a binary file object.
        name: File name, for messages and for telling Markdown.
    """

    source: str
    content: Upload
    name: str


def named_uploads(content: Uploads, source: str | None) -> list[NamedUpload]:
    """Gives each upload of a batch its document id.

    Raises:
        ConfigError: An id is missing, illegal, or stands twice in the batch.
    """
    if isinstance(content, Mapping):
        if source is not None:
            raise ConfigError("a mapping names its uploads itself: leave source out")
        uploads = [_named(item, name) for name, item in content.items()]
    elif isinstance(content, list | tuple):
        if source is not None and len(content) != 1:
            raise ConfigError("source names one upload; a list takes its ids from the file names")
        uploads = [_named(item, source) for item in content]
    else:
        uploads = [_named(cast("Upload", content), source)]
    seen: set[str] = set()
    for upload in uploads:
        if upload.source in seen:
            raise ConfigError(f"{upload.source!r} stands twice in the batch; give each upload a source of its own")
        seen.add(upload.source)
    return uploads


def _named(content: Upload, source: str | None) -> NamedUpload:
    path: object = content if isinstance(content, str | os.PathLike) else getattr(content, "name", None)
    name = Path(cast("str", path)).name if isinstance(path, str | os.PathLike) else ""
    if not (source or name):
        raise ConfigError("an upload without a file name needs a source: its document id")
    return NamedUpload(source=checked_source(source or name), content=content, name=name or str(source))


def checked_source(source: str) -> str:
    """A document id in Unicode normalisation form C, if it is one.

    Raises:
        ConfigError: It is no text, empty, too long, or holds control characters.
    """
    checked_text("a source", source)
    if not 0 < len(source) <= MAX_SOURCE_CHARS:
        raise ConfigError(f"a source is 1 to {MAX_SOURCE_CHARS} characters")
    if any(unicodedata.category(character) == "Cc" for character in source):
        raise ConfigError(f"the source {source!r} holds a control character")
    return unicodedata.normalize("NFC", source)


def upload_bytes(upload: NamedUpload, limits: LoadLimits) -> bytes:
    """All bytes of an upload; a file above the limit is not read to its end."""
    if isinstance(upload.content, bytes | bytearray | memoryview):
        return bytes(upload.content)
    if not isinstance(upload.content, str | os.PathLike) and not hasattr(upload.content, "read"):
        kind = type(upload.content).__name__
        raise ConfigError(f"{upload.name}: an upload is a path, bytes or a binary file, not {kind}")
    try:
        if isinstance(upload.content, str | os.PathLike):
            with open(upload.content, "rb", opener=_opened) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ConfigError(f"{upload.name}: not a regular file")
                return file.read(limits.max_file_bytes + 1)
        data = cast("object", upload.content.read(limits.max_file_bytes + 1))
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not a legal path"
        raise ConfigError(f"{upload.name}: cannot be read ({reason})") from exc
    if not isinstance(data, bytes | bytearray):
        raise ConfigError(f"{upload.name}: open the file in binary mode")
    return bytes(data)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a named pipe must not block the ingest
