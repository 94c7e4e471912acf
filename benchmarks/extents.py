"""How much of the suite a run measures."""

from __future__ import annotations

from enum import Enum


class Extent(Enum):
    """GATE: ours alone, what a change could make worse, in minutes. DEFAULT: with all peers. FULL: a million, too."""

    GATE = "gate"
    DEFAULT = "default"
    FULL = "full"

    def sizes(self, *sizes: int) -> tuple[int, ...]:
        """Those of the sizes that this extent measures."""
        most = {Extent.GATE: 10_000, Extent.DEFAULT: 100_000, Extent.FULL: 1_000_000}[self]
        return tuple(size for size in sizes if size <= most)

    def includes(self, most_chunks: int, chunks: int) -> bool:
        """Whether a peer that takes so many chunks in good time is measured at this size."""
        return self is Extent.FULL or chunks <= most_chunks
