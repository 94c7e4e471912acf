"""Asks a candidate's index all questions, and judges what it finds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from konverze_core.protocols import Message
from konverze_core.retrieval import Hit
from konverze_rag.answering.condense import condensed_without_model
from konverze_rag.answering.parents import widened
from konverze_rag.questions import MAX_QUERY_CHARS
from konverze_rag.settings import Settings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import Evaluation
from konverze_rag.tuning.measuring.scoring import scores_of
from konverze_rag.tuning.questions.question_set import Question, QuestionSet
from konverze_rag.tuning.serving.scratch import Scratch, Where

WARM_UP = 20
"""Searches before any is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """One run of all questions.

    Attributes:
        scratch: Serves the candidate.
        candidate: What is measured.
        where: Which chunks may be found.
        k: Hits of each search.
    """

    scratch: Scratch
    candidate: Candidate
    where: Where | None
    k: int

    def evaluation(self, questions: QuestionSet, *, generation: int, now: datetime) -> Evaluation:
        """How well the questions' answers are found.

        Raises:
            ConfigError: The candidate's settings do not go together, or a question cannot be asked.
            ProviderError: The embedding model, or the reranker, failed.
        """
        asked = [(standalone_of(question), question.text) for question in questions]
        self.scratch.embed_questions(list(dict.fromkeys(text for pair in asked for text in pair)))
        settings = self.scratch.settings(self.candidate).model_copy(update={"retrieval_k": self.k})
        for pair in asked[:WARM_UP]:
            self._searched(*pair, settings)
        found = [self._searched(*pair, settings) for pair in asked]
        judged = [scores_of(one, hits) for one, (hits, _) in zip(questions, found, strict=True)]
        names = list(dict.fromkeys(name for scores in judged for name in scores))
        return Evaluation(
            questions=questions,
            candidate=self.candidate,
            k=self.k,
            scores={name: np.array([scores.get(name, np.nan) for scores in judged]) for name in names},
            latencies_ms=np.array([latency_ms for _, latency_ms in found]),
            hits=tuple(hits for hits, _ in found),
            chunks=self.scratch.chunks,
            generation=generation,
            evaluated_at=now,
        )

    def _searched(self, standalone: str, original: str, settings: Settings) -> tuple[tuple[Hit, ...], float]:
        """Hits as an answer would rest on them, and the milliseconds of the search."""
        tenant = self.scratch.tenant
        retriever, snapshot = tenant.retriever, tenant.index.snapshot()
        for text in {standalone, original}:
            retriever.prepare(text, None)
        since = time.perf_counter()
        hits = retriever.search_both(standalone, original, where=self.where, snapshot=snapshot, settings=settings)
        latency_ms = (time.perf_counter() - since) * 1_000
        return widened(hits, partial(snapshot.parent_chunks, where=self.where)), latency_ms


def standalone_of(question: Question) -> str:
    """The question as it is searched, by the rewrite that needs no model."""
    condensed = condensed_without_model(question.text, history_of(question))
    return condensed if len(condensed) <= MAX_QUERY_CHARS else question.text


def history_of(question: Question) -> Sequence[Message]:
    """Earlier turns as messages, oldest first."""
    return [
        Message(role=role, text=text)
        for asked, answered in question.history
        for role, text in (("user", asked), ("assistant", answered))
    ]
