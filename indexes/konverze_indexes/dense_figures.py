"""What a dense index was built as, and what it was measured to do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal, TypeAlias, cast

from konverze_core.errors import IntegrityError

Structure: TypeAlias = Literal["flat", "ivf", "pq"]
Efforts: TypeAlias = tuple[tuple[int, int], ...]

SIXTEEN_BITS, TWELVE_BITS = 16, 12
"""Of a component, in memory."""

CALIBRATED_K = 10
"""Hits for which recall is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseFigures:
    """What an index was built as, and what it was measured to do.

    Attributes:
        structure: How it searches.
        size_bytes: Its stored length.
        scale: The power of two that the vectors were multiplied by, so that fp16 holds them.
        efforts: Numbers of hits, rising from ten, with the effort that these take: lists for `ivf`, candidates for
            `pq`. Empty for `flat`.
        recall: Recall@10 against the exact answer, measured; None where nothing had to be: `flat` is exact.
        asked_recall: The recall that it was built for.
        queries: What it was measured with: `sentences` or `passages`; empty for `flat`.
        bits: Of a component, in memory: `SIXTEEN_BITS`, or `TWELVE_BITS` of long vectors.
    """

    structure: Structure
    size_bytes: int
    scale: float = 1.0
    efforts: Efforts = ()
    recall: float | None = None
    asked_recall: float
    queries: str = ""
    bits: int = SIXTEEN_BITS

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return asdict(self)

    @classmethod
    def from_json(cls, figures: Mapping[str, Any]) -> DenseFigures:
        """The figures that `to_json` gave.

        Raises:
            IntegrityError: They are no such figures.
        """
        try:
            efforts = tuple((int(hits), int(effort)) for hits, effort in figures["efforts"])
            return cls(**{**figures, "efforts": cast("Any", efforts)})
        except (TypeError, ValueError, KeyError) as exc:
            raise IntegrityError("a segment's dense figures are malformed") from exc

    def effort(self, wanted: int) -> int:
        """The effort for a number of hits, linear between the measured numbers and beyond them."""
        place = bisect_left(self.efforts, wanted, key=lambda point: point[0])
        place = min(max(place, 1), len(self.efforts) - 1)
        (few, less), (many, more) = self.efforts[place - 1], self.efforts[place]
        return max(less, ceil(less + (more - less) * (wanted - few) / (many - few)))
