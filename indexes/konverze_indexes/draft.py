"""What a writer has put into the store for a commit that does not stand yet."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from konverze_core.errors import BlobNotFoundError, ConflictError, StoreError
from konverze_indexes.manifest import SegmentEntry
from konverze_indexes.segment import Segment, opened_segment
from konverze_indexes.segment_building import SegmentContent, build_segment
from konverze_indexes.tenantblobs import TEXT_FRAME_BYTES, TenantBlobs
from konverze_indexes.texts import read_from

MAX_REWRITES = 16
"""How often a writer puts its segments anew because a vacuum took them, or another compaction was faster."""


class VoidedError(Exception):
    """A vacuum took segments of a draft, or a rotation their key: to be written anew, under other names."""


class Draft:
    """Blobs that the next commit is to name; a context that removes them when the commit fails.

    They stay when nobody can tell whether the commit stands.

    Args:
        blobs: The tenant's blobs.
        originals: Names of sealed originals that were put before.
    """

    def __init__(self, blobs: TenantBlobs, originals: Iterable[str] = ()) -> None:
        self.segments: dict[str, Segment] = {}
        self.entries: list[SegmentEntry] = []
        self.is_sent = False
        self._blobs = blobs
        self._originals = list(originals)
        self._names: list[str] = []
        self._key_ids: dict[str, bytes] = {}  # of the data key that seals each segment

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.is_sent:
            self._remove([*self._originals, *self._names])

    def write(self, content: SegmentContent) -> SegmentEntry:
        """Lays content out as a segment under a name of its own, and puts it.

        Raises:
            StoreError: The store did not take it.
        """
        hot, text = build_segment(content)
        segment_id = secrets.token_hex(16)
        self._key_ids[segment_id] = self._blobs.keys.active.id
        names = f"segments/{segment_id}.hot", f"segments/{segment_id}.text"
        self._names += names
        entry = SegmentEntry(
            id=segment_id,
            documents=len(content.documents),
            chunks=content.postings.row_count,
            hot=self._blobs.write("hot", names[0], hot),
            text=self._blobs.write("text", names[1], text, frame_bytes=TEXT_FRAME_BYTES),
        )
        self.entries.append(entry)
        try:
            self.segments[segment_id] = opened_segment(self._blobs, entry, hot=hot)
        except BlobNotFoundError:  # a vacuum was faster than this writer, and `check` finds out
            self.segments[segment_id] = Segment(hot, read_from(text))
        return entry

    def discard(self, entries: Iterable[SegmentEntry]) -> None:
        """Takes segments back."""
        for entry in list(entries):
            self.entries.remove(entry)
            del self.segments[entry.id], self._key_ids[entry.id]
            names = [entry.hot_name, entry.text_name]
            self._remove(names)
            self._names = [name for name in self._names if name not in names]

    def check(self, condemned: Collection[str]) -> None:
        """Makes sure that what the commit is to name stands, lasts, and opens; the keyring was refreshed just now.

        Args:
            condemned: What the generation that the commit follows says is being deleted.

        Raises:
            ConflictError: A vacuum deletes, or has deleted, a sealed original, which only the caller has.
            VoidedError: It does so with a segment, or the data key that sealed one was retired meanwhile.
        """
        if self._lost(self._originals, condemned):
            raise ConflictError("a vacuum took the sealed originals of a paused ingest; ingest again")
        if self._lost(self._names, condemned):
            raise VoidedError
        if not all(self._blobs.seals(key_id) for key_id in set(self._key_ids.values())):
            raise VoidedError

    def _lost(self, names: Sequence[str], condemned: Collection[str]) -> bool:
        return any(name in condemned or self._blobs.head(name) is None for name in names)

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(StoreError):  # what is left over is for a vacuum
                self._blobs.delete(name)
