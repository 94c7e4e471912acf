"""A tenant's index: opening, searching and atomic commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeAlias

from msgspec import structs

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    EmbedderMismatchError,
    IntegrityError,
    KeyUnavailableError,
    RollbackError,
    StoreError,
    TenantErasedError,
)
from konverze_core.protocols import Clock, Vectors
from konverze_indexes.catalogue import DocumentChunks
from konverze_indexes.commits import MAX_READ_TRIES, Commit, CommitLog
from konverze_indexes.contention import pause
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.draft import MAX_REWRITES, Draft, VoidedError
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import Embedding, Manifest, Tombstone
from konverze_indexes.marks import Marks
from konverze_indexes.residents import Companion, Residents
from konverze_indexes.segment import Segment, opened_segment
from konverze_indexes.segment_building import SegmentContent
from konverze_indexes.snapshot import Snapshot
from konverze_indexes.stemming import Analysis
from konverze_indexes.tenantblobs import TenantBlobs

MAX_COMMIT_TRIES = 64
"""How often a writer re-bases on a faster one before it gives up."""

REFRESH_S = 1.0
"""A commit of another process is seen by readers within this time."""

SNAPSHOT_BYTES = 3_000
"""Python objects of a decrypted index, without its segments; measured by tracemalloc, as the next."""

SEGMENT_BYTES = 20_000
"""Python objects around the buffers of a segment: views, catalogue, some decoded strings."""

Change: TypeAlias = Callable[[Snapshot], Manifest]
"""What a commit makes of the newest generation; asked again for each generation that it is re-based on."""

Refuses: TypeAlias = Callable[[Snapshot], Collection[str]]
"""Ids of the documents of a commit that the newest generation has no room for; asked again as `Change` is."""


class _Seen(NamedTuple):
    """The newest generation that is known here, by which an older or another history is told; outlives the keys."""

    generation: int = 0
    lineage: tuple[str, ...] = ("",)


class TenantIndex:
    """The sealed index of one tenant; safe to share between threads.

    Args:
        blobs: The tenant's sealed blobs.
        keyring: The tenant's keys; what they have opened is dropped with them.
        clock: Dates commits and paces the look for newer ones.
        marks: Knows the newest generation that was ever seen.
        residents: The indexes in memory, of which this one is to be; by default it stays whatever others need.
        analysis: How texts become terms in an index that is begun or reindexed.

    Attributes:
        uses: How often the decrypted index was found in memory since it was opened.

    Raises:
        IntegrityError: The newest commit, or a segment that it names, is not what was written.
        KeyProviderError: The tenant's keys cannot be used.
        RollbackError: The newest commit is older than its mark.
        StoreError: The store cannot be read.
        TenantErasedError: The tenant was erased.
    """

    def __init__(
        self,
        blobs: TenantBlobs,
        keyring: Keyring,
        clock: Clock,
        *,
        marks: Marks,
        residents: Residents | None = None,
        analysis: Analysis | None = None,
    ) -> None:
        self.blobs = blobs
        self.commits = CommitLog(blobs)
        self.analysis = analysis or Analysis()
        self.uses = 0
        self._keyring = keyring
        self._clock = clock
        self._marks = marks
        self._residents = residents or Residents()
        self._companions: list[Companion] = []
        self._lock = threading.Lock()
        self._checked_at = clock.monotonic()
        self._floor = marks.newest(blobs.directory, "commit")
        self._seen = _Seen()
        self._snapshot: Snapshot | None = None
        self._drops = 0
        self._is_closed = False
        keyring.on_drop(self._drop)
        with self._lock:
            self._load(within_s=REFRESH_S)
        self._is_unused = True

    def snapshot(self) -> Snapshot:
        """The newest generation; looks for commits of other processes at most once in `REFRESH_S`.

        Never waits for a writer or for another reader's look, and outlives an outage of the store: until the look
        succeeds, the generation at hand is served.

        Raises:
            ConfigError: The index was closed.
            IntegrityError: Stored data is not what was written.
            KeyProviderError: The tenant's keys may not be used any more.
            TenantErasedError: The tenant was erased.
        """
        self.check()
        held = self._snapshot
        if held is None:  # evicted, or the keys were dropped since it was last used
            return self._reopened()
        if self._is_unused:  # what it was opened for is the miss: as a hit it would keep tenants that are asked once
            self._is_unused = False
        else:
            self.uses += 1
        return held

    @property
    def is_resident(self) -> bool:
        """Whether the decrypted index is in memory."""
        return self._snapshot is not None

    def at_hand(self) -> Snapshot | None:
        """The generation in memory, unless it is time to look for a newer one; for a glance that must not wait.

        To search it, ask for `snapshot`: that one looks after the keys.
        """
        return None if self._is_look_due() else self._snapshot

    def check(self) -> None:
        """Looks for news as `snapshot` does, and raises what that would, but opens nothing that is not in memory.

        Raises:
            ConfigError: The index was closed.
            IntegrityError: The keyring is not what was written.
            KeyProviderError: The tenant's keys may not be used any more.
            TenantErasedError: The tenant was erased.
        """
        self._keyring.hold()
        if self._is_look_due() and self._lock.acquire(blocking=False):
            try:
                with suppress(StoreError, KeyUnavailableError, ConflictError):
                    if self._snapshot is None:
                        self._keyring.refresh()
                    else:
                        self._load()
                self._checked_at = self._clock.monotonic()
                self._residents.weigh(self)
            finally:
                self._lock.release()

    def _is_look_due(self) -> bool:
        return self._clock.monotonic() - self._checked_at >= REFRESH_S

    def _reopened(self) -> Snapshot:
        """Opened by the first of those who ask at the same time; the others wait for it, and nobody else does."""
        with self._lock:
            held = self._snapshot
            return self._load(within_s=REFRESH_S) if held is None else held

    def refreshed(self) -> Snapshot:
        """The newest generation in the store at this moment.

        Raises:
            ConfigError: The index was closed.
            ConflictError: Commits and vacuums were faster, time and again.
            IntegrityError: Stored data is not what was written.
            KeyProviderError: The tenant's keys cannot be used.
            StoreError: The store cannot be read.
            TenantErasedError: The tenant was erased.
        """
        with self._lock:
            return self._load()

    @property
    def resident_bytes(self) -> int:
        """What the decrypted index takes in memory: buffers, opened texts, companions, and the objects around them."""
        held = self._snapshot
        size = sum(companion.resident_bytes for companion in self._companions)
        if held is not None:
            size += SNAPSHOT_BYTES + held.resident_bytes + SEGMENT_BYTES * len(held.segments)
        return size

    def accompany(self, companion: Companion) -> None:
        """Keeps something beside the decrypted index, until that leaves the memory or the keys are dropped."""
        self._companions.append(companion)

    def evict(self) -> None:
        """Lets go of the decrypted index, which the next use opens again; the keys stay."""
        self._residents.drop(self)

    def release(self) -> Snapshot | None:
        """As `Resident` has it."""
        released, self._snapshot = self._snapshot, None
        for companion in self._companions:
            companion.forget()
        return released

    def drop_if_idle(self) -> None:
        """Drops keys and decrypted data unless they were used within the time of a key lease; the next use reloads."""
        self._keyring.drop_if_idle()

    def close(self) -> None:
        """Drops all decrypted data; whoever holds a snapshot keeps it until they let go."""
        self._is_closed = True
        self.evict()

    def _drop(self) -> None:
        """Runs in whatever thread noticed that the keys are gone, also while this one loads: hence without its lock."""
        self._drops += 1
        self.evict()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigError("the engine is closed")

    def require_generation(self, generation: int) -> None:
        """Holds the store to a generation that the caller knows of.

        Raises:
            RollbackError: The newest generation in the store is older.
        """
        newest = self.refreshed().manifest.generation
        if newest < generation:
            raise RollbackError(f"generation {newest} stands where generation {generation} is asked for")

    def _load(self, *, within_s: float = 0.0) -> Snapshot:
        """The newest generation; that a vacuum removes what is being read only means that a newer one stands.

        Args:
            within_s: A look for a newer keyring that was taken within so many seconds will do.
        """
        self._check_open()
        self._keyring.refresh(within_s=within_s)
        self._keyring.hold()
        missed = None
        for _ in range(MAX_READ_TRIES):
            newest = self.commits.newest(at_least=max(self._seen.generation, self._floor, 1))
            try:
                snapshot = self._opened(newest)
            except BlobNotFoundError as exc:
                if newest == missed:
                    raise IntegrityError(f"a blob that generation {newest} consists of is gone") from exc
                missed = newest
            else:
                return snapshot
        raise ConflictError(f"commits and vacuums were faster {MAX_READ_TRIES} times in a row; try again")

    def _opened(self, newest: int) -> Snapshot:
        drops, held, seen = self._drops, self._snapshot, self._seen
        least = max(seen.generation, self._floor)
        if newest < least:
            raise RollbackError(f"generation {newest} stands where generation {least} was already seen")
        if held is not None and newest == seen.generation:
            if newest and self.commits.digest(newest) != seen.lineage[0]:
                raise RollbackError(f"another commit stands where generation {newest} was already seen")
            return held
        if not newest:
            return self._kept(Commit.before_all(self.blobs.tenant_id, self._clock.now()), {}, drops)
        commit = self.commits.read(newest)
        if seen.generation and self.commits.includes(commit, seen.generation, seen.lineage[0]) is False:
            raise RollbackError(f"commit {newest} does not follow generation {seen.generation}, seen before")
        known: Mapping[str, Segment] = held.segments_by_id if held else {}
        segments = {
            entry.id: known.get(entry.id) or opened_segment(self.blobs, entry) for entry in commit.manifest.segments
        }
        return self._kept(commit, segments, drops)

    def _kept(self, commit: Commit, segments: Mapping[str, Segment], drops: int) -> Snapshot:
        """The snapshot of a commit; remembered, unless the keys have been dropped since there were so many drops."""
        is_newer = commit.generation > max(self._seen.generation, self._floor)
        snapshot = self._snapshot = Snapshot(commit.manifest, segments)
        self._residents.keep(self)
        if self._drops != drops or self._is_closed or not self.is_resident:  # or it had to leave before it was taken up
            self.evict()
        self._seen = _Seen(commit.generation, commit.lineage)
        if is_newer:
            with suppress(StoreError):  # the next generation raises it as well, and this one stands all the same
                self._marks.raise_to(self.blobs.directory, "commit", commit.generation)
        return snapshot

    def add(
        self,
        documents: Sequence[DocumentChunks],
        vectors: Vectors | None,
        *,
        embedding: Embedding | None,
        replaces: bool,
        queries: CalibrationQueries | None = None,
        refuses: Refuses = lambda _: (),
    ) -> int:
        """Indexes documents in one commit; from here on their sealed originals are in its care.

        A document that is refused is dead in the generation that this makes, and its earlier version lives on.

        Args:
            documents: What to index.
            vectors: float32, shape (chunks of all documents in order, dim); None for a lexical index.
            embedding: The model that the vectors come from; None for a lexical index.
            replaces: Whether earlier versions of the same documents end with this commit.
            queries: What the recall of the dense index is measured with; passages by default.
            refuses: Which of the documents are not to be found; what it raises ends the commit.

        Returns:
            The generation from which the documents are found.

        Raises:
            ConfigError: A chunk or its metadata cannot be indexed.
            ConflictError: Other writers were faster, time and again, or a vacuum took the sealed originals.
            EmbedderMismatchError: The index was built with another model.
            StoreError: The store did not take it; where it failed after the commit was put, that may stand.
            TenantErasedError: The tenant was erased.
        """
        rows = [item.document for item in documents]

        def tombstones(newest: Snapshot) -> list[Tombstone]:
            refused = refuses(newest)
            dead = [Tombstone(document_id=row.id, version=row.version) for row in rows if row.id in refused]
            return dead + newest.tombstones(row.id for row in rows if replaces and row.id not in refused)

        with Draft(self.blobs, [item.document.original for item in documents if item.document.upload]) as draft:
            begun = self.refreshed().manifest
            check_embedding(begun, embedding)
            analysis = begun.analysis if begun.segments else self.analysis
            content = SegmentContent.of(documents, vectors, analysis=analysis, queries=queries)
            for _ in range(MAX_REWRITES):
                draft.write(content)
                try:
                    return self.commit(partial(_extended, draft, embedding, analysis, tombstones), draft)
                except VoidedError:
                    draft.discard(draft.entries)
            raise ConflictError(f"vacuums were faster {MAX_REWRITES} times in a row; try again")

    def delete(self, document_ids: Iterable[str]) -> int:
        """Removes documents from all later searches, in one commit.

        Returns:
            How many of them were there.

        Raises:
            ConflictError: Other writers were faster, time and again.
            StoreError: The store did not take it; where it failed after the commit was put, that may stand.
            TenantErasedError: The tenant was erased.
        """
        ids = list(dict.fromkeys(document_ids))
        newest = self.refreshed()
        if not any(newest.positions_of(document_id) for document_id in ids):
            return 0
        removed = 0

        def change(snapshot: Snapshot) -> Manifest:
            nonlocal removed
            removed = sum(bool(snapshot.positions_of(document_id)) for document_id in ids)
            tombstones = (*snapshot.manifest.tombstones, *snapshot.tombstones(ids))
            return structs.replace(snapshot.manifest, tombstones=tombstones)

        with Draft(self.blobs) as draft:
            self.commit(change, draft)
        return removed

    def commit(self, change: Change, draft: Draft) -> int:
        """Puts a new generation behind the newest, whatever other writers do meanwhile.

        Args:
            change: Makes the new manifest; what it raises ends the commit.
            draft: The blobs that the new manifest names for the first time.

        Returns:
            The new generation.

        Raises:
            ConflictError: Other writers were faster, time and again, or a vacuum took the sealed originals.
            StoreError: The store did not take it; where it failed after the commit was put, that may stand.
            TenantErasedError: The tenant was erased.
            VoidedError: A vacuum took a segment of the draft.
        """
        for number in range(MAX_COMMIT_TRIES):
            with self._lock:
                commit = self._next(change, draft)
                if self._sent(commit, draft):
                    return commit.generation
            pause(number)
        raise ConflictError(f"other writers were faster {MAX_COMMIT_TRIES} times in a row; try again")

    def _next(self, change: Change, draft: Draft) -> Commit:
        base = self._load()
        draft.check(base.manifest.condemned)
        stamped = structs.replace(
            change(base),
            generation=base.manifest.generation + 1,
            ancestors=self._seen.lineage if base.manifest.generation else (),
            committed_at=self._clock.now(),
        )
        return self.commits.sealed(stamped)

    def _sent(self, commit: Commit, draft: Draft) -> bool:
        """Whether the commit stands after its put; otherwise it is not there."""
        drops, held = self._drops, self._snapshot
        draft.is_sent = True
        try:
            is_taken = self.commits.put(commit)
            self._keyring.refresh()
            stands = self.commits.stands(commit)
        except TenantErasedError:
            draft.is_sent = False
            self.commits.remove(commit.generation)
            raise
        if stands is None and is_taken:
            raise ConflictError(
                "so many writers were faster that it is not known whether the commit stands; look again"
            )
        draft.is_sent = False
        if stands and held is not None:
            known = {**held.segments_by_id, **draft.segments}
            self._kept(commit, {entry.id: known[entry.id] for entry in commit.manifest.segments}, drops)
        elif is_taken and not stands:
            self.commits.remove(commit.generation)
        return bool(stands)


def check_embedding(manifest: Manifest, embedding: Embedding | None) -> None:
    """Holds a writer to the model that the index was built with.

    Raises:
        EmbedderMismatchError: It comes with another one.
    """
    if not manifest.segments or manifest.embedding == embedding:
        return
    there = manifest.embedding.name if manifest.embedding else "no embedding model (lexical only)"
    asked = embedding.name if embedding else "no embedding model (lexical only)"
    raise EmbedderMismatchError(f"the index was built with {there}, not with {asked}; open it with the same one")


def _extended(  # noqa: PLR0917 (the first four are bound where it is handed on)
    draft: Draft,
    embedding: Embedding | None,
    analysis: Analysis,
    tombstones: Callable[[Snapshot], Sequence[Tombstone]],
    newest: Snapshot,
) -> Manifest:
    check_embedding(newest.manifest, embedding)
    if newest.manifest.segments and newest.manifest.analysis != analysis:
        raise ConflictError("another writer has begun the index with other rules for its terms; try again")
    return structs.replace(
        newest.manifest,
        embedding=embedding,
        analysis=analysis,
        segments=(*newest.manifest.segments, *draft.entries),
        tombstones=(*newest.manifest.tombstones, *tombstones(newest)),
    )
