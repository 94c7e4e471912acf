"""Zips, checked for bombs before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
from typing import IO, TYPE_CHECKING

from konverze_core.errors import CorruptFileError, EncryptedFileError

if TYPE_CHECKING:
    from konverze_loaders.reading import Reading

RATIO_CHECKED_FROM_BYTES = 1_000_000
_LOCKED = 0x1


class Archive:
    """Entries of a zip.

    Args:
        data: The zip.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: Not a readable zip.
        LimitExceededError: Too many entries, or they unpack to too much.
    """

    def __init__(self, data: bytes, reading: Reading) -> None:
        self.reading = reading
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as exc:
            raise CorruptFileError(reading.source, "a damaged or truncated zip file") from exc
        self.entries = self._zip.infolist()
        self._check_sizes()

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """The bytes of an entry.

        Raises:
            CorruptFileError: It is damaged, or packed in a way that nobody here unpacks.
            EncryptedFileError: It is locked, and not by the password that was given.
        """
        with self.open(entry) as stream:
            try:
                # zipfile stops at the size that the directory states, which was checked above.
                return stream.read()
            except Exception as exc:
                raise self.damaged(entry) from exc

    def open(self, entry: zipfile.ZipInfo) -> IO[bytes]:
        """A stream of the bytes of an entry.

        Raises:
            CorruptFileError: It is damaged, or packed in a way that nobody here unpacks.
            EncryptedFileError: It is locked, and not by the password that was given.
        """
        password = self.reading.password
        try:
            return self._zip.open(entry, pwd=password.encode() if password and entry.flag_bits & _LOCKED else None)
        except Exception as exc:
            if entry.flag_bits & _LOCKED:
                reason = "locked by another password" if password else "locked by a password"
                raise EncryptedFileError(self.reading.source, reason) from exc
            raise self.damaged(entry) from exc

    def damaged(self, entry: zipfile.ZipInfo | None) -> CorruptFileError:
        """What to raise for an entry that cannot be unpacked."""
        return CorruptFileError(self.reading.source, f"damaged part {entry.filename if entry else ''!r}")

    def _check_sizes(self) -> None:
        self.reading.check("max_entries", len(self.entries))
        self.reading.expand(sum(entry.file_size for entry in self.entries))
        for entry in self.entries:
            if entry.file_size > RATIO_CHECKED_FROM_BYTES:
                ratio = entry.file_size // max(1, entry.compress_size)
                self.reading.check("max_expansion_ratio", ratio)


def entry_count(data: bytes) -> int:
    """Most entries that the directory can hold: listing them takes many times the memory of the directory."""
    end = data.rfind(b"PK\x05\x06")
    size = int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0
    return data.count(b"PK\x01\x02", max(0, end - size) if size <= end else 0)
