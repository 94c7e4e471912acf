"""Which rows of a segment carry which metadata: sorted values with postings, so that any condition is a few slices."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from konverze_core.documents import MetadataScalar, MetadataValue
from konverze_indexes.container import Array, Whole
from konverze_indexes.strings import StringColumn
from konverze_indexes.where import AnyOf, Both, Condition, Either, Exists, Not, Range

Mask: TypeAlias = npt.NDArray[np.bool_]
Key: TypeAlias = tuple[str, str]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterColumn:
    """The values of one key and one kind.

    Attributes:
        values: Sorted distinct values: strings, or float64 of shape (count,) for numbers and booleans.
        starts: Shape (count + 1,): where each value's rows begin in `rows`.
        rows: Rows by value; a row with several values stands under each.
    """

    values: StringColumn | npt.NDArray[np.float64]
    starts: Whole
    rows: Whole

    def where_equal(self, value: MetadataScalar) -> Whole:
        """Rows that hold the value."""
        position = bisect.bisect_left(cast("Sequence[Any]", self.values), value)
        found = position < len(self.values) and self.values[position] == value
        return self.rows[self.starts[position] : self.starts[position + 1]] if found else self.rows[:0]

    def where_related(self, relation: str, bound: MetadataScalar) -> Whole:
        """Rows whose value is `gt`, `gte`, `lt` or `lte` the bound."""
        values = cast("Sequence[Any]", self.values)
        cut = bisect.bisect_left(values, bound) if relation in {"gte", "lt"} else bisect.bisect_right(values, bound)
        start = self.starts[cut]
        return self.rows[start:] if relation in {"gt", "gte"} else self.rows[:start]


class FilterBuilder:
    """Collects the metadata of a segment's rows."""

    def __init__(self) -> None:
        self._rows: defaultdict[Key, defaultdict[MetadataScalar, list[int]]] = defaultdict(lambda: defaultdict(list))

    def add(self, row: int, metadata: Mapping[str, MetadataValue]) -> None:
        """Notes a row's metadata, checked before."""
        for key, value in metadata.items():
            if not isinstance(value, list):
                self._rows[key, _kind(value)][value].append(row)
                continue
            for kind, item in dict.fromkeys((_kind(item), item) for item in value):
                self._rows[key, kind][item].append(row)

    def arrays(self) -> tuple[dict[str, Array], list[Key]]:
        """The columns as arrays, and the keys in the order by which the arrays are numbered."""
        arrays: dict[str, Array] = {}
        keys = sorted(self._rows)
        for number, key in enumerate(keys):
            by_value = self._rows[key]
            values = sorted(by_value)  # pyright: ignore[reportArgumentType]
            rows = [by_value[value] for value in values]
            if key[1] == "text":
                arrays |= StringColumn.of(cast("list[str]", values)).arrays_as(f"filter.{number}")
            else:
                arrays[f"filter.{number}.values"] = np.array(values, np.float64)
            arrays[f"filter.{number}.rows"] = np.fromiter(chain.from_iterable(rows), np.int64)
            arrays[f"filter.{number}.bounds"] = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return arrays, keys


class Filters:
    """Answers conditions over the rows of one segment."""

    def __init__(self, arrays: Mapping[str, Array], keys: Sequence[Sequence[str]], *, row_count: int) -> None:
        self._row_count = row_count
        self._columns: dict[Key, FilterColumn] = {}
        for number, (key, kind) in enumerate(keys):
            name = f"filter.{number}"
            values = StringColumn.read(arrays, name) if kind == "text" else arrays[f"{name}.values"]
            column = FilterColumn(values=values, starts=arrays[f"{name}.bounds"], rows=arrays[f"{name}.rows"])
            self._columns[key, kind] = column

    def rows_equal(self, key: str, value: MetadataScalar) -> Whole:
        """Rows whose metadata holds the value, ascending; shape (found,)."""
        column = self._columns.get((key, _kind(value)))
        return np.empty(0, np.int64) if column is None else column.where_equal(value)

    def mask(self, condition: Condition) -> Mask:
        """bool, shape (rows,): where the condition holds."""
        match condition:
            case Both(inner):
                return np.logical_and.reduce([self.mask(part) for part in inner], initial=True) & self._constant(True)
            case Either(inner):
                return np.logical_or.reduce([self.mask(part) for part in inner], initial=False) | self._constant(False)
            case Not(part):
                return ~self.mask(part)
            case AnyOf(key, values):
                return self._marked([self.rows_equal(key, value) for value in values])
            case Exists(key):
                return self._marked([column.rows for (name, _), column in self._columns.items() if name == key])
            case Range(key, relation, bound):
                column = self._columns.get((key, _kind(bound)))
                return self._marked([] if column is None else [column.where_related(relation, bound)])

    def _constant(self, value: bool) -> Mask:  # noqa: FBT001
        return np.full(self._row_count, value)

    def _marked(self, groups: Sequence[Whole]) -> Mask:
        mask = self._constant(False)
        for rows in groups:
            mask[rows] = True
        return mask
