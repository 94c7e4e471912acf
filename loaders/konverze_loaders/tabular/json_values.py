"""JSON and JSON lines: lists of like objects as tables, all else as lines of `path: value`.

Numbers keep the digits that the file gives them.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec

from konverze_core.documents import BlockKind
from konverze_core.errors import LimitExceededError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.tabular.grid import MAX_FILLED_COLUMNS
from konverze_loaders.tabular.tables import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_core.documents import Document
    from konverze_loaders.reading import Reading

Value: TypeAlias = "dict[str, Value] | list[Value] | str | bool | None"

MIN_LIKE = 2
MIN_SHARED = 0.5
MAX_LIST_CHARS = 200
MIN_LINES = 2
SAMPLE_LINES = 100
MAX_PATH_CHARS = 10_000
MAX_LENIENT_CHARS = 5_000_000
_CHECKER = msgspec.json.Decoder(msgspec.Raw)  # reads all of it, and keeps nothing
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)


def is_json(text: str) -> bool:
    """Whether the whole text is one object or list.

    Raises:
        RecursionError: Too deep to tell.
    """
    if not _starts_value(text):
        return False
    try:
        _CHECKER.decode(text)
    except msgspec.DecodeError:  # it is strict: some write NaN, or line ends inside texts
        return len(text) <= MAX_LENIENT_CHARS and _decoded(text.strip()) is not None
    return True


def is_json_lines(text: str) -> bool:
    """Whether each line is an object or list; the last may have been cut off."""
    if not _starts_value(text):
        return False
    lines = [line for line in islice(text.splitlines(), SAMPLE_LINES) if line.strip()]
    return len(lines) >= MIN_LINES and all(is_json(line) for line in lines[: max(MIN_LINES, len(lines) - 1)])


def load_json(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of one JSON value.

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: Too many values, or too deep inside each other.
    """
    _check_size(text, reading)
    builder = DocumentBuilder(reading)
    _Writer(builder, reading).add_all(_decoded(text.strip()))
    return builder.build({"format": "json", "encoding": encoding})


def load_json_lines(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of JSON values, one a line; a line that is none stays as it is.

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: Too many values, or too deep inside each other.
    """
    _check_size(text, reading)
    builder = DocumentBuilder(reading)
    values: list[Value] = []
    broken: list[str] = []
    for line in text.splitlines():
        value = _decoded(line.strip())
        if value is not None:
            values.append(value)
        elif line.strip():
            broken.append(line)
    _Writer(builder, reading).add_all(values)
    for line in broken:
        builder.add(BlockKind.PARAGRAPH, line)
    return builder.build({"format": "jsonl", "encoding": encoding})


def _starts_value(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _decoded(text: str) -> Value:
    try:
        value, end = _DECODER.raw_decode(text)
    except ValueError:
        return None
    return cast("Value", value) if end == len(text) else None


def _check_size(text: str, reading: Reading) -> None:
    """Counts values before they are made: an empty list takes a hundred times the memory of its two bytes."""
    reading.check("max_cells", text.count(",") + text.count("[") + text.count("{"))


class _Writer:
    """Feeds values to a builder: plain ones first, then the tables, each under a heading."""

    def __init__(self, builder: DocumentBuilder, reading: Reading) -> None:
        self._builder = builder
        self._reading = reading
        self._tables: list[tuple[list[Value], str, int]] = []

    def add_all(self, value: Value) -> None:
        """Adds a value with all that is in it."""
        self._add(value, "", 0)
        for rows, path, depth in self._tables:
            self._add_table(rows, path, depth)

    def _add(self, value: Value, path: str, depth: int) -> None:
        self._check(path, depth)
        if isinstance(value, list):
            self._add_list(value, path, depth)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._add(item, f"{path}.{key}" if path else key, depth + 1)
        elif (text := _text(value)) and text.strip():
            self._builder.add(BlockKind.LIST_ITEM, named(path, text))

    def _add_list(self, values: list[Value], path: str, depth: int) -> None:
        if _are_alike(values):
            self._tables.append((values, path, depth))
        elif short := _joined(values):
            self._builder.add(BlockKind.LIST_ITEM, named(path, short))
        else:
            for place, item in enumerate(values):
                self._add(item, f"{path}[{place}]", depth + 1)

    def _add_table(self, values: list[Value], path: str, depth: int) -> None:
        self._builder.add(BlockKind.HEADING, path, level=1)
        table = self._builder.new_table()
        for value in values:
            cells = [named(key, text) for key, text in self._flat(value, "", depth + 1) if text.strip()]
            self._builder.add_row(cells, table)

    def _check(self, path: str, depth: int) -> None:
        self._reading.check("max_depth", depth)
        if len(path) > MAX_PATH_CHARS:
            raise LimitExceededError(
                self._reading.source, f"keys inside each other of over {MAX_PATH_CHARS} characters"
            )

    def _flat(self, value: Value, path: str, depth: int) -> Iterator[tuple[str, str]]:
        """Paths and texts of all that is in a value."""
        self._check(path, depth)
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self._flat(item, f"{path}.{key}" if path else key, depth + 1)
        elif not isinstance(value, list):
            yield path, _text(value)
        elif short := _joined(value):
            yield path, short
        else:
            for place, item in enumerate(value):
                yield from self._flat(item, f"{path}[{place}]", depth + 1)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _joined(values: list[Value]) -> str:
    """Short plain values on one line; empty for others."""
    if any(isinstance(value, dict | list) for value in values):
        return ""
    line = ", ".join(text for value in values if (text := _text(value)))
    return line if len(line) <= MAX_LIST_CHARS else ""


def _are_alike(values: list[Value]) -> bool:
    """Whether they are objects that share most of their keys."""
    if len(values) < MIN_LIKE or not all(isinstance(value, dict) for value in values):
        return False
    counts = Counter(key for value in values if isinstance(value, dict) for key in value)
    return len(counts) <= MAX_FILLED_COLUMNS and sum(counts.values()) >= MIN_SHARED * len(counts) * len(values)
