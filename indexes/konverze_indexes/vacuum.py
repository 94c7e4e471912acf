"""Vacuum: removing commits that no reader needs and blobs that no commit names (docs/adr/0008-vacuum.md)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import numpy as np
from msgspec import structs

from konverze_core.errors import BlobNotFoundError, ConflictError, IntegrityError, TenantErasedError
from konverze_indexes.commits import Commit
from konverze_indexes.contention import pause
from konverze_indexes.draft import Draft
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import Manifest, SegmentEntry, commit_name
from konverze_indexes.segment import Segment
from konverze_indexes.snapshot import Snapshot
from konverze_indexes.texts import read_from

MAX_VACUUM_TRIES = 32
"""How often a vacuum looks again because a writer was faster."""

MAX_CONDEMNED = 500
"""Blobs that one commit condemns: what each later commit carries along until the next vacuum."""

PROBE = "vacuum"
"""Name of the blob whose age tells the store's time."""

CACHES = "tuning/"
"""Folder of blobs that no commit ever names: what was worked out once, and can be again."""

_NO_TEXT = np.empty(0, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumCounts:
    """What a vacuum has removed.

    Attributes:
        commits: Generations that no reader needs any more.
        blobs: Other blobs.
        bytes: Sealed bytes of both.
    """

    commits: int = 0
    blobs: int = 0
    bytes: int = 0


class _OvertakenError(Exception):
    """A writer or another vacuum was faster: what is to be removed has to be found anew."""


def vacuum(index: TenantIndex, *, grace_s: float) -> VacuumCounts:
    """Removes commits that were superseded, and blobs that no retained commit names, once they are old enough.

    Safe beside writers, readers and other vacuums with any grace, and when it is interrupted. The grace only spares
    those that are slow the trouble of starting over.

    Args:
        index: The tenant's index.
        grace_s: Least time since a commit was superseded, or a blob was put, in seconds, by the store's clock.

    Returns:
        What was removed.

    Raises:
        ConflictError: Writers were faster, time and again.
        IntegrityError: A commit that is retained does not open; nothing was removed.
        StoreError: The store failed; the next vacuum goes on.
        TenantErasedError: The tenant was erased.
    """
    sweep = _Sweep(index, timedelta(seconds=grace_s))
    for number in range(MAX_VACUUM_TRIES):
        try:
            sweep.run()
        except _OvertakenError:
            pause(number)
        except TenantErasedError:
            index.blobs.delete(PROBE)
            raise
        else:
            return sweep.counts
    raise ConflictError(f"writers were faster {MAX_VACUUM_TRIES} times in a row; try again")


class _Sweep:
    """One vacuum, with what it has learnt and removed, over all its tries."""

    def __init__(self, index: TenantIndex, grace: timedelta) -> None:
        self._index = index
        self._blobs = index.blobs
        self._grace = grace
        self._removed: dict[str, int] = {}
        self._originals: dict[str, dict[str, str]] = {}

    @property
    def counts(self) -> VacuumCounts:
        """What was removed so far."""
        commits = sum(name.startswith("commits/") for name in self._removed)
        return VacuumCounts(commits=commits, blobs=len(self._removed) - commits, bytes=sum(self._removed.values()))

    def run(self) -> None:
        """Looks, condemns and removes; in this order at each step, so that it can be interrupted anywhere."""
        now = self._store_now()
        base = self._index.refreshed()
        generations = self._index.commits.generations()
        retained = self._retained(base, generations, now)
        named = self._named(retained, base)
        condemned = set(base.manifest.condemned)
        listed = [*self._blobs.names("segments/"), *self._blobs.names("uploads/")]
        unnamed = [name for name in listed if name not in named]
        fresh = [name for name in unnamed if name not in condemned and self._is_old(self._age(name, now))]
        lasting = {commit.generation for commit in retained}
        self._remove(commit_name(number) for number in reversed(generations) if number not in lasting)
        self._remove(name for name in unnamed if name in condemned)
        newest = self._condemn(base.manifest.generation, fresh)
        if not self._grace:
            self._remove(commit_name(number) for number in range(base.manifest.generation, newest))
        self._remove(self._superseded_settings(now))
        self._remove(name for name in self._blobs.names(CACHES) if self._is_old(self._age(name, now)))

    def _store_now(self) -> datetime:
        self._blobs.write("vacuum", PROBE, b"", if_absent=False)
        return self._blobs.store.head(self._blobs.prefix + PROBE).modified_at

    def _age(self, name: str, now: datetime) -> timedelta | None:
        head = self._blobs.head(name)
        return None if head is None else max(now - head.modified_at, timedelta(0))

    def _is_old(self, age: timedelta | None) -> bool:
        return age is not None and age >= self._grace

    def _retained(self, base: Snapshot, generations: Sequence[int], now: datetime) -> list[Commit]:
        """The newest commit, and those before it that were superseded only just, newest first.

        What else stands is superseded for long, or void: a writer that slept has put a number anew.
        """
        if not generations:
            return []
        if generations[0] != base.manifest.generation:
            raise _OvertakenError
        ages = range(1, len(generations))
        count = bisect_left(ages, True, key=lambda place: self._was_superseded(generations[place - 1], now))
        try:
            read = [self._index.commits.read(number) for number in generations[: count + 1]]
        except BlobNotFoundError as exc:
            raise _OvertakenError from exc
        kept = read[:1]
        for commit in read[1:]:
            if kept[-1].generation != commit.generation + 1 or kept[-1].manifest.ancestors[0] != commit.digest:
                break
            kept.append(commit)
        return kept

    def _was_superseded(self, successor: int, now: datetime) -> bool:
        """Whether this generation was put so long ago that the one before it is not retained."""
        age = self._age(commit_name(successor), now)
        if age is None:
            raise _OvertakenError
        return self._is_old(age)

    def _named(self, retained: Sequence[Commit], base: Snapshot) -> set[str]:
        """Names of all blobs that a reader of a retained generation may need."""
        named: set[str] = set()
        for commit in reversed(retained):  # a version only dies: it lives longest in the oldest that has its segment
            dead = {item.version for item in commit.manifest.tombstones}
            for entry in commit.manifest.segments:
                if entry.hot_name not in named:
                    self._check_standing(commit, entry)
                    originals = self._originals_of(commit, entry, base.segments_by_id.get(entry.id))
                    named |= {entry.hot_name, entry.text_name}
                    named |= {name for version, name in originals.items() if version not in dead}
        return named

    def _check_standing(self, commit: Commit, entry: SegmentEntry) -> None:
        for name, pin in ((entry.hot_name, entry.hot), (entry.text_name, entry.text)):
            head = self._blobs.head(name)
            if head is None or head.size_bytes != pin.stored_bytes:
                raise self._unreadable(commit)

    def _unreadable(self, commit: Commit) -> Exception:
        """A retained commit lacks a blob: another vacuum was faster, or somebody has to look."""
        if commit.generation in self._index.commits.generations():
            return IntegrityError(f"a blob that generation {commit.generation} consists of is gone or cut")
        return _OvertakenError()

    def _originals_of(self, commit: Commit, entry: SegmentEntry, known: Segment | None) -> Mapping[str, str]:
        """Name of the sealed original of each version in a segment that has one."""
        if entry.id not in self._originals:
            try:
                segment = known or Segment(self._blobs.read("hot", entry.hot_name, pin=entry.hot), read_from(_NO_TEXT))
            except BlobNotFoundError as exc:
                raise self._unreadable(commit) from exc
            rows = [segment.document(position) for position in range(len(segment.versions))]
            self._originals[entry.id] = {row.version: row.original for row in rows if row.upload}
        return self._originals[entry.id]

    def _condemn(self, generation: int, names: Sequence[str]) -> int:
        """Commits that blobs are being deleted, then deletes them.

        Args:
            generation: The generation by which nothing needs them; a newer one may.
            names: The blobs.

        Returns:
            The newest generation.
        """
        for start in range(0, len(names), MAX_CONDEMNED):
            batch = tuple(names[start : start + MAX_CONDEMNED])
            with Draft(self._blobs) as draft:
                generation = self._index.commit(partial(_condemning, batch, generation), draft)
            self._remove(batch)
        return generation

    def _superseded_settings(self, now: datetime) -> list[str]:
        """Older versions of the tenant's settings; the newest sorts first."""
        names = self._blobs.names("settings/")
        return [old for newer, old in reversed(list(pairwise(names))) if self._is_old(self._age(newer, now))]

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            head = self._blobs.head(name)
            if head is not None:
                self._blobs.delete(name)
                self._removed[name] = head.size_bytes


def _condemning(names: tuple[str, ...], generation: int, newest: Snapshot) -> Manifest:
    if newest.manifest.generation != generation:
        raise _OvertakenError
    return structs.replace(newest.manifest, condemned=names)
