"""Values that metadata and `where` may hold: what JSON can say and a filter can compare."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from konverze_core.documents import MetadataScalar, MetadataValue
from konverze_core.errors import ConfigError

MAX_EXACT_INTEGER = 2**53
"""Numbers are compared as float64, which tells integers apart up to here."""


def checked_text(what: str, value: object) -> str:
    """A string that can be stored.

    Raises:
        ConfigError: It is no string, or holds half a surrogate pair.
    """
    if not isinstance(value, str):
        raise ConfigError(f"{what} must be a string, not {type(value).__name__}")
    with suppress(UnicodeEncodeError):  # it quotes the text: no error of ours may have it for its context
        value.encode()
        return value
    raise ConfigError(f"{what} holds half a surrogate pair, which is no character: replace it")


def checked_scalar(what: str, value: object) -> MetadataScalar:
    """A string, boolean or number, those of numpy included, as Python's own.

    Raises:
        ConfigError: Another type, a number that is not finite, or an integer above 2**53.
    """
    if isinstance(value, np.generic):
        value = cast("object", value.item())
    if isinstance(value, str):
        return checked_text(what, value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_EXACT_INTEGER:
            raise ConfigError(f"{what} holds an integer above 2**53: give it as a string")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{what} holds a number that is not finite")
        return value
    hint = "; give dates as ISO strings" if hasattr(value, "isoformat") else ""
    raise ConfigError(f"{what} must be a string, number, boolean or a list of them, not {type(value).__name__}{hint}")


def instant_text(moment: datetime) -> str:
    """A point in time as filters compare it: ISO 8601 in UTC, always of one length, so that earlier is less.

    Args:
        moment: Aware of its time zone.
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def checked_metadata(metadata: object) -> dict[str, MetadataValue]:
    """Metadata as plain JSON values; None counts as missing, sets and tuples become lists.

    Raises:
        ConfigError: A key is no string, or a value cannot be stored.
    """
    if not isinstance(metadata, Mapping):
        raise ConfigError(f"metadata must be a mapping, not {type(metadata).__name__}")
    checked: dict[str, MetadataValue] = {}
    for key, value in cast("Mapping[Any, object]", metadata).items():
        name = f"metadata {checked_text('a metadata key', key)!r}"
        if isinstance(value, list | tuple | set | frozenset | np.ndarray):
            items = cast("list[object]", value.tolist() if isinstance(value, np.ndarray) else value)
            checked[key] = [checked_scalar(name, item) for item in items]
        elif value is not None:
            checked[key] = checked_scalar(name, value)
    return checked
