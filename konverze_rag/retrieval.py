"""From a question to hits: embed, search, and search again under the visitor's own words."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from msgspec import structs

from konverze_core.errors import ConfigError, EmbedderMismatchError, ProviderUnavailableError
from konverze_core.protocols import Reranker, Vectors
from konverze_core.retrieval import Hit
from konverze_indexes.fusion import Ranking, fused, shares_by_rank
from konverze_indexes.index import TenantIndex
from konverze_indexes.snapshot import Query, Snapshot
from konverze_rag.outgoing import DiscreetEmbedder, OnUsage, TenantQuestions
from konverze_rag.privacy import Privacy
from konverze_rag.question_vectors import QuestionVectors
from konverze_rag.questions import checked_query
from konverze_rag.seam import provider_seam
from konverze_rag.settings import Settings

MAX_HITS = 1_000
"""Largest `k` of a search."""

MAX_COMPONENT = 1e15
"""Largest component of a vector, so that no inner product overflows."""

MASKED_SHARE = 0.2
"""What is left of the dense weight for a question whose numbers and addresses its vector lacks: words have them."""

ORIGINAL_WEIGHT = 0.3
"""Weight of the visitor's own words beside the rewritten question."""


def checked_k(k: int) -> int:
    """How many hits to return.

    Raises:
        ConfigError: Not between 1 and `MAX_HITS`.
    """
    if type(k) is int and 1 <= k <= MAX_HITS:
        return k
    if isinstance(k, bool) or not isinstance(k, numbers.Integral) or not 1 <= k <= MAX_HITS:
        raise ConfigError(f"k must be a whole number from 1 to {MAX_HITS}")
    return int(k)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever:
    """Searches one tenant's index.

    Attributes:
        index: The tenant's index.
        model: Embeds questions; None for lexical search.
        upcoming: Embeds them once a commit has brought it in, where a reindexing is under way.
        vectors: Of questions that were asked before.
        reranker: Looks again at the hits of a text search; None to keep the fused order.
        settings: The tenant's settings at the moment of a call; a search reads them once.
    """

    index: TenantIndex
    model: TenantQuestions | None
    vectors: QuestionVectors
    reranker: Reranker | None
    settings: Callable[[], Settings]
    upcoming: TenantQuestions | None = None

    @property
    def embedder(self) -> DiscreetEmbedder | None:
        """The model that embeds questions; None for lexical search."""
        return None if self.model is None else self.model.embedder

    def telling(self, tell: OnUsage) -> Retriever:
        """The same, which tells somebody what its questions take of a remote model."""
        model, upcoming = (one and one.telling(tell) for one in (self.model, self.upcoming))
        return replace(self, model=model, upcoming=upcoming)

    def is_ready(self, text: str | None, vector: npt.ArrayLike | None) -> bool:
        """Whether a search would wait neither for the store nor for a model; a blank or illegal text does not."""
        snapshot = self.index.at_hand()
        if snapshot is None or vector is not None or not isinstance(text, str) or not text.strip():
            return snapshot is not None
        embedding = snapshot.manifest.embedding
        return embedding is None or self.vectors.known(text, embedding.fingerprint) is not None

    def prepare(self, text: str | None, vector: npt.ArrayLike | None) -> None:
        """Opens the index, and embeds the question where that has to be, so that a search is ready.

        Raises:
            KonverzeError: As `search`.
        """
        snapshot = self.index.snapshot()
        if vector is None and text is not None and (asked := checked_query(text)).strip():
            self._embedded(asked, snapshot)
            self.settings()

    def search(
        self,
        text: str | None,
        *,
        k: int,
        where: Mapping[str, Any] | None = None,
        vector: npt.ArrayLike | None = None,
        snapshot: Snapshot | None = None,
        is_lexical: bool = False,
        settings: Settings | None = None,
    ) -> list[Hit]:
        """Hits, best first.

        Args:
            text: What to search for; None when a vector alone says it. A blank text finds nothing.
            k: At most this many hits.
            where: Which chunks may be returned.
            vector: float32, shape (dim,): a ready query vector; skips the embedder.
            snapshot: The generation to search; the newest by default.
            is_lexical: Search by words only, without the embedder.
            settings: Weights of the two legs; the tenant's current ones by default.

        Raises:
            ConfigError: The question, the vector, `k` or `where` is not legal.
            EmbedderMismatchError: The index was built with another model than the engine's.
            ProviderError: The embedding service failed, or the budget of the day does not cover the question.
        """
        snapshot, k = snapshot or self.index.snapshot(), checked_k(k)
        if text is None and vector is None:
            raise ConfigError("search for a text, a vector, or both")
        asked = checked_query(text) if text is not None else ""
        if not asked.strip() and vector is None:
            return []
        settings = settings or self.settings()
        is_masked = False
        if vector is None and not is_lexical:
            vector = self._embedded(asked, snapshot)
            is_masked = self.embedder is not None and self.embedder.hides(asked, settings)
        if vector is not None:
            vector = _checked_vector(vector, snapshot)
        if not asked.strip():
            return snapshot.search(Query(k=k, vector=vector, where=where, relevance_weight=settings.relevance_weight))
        query = Query(
            k=k,
            text=asked,
            vector=vector,
            where=where,
            fusion=settings.fusion,
            dense_weight=settings.dense_weight * (MASKED_SHARE if is_masked else 1),
            lexical_weight=settings.lexical_weight,
            relevance_weight=settings.relevance_weight,
        )
        hits = snapshot.search(query)
        return hits if self.reranker is None else _reranked(self.reranker, asked, hits, settings)

    def _embedded(self, text: str, snapshot: Snapshot) -> Vectors | None:
        embedding = snapshot.manifest.embedding
        if embedding is None or not snapshot.segments:
            return None
        if (known := self.vectors.known(text, embedding.fingerprint)) is not None:
            return known
        models = {one.embedder.info.fingerprint: one for one in (self.upcoming, self.model) if one is not None}
        model = models.get(embedding.fingerprint)
        if model is None:
            mine = self.embedder.info.name if self.embedder else "no embedding model"
            raise EmbedderMismatchError(
                f"the index was built with {embedding.name}, the engine has {mine}: "
                "open the engine with the model of the index, or search with vector="
            )
        return self.vectors.of(text, embedding.fingerprint, model.vector)

    def search_both(
        self,
        standalone: str,
        original: str,
        *,
        where: Mapping[str, Any] | None,
        snapshot: Snapshot,
        settings: Settings,
        is_lexical: bool = False,
    ) -> list[Hit]:
        """Hits of a rewritten question, fused with those of the visitor's own words, since rewrites drift."""
        k = settings.retrieval_k
        search = partial(self.search, k=k, where=where, snapshot=snapshot, is_lexical=is_lexical, settings=settings)
        hits = search(standalone)
        if standalone == original:
            return hits
        second = search(original)
        found = {_place(hit): hit for hit in [*second, *hits]}
        numbers = {place: number for number, place in enumerate(found)}
        legs = [
            Ranking(items := [numbers[_place(hit)] for hit in leg], shares_by_rank(items, weight=weight))
            for leg, weight in ((hits, 1.0), (second, ORIGINAL_WEIGHT))
        ]
        ordered = list(found.values())
        return [ordered[number] for number in fused(*legs, k=k).items]


def _reranked(reranker: Reranker, asked: str, hits: Sequence[Hit], settings: Settings) -> list[Hit]:
    """The hits as the reranker orders them, which also say what their scores were before.

    One that does not say that all stays on this machine sees no personal data that the settings redact.
    """
    stays_here = getattr(reranker, "hosts", None) == ()
    privacy = Privacy(() if stays_here else settings.redact, settings.redaction_keeps)
    shown = privacy.hits(hits)
    given = {id(seen.chunk): hit for seen, hit in zip(shown, hits, strict=True)}
    with provider_seam("the reranker"):
        ranked = reranker.rerank(privacy.text(asked), shown)
    if any(id(hit.chunk) not in given for hit in ranked):
        raise ProviderUnavailableError("the reranker gave a chunk that it was not given")
    return [_explained(given[id(hit.chunk)], hit) for hit in ranked]


def _explained(before: Hit, after: Hit) -> Hit:
    explain = structs.replace(after.explain, fused_score=before.score)
    return structs.replace(after, chunk=before.chunk, explain=explain)


def _place(hit: Hit) -> tuple[str, int, str]:
    """What tells a chunk from all others; chunks that were added may share their ordinal."""
    return hit.chunk.document_id, hit.chunk.ordinal, hit.chunk.text


def _as_floats(what: str, vectors: npt.ArrayLike) -> Vectors:
    try:
        array = np.asarray(vectors)
    except (ValueError, TypeError):
        # The error may quote the values: it is not chained.
        raise ConfigError(f"{what} must be numbers in an array") from None
    if array.dtype.kind not in "fiu":
        raise ConfigError(f"{what} must be real numbers, not {array.dtype}")
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, np.float32)
    if not (np.abs(floats) <= MAX_COMPONENT).all():
        raise ConfigError(f"{what} must be finite, and no component above {MAX_COMPONENT:g}")
    return floats


def _is_plain(vector: npt.ArrayLike) -> TypeGuard[Vectors]:
    """Whether nothing is to be converted or refused, in a microsecond: a search takes a few dozen."""
    return (
        type(vector) is np.ndarray
        and vector.dtype == np.float32
        and vector.ndim == 1
        and vector.flags.c_contiguous
        and bool(np.dot(vector, vector) <= MAX_COMPONENT)  # of the square, hence stricter; false for NaN
    )


def _checked_vector(vector: npt.ArrayLike, snapshot: Snapshot) -> Vectors:
    array = vector if _is_plain(vector) else _as_floats("vector", vector)
    dim = snapshot.manifest.embedding.dim if snapshot.manifest.embedding else None
    if array.ndim != 1 or (dim is not None and len(array) != dim):
        raise ConfigError(f"vector must have shape ({dim or 'dim'},), not {array.shape}")
    return array


def checked_vectors(vectors: npt.ArrayLike, count: int) -> Vectors:
    """Bulk vectors in the form that the index takes.

    Args:
        vectors: float32, shape (count, dim).
        count: Number of chunks.

    Raises:
        ConfigError: Another shape, or a value that is not finite.
    """
    array = _as_floats("vectors", vectors)
    if array.ndim != 2 or len(array) != count or array.shape[1] == 0:  # noqa: PLR2004
        raise ConfigError(f"vectors must have shape ({count}, dim), not {array.shape}")
    return array
