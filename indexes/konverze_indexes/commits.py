"""The commits of one tenant in the store: listed, read, put, and held to those before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from konverze_core.errors import BlobNotFoundError, ConflictError, IntegrityError, RollbackError
from konverze_indexes.manifest import MAX_ANCESTORS, Manifest, commit_name, generation_of
from konverze_indexes.tenantblobs import TenantBlobs, blob_digest

DIGEST_CHARS = 32
"""Hexadecimal digits of SHA-256 by which a commit names another."""

MAX_READ_TRIES = 16
"""How often a reader looks again because a vacuum was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as it was read or put.

    Attributes:
        manifest: What it says.
        digest: Of its sealed blob: first digits of SHA-256; empty for generation 0.
        sealed: Its sealed blob, while it is on its way to the store.
    """

    manifest: Manifest
    digest: str
    sealed: memoryview = field(repr=False, compare=False, default=memoryview(b""))

    @classmethod
    def before_all(cls, tenant_id: str, now: datetime) -> Commit:
        """The empty index that generation 0 stands for."""
        return cls(manifest=Manifest(tenant_id=tenant_id, committed_at=now), digest="")

    @property
    def generation(self) -> int:
        """The generation that it makes."""
        return self.manifest.generation

    @property
    def lineage(self) -> tuple[str, ...]:
        """What the next commit names as its ancestors."""
        return (self.digest, *self.manifest.ancestors)[:MAX_ANCESTORS]


class CommitLog:
    """The commits of one tenant; keeps no state.

    Args:
        blobs: The tenant's sealed blobs.
    """

    def __init__(self, blobs: TenantBlobs) -> None:
        self._blobs = blobs

    def generations(self) -> list[int]:
        """All generations that stand in the store, newest first.

        Raises:
            IntegrityError: Something else stands among the commits.
        """
        return [generation_of(name) for name in self._blobs.names("commits/")]

    def newest(self, *, at_least: int = 1) -> int:
        """The newest generation in the store, 0 for none.

        Args:
            at_least: A listing that falls short of it is taken once more: one that a store makes piece by piece can
                miss both the commit that a vacuum removes meanwhile and the one that came after it.
        """
        found = self.generations()[:1]
        if not found or found[0] < at_least:
            found = self.generations()[:1]
        return found[0] if found else 0

    def read(self, generation: int) -> Commit:
        """The commit of a generation.

        Raises:
            BlobNotFoundError: It is not, or no longer, there.
            IntegrityError: It is not what was written there.
        """
        name = commit_name(generation)
        sealed = self._blobs.stored("commit", name)
        manifest = Manifest.parse(self._blobs.opened("commit", name, sealed).tobytes())
        ancestors = min(generation - 1, MAX_ANCESTORS)
        if (manifest.generation, manifest.tenant_id) != (generation, self._blobs.tenant_id):
            raise RollbackError(f"commit {generation} holds another generation's manifest")
        if len(manifest.ancestors) != ancestors:
            raise IntegrityError(
                f"commit {generation} names {len(manifest.ancestors)} ancestors instead of {ancestors}"
            )
        return Commit(manifest=manifest, digest=_digest(sealed))

    def digest(self, generation: int) -> str:
        """Digest of the sealed commit of a generation.

        Raises:
            BlobNotFoundError: It is not there.
        """
        return _digest(self._blobs.stored("commit", commit_name(generation)))

    def includes(self, commit: Commit, generation: int, digest: str) -> bool | None:
        """Whether a commit is, or comes after, the one with this generation and digest.

        Returns:
            None when the commits between have been vacuumed, so that nobody can tell.
        """
        while commit.generation - generation > MAX_ANCESTORS:
            earlier = self._ancestor(commit)
            if earlier is None:
                return None
            commit = earlier
        distance = commit.generation - generation
        return distance >= 0 and (commit.digest, *commit.manifest.ancestors)[distance] == digest

    def _ancestor(self, commit: Commit) -> Commit | None:
        """The farthest ancestor that a commit names, if it still stands: its place may hold a void commit instead."""
        try:
            earlier = self.read(commit.generation - MAX_ANCESTORS)
        except BlobNotFoundError:
            return None
        return earlier if earlier.digest == commit.manifest.ancestors[-1] else None

    def sealed(self, manifest: Manifest) -> Commit:
        """The commit of a manifest, ready to be put."""
        blob = self._blobs.sealed("commit", commit_name(manifest.generation), manifest.to_json())
        return Commit(manifest=manifest, digest=_digest(blob), sealed=blob)

    def put(self, commit: Commit) -> bool:
        """Puts a commit; returns whether its generation was free, as far as the store tells.

        Raises:
            StoreError: The store did not take it.
        """
        try:
            self._blobs.put(commit_name(commit.generation), commit.sealed)
        except ConflictError:
            return False
        return True

    def stands(self, commit: Commit) -> bool | None:
        """Whether a commit that was put is the newest, or an ancestor of the newest; otherwise it is void.

        Its number may have been used, and vacuumed, while its writer slept. And a store may take a put for refused that
        it has taken, when it was sent twice.

        Returns:
            None when it is so far behind that nobody can tell.

        Raises:
            RollbackError: Neither it nor a newer one is there.
        """
        for _ in range(MAX_READ_TRIES):
            newest = self.newest(at_least=commit.generation)
            if newest < commit.generation:
                raise RollbackError(f"generation {newest} stands where generation {commit.generation} was just put")
            try:
                return self.includes(self.read(newest), commit.generation, commit.digest)
            except BlobNotFoundError:
                continue
        return None

    def remove(self, generation: int) -> None:
        """Deletes a commit; one that is not there is no error."""
        self._blobs.delete(commit_name(generation))


def _digest(sealed: memoryview) -> str:
    return blob_digest(sealed)[:DIGEST_CHARS]
