"""Chunks that are handed in ready: grouped by document, and embedded."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from msgspec import structs

from konverze_core.documents import Chunk
from konverze_core.protocols import Clock, Embedder, Vectors
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_rag.embedding import EMBED_SLICE_CHUNKS, patient_vectors
from konverze_rag.uploads import checked_source


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
            document=IndexedDocument(
                id=id_,
                ingested_at=clock.now(),
                content_bytes=sum(len(chunks[place].text.encode()) for place in places),
            ),
            chunks=tuple(structs.replace(chunks[place], document_id=id_) for place in places),
        )
        for id_, places in groups.items()
    ]
    return documents, [place for places in groups.values() for place in places]


def embedded(documents: Sequence[DocumentChunks], embedder: Embedder) -> Vectors:
    """Vectors of the documents' chunks, each embedded with the headings above it.

    Returns:
        float32, shape (chunks of all documents in order, dim).

    Raises:
        ProviderError: A remote model failed.
    """
    texts = [chunk.searchable_text for item in documents for chunk in item.chunks]
    vectors, stopped = np.empty((len(texts), embedder.info.dim), np.float32), threading.Event()
    for start in range(0, len(texts), EMBED_SLICE_CHUNKS):
        batch = texts[start : start + EMBED_SLICE_CHUNKS]
        vectors[start : start + len(batch)] = patient_vectors(embedder, batch, stopped=stopped)
    return vectors
