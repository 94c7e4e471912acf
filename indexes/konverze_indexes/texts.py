"""The chunks' texts, each compressed by itself and opened when a hit needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import zstandard

from konverze_core.errors import IntegrityError
from konverze_indexes.container import Bytes, Whole

COMPRESSION_LEVEL = 3
"""Of Zstandard: higher levels save 5 % and take three times as long."""

ReadBytes = Callable[[int, int], memoryview]
"""The bytes of the text blob from here to there, checked."""


def read_from(packed: Bytes) -> ReadBytes:
    """Reads compressed texts that are in memory already."""
    return lambda start, stop: packed.data[start:stop]


def pack_texts(texts: Sequence[str]) -> tuple[Whole, Bytes]:
    """Compresses texts and lays them out end to end.

    Returns:
        Shape (texts + 1,): where each begins, and the end; and uint8, shape (n,): the compressed texts.
    """
    compress = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress
    packed = [compress(text.encode()) for text in texts]
    starts = np.zeros(len(packed) + 1, np.int64)
    np.cumsum([len(text) for text in packed], out=starts[1:])
    return starts, np.frombuffer(b"".join(packed), np.uint8)


class _Opener(threading.local):
    """A thread's own decompressor: it must not be shared, and making one takes as long as opening a dozen texts."""

    def __init__(self) -> None:
        self.decompress = zstandard.ZstdDecompressor().decompress


_opener = _Opener()


class Texts:
    """Texts by row; safe to share between threads.

    Args:
        starts: What `pack_texts` made.
        read: Reads the compressed texts.
    """

    def __init__(self, starts: Whole, read: ReadBytes) -> None:
        self._starts = starts.data
        self._read = read

    def __getitem__(self, row: int) -> str:
        """The text of a row.

        Raises:
            IntegrityError: It is not what was written.
        """
        packed = self._read(self._starts[row], self._starts[row + 1])
        try:
            return str(_opener.decompress(packed), "utf-8")  # a frame that does not tell its length is refused
        except (zstandard.ZstdError, ValueError):
            failure = IntegrityError("a segment's text is malformed")
        raise failure  # not in the handler: the error may quote the text, and would be the context
