"""What a sweep may choose from."""

from __future__ import annotations

import itertools
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeAlias, cast

from konverze_core.errors import ConfigError
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate

MAX_GRID = 100_000
"""Candidates of a grid, at most."""

MAX_SPACE_BYTES = 1_000_000
"""Length of a file that tells a space."""

OUTSIDE_SETTINGS = ("embedder", "reranker", "where", "stemming")
"""What a candidate has beside a tenant's settings."""


@dataclass(frozen=True, slots=True)
class Between:
    """Any number from `low` to `high`, both included; for an optimiser, not for a grid.

    Attributes:
        low: The least value.
        high: The greatest one; whole numbers are chosen where both are whole.
        is_log: Whether equal quotients are as likely as equal differences otherwise are.
    """

    low: float
    high: float
    is_log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.is_log and self.low <= 0):
            raise ConfigError("Between wants a low value below a high one, both above 0 where is_log")

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers are chosen."""
        return isinstance(self.low, int) and isinstance(self.high, int)


Choices: TypeAlias = tuple[Any, ...] | Between


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpace:
    """Values by name: fields of `TenantSettings`, and what a `Candidate` has beside these.

    Attributes:
        choices: Of each name, the values to try, or the numbers between two.
    """

    choices: Mapping[str, Choices]

    @classmethod
    def of(cls, values: Mapping[str, Sequence[Any] | Between]) -> Self:
        """A space from lists of values, such as `{"chunk_tokens": [128, 256], "dense_weight": Between(0.0, 1.0)}`.

        Raises:
            ConfigError: A name is not one that can be tried, or has no value that its field takes.
        """
        if not values:
            raise ConfigError("a search space names one setting at least, with the values to try")
        known = {*TenantSettings.model_fields, *OUTSIDE_SETTINGS}
        if unknown := sorted(values.keys() - known):
            raise ConfigError(f"no setting of a tenant is called {unknown[0]!r}")
        return cls(choices={name: _checked(name, given) for name, given in values.items()})

    @classmethod
    def default(cls) -> Self:
        """Chunks of three sizes, and how the two legs of a search are weighed and joined: 60 candidates."""
        return cls.of(
            {
                "chunk_tokens": [128, 256, 512],
                "fusion": ["convex", "rrf"],
                "dense_weight": [0.1, 0.3, 0.7, 1.5, 4.0],
                "relevance_weight": [1.0, 0.8],
            }
        )

    @classmethod
    def from_toml(cls, path: str | PathLike[str]) -> Self:
        """A space from a file: a list of values a name; `{low = 0.1, high = 1.0, log = false}` for `Between`.

        Raises:
            ConfigError: The file cannot be read, or tells no space.
        """
        file = Path(path)
        try:
            if file.stat().st_size > MAX_SPACE_BYTES:
                raise ConfigError(f"{file.name}: a search space has at most {MAX_SPACE_BYTES} bytes")
            told = tomllib.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as exc:
            raise ConfigError(f"{file.name}: no TOML that can be read") from exc
        return cls.of({name: _from_toml(file.name, name, value) for name, value in told.items()})

    def grid(self, most: int | None = None, *, seed: int = 0) -> list[Candidate]:
        """All combinations, those left out that no settings can be.

        Args:
            most: At most so many, drawn at random where there are more.
            seed: Of the draw.

        Raises:
            ConfigError: There are more than `MAX_GRID`, or a name has no list of values.
        """
        lists = {name: values for name, values in self.choices.items() if isinstance(values, tuple)}
        if len(lists) < len(self.choices):
            raise ConfigError('a grid wants lists of values; Between is for sampler="tpe"')
        if prod(map(len, lists.values())) > MAX_GRID:
            raise ConfigError(f"a grid has at most {MAX_GRID} candidates: name fewer values, or use the tpe sampler")
        candidates = list(self._combined(lists))
        if most is None or most >= len(candidates):
            return candidates
        return random.Random(seed).sample(candidates, most)  # noqa: S311 (no secret hangs on it)

    def _combined(self, lists: Mapping[str, tuple[Any, ...]]) -> Iterator[Candidate]:
        for values in itertools.product(*lists.values()):
            yield candidate_of(dict(zip(lists, values, strict=True)))


def candidate_of(values: Mapping[str, Any]) -> Candidate:
    """The candidate of these values by name.

    Raises:
        ConfigError: A value is not one that its field takes.
    """
    outside = {name: values[name] for name in OUTSIDE_SETTINGS if name in values}
    own = {name: value for name, value in values.items() if name not in outside}
    return Candidate(settings=TenantSettings(**own), **outside)


def _checked(name: str, given: Sequence[Any] | Between) -> Choices:
    if isinstance(given, Between):
        ends: tuple[Any, ...] = (given.low, given.high)
        choices: Choices = given
    else:
        ends = choices = tuple(given)
    if not ends:
        raise ConfigError(f"{name}: no value to try")
    if name not in OUTSIDE_SETTINGS:
        for value in ends:
            candidate_of({name: value})
    return choices


def _from_toml(file: str, name: str, value: object) -> Sequence[Any] | Between:
    if isinstance(value, list):
        return cast("list[Any]", value)
    if isinstance(value, dict):
        ends = cast("dict[str, Any]", value)
        if {"low", "high"} <= ends.keys() <= {"low", "high", "log"}:
            return Between(ends["low"], ends["high"], is_log=bool(ends.get("log", False)))
    raise ConfigError(f"{file}: {name} is a list of values, or a table of low and high")
