"""Does a bot without a language model know what it cannot answer? Refusals of three kinds of questions, by set."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np

import konverze_rag as kr
from benchmarks.measuring import RESULTS, save
from benchmarks.quality import SETS, chunks_of, lines
from benchmarks.ratios import Row, Watched, as_json
from konverze_rag.answering.refusal import evidence, needed_evidence

QUESTION = "refusing"

TWINS = ("xquad_en", "xquad_hi_dev")
"""Sets of the same articles: what one asks is not foreign to the other."""

MOST = 200
"""Questions of a kind and set, drawn at random."""

F1_GOAL = 0.9
"""Of refusing, on questions that the documents answer and as many that are foreign to them."""

Model: TypeAlias = Literal["local", "none"]
MODELS: dict[Model, str] = {"local": "e5", "none": "words only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Questions of one kind, put to one set.

    Attributes:
        refused: Of each, whether the bot refused it.
        surplus: Of each, its evidence less what is needed.
    """

    refused: list[bool]
    surplus: list[float]

    @property
    def share(self) -> float:
        """Refused of all."""
        return sum(self.refused) / len(self.refused)


def run() -> list[Row]:
    """One row a set and model; empty where no sets are at hand."""
    folders = sorted(path.parent for path in SETS.glob("*/corpus.jsonl"))
    if not folders:
        print(f"no question sets in {SETS}: nothing measured")
        return []
    rows: list[Row] = []
    curves: dict[str, tuple[_Asked, _Asked]] = {}
    for folder in folders:
        others = [other for other in folders if other != folder and not {other.name, folder.name} <= set(TWINS)]
        foreign = [query["text"] for other in others for query in lines(other / "queries.jsonl")]
        for model, name in MODELS.items():
            answered, near, far = _measured(folder.name, foreign, model)
            rows.append({"set": folder.name, "search": name, **_figures(answered, near, far)})
            if model == "local":
                curves[folder.name] = answered, far
    save(QUESTION, [as_json(row) for row in rows])
    _plot(curves)
    return rows


def _figures(answered: _Asked, near: _Asked, far: _Asked) -> Row:
    count = min(len(answered.refused), len(far.refused))
    right, wrong = sum(far.refused[:count]), sum(answered.refused[:count])
    f1 = 2 * right / (right + wrong + count)
    return {
        "questions": len(answered.refused),
        "refused of answered": answered.share,
        "refused of foreign": far.share,
        "F1 of refusing": Watched.share(f1, goal=F1_GOAL),
        "refused without its document": near.share,
    }


def _measured(name: str, foreign: Sequence[str], model: Model) -> tuple[_Asked, _Asked, _Asked]:
    """A bot that has every other document: what it answers, what its other half would, and what is foreign to it."""
    draw = random.Random(name)
    corpus = lines(SETS / name / "corpus.jsonl")
    held = corpus[::2]
    ids = {row["id"] for row in held}
    queries = lines(SETS / name / "queries.jsonl")
    answered = [query["text"] for query in queries if ids & set(query["relevant"])]
    near = [query["text"] for query in queries if not ids & set(query["relevant"])]
    settings = kr.Settings(embeddings=model, openai_api_key=None, openai_base_url=None)
    with tempfile.TemporaryDirectory() as data, kr.Engine.open(data, settings=settings) as engine:
        tenant = engine.tenant(name)
        tenant.add(chunks_of(held))
        kinds = [draw.sample(kind, min(MOST, len(kind))) for kind in (answered, near, foreign)]
        return tuple(_put(tenant, kind, settings.retrieval_k) for kind in kinds)  # pyright: ignore[reportReturnType]


def _put(tenant: kr.Tenant, questions: Sequence[str], k: int) -> _Asked:
    embedding = tenant.index.snapshot().manifest.embedding
    score = embedding.answerable_score if embedding else 0.0
    surplus: list[float] = []
    for question in questions:
        hits = tenant.search(question, k=k)
        surplus.append(evidence(question, hits, answerable_score=score) - needed_evidence(hits, answerable_score=score))
    return _Asked(refused=[tenant.ask(question).refused for question in questions], surplus=surplus)


def _plot(curves: dict[str, tuple[_Asked, _Asked]]) -> None:
    """Shares refused at every threshold of the evidence, with a dot where the library stands."""
    drawing: Any = import_module("matplotlib.figure")
    figure: Any = drawing.Figure(figsize=(7, 5), layout="constrained")
    axes: Any = figure.subplots()
    for name, (answered, far) in curves.items():
        thresholds = np.unique([-1.0, *answered.surplus, *far.surplus, 1.0])
        x, y = (np.searchsorted(np.sort(of.surplus), thresholds) / len(of.surplus) for of in (answered, far))
        [line] = axes.plot(x, y, label=name)
        axes.plot(answered.share, far.share, marker="o", color=line.get_color())
    axes.set(xlim=(-0.01, 0.31), ylim=(0.69, 1.01))
    axes.set(xlabel="refused, though a document answers", ylabel="refused, as the question is foreign")
    axes.set_title("Refusals by threshold of the evidence (dot: as shipped)")
    axes.grid(visible=True, alpha=0.2)
    axes.legend(loc="lower right")
    figure.savefig(RESULTS / f"{QUESTION}.png", dpi=110)
