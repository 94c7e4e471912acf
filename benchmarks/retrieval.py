"""How long does a search take, from a vector to hits with their texts, beside raw FAISS, which returns row numbers?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from matplotlib.figure import Figure

import konverze_rag as kr
from benchmarks.corpus import DIM, chunks, clustered_vectors, queries_near
from benchmarks.measuring import RESULTS, interleaved_ms, median, percentile, save

SIZES = (1_000, 10_000, 100_000)
K = 10
ROUNDS = 300
QUESTION = "retrieval"


def run() -> list[dict[str, Any]]:
    """One row a size; figures in milliseconds, one search thread."""
    faiss.omp_set_num_threads(1)
    rows = [_measured(size) for size in SIZES]
    save(QUESTION, rows)
    _plot(rows)
    return rows


def _measured(size: int) -> dict[str, Any]:
    vectors = clustered_vectors(size)
    queries = queries_near(vectors, ROUNDS)
    flat: Any = faiss.IndexFlatIP(DIM)
    flat.add(vectors)
    settings = kr.Settings(embeddings="none", openai_api_key=None, openai_base_url=None)
    with tempfile.TemporaryDirectory() as folder, kr.Engine.open(folder, settings=settings) as engine:
        tenant = engine.tenant("benchmark")
        given = chunks(size)
        tenant.add(given, vectors)
        texts = [chunk.text for chunk in given]
        contestants: dict[str, Callable[[int], object]] = {
            "dense": lambda turn: tenant.search(vector=queries[turn], k=K),
            "hybrid": lambda turn: tenant.search(" ".join(texts[turn].split()[:5]), vector=queries[turn], k=K),
            "filtered": lambda turn: tenant.search(vector=queries[turn], k=K, where={"price": {"lt": 10}}),
        }
        figures: dict[str, Any] = {
            "chunks": size,
            "recall@10": float(np.mean([_recall(tenant, vectors, query, texts) for query in queries[:100]])),
        }
        for name, search in contestants.items():
            # One at a time beside FAISS: both then find their vectors equally far from the processor's caches.
            times = interleaved_ms(
                {"faiss": lambda turn: flat.search(queries[turn : turn + 1], K), name: search}, rounds=ROUNDS
            )
            raw, ours = median(times["faiss"]), median(times[name])
            figures |= {"faiss p50 ms": raw} if name == "dense" else {}
            figures |= {
                f"{name} p50 ms": ours,
                f"{name} p99 ms": percentile(times[name], 99),
                f"{name} / faiss": ours / raw,
            }
    return figures


def _recall(tenant: kr.Tenant, vectors: Any, query: Any, texts: list[str]) -> float:
    """Share of the true ten nearest, by a plain matrix product, that the search found with the right text."""
    nearest = np.argsort(-(vectors @ query))[:K]
    found = {hit.chunk.text for hit in tenant.search(vector=query, k=K)}
    return sum(texts[row] in found for row in nearest) / K


def _plot(rows: list[dict[str, Any]]) -> None:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes: Any = figure.subplots()
    sizes = [row["chunks"] for row in rows]
    for name, label in (
        ("faiss", "raw FAISS flat, row numbers only"),
        ("dense", "dense, hits with text"),
        ("hybrid", "hybrid, hits with text"),
        ("filtered", "dense, 10 % of chunks allowed"),
    ):
        axes.plot(sizes, [row[f"{name} p50 ms"] for row in rows], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="chunks of 384 dimensions", ylabel="median latency, ms")
    axes.set_title("Search latency, one thread, exact (recall@10 = 1)")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend()
    cast("Any", figure).savefig(RESULTS / f"{QUESTION}.png", dpi=110)
