"""How much of the suite a run measures."""

from __future__ import annotations

from enum import Enum

MILLION = 1_000_000


class Extent(Enum):
    """GATE: ours alone, what a change could make worse, in minutes. DEFAULT: with its peers. FULL: a million, too."""

    GATE = "gate"
    DEFAULT = "default"
    FULL = "full"

    def sizes(self, *sizes: int) -> tuple[int, ...]:
        """Those of the sizes that this extent measures."""
        most = {Extent.GATE: 10_000, Extent.DEFAULT: 100_000, Extent.FULL: MILLION}[self]
        return tuple(size for size in sizes if size <= most)
