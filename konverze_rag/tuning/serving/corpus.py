"""A tenant's documents, to be cut in other ways than they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec
from msgspec import structs

from konverze_core.documents import Chunk, Document, Metadata, MetadataValue
from konverze_core.errors import BlobNotFoundError, ConflictError, LoadError
from konverze_core.protocols import Vectors
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.snapshot import LiveSegment, Snapshot
from konverze_loaders import Chunker
from konverze_rag.ingest.vectors import known_vectors
from konverze_rag.tenant import Tenant
from konverze_rag.tuning.serving.cache import SealedCache
from konverze_rag.version import __version__

READERS = 4
"""Files that are read at the same time, at most; each in a worker process where the engine has these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document of the corpus.

    Attributes:
        id: The document's.
        document: As its original reads; None for one that can only be taken as it was cut.
        facts: Filterable facts that were handed in with it.
        chunks: As it is indexed.
    """

    id: str
    document: Document | None
    facts: Metadata
    chunks: tuple[Chunk, ...]

    def cut(self, chunker: Chunker) -> list[Chunk]:
        """Its chunks by this chunker; as they are indexed where the document is not at hand."""
        if self.document is None:
            return list(self.chunks)
        facts: dict[str, MetadataValue] = {**self.document.metadata, **self.facts}
        chunks = chunker.chunk(replace(self.document, metadata=facts), self.id)
        return [structs.replace(chunk, metadata={**chunk.metadata, **self.facts}) for chunk in chunks]


class Corpus:
    """The documents of one generation of a tenant's index.

    Originals are read as an ingest reads them, and what was read is cached. A document without an original (its chunks
    were added ready), or one that cannot be read again (it was locked), is taken as it was cut.

    Args:
        tenant: Whose documents.

    Attributes:
        tenant: The same.
        generation: Of the index that the documents are of.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._snapshot: Snapshot = tenant.index.refreshed()
        self._seen = self.generation = self._snapshot.manifest.generation

    def check(self) -> None:
        """Makes sure that all documents are still the tenant's.

        Raises:
            ConflictError: One was deleted, erased or replaced.
            KonverzeError: The tenant's index cannot be opened any more.
        """
        newest = self.tenant.index.refreshed()
        if newest.manifest.generation != self._seen:
            if not self._snapshot.live_versions().keys() <= newest.live_versions().keys():
                raise ConflictError("documents were deleted or replaced meanwhile: open another workbench")
            self._seen = newest.manifest.generation

    def vectors(self, fingerprint: str) -> dict[str, Vectors]:
        """Vectors of documents that were ingested, as the index has them, by searchable text: float32, shape (dim,).

        Args:
            fingerprint: Of the model; there are none of another than the index was built with.
        """
        known: dict[str, Vectors] = {}
        embedding = self._snapshot.manifest.embedding
        if embedding is None or embedding.fingerprint != fingerprint:
            return known
        for document in self._snapshot.documents():
            known |= known_vectors(self._snapshot, document.id)
        return known

    def entries(self, cache: SealedCache) -> Iterator[Entry]:
        """All documents, in the order of the index.

        Args:
            cache: Keeps what was read.

        Raises:
            ConflictError: A document was deleted, erased or replaced meanwhile.
            IntegrityError: An original is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store cannot be read.
        """
        places = [(part, place) for part in self._snapshot.segments for place in part.live_positions()]

        def entry(place: tuple[LiveSegment, int]) -> Entry:
            part, position = place
            return self._entry(part.content(position), cache)

        with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1), thread_name_prefix="konverze-tune") as readers:
            yield from readers.map(entry, places)

    def _entry(self, item: DocumentChunks, cache: SealedCache) -> Entry:
        row = item.document
        document = self._read(row, cache) if row.upload else None
        known: Metadata = {} if document is None else document.metadata
        facts = {name: value for name, value in row.metadata.items() if known.get(name) != value}
        return Entry(id=row.id, document=document, facts=facts, chunks=item.chunks)

    def _read(self, row: IndexedDocument, cache: SealedCache) -> Document | None:
        key = f"document/{row.content_sha256}/{__version__}/{row.id}"
        if (kept := cache.get(key)) is not None:
            return msgspec.msgpack.decode(kept.data, type=Document | None)
        document = self._loaded(row)
        cache.put(key, msgspec.msgpack.encode(document))
        return document

    def _loaded(self, row: IndexedDocument) -> Document | None:
        try:
            original = self.tenant.index.blobs.read("upload", row.original).tobytes()
        except BlobNotFoundError:
            self.check()  # which says so where the document is gone, and not only its original
            raise
        tenancy = self.tenant.tenancy
        try:
            return tenancy.load(original, name=row.id, password=None, limits=tenancy.limits)
        except LoadError:
            return None
