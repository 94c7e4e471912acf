"""Blobs as files below one directory of a POSIX file system.

A blob is written to `<root>/.tmp`, synced, then linked (put-if-absent) or renamed to its name, and the directory
synced: a reader sees the whole blob or none, and so does the next process after a crash at any system call.
Every path is walked from the root one directory at a time without following symbolic links.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import stat
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    KonverzeError,
    StoreFullError,
    StoreUnavailableError,
)
from konverze_core.names import checked_blob_name, is_blob_part
from konverze_indexes.durable import DIRECTORY_FLAGS, make_directories, make_directory, write_new_file

LEFTOVER_AGE_S = 3600.0
# Below this, reading costs less than mapping, and a mapping holds a file descriptor for as long as it lives.
MAPPED_BYTES_MIN = 128 << 10

_TEMPORARY = ".tmp"  # no legal blob name starts with a dot
_FOLDER_FLAGS = DIRECTORY_FLAGS | os.O_NOFOLLOW
_BLOB_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a named pipe must not block the reader
_ERRORS: dict[int | None, type[KonverzeError]] = {
    errno.ENOSPC: StoreFullError,
    errno.EDQUOT: StoreFullError,
    errno.ELOOP: ConfigError,
    errno.ENOTDIR: ConfigError,
    errno.EISDIR: ConfigError,
}


class LocalBlobStore:
    """`BlobStore` in a local directory; safe to share between threads and processes.

    Args:
        root: Where the blobs are; created when missing, mode 0700.

    Raises:
        StoreUnavailableError: The directory cannot be created or read.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).resolve()
        with _translated(str(root)):
            make_directories(self._root)
            with self._folder([_TEMPORARY], create=True) as spool:
                _remove_leftovers(spool)

    def __repr__(self) -> str:
        return f"LocalBlobStore({str(self._root)!r})"

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only; a large one is mapped, not read.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name, or a part of it is a symbolic link.
            StoreUnavailableError: The file cannot be read.
        """
        with _translated(name), self._blob(name) as descriptor:
            size = os.fstat(descriptor).st_size
            if size < MAPPED_BYTES_MIN:
                return memoryview(_read_all(descriptor, size))
            return memoryview(mmap.mmap(descriptor, size, access=mmap.ACCESS_READ))

    def put(self, name: str, data: bytes | bytearray | memoryview, *, if_absent: bool = False) -> None:
        """Writes the blob, durably, before returning; no reader ever sees a part of it.

        Raises:
            ConfigError: The name is not a legal blob name, a part of it is a symbolic link, or it names a folder.
            ConflictError: `if_absent` and the name is taken.
            StoreFullError: The disk or the quota is full.
            StoreUnavailableError: The file cannot be written.
        """
        *folders, leaf = checked_blob_name(name).split("/")
        temporary = secrets.token_hex(16)
        with _translated(name), self._folder([_TEMPORARY], create=True) as spool:
            try:
                write_new_file(temporary, data, dir_fd=spool)
                with self._folder(folders, create=True) as folder:
                    publish = os.link if if_absent else os.replace
                    publish(temporary, leaf, src_dir_fd=spool, dst_dir_fd=folder)
                    os.fsync(folder)
            except FileExistsError as exc:
                raise ConflictError(f"already there: {name}") from exc
            finally:
                with suppress(OSError):  # gone after a rename; else a leftover that the next opening removes
                    os.unlink(temporary, dir_fd=spool)

    def list(self, prefix: str) -> list[str]:
        """Sorted names of all blobs whose name starts with `prefix`, at any depth.

        Raises:
            ConfigError: A part of the prefix is a symbolic link.
            StoreUnavailableError: A directory cannot be read.
        """
        *folders, stem = prefix.split("/")
        if not all(map(is_blob_part, folders)):
            return []
        above = "".join(f"{part}/" for part in folders)
        try:
            with _translated(prefix), self._folder(folders) as folder:
                return sorted(above + name for name in _names_below(folder, stem))
        except BlobNotFoundError:
            return []

    def size_bytes(self, name: str) -> int:
        """Length of the blob.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name, or a part of it is a symbolic link.
            StoreUnavailableError: The file cannot be read.
        """
        with _translated(name), self._blob(name) as descriptor:
            return os.fstat(descriptor).st_size

    def delete(self, name: str) -> None:
        """Removes the blob, durably; a name that is not there is no error.

        Raises:
            ConfigError: The name is not a legal blob name, or a part of it is a symbolic link.
            StoreUnavailableError: The file cannot be removed.
        """
        *folders, leaf = checked_blob_name(name).split("/")
        with suppress(BlobNotFoundError), _translated(name), self._folder(folders) as folder:
            with suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(leaf, dir_fd=folder)
            os.fsync(folder)  # also when it is gone: whoever removed it may have died before this line

    @contextmanager
    def _folder(self, parts: Sequence[str], *, create: bool = False) -> Generator[int]:
        descriptor = os.open(self._root, DIRECTORY_FLAGS)
        try:
            for part in parts:
                inner = _entered(part, descriptor, create=create)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _blob(self, name: str) -> Generator[int]:
        *folders, leaf = checked_blob_name(name).split("/")
        with self._folder(folders) as folder:
            try:
                descriptor = os.open(leaf, _BLOB_FLAGS, dir_fd=folder)
            except FileNotFoundError as exc:
                raise BlobNotFoundError(name) from exc
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BlobNotFoundError(name)
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _translated(name: str) -> Generator[None]:
    """The one seam where errors of the operating system become ours."""
    try:
        yield
    except OSError as exc:
        reason = os.strerror(exc.errno or errno.EIO)
        raise _ERRORS.get(exc.errno, StoreUnavailableError)(f"{name}: {reason}") from exc


def _entered(part: str, descriptor: int, *, create: bool) -> int:
    """File descriptor of a folder inside an open one."""
    try:
        return os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)
    except FileNotFoundError as exc:
        if not create:
            raise BlobNotFoundError(part) from exc
    except NotADirectoryError as exc:
        if create or stat.S_ISLNK(os.stat(part, dir_fd=descriptor, follow_symlinks=False).st_mode):
            raise
        raise BlobNotFoundError(part) from exc
    make_directory(part, dir_fd=descriptor)
    return os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while size and (piece := os.read(descriptor, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _names_below(folder: int, stem: str) -> Iterator[str]:
    """Names of all blobs in an open folder whose first part starts with `stem`; whatever is no blob is passed over."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.name.startswith(stem) and is_blob_part(entry.name)]
    for entry in found:
        if entry.is_file(follow_symlinks=False):
            yield entry.name
        elif entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{name}" for name in _names_inside(entry.name, folder))


def _names_inside(part: str, folder: int) -> list[str]:
    try:
        descriptor = _entered(part, folder, create=False)
    except BlobNotFoundError:  # removed since it was listed
        return []
    try:
        return list(_names_below(descriptor, ""))
    finally:
        os.close(descriptor)


def _remove_leftovers(spool: int) -> None:
    """Removes files of writers that died; a writer asleep for that long fails with an error, and loses nothing."""
    oldest = time.time() - LEFTOVER_AGE_S
    with os.scandir(spool) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        with suppress(FileNotFoundError):  # another process tidies too
            if os.stat(name, dir_fd=spool, follow_symlinks=False).st_mtime < oldest:
                os.unlink(name, dir_fd=spool)
