"""A tenant: all that can be done with one business's documents and conversations."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import date
from functools import partial
from typing import Any

import numpy.typing as npt

from konverze_core.answers import Answer, Done, Event, Failed, TurnId
from konverze_core.conversations import ConversationTurn, ExportReport, Insights
from konverze_core.documents import Chunk, Metadata
from konverze_core.errors import ConfigError, KonverzeError
from konverze_core.protocols import Embedder, EmbedderInfo
from konverze_core.reports import DocumentInfo, ErasureReceipt, IngestReport, SyncReport, TenantStats
from konverze_core.retrieval import Hit
from konverze_indexes.chunk_fields import checked_chunk
from konverze_indexes.compaction import Questions, compact
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import Embedding
from konverze_indexes.reindexing import OnReindexed, reindex
from konverze_indexes.scalars import checked_metadata
from konverze_rag.answer_cache import AnswerCache
from konverze_rag.asking import Asking
from konverze_rag.calibration import sentence_queries
from konverze_rag.chunkers import SettledChunker, counts_of
from konverze_rag.conversations import TurnSelection, checked_feedback, checked_name, checked_turn, insights_of
from konverze_rag.embedding import patient_vectors
from konverze_rag.exporting import Holdings, write_export
from konverze_rag.ingest.folders import Selection
from konverze_rag.ingest.ingestion import Ingestion
from konverze_rag.ingest.preparing import Order
from konverze_rag.ingest.progress import OnProgress
from konverze_rag.ingest.quotas import Refusals
from konverze_rag.ingest.ready import documents_of, embedded
from konverze_rag.ingest.syncing import sync_folder
from konverze_rag.ingest.tidying import tidy
from konverze_rag.inspecting.inspection import Inspection
from konverze_rag.inspecting.inspector import Inspector
from konverze_rag.outgoing import DiscreetEmbedder, TenantQuestions
from konverze_rag.question_batches import QuestionBatches
from konverze_rag.question_vectors import QuestionVectors
from konverze_rag.questions import Question
from konverze_rag.retrieval import Retriever, checked_vectors
from konverze_rag.tenancy import Tenancy
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.upkeep.erasing import erase_indexed_document, erase_tenant, erase_visitor
from konverze_rag.uploads import Upload, Uploads, checked_source, named_uploads
from konverze_rag.visitor_limits import VisitorLimits

DEFAULT_HITS = 10


class Tenant:
    """One business's documents and conversations; safe to share between threads. Made by `Engine.tenant`.

    Attributes:
        id: As given to `Engine.tenant`.
        index: The sealed index; this and what follows are for those who measure or tune it.
        retriever: Searches it.
        configuration: What the tenant has settled.
        keyring: Its keys.
        tenancy: The parts of its engine.
    """

    def __init__(self, keyring: Keyring, tenancy: Tenancy) -> None:
        self.id = keyring.tenant_id
        self.index = tenancy.resident_index(keyring)
        self.keyring = keyring
        self.tenancy = tenancy
        self._clock = tenancy.clock
        self._conversations = tenancy.conversations(keyring)
        self.configuration = tenancy.configuration(keyring)
        self._vectors = QuestionVectors()
        self._answers = AnswerCache()
        self._limits = VisitorLimits(tenancy.clock)
        self._spending = tenancy.spending(keyring)
        self._quotas = tenancy.quotas(keyring, self.configuration.current)
        self._today = tenancy.clock.now().date()
        self.index.accompany(self._vectors)
        self.index.accompany(self._answers)
        self._use(self._asked(tenancy.model))

    def _asked(self, model: QuestionBatches | None) -> TenantQuestions | None:
        """The model as this tenant uses it: whatever is embedded goes through this."""
        if model is None:
            return None
        embedder = DiscreetEmbedder(model=model.embedder, settings=self.configuration.current)
        return TenantQuestions(batches=model, embedder=embedder, spending=self._spending)

    def _use(self, model: TenantQuestions | None, *, upcoming: TenantQuestions | None = None) -> None:
        """Searches, answers and ingests with this model from now on, until a commit brings in the upcoming one."""
        tenancy = self.tenancy
        embedder = None if model is None else model.embedder
        count = counts_of(embedder, tenancy.counter.count_many)
        chunker = partial(SettledChunker, self.configuration.current, count_tokens=tenancy.counter.count_many)
        self._inspector = Inspector(chunker(embedder), count, load=tenancy.load, limits=tenancy.limits)
        self._ingestion = Ingestion(
            self.index,
            chunker,
            embedder,
            clock=tenancy.clock,
            limits=tenancy.limits,
            load=tenancy.load,
            quotas=self._quotas,
        )
        self.retriever = Retriever(
            index=self.index,
            model=model,
            upcoming=upcoming,
            vectors=self._vectors,
            reranker=tenancy.reranker,
            settings=self.configuration.current,
        )
        self._asking = Asking(
            self.retriever,
            self._conversations,
            chat=tenancy.chat,
            counter=tenancy.counter,
            answers=self._answers,
            limits=self._limits,
            spending=self._spending,
            settings=self.configuration.current,
            clock=tenancy.clock,
            computing=tenancy.computing,
        )
        self._embedder, self._model = embedder, model

    def ingest(
        self,
        content: Uploads,
        *,
        source: str | None = None,
        metadata: Metadata | None = None,
        password: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> IngestReport:
        """Indexes uploads; the same source again replaces, unchanged content is skipped.

        Files are read ahead while others are embedded. Documents are committed whole, a large batch in several
        commits: what a crash or an outage interrupts is finished by the same call again, which skips what is indexed.
        Of a changed document only the chunks whose text is new are embedded.

        Args:
            content: A path, bytes, a binary file object, a list of them, or a mapping from source to one of them.
            source: The document id; by default the file's name.
            metadata: Filterable facts for all chunks of the batch.
            password: Opens locked files, also those inside files.
            on_progress: Told how far the ingest has come; what it raises ends the call.

        Returns:
            What became of each upload; a file that cannot be read, or is above a quota, is in `failed` and does not
            stop the others.

        Raises:
            ConfigError: A path does not exist, a source is illegal or stands twice, or the metadata cannot be indexed.
            ConflictError: Other writers were faster, time and again, or a vacuum without grace, such as an erasure and
                a re-encryption run, took the sealed originals; ingest again.
            EmbedderMismatchError: The index was built with another model; nothing is indexed.
            ProviderError: The embedding service failed, or limits the rate for longer than can be waited; the
                documents that it was done with are indexed.
            StoreError: The store did not take it; what was committed before is indexed.
        """
        order = Order(
            uploads=named_uploads(content, source), metadata=checked_metadata(metadata or {}), password=password
        )
        return self._ingestion.run(order, on_progress)

    def inspect(self, content: Upload, *, source: str | None = None, password: str | None = None) -> Inspection:
        """What an ingest of a file would index: its text, structure, pages and chunks; nothing is stored.

        Args:
            content: A path, bytes, or a binary file object.
            source: The document id; by default the file's name.
            password: Opens a locked file, also one inside the file.

        Raises:
            ConfigError: The path does not exist, the source is illegal, or what is given is more than one file.
            LoadError: The file cannot be read, or has no text; the message says why.
            ProviderError: The model that tells a semantic chunker what is alike failed.
        """
        return self._inspector.inspect(content, source=source, password=password)

    def sync(
        self,
        folder: str | os.PathLike[str],
        *,
        label: str | None = None,
        include: Sequence[str] = ("*",),
        exclude: Sequence[str] = (),
        metadata: Metadata | None = None,
        password: str | None = None,
        may_delete_all: bool = False,
        on_progress: OnProgress | None = None,
    ) -> SyncReport:
        """Ingests the files below a folder, then deletes the documents that came from it and are not in it any more.

        A file's source is its path from the folder, with `/` between the parts. Hidden files and folders are left out,
        and so are links that lead out of the folder. Only documents that a sync under the same label brought in are
        ever deleted; one that was handed in otherwise since then is no longer the folder's.

        Args:
            folder: Walked with all its subfolders.
            label: What the folder is called, wherever it lies; by default its absolute path.
            include: Patterns as of a shell, where `*` also stands for `/`; a file must fit one, by its source.
            exclude: A file must fit none of these; what was synced and is excluded now is deleted.
            metadata: Filterable facts for all chunks of the folder.
            password: Opens locked files, also those inside files.
            may_delete_all: Whether a folder without files may delete all that came from it.
            on_progress: Told how far the ingest has come; what it raises ends the call.

        Returns:
            What became of each file. One that cannot be read, or is above a quota, is in `failed`; what was indexed of
            it before stays. What vanished is deleted last: the room that it leaves under a quota is there for the next
            sync, so that the same call again brings in what was refused.

        Raises:
            ConfigError: The folder is missing or cannot be listed whole, has no files and may not delete all, the label
                is illegal, or the metadata cannot be indexed; nothing was deleted.
            KonverzeError: As `ingest` says; nothing was deleted.
        """
        return sync_folder(
            self._ingestion,
            folder,
            Selection(include=include, exclude=exclude),
            Order(metadata=checked_metadata(metadata or {}), password=password, folder=label or ""),
            may_delete_all=may_delete_all,
            on_progress=on_progress,
        )

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
            QuotaExceededError: A document is above `max_documents` or `max_stored_bytes`; nothing is added.
            StoreError: The store did not take it.
        """
        if isinstance(chunks, str | bytes) or not isinstance(chunks, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("add takes a list of chunks")
        given = [checked_chunk(chunk) for chunk in chunks]
        documents, places = documents_of(given, self._clock)
        if not given:
            return self.index.snapshot().manifest.generation
        limits = self._quotas.limits()
        refusals = Refusals(limits, [item.document for item in documents], replaces=False)
        if limits.are_set:
            refusals.none_refused(self.index.refreshed())
        queries = None
        if vectors is None:
            array = None
            if self._embedder is not None:
                array = embedded(documents, self._embedder)
                queries = sentence_queries(self._embedder, documents)
        else:
            array = checked_vectors(vectors, len(given))
            array = array if places == list(range(len(given))) else array[places]
        embedding = None if array is None else self._embedding(array.shape[1])
        generation = self.index.add(
            documents, array, embedding=embedding, replaces=False, queries=queries, refuses=refusals.none_refused
        )
        tidy(self.index, self._questions(embedding))
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
            ProviderError: The embedding service failed, or the budget of the day does not cover the question.
        """
        return self.retriever.search(text, k=k, where=where, vector=vector)

    def is_ready(self, text: str | None, vector: npt.ArrayLike | None) -> bool:
        """Whether a search would wait neither for the store nor for a model."""
        return self.retriever.is_ready(text, vector)

    def prepare(self, text: str | None, vector: npt.ArrayLike | None) -> None:
        """Does the part of a search that waits for the store and for a model; what it raises, the search would."""
        self.retriever.prepare(text, vector)

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

    def turns(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        conversation: str | None = None,
        visitor: str | None = None,
    ) -> Iterator[ConversationTurn]:
        """Stored questions and answers, read one at a time: by day, then a conversation after the other, in its order.

        What is past its retention is not shown, be it purged already or not; erased turns are left out, and so is what
        is purged or erased meanwhile. A visitor's turns are found by the visitor's markers, without a look at others.

        Args:
            since: First day, UTC; the first that is kept by default.
            until: Last day; the newest by default.
            conversation: Only turns of this conversation.
            visitor: Only turns of this visitor.

        Raises:
            ConfigError: A day is no date, the first day lies after the last, or a name is not legal.
            IntegrityError: While reading: a turn, its feedback or a day's key is not what was written, or missing.
            StoreError: While reading: the store cannot be read.
        """
        selection = TurnSelection.checked(since=since, until=until, conversation=conversation, visitor=visitor)
        return self._conversations.turns(selection, retention_days=self._retention_days)

    def _retention_days(self) -> int:
        return self.configuration.current().retention_days

    def give_feedback(self, conversation: str, turn: TurnId, *, helpful: bool, comment: str = "") -> None:
        """Stores what a visitor or the owner says of an answer, in place of what was said of it before.

        It is sealed, ends with its turn's retention, and is erased with the visitor who asked.

        Args:
            conversation: The name that the question was asked under.
            turn: `Answer.turn`, or `ConversationTurn.turn`.
            helpful: Whether the answer helped.
            comment: In the person's own words.

        Raises:
            ConfigError: The comment is too long or not text, or there is no such turn: it was erased, is past its
                retention, or was never there.
            StoreError: The store did not take it.
            TenantErasedError: The tenant was erased.
        """
        self._conversations.give_feedback(
            checked_name("conversation", conversation),
            checked_turn(turn),
            checked_feedback(helpful=helpful, comment=comment, given_at=self._clock.now()),
            retention_days=self._retention_days(),
        )

    def insights(self, *, since: date | None = None, until: date | None = None) -> Insights:
        """What the turns of these days tell together: shares, unanswered questions, citations, latency, cost, feedback.

        Reads each turn, and keeps counts.

        Args:
            since: First day, UTC; the first that is kept by default.
            until: Last day; the newest by default.

        Raises:
            ConfigError: A day is no date, or the first day lies after the last.
            IntegrityError: A turn, its feedback or a day's key is not what was written, or missing.
            StoreError: The store cannot be read.
        """
        return insights_of(self.turns(since=since, until=until))

    def export(self, path: str | os.PathLike[str], *, visitor: str | None = None) -> ExportReport:
        """Writes what the tenant has, or what is stored of one visitor, as a new ZIP file, mode 0600.

        Plain text leaves the sealed store here: the file is as confidential as all that it holds, no retention ends it
        and no erasure reaches it. What is in it is told by `konverze_rag.exporting.export`. What is erased while it is
        written may be in it.

        Args:
            path: Where the file will stand, in a folder that is there; after an error there is none.
            visitor: Only this visitor's turns; no document and no settings.

        Raises:
            ConfigError: Something stands at the path already, the file cannot be written, or the name is not legal.
            ConflictError: A document was replaced meanwhile, and its earlier original vacuumed; export again.
            IntegrityError: A turn or an original is not what was written, or missing.
            StoreError: The store cannot be read.
            TenantErasedError: The tenant was erased.
        """
        holdings = Holdings(
            index=self.index,
            visitor=visitor,
            settings=self.settings(),
            turns=self.turns(visitor=visitor),
            moment=self._clock.now(),
        )
        return write_export(path, holdings)

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
        return compact(self.index, questions=self._questions(self.index.snapshot().manifest.embedding))

    def _questions(self, embedding: Embedding | None) -> Questions | None:
        """What stands for the questions to come, where the engine's own model is that of the index."""
        embedder = self._embedder
        if embedder is None or embedding is None or embedder.info.fingerprint != embedding.fingerprint:
            return None
        return partial(sentence_queries, embedder)

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
            ProviderError: The embedding service failed, or limits the rate for longer than can be waited; the old model
                stays.
            StoreError: The store did not take it.
        """
        chosen = self._asked(self.tenancy.model if embedder is None else QuestionBatches(embedder))
        embed = embedding = None
        if chosen is not None:
            embed = partial(patient_vectors, chosen.embedder, stopped=threading.Event())
            embedding = Embedding.of(chosen.embedder.info)
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
        return self.configuration.own()

    def configure(self, settings: TenantSettings) -> int:
        """Sets what this tenant has of its own, sealed, in place of what it had; holds from the next question.

        Returns:
            The version, counted from 1.

        Raises:
            ConfigError: The values do not go together with the engine's settings; nothing is changed.
            StoreError: The store did not take it.
            TenantErasedError: The tenant was erased.
        """
        self.keyring.refresh()
        return self.configuration.configure(settings)

    def erase_document(self, source: str) -> ErasureReceipt:
        """Erases a document from the index, its older generations and the sealed originals; can be run again.

        Raises:
            ConfigError: The source is not legal.
            ConflictError: Other writers were faster, time and again; run it again.
            StoreError: The store failed; run it again.
        """
        return erase_indexed_document(
            self.tenancy,
            self.index,
            self._conversations,
            checked_source(source),
            retention_days=self.configuration.current().retention_days,
        )

    def erase_visitor(self, visitor: str) -> ErasureReceipt:
        """Erases what a visitor asked and was answered; can be run again.

        Raises:
            ConfigError: The name is not legal.
            StoreError: The store failed; run it again.
            TenantErasedError: The tenant was erased.
        """
        self.keyring.refresh()
        try:
            return erase_visitor(
                self.tenancy,
                self.id,
                self._conversations,
                checked_name("visitor", visitor),
                retention_days=self.configuration.current().retention_days,
            )
        finally:
            self._forget_questions()

    def erase(self) -> ErasureReceipt:
        """Erases the tenant: destroys its keys, then deletes all that it has; its id is not used again.

        Everything else answers `TenantErasedError` from now on. An erasure that was interrupted is finished by running
        it again, here or by `Engine.erase_tenant`.

        Raises:
            KeyProviderError: The provider cannot sign, or not destroy the tenant's own KEK.
            StoreError: The store failed; run it again.
        """
        receipt = erase_tenant(self.tenancy, self.id)
        with suppress(KonverzeError):  # drops everything decrypted; otherwise the next use does
            self.index.refreshed()
        return receipt

    def drop_if_idle(self) -> None:
        """Drops keys and decrypted data unless they were used within the time of a key lease; the next use reloads.

        What is kept of questions of earlier days, and the keys of days that have ended, are dropped in any case.
        """
        self.keyring.drop_if_idle()
        self._conversations.forget_ended()
        self._spending.forget_ended()
        self._quotas.grants.forget_ended()
        today = self._clock.now().date()
        if self._today != today:
            self._today = today
            self._forget_questions()

    def _forget_questions(self) -> None:
        self._vectors.forget()
        self._answers.forget()

    def on_drop(self, callback: Callable[[], None]) -> None:
        """Calls back whenever keys and decrypted data are dropped; see `Keyring.on_drop`."""
        self.keyring.on_drop(callback)

    def close(self) -> None:
        """Drops keys and decrypted data for good."""
        self.index.close()
        self.keyring.close()

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
            documents=snapshot.extent.documents,
            content_bytes=snapshot.extent.content_bytes,
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
