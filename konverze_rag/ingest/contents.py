"""Finds the document that holds the same bytes under another id."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from konverze_indexes.segment import Segment
from konverze_indexes.snapshot import Snapshot

_PREFIX_DIGITS = 16


class Contents:
    """What the documents of a tenant hold; keeps eight bytes for each, for as long as their segment is in memory."""

    def __init__(self) -> None:
        self._prefixes: WeakKeyDictionary[Segment, npt.NDArray[np.uint64]] = WeakKeyDictionary()

    def source_of(self, snapshot: Snapshot, content_sha256: str, *, besides: str) -> str | None:
        """The id of a live document whose original has this digest; None where there is none.

        Args:
            snapshot: The generation to look in.
            content_sha256: Hex digest of the original.
            besides: A document that does not count.
        """
        prefix = _number(content_sha256)
        for part in snapshot.segments:
            for position in np.flatnonzero(self._of(part.segment) == prefix).tolist():
                row = part.segment.document(position)
                if row.content_sha256 == content_sha256 and row.id != besides and part.is_live(position):
                    return row.id
        return None

    def _of(self, segment: Segment) -> npt.NDArray[np.uint64]:
        known = self._prefixes.get(segment)
        if known is None:
            rows = (segment.document(position).content_sha256 for position in range(len(segment.versions)))
            known = self._prefixes[segment] = np.array([_number(digest) for digest in rows], np.uint64)
        return known


def _number(content_sha256: str) -> int:
    return int(content_sha256[:_PREFIX_DIGITS] or "0", 16)
