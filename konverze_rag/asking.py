"""From a question to an answer: condense, retrieve, compose, generate, verify, store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Semaphore
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
    Token,
    Usage,
)
from konverze_core.errors import KonverzeError, ProviderError, StoreError
from konverze_core.protocols import ChatModel, Clock, Embedder, Prompt
from konverze_indexes.snapshot import Snapshot
from konverze_rag.answer_cache import AnswerCache, AnswerKey, said_again
from konverze_rag.answer_stream import AnswerStream, link_guard
from konverze_rag.answering.compose import Composed, GroundingMode, PromptPolicy, TokenBudget, compose, rules_text
from konverze_rag.answering.condense import condense_prompt, condensed_without_model, needs_context, parsed_rewrite
from konverze_rag.answering.extractive import extract_answer
from konverze_rag.answering.parents import widened
from konverze_rag.answering.refusal import evidence, needed_evidence, refusal_text
from konverze_rag.conversations import Conversations, Turn
from konverze_rag.conversations.spending import Spending
from konverze_rag.draft import Draft
from konverze_rag.privacy import Privacy
from konverze_rag.providers.tiktoken_offline import TokenCounter
from konverze_rag.questions import MAX_QUERY_CHARS, Question
from konverze_rag.retrieval import Retriever
from konverze_rag.settings import Settings
from konverze_rag.similarity import EmbeddingSimilarity
from konverze_rag.telemetry import AskTrace
from konverze_rag.visitor_limits import VisitorLimits
from konverze_rag.writing import written, written_whole

CONDENSE_OUTPUT_TOKENS = 200
"""Longest rewritten question."""

CONDENSE_OVERHEAD_TOKENS = 16
"""More than a chat format adds to a prompt of two messages."""

CONDENSE_TIME_SHARE = 0.25
"""Share of the answer's deadline that rewriting the question may take."""

SUMMARISED_TURNS = 12
"""Turns before the latest `history_turns`, of which the model still gets the questions."""

MESSAGES_OF_A_TURN = 2
"""A question and an answer."""

NONCE_BYTES = 12

Events: TypeAlias = Generator[Event, None, None]


class Asking:
    """Answers the questions of one tenant's visitors.

    Args:
        retriever: Searches the tenant's index.
        conversations: Reads and stores turns.
        chat: Writes answers; None for extractive answers.
        counter: Counts the chat model's tokens.
        answers: Answers that were given before.
        limits: How often a visitor may ask.
        spending: What may be spent a day.
        settings: The tenant's settings at the moment of a call; an answer reads them once.
        clock: Dates the turns.
        computing: Held while a prompt is composed or the end of an answer verified; nothing is waited for meanwhile.
    """

    def __init__(
        self,
        retriever: Retriever,
        conversations: Conversations,
        *,
        chat: ChatModel | None,
        counter: TokenCounter,
        answers: AnswerCache,
        limits: VisitorLimits,
        spending: Spending,
        settings: Callable[[], Settings],
        clock: Clock,
        computing: Semaphore,
    ) -> None:
        self._retriever = retriever
        self._conversations = conversations
        self._chat = chat
        self._answers = answers
        self._limits = limits
        self._spending = spending
        self._settings = settings
        self._clock = clock
        self._computing = computing
        self._count = counter.count

    def stream(self, question: Question) -> Events:
        """The answer as events; the last one is `Done` or `Failed`."""
        told = AskTrace(self._retriever.index.blobs.tenant_id)
        try:
            answer = yield from self._answer(question, told)
            told.done(answer)
            yield Done(answer)
        except KonverzeError as error:
            told.failed(error)
            yield Failed(error)
        finally:
            told.abandoned()

    def _answer(self, question: Question, told: AskTrace) -> Generator[Event, None, Answer]:
        settings = self._settings()
        if settings.visitor_asks_per_minute is not None and question.visitor is not None:
            self._limits.admit(question.visitor, settings.visitor_asks_per_minute)
        draft = Draft(
            question=question,
            settings=settings,
            asked_at=self._clock.now(),
            started=time.perf_counter(),
            privacy=Privacy(settings.redact, settings.redaction_keeps),
            trace=told,
        )
        snapshot = self._retriever.index.snapshot()
        self._condense(draft)
        answer = keep = None
        if settings.answer_cache_size and not draft.history:
            key = AnswerKey.of(question, snapshot.manifest.generation)
            keep = self._answers.keeping(key, settings)
            answer = self._answers.known(key, settings)
        if answer is not None:
            yield from said_again(answer)
        else:
            answer = yield from self._answered(draft, snapshot)
            if keep is not None and answer.degraded is None:
                keep(answer)
        if question.conversation is not None:
            answer = self._stored(draft, answer, question.conversation)
        return replace(answer, timings=draft.timings())

    def _answered(self, draft: Draft, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        self._retrieve(draft, snapshot)
        if draft.degraded is not None:
            yield Degraded(draft.degraded)
        return (yield from self._written(draft, snapshot))

    def _stored(self, draft: Draft, answer: Answer, conversation: str) -> Answer:
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
            answer = replace(answer, turn=self._conversations.append(turn))
        except StoreError as error:
            lost = f"its turn was not stored: {error}"
            answer = replace(answer, degraded=f"{answer.degraded}; {lost}" if answer.degraded else lost)
        draft.mark("store", since)
        return answer

    def _condense(self, draft: Draft) -> None:
        since = time.perf_counter()
        asked = draft.question
        settings = draft.settings
        if asked.conversation is not None and settings.history_turns:
            self._recall(draft, asked.conversation)
        condensed = condensed_without_model(asked.text, draft.history)
        draft.standalone = condensed if len(condensed) <= MAX_QUERY_CHARS else asked.text
        if self._chat is not None and needs_context(asked.text, draft.history):
            # Where it fails, the model-free rewrite stands; whether the model answers is seen when it is asked to.
            with suppress(ProviderError):
                rewritten = self._rewritten(draft, self._chat)
                draft.standalone = draft.standalone if rewritten == asked.text else rewritten
        draft.mark("condense", since)

    def _recall(self, draft: Draft, conversation: str) -> None:
        settings = draft.settings
        turns = settings.history_turns + SUMMARISED_TURNS
        messages = self._conversations.history(conversation, turns=turns, retention_days=settings.retention_days)
        newest = max(0, len(messages) - MESSAGES_OF_A_TURN * settings.history_turns)
        draft.history = messages[newest:]
        draft.earlier = tuple(message.text for message in messages[:newest] if message.role == "user")

    def _rewritten(self, draft: Draft, chat: ChatModel) -> str:
        """The question as the model puts it for someone who has heard nothing before."""
        prompt = condense_prompt(draft.privacy.text(draft.question.text), draft.privacy.messages(draft.history))
        reserved = self._spending.reserve(draft.settings, partial(self._most_of_rewriting, prompt))
        usage = Usage()
        kept_back_s = draft.settings.answer_deadline_s * (1 - CONDENSE_TIME_SHARE)
        try:
            reply, usage = written_whole(
                chat,
                prompt,
                max_output_tokens=CONDENSE_OUTPUT_TOKENS,
                remaining_s=lambda: draft.remaining_s - kept_back_s,
            )
        finally:
            self._spending.settle(reserved, usage)
        draft.took(usage)
        return parsed_rewrite(draft.privacy.restored(reply), draft.question.text)

    def _retrieve(self, draft: Draft, snapshot: Snapshot) -> None:
        since = time.perf_counter()
        search = partial(
            self._retriever.telling(draft.took).search_both,
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

    def _written(self, draft: Draft, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        if self._chat is not None and draft.hits:
            try:
                return (yield from self._generated(draft, self._chat, snapshot))
            except ProviderError as error:
                draft.degraded = str(error)
                yield Degraded(draft.degraded)
        return (yield from self._extracted(draft, snapshot))

    def _generated(self, draft: Draft, chat: ChatModel, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        since = time.perf_counter()
        policy = _policy(draft.settings)
        nonce = secrets.token_hex(NONCE_BYTES)
        hits = draft.privacy.hits(draft.hits)
        with self._computing:
            composed = compose(
                draft.privacy.text(draft.question.text),
                hits,
                draft.privacy.messages(draft.history),
                earlier=[draft.privacy.text(earlier) for earlier in draft.earlier],
                policy=policy,
                budget=self._budget(chat, draft.settings),
                nonce=nonce,
            )
        since = draft.mark("compose", since)
        reserved = self._spending.reserve(draft.settings, partial(self._most, draft.settings, composed))
        sources = tuple(draft.hits[hits.index(source)] for source in composed.sources)
        with self._computing:
            stream = AnswerStream(
                sources,
                rules=rules_text(policy, question=draft.question.text, nonce=nonce),
                nonce=nonce,
                link_hosts=draft.settings.link_hosts,
                similarity=self._similarity(),
                computing=self._computing,
            )
        pieces = written(
            chat,
            replace(composed.prompt, end_user=self._pseudonym(draft.question)),
            max_output_tokens=draft.settings.max_output_tokens,
            remaining_s=lambda: draft.remaining_s,
        )
        try:
            yield from stream.events(draft.privacy.restoring(pieces))
        except ProviderError as error:
            draft.trace.chat(chat.info.name, stream.usage, time.perf_counter() - since, error)
            raise
        finally:
            self._spending.settle(reserved, self._used(stream, composed))
        draft.trace.chat(chat.info.name, stream.usage, time.perf_counter() - since)
        draft.took(stream.usage)
        yield draft.usage
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

    def _most_of_rewriting(self, prompt: Prompt) -> Usage:
        read = sum(map(self._count, (prompt.system, *(message.text for message in prompt.messages))))
        return Usage(input_tokens=read + CONDENSE_OVERHEAD_TOKENS, output_tokens=CONDENSE_OUTPUT_TOKENS)

    @staticmethod
    def _most(settings: Settings, composed: Composed) -> Usage:
        return Usage(input_tokens=composed.input_tokens, output_tokens=settings.max_output_tokens)

    def _used(self, stream: AnswerStream, composed: Composed) -> Usage:
        """What the model told; of an answer that broke off, what was read of it."""
        said = stream.checked.text
        if stream.usage.output_tokens or not said:
            return stream.usage
        return Usage(input_tokens=composed.input_tokens, output_tokens=self._count(said))

    def _pseudonym(self, question: Question) -> str:
        return "" if question.visitor is None else self._conversations.pseudonym(question.visitor)

    def _budget(self, chat: ChatModel, settings: Settings) -> TokenBudget:
        return TokenBudget(
            context_window_tokens=chat.info.context_window_tokens,
            max_output_tokens=settings.max_output_tokens,
            count=self._count,
        )

    def _extracted(self, draft: Draft, snapshot: Snapshot) -> Generator[Event, None, Answer]:
        since = time.perf_counter()
        score = answerable_score_of(draft.settings, snapshot)
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

    def _refused(self, draft: Draft, snapshot: Snapshot, *, mode: AnswerMode) -> Generator[Event, None, Answer]:
        text = draft.settings.refusal_text or refusal_text(draft.settings.answer_language, draft.question.text)
        yield Refusal(text)
        return replace(self._base(draft, snapshot), text=text, refused=True, mode=mode)

    @staticmethod
    def _base(draft: Draft, snapshot: Snapshot) -> Answer:
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


def answerable_score_of(settings: Settings, snapshot: Snapshot) -> float:
    """The threshold of `refusal.evidence`: the tenant's own, or else its embedding model's; 0 where words decide."""
    if settings.answerable_score is not None:
        return settings.answerable_score
    embedding = snapshot.manifest.embedding
    return embedding.answerable_score if embedding else 0.0


def _policy(settings: Settings) -> PromptPolicy:
    return PromptPolicy(
        persona=settings.persona,
        tone=settings.tone,
        mode=GroundingMode(settings.mode),
        language=settings.answer_language,
    )
