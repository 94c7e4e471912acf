"""What the writing calls return."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from konverze_core.answers import Usage
from konverze_core.documents import Metadata, MetadataValue, Unread
from konverze_core.errors import KonverzeError, LoadError


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of a batch of uploads. Each source is in one of `added`, `changed`, `skipped` and `failed`.

    Attributes:
        documents: Number of documents indexed.
        chunks: Number of chunks indexed.
        added: Sources that are indexed now and were not before.
        changed: Sources that replaced what was indexed of them.
        skipped: Sources whose content was already indexed, unchanged.
        failed: Sources that could not be read, or are above a quota, each with its error.
        unread: Parts of the indexed sources whose text is missing: scanned pages, locked attachments.
        duplicates: Indexed sources, each with another source that holds the same bytes.
        usage: What a remote embedding model took for it.
        generation: Generation of the index after the batch.
    """

    documents: int
    chunks: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failed: tuple[tuple[str, LoadError], ...] = ()
    unread: tuple[tuple[str, Unread], ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    usage: Usage = field(default_factory=Usage)
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What became of a folder. Each file is in one of `added`, `changed`, `unchanged` and `failed`.

    Attributes:
        chunks: Number of chunks indexed.
        added: Sources that are indexed now and were not before.
        changed: Sources that replaced what was indexed of them.
        unchanged: Sources whose content was already indexed by a sync of this folder.
        deleted: Sources that an earlier sync of this folder brought in, and that are not in it any more.
        failed: Sources that could not be read, or are above a quota, each with its error; what was indexed of them
            before still is.
        unread: Parts of the indexed sources whose text is missing.
        duplicates: Indexed sources, each with another source that holds the same bytes.
        usage: What a remote embedding model took for it.
        generation: Generation of the index after the sync.
    """

    chunks: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    failed: tuple[tuple[str, LoadError], ...] = ()
    unread: tuple[tuple[str, Unread], ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    usage: Usage = field(default_factory=Usage)
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """A row of a tenant's document catalogue.

    Attributes:
        id: The document id: the `source` it was ingested under.
        chunks: Number of live chunks.
        content_bytes: Length of the original, and of the texts of chunks that were added ready, as UTF-8.
        ingested_at: When it was committed, UTC.
        metadata: Facts about the file.
        folder: Label of the folder that it was synced from; empty for none.
        unread: How many parts of the file have no text in the index: scanned pages, locked attachments.
    """

    id: str
    chunks: int
    content_bytes: int
    ingested_at: datetime
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])
    folder: str = ""
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseStats:
    """How the vectors of one segment are searched.

    Attributes:
        rows: Vectors in the segment.
        structure: `flat` compares all, `ivf` those in the lists nearest to the query, `pq` those that short codes name.
        recall: Share of the ten best that a search found when the index was built; 1 for `flat`, which is exact.
        asked_recall: What it was built for.
        queries: What the recall was measured with: `sentences` of the documents, or `passages`, which
            flatter it a little; empty for `flat`.
        bits: Of a component, in memory: 16, or 12 of vectors with 1,024 components and more.
    """

    rows: int
    structure: str
    recall: float
    asked_recall: float
    queries: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStats:
    """Size and state of a tenant's index.

    Attributes:
        generation: Newest generation.
        documents: Live documents.
        content_bytes: Length of the live documents: of their originals, and of texts that were added ready, as UTF-8.
        chunks: Live chunks.
        deleted_chunks: Chunks that compaction would remove.
        segments: Immutable segments that a search visits.
        dim: Vector dimension; 0 for a lexical index.
        embedder: Name of the embedding model; empty for a lexical index.
        resident_bytes: Decrypted bytes held in memory.
        stored_bytes: Sealed bytes of the live generation in the blob store.
        stemming: Whether the terms of the lexical index are stems.
        dense: How the vectors of each segment are searched; empty for a lexical index.
    """

    generation: int
    documents: int
    content_bytes: int
    chunks: int
    deleted_chunks: int
    segments: int
    dim: int
    embedder: str
    resident_bytes: int
    stored_bytes: int
    stemming: bool
    dense: tuple[DenseStats, ...]


class ErasureMode(StrEnum):
    """How finally something was erased."""

    DELETED = "deleted"  # blobs deleted or overwritten; the key that sealed them lives on
    KEYS_DELETED = "keys_deleted"  # the wrapped keys deleted too: only a copy of both brings the data back
    KEK_DESTROYED = "kek_destroyed"  # the tenant's own KEK destroyed: copies of its data stay sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """Something that an erasure could not reach.

    Attributes:
        what: What it is, and why it is still there, in a sentence.
        until: When it ends, aware, UTC; None when that is not known to the engine.
    """

    what: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """Proof of an erasure, for whoever asked for it.

    Attributes:
        subject: `tenant`, `document` or `visitor`.
        tenant: The tenant's id.
        target: The document id or the visitor's name, as asked; the tenant's id for a whole tenant.
        mode: How finally it was erased.
        erased_at: When it was done, aware, UTC.
        blobs_destroyed: Blobs deleted or overwritten.
        bytes_destroyed: Their sealed bytes.
        keys_destroyed: Ids of the keys destroyed with it: of data keys, day keys, KEKs.
        remains: What is still there, and until when.
        effective_by: When nothing of it can be brought back any more, as far as the engine was told of copies
            (`Settings.deleted_blobs_kept_days`, `Settings.backups_kept_days`); None when that is not known.
    """

    subject: str
    tenant: str
    target: str = field(repr=False)  # may be a person's address, which has no place in a log
    mode: ErasureMode
    erased_at: datetime
    blobs_destroyed: int
    bytes_destroyed: int
    keys_destroyed: tuple[str, ...] = ()
    remains: tuple[Remainder, ...] = ()
    effective_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationReport:
    """What a rotation has done.

    Attributes:
        keks_rotated: Ids of the KEK versions that were made.
        tenants: Tenants looked at.
        keyrings_rewritten: Keyrings whose keys are now wrapped by a newer KEK version, or that have a newer data key.
        keys_rewrapped: Data keys wrapped anew.
        data_keys_made: Data keys that took over from an older one.
        data_keys_dropped: Data keys that nothing was sealed under any more.
        blobs_reencrypted: Blobs sealed anew under a newer data key.
        bytes_reencrypted: Their sealed bytes.
        failed: Tenants' directories that could not be rotated, each with its error; the others were.
    """

    keks_rotated: tuple[str, ...] = ()
    tenants: int = 0
    keyrings_rewritten: int = 0
    keys_rewrapped: int = 0
    data_keys_made: int = 0
    data_keys_dropped: int = 0
    blobs_reencrypted: int = 0
    bytes_reencrypted: int = 0
    failed: tuple[tuple[str, KonverzeError], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumReport:
    """What a vacuum has removed.

    Attributes:
        commits: Generations that no reader needs any more.
        blobs: Blobs that no retained generation names.
        bytes: Sealed bytes of both.
        failed: Tenants' directories that could not be looked at, each with its error; the others were.
    """

    commits: int = 0
    blobs: int = 0
    bytes: int = 0
    failed: tuple[tuple[str, KonverzeError], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """Which conversations have reached the end of their retention time and are gone.

    Attributes:
        days: Days of conversations, over all tenants, whose key and turns were deleted.
        turns: Turns deleted.
        feedback: Feedback on turns deleted.
        markers: Visitors' markers deleted.
        bytes: Sealed bytes of all of these.
        failed: Tenants' directories that could not be purged, each with its error; the others were.
    """

    days: int = 0
    turns: int = 0
    feedback: int = 0
    markers: int = 0
    bytes: int = 0
    failed: tuple[tuple[str, KonverzeError], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that `verify` found.

    Attributes:
        name: The blob's name in the store.
        problem: What is wrong with it.
        is_harmless: Whether it is left over rather than wrong: a vacuum removes it.
    """

    name: str
    problem: str
    is_harmless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a walk over every blob has found.

    Attributes:
        tenants: Tenants walked.
        blobs: Blobs that were there, keyrings included; turns past their retention are listed, not opened.
        bytes: Their sealed bytes.
        findings: What is wrong or left over.
    """

    tenants: int = 0
    blobs: int = 0
    bytes: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether everything opens and agrees; leftovers of interrupted writers do not count."""
        return all(finding.is_harmless for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRecord:
    """Where a part of an engine stores or processes data of tenants, as its operator declares it.

    Attributes:
        part: `engine`, `store`, `backup`, `keys`, `embeddings`, `chat` or `reranking`.
        host: Where it is reached, or `this machine`.
        location: ISO 3166-1 alpha-2, or `EU`.
        purpose: What for; empty for this machine.
        legal_basis: On what ground; empty for this machine.
    """

    part: str
    host: str
    location: str
    purpose: str = ""
    legal_basis: str = ""

    def __str__(self) -> str:
        return f"{self.part} on {self.host} ({self.location})"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """Whether what an engine rests on answers.

    Attributes:
        store_error: What the blob store said; empty when it answers.
        key_provider_error: What the key provider said; empty when it answers.
        open_tenants: Tenants held open by this engine.
        processing: What is where; empty where the settings declare no residency.
    """

    store_error: str = ""
    key_provider_error: str = ""
    open_tenants: int = 0
    processing: tuple[ProcessingRecord, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether both answer."""
        return not self.store_error and not self.key_provider_error
