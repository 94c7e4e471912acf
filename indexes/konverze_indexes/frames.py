"""Tink's AES256-GCM-HKDF streaming wire format, on preallocated buffers.

Layout of a stream of n frames (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming)::

    header    40 bytes   u8 40 ‖ salt[32] ‖ nonce prefix[7]
    frame 0   16 to C - 40 bytes
    frame i   C bytes; the last one 17 to C

    frame i = AES-256-GCM(K, nonce = prefix ‖ u32be(i) ‖ u8(1 if last else 0), aad = empty): ciphertext ‖ tag[16]
    K       = HKDF-SHA256(stream key, salt = salt, info = AAD, 32 bytes)

So frame i stands at byte i·C, and the plaintext's length follows from the stream's.
"""

from __future__ import annotations

import hmac
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from konverze_indexes.datakeys import subkey

SALT_BYTES = 32
PREFIX_BYTES = 7
STREAM_HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES
TAG_BYTES = 16
FRAMES_MAX = 1 << 32
# Above this a second thread saves more than it costs (ADR 2). Small frames spend their time in the interpreter, which
# runs one thread at a time.
PARALLEL_BYTES = 32 << 20
PARALLEL_FRAME_BYTES = 256 << 10


def fresh_stream_header() -> bytes:
    """A header that no other stream has; from the system's generator, which survives fork()."""
    return bytes([STREAM_HEADER_BYTES]) + os.urandom(SALT_BYTES + PREFIX_BYTES)


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Where each frame's plaintext and ciphertext stand.

    Attributes:
        plaintext_bytes: Length of the whole plaintext.
        frame_bytes: Length of a full frame, tag included.
        frames: Number of frames, at least 1.
    """

    plaintext_bytes: int
    frame_bytes: int
    frames: int = field(init=False)

    def __post_init__(self) -> None:
        frames = -(-(self.plaintext_bytes + STREAM_HEADER_BYTES) // (self.frame_bytes - TAG_BYTES))
        object.__setattr__(self, "frames", max(1, frames))

    @classmethod
    def of_stream(cls, stream_bytes: int, frame_bytes: int) -> FrameLayout:
        """Layout of a stream of that length, header included.

        Raises:
            ValueError: No stream has that length.
        """
        frames = -(-stream_bytes // frame_bytes)
        layout = cls(stream_bytes - STREAM_HEADER_BYTES - frames * TAG_BYTES, frame_bytes)
        if layout.plaintext_bytes < 0 or layout.frames != frames or frames > FRAMES_MAX:
            raise ValueError("no stream has that length")
        return layout

    @property
    def stream_bytes(self) -> int:
        """Length of the stream, header included."""
        return STREAM_HEADER_BYTES + self.plaintext_bytes + self.frames * TAG_BYTES

    def frame_at(self, position: int) -> int:
        """The frame that holds this place of the plaintext; the last one for its end."""
        return min((position + STREAM_HEADER_BYTES) // (self.frame_bytes - TAG_BYTES), self.frames - 1)

    def plaintext_start(self, index: int) -> int:
        """Where the plaintext of frame `index` starts; for the index after the last: where it ends."""
        start = index * (self.frame_bytes - TAG_BYTES) - STREAM_HEADER_BYTES
        return min(max(0, start), self.plaintext_bytes)

    def plaintext_slice(self, index: int) -> slice:
        """Where frame `index` stands in the plaintext."""
        return slice(self.plaintext_start(index), self.plaintext_start(index + 1))

    def stream_slice(self, index: int) -> slice:
        """Where frame `index`, with its tag, stands in the stream."""
        start = index * self.frame_bytes
        return slice(start or STREAM_HEADER_BYTES, min(start + self.frame_bytes, self.stream_bytes))


class FrameCipher:
    """Encrypts or decrypts the frames of one stream.

    Args:
        stream_key: 32 bytes.
        header: The stream's 40-byte header.
        aad: What the stream is bound to.
        layout: Where its frames stand.
    """

    def __init__(self, stream_key: bytes, header: bytes, aad: bytes, layout: FrameLayout) -> None:
        salt = header[1 : 1 + SALT_BYTES]
        self._gcm = AESGCM(subkey(hmac.digest(salt, stream_key, "sha256"), "", aad))
        self._prefix = header[1 + SALT_BYTES :]
        self._layout = layout

    def encrypt(self, plaintext: memoryview, stream: memoryview) -> None:
        """Writes all frames of `plaintext` to their places in `stream`; its header is left alone."""

        def one(index: int) -> None:
            source, target = plaintext[self._layout.plaintext_slice(index)], stream[self._layout.stream_slice(index)]
            self._gcm.encrypt_into(self._nonce(index), source, None, target)

        self._for_all_frames(one)

    def decrypt(self, stream: memoryview, plaintext: memoryview) -> None:
        """Writes the plaintext of all frames to its place in `plaintext`.

        Raises:
            InvalidTag: A frame is not what was written; `plaintext` then holds bytes that must not be used.
        """

        def one(index: int) -> None:
            source, target = stream[self._layout.stream_slice(index)], plaintext[self._layout.plaintext_slice(index)]
            self._gcm.decrypt_into(self._nonce(index), source, None, target)

        self._for_all_frames(one)

    def decrypt_range(self, stream: memoryview, start: int, stop: int) -> memoryview:
        """The plaintext from one place to another.

        Raises:
            InvalidTag: A frame is not what was written.
        """
        layout = self._layout
        first, last = layout.frame_at(start), layout.frame_at(max(start, stop - 1))
        frames = [
            self._gcm.decrypt(self._nonce(index), stream[layout.stream_slice(index)], None)
            for index in range(first, last + 1)
        ]
        begin = layout.plaintext_start(first)
        return memoryview(frames[0] if len(frames) == 1 else b"".join(frames))[start - begin : stop - begin]

    def _nonce(self, index: int) -> bytes:
        is_last = index == self._layout.frames - 1
        return self._prefix + index.to_bytes(4, "big") + bytes([is_last])

    def _for_all_frames(self, one: Callable[[int], None]) -> None:
        if self._layout.plaintext_bytes < PARALLEL_BYTES or self._layout.frame_bytes < PARALLEL_FRAME_BYTES:
            for index in range(self._layout.frames):
                one(index)
            return
        # From both ends, until they meet: where the other core is busy, this thread takes what the helper cannot. Each
        # frame is taken once, as the ends of a deque are safe to pop from two threads.
        waiting = deque(range(self._layout.frames))

        def work(take: Callable[[], int]) -> None:
            for index in _taken(take):
                one(index)

        # A pool kept between calls would not survive fork(); starting a thread takes a tenth of a millisecond.
        with ThreadPoolExecutor(1) as helper:
            lower = helper.submit(work, waiting.popleft)
            work(waiting.pop)
            lower.result()


def _taken(take: Callable[[], int]) -> Iterator[int]:
    with suppress(IndexError):
        while True:
            yield take()
