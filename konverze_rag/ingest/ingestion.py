"""An ingest: reads ahead, embeds meanwhile, and commits whole documents as it goes (ADR 0020)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace

import numpy as np

from konverze_core.answers import Usage
from konverze_core.documents import Unread
from konverze_core.errors import LoadError, ProviderError, QuotaExceededError
from konverze_core.protocols import Clock, Vectors
from konverze_core.reports import IngestReport
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.dense_calibration import CalibrationQueries
from konverze_indexes.index import TenantIndex, check_embedding
from konverze_indexes.manifest import Embedding as IndexEmbedding
from konverze_loaders import Chunker, LoadLimits
from konverze_rag.calibration import sentence_queries
from konverze_rag.ingest.contents import Contents
from konverze_rag.ingest.preparing import LoadDocument, Order, Outcome, Preparation, Read, Rules
from konverze_rag.ingest.progress import OnProgress, Progress, unheard
from konverze_rag.ingest.quotas import Quotas, Refusals, Room
from konverze_rag.ingest.tidying import tidy
from konverze_rag.ingest.vectors import Embedding, known_vectors
from konverze_rag.outgoing import DiscreetEmbedder

COMMIT_CHUNKS = 4_096
"""Documents are committed once they have so many chunks: what a killed process has to embed again at most."""

COMMIT_CHARS = 16_000_000
"""Documents are committed once their chunks have so many characters, which lie in memory until then."""


@dataclass(slots=True)
class _Tally:
    """What has become of the uploads so far.

    Attributes:
        generation: Of the index.
        contents: Hex digest of what each source holds; empty where its commit had no room for it.
        sources: And the first source that holds it.
        took: What each call of a remote model took; several threads note it.
    """

    generation: int
    added: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])
    skipped: list[str] = field(default_factory=list[str])
    failed: list[tuple[str, LoadError]] = field(default_factory=list[tuple[str, LoadError]])
    unread: list[tuple[str, Unread]] = field(default_factory=list[tuple[str, Unread]])
    duplicates: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    chunks: int = 0
    contents: dict[str, str] = field(default_factory=dict[str, str])
    sources: dict[str, str] = field(default_factory=dict[str, str])
    took: list[Usage] = field(default_factory=list[Usage])

    @property
    def documents(self) -> int:
        """How many are indexed, or are about to be."""
        return len(self.added) + len(self.changed)

    def refuse(self, items: Iterable[DocumentChunks], errors: Iterable[QuotaExceededError]) -> None:
        """Takes back what a commit had no room for."""
        refused = {error.source: error for error in errors}
        if refused:
            self.failed += refused.items()
            self.chunks -= sum(len(item.chunks) for item in items if item.document.id in refused)
            self.added = [source for source in self.added if source not in refused]
            self.changed = [source for source in self.changed if source not in refused]
            self.unread = [(source, part) for source, part in self.unread if source not in refused]
            self.duplicates = [(source, of) for source, of in self.duplicates if source not in refused]
            self.contents |= dict.fromkeys(refused, "")

    def report(self) -> IngestReport:
        """The same, once all is committed."""
        return IngestReport(
            documents=self.documents,
            chunks=self.chunks,
            added=tuple(self.added),
            changed=tuple(self.changed),
            skipped=tuple(self.skipped),
            failed=tuple(self.failed),
            unread=tuple(self.unread),
            duplicates=tuple(pair for pair in self.duplicates if self._is_duplicate(*pair)),
            usage=sum(self.took, Usage()),
            generation=self.generation,
        )

    def _is_duplicate(self, source: str, of: str) -> bool:
        """Whether it still is: the other one may have got another content since."""
        content = self.contents[source]
        return self.contents.get(of, content) == content


class Ingestion:
    """Indexes uploads of one tenant.

    Args:
        index: The tenant's index.
        chunker: Makes what cuts documents by an embedder, and waits for it until the event is set.
        embedder: Embeds chunks; None for a lexical index.
        clock: Dates the documents.
        limits: How large a file may be.
        load: Reads files; several threads call it at once.
        quotas: What the tenant may have, and take in a day.
    """

    def __init__(
        self,
        index: TenantIndex,
        chunker: Callable[[DiscreetEmbedder | None, threading.Event], Chunker],
        embedder: DiscreetEmbedder | None,
        *,
        clock: Clock,
        limits: LoadLimits,
        load: LoadDocument,
        quotas: Quotas,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self.model = None if embedder is None else IndexEmbedding.of(embedder.info)
        self.contents = Contents()
        self.quotas = quotas
        self._chunker = chunker
        self._clock = clock
        self._limits = limits
        self._load = load

    def run(self, order: Order, on_progress: OnProgress | None = None) -> IngestReport:
        """Reads, cuts, embeds and commits; what cannot be read, or has no room, is reported and does not stop the rest.

        Raises:
            ConfigError: A file object cannot be read, or not in binary mode.
            ConflictError: Other writers or vacuums were faster.
            EmbedderMismatchError: The index was built with another model; nothing is indexed.
            ProviderError: The embedding service failed; documents that it was done with are indexed.
            StoreError: The store did not take it; what was committed before is indexed.
        """
        generation, room = self._begun()
        daily = self.quotas.daily(len(order.uploads))
        tally, tell = _Tally(generation=generation), on_progress or unheard
        embedder = None if self.embedder is None else replace(self.embedder, tell=tally.took.append)
        with ExitStack() as stack:
            stack.callback(daily.give_back)
            preparation = Preparation(self.index, order, self._rules(embedder), self._clock, room=room, daily=daily)
            stack.callback(preparation.forget_originals)
            embedding = stack.enter_context(closing(Embedding(embedder, tell)))
            outcomes = stack.enter_context(closing(preparation.outcomes()))
            return _Run(self, preparation, embedding, tally, room=room, tell=tell).of(outcomes, len(order.uploads))

    def _rules(self, embedder: DiscreetEmbedder | None) -> Rules:
        stopped = threading.Event()
        return Rules(
            chunker=self._chunker(embedder, stopped),
            load=self._load,
            limits=self._limits,
            fingerprint=embedder.info.fingerprint if embedder else "",
            stopped=stopped,
        )

    def _begun(self) -> tuple[int, Room]:
        """The newest generation, which is not held on to, and what room there is."""
        newest = self.index.refreshed()
        check_embedding(newest.manifest, self.model)
        return newest.manifest.generation, Room(self.quotas.limits(), newest)


class _Run:
    """One ingest, in the thread that asked for it."""

    def __init__(
        self,
        parts: Ingestion,
        preparation: Preparation,
        embedding: Embedding,
        tally: _Tally,
        *,
        room: Room,
        tell: OnProgress,
    ) -> None:
        self._parts = parts
        self._preparation = preparation
        self._embedding = embedding
        self._tally = tally
        self._tell = tell
        self._room = room
        self._committed = 0

    def of(self, outcomes: Iterable[Outcome], total: int) -> IngestReport:
        """Takes each upload as it comes, and commits whenever enough of them are whole."""
        try:
            for done, (upload, outcome) in enumerate(outcomes, start=1):
                stage, read = self._took(upload.source, outcome)
                self._tell(Progress(stage=stage, source=upload.source, done=done, total=total))
                if read is not None and read.item is not None:
                    self._embed(read.item, twin=self._twin(read.item.document))
                if self._embedding.whole_chunks >= COMMIT_CHUNKS or self._embedding.whole_chars >= COMMIT_CHARS:
                    self._commit()
            self._embedding.finish()
        except ProviderError:
            self._embedding.give_up()
            self._commit()
            raise
        self._commit()
        return self._tally.report()

    def _took(self, source: str, outcome: Callable[[], Read]) -> tuple[str, Read | None]:
        """Notes what became of an upload, and returns it as a stage."""
        tally = self._tally
        try:
            read = outcome()
            self._room.take(source, read.growth)
        except LoadError as error:
            tally.failed.append((source, error))
            return "failed", None
        tally.contents[source] = read.content_sha256
        tally.sources.setdefault(read.content_sha256, source)
        if read.item is None:
            tally.skipped.append(source)
            return "skipped", read
        (tally.changed if read.replaces else tally.added).append(source)
        tally.chunks += len(read.item.chunks)
        tally.unread += [(source, part) for part in read.unread]
        return "read", read

    def _twin(self, row: IndexedDocument) -> str | None:
        """Another source that holds the same bytes: of this ingest, or in the index."""
        twin: str | None = self._tally.sources[row.content_sha256]
        if twin == row.id:
            snapshot = self._parts.index.snapshot()
            twin = self._parts.contents.source_of(snapshot, row.content_sha256, besides=row.id)
        if twin is not None:
            self._tally.duplicates.append((row.id, twin))
        return twin

    def _embed(self, item: DocumentChunks, *, twin: str | None) -> None:
        """Hands a document to the model, with the vectors that its earlier version has, or its twin."""
        snapshot, known = self._parts.index.snapshot(), dict[str, Vectors]()
        if self._parts.model is not None and snapshot.manifest.embedding == self._parts.model:
            for source in (item.document.id, twin):
                known |= {} if source is None else known_vectors(snapshot, source)
        self._embedding.add(item, known)

    def _commit(self) -> None:
        """Indexes the documents that have all their vectors."""
        whole = self._embedding.taken()
        if whole:
            items = [document.item for document in whole]
            vectors = [document.vectors for document in whole if document.vectors is not None]
            self._preparation.hand_over(items)
            refusals = Refusals(self._room.limits, [item.document for item in items], replaces=True)
            self._tally.generation = self._parts.index.add(
                items,
                np.concatenate(vectors) if vectors else None,
                embedding=self._parts.model,
                replaces=True,
                queries=self._questions(items),
                refuses=refusals.refused,
            )
            self._tally.refuse(items, refusals.errors)
            self._committed += len(whole) - len(refusals.errors)
            tidy(self._parts.index, self._questions)
            self._room.see(self._parts.index.snapshot())
        done, total = self._committed, self._tally.documents
        self._tell(Progress(stage="committed", source="", done=done, total=total))

    def _questions(self, items: Sequence[DocumentChunks]) -> CalibrationQueries | None:
        embedder = self._embedding.embedder
        return None if embedder is None else sentence_queries(embedder, items)
