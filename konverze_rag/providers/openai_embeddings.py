"""Sentence embeddings by OpenAI's models, or by any server that speaks the protocol."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import openai

from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError
from konverze_core.protocols import EmbedderInfo
from konverze_rag.providers.breaker import CircuitBreaker
from konverze_rag.providers.openai_client import OpenAIConnection
from konverze_rag.providers.retry import RetryPolicy
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter
from konverze_rag.providers.unicode import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from konverze_core.protocols import Vectors

# OpenAI's bounds are 2,048 texts and 300,000 tokens a request; smaller ones keep a retry cheap.
_BATCH_TEXTS: Final = 256
_BATCH_TOKENS: Final = 100_000
# Models of this family shorten their vectors on request.
_SHORTENING_FAMILY: Final = "text-embedding-3-"


class OpenAIEmbedder:
    """Implements `Embedder`; one instance serves all threads and keeps its connections.

    Args:
        api_key: The secret.
        base_url: Root of the API, https or loopback; None for OpenAI's own.
        model: Model name as the provider spells it.
        dim: Length of a vector; text-embedding-3 models shorten theirs to it.
        max_tokens: Longer texts are cut, counted in cl100k_base, the tokenizer of OpenAI's embedding models.
        query_prefix: Put before each query, for models that want one.
        document_prefix: Put before each document text.
        answerable_score: See `EmbedderInfo`. The default is a guess between what text-embedding-3 gives to related
            (above .4) and unrelated texts (below .2); calibrate it by tuning.
        max_retries: Tries after the first one.
        connect_timeout_s: Longest wait for a connection.
        query_timeout_s: Time for a batch of queries, retries included: a visitor waits.
        document_timeout_s: Time for a batch of documents, retries included.
        proxy_url: HTTP proxy to go through; the environment is not asked for one.

    Raises:
        ConfigError: An argument is wrong.
        IntegrityError: The installed vocabulary is not OpenAI's.
    """

    def __init__(  # noqa: PLR0913  (keyword-only)
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        model: str = "text-embedding-3-small",
        dim: int = 1536,
        max_tokens: int = 8191,
        query_prefix: str = "",
        document_prefix: str = "",
        answerable_score: float = 0.3,
        max_retries: int = 2,
        connect_timeout_s: float = 5.0,
        query_timeout_s: float = 10.0,
        document_timeout_s: float = 60.0,
        proxy_url: str | None = None,
    ) -> None:
        self._counter = TokenCounter(CL100K)
        self._info = EmbedderInfo(
            name=model,
            dim=dim,
            query_prefix=query_prefix,
            document_prefix=document_prefix,
            max_tokens=max_tokens - max(self._counter.count_many([query_prefix, document_prefix])),
            answerable_score=answerable_score,
            is_remote=True,
        )
        self._max_tokens = max_tokens
        self._retry = RetryPolicy(max_retries=max_retries)
        self._breaker = CircuitBreaker()  # of queries: documents wait for a service that is down
        self._query_timeout_s = query_timeout_s
        self._document_timeout_s = document_timeout_s
        self._connection = OpenAIConnection(
            api_key=api_key,
            base_url=base_url,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=document_timeout_s,
            proxy_url=proxy_url,
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host that reads texts and questions."""
        return self._connection.hosts

    @property
    def info(self) -> EmbedderInfo:
        """What identifies the model."""
        return self._info

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            ProviderRejectedError: The request itself is refused, or the model's vectors are not `dim` long.
            ProviderUnavailableError: Not reached, failed, timed out, or malformed.
            RateLimitedError: Told to back off for longer than the time allows.
        """
        return self._embed([self._info.document_prefix + text for text in texts], self._document_timeout_s)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            ProviderRejectedError: The request itself is refused, or the model's vectors are not `dim` long.
            ProviderUnavailableError: Not reached, failed, timed out, or malformed.
            RateLimitedError: Told to back off for longer than the time allows.
        """
        with self._breaker.call():
            return self._embed([self._info.query_prefix + text for text in texts], self._query_timeout_s)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text in cl100k_base, prefix left out."""
        return self._counter.count_many(texts)

    def close(self) -> None:
        """Closes all connections."""
        self._connection.close()

    def _embed(self, texts: list[str], timeout_s: float) -> Vectors:
        # The API refuses an empty text, and takes a space.
        cut = [self._counter.truncate(encodable(text), self._max_tokens) or " " for text in texts]
        vectors = np.empty((len(cut), self._info.dim), np.float32)
        for batch in plan_batches(self._counter.count_many(cut)):
            deadline_s = time.monotonic() + timeout_s
            vectors[batch] = self._retry.call(
                lambda batch=batch, deadline_s=deadline_s: self._request(cut[batch], deadline_s),
                deadline_s=deadline_s,
            )
        return vectors

    def _request(self, texts: list[str], deadline_s: float) -> Vectors:
        shortens = self._info.name.startswith(_SHORTENING_FAMILY)
        with self._connection.until(deadline_s):
            response = self._connection.sdk.embeddings.create(
                model=self._info.name,
                input=texts,
                dimensions=self._info.dim if shortens else openai.omit,
                timeout=self._connection.timeout(deadline_s),
            )
            rows: list[Any] = sorted(response.data, key=lambda row: row.index)
            indices = [row.index for row in rows]
            lengths = {len(row.embedding) for row in rows}
            if indices != list(range(len(texts))):
                raise ProviderUnavailableError("the service did not send one vector for each text")
            if lengths != {self._info.dim}:
                raise ProviderRejectedError(
                    f"the model's vectors are {sorted(lengths)} long, not {self._info.dim}: set dim"
                )
            vectors = np.array([row.embedding for row in rows], np.float32)
        return _unit(vectors)


def plan_batches(tokens: Sequence[int]) -> list[slice]:
    """Consecutive ranges within the bounds of a request; a single text always fits."""
    batches: list[slice] = []
    start = total = 0
    for index, count in enumerate(tokens):
        if index > start and (index - start == _BATCH_TEXTS or total + count > _BATCH_TOKENS):
            batches.append(slice(start, index))
            start, total = index, 0
        total += count
    if start < len(tokens):
        batches.append(slice(start, len(tokens)))
    return batches


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise ProviderUnavailableError("the service sent a vector that is zero or not finite")
    return vectors / norms
