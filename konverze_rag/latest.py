"""What was worked out last, kept in memory for as long as a tenant's decrypted index."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Latest(Generic[K, V]):
    """Keeps the latest values by key; the oldest goes first. Safe to share between threads.

    Args:
        bytes_of: What a key and its value take in memory.
    """

    def __init__(self, bytes_of: Callable[[K, V], int]) -> None:
        self._bytes_of = bytes_of
        self._kept: dict[K, V] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def resident_bytes(self) -> int:
        """What all of it takes in memory."""
        return self._bytes

    def forget(self) -> None:
        """Drops all; what is being worked out meanwhile is not kept."""
        with self._lock:
            self._kept, self._bytes = {}, 0

    def get(self, key: K) -> V | None:
        """The value; None where it is not kept."""
        return self._kept.get(key)

    def keeper(self, key: K, most: int) -> Callable[[V], None]:
        """What keeps a value that is worked out from now on, unless all is forgotten meanwhile.

        Args:
            key: Of the value.
            most: So many values are kept.
        """
        kept = self._kept

        def keep(value: V) -> None:
            with self._lock:
                if kept is not self._kept:
                    return
                if key in kept:
                    self._bytes -= self._bytes_of(key, kept[key])
                kept[key] = value
                self._bytes += self._bytes_of(key, value)
                while len(kept) > most:
                    oldest = next(iter(kept))
                    self._bytes -= self._bytes_of(oldest, kept.pop(oldest))

        return keep
