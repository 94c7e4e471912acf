"""What do settings gain on one half of a set's questions that were chosen on the other? And what does a sweep take?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import konverze_rag as kr
from benchmarks.measuring import save
from benchmarks.quality import SETS, lines
from benchmarks.ratios import Row, Watched, as_json
from konverze_rag.tuning import Candidate, Evaluation, QuestionSet, SearchSpace, Workbench
from konverze_rag.tuning.candidates import NONE
from konverze_rag.tuning.measuring.statistics import difference

QUESTION = "tuning"

METRIC = "ndcg@10"

SEED = 7
"""Of the halves."""

LEGS = {
    "BM25": Candidate(embedder=NONE),
    "dense": Candidate(settings=kr.TenantSettings(dense_weight=1.0, lexical_weight=0.0)),
}

SWEEP_GOAL_S = 600.0
"""A sweep of 60 candidates over `stackfaq`, at most."""

SURE = 0.05
"""From this p-value down, a difference is told as one."""


def run() -> list[Row]:
    """One row a set; empty where no sets are at hand."""
    folders = sorted(path.parent for path in SETS.glob("*/corpus.jsonl"))
    if not folders:
        print(f"no question sets in {SETS}: nothing measured")
        return []
    rows = [_measured(folder) for folder in folders]
    save(QUESTION, [as_json(row) for row in rows])
    return rows


def uploads_of(folder: Path) -> dict[str, bytes]:
    """Each document of a set as a Markdown file with its title as heading, by id."""
    return {
        row["id"]: f"# {row['title']}\n\n{row['text']}\n".encode() if row.get("title") else row["text"].encode()
        for row in lines(folder / "corpus.jsonl")
    }


def _measured(folder: Path) -> Row:
    chosen_by, held_out = QuestionSet.from_jsonl(folder / "queries.jsonl", name=folder.name).split(0.5, seed=SEED)
    settings = kr.Settings(embeddings="local", openai_api_key=None, openai_base_url=None)
    with tempfile.TemporaryDirectory() as data, kr.Engine.open(data, settings=settings) as engine:
        tenant = engine.tenant(folder.name)
        for part in _batches(uploads_of(folder)):
            tenant.ingest(part)
        since = time.perf_counter()
        with Workbench(tenant) as bench:
            sweep = bench.sweep(chosen_by, SearchSpace.default(), metric=METRIC)
            took_s = time.perf_counter() - since
            best = sweep.best().candidate
            legs = {name: bench.evaluate(held_out, leg) for name, leg in LEGS.items()}
            served, tuned = bench.evaluate(held_out), bench.evaluate(held_out, best)
        since = time.perf_counter()
        with Workbench(tenant) as bench:
            bench.sweep(chosen_by, SearchSpace.default(), metric=METRIC)
            again_s = time.perf_counter() - since
    goal = SWEEP_GOAL_S if folder.name == "stackfaq" else None
    return {
        "set": folder.name,
        "questions": len(held_out),
        **{name: leg.mean(METRIC) for name, leg in legs.items()},
        "as shipped": served.mean(METRIC),
        "tuned": Watched.share(tuned.mean(METRIC), goal=max(leg.mean(METRIC) for leg in legs.values())),
        "beside the best leg": _beside(tuned, max(legs.values(), key=lambda leg: leg.mean(METRIC))),
        "beside as shipped": _beside(tuned, served),
        "chosen": best.label,
        "61 trials, s": Watched.of([took_s], goal=goal),
        "again, s": again_s,
    }


def _batches(uploads: dict[str, bytes], size: int = 500) -> Sequence[dict[str, bytes]]:
    items = iter(uploads.items())
    return list(iter(lambda: dict(islice(items, size)), {}))


def _beside(tuned: Evaluation, other: Evaluation) -> str:
    """The mean difference with its interval, and whether it is one."""
    found = difference(other.scores[METRIC], tuned.scores[METRIC])
    said = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
    return f"{said}, p {found.p_value:.3f}" if found.p_value <= SURE else f"{said}, no difference"
