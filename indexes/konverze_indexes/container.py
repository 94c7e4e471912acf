"""Named arrays in one buffer, readable without a copy.

Layout (safetensors-shaped; integers little-endian)::

    0      8    H: length of the header in bytes, unsigned 64-bit
    8      H    header: JSON, UTF-8, padded with spaces so that the arrays start on a 64-byte border
    8 + H  ...  raw arrays, C order, little-endian, each on a 64-byte border

The header maps each name to `{"dtype": numpy code, "shape": [...], "offset": bytes from the end of the header}`;
the key `__metadata__` holds the caller's JSON. Whole numbers have the narrowest type that holds all of their array.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from msgspec import json as fast_json

from konverze_core.errors import IntegrityError

ALIGNMENT_BYTES = 64
_DTYPES = {name: np.dtype(name) for name in ("<f8", "<u2", "<u4", "<u8", "|u1")}

Array: TypeAlias = npt.NDArray[Any]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Whole: TypeAlias = npt.NDArray[np.integer[Any]]
"""Whole numbers, in a container of any unsigned type."""

Header: TypeAlias = dict[str, Any]


def _padded(length: int) -> int:
    return -(-length // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def pack_arrays(arrays: Mapping[str, Array], metadata: Header) -> Bytes:
    """Lays arrays out in one buffer.

    Args:
        arrays: Arrays of any shape: float64, or whole numbers of any type, none of them negative.
        metadata: JSON-serialisable facts about them.

    Returns:
        uint8, shape (n,): the container.
    """
    header: Header = {"__metadata__": metadata}
    offset = 0
    narrow = {name: _narrowed(array) for name, array in arrays.items()}
    for name, array in narrow.items():
        header[name] = {"dtype": array.dtype.str, "shape": list(array.shape), "offset": offset}
        offset += _padded(array.nbytes)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (_padded(8 + len(text)) - 8 - len(text))
    body = 8 + len(text)
    packed = np.zeros(body + offset, np.uint8)
    packed[:8] = np.frombuffer(len(text).to_bytes(8, "little"), np.uint8)
    packed[8:body] = np.frombuffer(text, np.uint8)
    for name, array in narrow.items():
        start = body + header[name]["offset"]
        packed[start : start + array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return packed


def _narrowed(array: Array) -> Array:
    if array.dtype.kind == "f" or array.dtype == np.uint8:
        return array
    assert array.min(initial=0) >= 0
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


class Arrays(Mapping[str, Array]):
    """Read-only views into a container, each made when it is asked for: a search has no use for most of them.

    Args:
        buffer: The arrays, as the entries count.
        entries: Name, type, shape and place of each.
    """

    def __init__(self, buffer: memoryview, entries: Mapping[str, Header]) -> None:
        self._buffer = buffer
        self._entries = entries

    def __getitem__(self, name: str) -> Array:
        """The array of a name.

        Raises:
            IntegrityError: It has no place in the container.
            KeyError: There is none.
        """
        entry = self._entries[name]
        try:
            return _view(self._buffer, **entry)
        except (ValueError, KeyError, TypeError) as exc:
            raise IntegrityError("a segment's container is malformed") from exc

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def unpack_arrays(packed: Bytes) -> tuple[Arrays, Header]:
    """What a container holds; nothing is copied.

    Args:
        packed: uint8, shape (n,): what `pack_arrays` made.

    Returns:
        The arrays, and the metadata.

    Raises:
        IntegrityError: The buffer is no container.
    """
    packed.flags.writeable = False
    try:
        body = 8 + int.from_bytes(packed[:8].tobytes(), "little")
        header = cast("Header", fast_json.decode(packed[8:body].data))
        metadata = cast("Header", header.pop("__metadata__"))
        return Arrays(packed.data[body:], header), metadata
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise IntegrityError("a segment's container is malformed") from exc


def _view(buffer: memoryview, *, dtype: str, shape: list[int], offset: int) -> Array:
    if offset < 0 or min(shape, default=0) < 0:
        raise ValueError("an array has no place before the others")
    return np.ndarray(shape, _DTYPES[dtype], buffer, offset)  # refuses what lies beyond the buffer
