"""Sealed blobs: the only form in which content leaves the process.

Layout (see `docs/formats/sealed-blob.md`)::

    offset  length
    0       4       magic "KVZ1"
    4       1       format version, 1
    5       4       frame size C, u32be
    9       16      DEK id
    25      32      key commitment
    57      40      Tink stream header: u8 40 ‖ salt[32] ‖ nonce prefix[7]
    97      …       frames of AES-256-GCM, as in `konverze_indexes.frames`

From the DEK: stream key = HKDF-Expand(DEK, `konverze/v1/stream`), commit key = HKDF-Expand(DEK, `konverze/v1/commit`).
Commitment = HMAC-SHA256(commit key, the 25 bytes before it ‖ AAD ‖ Tink stream header): AES-GCM
alone does not commit to its key.
AAD = canonical(tenant id, kind, blob name, DEK id in hex, format version, C), numbers in decimal.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag

from konverze_core.errors import ConfigError, IntegrityError
from konverze_indexes.container import Bytes
from konverze_indexes.datakeys import KEY_ID_BYTES, DataKey
from konverze_indexes.fields import canonical
from konverze_indexes.frames import STREAM_HEADER_BYTES, FrameCipher, FrameLayout, fresh_stream_header
from konverze_indexes.mapping import is_mapped

MAGIC = b"KVZ1"
FORMAT_VERSION = 1
FRAME_BYTES = 1 << 20
FRAME_BYTES_MIN = 256
FRAME_BYTES_MAX = 16 << 20
COMMITMENT_BYTES = 32

_FIXED = struct.Struct(f">4sBI{KEY_ID_BYTES}s")
OUTER_HEADER_BYTES = _FIXED.size + COMMITMENT_BYTES
HEADERS_BYTES = OUTER_HEADER_BYTES + STREAM_HEADER_BYTES

ByteBuffer: TypeAlias = bytes | bytearray | memoryview | npt.NDArray[Any]
KeyLookup: TypeAlias = Callable[[bytes], DataKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobContext:
    """What a sealed blob is bound to: in another place it does not open.

    Attributes:
        tenant_id: The true id of the tenant.
        kind: What the blob holds, such as `hot`.
        name: Its name in the blob store.
    """

    tenant_id: str
    kind: str
    name: str


def sealed_bytes(plaintext_bytes: int, *, frame_bytes: int = FRAME_BYTES) -> int:
    """Length of the blob that `seal` makes of so many bytes.

    Raises:
        ConfigError: The frame size is outside 256 bytes to 16 MiB.
    """
    if not FRAME_BYTES_MIN <= frame_bytes <= FRAME_BYTES_MAX:
        raise ConfigError(f"frame_bytes must be {FRAME_BYTES_MIN} to {FRAME_BYTES_MAX}")
    return OUTER_HEADER_BYTES + FrameLayout(plaintext_bytes, frame_bytes).stream_bytes


def seal(
    key: DataKey,
    context: BlobContext,
    plaintext: ByteBuffer,
    *,
    frame_bytes: int = FRAME_BYTES,
    out: Bytes | None = None,
) -> memoryview:
    """Encrypts under a fresh per-blob key.

    Args:
        key: The tenant's data key.
        context: What the blob is bound to.
        plaintext: A contiguous buffer of any item type.
        frame_bytes: Size of a full frame, tag of 16 bytes included.
        out: uint8, shape (`sealed_bytes` of the plaintext,): where to put the blob, apart from the plaintext. Whoever
            seals many large blobs in turn saves half of the time with one buffer for all: fresh memory costs as much
            as the encryption.

    Returns:
        The sealed blob, in `out` or in a buffer of its own.

    Raises:
        ConfigError: The frame size is outside 256 bytes to 16 MiB, or a buffer is not contiguous or has another length.
    """
    source = _flat(plaintext)
    blob = _target(out, sealed_bytes(source.nbytes, frame_bytes=frame_bytes)).data
    fixed, stream_header = _FIXED.pack(MAGIC, FORMAT_VERSION, frame_bytes, key.id), fresh_stream_header()
    aad = _aad(context, key.id, frame_bytes)
    blob[:HEADERS_BYTES] = fixed + _commitment(key, fixed, aad, stream_header) + stream_header
    layout = FrameLayout(source.nbytes, frame_bytes)
    cipher = FrameCipher(key.stream_key, stream_header, aad, layout)
    cipher.encrypt(source, blob[OUTER_HEADER_BYTES:])
    return blob


def open_sealed(keys: KeyLookup, context: BlobContext, blob: ByteBuffer, *, out: Bytes | None = None) -> Bytes:
    """The whole plaintext, verified to its last frame.

    Args:
        keys: Finds the data key by its id; an unknown one is a `KeyError` or an error of ours.
        context: What the blob has to be bound to.
        blob: What `seal` made.
        out: uint8, shape (plaintext bytes,): where to put the plaintext, apart from the blob. It is
            not to be read before this returns, and is zeroed when a frame is not what was sealed.

    Returns:
        uint8, shape (plaintext bytes,): `out` or a buffer of its own.

    Raises:
        ConfigError: `out` is not contiguous or has another length.
        IntegrityError: Not what was sealed, not for this place, or not under a known key.
    """
    stream, layout, cipher = _committed(keys, context, blob)
    plaintext = _target(out, layout.plaintext_bytes)
    try:
        cipher.decrypt(stream, plaintext.data)
    except InvalidTag as exc:
        plaintext.fill(0)  # frames before the bad one are already decrypted
        raise _damaged(context) from exc
    return plaintext


class SealedReader:
    """Opens parts of a blob, each frame checked when it is read; safe to share between threads.

    Args:
        keys: As in `open_sealed`.
        context: As in `open_sealed`.
        blob: What `seal` made; its headers are checked at once.

    Attributes:
        held_bytes: Memory that the blob takes while this lives.

    Raises:
        IntegrityError: Not for this place, or not under a known key.
    """

    def __init__(self, keys: KeyLookup, context: BlobContext, blob: ByteBuffer) -> None:
        self._context = context
        self._stream, self._layout, self._cipher = _committed(keys, context, blob)
        self.held_bytes = 0 if is_mapped(self._stream) else len(self._stream)

    def read(self, start: int, stop: int) -> memoryview:
        """The plaintext from one place to another, both of which lie in it.

        Raises:
            IntegrityError: A frame is not what was sealed.
        """
        try:
            return self._cipher.decrypt_range(self._stream, start, stop)
        except InvalidTag as exc:
            raise _damaged(self._context) from exc


def header_digest(blob: ByteBuffer) -> bytes:
    """SHA-256 over both headers, commitment included: with the length it pins the blob, as AES-GCM guards the rest."""
    return hashlib.sha256(_flat(blob)[:HEADERS_BYTES]).digest()


def sealing_key_id(blob: ByteBuffer) -> bytes:
    """Id of the data key that a blob names, 16 bytes; not verified.

    Raises:
        IntegrityError: No sealed blob of this format has such a header and length.
    """
    return _parsed(_flat(blob))[0]


def _flat(buffer: ByteBuffer) -> memoryview:
    view = buffer.data if isinstance(buffer, np.ndarray) else memoryview(buffer)
    if not view.c_contiguous:
        raise ConfigError("the buffer must be contiguous")
    return view.cast("B") if view.nbytes else memoryview(b"")


def _target(out: Bytes | None, length: int) -> Bytes:
    if out is None:
        return np.empty(length, np.uint8)
    if (out.dtype, out.shape) != (np.uint8, (length,)) or not out.flags.c_contiguous:
        raise ConfigError(f"out must be a contiguous uint8 array of {length} bytes")
    return out


def _aad(context: BlobContext, key_id: bytes, frame_bytes: int) -> bytes:
    place = (context.tenant_id, context.kind, context.name)
    return canonical(*place, key_id.hex(), str(FORMAT_VERSION), str(frame_bytes))


def _commitment(key: DataKey, fixed: bytes, aad: bytes, stream_header: bytes) -> bytes:
    return hmac.digest(key.commit_key, fixed + aad + stream_header, "sha256")


def _parsed(blob: memoryview) -> tuple[bytes, FrameLayout]:
    """DEK id and layout of a blob, from its header and length."""
    if blob.nbytes < HEADERS_BYTES:
        raise IntegrityError("a sealed blob is too short")
    magic, version, frame_bytes, key_id = _FIXED.unpack_from(blob)
    is_ours = (magic, version, blob[OUTER_HEADER_BYTES]) == (MAGIC, FORMAT_VERSION, STREAM_HEADER_BYTES)
    if not is_ours or not FRAME_BYTES_MIN <= frame_bytes <= FRAME_BYTES_MAX:
        raise IntegrityError("a sealed blob has a header that this version does not know")
    try:
        return key_id, FrameLayout.of_stream(blob.nbytes - OUTER_HEADER_BYTES, frame_bytes)
    except ValueError as exc:
        raise IntegrityError("a sealed blob has an impossible length") from exc


def _committed(keys: KeyLookup, context: BlobContext, blob: ByteBuffer) -> tuple[memoryview, FrameLayout, FrameCipher]:
    """Stream, layout and cipher of a blob whose headers, context and key are proven to belong together."""
    view = _flat(blob)
    try:
        key_id, layout = _parsed(view)
        key = keys(key_id)
    except (IntegrityError, KeyError) as exc:
        raise _damaged(context) from exc
    fixed, commitment = bytes(view[: _FIXED.size]), bytes(view[_FIXED.size : OUTER_HEADER_BYTES])
    stream_header = bytes(view[OUTER_HEADER_BYTES:HEADERS_BYTES])
    aad = _aad(context, key_id, layout.frame_bytes)
    if not hmac.compare_digest(commitment, _commitment(key, fixed, aad, stream_header)):
        raise _damaged(context)
    cipher = FrameCipher(key.stream_key, stream_header, aad, layout)
    return view[OUTER_HEADER_BYTES:], layout, cipher


def _damaged(context: BlobContext) -> IntegrityError:
    return IntegrityError(f"{context.kind} blob {context.name} is not what was sealed there")


def _try_out() -> None:
    """Seals and opens nothing: OpenSSL sets itself up at its first use, which takes as long as to open a small tenant.

    Hence while the module is imported, and not while the first visitor waits.
    """
    key, context = DataKey.fresh(), BlobContext(tenant_id="", kind="", name="")
    open_sealed(lambda _: key, context, seal(key, context, b""))


_try_out()
