"""A tenant: all that can be done with one business's documents and conversations."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import Any

import numpy.typing as npt

from konverze_core.answers import Answer, Done, Event, Failed
from konverze_core.documents import Chunk, Metadata
from konverze_core.errors import ConfigError, KonverzeError
from konverze_core.protocols import Embedder, EmbedderInfo
from konverze_core.reports import DocumentInfo, ErasureReceipt, IngestReport, TenantStats
from konverze_core.retrieval import Hit
from konverze_indexes.compaction import compact, merge_small
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import Embedding
from konverze_indexes.reindexing import OnReindexed, reindex
from konverze_indexes.segment import checked_chunk
from konverze_loaders import TokenWindowChunker
from konverze_rag.asking import Asking
from konverze_rag.calibration import sentence_queries
from konverze_rag.conversations.names import checked_name
from konverze_rag.embedding import model_vectors
from konverze_rag.ingestion import Ingestion, OnProgress, documents_of, embedded
from konverze_rag.question_batches import QuestionBatches
from konverze_rag.question_vectors import QuestionVectors
from konverze_rag.questions import Question
from konverze_rag.retrieval import Retriever, checked_vectors
from konverze_rag.tenancy import Tenancy
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.upkeep.erasing import erase_indexed_document, erase_tenant, erase_visitor
from konverze_rag.uploads import Uploads, checked_source, named_uploads

DEFAULT_HITS = 10


class Tenant:
    """One business's documents and conversations; safe to share between threads. Made by `Engine.tenant`.

    Attributes:
        id: As given to `Engine.tenant`.
        index: The sealed index, for those who measure or tune it.
    """

    def __init__(self, keyring: Keyring, tenancy: Tenancy) -> None:
        self.id = keyring.tenant_id
        self.index = tenancy.resident_index(keyring)
        self._keyring = keyring
        self._tenancy = tenancy
        self._clock = tenancy.clock
        self._conversations = tenancy.conversations(keyring)
        self._configuration = tenancy.configuration(keyring)
        self._vectors = QuestionVectors()
        self.index.accompany(self._vectors)
        self._use(tenancy.model)

    def _use(self, model: QuestionBatches | None, *, upcoming: QuestionBatches | None = None) -> None:
        """Searches, answers and ingests with this model from now on, until a commit brings in the upcoming one."""
        tenancy, settings = self._tenancy, self._tenancy.settings
        embedder = None if model is None else model.embedder
        count = embedder.count_tokens if embedder else tenancy.counter.count_many
        chunker = TokenWindowChunker(
            count, max_tokens=settings.chunk_tokens, overlap_tokens=settings.chunk_overlap_tokens
        )
        self._ingestion = Ingestion(self.index, chunker, embedder, clock=tenancy.clock, limits=tenancy.limits)
        self._retriever = Retriever(
            index=self.index,
            model=model,
            upcoming=upcoming,
            vectors=self._vectors,
            reranker=tenancy.reranker,
            settings=self._configuration.current,
        )
        self._asking = Asking(
            self._retriever,
            self._conversations,
            chat=tenancy.chat,
            counter=tenancy.counter,
            settings=self._configuration.current,
            clock=tenancy.clock,
        )
        self._embedder, self._model = embedder, model

    def ingest(
        self,
        content: Uploads,
        *,
        source: str | None = None,
        metadata: Metadata | None = None,
        on_progress: OnProgress | None = None,
    ) -> IngestReport:
        """Indexes uploads in one commit; the same source again replaces, unchanged content is skipped.

        Args:
            content: A path, bytes, a binary file object, a list of them, or a mapping from source to one of them.
            source: The document id; by default the file's name.
            metadata: Filterable facts for all chunks of the batch.
            on_progress: Told how far the ingest has come.

        Returns:
            What became of each upload; a file that cannot be read is in `failed` and does not stop the others.

        Raises:
            ConfigError: A path does not exist, a source is illegal or stands twice, or the metadata cannot be indexed.
            ConflictError: Other writers were faster, time and again, or a vacuum without grace, such as an erasure and
                a re-encryption run, took the sealed originals; nothing of the batch is indexed, ingest it again.
            EmbedderMismatchError: The index was built with another model.
            ProviderError: The embedding service failed; nothing of the batch is indexed.
            StoreError: The store did not take it; nothing of the batch is indexed.
        """
        return self._ingestion.run(named_uploads(content, source), metadata or {}, on_progress)

    def add(self, chunks: Iterable[Chunk], vectors: npt.ArrayLike | None = None) -> int:
        """Adds ready chunks in one commit, beside what their documents already hold.

        Args:
            chunks: Each carries its document's id.
            vectors: float32, shape (number of chunks, dim): from the engine's embedder, or from a model of the
                caller's own, which then embeds the queries too. Embedded here when absent. Searched by inner product.

        Returns:
            The generation from which they are found.

        Raises:
            ConfigError: A chunk or its metadata cannot be indexed, or the vectors have another shape.
            ConflictError: Other writers were faster, time and again.
            EmbedderMismatchError: The index was built with another model.
            ProviderError: The embedding service failed.
            StoreError: The store did not take it.
        """
        if isinstance(chunks, str | bytes) or not isinstance(chunks, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("add takes a list of chunks")
        given = [checked_chunk(chunk) for chunk in chunks]
        documents, places = documents_of(given, self._clock)
        if not given:
            return self.index.snapshot().manifest.generation
        queries = None
        if vectors is None:
            array = None
            if self._embedder is not None:
                array = embedded([chunk for item in documents for chunk in item.chunks], self._embedder)
                queries = sentence_queries(self._embedder, documents)
        else:
            array = checked_vectors(vectors, len(given))
            array = array if places == list(range(len(given))) else array[places]
        embedding = None if array is None else self._embedding(array.shape[1])
        generation = self.index.add(documents, array, embedding=embedding, replaces=False, queries=queries)
        with suppress(KonverzeError):  # the chunks are in, and the next call tries again
            merge_small(self.index)
        return generation

    def _embedding(self, dim: int) -> Embedding:
        """The engine's own model where the dimension fits; the caller's, known by its dimension alone, where not."""
        if self._embedder is not None and self._embedder.info.dim == dim:
            return Embedding.of(self._embedder.info)
        return Embedding.of(EmbedderInfo(name=f"caller's own, {dim} dimensions", dim=dim))

    def search(
        self,
        text: str | None = None,
        *,
        k: int = DEFAULT_HITS,
        where: Mapping[str, Any] | None = None,
        vector: npt.ArrayLike | None = None,
    ) -> list[Hit]:
        """Finds chunks: by meaning and by words where the index has vectors, by words alone where it has none.

        Args:
            text: What to search for; None for a vector alone. A blank text finds nothing.
            k: At most this many hits.
            where: Which chunks may be returned (`konverze_indexes.where`).
            vector: float32, shape (dim,): a ready query vector; skips the embedder. Without `text` the search is
                dense only.

        Returns:
            Hits, best first.

        Raises:
            ConfigError: The question, the vector, `k` or `where` is not legal.
            EmbedderMismatchError: The index was built with another model than the engine's.
            ProviderError: The embedding service failed.
        """
        return self._retriever.search(text, k=k, where=where, vector=vector)

    def is_ready(self, text: str | None, vector: npt.ArrayLike | None) -> bool:
        """Whether a search would wait neither for the store nor for a model."""
        return self._retriever.is_ready(text, vector)

    def prepare(self, text: str | None, vector: npt.ArrayLike | None) -> None:
        """Does the part of a search that waits for the store and for a model; what it raises, the search would."""
        self._retriever.prepare(text, vector)

    def stream(
        self,
        question: str,
        *,
        conversation: str | None = None,
        visitor: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Generator[Event, None, None]:
        """Answers as events; the last one is `Done` or `Failed`. Closing the iterator early frees everything.

        Args:
            question: In any language.
            conversation: Name of the conversation; its earlier turns are read and this one is stored. None: neither.
            visitor: Who asks; makes the stored turn findable for export and erasure.
            where: Which chunks the answer may rest on.

        Raises:
            ConfigError: The question, a name or `where` is not legal.
        """
        return self._asking.stream(Question.checked(question, conversation=conversation, visitor=visitor, where=where))

    def ask(
        self,
        question: str,
        *,
        conversation: str | None = None,
        visitor: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answers; the arguments are those of `stream`.

        Raises:
            ConfigError: The question, a name or `where` is not legal.
            KonverzeError: What `stream` reports as `Failed`.
        """
        events = self.stream(question, conversation=conversation, visitor=visitor, where=where)
        with closing(events):
            for event in events:
                if isinstance(event, Done):
                    return event.answer
                if isinstance(event, Failed):
                    raise event.error
        raise AssertionError("a stream ends with Done or Failed")

    def documents(self) -> list[DocumentInfo]:
        """The catalogue, sorted by document id."""
        return self.index.snapshot().documents()

    def delete(self, *sources: str) -> int:
        """Removes documents from all later searches.

        Returns:
            How many of them were there.
        """
        if not sources:
            raise ConfigError("name at least one document to delete")
        return self.index.delete(checked_source(source) for source in sources)

    def compact(self) -> int:
        """Rewrites the index as one segment without deleted chunks.

        Returns:
            The generation that holds the result.
        """
        embedding = self.index.snapshot().manifest.embedding
        embedder, questions = self._embedder, None
        if embedder is not None and embedding is not None and embedder.info.fingerprint == embedding.fingerprint:
            questions = partial(sentence_queries, embedder)
        return compact(self.index, questions=questions)

    def reindex(self, embedder: Embedder | None = None, *, on_progress: OnReindexed | None = None) -> int:
        """Embeds all documents anew, online: one commit at the end, and until then the old model serves.

        Other engines on the same store get `EmbedderMismatchError` until they are opened with the new model. Chunks
        stay as they are.

        Args:
            embedder: The new model; the engine's own by default.
            on_progress: Told how many chunks have new vectors, and of how many.

        Returns:
            The generation that holds the result.

        Raises:
            ConflictError: Writers were faster, time and again; the old model stays.
            ProviderError: The embedding service failed; the old model stays.
            StoreError: The store did not take it.
        """
        chosen = self._tenancy.model if embedder is None else QuestionBatches(embedder)
        embed = embedding = None
        if chosen is not None:
            info = chosen.embedder.info
            embed = partial(model_vectors, chosen.embedder.embed_documents, dim=info.dim)
            embedding = Embedding.of(info)
        serving = self._model
        self._use(serving, upcoming=chosen)
        try:
            generation = reindex(self.index, embed, embedding, on_progress=on_progress)
        except BaseException:
            self._use(serving)
            raise
        self._use(chosen)
        return generation

    def settings(self) -> TenantSettings:
        """What this tenant has set for itself; all else is as the engine's settings say.

        Raises:
            IntegrityError: The stored settings are not what was written.
        """
        return self._configuration.own()

    def configure(self, settings: TenantSettings) -> int:
        """Sets what this tenant has of its own, sealed, in place of what it had; holds from the next question.

        Returns:
            The version, counted from 1.

        Raises:
            ConfigError: The values do not go together with the engine's settings; nothing is changed.
            StoreError: The store did not take it.
            TenantErasedError: The tenant was erased.
        """
        self._keyring.refresh()
        return self._configuration.configure(settings)

    def erase_document(self, source: str) -> ErasureReceipt:
        """Erases a document from the index, its older generations and the sealed originals; can be run again.

        Raises:
            ConfigError: The source is not legal.
            ConflictError: Other writers were faster, time and again; run it again.
            StoreError: The store failed; run it again.
        """
        return erase_indexed_document(
            self._tenancy,
            self.index,
            self._conversations,
            checked_source(source),
            retention_days=self._configuration.current().retention_days,
        )

    def erase_visitor(self, visitor: str) -> ErasureReceipt:
        """Erases what a visitor asked and was answered; can be run again.

        Raises:
            ConfigError: The name is not legal.
            StoreError: The store failed; run it again.
            TenantErasedError: The tenant was erased.
        """
        self._keyring.refresh()
        return erase_visitor(
            self._tenancy,
            self.id,
            self._conversations,
            checked_name("visitor", visitor),
            retention_days=self._configuration.current().retention_days,
        )

    def erase(self) -> ErasureReceipt:
        """Erases the tenant: destroys its keys, then deletes all that it has; its id is not used again.

        Everything else answers `TenantErasedError` from now on. An erasure that was interrupted is finished by running
        it again, here or by `Engine.erase_tenant`.

        Raises:
            KeyProviderError: The provider cannot sign, or not destroy the tenant's own KEK.
            StoreError: The store failed; run it again.
        """
        receipt = erase_tenant(self._tenancy, self.id)
        with suppress(KonverzeError):  # drops everything decrypted; otherwise the next use does
            self.index.refreshed()
        return receipt

    def drop_if_idle(self) -> None:
        """Drops keys and decrypted data unless they were used within the time of a key lease; the next use reloads."""
        self._keyring.drop_if_idle()

    def on_drop(self, callback: Callable[[], None]) -> None:
        """Calls back whenever keys and decrypted data are dropped; see `Keyring.on_drop`."""
        self._keyring.on_drop(callback)

    def close(self) -> None:
        """Drops keys and decrypted data for good."""
        self.index.close()
        self._keyring.close()

    def require_generation(self, generation: int) -> None:
        """Refuses an index older than this.

        Raises:
            RollbackError: The newest generation in the store is older.
        """
        self.index.require_generation(generation)

    def stats(self) -> TenantStats:
        """Size and state of the index."""
        snapshot = self.index.snapshot()
        manifest = snapshot.manifest
        live = snapshot.live_chunks
        return TenantStats(
            generation=manifest.generation,
            documents=len(snapshot.documents()),
            chunks=live,
            deleted_chunks=sum(entry.chunks for entry in manifest.segments) - live,
            segments=len(manifest.segments),
            dim=manifest.embedding.dim if manifest.embedding else 0,
            embedder=manifest.embedding.name if manifest.embedding else "",
            resident_bytes=snapshot.resident_bytes,
            stored_bytes=sum(entry.hot.stored_bytes + entry.text.stored_bytes for entry in manifest.segments),
            stemming=manifest.analysis.stemming,
            dense=snapshot.dense_stats(),
        )
