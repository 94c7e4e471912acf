"""Filters against a plain reading of the `where` language, row by row."""

import operator

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from konverze_indexes.container import pack_arrays, unpack_arrays
from konverze_indexes.filters import FilterBuilder, Filters
from konverze_indexes.where import parse_where

KEYS = st.sampled_from(["lang", "price", "tags"])
SCALARS = st.one_of(
    st.sampled_from(["en", "hi", "é", ""]), st.integers(-3, 3), st.sampled_from([0.5, 2.5]), st.booleans()
)
METADATA = st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=3)
BOUNDS = st.one_of(st.sampled_from(["en", "f"]), st.integers(-3, 3), st.just(0.5))
LEAVES = st.dictionaries(
    KEYS,
    st.one_of(
        SCALARS,
        st.lists(SCALARS, max_size=3),
        st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), BOUNDS, min_size=1),
        st.fixed_dictionaries({"ne": SCALARS}),
        st.fixed_dictionaries({"exists": st.booleans()}),
    ),
    max_size=2,
)
WHERE = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"any": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)


def _typed(value):
    return ("text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number", value)


def _values(metadata, key):
    value = metadata.get(key, [])
    return [_typed(item) for item in (value if isinstance(value, list) else [value])]


def _holds(metadata, where):
    return all(_entry_holds(metadata, key, value) for key, value in where.items())


def _entry_holds(metadata, key, value):
    if key == "not":
        return not _holds(metadata, value)
    if key in {"any", "all"}:
        return (any if key == "any" else all)(_holds(metadata, item) for item in value)
    held = _values(metadata, key)
    if isinstance(value, dict):
        return all(_operator_holds(held, name, operand) for name, operand in value.items())
    return any(_typed(item) in held for item in (value if isinstance(value, list) else [value]))


def _operator_holds(held, name, operand):
    if name == "exists":
        return bool(held) == operand
    if name == "ne":
        return _typed(operand) not in held
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}[name]
    return any(kind == _typed(operand)[0] and compare(item, operand) for kind, item in held)


@example([{"tags": [1, True]}], {"tags": 1})
@example([{"tags": [1, True]}], {"tags": True})
@given(st.lists(METADATA, max_size=8), WHERE)
def test_mask_is_what_the_language_says(rows, where):
    builder = FilterBuilder()
    for row, metadata in enumerate(rows):
        builder.add(row, metadata)
    arrays, keys = builder.arrays()
    packed, header = unpack_arrays(pack_arrays(arrays, {"filters": keys}))
    mask = Filters(packed, header["filters"], row_count=len(rows)).mask(parse_where(where))
    np.testing.assert_array_equal(mask, [_holds(metadata, where) for metadata in rows])
