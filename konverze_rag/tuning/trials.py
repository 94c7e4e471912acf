"""Trials that are done, kept for a sweep that goes on later."""

from __future__ import annotations

import hashlib
import json

import msgspec
import numpy as np

from konverze_rag.tenant import Tenant
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.serving.cache import SealedCache
from konverze_rag.tuning.serving.scratch import Models
from konverze_rag.tuning.sweep import Trial
from konverze_rag.version import __version__


class _Kept(msgspec.Struct, frozen=True):
    """What is kept of a trial.

    Attributes:
        scores: By metric, one a question; NaN where it is not judged.
        latencies_ms: One a question.
        chunks: Size of the index.
    """

    scores: dict[str, list[float]]
    latencies_ms: list[float]
    chunks: int


class TrialCache:
    """Scores and latencies by all that they depend on: documents, questions, candidate, and what it is applied to.

    Args:
        cache: Keeps them.
        tenant: Whose documents are searched.
        models: What candidates name.
        generation: Of the tenant's index.
    """

    def __init__(self, cache: SealedCache, tenant: Tenant, models: Models, *, generation: int) -> None:
        self._cache = cache
        self._tenant = tenant
        self._models = models
        self._generation = generation

    def key(self, candidate: Candidate, questions: QuestionSet, k: int, *, answers: bool) -> str:
        """Tells a trial from all others; a reranker and a language model are known by their names alone."""
        served, models = self._tenant.configuration.current(), self._models
        chat = self._tenant.tenancy.chat
        base = {name: getattr(served, name) for name in (*TenantSettings.model_fields, "stemming")}
        embedder = models.embedders.get(candidate.embedder)
        parts = {
            "version": __version__,
            "generation": self._generation,
            "base": base,
            "candidate": candidate.digest,
            "embedder": embedder.info.fingerprint if embedder else "",
            "where": models.filters.get(candidate.where),
            "questions": questions.digest,
            "k": k,
            "chat": chat.info.name if answers and chat else "",
            "answers": answers,
        }
        return f"trial/{hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()}"

    def get(self, key: str, candidate: Candidate, *, number: int) -> Trial | None:
        """A trial that was done before; None where it was not.

        Raises:
            KonverzeError: As `SealedCache.get`.
        """
        data = self._cache.get(key)
        if data is None:
            return None
        kept = msgspec.msgpack.decode(data.data, type=_Kept)
        return Trial(
            number=number,
            candidate=candidate,
            scores={name: np.array(scores) for name, scores in kept.scores.items()},
            latencies_ms=np.array(kept.latencies_ms),
            chunks=kept.chunks,
        )

    def put(self, key: str, trial: Trial) -> None:
        """Keeps a trial.

        Raises:
            KonverzeError: As `SealedCache.put`.
        """
        kept = _Kept(
            scores={name: scores.tolist() for name, scores in trial.scores.items()},
            latencies_ms=trial.latencies_ms.tolist(),
            chunks=trial.chunks,
        )
        self._cache.put(key, msgspec.msgpack.encode(kept))
