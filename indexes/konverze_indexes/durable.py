"""File operations that outlive a crash, all relative to open directories so that no symbolic link leads astray."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened_directory(path: Path) -> Generator[int]:
    """File descriptor of a directory.

    Raises:
        OSError: The directory cannot be opened.
    """
    descriptor = os.open(path, DIRECTORY_FLAGS)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_directories(path: Path) -> None:
    """Creates the directory, mode 0700, and its missing parents, durably.

    Raises:
        OSError: A directory cannot be created.
    """
    if path.is_dir():
        return
    make_directories(path.parent)
    with opened_directory(path.parent) as parent:
        make_directory(path.name, dir_fd=parent)


def make_directory(name: str, *, dir_fd: int) -> None:
    """Creates a directory, mode 0700, durably; one that is there already is no error.

    Raises:
        OSError: The directory cannot be created.
    """
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=dir_fd)
    os.fsync(dir_fd)  # also when another process made it: it may not have come this far


def write_new_file(name: str, data: bytes | bytearray | memoryview, *, dir_fd: int) -> None:
    """Writes a file, mode 0600, and syncs its content; its name is durable once the directory is synced.

    Raises:
        OSError: The file is there already or cannot be written.
    """
    descriptor = os.open(name, _NEW_FILE_FLAGS, 0o600, dir_fd=dir_fd)
    try:
        rest = memoryview(data)
        rest = rest.cast("B") if rest.nbytes else memoryview(b"")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
