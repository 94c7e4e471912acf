import json

import numpy as np
import pytest

from konverze_core.errors import IntegrityError
from konverze_indexes.container import pack_arrays, unpack_arrays


def test_arrays_come_back_by_value_and_shape():
    arrays = {
        "numbers": np.arange(12, dtype=np.float64).reshape(3, 4) - 5,
        "empty": np.empty((0, 4), np.float64),
        "rows": np.array([[3, 1, 2]], np.int32),
    }
    back, metadata = unpack_arrays(pack_arrays(arrays, {"version": 1}))
    assert metadata == {"version": 1}
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array, strict=name != "rows")


@pytest.mark.parametrize(
    ("greatest", "dtype"),
    [
        (0, np.uint8),
        (2**8 - 1, np.uint8),
        (2**8, np.uint16),
        (2**16 - 1, np.uint16),
        (2**16, np.uint32),
        (2**32 - 1, np.uint32),
        (2**32, np.uint64),
        (2**64 - 1, np.uint64),
    ],
)
def test_whole_numbers_take_no_more_room_than_the_greatest_needs(greatest, dtype):
    array = np.array([0, greatest], np.uint64)
    view = unpack_arrays(pack_arrays({"a": array}, {}))[0]["a"]
    assert view.dtype == dtype
    np.testing.assert_array_equal(view, array)


def test_views_are_read_only_and_share_the_buffer():
    packed = pack_arrays({"a": np.ones(5)}, {})
    view = unpack_arrays(packed)[0]["a"]
    assert np.shares_memory(view, packed)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 2


def test_layout_as_documented():
    packed = pack_arrays({"a": np.array([1, 256], np.int64)}, {"note": "x"})
    length = int.from_bytes(packed[:8].tobytes(), "little")
    header = json.loads(packed[8 : 8 + length].tobytes())
    assert (8 + length) % 64 == 0
    assert header == {"__metadata__": {"note": "x"}, "a": {"dtype": "<u2", "shape": [2], "offset": 0}}
    assert packed[8 + length :][:4].tobytes() == b"\1\0\0\1"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" * 8,
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
    ],
)
def test_garbage_is_refused(raw):
    with pytest.raises(IntegrityError):
        unpack_arrays(np.frombuffer(raw, np.uint8).copy())


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "|O", "shape": [1], "offset": 0},
        {"dtype": "<u4", "shape": [1], "offset": -4},
        {"dtype": "<u4", "shape": [-1], "offset": 0},
        {"dtype": "<u4", "shape": [3], "offset": 56},
        {"dtype": "<u4", "shape": 1.5, "offset": 0},
        {"dtype": "<u4", "shape": [1]},
        [],
    ],
)
def test_an_array_that_has_no_place_is_refused_when_it_is_asked_for(entry):
    header = json.dumps({"__metadata__": {}, "a": entry}).encode()
    raw = len(header).to_bytes(8, "little") + header + bytes(64)
    arrays, _ = unpack_arrays(np.frombuffer(raw, np.uint8).copy())
    assert list(arrays) == ["a"]
    with pytest.raises(IntegrityError):
        arrays["a"]
    with pytest.raises(KeyError):
        arrays["b"]
