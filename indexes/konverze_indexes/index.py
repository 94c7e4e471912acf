"""A tenant's index: opening, searching and atomic commits."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from konverze_core.errors import ConfigError, ConflictError, EmbedderMismatchError, RollbackError, StoreError
from konverze_core.protocols import Clock, Vectors
from konverze_indexes.container import Bytes
from konverze_indexes.contention import pause
from konverze_indexes.manifest import (
    Embedding,
    Manifest,
    SegmentEntry,
    commit_name,
    generation_of,
)
from konverze_indexes.segment import DocumentChunks, Segment, build_segment
from konverze_indexes.snapshot import Snapshot
from konverze_indexes.tenantblobs import TEXT_FRAME_BYTES, TenantBlobs, blob_digest

MAX_COMMIT_TRIES = 64
"""How often a writer re-bases on a faster one before it gives up."""

REFRESH_S = 1.0
"""A commit of another process is seen by readers within this time."""


class _OvertakenError(Exception):
    """Another compaction has already replaced the segments."""


class TenantIndex:
    """The sealed index of one tenant; safe to share between threads.

    Args:
        blobs: The tenant's sealed blobs.
        clock: Dates commits and paces the look for newer ones.

    Raises:
        IntegrityError: The newest commit, or a segment that it names, is not what was written.
    """

    def __init__(self, blobs: TenantBlobs, clock: Clock) -> None:
        self.blobs = blobs
        self._clock = clock
        self._lock = threading.Lock()
        self._checked_at = clock.monotonic()
        empty = Manifest(tenant_id=blobs.tenant_id, committed_at=clock.now())
        self._digest = ""
        self._snapshot: Snapshot | None = Snapshot(empty, {})
        self._load_newest()

    def snapshot(self) -> Snapshot:
        """The newest generation; looks for commits of other processes at most once in `REFRESH_S`.

        Never waits for a writer or for another reader's look, and outlives an outage of the store: until the look
        succeeds, the generation at hand is served.

        Raises:
            ConfigError: The index was closed.
            IntegrityError: Stored data is not what was written.
        """
        if self._clock.monotonic() - self._checked_at >= REFRESH_S and self._lock.acquire(blocking=False):
            try:
                with suppress(StoreError):
                    self._load_newest()
                self._checked_at = self._clock.monotonic()
            finally:
                self._lock.release()
        return self._held()

    def refreshed(self) -> Snapshot:
        """The newest generation in the store at this moment."""
        with self._lock:
            self._load_newest()
            return self._held()

    def close(self) -> None:
        """Drops all decrypted data; whoever holds a snapshot keeps it until they let go."""
        with self._lock:
            self._snapshot = None

    def _held(self) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            raise ConfigError("the engine is closed")
        return snapshot

    def require_generation(self, generation: int) -> None:
        """Holds the store to a generation that the caller knows of.

        Raises:
            RollbackError: The newest generation in the store is older.
        """
        newest = self.refreshed().manifest.generation
        if newest < generation:
            raise RollbackError(f"generation {newest} stands where generation {generation} is asked for")

    def _load_newest(self) -> None:
        names = self.blobs.names("commits/")
        newest, seen = generation_of(names[0]) if names else 0, self._held().manifest.generation
        if newest < seen:
            raise RollbackError(f"generation {newest} stands where generation {seen} was already seen")
        if newest > seen:
            self._open(newest)
        elif newest and blob_digest(self.blobs.stored("commit", names[0])) != self._digest:
            raise RollbackError(f"another commit stands where generation {newest} was already seen")
        self._checked_at = self._clock.monotonic()

    def _open(self, generation: int) -> None:
        manifest, digest = self._manifest(generation)
        self._check_descent(manifest)
        known = self._held().segments_by_id
        segments = {entry.id: known.get(entry.id) or self._segment(entry) for entry in manifest.segments}
        self._snapshot, self._digest = Snapshot(manifest, segments), digest

    def _manifest(self, generation: int) -> tuple[Manifest, str]:
        """A generation's manifest, and the digest of its sealed blob."""
        name = commit_name(generation)
        sealed = self.blobs.stored("commit", name)
        manifest = Manifest.parse(self.blobs.opened("commit", name, sealed).tobytes())
        if (manifest.generation, manifest.tenant_id) != (generation, self.blobs.tenant_id):
            raise RollbackError(f"commit {generation} holds another generation's manifest")
        return manifest, blob_digest(sealed)

    def _check_descent(self, manifest: Manifest) -> None:
        """Follows the chain of commits back to the one at hand: an older copy that was written on is none of ours."""
        seen = self._held().manifest.generation
        while seen and manifest.generation > seen + 1:
            earlier, digest = self._manifest(manifest.generation - 1)
            if digest != manifest.previous:
                raise RollbackError(f"commit {manifest.generation} does not follow the commit before it")
            manifest = earlier
        if seen and manifest.previous != self._digest:
            raise RollbackError(f"commit {manifest.generation} does not follow generation {seen}, seen before")

    def _segment(self, entry: SegmentEntry) -> Segment:
        hot = self.blobs.read("hot", f"segments/{entry.id}.hot", pin=entry.hot)
        return Segment(hot, self.blobs.read("text", f"segments/{entry.id}.text", pin=entry.text))

    def add(
        self,
        documents: Sequence[DocumentChunks],
        vectors: Vectors | None,
        *,
        embedding: Embedding | None,
        replaces: bool,
    ) -> int:
        """Indexes documents in one commit.

        Args:
            documents: What to index.
            vectors: float32, shape (chunks of all documents in order, dim); None for a lexical index.
            embedding: The model that the vectors come from; None for a lexical index.
            replaces: Whether earlier versions of the same documents end with this commit.

        Returns:
            The generation from which the documents are found.

        Raises:
            ConfigError: A chunk or its metadata cannot be indexed.
            ConflictError: Other writers were faster, time and again.
            EmbedderMismatchError: The index was built with another model.
        """
        self._check_embedding(self._held().manifest, embedding)
        hot, text = build_segment(documents, vectors)
        entry = self._write_segment(hot, text, documents)
        ids = [item.document.id for item in documents] if replaces else []

        def change(snapshot: Snapshot) -> Manifest:
            self._check_embedding(snapshot.manifest, embedding)
            return snapshot.manifest.model_copy(
                update={
                    "embedding": embedding,
                    "segments": (*snapshot.manifest.segments, entry),
                    "tombstones": (*snapshot.manifest.tombstones, *snapshot.tombstones(ids)),
                }
            )

        return self._commit(change, {entry.id: Segment(hot, text)})

    @staticmethod
    def _check_embedding(manifest: Manifest, embedding: Embedding | None) -> None:
        if not manifest.segments or manifest.embedding == embedding:
            return
        there = manifest.embedding.name if manifest.embedding else "no embedding model (lexical only)"
        asked = embedding.name if embedding else "no embedding model (lexical only)"
        raise EmbedderMismatchError(f"the index was built with {there}, not with {asked}; open it with the same one")

    def _write_segment(self, hot: Bytes, text: Bytes, documents: Sequence[DocumentChunks]) -> SegmentEntry:
        segment_id = secrets.token_hex(16)
        return SegmentEntry(
            id=segment_id,
            documents=len(documents),
            chunks=sum(len(item.chunks) for item in documents),
            hot=self.blobs.write("hot", f"segments/{segment_id}.hot", hot),
            text=self.blobs.write("text", f"segments/{segment_id}.text", text, frame_bytes=TEXT_FRAME_BYTES),
        )

    def delete(self, document_ids: Iterable[str]) -> int:
        """Removes documents from all later searches, in one commit.

        Returns:
            How many of them were there.
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
            return snapshot.manifest.model_copy(update={"tombstones": tombstones})

        self._commit(change, {})
        return removed

    def compact(self) -> int:
        """Rewrites all live documents as one segment; documents committed meanwhile keep theirs.

        Returns:
            The generation that holds the result, be it of another compaction that was faster.
        """
        base = self.refreshed()
        if len(base.segments) <= 1 and not base.manifest.tombstones:
            return base.manifest.generation
        documents, vectors = base.live_content()
        fresh: dict[str, Segment] = {}
        entries: tuple[SegmentEntry, ...] = ()
        if documents:
            hot, text = build_segment(documents, vectors)
            entries = (self._write_segment(hot, text, documents),)
            fresh = {entries[0].id: Segment(hot, text)}
        merged = {entry.id for entry in base.manifest.segments}
        settled = set(base.manifest.tombstones)

        def change(snapshot: Snapshot) -> Manifest:
            if not merged <= {entry.id for entry in snapshot.manifest.segments}:
                raise _OvertakenError
            later = tuple(entry for entry in snapshot.manifest.segments if entry.id not in merged)
            tombstones = tuple(item for item in snapshot.manifest.tombstones if item not in settled)
            return snapshot.manifest.model_copy(update={"segments": (*entries, *later), "tombstones": tombstones})

        try:
            return self._commit(change, fresh)
        except _OvertakenError:
            return self.refreshed().manifest.generation

    def _commit(self, change: Callable[[Snapshot], Manifest], fresh: dict[str, Segment]) -> int:
        for number in range(MAX_COMMIT_TRIES):
            with self._lock:
                self._load_newest()
                base = self._held()
                generation = base.manifest.generation + 1
                stamp = {"generation": generation, "previous": self._digest, "committed_at": self._clock.now()}
                manifest = change(base).model_copy(update=stamp)
                if self._put(manifest):
                    segments = {**base.segments_by_id, **fresh}
                    live = {entry.id: segments[entry.id] for entry in manifest.segments}
                    self._snapshot = Snapshot(manifest, live)
                    return generation
            pause(number)
        raise ConflictError(f"other writers were faster {MAX_COMMIT_TRIES} times in a row; try again")

    def _put(self, manifest: Manifest) -> bool:
        name = commit_name(manifest.generation)
        try:
            self._digest = self.blobs.write_chained("commit", name, manifest.model_dump_json().encode())
        except ConflictError:
            return False
        return True
