"""From uploads to indexed documents: read, parse, cut, embed, and commit once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from msgspec import structs

from konverze_core.documents import Chunk, Metadata, MetadataValue
from konverze_core.errors import KonverzeError, LoadError, StoreError
from konverze_core.protocols import Clock, Embedder, Vectors
from konverze_core.reports import IngestReport
from konverze_indexes.compaction import merge_small
from konverze_indexes.index import TenantIndex
from konverze_indexes.manifest import Embedding
from konverze_indexes.scalars import checked_metadata
from konverze_indexes.segment import DocumentChunks, IndexedDocument, searchable_text
from konverze_indexes.snapshot import Snapshot
from konverze_loaders import Chunker, LoadLimits, load
from konverze_rag.calibration import sentence_queries
from konverze_rag.embedding import model_vectors
from konverze_rag.uploads import NamedUpload, checked_source, upload_bytes
from konverze_rag.version import __version__

EMBED_SLICE_CHUNKS = 64
"""Chunks embedded between two progress reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest has come.

    Attributes:
        stage: `read`, `skipped`, `failed`, `embedded` or `committed`.
        source: The document concerned; empty for stages of the whole batch.
        done: Documents read, or chunks embedded.
        total: Of so many.
    """

    stage: str
    source: str
    done: int
    total: int


OnProgress: TypeAlias = Callable[[Progress], None]


def _unheard(_: Progress) -> None:
    pass


@dataclass(slots=True)
class _Batch:
    """What has become of the uploads so far."""

    fresh: list[DocumentChunks] = field(default_factory=list[DocumentChunks])
    skipped: list[str] = field(default_factory=list[str])
    failed: list[tuple[str, LoadError]] = field(default_factory=list[tuple[str, LoadError]])


class Ingestion:
    """Indexes uploads of one tenant.

    Args:
        index: The tenant's index.
        chunker: Cuts documents.
        embedder: Embeds chunks; None for a lexical index.
        clock: Dates the documents.
        limits: How large a file may be.
    """

    def __init__(
        self, index: TenantIndex, chunker: Chunker, embedder: Embedder | None, *, clock: Clock, limits: LoadLimits
    ) -> None:
        self._index = index
        self._chunker = chunker
        self._embedder = embedder
        self._clock = clock
        self._limits = limits

    def run(
        self, uploads: Sequence[NamedUpload], metadata: Metadata, on_progress: OnProgress | None = None
    ) -> IngestReport:
        """Reads, cuts, embeds and commits a batch; what cannot be read is reported and does not stop the rest.

        Raises:
            ConfigError: A path does not exist, or the metadata cannot be indexed.
            EmbedderMismatchError: The index was built with another model.
            ProviderError: The embedding service failed; nothing of the batch is indexed.
            StoreError: The store did not take it; nothing of the batch is indexed.
        """
        tell = on_progress or _unheard
        metadata = checked_metadata(metadata)
        snapshot = self._index.refreshed()
        batch = _Batch()
        try:
            for done, upload in enumerate(uploads, start=1):
                stage = self._take(batch, upload, metadata, snapshot)
                tell(Progress(stage=stage, source=upload.source, done=done, total=len(uploads)))
            vectors = self._vectors(batch.fresh, tell)
        except BaseException:
            self._forget_originals(batch)
            raise
        generation = self._commit(batch.fresh, vectors) if batch.fresh else snapshot.manifest.generation
        tell(Progress(stage="committed", source="", done=len(batch.fresh), total=len(batch.fresh)))
        return IngestReport(
            documents=len(batch.fresh),
            chunks=sum(len(item.chunks) for item in batch.fresh),
            skipped=tuple(batch.skipped),
            failed=tuple(batch.failed),
            generation=generation,
        )

    def _take(self, batch: _Batch, upload: NamedUpload, metadata: Metadata, snapshot: Snapshot) -> str:
        """Reads one upload into the batch; returns what became of it."""
        try:
            document = self._read(upload, metadata, snapshot)
        except LoadError as error:
            batch.failed.append((upload.source, error))
            return "failed"
        if document is None:
            batch.skipped.append(upload.source)
            return "skipped"
        batch.fresh.append(document)
        return "read"

    def _forget_originals(self, batch: _Batch) -> None:
        """Removes the sealed originals of a batch that never came to its commit, which then cares for them."""
        with suppress(StoreError):
            for item in batch.fresh:
                self._index.blobs.delete(item.document.original)

    def _read(self, upload: NamedUpload, metadata: Metadata, snapshot: Snapshot) -> DocumentChunks | None:
        data = upload_bytes(upload, self._limits)
        digest, settings = hashlib.sha256(data).hexdigest(), self._settings_digest(metadata)
        if _is_indexed(snapshot, upload.source, digest, settings):
            return None
        document = load(data, name=upload.name, limits=self._limits)
        facts: dict[str, MetadataValue] = {**document.metadata, **metadata}
        chunks = self._chunker.chunk(replace(document, metadata=facts), upload.source)
        chunks = [structs.replace(chunk, metadata={**chunk.metadata, **metadata}) for chunk in chunks]
        row = IndexedDocument(
            id=upload.source,
            ingested_at=self._clock.now(),
            content_bytes=len(data),
            content_sha256=digest,
            settings_sha256=settings,
            upload=self._kept(data),
            metadata=facts,
        )
        return DocumentChunks(document=row, chunks=tuple(chunks))

    def _kept(self, data: bytes) -> str:
        name = secrets.token_hex(16)
        self._index.blobs.write_lasting("upload", f"uploads/{name}", data)
        return name

    def _settings_digest(self, metadata: Metadata) -> str:
        parts = {
            "version": __version__,
            "chunker": self._chunker.name,
            "embedder": self._embedder.info.fingerprint if self._embedder else "",
            "metadata": dict(metadata),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _vectors(self, documents: Sequence[DocumentChunks], tell: OnProgress) -> Vectors | None:
        if self._embedder is None or not documents:
            return None
        return embedded([chunk for item in documents for chunk in item.chunks], self._embedder, tell)

    def _commit(self, documents: Sequence[DocumentChunks], vectors: Vectors | None) -> int:
        embedding = queries = None
        if self._embedder is not None:
            embedding = Embedding.of(self._embedder.info)
            queries = sentence_queries(self._embedder, documents)
        generation = self._index.add(documents, vectors, embedding=embedding, replaces=True, queries=queries)
        with suppress(KonverzeError):  # the documents are in, and the next ingest tries again
            merge_small(self._index)
        return generation


def embedded(chunks: Sequence[Chunk], embedder: Embedder, tell: OnProgress = _unheard) -> Vectors:
    """Vectors of chunks, each embedded with the headings above it.

    Returns:
        float32, shape (len(chunks), dim).

    Raises:
        ProviderError: A remote model failed.
    """
    vectors = np.empty((len(chunks), embedder.info.dim), np.float32)
    for start, batch in _slices(chunks):
        texts = [searchable_text(chunk) for chunk in batch]
        vectors[start : start + len(batch)] = model_vectors(embedder.embed_documents, texts, dim=embedder.info.dim)
        tell(Progress(stage="embedded", source="", done=start + len(batch), total=len(chunks)))
    return vectors


def _slices(chunks: Sequence[Chunk]) -> Iterator[tuple[int, Sequence[Chunk]]]:
    for start in range(0, len(chunks), EMBED_SLICE_CHUNKS):
        yield start, chunks[start : start + EMBED_SLICE_CHUNKS]


def _is_indexed(snapshot: Snapshot, source: str, digest: str, settings: str) -> bool:
    rows = [part.segment.document(position) for part, position in snapshot.positions_of(source)]
    return len(rows) == 1 and (rows[0].content_sha256, rows[0].settings_sha256) == (digest, settings)


def documents_of(chunks: Sequence[Chunk], clock: Clock) -> tuple[list[DocumentChunks], list[int]]:
    """Bulk chunks by document, in order of first sight, each document's in the order given.

    Returns:
        The documents, and for each of their chunks in turn its place in `chunks`.

    Raises:
        ConfigError: A document id is illegal.
    """
    groups: dict[str, list[int]] = {}
    for place, chunk in enumerate(chunks):
        groups.setdefault(checked_source(chunk.document_id), []).append(place)
    documents = [
        DocumentChunks(
            document=IndexedDocument(id=id_, ingested_at=clock.now()),
            chunks=tuple(structs.replace(chunks[place], document_id=id_) for place in places),
        )
        for id_, places in groups.items()
    ]
    return documents, [place for places in groups.values() for place in places]
