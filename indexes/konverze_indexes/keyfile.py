"""A key provider for one machine: random keys in a file that only its owner can read.

Layout, JSON (see `docs/formats/keyring.md`)::

    {"version": 1, "keys": [{"id": "<32 hex digits>", "secret": "<base64 of 32 bytes>"}, …]}    the last key is current

Of each secret: mac subkey = HKDF-Expand(secret, `konverze/v1/mac`), id = SHA-256(mac subkey)[:16],
wrap subkey = HKDF-Expand(secret, `konverze/v1/wrap` ‖ canonical(context names and values, sorted by name)).
Keys are wrapped by AES key wrap (RFC 3394). A signature is the id's 16 bytes ‖ HMAC-SHA256(mac subkey, message).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, NoReturn

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from konverze_core.errors import ConfigError, IntegrityError, KeyUnavailableError
from konverze_core.protocols import WrappedKey
from konverze_indexes.datakeys import SECRET_BYTES, subkey
from konverze_indexes.durable import make_directories, opened_directory, write_new_file
from konverze_indexes.fields import canonical

FILE_BYTES_MAX = 1 << 20
ID_BYTES = 16
PAYLOAD_BYTES_MIN = 16
PAYLOAD_BYTES_MAX = 128
_PREFIX = "local:"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    secret: str = Field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> _Entry:
        return cls(id=_id_of(secret).hex(), secret=base64.b64encode(secret).decode())


class _KeyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Literal[1]
    keys: tuple[_Entry, ...] = Field(min_length=1)


class LocalKeyFile:
    """`KeyProvider` whose keys are in a local file, mode 0600; safe to share between threads.

    Args:
        path: The key file. Without it nothing that it protects can be opened again: back it up, apart from the data.

    Raises:
        ConfigError: Others may read the file, it belongs to another user, or it is no regular file.
        IntegrityError: The file is damaged.
        KeyUnavailableError: There is no such file, or it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        secrets_by_id = [_checked_secret(entry, self._path) for entry in _loaded(self._path).keys]
        self._secrets = dict(secrets_by_id)
        self._current = secrets_by_id[-1][0]

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = False) -> LocalKeyFile:
        """Opens the key file, after creating it if asked to and missing; of several creators one wins for all.

        Raises:
            ConfigError: Others may read the file, it belongs to another user, or it cannot be created.
            IntegrityError: The file is damaged.
            KeyUnavailableError: There is no such file and `create` is false.
        """
        try:
            if create and not Path(path).exists():
                _create(Path(path).absolute())
        except OSError as exc:
            raise ConfigError(f"the key file {path} cannot be created: {os.strerror(exc.errno or 0)}") from exc
        return cls(path)

    def __repr__(self) -> str:
        return f"LocalKeyFile({str(self._path)!r}, key_id={self.key_id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled or copied")

    @property
    def key_id(self) -> str:
        """Id of the current key."""
        return f"{_PREFIX}{self._current.hex()}"

    def wrap(self, payload: bytes, *, context: Mapping[str, str]) -> WrappedKey:
        """Encrypts a key, bound to the context.

        Raises:
            ConfigError: The payload is not 16 to 128 bytes, a multiple of 8.
        """
        if not PAYLOAD_BYTES_MIN <= len(payload) <= PAYLOAD_BYTES_MAX or len(payload) % 8:
            raise ConfigError("a payload to wrap has 16 to 128 bytes, a multiple of 8")
        ciphertext = aes_key_wrap(_wrap_subkey(self._secrets[self._current], context), payload)
        return WrappedKey(key_id=self.key_id, ciphertext=ciphertext)

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older key of the file.

        Raises:
            IntegrityError: Another key file, another context, or a changed ciphertext.
        """
        for key_id, secret in self._secrets.items():
            if wrapped.key_id == f"{_PREFIX}{key_id.hex()}":
                try:
                    return aes_key_unwrap(_wrap_subkey(secret, context), wrapped.ciphertext)
                except InvalidUnwrap as exc:
                    raise IntegrityError("a wrapped key was changed, or wrapped for another context") from exc
        raise IntegrityError(f"a key is wrapped by {wrapped.key_id[:80]!r}, which {self._path} does not hold")

    def sign(self, message: bytes) -> bytes:
        """A MAC that only a holder of the file can make: 16 bytes of key id, 32 of HMAC-SHA256."""
        return self._current + hmac.digest(_mac_subkey(self._secrets[self._current]), message, "sha256")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, also under an older key of the file.

        Raises:
            IntegrityError: The signature does not fit the message.
        """
        secret = self._secrets.get(signature[:ID_BYTES])
        if secret is None:
            raise IntegrityError(f"a signature was made by a key that {self._path} does not hold")
        if not hmac.compare_digest(signature[ID_BYTES:], hmac.digest(_mac_subkey(secret), message, "sha256")):
            raise IntegrityError("a signature does not fit its message")


def _mac_subkey(secret: bytes) -> bytes:
    return subkey(secret, "konverze/v1/mac")


def _wrap_subkey(secret: bytes, context: Mapping[str, str]) -> bytes:
    fields = (field for pair in sorted(context.items()) for field in pair)
    return subkey(secret, "konverze/v1/wrap", canonical(*fields))


def _id_of(secret: bytes) -> bytes:
    return hashlib.sha256(_mac_subkey(secret)).digest()[:ID_BYTES]


def _checked_secret(entry: _Entry, path: Path) -> tuple[bytes, bytes]:
    """Id and secret of an entry whose id proves that the secret is undamaged."""
    with suppress(ValueError):
        secret = base64.b64decode(entry.secret, validate=True)
        if len(secret) == SECRET_BYTES and _Entry.of(secret) == entry:
            return _id_of(secret), secret
    raise IntegrityError(f"the key file {path} is damaged: restore it from a backup")


def _loaded(path: Path) -> _KeyFile:
    try:
        content = _read_private(path)
    except FileNotFoundError as exc:
        raise KeyUnavailableError(f"no key file {path}: without it the data cannot be opened; restore it") from exc
    except OSError as exc:
        raise KeyUnavailableError(f"the key file {path} cannot be read: {os.strerror(exc.errno or 0)}") from exc
    try:
        return _KeyFile.model_validate_json(content)
    except ValidationError:
        damage = IntegrityError(f"the key file {path} is damaged: restore it from a backup")
    raise damage  # not from the ValidationError, which quotes the file


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
        return file.read(FILE_BYTES_MAX)


def _create(path: Path) -> None:
    """Writes a file with one fresh key, unless another process was faster."""
    content = _KeyFile(version=1, keys=(_Entry.of(os.urandom(SECRET_BYTES)),)).model_dump_json().encode()
    temporary = f".{path.name}.{secrets.token_hex(8)}"
    make_directories(path.parent)
    with opened_directory(path.parent) as folder:
        try:
            write_new_file(temporary, content, dir_fd=folder)
            with suppress(FileExistsError):
                os.link(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
        os.fsync(folder)
