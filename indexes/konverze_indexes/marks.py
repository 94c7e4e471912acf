"""High-water marks: the newest generations ever seen, kept apart from the store, so that an older copy is noticed.

A mark is read before the store is looked at and raised after something newer was found or written, never before: then
neither a crash nor a faster writer makes it lie.

Layout of a file, `<folder>/<tenant directory>`, mode 0600 (see `docs/formats/keyring.md`)::

    {"version":1,"keyring":<n>,"commit":<n>,"check":"<32 hex digits>"}

check = SHA-256(canonical(`konverze/v1/mark`, directory, keyring, commit))[:16], numbers in decimal: it tells damage,
and a file of another tenant, not forgery. Whoever can write there can lower a mark.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeAlias

from msgspec import Meta, Struct, json, structs

from konverze_core.errors import IntegrityError, StoreFullError, StoreUnavailableError
from konverze_indexes.durable import DIRECTORY_FLAGS, make_directories, write_new_file
from konverze_indexes.fields import canonical
from konverze_indexes.tenant_ids import checked_directory

FILE_BYTES_MAX = 4096
CHECK_BYTES = 16

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

MarkKind: TypeAlias = Literal["keyring", "commit"]
"""What a generation counts."""


class Marks(Protocol):
    """Remembers the newest generation of each tenant's keyring and index; safe to share between threads."""

    def newest(self, directory: str, kind: MarkKind) -> int:
        """The newest generation that was ever seen; 0 when none was.

        Raises:
            IntegrityError: The mark is damaged.
            StoreUnavailableError: The mark cannot be read.
        """
        ...

    def raise_to(self, directory: str, kind: MarkKind, generation: int) -> None:
        """Remembers a generation that was seen, unless a newer one was.

        Raises:
            IntegrityError: The mark is damaged.
            StoreFullError: No room for the mark; what it should remember was done all the same.
            StoreUnavailableError: The mark cannot be written; what it should remember was done all the same.
        """
        ...

    def reset(self, directory: str) -> None:
        """Forgets a tenant, whose older copy is going to be restored on purpose.

        Raises:
            StoreUnavailableError: The mark cannot be removed.
        """
        ...


class MemoryMarks:
    """`Marks` for as long as the process lives."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, MarkKind], int] = {}
        self._lock = threading.Lock()

    def newest(self, directory: str, kind: MarkKind) -> int:
        """The newest generation that this process has seen; 0 when it has seen none."""
        return self._newest.get((directory, kind), 0)

    def raise_to(self, directory: str, kind: MarkKind, generation: int) -> None:
        """Remembers a generation that was seen, unless a newer one was."""
        with self._lock:
            self._newest[directory, kind] = max(generation, self.newest(directory, kind))

    def reset(self, directory: str) -> None:
        """Forgets a tenant."""
        with self._lock:
            self._newest.pop((directory, "keyring"), None)
            self._newest.pop((directory, "commit"), None)


_Generation: TypeAlias = Annotated[int, Meta(ge=0)]


class _MarkFile(Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1] = 1
    keyring: _Generation = 0
    commit: _Generation = 0
    check: str = ""

    def checked(self, directory: str) -> _MarkFile:
        message = canonical("konverze/v1/mark", directory, str(self.keyring), str(self.commit))
        return structs.replace(self, check=hashlib.sha256(message).digest()[:CHECK_BYTES].hex())


_DECODER = json.Decoder(_MarkFile)


class FileMarks:
    """`Marks` in a folder outside the store, a small file for each tenant; also safe to share between processes.

    Args:
        folder: Where the files are; made when missing, mode 0700.

    Raises:
        StoreUnavailableError: The folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder).absolute()
        with self._translated():
            make_directories(self._folder)

    def __repr__(self) -> str:
        return f"FileMarks({str(self._folder)!r})"

    def newest(self, directory: str, kind: MarkKind) -> int:
        """The newest generation that was ever seen; 0 when none was.

        Raises:
            ConfigError: Not a tenant's directory.
            IntegrityError: The file is damaged.
            StoreUnavailableError: The file cannot be read.
        """
        return _of_kind(self._read(checked_directory(directory)), kind)

    def raise_to(self, directory: str, kind: MarkKind, generation: int) -> None:
        """Remembers a generation that was seen, durably, unless a newer one was.

        Raises:
            ConfigError: Not a tenant's directory.
            IntegrityError: The file is damaged.
            StoreFullError: No room for the file.
            StoreUnavailableError: The file cannot be written.
        """
        if self.newest(directory, kind) >= generation:
            return  # as mostly: nobody lowers a mark, so that no lock is needed to see it
        with self._translated(), self._locked() as folder:
            marks = self._read(directory)
            if _of_kind(marks, kind) < generation:
                raised = structs.replace(marks, **{kind: generation}).checked(directory)
                _replace(directory, json.encode(raised), folder)

    def reset(self, directory: str) -> None:
        """Forgets a tenant.

        Raises:
            ConfigError: Not a tenant's directory.
            StoreUnavailableError: The file cannot be removed.
        """
        with self._translated(), self._locked() as folder:
            with suppress(FileNotFoundError):
                os.unlink(checked_directory(directory), dir_fd=folder)
            os.fsync(folder)

    def _read(self, directory: str) -> _MarkFile:
        path = f"{self._folder}/{directory}"
        with self._translated():
            try:
                descriptor = os.open(path, _READ_FLAGS)
            except FileNotFoundError:
                return _MarkFile()
            try:
                content = os.read(descriptor, FILE_BYTES_MAX)
            finally:
                os.close(descriptor)
        try:
            marks = _DECODER.decode(content)
        except ValueError as exc:  # of JSON, or of UTF-8
            raise self._damaged(path) from exc
        if marks != marks.checked(directory):
            raise self._damaged(path)
        return marks

    @staticmethod
    def _damaged(path: str) -> IntegrityError:
        return IntegrityError(
            f"the high-water mark {path} is damaged; check that the store holds the tenant's newest data, "
            "and only then remove the file"
        )

    @contextmanager
    def _locked(self) -> Generator[int]:
        """The open folder, while no other thread or process writes in it."""
        folder = os.open(self._folder, DIRECTORY_FLAGS)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            try:
                yield folder
            finally:
                fcntl.flock(folder, fcntl.LOCK_UN)  # by hand: a process forked meanwhile has the descriptor, too
        finally:
            os.close(folder)

    @contextmanager
    def _translated(self) -> Generator[None]:
        """The one seam where errors of the operating system become ours."""
        try:
            yield
        except OSError as exc:
            error = StoreFullError if exc.errno in {errno.ENOSPC, errno.EDQUOT} else StoreUnavailableError
            raise error(f"high-water marks in {self._folder}: {os.strerror(exc.errno or errno.EIO)}") from exc


def _of_kind(marks: _MarkFile, kind: MarkKind) -> int:
    return marks.keyring if kind == "keyring" else marks.commit


def _replace(name: str, content: bytes, folder: int) -> None:
    temporary = f".{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)  # of a writer that died: the lock keeps all others out
    write_new_file(temporary, content, dir_fd=folder)
    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
