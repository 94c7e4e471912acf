"""The local key file itself: its content, how it is read, and how it is replaced so that nothing is lost.

Layout, two lines of JSON (see `docs/formats/keyring.md`)::

    {"version":1,"keys":[{"id","kek","created_at","secret"}, …],"destroyed":{"<kek>":"<time>", …}}
    {"sha256":"<of the bytes of the first line, newline left out, in hex>"}
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field, json

from konverze_core.errors import ConfigError, IntegrityError, KeyUnavailableError
from konverze_core.protocols import SHARED_KEK
from konverze_indexes.datakeys import SECRET_BYTES, subkey
from konverze_indexes.durable import make_directories, opened_directory, write_new_file

FILE_BYTES_MAX = 64 << 20
"""Longest key file: room for more than 100,000 KEKs with two versions each."""

ID_BYTES = 16

LOCK_WAIT_S = 10.0
"""How long a change waits for other processes that change the file."""

LOCK_POLL_S = 0.005
"""How often is looked whether they are done."""

_MAC = "konverze/v1/mac"


AwareTime: TypeAlias = Annotated[datetime, Meta(tz=True)]


class KeyEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a KEK.

    Attributes:
        id: Of the secret, 32 hex digits.
        kek: Name of the KEK.
        created_at: When the version was made.
        secret: 32 random bytes; base64 in the file.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    kek: str
    created_at: AwareTime
    secret: Annotated[bytes, Meta(min_length=SECRET_BYTES, max_length=SECRET_BYTES)]

    def __repr__(self) -> str:
        return f"KeyEntry({self.kek!r}, {self.id!r})"

    @classmethod
    def fresh(cls, kek: str, created_at: datetime) -> KeyEntry:
        """A new random secret."""
        secret = os.urandom(SECRET_BYTES)
        key_id = hashlib.sha256(mac_subkey(secret)).digest()[:ID_BYTES].hex()
        return cls(id=key_id, kek=kek, created_at=created_at, secret=secret)


class KeyFileContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key file holds.

    Attributes:
        version: Of the layout.
        keys: All versions of all KEKs, oldest first.
        destroyed: Names of KEKs that were destroyed, and when.
    """

    version: Literal[1] = 1
    keys: tuple[KeyEntry, ...]
    destroyed: dict[str, AwareTime] = field(default_factory=dict[str, datetime])


_DECODER = json.Decoder(KeyFileContent)


def mac_subkey(secret: bytes) -> bytes:
    """The key that signs."""
    return subkey(secret, _MAC)


def read_key_file(path: Path) -> KeyFileContent:
    """The file's content.

    Raises:
        ConfigError: Others may read the file, it belongs to another user, or it is no regular file.
        IntegrityError: The file is damaged.
        KeyUnavailableError: There is no such file, or it cannot be read.
    """
    try:
        data = _read_private(path)
    except FileNotFoundError as exc:
        raise KeyUnavailableError(f"no key file {path}: without it the data cannot be opened; restore it") from exc
    except OSError as exc:
        raise KeyUnavailableError(f"the key file {path} cannot be read: {os.strerror(exc.errno or 0)}") from exc
    content = _parsed(data)
    if content is None:
        raise IntegrityError(f"the key file {path} is damaged: restore it from a backup")
    return content


def change_key_file(path: Path, change: Callable[[KeyFileContent | None], KeyFileContent]) -> KeyFileContent:
    """Replaces the file by what `change` makes of it, or leaves it when that is the same; one at a time, durably.

    Args:
        path: The key file.
        change: Gets the newest content, None when there is no file.

    Raises:
        ConfigError: As `read_key_file`; or the content would be too long.
        IntegrityError: The file is damaged.
        KeyUnavailableError: The file cannot be written, or others change it for too long.
    """
    try:
        return _changed(path, change)
    except OSError as exc:
        raise KeyUnavailableError(f"the key file {path} cannot be written: {os.strerror(exc.errno or 0)}") from exc


def create_key_file(path: Path, created_at: datetime) -> None:
    """Makes a file with one fresh key of the shared KEK, unless there is one.

    Raises:
        ConfigError: It cannot be created.
        KeyUnavailableError: As `change_key_file`.
    """
    try:
        make_directories(path.parent)
        _changed(path, lambda old: old or KeyFileContent(keys=(KeyEntry.fresh(SHARED_KEK, created_at),)))
    except OSError as exc:
        raise ConfigError(f"the key file {path} cannot be created: {os.strerror(exc.errno or 0)}") from exc


def _changed(path: Path, change: Callable[[KeyFileContent | None], KeyFileContent]) -> KeyFileContent:
    with opened_directory(path.parent) as folder, _locked(path.name, folder):
        old = read_key_file(path) if os.path.lexists(path) else None
        new = change(old)
        if new is not old:
            _replace(path.name, _serialised(new), folder)
        return new


def _serialised(content: KeyFileContent) -> bytes:
    body = json.encode(content)
    if len(body) + 128 > FILE_BYTES_MAX:
        raise ConfigError(f"a key file holds at most {FILE_BYTES_MAX >> 20} MiB: move to a key service")
    return _with_digest(body)


def _with_digest(body: bytes) -> bytes:
    return b'%s\n{"sha256":"%s"}\n' % (body, hashlib.sha256(body).hexdigest().encode())


def _parsed(data: bytes) -> KeyFileContent | None:
    body, _, _ = data.partition(b"\n")
    if data != _with_digest(body):
        return None
    with suppress(ValueError):  # which may quote the file
        content = _DECODER.decode(body)
        has_shared = any(entry.kek == SHARED_KEK for entry in content.keys)
        return content if has_shared else None
    return None


def _read_private(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigError(f"the key file {path} is not a regular file")
        if facts.st_uid != os.geteuid():
            raise ConfigError(f"the key file {path} belongs to another user: chown it to the one that runs this")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise ConfigError(f"others may read the key file {path}: chmod it to 600, and rotate its key")
        return file.read(min(facts.st_size, FILE_BYTES_MAX))


@contextmanager
def _locked(name: str, folder: int) -> Generator[None]:
    """Keeps other processes and threads from changing the file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(f".{name}.lock", flags, 0o600, dir_fd=folder)
    try:
        deadline_s = time.monotonic() + LOCK_WAIT_S
        while not _flocked(descriptor):
            if time.monotonic() > deadline_s:
                raise KeyUnavailableError(f"others have been changing the key file for {LOCK_WAIT_S:g} s")
            time.sleep(LOCK_POLL_S)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # by hand: a process forked meanwhile has the descriptor, too
    finally:
        os.close(descriptor)


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        return False
    return True


def _replace(name: str, data: bytes, folder: int) -> None:
    leftover = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{16}}")
    for found in filter(leftover.fullmatch, os.listdir(folder)):
        os.unlink(found, dir_fd=folder)  # of a process that died: it may hold keys that were destroyed since
    temporary = f".{name}.{secrets.token_hex(8)}"
    try:
        write_new_file(temporary, data, dir_fd=folder)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)
