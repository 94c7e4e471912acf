"""How good are the hits? R@5 and nDCG@10 of hybrid search with the embedded model, beside each leg alone."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import konverze_rag as kr
from benchmarks.measuring import save
from konverze_indexes.snapshot import Query

SETS = Path("../shared/data/quality")
"""Question sets: one folder each, with `corpus.jsonl` (id, title, text) and `queries.jsonl` (id, text, relevant)."""

K = 10
QUESTION = "quality"


def run() -> list[dict[str, Any]]:
    """One row a set; empty where no sets are at hand."""
    folders = sorted(path.parent for path in SETS.glob("*/corpus.jsonl"))
    if not folders:
        print(f"no question sets in {SETS}: nothing measured")
        return []
    rows = [_measured(folder) for folder in folders]
    save(QUESTION, rows)
    return rows


def chunks_of(corpus: Sequence[Mapping[str, Any]]) -> list[kr.Chunk]:
    """Each document as one chunk, with its title as heading."""
    return [
        kr.Chunk(document_id=row["id"], ordinal=0, text=row["text"], heading=row.get("title") or None) for row in corpus
    ]


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _measured(folder: Path) -> dict[str, Any]:
    corpus, queries = lines(folder / "corpus.jsonl"), lines(folder / "queries.jsonl")
    settings = kr.Settings(embeddings="local", openai_api_key=None, openai_base_url=None)
    with tempfile.TemporaryDirectory() as data, kr.Engine.open(data, settings=settings) as engine:
        tenant = engine.tenant(folder.name)
        tenant.add(chunks_of(corpus))
        assert engine.embedder is not None
        vectors = engine.embedder.embed_queries([query["text"] for query in queries])
        snapshot = tenant.index.snapshot()
        legs: Mapping[str, Callable[[int], list[kr.Hit]]] = {
            "hybrid": lambda number: tenant.search(queries[number]["text"], vector=vectors[number], k=K),
            "dense": lambda number: snapshot.search(Query(k=K, vector=vectors[number])),
            "BM25": lambda number: snapshot.search(Query(k=K, text=queries[number]["text"])),
        }
        figures: dict[str, Any] = {"set": folder.name, "documents": len(corpus), "questions": len(queries)}
        for name, search in legs.items():
            found = [[hit.chunk.document_id for hit in search(number)] for number in range(len(queries))]
            figures |= {
                f"{name} nDCG@10": float(np.mean([_ndcg(*pair) for pair in zip(found, queries, strict=True)])),
                f"{name} R@5": float(np.mean([_recall(*pair) for pair in zip(found, queries, strict=True)])),
            }
    return figures


def _recall(found: list[str], query: dict[str, Any]) -> float:
    return len(set(found[:5]) & set(query["relevant"])) / len(query["relevant"])


def _ndcg(found: list[str], query: dict[str, Any]) -> float:
    """Graded gain 2^grade - 1, discounted by log2(rank + 1) (Burges et al., ICML 2005)."""
    grades = {document: query.get("grades", {}).get(document, 1) for document in query["relevant"]}
    gained = [2 ** grades.get(document, 0) - 1 for document in found[:K]]
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:K]
    discounted = [sum(g / math.log2(rank + 2) for rank, g in enumerate(gains)) for gains in (gained, ideal)]
    return discounted[0] / discounted[1]
