"""Measures one tenant's own index: how fast it answers, how exactly, and what it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from konverze_core.errors import ConfigError
from konverze_core.protocols import Vectors
from konverze_rag.tenant import DEFAULT_HITS, Tenant

QUERIES = 200
"""Passages of the tenant that stand in for questions, at most."""

WARM_UP = 20
"""Searches before any is measured."""

QPS_S = 1.0
"""Seconds for which each number of threads asks."""

QPS_THREADS = 4
"""Threads that ask at the same time, beside a measurement of one alone."""

COLD_OPENS = 5
"""How often the index is let go of and opened again."""

QUESTION_CHARS = 60
"""Beginning of a passage that the lexical leg is asked with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantMeasurement:
    """What a tenant's own passages, asked as questions, have shown.

    Vectors are taken from the index, so that no embedding model is measured.

    Attributes:
        chunks: Chunks that a search may return.
        queries: Passages that were asked.
        dense_p50_ms: Median time of a search by vector, milliseconds; None for a lexical index.
        dense_p99_ms: What one in a hundred exceeds.
        hybrid_p50_ms: Median time of a search by vector and words; by words alone for a lexical index.
        hybrid_p99_ms: What one in a hundred exceeds.
        qps_1: Such searches a second, asked by one thread.
        qps_4: Such searches a second, asked by four threads.
        recall_at_10: Share of the ten nearest chunks, by exact comparison, that the dense search finds; passages as
            questions flatter it. None for a lexical index.
        resident_bytes: What the decrypted index takes in memory.
        cold_open_ms: Median time to open the index from the store, keys at hand, and to search it once.
    """

    chunks: int
    queries: int
    dense_p50_ms: float | None
    dense_p99_ms: float | None
    hybrid_p50_ms: float
    hybrid_p99_ms: float
    qps_1: float
    qps_4: float
    recall_at_10: float | None
    resident_bytes: int
    cold_open_ms: float


class _Questions:
    """Passages of a tenant, with their vectors where it has any."""

    def __init__(self, tenant: Tenant) -> None:
        snapshot = tenant.index.snapshot()
        content = snapshot.live_content(snapshot.segments_by_id)
        texts = [chunk.text for document in content.documents for chunk in document.chunks]
        if not texts:
            raise ConfigError("there is nothing to measure: the tenant has no documents")
        self.chunks = len(texts)
        rows = np.random.default_rng(0).choice(len(texts), min(QUERIES, len(texts)), replace=False)
        self._tenant = tenant
        self._texts: list[str] = [texts[row][:QUESTION_CHARS] for row in rows.tolist()]
        self._all = content.vectors
        self._vectors = None if content.vectors is None else content.vectors[rows]

    def __len__(self) -> int:
        return len(self._texts)

    def dense(self, number: int) -> list[float]:
        """Searches by vector; returns the scores."""
        assert self._vectors is not None
        return [hit.score for hit in self._tenant.search(vector=self._vectors[number % len(self)], k=DEFAULT_HITS)]

    def hybrid(self, number: int) -> None:
        """Searches by words, and by vector where there is one."""
        place = number % len(self)
        vector: Vectors | None = None if self._vectors is None else self._vectors[place]
        self._tenant.search(self._texts[place], vector=vector, k=DEFAULT_HITS)

    def recall(self) -> float | None:
        """Share of the exact answers found; a hit as near as the last of them counts, whichever of equals it is."""
        if self._all is None or self._vectors is None:
            return None
        found = expected = 0
        for number, vector in enumerate(self._vectors):
            exact = np.sort(self._all @ vector)[::-1][:DEFAULT_HITS]
            tolerance = 1e-5 * max(1.0, float(np.abs(exact).max()))
            found += sum(score >= float(exact[-1]) - tolerance for score in self.dense(number))
            expected += len(exact)
        return found / expected

    @property
    def are_vectors(self) -> bool:
        """Whether the index has a dense leg."""
        return self._vectors is not None


def measure_tenant(tenant: Tenant) -> TenantMeasurement:
    """Searches a tenant some thousand times, and reads all of its texts; changes nothing.

    Raises:
        ConfigError: The tenant has no documents.
        KonverzeError: As `Tenant.search`.
    """
    questions = _Questions(tenant)
    ask = questions.hybrid
    dense = _times_ms(questions.dense, questions) if questions.are_vectors else None
    hybrid = _times_ms(ask, questions)
    return TenantMeasurement(
        chunks=questions.chunks,
        queries=len(questions),
        dense_p50_ms=None if dense is None else float(np.percentile(dense, 50)),
        dense_p99_ms=None if dense is None else float(np.percentile(dense, 99)),
        hybrid_p50_ms=float(np.percentile(hybrid, 50)),
        hybrid_p99_ms=float(np.percentile(hybrid, 99)),
        qps_1=_qps(ask, threads=1),
        qps_4=_qps(ask, threads=QPS_THREADS),
        recall_at_10=questions.recall(),
        resident_bytes=tenant.index.resident_bytes,
        cold_open_ms=_cold_open_ms(tenant, ask),
    )


def _times_ms(ask: Callable[[int], object], questions: _Questions) -> npt.NDArray[np.float64]:
    for number in range(WARM_UP):
        ask(number)
    return np.array([_timed_ms(lambda number=number: ask(number)) for number in range(max(QUERIES, len(questions)))])


def _timed_ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _qps(ask: Callable[[int], object], *, threads: int) -> float:
    counts = [0] * threads
    end = time.perf_counter() + QPS_S

    def work(place: int) -> None:
        while time.perf_counter() < end:
            ask(counts[place] * threads + place)
            counts[place] += 1

    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / QPS_S


def _cold_open_ms(tenant: Tenant, ask: Callable[[int], object]) -> float:
    times: list[float] = []
    for number in range(COLD_OPENS):
        tenant.index.evict()
        times.append(_timed_ms(lambda number=number: ask(number)))
    return float(np.median(times))
