"""Zip archives: members in the order of names, each read by the loader of its format; nothing is written anywhere."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from konverze_core.errors import EncryptedFileError, LoadError, NoTextError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.archive import Archive
from konverze_loaders.containers.members import include_file

if TYPE_CHECKING:
    import zipfile

    from konverze_core.documents import Document
    from konverze_loaders.containers.members import Parse
    from konverze_loaders.reading import Reading

_SYSTEM_FOLDERS = frozenset(["__MACOSX"])
_SYSTEM_FILES = frozenset(["thumbs.db", "desktop.ini"])


def load_zip(data: bytes, reading: Reading, parse: Parse) -> Document:
    """Makes a document of the files in an archive.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.
        parse: Reads a file of any format.

    Raises:
        CorruptFileError: The archive is damaged, or all in it is.
        EncryptedFileError: All in it is locked by a password that was not given.
        LimitExceededError: It unpacks to too much, or holds too many files, or files too deep inside each other.
        NoTextError: It holds no file, or none with text.
        UnsupportedFormatError: No loader reads what is in it.
    """
    archive = Archive(data, reading)
    builder = DocumentBuilder(reading)
    failures: list[LoadError] = []
    members = [(_shown_name(entry), entry) for entry in archive.entries if not entry.is_dir()]
    read = 0
    for name, entry in sorted(members, key=lambda member: member[0]):
        if _is_system_file(name):
            continue
        failure = _include(archive, entry, name, builder, parse=parse)
        read += failure is None
        failures += [] if failure is None else [failure]
    if not read:
        raise _nothing_read(reading, failures)
    return builder.build({"format": "zip"})


def _include(
    archive: Archive, entry: zipfile.ZipInfo, name: str, builder: DocumentBuilder, *, parse: Parse
) -> LoadError | None:
    reading = archive.reading
    if stat.S_ISLNK(entry.external_attr >> 16):
        builder.note_unread(name, "a link to another file, which is not followed")
        return NoTextError(reading.source, "it holds links only")
    try:
        data = archive.read(entry)
    except LoadError as error:
        builder.note_unread(name, error.reason)
        return error
    return include_file(data, name, builder, reading, parse=parse)


def _nothing_read(reading: Reading, failures: list[LoadError]) -> LoadError:
    """The gravest of what went wrong, for the archive as a whole."""
    locked = next((failure for failure in failures if isinstance(failure, EncryptedFileError)), None)
    failure = locked or next(iter(failures), None)
    if failure is None:
        return NoTextError(reading.source, "the archive holds no files")
    return type(failure)(
        reading.source, f"none of its {len(failures)} files could be read; the first: {failure.reason}"
    )


def _shown_name(entry: zipfile.ZipInfo) -> str:
    """The name without what leads out of the archive; it is shown, and no path."""
    parts = entry.filename.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in {"", ".", ".."} and not part.endswith(":"))


def _is_system_file(name: str) -> bool:
    *folders, base = name.split("/")
    return (
        any(part.startswith(".") for part in (*folders, base))
        or not _SYSTEM_FOLDERS.isdisjoint(folders)
        or base.lower() in _SYSTEM_FILES
    )
