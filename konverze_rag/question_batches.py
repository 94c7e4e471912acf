"""Embeds the questions that arrive while the model is busy in one call, whoever asks them."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from math import ceil

import numpy as np

from konverze_core.errors import ProviderError, RateLimitedError
from konverze_core.protocols import Embedder, Vectors
from konverze_rag.embedding import model_vectors

MAX_BATCH = 32
"""Questions of one call, at most."""

REMOTE_CALLS_AT_ONCE = 8
"""Calls under way to a model behind a network; a local one computes, one call on each core."""


class _Asked:
    """A question on its way."""

    __slots__ = ("error", "is_told", "leads", "text", "vector")

    def __init__(self, text: str) -> None:
        self.text = text
        self.vector: Vectors | None = None
        self.error: ProviderError | None = None
        self.leads = False
        self.is_told = threading.Event()


class QuestionBatches:
    """Embeds questions; safe to share between threads and tenants.

    A question that finds the model idle is embedded at once. Those that find it busy wait in line; when a call returns,
    the first of them makes the next one, for its share of those who wait.

    Args:
        embedder: The model.
        calls_at_once: Calls that make the model busy; by default as many as there are cores, or, behind a network,
            `REMOTE_CALLS_AT_ONCE`.

    Attributes:
        embedder: The same.
    """

    def __init__(self, embedder: Embedder, *, calls_at_once: int | None = None) -> None:
        self.embedder = embedder
        self._calls = calls_at_once or (REMOTE_CALLS_AT_ONCE if embedder.info.is_remote else os.cpu_count() or 1)
        self._idle_calls = self._calls
        self._waiting: deque[_Asked] = deque()
        self._lock = threading.Lock()

    def vector(self, text: str) -> Vectors:
        """The question's vector: float32, shape (dim,), a copy of its own.

        Raises:
            ProviderError: The model failed, on this question alone or because it is asked too often.
        """
        asked = _Asked(text)
        with self._lock:
            asked.leads = self._idle_calls > 0
            if asked.leads:
                self._idle_calls -= 1
            else:
                self._waiting.append(asked)
        if not asked.leads:
            asked.is_told.wait()
        if asked.leads:
            self._lead(asked)
        if asked.vector is not None:
            return asked.vector
        if isinstance(asked.error, RateLimitedError):
            raise asked.error
        return self._embedded([asked])[0]  # the call may have failed on account of another's question

    def _lead(self, first: _Asked) -> None:
        with self._lock:
            share = min(ceil((len(self._waiting) + 1) / self._calls), MAX_BATCH)
            others = [self._waiting.popleft() for _ in range(share - 1)]
        try:
            self._call(first, others)
        finally:
            self._pass_on()
            for asked in others:
                asked.is_told.set()

    def _call(self, first: _Asked, others: Sequence[_Asked]) -> None:
        batch = [first, *others]
        try:
            for asked, vector in zip(batch, self._embedded(batch), strict=True):
                asked.vector = vector.copy()  # the array of the call holds the others' too
        except ProviderError as error:
            if not others:
                raise
            for asked in batch:
                asked.error = error

    def _pass_on(self) -> None:
        """Lets the next one in line make the next call."""
        with self._lock:
            if not self._waiting:
                self._idle_calls += 1
                return
            heir = self._waiting.popleft()
        heir.leads = True
        heir.is_told.set()

    def _embedded(self, batch: Sequence[_Asked]) -> Vectors:
        made = model_vectors(self.embedder.embed_queries, [asked.text for asked in batch], dim=self.embedder.info.dim)
        return np.ascontiguousarray(made)
