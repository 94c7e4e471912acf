"""From a question to an answer: condense, retrieve, compose, generate, verify, store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from konverze_core.answers import (
    Answer,
    AnswerMode,
    Cited,
    Degraded,
    Done,
    Event,
    Failed,
    Refusal,
    Sources,
    Timings,
    Token,
    Usage,
)
from konverze_core.errors import KonverzeError, ProviderError, StoreError
from konverze_core.protocols import ChatModel, Clock, Embedder, Message
from konverze_core.retrieval import Hit
from konverze_indexes.snapshot import Snapshot
from konverze_rag.answer_stream import AnswerStream, link_guard
from konverze_rag.answering.compose import GroundingMode, PromptPolicy, TokenBudget, compose, rules_text
from konverze_rag.answering.condense import condense_prompt, condensed_without_model, needs_context, parsed_rewrite
from konverze_rag.answering.extractive import extract_answer
from konverze_rag.answering.parents import widened
from konverze_rag.answering.refusal import evidence, needed_evidence
from konverze_rag.conversations import Conversations, Turn
from konverze_rag.privacy import Privacy
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.questions import MAX_QUERY_CHARS, Question
from konverze_rag.retrieval import Retriever
from konverze_rag.settings import Settings
from konverze_rag.similarity import EmbeddingSimilarity
from konverze_rag.writing import written

CONDENSE_OUTPUT_TOKENS = 200
"""Longest rewritten question."""

CONDENSE_TIME_SHARE = 0.25
"""Share of the answer's deadline that rewriting the question may take."""

NONCE_BYTES = 12

Events: TypeAlias = Generator[Event, None, None]


@dataclass(slots=True)
class _Draft:
    """An answer in the making."""

    question: Question
    settings: Settings
    asked_at: datetime
    started: float
    privacy: Privacy
    history: tuple[Message, ...] = ()
    standalone: str = ""
    hits: tuple[Hit, ...] = ()
    degraded: str | None = None
    usage: Usage = field(default_factory=Usage)
    marks: dict[str, float] = field(default_factory=dict[str, float])

    def mark(self, stage: str, since: float) -> float:
        """Notes how long a stage took; returns the time at its end."""
        now = time.perf_counter()
        self.marks[f"{stage}_ms"] = self.marks.get(f"{stage}_ms", 0.0) + (now - since) * 1000
        return now

    def timings(self) -> Timings:
        """Milliseconds by stage, up to now."""
        return Timings(**self.marks, total_ms=(time.perf_counter() - self.started) * 1000)


class Asking:
    """Answers the questions of one tenant's visitors.

    Args:
        retriever: Searches the tenant's index.
        conversations: Reads and stores turns.
        chat: Writes answers; None for extractive answers.
        counter: Counts the chat model's tokens.
        settings: The tenant's settings at the moment of a call; an answer reads them once.
        clock: Dates the turns.
    """

    def __init__(
        self,
        retriever: Retriever,
        conversations: Conversations,
        *,
        chat: ChatModel | None,
        counter: TokenCounter,
        settings: Callable[[], Settings],
        clock: Clock,
    ) -> None:
        self._retriever = retriever
        self._conversations = conversations
        self._chat = chat
        self._settings = settings
        self._clock = clock
        self._count = counter.count

    def stream(self, question: Question) -> Events:
        """The answer as events; the last one is `Done` or `Failed`."""
        try:
            yield from self._answer(question)
        except KonverzeError as error:
            yield Failed(error)

    def _answer(self, question: Question) -> Events:
        settings = self._settings()
        draft = _Draft(
            question=question,
            settings=settings,
            asked_at=self._clock.now(),
            started=time.perf_counter(),
            privacy=Privacy(settings.redact, settings.redaction_keeps),
        )
        snapshot = self._retriever.index.snapshot()
        self._condense(draft)
        self._retrieve(draft, snapshot)
        if draft.degraded is not None:
            yield Degraded(draft.degraded)
        answer = yield from self._written(draft, snapshot)
        if question.conversation is not None:
            answer = self._stored(draft, answer, question.conversation)
        yield Done(replace(answer, timings=draft.timings()))

    def _stored(self, draft: _Draft, answer: Answer, conversation: str) -> Answer:
        """The answer behind its turn; one that the store did not take has been read already, and says so."""
        since = time.perf_counter()
        turn = Turn.of(
            replace(answer, timings=draft.timings()),
            question=draft.question.text,
            conversation=conversation,
            visitor=draft.question.visitor,
            asked_at=draft.asked_at,
        )
        try:
            self._conversations.append(turn)
        except StoreError as error:
            lost = f"its turn was not stored: {error}"
            answer = replace(answer, degraded=f"{answer.degraded}; {lost}" if answer.degraded else lost)
        draft.mark("store", since)
        return answer

    def _remaining_s(self, draft: _Draft) -> float:
        return draft.settings.answer_deadline_s - (time.perf_counter() - draft.started)

    def _condense(self, draft: _Draft) -> None:
        since = time.perf_counter()
        asked = draft.question
        settings = draft.settings
        if asked.conversation is not None and settings.history_turns:
            draft.history = self._conversations.history(
                asked.conversation, turns=settings.history_turns, retention_days=settings.retention_days
            )
        condensed = condensed_without_model(asked.text, draft.history)
        draft.standalone = condensed if len(condensed) <= MAX_QUERY_CHARS else asked.text
        if self._chat is not None and needs_context(asked.text, draft.history):
            kept_back_s = settings.answer_deadline_s * (1 - CONDENSE_TIME_SHARE)
            try:
                pieces = written(
                    self._chat,
                    condense_prompt(draft.privacy.text(asked.text), draft.privacy.messages(draft.history)),
                    max_output_tokens=CONDENSE_OUTPUT_TOKENS,
                    remaining_s=lambda: self._remaining_s(draft) - kept_back_s,
                )
                reply = "".join(piece for piece in pieces if isinstance(piece, str))
                rewritten = parsed_rewrite(draft.privacy.restored(reply), asked.text)
                draft.standalone = draft.standalone if rewritten == asked.text else rewritten
            except ProviderError:
                pass  # the model-free rewrite stands; whether the model answers is seen when it is asked to
        draft.mark("condense", since)

    def _retrieve(self, draft: _Draft, snapshot: Snapshot) -> None:
        since = time.perf_counter()
        search = partial(
            self._retriever.search_both,
            draft.standalone,
            draft.question.text,
            where=draft.question.where,
            snapshot=snapshot,
            settings=draft.settings,
        )
        try:
            hits = search()
        except ProviderError as error:
            draft.degraded = f"searched by words only: {error}"
            hits = search(is_lexical=True)
        draft.hits = widened(hits, partial(snapshot.parent_chunks, where=draft.question.where))
        draft.mark("retrieve", since)

    def _written(self, draft: _Draft, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        if self._chat is not None and draft.hits:
            try:
                return (yield from self._generated(draft, self._chat, snapshot))
            except ProviderError as error:
                draft.degraded = str(error)
                yield Degraded(draft.degraded)
        return (yield from self._extracted(draft, snapshot))

    def _generated(self, draft: _Draft, chat: ChatModel, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        since = time.perf_counter()
        policy = PromptPolicy(persona=draft.settings.persona, mode=GroundingMode(draft.settings.mode))
        nonce = secrets.token_hex(NONCE_BYTES)
        hits = draft.privacy.hits(draft.hits)
        composed = compose(
            draft.privacy.text(draft.question.text),
            hits,
            draft.privacy.messages(draft.history),
            policy=policy,
            budget=self._budget(chat, draft.settings),
            nonce=nonce,
        )
        since = draft.mark("compose", since)
        sources = tuple(draft.hits[hits.index(source)] for source in composed.sources)
        stream = AnswerStream(
            sources,
            rules=rules_text(policy, question=draft.question.text, nonce=nonce),
            nonce=nonce,
            link_hosts=draft.settings.link_hosts,
            similarity=self._similarity(),
        )
        pieces = written(
            chat,
            composed.prompt,
            max_output_tokens=draft.settings.max_output_tokens,
            remaining_s=partial(self._remaining_s, draft),
        )
        yield from stream.events(draft.privacy.restoring(pieces))
        yield self._used(draft, stream.usage)
        checked = stream.checked
        draft.mark("generate", since)
        if checked.refused or not checked.text.strip():
            return (yield from self._refused(draft, snapshot, mode=AnswerMode.GENERATED))
        return replace(
            self._base(draft, snapshot),
            text=checked.text,
            citations=checked.citations,
            mode=AnswerMode.GENERATED,
            hits=sources,
            removed_citations=checked.removed,
            unsupported=checked.unsupported,
            confidence=checked.confidence,
        )

    @staticmethod
    def _used(draft: _Draft, usage: Usage) -> Usage:
        draft.usage = draft.settings.priced(usage)
        return draft.usage

    def _budget(self, chat: ChatModel, settings: Settings) -> TokenBudget:
        return TokenBudget(
            context_window_tokens=chat.info.context_window_tokens,
            max_output_tokens=settings.max_output_tokens,
            count=self._count,
        )

    def _extracted(self, draft: _Draft, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        since = time.perf_counter()
        embedding = snapshot.manifest.embedding
        score = embedding.answerable_score if embedding else 0.0
        similarity = self._similarity()
        extract = None
        found = evidence(draft.standalone, draft.hits, answerable_score=score)
        if found >= needed_evidence(draft.hits, answerable_score=score):
            extract = extract_answer(
                draft.standalone, draft.hits, similarity=similarity.to_each if similarity else None
            )
        draft.mark("generate", since)
        if extract is None or not extract.text:
            return (yield from self._refused(draft, snapshot, mode=AnswerMode.EXTRACTIVE))
        guard = link_guard(draft.settings.link_hosts, draft.hits)
        text = guard.feed(extract.text) + guard.finish()
        yield Sources(draft.hits)
        yield Token(text)
        yield from (Cited(citation) for citation in extract.citations)
        base = self._base(draft, snapshot)
        return replace(base, text=text, citations=extract.citations, hits=draft.hits, confidence=found)

    def _refused(self, draft: _Draft, snapshot: Snapshot, *, mode: AnswerMode) -> Generator[Event, None, Answer]:
        yield Refusal(draft.settings.refusal_text)
        return replace(self._base(draft, snapshot), text=draft.settings.refusal_text, refused=True, mode=mode)

    @staticmethod
    def _base(draft: _Draft, snapshot: Snapshot) -> Answer:
        return Answer(
            text="",
            degraded=draft.degraded,
            usage=draft.usage,
            question=draft.standalone,
            generation=snapshot.manifest.generation,
        )

    def _similarity(self) -> EmbeddingSimilarity | None:
        embedder: Embedder | None = self._retriever.embedder
        return EmbeddingSimilarity(embedder) if embedder is not None and not embedder.info.is_remote else None
