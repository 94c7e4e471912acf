"""Blobs as files below one directory of a POSIX file system.

A blob is written to `<root>/.tmp`, synced, then linked (put-if-absent) or renamed to its name, and the directory
synced: a reader sees the whole blob or none, and so does the next process after a crash at any system call.
Every path is walked from the root one directory at a time without following symbolic links; one that stands where a
blob or a folder of blobs belongs is an `IntegrityError`, for this store never makes any.
"""

from __future__ import annotations

import errno
import math
import os
import secrets
import stat
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    IntegrityError,
    KonverzeError,
    StoreFullError,
    StoreUnavailableError,
)
from konverze_core.names import NAME_CHARS_MAX, checked_blob_name, is_blob_part
from konverze_core.protocols import BlobHead
from konverze_indexes.durable import DIRECTORY_FLAGS, make_directories, make_directory, write_new_file
from konverze_indexes.mapping import mapped

LEFTOVER_AGE_S = 3600.0
"""A file that a writer has not finished by then is taken for one that a writer left who died; looked for as often."""
# Below this, reading costs less than mapping.
MAPPED_BYTES_MIN = 128 << 10

_TEMPORARY = ".tmp"  # no legal blob name starts with a dot
_FOLDER_FLAGS = DIRECTORY_FLAGS | os.O_NOFOLLOW
_BLOB_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a named pipe must not block the reader
_ERRORS: dict[int | None, type[KonverzeError]] = {
    errno.ENOSPC: StoreFullError,
    errno.EDQUOT: StoreFullError,
    errno.ENOTDIR: ConfigError,
    errno.EISDIR: ConfigError,
    errno.ELOOP: IntegrityError,
    errno.ENXIO: IntegrityError,
}
_STRAYS: dict[int | None, str] = {
    errno.ELOOP: "a symbolic link stands where a blob belongs",
    errno.ENXIO: "what is neither file nor folder stands where a blob belongs",
}


class LocalBlobStore:
    """`BlobStore` in a local directory; safe to share between threads and processes.

    A directory that is there but cannot be written serves readers. Nothing but this class may write below the root.
    Large blobs are mapped, as reading them would more than double the time to open a large tenant: whoever truncates or
    overwrites such a file in place, instead of renaming another one over it as `put` does, may end the process with
    SIGBUS, for all of its tenants.

    Args:
        root: Where the blobs are; created when missing, mode 0700.

    Raises:
        ConfigError: A file stands in the directory's way.
        StoreUnavailableError: The directory cannot be created or read.
    """

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).resolve()
        with _translated(str(root)):
            make_directories(self._root)
            os.close(self._walked([]))  # a file, or what may not be read, is refused now
        self._tidied_at = -math.inf

    def __repr__(self) -> str:
        return f"LocalBlobStore({str(self._root)!r})"

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only; a large one is mapped, not read.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
            IntegrityError: A symbolic link or a special file stands at the name or at a folder above.
            StoreUnavailableError: The file cannot be read.
        """
        with _translated(name):
            descriptor, facts = self._opened(name)
            try:
                if facts.st_size < MAPPED_BYTES_MIN:
                    return memoryview(_read_all(descriptor, facts.st_size))
                return mapped(descriptor, facts.st_size)
            finally:
                os.close(descriptor)

    def put(self, name: str, data: bytes | bytearray | memoryview, *, if_absent: bool = False) -> None:
        """Writes the blob, durably, before returning; no reader ever sees a part of it.

        After an error of an `if_absent` put nothing is there: a name already given is taken back, unless the disk
        refuses that, too. After an error of another put either the old blob is there or the new one.

        Raises:
            ConfigError: The name is not a legal blob name, or it or a part of it names a folder or a blob.
            ConflictError: `if_absent` and the name is taken.
            IntegrityError: A symbolic link or a special file stands at the name or at a folder above.
            StoreFullError: The disk or the quota is full.
            StoreUnavailableError: The file cannot be written.
        """
        *folders, leaf = checked_blob_name(name).split("/")
        temporary = secrets.token_hex(16)
        with _translated(name), self._folder([_TEMPORARY], create=True) as spool:
            self._tidy()
            try:
                write_new_file(temporary, data, dir_fd=spool)
                with self._folder(folders, create=True) as folder:
                    _refuse_stray_leaf(leaf, folder)
                    if if_absent:
                        _link(temporary, leaf, spool=spool, folder=folder)
                    else:
                        os.replace(temporary, leaf, src_dir_fd=spool, dst_dir_fd=folder)
                        os.fsync(folder)
            except FileExistsError as exc:
                raise ConflictError(f"already there: {name}") from exc
            finally:
                with suppress(OSError):  # gone after a rename; else a leftover that the next writer removes
                    os.unlink(temporary, dir_fd=spool)

    def list(self, prefix: str) -> list[str]:
        """Sorted names of all blobs whose name starts with `prefix`, at any depth.

        Raises:
            IntegrityError: A symbolic link or a special file stands among the blobs or at a folder of the prefix.
            StoreUnavailableError: A directory cannot be read.
        """
        *folders, stem = prefix.split("/")
        if not all(map(is_blob_part, folders)):
            return []
        names: list[str] = []
        waiting = [(folders, stem)]
        while waiting:
            parts, start = waiting.pop()
            place = "/".join(parts) or str(self._root)
            with suppress(BlobNotFoundError), _translated(place), self._folder(parts) as folder:  # or gone meanwhile
                for part, is_folder in _entries(folder, parts, start):
                    if is_folder:
                        waiting.append(([*parts, part], ""))
                    else:
                        names.append("/".join([*parts, part]))
        return sorted(names)

    def head(self, name: str) -> BlobHead:
        """Length and age of the blob; the age by the clock of the file system.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
            IntegrityError: A symbolic link or a special file stands at the name or at a folder above.
            StoreUnavailableError: The file cannot be read.
        """
        with _translated(name):
            descriptor, facts = self._opened(name)
            os.close(descriptor)
        return BlobHead(size_bytes=facts.st_size, modified_at=datetime.fromtimestamp(facts.st_mtime, UTC))

    def delete(self, name: str) -> None:
        """Removes the blob, durably; a name that is not there is no error.

        Raises:
            ConfigError: The name is not a legal blob name.
            IntegrityError: A symbolic link or a special file stands at the name or at a folder above.
            StoreUnavailableError: The file cannot be removed.
        """
        *folders, leaf = checked_blob_name(name).split("/")
        with _translated(name):
            self._tidy()
        with suppress(BlobNotFoundError), _translated(name), self._folder(folders) as folder:
            _refuse_stray_leaf(leaf, folder)
            with suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(leaf, dir_fd=folder)
            os.fsync(folder)  # also when it is gone: whoever removed it may have died before this line

    def _tidy(self) -> None:
        """Before the first blob is written or deleted, and from time to time: a leftover may be a copy of what goes."""
        now = time.monotonic()
        if now - self._tidied_at >= LEFTOVER_AGE_S:
            with suppress(BlobNotFoundError), self._folder([_TEMPORARY]) as spool:
                _remove_leftovers(spool)
            self._tidied_at = now

    @contextmanager
    def _folder(self, parts: Sequence[str], *, create: bool = False) -> Generator[int]:
        descriptor = self._walked(parts, create=create)
        try:
            yield descriptor
        finally:
            with suppress(OSError):  # a folder was synced, or nothing was written: closing it loses nothing
                os.close(descriptor)

    def _walked(self, parts: Sequence[str], *, create: bool = False) -> int:
        """File descriptor of a folder below the root, for the caller to close."""
        descriptor = os.open(self._root, DIRECTORY_FLAGS)
        for part in parts:
            try:
                inner = _entered(part, descriptor, create=create)
            finally:
                os.close(descriptor)
            descriptor = inner
        return descriptor

    def _opened(self, name: str) -> tuple[int, os.stat_result]:
        """File descriptor of a blob, for the caller to close, and what the system says of it."""
        *folders, leaf = checked_blob_name(name).split("/")
        folder = self._walked(folders)
        try:
            descriptor = os.open(leaf, _BLOB_FLAGS, dir_fd=folder)
        except FileNotFoundError as exc:
            raise BlobNotFoundError(name) from exc
        finally:
            os.close(folder)
        try:
            return descriptor, _facts_of_blob(name, descriptor)
        except BaseException:
            os.close(descriptor)
            raise


@contextmanager
def _translated(name: str) -> Generator[None]:
    """The one seam where errors of the operating system become ours."""
    try:
        yield
    except OSError as exc:
        reason = _STRAYS.get(exc.errno) or os.strerror(exc.errno or errno.EIO)
        raise _ERRORS.get(exc.errno, StoreUnavailableError)(f"{name}: {reason}") from exc


def _entered(part: str, descriptor: int, *, create: bool) -> int:
    """File descriptor of a folder inside an open one."""
    try:
        return os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)
    except FileNotFoundError as exc:
        if not create:
            raise BlobNotFoundError(part) from exc
    except NotADirectoryError as exc:
        _refuse_stray_leaf(part, descriptor)
        if create:
            raise
        raise BlobNotFoundError(part) from exc
    make_directory(part, dir_fd=descriptor)
    return os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)


def _facts_of_blob(name: str, descriptor: int) -> os.stat_result:
    facts = os.fstat(descriptor)
    _refuse_stray(facts.st_mode)
    if stat.S_ISDIR(facts.st_mode):
        raise BlobNotFoundError(name)
    return facts


def _read_all(descriptor: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while size and (piece := os.read(descriptor, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _refuse_stray(mode: int) -> None:
    """Raises what `_translated` makes an `IntegrityError` of, unless it is the mode of a file or a folder."""
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))


def _refuse_stray_leaf(leaf: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        _refuse_stray(os.stat(leaf, dir_fd=folder, follow_symlinks=False).st_mode)


def _link(temporary: str, leaf: str, *, spool: int, folder: int) -> None:
    """Gives a finished file its name, durably, or else not at all."""
    os.link(temporary, leaf, src_dir_fd=spool, dst_dir_fd=folder)
    try:
        os.fsync(folder)
    except OSError:
        with suppress(OSError):
            written = os.stat(temporary, dir_fd=spool, follow_symlinks=False)
            # Another process may have replaced it already: that blob is not ours to remove.
            if os.path.samestat(written, os.stat(leaf, dir_fd=folder, follow_symlinks=False)):
                os.unlink(leaf, dir_fd=folder)
                os.fsync(folder)
        raise


def _entries(folder: int, parts: Sequence[str], stem: str) -> Iterator[tuple[str, bool]]:
    """Legal parts of names in an open folder that start with `stem`, and whether they are folders."""
    chars_max = NAME_CHARS_MAX - sum(len(part) + 1 for part in parts)  # ends the descent, too: no blob is further down
    with os.scandir(folder) as entries:
        for entry in entries:
            part = entry.name
            if not part.startswith(stem) or not is_blob_part(part) or len(part) > chars_max:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError), _translated("/".join([*parts, part])):
                    _refuse_stray(entry.stat(follow_symlinks=False).st_mode)
                continue  # removed meanwhile
            yield part, is_folder


def _remove_leftovers(spool: int) -> None:
    """Removes files of writers that died; a writer asleep for that long fails with an error, and loses nothing.

    What is no file was not left by a writer, and is left alone.
    """
    oldest = time.time() - LEFTOVER_AGE_S
    with os.scandir(spool) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        with suppress(FileNotFoundError):  # another process tidies too
            facts = os.stat(name, dir_fd=spool, follow_symlinks=False)
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < oldest:
                os.unlink(name, dir_fd=spool)
