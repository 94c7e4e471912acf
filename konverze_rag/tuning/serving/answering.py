"""Asks a tenant all questions, and judges its answers by what is known of the questions.

A citation is right where it lies in what is relevant: it shares characters with one of the question's passages, or, of
a question without passages, is of one of its documents. What is not known of a question, it is not judged by.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import regex

from konverze_core.answers import Answer, Citation
from konverze_core.retrieval import Hit
from konverze_rag.answering.parents import widened
from konverze_rag.answering.refusal import evidence, nearest_hit
from konverze_rag.asking import answerable_score_of
from konverze_rag.conversations import Conversations, Turn
from konverze_rag.tenant import Tenant
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Scores
from konverze_rag.tuning.measuring.scoring import folded, holds_whole
from konverze_rag.tuning.questions.question_set import Passage, Question, QuestionSet

_NOT_JUDGED = float("nan")
_MARK = regex.compile(r"\s?\[\d+\]")
_NAME_BYTES = 16


def answer_scores(question: Question, answer: Answer) -> dict[str, float]:
    """How good an answer is, 0 to 1 by each metric; NaN where it is not judged.

    `citation_precision` is NaN without citations. An answer that refuses is right of an unanswerable question only:
    it cites nothing of what is relevant, and `answered` is 0. `degraded` is 1 where a model failed, so that the answer
    is by what was left.

    Args:
        question: With what is known of its answer.
        answer: As it was given.
    """
    tests = _tests(question)
    right = [[test(citation) for test in tests] for citation in answer.citations]
    cited = [any(column) for column in zip(*right, strict=True)] if right else [False] * len(tests)
    said = folded(_MARK.sub("", answer.text))
    is_said = not answer.refused and any(holds_whole(said, folded(words)) for words in question.answers)
    return {
        "citation_precision": float(np.mean([any(row) for row in right])) if tests and right else _NOT_JUDGED,
        "citation_recall": float(np.mean(cited)) if tests else _NOT_JUDGED,
        "answered": float(is_said) if question.answers else _NOT_JUDGED,
        "refused": float(answer.refused),
        "degraded": float(answer.degraded is not None),
    }


def _tests(question: Question) -> Sequence[Callable[[Citation], bool]]:
    """One for each thing that is relevant: whether a citation lies in it."""
    if question.passages:
        return [partial(_lies_in, passage) for passage in question.passages]
    return [partial(_is_of, document_id) for document_id in question.relevant]


def _lies_in(passage: Passage, citation: Citation) -> bool:
    """Whether both share characters: by their spans, or, where one has none, by their words."""
    if citation.document_id != passage.document_id:
        return False
    if citation.span is not None and passage.span is not None:
        return max(citation.span.start, passage.span.start) < min(citation.span.end, passage.span.end)
    quote, sought = folded(citation.quote), folded(passage.text)
    return bool(quote and sought) and (holds_whole(sought, quote) or holds_whole(quote, sought))


def _is_of(document_id: str, citation: Citation) -> bool:
    return citation.document_id == document_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What came of a question.

    Attributes:
        answer: As it was given.
        hits: All that it could rest on, best first, which a refusal does not tell.
        threshold: Of its refusal.
    """

    answer: Answer
    hits: tuple[Hit, ...]
    threshold: float

    def scores(self, question: Question) -> dict[str, float]:
        found = evidence(self.answer.question, self.hits, answerable_score=self.threshold)
        return {**answer_scores(question, self.answer), "evidence": found}

    @property
    def nearest(self) -> float:
        hit = nearest_hit(self.hits)
        return _NOT_JUDGED if hit is None or hit.explain.dense_score is None else hit.explain.dense_score

    @property
    def latency_ms(self) -> float:
        return self.answer.timings.total_ms - self.answer.timings.store_ms

    @property
    def cost(self) -> float:
        return _NOT_JUDGED if self.answer.usage.cost is None else self.answer.usage.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """Asks a tenant.

    Attributes:
        tenant: Serves the candidate.
        conversations: Its own.
        where: Which chunks the answers may rest on.
    """

    tenant: Tenant
    conversations: Conversations
    where: Mapping[str, Any] | None

    def asked(self, question: Question) -> _Asked:
        tenant = self.tenant
        conversation = self._told(question.history) if question.history else None
        answer = tenant.ask(question.text, conversation=conversation, where=self.where)
        settings, snapshot = tenant.configuration.current(), tenant.index.snapshot()
        hits = tenant.retriever.search_both(
            answer.question, question.text, where=self.where, snapshot=snapshot, settings=settings
        )
        return _Asked(
            answer=answer,
            hits=widened(hits, partial(snapshot.parent_chunks, where=self.where)),
            threshold=answerable_score_of(settings, snapshot),
        )

    def _told(self, history: Sequence[tuple[str, str]]) -> str:
        """Name of a conversation in which these turns stand."""
        name = secrets.token_hex(_NAME_BYTES)
        for asked, answered in history:
            now = self.tenant.tenancy.clock.now()
            said = Answer(text=answered)
            self.conversations.append(Turn.of(said, question=asked, conversation=name, visitor=None, asked_at=now))
        return name


def evaluated_answers(
    tenant: Tenant,
    questions: QuestionSet,
    candidate: Candidate,
    *,
    where: Mapping[str, Any] | None = None,
    generation: int,
) -> AnswerEvaluation:
    """Asks a tenant all questions, one after the other.

    A question with a history is asked in a conversation of its own, where the turns before it are stored as the set
    tells them; the tenant is therefore one that is thrown away afterwards, as that of a workbench is.

    Args:
        tenant: Serves the candidate.
        questions: Whose answers are known, or known not to be there.
        candidate: What the tenant serves.
        where: Which chunks the answers may rest on.
        generation: Of the index that the tenant's documents were taken from.

    Raises:
        ConfigError: A question cannot be asked.
        ProviderError: The embedding model, or the reranker, failed. Where the language model does, the answer is
            `degraded`.
        StoreError: The tenant's index or a conversation cannot be read or written.
    """
    visit = _Visit(tenant=tenant, conversations=tenant.tenancy.conversations(tenant.keyring), where=where)
    asked = [visit.asked(question) for question in questions]
    judged = [one.scores(question) for one, question in zip(asked, questions, strict=True)]
    usages = [one.answer.usage for one in asked]
    return AnswerEvaluation(
        questions=questions,
        candidate=candidate,
        scores={name: _array(scores[name] for scores in judged) for name in (judged[0] if judged else ())},
        nearest=_array(one.nearest for one in asked),
        threshold=answerable_score_of(tenant.configuration.current(), tenant.index.snapshot()),
        latencies_ms=_array(one.latency_ms for one in asked),
        input_tokens=_array(usage.input_tokens for usage in usages),
        output_tokens=_array(usage.output_tokens for usage in usages),
        costs=_array(one.cost for one in asked),
        texts=tuple(one.answer.text for one in asked),
        generation=generation,
        evaluated_at=tenant.tenancy.clock.now(),
        searched=tuple(one.answer.question for one in asked),
        hits=tuple(one.hits for one in asked),
    )


def _array(values: Iterable[float]) -> Scores:
    return np.fromiter(values, np.float64)
