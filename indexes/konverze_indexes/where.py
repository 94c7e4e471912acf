"""The `where` language: which chunks a search may return.

A mapping is "all of"; a value means equal; a list means any of; `{"gt"|"gte"|"lt"|"lte"|"ne"|"exists": x}` compares;
`{"any": [...]}`, `{"all": [...]}` and `{"not": {...}}` combine. Strings compare by code point, so ISO dates compare
by time; `ne` and `not` also match chunks that lack the key. Beside metadata, the keys `document_id`, `page` and
`heading` name the chunk's own fields, and `ingested_at` says when its document was handed to the index: it compares
with an aware `datetime`, or with the beginning of an ISO date in UTC, as in `{"ingested_at": {"gte": "2026-11"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, cast

from konverze_core.documents import MetadataScalar
from konverze_core.errors import ConfigError
from konverze_indexes.scalars import checked_scalar, instant_text

MAX_WHERE_DEPTH = 32
_COMPARISONS = frozenset({"gt", "gte", "lt", "lte"})


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The key holds one of these values."""

    key: str
    values: tuple[MetadataScalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The key's value stands in this relation to the bound."""

    key: str
    relation: str
    bound: str | int | float


@dataclass(frozen=True, slots=True)
class Exists:
    """The key has a value."""

    key: str


@dataclass(frozen=True, slots=True)
class Not:
    """The inner condition does not hold."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """All inner conditions hold; none means always."""

    inner: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one inner condition holds; none means never."""

    inner: tuple[Condition, ...]


Condition: TypeAlias = AnyOf | Range | Exists | Not | Both | Either


def parse_where(where: Mapping[str, Any], *, depth: int = 0) -> Condition:
    """The condition that a `where` mapping states.

    Raises:
        ConfigError: The mapping is not of the language.
    """
    if not isinstance(where, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"where must be a mapping, not {type(where).__name__}")
    if depth > MAX_WHERE_DEPTH:
        raise ConfigError(f"where is nested deeper than {MAX_WHERE_DEPTH} levels")
    return Both(tuple(_entry(key, value, depth + 1) for key, value in where.items()))


def _entry(key: str, value: object, depth: int) -> Condition:
    if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError("keys of where must be strings")
    if key == "not":
        return Not(parse_where(cast("Mapping[str, Any]", value), depth=depth))
    if key in {"any", "all"} and _is_list_of_mappings(value):
        inner = tuple(parse_where(item, depth=depth) for item in cast("Sequence[Mapping[str, Any]]", value))
        return Either(inner) if key == "any" else Both(inner)
    if isinstance(value, Mapping):
        operators = cast("Mapping[str, object]", value)
        if not operators:
            raise ConfigError(f"where[{key!r}] is empty: give a value, a list or an operator")
        return Both(tuple(_operator(key, name, operand) for name, operand in operators.items()))
    return AnyOf(key, _scalars(key, value))


def _is_list_of_mappings(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in cast("list[object]", value))


def _operator(key: str, name: str, operand: object) -> Condition:
    if name in _COMPARISONS:
        bound = _scalar(f"where[{key!r}][{name!r}]", operand)
        if isinstance(bound, bool):
            raise ConfigError(f"where[{key!r}][{name!r}] compares with a string or a number")
        return Range(key, name, bound)
    if name == "ne":
        return Not(AnyOf(key, _scalars(key, operand)))
    if name == "exists":
        if not isinstance(operand, bool):
            raise ConfigError(f"where[{key!r}]['exists'] takes True or False")
        return Exists(key) if operand else Not(Exists(key))
    raise ConfigError(f"where[{key!r}]: unknown operator {name!r}; known are gt, gte, lt, lte, ne, exists")


def _scalars(key: str, value: object) -> tuple[MetadataScalar, ...]:
    values = cast("list[object]", value) if isinstance(value, list | tuple | set | frozenset) else [value]
    return tuple(_scalar(f"where[{key!r}]", item) for item in values)


def _scalar(what: str, value: object) -> MetadataScalar:
    if not isinstance(value, datetime):
        return checked_scalar(what, value)
    if value.tzinfo is None:
        raise ConfigError(f"{what} is a time without a time zone: give it one, such as datetime.UTC")
    return instant_text(value)
