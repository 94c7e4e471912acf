"""A new ZIP file that is there whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from konverze_core.errors import ConfigError
from konverze_indexes.durable import opened_directory

_NEW_FILE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o600


class Archive:
    """A ZIP file (PKWARE APPNOTE 6.3, deflated) that is being written.

    Attributes:
        size_bytes: Its length, once it is whole.
    """

    def __init__(self, archive: ZipFile, moment: datetime) -> None:
        self._archive = archive
        self._moment = moment
        self.size_bytes = 0

    def write(self, name: str, parts: Iterable[bytes | memoryview]) -> None:
        """Adds a file.

        Args:
            name: Its path in the archive.
            parts: Its bytes, taken as they are written.
        """
        at = self._moment
        entry = ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG | _MODE) << 16
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)


@contextmanager
def new_archive(target: Path, moment: datetime) -> Generator[Archive]:
    """An archive to fill; it gets its name, mode 0600, once it is whole and durable, and after an error there is none.

    Args:
        target: Where it will stand. Its folder must be there, on a file system with hard links.
        moment: What its files are dated by.

    Raises:
        ConfigError: Something stands there already, or the file cannot be written.
    """
    with _translated(target):
        if os.path.lexists(target):  # asked again by the link below, but then all the work is done
            raise FileExistsError
        with opened_directory(target.parent) as folder:
            temporary = f".{secrets.token_hex(16)}.part"
            try:
                with open(temporary, "xb", opener=lambda name, _: _opened(name, folder)) as file:
                    with ZipFile(file, "w") as zip_file:
                        archive = Archive(zip_file, moment)
                        yield archive
                    file.flush()
                    os.fsync(file.fileno())
                    archive.size_bytes = file.tell()
                os.link(temporary, target.name, src_dir_fd=folder, dst_dir_fd=folder)  # as a rename that replaces none
            finally:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
            os.fsync(folder)


def _opened(name: str, folder: int) -> int:
    return os.open(name, _NEW_FILE_FLAGS, _MODE, dir_fd=folder)


@contextmanager
def _translated(target: Path) -> Generator[None]:
    try:
        yield
    except FileExistsError as exc:
        raise ConfigError(f"{target}: is there already, and nothing is overwritten: name another file") from exc
    except OSError as exc:
        raise ConfigError(f"{target}: cannot be written ({exc.strerror})") from exc
