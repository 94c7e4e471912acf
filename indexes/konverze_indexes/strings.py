"""Columns of strings as two flat arrays, so that opening one costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Self

import numpy as np

from konverze_indexes.container import Array, Bytes, Whole


class StringColumn:
    """Strings by position.

    Args:
        utf8: uint8, shape (total bytes,): all strings, end to end.
        starts: Shape (count + 1,): where each begins, and the end.
    """

    __slots__ = ("_kept", "_starts", "_utf8", "starts", "utf8")

    def __init__(self, utf8: Bytes, starts: Whole) -> None:
        self.utf8 = utf8
        self.starts = starts
        # Memory views index four times as fast as arrays, and a search reads three strings for each hit.
        self._utf8 = utf8.data
        self._starts = starts.data
        self._kept: dict[int, str] = {}

    @classmethod
    def of(cls, values: Sequence[str]) -> Self:
        """A column of the given strings."""
        encoded = [value.encode() for value in values]
        starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(value) for value in encoded], out=starts[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), starts)

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Self:
        """The column that `arrays_as(name)` put among the arrays of a container."""
        return cls(arrays[f"{name}.utf8"], arrays[f"{name}.starts"])

    def arrays_as(self, name: str) -> dict[str, Array]:
        """The two arrays under the names by which `read` finds them."""
        return {f"{name}.utf8": self.utf8, f"{name}.starts": self.starts}

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, position: int) -> str:
        if not 0 <= position < len(self):
            raise IndexError(position)
        return str(self._utf8[self._starts[position] : self._starts[position + 1]], "utf-8")

    def utf8_of(self, position: int) -> memoryview:
        """The bytes of the string at a position that is known to be there."""
        return self._utf8[self._starts[position] : self._starts[position + 1]]

    def all_utf8(self) -> list[bytes]:
        """The bytes of all strings, for who looks at each of them."""
        whole = self.utf8.tobytes()
        return [whole[start:end] for start, end in pairwise(self.starts.tolist())]

    def kept(self, position: int) -> str:
        """The same as `[position]`, decoded once: for columns of few distinct strings."""
        known = self._kept.get(position)
        if known is None:
            known = self._kept[position] = self[position]
        return known


class Interner:
    """Gives each distinct string a small number, in order of first sight."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, value: str) -> int:
        """The number of this string."""
        return self._codes.setdefault(value, len(self._codes))

    def column(self) -> StringColumn:
        """All strings seen, each at its number."""
        return StringColumn.of(list(self._codes))
