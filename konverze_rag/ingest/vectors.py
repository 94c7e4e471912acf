"""Vectors of documents, made in slices beside the thread that reads on; those that the index has are not made again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from konverze_core.errors import ProviderError
from konverze_core.protocols import Embedder, Vectors
from konverze_indexes.catalogue import DocumentChunks
from konverze_indexes.snapshot import Snapshot
from konverze_rag.embedding import EMBED_SLICE_CHUNKS, patient_vectors
from konverze_rag.ingest.progress import OnProgress, Progress

REMOTE_CALLS = 4
"""Calls of a remote model under way at once; a local one uses all cores by itself."""


@dataclass(slots=True)
class Embedded:
    """A document on its way to its vectors.

    Attributes:
        item: With its chunks.
        vectors: float32, shape (chunks, dim), of which rows may be missing; None for a lexical index.
        missing: How many rows are.
    """

    item: DocumentChunks
    vectors: Vectors | None = None
    missing: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A chunk that needs a vector."""

    document: Embedded
    place: int
    text: str


class Embedding:
    """Embeds the chunks of documents, in slices of `EMBED_SLICE_CHUNKS` whatever document they belong to.

    Args:
        embedder: The model; None for a lexical index.
        tell: Told how many chunks have their vectors.

    Attributes:
        embedder: The same.
        whole_chunks: Chunks of the documents that have all their vectors.
        whole_chars: Characters of these chunks.
    """

    def __init__(self, embedder: Embedder | None, tell: OnProgress) -> None:
        self.embedder = embedder
        self._tell = tell
        self._threads = REMOTE_CALLS if embedder is not None and embedder.info.is_remote else 1
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="konverze-embed")
        self._stopped = threading.Event()
        self._documents: list[Embedded] = []
        self._waiting: deque[_Row] = deque()
        self._calls: deque[tuple[list[_Row], Future[Vectors]]] = deque()
        self._done = self._total = 0
        self.whole_chunks = self.whole_chars = 0

    def add(self, item: DocumentChunks, known: Mapping[str, Vectors]) -> None:
        """Takes a document; waits while enough others are before it.

        Args:
            item: With its chunks.
            known: Vectors by searchable text, float32, shape (dim,): where a chunk's is there, it is not made.

        Raises:
            ProviderError: The model failed, with this document or one before it.
        """
        document = Embedded(item)
        self._documents.append(document)
        if self.embedder is not None:
            self._total += len(item.chunks)
            document.vectors = np.empty((len(item.chunks), self.embedder.info.dim), np.float32)
            self._fill(document, document.vectors, known)
        if not document.missing:
            self._count(document)
        while len(self._waiting) >= EMBED_SLICE_CHUNKS:
            self._send()
        while self._calls and self._calls[0][1].done():
            self._collect()

    def finish(self) -> None:
        """Waits until all documents have their vectors.

        Raises:
            ProviderError: The model failed.
        """
        while self._waiting:
            self._send()
        if self._total and not self._calls:
            self._tell(Progress(stage="embedded", source="", done=self._done, total=self._total))
        while self._calls:
            self._collect()

    def give_up(self) -> None:
        """Begins nothing more, and waits for what is under way."""
        self._stopped.set()
        self._waiting.clear()
        while self._calls:
            with suppress(ProviderError):
                self._collect()

    def taken(self) -> list[Embedded]:
        """The documents that have all their vectors, in the order in which they came; they are the caller's now."""
        whole = [document for document in self._documents if not document.missing]
        self._documents = [document for document in self._documents if document.missing]
        self.whole_chunks = self.whole_chars = 0
        return whole

    def close(self) -> None:
        """Ends the threads, once the calls under way are done."""
        self._stopped.set()
        self._executor.shutdown(cancel_futures=True)

    def _fill(self, document: Embedded, vectors: Vectors, known: Mapping[str, Vectors]) -> None:
        """Takes the vectors that are known; the other chunks wait for theirs."""
        for place, chunk in enumerate(document.item.chunks):
            text = chunk.searchable_text
            if text in known:
                vectors[place] = known[text]
                self._done += 1
            else:
                document.missing += 1
                self._waiting.append(_Row(document, place, text))

    def _count(self, document: Embedded) -> None:
        self.whole_chunks += len(document.item.chunks)
        self.whole_chars += sum(len(chunk.text) for chunk in document.item.chunks)

    def _send(self) -> None:
        assert self.embedder is not None
        rows = [self._waiting.popleft() for _ in range(min(EMBED_SLICE_CHUNKS, len(self._waiting)))]
        while len(self._calls) > self._threads:  # one more than can be under way: the next begins at once
            self._collect()
        texts = [row.text for row in rows]
        call = self._executor.submit(patient_vectors, self.embedder, texts, stopped=self._stopped)
        self._calls.append((rows, call))

    def _collect(self) -> None:
        rows, call = self._calls.popleft()
        for row, vector in zip(rows, call.result(), strict=True):
            assert row.document.vectors is not None
            row.document.vectors[row.place] = vector
            row.document.missing -= 1
            if not row.document.missing:
                self._count(row.document)
        self._done += len(rows)
        self._tell(Progress(stage="embedded", source="", done=self._done, total=self._total))


def known_vectors(snapshot: Snapshot, source: str) -> dict[str, Vectors]:
    """Vectors, as they are stored, of the chunks of a document that was ingested.

    Returns:
        By searchable text, float32, shape (dim,). None of chunks that were added ready, whose vectors may be anybody's.
    """
    known: dict[str, Vectors] = {}
    for part, position in snapshot.positions_of(source):
        segment = part.segment
        if segment.dense is None or not segment.document(position).content_sha256:
            continue
        rows = np.arange(segment.bounds[position], segment.bounds[position + 1], dtype=np.int64)
        texts = [chunk.searchable_text for chunk in segment.chunks_of(position)]
        known |= dict(zip(texts, segment.dense.vectors_at(rows), strict=True))
    return known
