"""How far an ingest has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest has come; told in the thread that called it.

    Attributes:
        stage: `read`, `skipped` or `failed`, once for each upload in order; `embedded`; `committed`.
        source: The document concerned; empty for stages of the whole batch.
        done: Uploads looked at; or chunks that have their vectors; or documents that are indexed.
        total: Of so many uploads; or of so many chunks or documents read until now, which grows while more are read.
    """

    stage: str
    source: str
    done: int
    total: int


OnProgress: TypeAlias = Callable[[Progress], None]


def unheard(_: Progress) -> None:
    """Tells nobody."""
