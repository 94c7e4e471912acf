"""What the writing calls return."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from konverze_core.documents import Metadata, MetadataValue
from konverze_core.errors import LoadError


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of a batch of uploads.

    Attributes:
        documents: Number of documents indexed.
        chunks: Number of chunks indexed.
        skipped: Sources whose content was already indexed, unchanged.
        failed: Sources that could not be read, each with its error.
        generation: Generation of the index after the batch.
    """

    documents: int
    chunks: int
    skipped: tuple[str, ...] = ()
    failed: tuple[tuple[str, LoadError], ...] = ()
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """A row of a tenant's document catalogue.

    Attributes:
        id: The document id: the `source` it was ingested under.
        chunks: Number of live chunks.
        content_bytes: Length of the original; 0 for chunks added without one.
        ingested_at: When it was committed, UTC.
        metadata: Facts about the file.
    """

    id: str
    chunks: int
    content_bytes: int
    ingested_at: datetime
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStats:
    """Size and state of a tenant's index.

    Attributes:
        generation: Newest generation.
        documents: Live documents.
        chunks: Live chunks.
        deleted_chunks: Chunks that compaction would remove.
        segments: Immutable segments that a search visits.
        dim: Vector dimension; 0 for a lexical index.
        embedder: Name of the embedding model; empty for a lexical index.
        resident_bytes: Decrypted bytes held in memory.
        stored_bytes: Sealed bytes of the live generation in the blob store.
    """

    generation: int
    documents: int
    chunks: int
    deleted_chunks: int
    segments: int
    dim: int
    embedder: str
    resident_bytes: int
    stored_bytes: int
