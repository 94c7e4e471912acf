"""A key provider for one machine: random keys in a file that only its owner can read.

Of each secret in the file: mac subkey = HKDF-Expand(secret, `konverze/v1/mac`), id = SHA-256(mac subkey)[:16],
wrap subkey = HKDF-Expand(secret, `konverze/v1/wrap` ‖ canonical(context names and values, sorted by name)).
Keys are wrapped by AES key wrap (RFC 3394). A signature is the id's 16 bytes ‖ HMAC-SHA256(mac subkey, message), made
with the newest secret of the shared KEK.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from msgspec import structs

from konverze_core.clock import SystemClock
from konverze_core.errors import IntegrityError, KeyDestroyedError, KeyUnavailableError
from konverze_core.names import checked_kek_name
from konverze_core.protocols import (
    SHARED_KEK,
    Clock,
    KekDestruction,
    KekVersion,
    WrappedKey,
)
from konverze_core.wrapping import checked_own_kek, checked_payload
from konverze_indexes.datakeys import subkey
from konverze_indexes.fields import canonical
from konverze_indexes.keyfile_content import (
    ID_BYTES,
    KeyEntry,
    KeyFileContent,
    change_key_file,
    create_key_file,
    mac_subkey,
    read_key_file,
)

_PREFIX = "local:"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """A state of the file; `stamp` tells it from others."""

    stamp: tuple[int, int, int]
    by_id: dict[str, KeyEntry] = field(repr=False)
    newest: dict[str, KeyEntry] = field(repr=False)
    destroyed: Mapping[str, datetime]


class LocalKeyFile:
    """`KeyProvider` whose keys are in a local file, mode 0600; safe to share between threads, the file also between
    processes: what one changes, the others see with their next call.

    Args:
        path: The key file. Without it nothing that it protects can be opened again: back it up, apart from the data.
        clock: Dates the keys.

    Raises:
        ConfigError: Others may read the file, it belongs to another user, or it is no regular file.
        IntegrityError: The file is damaged.
        KeyUnavailableError: There is no such file, or it cannot be read.
    """  # noqa: D205

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def __init__(self, path: str | os.PathLike[str], *, clock: Clock | None = None) -> None:
        self._path = Path(path).absolute()
        self._clock = clock or SystemClock()
        self._loaded = self._load()

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = False, clock: Clock | None = None) -> LocalKeyFile:
        """Opens the key file, after creating it if asked to and missing; of several creators one wins for all.

        Raises:
            ConfigError: Others may read the file, it belongs to another user, or it cannot be created.
            IntegrityError: The file is damaged.
            KeyUnavailableError: There is no such file and `create` is false.
        """
        if create and not Path(path).exists():
            create_key_file(Path(path).absolute(), (clock or SystemClock()).now())
        return cls(path, clock=clock)

    def __repr__(self) -> str:
        return f"LocalKeyFile({str(self._path)!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled or copied")

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key, bound to the context.

        Raises:
            ConfigError: The payload is not 16 to 128 bytes, a multiple of 8, or the name is not legal.
            IntegrityError: The file was changed, and is damaged.
            KeyDestroyedError: The KEK was destroyed, or never made.
            KeyUnavailableError: The file is gone, or cannot be read.
        """
        checked_payload(payload)
        entry = self._newest(kek)
        return WrappedKey(key_id=_key_id(entry), ciphertext=aes_key_wrap(_wrap_subkey(entry, context), payload))

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older version of the KEK.

        Raises:
            IntegrityError: Another key file, another context, or a changed ciphertext.
            KeyDestroyedError: The KEK was destroyed.
            KeyUnavailableError: The file is gone, or cannot be read.
        """
        loaded = self._fresh()
        kek, _, key_id = wrapped.key_id.removeprefix(_PREFIX).partition("/")
        if kek in loaded.destroyed:
            raise KeyDestroyedError(f"the key {kek} was destroyed")
        entry = loaded.by_id.get(key_id)
        if entry is None or wrapped.key_id != _key_id(entry):
            raise IntegrityError(f"a key is wrapped by {wrapped.key_id[:120]!r}, which {self._path} does not hold")
        try:
            return aes_key_unwrap(_wrap_subkey(entry, context), wrapped.ciphertext)
        except InvalidUnwrap as exc:
            raise IntegrityError("a wrapped key was changed, or wrapped for another context") from exc

    def sign(self, message: bytes) -> bytes:
        """A MAC that only a holder of the file can make: 16 bytes of key id, 32 of HMAC-SHA256.

        Raises:
            IntegrityError: The file was changed, and is damaged.
            KeyUnavailableError: The file is gone, or cannot be read.
        """
        entry = self._newest(SHARED_KEK)
        return bytes.fromhex(entry.id) + hmac.digest(mac_subkey(entry.secret), message, "sha256")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, also under an older version of the shared KEK.

        Raises:
            IntegrityError: The signature does not fit the message.
            KeyUnavailableError: The file is gone, or cannot be read.
        """
        entry = self._fresh().by_id.get(signature[:ID_BYTES].hex())
        if entry is None or entry.kek != SHARED_KEK:
            raise IntegrityError(f"a signature was made by a key that {self._path} does not hold")
        expected = hmac.digest(mac_subkey(entry.secret), message, "sha256")
        if not hmac.compare_digest(signature[ID_BYTES:], expected):
            raise IntegrityError("a signature does not fit its message")

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now, also when another process made it.

        Raises:
            ConfigError: The name is not legal.
            IntegrityError: The file was changed, and is damaged.
            KeyDestroyedError: The KEK was destroyed, or never made.
            KeyUnavailableError: The file is gone, or cannot be read.
        """
        entry = self._newest(kek)
        return KekVersion(key_id=_key_id(entry), created_at=entry.created_at)

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Adds a version; older ones still unwrap and verify.

        Raises:
            ConfigError: The name is not legal, or the file is full.
            KeyDestroyedError: The KEK was destroyed, or never made.
            KeyUnavailableError: The file cannot be read or written.
        """
        fresh = KeyEntry.fresh(checked_kek_name(kek), self._clock.now())

        def add(old: KeyFileContent) -> KeyFileContent:
            if kek in old.destroyed or all(entry.kek != kek for entry in old.keys):
                raise KeyDestroyedError(f"the key {kek} was destroyed, or never made")
            return structs.replace(old, keys=(*old.keys, fresh))

        self._change(add)
        return KekVersion(key_id=_key_id(fresh), created_at=fresh.created_at)

    def create_kek(self, kek: str) -> None:
        """Makes a KEK of this name, unless there is one.

        Raises:
            ConfigError: The name is not legal, or the file is full.
            KeyDestroyedError: One of this name was destroyed.
            KeyUnavailableError: The file cannot be read or written.
        """
        fresh = KeyEntry.fresh(checked_kek_name(kek), self._clock.now())

        def add(old: KeyFileContent) -> KeyFileContent:
            if kek in old.destroyed:
                raise KeyDestroyedError(f"the key {kek} was destroyed")
            if any(entry.kek == kek for entry in old.keys):
                return old
            return structs.replace(old, keys=(*old.keys, fresh))

        self._change(add)

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Removes all versions of a KEK from the file and notes its name, so that it is not made again.

        Raises:
            ConfigError: It is the shared one, or the name is not legal.
            KeyUnavailableError: The file cannot be read or written.
        """
        checked_own_kek(kek)
        now = self._clock.now()

        def remove(old: KeyFileContent) -> KeyFileContent:
            if kek in old.destroyed:
                return old
            kept = tuple(entry for entry in old.keys if entry.kek != kek)
            return structs.replace(old, keys=kept, destroyed={**old.destroyed, kek: now})

        effective_by = self._change(remove).destroyed[kek]
        remains = ("copies of the key file that were made before, such as backups, still hold the key",)
        return KekDestruction(key_id=f"{_PREFIX}{kek}", effective_by=effective_by, remains=remains)

    def _newest(self, kek: str) -> KeyEntry:
        loaded = self._fresh()
        entry = loaded.newest.get(checked_kek_name(kek))
        if entry is None:
            raise KeyDestroyedError(f"the key {kek} was destroyed, or never made")
        return entry

    def _change(self, change: Callable[[KeyFileContent], KeyFileContent]) -> KeyFileContent:
        def checked(old: KeyFileContent | None) -> KeyFileContent:
            if old is None:  # it is not made up: its keys are needed
                raise KeyUnavailableError(f"no key file {self._path}: without it the data cannot be opened; restore it")
            return change(old)

        return change_key_file(self._path, checked)

    def _fresh(self) -> _Loaded:
        loaded = self._loaded
        if _stamp(self._path) != loaded.stamp:
            self._loaded = loaded = self._load()
        return loaded

    def _load(self) -> _Loaded:
        # The stamp first: should the file be replaced in between, the next call loads it again.
        stamp, content = _stamp(self._path), read_key_file(self._path)
        return _Loaded(
            stamp=stamp,
            by_id={entry.id: entry for entry in content.keys},
            newest={entry.kek: entry for entry in content.keys},
            destroyed=content.destroyed,
        )


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (0, 0, 0)  # reading it says what is wrong
    return (facts.st_ino, facts.st_mtime_ns, facts.st_size)


def _key_id(entry: KeyEntry) -> str:
    return f"{_PREFIX}{entry.kek}/{entry.id}"


def _wrap_subkey(entry: KeyEntry, context: Mapping[str, str]) -> bytes:
    fields = (text for pair in sorted(context.items()) for text in pair)
    return subkey(entry.secret, "konverze/v1/wrap", canonical(*fields))
