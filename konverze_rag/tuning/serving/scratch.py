"""A candidate's index, in memory: an engine of its own with one tenant."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from konverze_core.documents import Chunk
from konverze_core.errors import ConfigError
from konverze_core.fakes import MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import Embedder, Reranker
from konverze_rag.chunkers import chunker_of
from konverze_rag.embedding import EMBED_SLICE_CHUNKS, model_vectors, patient_vectors
from konverze_rag.engine import Engine
from konverze_rag.ingest.vectors import REMOTE_CALLS
from konverze_rag.settings import Settings
from konverze_rag.tenant import Tenant
from konverze_rag.tuning.candidates import AS_SERVED, NONE, Candidate
from konverze_rag.tuning.serving.cache import RememberingEmbedder, SealedCache
from konverze_rag.tuning.serving.corpus import Corpus, Entry

Where = Mapping[str, Any]

UNBOUND: Final[Mapping[str, Any]] = {
    "answer_cache_size": 0,
    "daily_cost": None,
    "daily_ingests": None,
    "daily_tokens": None,
    "loader_workers": 0,
    "maintenance_every_s": None,
    "max_documents": None,
    "max_stored_bytes": None,
    "texts_in_memory": True,
    "visitor_asks_per_minute": None,
}
"""Settings of a scratch engine that bound or speed up what is served, which would blur what is measured."""

_TENANT: Final = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What candidates name.

    Attributes:
        embedders: By name.
        rerankers: By name.
        filters: By name, as `where` of a search takes them.
    """

    embedders: Mapping[str, Embedder | None] = field(default_factory=dict[str, "Embedder | None"])
    rerankers: Mapping[str, Reranker | None] = field(default_factory=dict[str, "Reranker | None"])
    filters: Mapping[str, Where | None] = field(default_factory=dict[str, "Where | None"])

    @classmethod
    def of(
        cls,
        corpus: Corpus,
        cache: SealedCache,
        *,
        embedders: Mapping[str, Embedder],
        rerankers: Mapping[str, Reranker],
        filters: Mapping[str, Where],
    ) -> Models:
        """The tenant's own and those given beside, none of which embeds a text twice."""
        served = corpus.tenant.retriever
        own = {AS_SERVED: served.embedder.model} if served.embedder else {}
        known = {
            name: RememberingEmbedder(one, cache, partial(corpus.vectors, one.info.fingerprint))
            for name, one in {**own, **embedders}.items()
        }
        return cls(
            embedders={AS_SERVED: None, **known, NONE: None},
            rerankers={AS_SERVED: served.reranker, **rerankers, NONE: None},
            filters={AS_SERVED: None, **filters},
        )

    def check(self, candidate: Candidate) -> None:
        """Makes sure that all that a candidate names is there.

        Raises:
            ConfigError: A name is not.
        """
        for what in ("embedder", "reranker", "where"):
            known = {"embedder": self.embedders, "reranker": self.rerankers, "where": self.filters}[what]
            if getattr(candidate, what) not in known:
                names = ", ".join(repr(name) for name in known if name) or "none"
                raise ConfigError(f"the workbench has no {what} of that name, but: {names}")


class Scratch:
    """The corpus, cut and embedded as a candidate says.

    Args:
        served: The tenant that the candidate is to serve.
        models: What candidates name.
        entries: Its documents.
        candidate: How they are cut and embedded.

    Attributes:
        engine: Serves the one tenant.
        tenant: Has the chunks.
        chunks: How many.
    """

    def __init__(self, served: Tenant, models: Models, entries: Iterable[Entry], candidate: Candidate) -> None:
        self._counter = served.tenancy.counter
        stems = {} if candidate.stemming is None else {"stemming": candidate.stemming}
        base = served.configuration.current().model_copy(update={**UNBOUND, **stems})
        self.engine = Engine(
            settings=base,
            blobs=MemoryBlobStore(),
            keys=MemoryKeyProvider(),
            embedder=models.embedders[candidate.embedder],
            chat=served.tenancy.chat,
            reranker=models.rerankers[candidate.reranker],
        )
        try:
            self.tenant = self.engine.tenant(_TENANT)
            chunks = self._cut(entries, candidate)
            self._embed(chunks)
            self.tenant.add(chunks)
        except BaseException:
            self.engine.close()
            raise
        self.chunks = len(chunks)

    @staticmethod
    def key(candidate: Candidate, settings: Settings) -> tuple[object, ...]:
        """What two candidates share that are served from the same index."""
        cut = (settings.chunker, settings.chunk_tokens, settings.chunk_overlap_tokens, settings.parent_tokens)
        return candidate.embedder, candidate.reranker, candidate.stemming, *cut

    def settings(self, candidate: Candidate) -> Settings:
        """What the candidate is served with.

        Raises:
            ConfigError: Its settings do not go together.
        """
        return candidate.settings.over(self.engine.settings)

    def embed_questions(self, texts: Sequence[str]) -> None:
        """Makes the vectors of questions that were not asked before, many at a time."""
        embedder = self.tenant.retriever.embedder
        if embedder is not None:
            for start in range(0, len(texts), EMBED_SLICE_CHUNKS):
                model_vectors(embedder.embed_queries, texts[start : start + EMBED_SLICE_CHUNKS], dim=embedder.info.dim)

    def close(self) -> None:
        """Lets go of the index."""
        self.engine.close()

    def _cut(self, entries: Iterable[Entry], candidate: Candidate) -> list[Chunk]:
        chunker = chunker_of(self.settings(candidate), self.tenant.retriever.embedder, self._counter.count_many)
        return [chunk for entry in entries for chunk in entry.cut(chunker)]

    def _embed(self, chunks: Sequence[Chunk]) -> None:
        """Makes the vectors that are new; a remote model is asked for several slices at a time."""
        embedder = self.tenant.retriever.embedder
        if embedder is None:
            return
        texts = list(dict.fromkeys(chunk.searchable_text for chunk in chunks))
        stopped = threading.Event()

        def embed(start: int) -> None:
            patient_vectors(embedder, texts[start : start + EMBED_SLICE_CHUNKS], stopped=stopped)

        with ThreadPoolExecutor(REMOTE_CALLS if embedder.info.is_remote else 1) as calls:
            try:
                deque(calls.map(embed, range(0, len(texts), EMBED_SLICE_CHUNKS)), maxlen=0)
            finally:
                stopped.set()
                calls.shutdown(cancel_futures=True)
