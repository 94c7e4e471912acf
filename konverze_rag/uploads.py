"""What a tenant hands in, and the document id that each upload goes by."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from konverze_core.errors import ConfigError, LoadError
from konverze_indexes.scalars import checked_text
from konverze_loaders import LoadLimits

MAX_SOURCE_CHARS = 1_024
"""Longest document id."""

READ_TRIES = 3
"""How often a file is read that is written to meanwhile."""

READ_BYTES = 1 << 20
"""Read at a time: room for all that is asked for is made before anything is read."""

Upload: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Uploads: TypeAlias = Upload | Sequence[Upload] | Mapping[str, Upload]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedUpload:
    """An upload under its document id.

    Attributes:
        source: The document id.
        content: A path, bytes, or a binary file object.
        name: File name, for messages and for telling Markdown.
        root: Folder that the file must lie in, links followed; None for anywhere.
    """

    source: str
    content: Upload
    name: str
    root: Path | None = None


def named_uploads(content: Uploads, source: str | None) -> list[NamedUpload]:
    """Gives each upload of a batch its document id.

    Raises:
        ConfigError: An id is missing, illegal, or stands twice in the batch; or a path is not one of a file.
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
        _check(upload)
    return uploads


def _named(content: Upload, source: str | None) -> NamedUpload:
    path: object = content if isinstance(content, str | os.PathLike) else getattr(content, "name", None)
    name = Path(cast("str", path)).name if isinstance(path, str | os.PathLike) else ""
    if not (source or name):
        raise ConfigError("an upload without a file name needs a source: its document id")
    return NamedUpload(source=checked_source(source or name), content=content, name=name or str(source))


def _check(upload: NamedUpload) -> None:
    """Tells wrong calls before anything is read; what becomes of a file after that is the file's failure."""
    if isinstance(upload.content, str | os.PathLike):
        try:
            is_file = stat.S_ISREG(Path(upload.content).stat().st_mode)
        except (OSError, ValueError) as exc:
            reason = getattr(exc, "strerror", None) or "not a legal path"
            raise ConfigError(f"{upload.name}: cannot be read ({reason})") from exc
        if not is_file:
            raise ConfigError(f"{upload.name}: not a regular file")
    elif not isinstance(upload.content, bytes | bytearray | memoryview) and not hasattr(upload.content, "read"):
        kind = type(upload.content).__name__
        raise ConfigError(f"{upload.name}: an upload is a path, bytes or a binary file, not {kind}")


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


def at_hand(upload: NamedUpload, limits: LoadLimits) -> tuple[NamedUpload, int]:
    """The upload and its length in bytes; a file object is read, here, by the thread that was given it.

    Raises:
        ConfigError: A file object cannot be read, or not in binary mode.
    """
    content = upload.content
    if isinstance(content, bytes | bytearray | memoryview):
        return upload, memoryview(content).nbytes
    if isinstance(content, str | os.PathLike):
        try:
            return upload, min(Path(content).stat().st_size, limits.max_file_bytes)
        except OSError:
            return upload, 0  # `upload_bytes` says what is wrong with it
    try:
        data = cast("object", content.read(limits.max_file_bytes + 1))
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "it is closed, or not open for reading"
        raise ConfigError(f"{upload.name}: cannot be read ({reason})") from exc
    if not isinstance(data, bytes | bytearray):
        raise ConfigError(f"{upload.name}: open the file in binary mode")
    return replace(upload, content=data), len(data)


def upload_bytes(upload: NamedUpload, limits: LoadLimits) -> bytes:
    """All bytes of an upload that is at hand; a file above the limit is not read to its end.

    Raises:
        LoadError: The file is gone, not readable, no regular one, outside its root, or written to all the time.
    """
    if isinstance(upload.content, bytes | bytearray | memoryview):
        return bytes(upload.content)
    try:
        with open(cast("Path", upload.content), "rb", buffering=0, opener=_opened) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LoadError(upload.name, "not a regular file")
            if upload.root is not None and not _is_inside(upload, status):
                raise LoadError(upload.name, "a link to a place outside the folder: it is not followed")
            return settled_bytes(file, limits.max_file_bytes + 1, upload.name)
    except OSError as exc:
        raise LoadError(upload.name, f"cannot be read ({exc.strerror})") from exc


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a named pipe must not block the ingest


def _is_inside(upload: NamedUpload, opened: os.stat_result) -> bool:
    """Whether the file that was opened lies in the root: a path may lead elsewhere from one moment to the next."""
    assert upload.root is not None
    place = Path(os.path.realpath(cast("Path", upload.content)))
    return place.is_relative_to(upload.root) and os.path.samestat(place.stat(), opened)


def settled_bytes(file: FileIO, most: int, name: str) -> bytes:
    """What a file holds while nobody writes to it.

    Args:
        file: Read from its start.
        most: At most this many bytes.
        name: For the message.

    Raises:
        LoadError: It was written to during each of `READ_TRIES` tries.
    """
    for _ in range(READ_TRIES):
        before = os.fstat(file.fileno())
        file.seek(0)
        data = _read(file, most)
        after = os.fstat(file.fileno())
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
            return data
    raise LoadError(name, "it is being written to: ingest it again when it is at rest")


def _read(file: FileIO, most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := file.read(min(most, READ_BYTES))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
