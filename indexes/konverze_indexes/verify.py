"""Verification: every blob of a tenant's index opened in full, and held to all that others say of it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from konverze_core.errors import BlobNotFoundError, IntegrityError
from konverze_core.reports import Finding
from konverze_indexes.catalogue import IndexedDocument
from konverze_indexes.commits import Commit, CommitLog
from konverze_indexes.container import Bytes
from konverze_indexes.manifest import BlobPin, SegmentEntry, commit_name, generation_of
from konverze_indexes.segment import Segment
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.texts import read_from
from konverze_indexes.vacuum import PROBE

_CONVERSATIONS = ("days/", "visitors/")
_KINDS = {
    "segments": {"hot": "hot", "text": "text"},
    "uploads": {"": "upload"},
    "settings": {"": "settings"},
    "tuning": {"": "tuning"},
}
_NEEDING_NO_NAME = frozenset({"vacuum", "settings", "tuning"})


def verify(blobs: TenantBlobs, *, at_least: int = 0) -> Iterator[Finding]:
    """What is wrong with, or left over in, a tenant's index: commits, segments, originals and settings.

    Needs no index that opens. Writers and vacuums may go on; what they remove meanwhile is not missed. Conversations
    are verified by those who have their keys.

    Args:
        blobs: The tenant's sealed blobs.
        at_least: The newest generation that was ever seen.

    Raises:
        KeyProviderError: The tenant's keys cannot be used.
        StoreError: The store cannot be read.
    """
    yield from _Walk(blobs).findings(at_least)


class _Walk:
    def __init__(self, blobs: TenantBlobs) -> None:
        self._blobs = blobs
        self._log = CommitLog(blobs)
        self._found: list[Finding] = []
        self._checked: set[str] = set()

    def findings(self, at_least: int) -> Iterator[Finding]:
        """Commits first: they say what the other blobs should be."""
        # Listed before the commits are read: a blob that no commit named by then, but one names now, is none too many.
        names = [name for name in self._blobs.names("") if not name.startswith(_CONVERSATIONS)]
        chain = self._chain([name for name in names if name.startswith("commits/")], at_least)
        for commit in reversed(chain):
            yield from self._taken()
            self._check_generation(commit)
        condemned = set(chain[0].manifest.condemned) if chain else set[str]()
        for name in names:
            yield from self._taken()
            if name not in self._checked and not name.startswith("commits/"):
                self._check_unnamed(name, is_condemned=name in condemned)
        yield from self._taken()

    def _taken(self) -> list[Finding]:
        found, self._found = self._found, []
        return found

    def _note(self, name: str, problem: str, *, is_harmless: bool = False) -> None:
        self._found.append(Finding(name=self._blobs.prefix + name, problem=problem, is_harmless=is_harmless))

    @contextmanager
    def _noting(self, name: str) -> Generator[None]:
        """Makes findings of what is not as it was written."""
        self._checked.add(name)
        try:
            yield
        except BlobNotFoundError:
            self._note(name, "named by a commit, but gone")
        except IntegrityError as error:
            self._note(name, str(error))

    def _chain(self, names: Sequence[str], at_least: int) -> list[Commit]:
        """The commits that open and follow each other, newest first."""
        read: list[Commit] = []
        listed: set[int] = set()
        for name in names:
            with self._noting(name):
                listed.add(generation := generation_of(name))
                try:
                    read.append(self._log.read(generation))
                except BlobNotFoundError:
                    continue  # vacuumed meanwhile
        newest = read[0].generation if read else 0
        if newest < at_least:
            self._note("commits/", f"generation {newest} stands where generation {at_least} was already seen")
        for later, commit in pairwise(read):
            is_apart = commit.generation + 1 not in listed  # vacuums remove the oldest: its number was put anew
            if is_apart or self._log.includes(later, commit.generation, commit.digest) is False:
                self._note(commit_name(commit.generation), "void: the newest does not follow it", is_harmless=True)
                return read[: read.index(commit)]
        return read

    def _check_generation(self, commit: Commit) -> None:
        """What a generation names; one that a vacuum removes meanwhile may lack it."""
        dead = {item.version for item in commit.manifest.tombstones}
        for entry in commit.manifest.segments:
            if entry.hot_name in self._checked:
                continue
            segment = self._checked_segment(entry)
            rows = [] if segment is None else [segment.document(place) for place in range(len(segment.versions))]
            for row in rows:
                if row.upload and row.version not in dead:
                    self._check_original(row)
        if self._found and self._blobs.head(commit_name(commit.generation)) is None:
            self._found = []

    def _checked_segment(self, entry: SegmentEntry) -> Segment | None:
        hot = self._opened("hot", entry.hot_name, entry.hot)
        text = self._opened("text", entry.text_name, entry.text)
        if hot is None or text is None:
            return None
        with self._noting(entry.hot_name):
            segment = Segment(hot, read_from(text), keeps_texts=False)
            if (segment.row_count, len(segment.versions)) != (entry.chunks, entry.documents):
                raise IntegrityError("the segment holds other numbers of chunks and documents than its commit says")
            for row in range(segment.row_count):
                segment.chunk(row)
            _ = segment.postings, segment.filters
            if segment.dense is not None and segment.row_count:
                segment.dense.vectors_at(np.array([segment.row_count - 1]))
            return segment
        return None

    def _opened(self, kind: str, name: str, pin: BlobPin | None) -> Bytes | None:
        with self._noting(name):
            return self._blobs.read(kind, name, pin=pin)
        return None

    def _check_original(self, row: IndexedDocument) -> None:
        original = self._opened("upload", row.original, None)
        if original is not None and hashlib.sha256(original.data).hexdigest() != row.content_sha256:
            self._note(row.original, "the sealed original is not the one that its document was read from")

    def _check_unnamed(self, name: str, *, is_condemned: bool) -> None:
        kind = "vacuum" if name == PROBE else _kind_of(name)
        if kind is None:
            self._note(name, "no blob of a tenant is named so")
            return
        try:
            self._blobs.read(kind, name)
        except BlobNotFoundError:
            return  # removed meanwhile
        except IntegrityError as error:
            self._note(name, str(error))
            return
        if kind not in _NEEDING_NO_NAME:
            why = "condemned, but not deleted yet" if is_condemned else "no commit names it"
            self._note(name, f"{why}: a vacuum removes it", is_harmless=True)


def _kind_of(name: str) -> str | None:
    folder, _, rest = name.partition("/")
    return _KINDS.get(folder, {}).get(rest.partition(".")[2]) if "/" not in rest else None
