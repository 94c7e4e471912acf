"""The rows of one segment that a search may return: a condition's rows, the live ones, or both."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from konverze_indexes.container import Bytes
from konverze_indexes.filters import Mask


class Allowed:
    """A set of rows, worked out once and used by both legs, for as long as the generation lives.

    Args:
        mask: bool, shape (rows of the segment,): which rows are in the set; not to be changed afterwards.

    Attributes:
        mask: The same.
        count: How many rows are in the set.
        prepared: What the segment's dense index made of the set, kept for its next search.
        prepared_bytes: Memory that this takes.
    """

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.count = int(np.count_nonzero(mask))
        self.prepared: object = None
        self.prepared_bytes = 0

    @property
    def resident_bytes(self) -> int:
        """Memory of the set and of what was prepared for it."""
        return self.mask.nbytes + self.mask.nbytes // 8 + self.prepared_bytes

    @cached_property
    def bits(self) -> Bytes:
        """uint8, shape (ceil(rows / 8),): row r is bit r % 8 of byte r // 8, as FAISS's bitmaps have it."""
        return np.packbits(self.mask, bitorder="little")
