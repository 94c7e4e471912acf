"""Small documents and indexes for the tests of this folder."""

from datetime import UTC, datetime

import numpy as np

from konverze_core.clock import SystemClock
from konverze_core.documents import Chunk
from konverze_core.fakes import MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import EmbedderInfo
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.index import TenantIndex
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import Embedding
from konverze_indexes.marks import MemoryMarks
from konverze_indexes.tenantblobs import TenantBlobs

DIM = 8
NOW = datetime(2026, 11, 24, tzinfo=UTC)
EMBEDDING = Embedding.of(EmbedderInfo(name="test", dim=DIM))


def document(document_id, *texts, **metadata):
    chunks = tuple(
        Chunk(document_id=document_id, ordinal=number, text=text, metadata=metadata)
        for number, text in enumerate(texts)
    )
    return DocumentChunks(document=IndexedDocument(id=document_id, ingested_at=NOW), chunks=chunks)


def unit_vectors(count, *, seed=0, dim=DIM):
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def new_index(store=None, provider=None, tenant_id="acme", clock=None, *, marks=None):
    store, provider, clock = store or MemoryBlobStore(), provider or MemoryKeyProvider(), clock or SystemClock()
    keyring = Keyring.create(store, provider, tenant_id, clock)
    return TenantIndex(TenantBlobs.of(store, keyring), keyring, clock, marks=marks or MemoryMarks())


def reopened(store, provider, *, tenant_id="acme", clock=None, marks=None):
    """The tenant's index as another process has it."""
    clock = clock or SystemClock()
    keyring = Keyring.open(store, provider, tenant_id, clock)
    return TenantIndex(TenantBlobs.of(store, keyring), keyring, clock, marks=marks or MemoryMarks())


def add(index, *documents, seed=0, replaces=True):
    count = sum(len(item.chunks) for item in documents)
    return index.add(list(documents), unit_vectors(count, seed=seed), embedding=EMBEDDING, replaces=replaces)
