"""Measures candidates on a tenant's documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np

from konverze_core.errors import ConfigError
from konverze_core.protocols import Embedder, Reranker
from konverze_rag.tenant import DEFAULT_HITS, Tenant
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation, Evaluation, Scores
from konverze_rag.tuning.optimising import Proposals, tpe_proposals
from konverze_rag.tuning.questions.question_set import QuestionSet
from konverze_rag.tuning.serving.answering import evaluated_answers
from konverze_rag.tuning.serving.cache import SealedCache
from konverze_rag.tuning.serving.corpus import Corpus
from konverze_rag.tuning.serving.retrieving import Retrieval
from konverze_rag.tuning.serving.scratch import Models, Scratch, Where
from konverze_rag.tuning.space import Between, SearchSpace
from konverze_rag.tuning.sweep import Sampler, Sweep, Trial
from konverze_rag.tuning.trials import TrialCache

DEFAULT_METRIC = "ndcg@10"
"""What a sweep compares candidates by."""

DEFAULT_TPE_TRIALS = 60
"""Candidates that an optimiser proposes."""

OnTrial: TypeAlias = Callable[[int, int], None]
"""Told how many trials are done, and of how many."""


class Workbench:
    """A tenant's documents, served from memory in other ways than they are; a context that lets go of them.

    What it works out once (parsed documents, vectors, scores) is cached, sealed under the tenant's keys, until a vacuum
    finds it old. It is for one thread at a time. A remote embedding model or language model is paid for outside the
    tenant's budget.

    Args:
        tenant: Whose documents; as of now.
        embedders: Models that candidates may name, beside the tenant's own.
        rerankers: Likewise.
        filters: What candidates may restrict all searches to, as `where` of a search.

    Raises:
        KonverzeError: The index cannot be opened.
    """

    def __init__(
        self,
        tenant: Tenant,
        *,
        embedders: Mapping[str, Embedder] | None = None,
        rerankers: Mapping[str, Reranker] | None = None,
        filters: Mapping[str, Where] | None = None,
    ) -> None:
        self._tenant = tenant
        self._corpus = Corpus(tenant)
        self._cache = cache = SealedCache(tenant.index.blobs, tenant.keyring, self._corpus.check)
        self._models = Models.of(
            self._corpus, cache, embedders=embedders or {}, rerankers=rerankers or {}, filters=filters or {}
        )
        self._trials = TrialCache(cache, tenant, self._models, generation=self._corpus.generation)
        self._scratch: tuple[object, Scratch] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the index in memory."""
        if self._scratch is not None:
            self._scratch[1].close()
            self._scratch = None

    def evaluate(
        self, questions: QuestionSet, candidate: Candidate | TenantSettings | None = None, *, k: int = DEFAULT_HITS
    ) -> Evaluation:
        """How well a candidate retrieves.

        Args:
            questions: Whose answers are known.
            candidate: What to measure, or its settings; the tenant as it is served by default.
            k: Hits of each search.

        Raises:
            ConfigError: The candidate's settings do not go together, or it names what the workbench does not have.
            ConflictError: Documents were deleted, erased or replaced since the workbench was opened.
            ProviderError: A model failed.
            StoreError: The tenant's documents cannot be read, or the cache not be written.
        """
        chosen = _candidate(candidate)
        scratch = self._opened(chosen)
        retrieval = Retrieval(scratch=scratch, candidate=chosen, where=self._models.filters[chosen.where], k=k)
        now = self._tenant.tenancy.clock.now()
        return retrieval.evaluation(questions, generation=self._corpus.generation, now=now)

    def ask(self, questions: QuestionSet, candidate: Candidate | TenantSettings | None = None) -> AnswerEvaluation:
        """How well a candidate answers: by the language model of the engine, where it has one.

        Args:
            questions: Whose answers are known, or known not to be there.
            candidate: What to measure, or its settings; the tenant as it is served by default.

        Raises:
            ConfigError: The candidate's settings do not go together, or it names what the workbench does not have.
            ConflictError: Documents were deleted, erased or replaced since the workbench was opened.
            ProviderError: The embedding model or the reranker failed.
            StoreError: The tenant's documents cannot be read, or the cache not be written.
        """
        chosen = _candidate(candidate)
        scratch = self._opened(chosen)
        scratch.tenant.configure(chosen.settings)
        return evaluated_answers(
            scratch.tenant,
            questions,
            chosen,
            where=self._models.filters[chosen.where],
            generation=self._corpus.generation,
        )

    def sweep(
        self,
        questions: QuestionSet,
        space: SearchSpace | Mapping[str, Sequence[Any] | Between],
        *,
        metric: str = DEFAULT_METRIC,
        sampler: Sampler = "grid",
        trials: int | None = None,
        seed: int = 0,
        k: int = DEFAULT_HITS,
        answers: bool = False,
        on_progress: OnTrial | None = None,
    ) -> Sweep:
        """Measures many candidates, and first the tenant as it is served.

        Searches come one after the other, so that their latencies are their own; a model embeds on all cores, or, where
        it is remote, in several calls at once. What was measured before is taken from the cache: a sweep that was
        interrupted goes on where it was.

        Args:
            questions: Whose answers are known.
            space: What to choose from.
            metric: What candidates are compared by.
            sampler: All combinations, or what an optimiser proposes.
            trials: Candidates, at most, beside the tenant as it is served; of a grid all by default, of an optimiser
                `DEFAULT_TPE_TRIALS`.
            seed: Of all random choices.
            k: Hits of each search.
            answers: Whether each candidate also answers all questions, so that citations, refusals, tokens and cost are
                among the scores.
            on_progress: Told how far it has come; what it raises ends the call.

        Returns:
            All trials; a candidate whose settings do not go together has an error in place of scores.

        Raises:
            ConfigError: The space cannot be searched so, or no question is judged by the metric.
            ConflictError: Documents were deleted, erased or replaced since the workbench was opened.
            MissingExtraError: The sampler is not installed.
            ProviderError: A model failed.
            StoreError: The tenant's documents cannot be read, or the cache not be written.
        """
        space = space if isinstance(space, SearchSpace) else SearchSpace.of(space)
        proposals, count = self._proposals(space, sampler, trials, seed)
        done: list[Trial] = []
        candidate, tell = Candidate(), on_progress or _unheard
        while True:
            done.append(self._tried(questions, candidate, number=len(done), k=k, answers=answers))
            if len(done) == 1 and np.isnan(done[0].mean(metric)):
                there = f"no question is judged by this metric; there are: {', '.join(done[0].scores)}"
                raise ConfigError(done[0].error or there)
            tell(len(done), count + 1)
            if len(done) > count:
                break
            candidate = next(proposals) if len(done) == 1 else proposals.send(_score(done[-1], metric))
        return Sweep(
            questions=questions,
            metric=metric,
            trials=tuple(done),
            generation=self._corpus.generation,
            finished_at=self._tenant.tenancy.clock.now(),
        )

    def _proposals(self, space: SearchSpace, sampler: Sampler, trials: int | None, seed: int) -> tuple[Proposals, int]:
        """Where candidates come from, and how many are tried."""
        if trials is not None and trials < 1:
            raise ConfigError("a sweep tries one candidate at least")
        if sampler == "tpe":
            return tpe_proposals(space, seed=seed), trials or DEFAULT_TPE_TRIALS
        if sampler != "grid":
            raise ConfigError('sampler is "grid" or "tpe"')
        candidates = space.grid(trials, seed=seed)
        candidates.sort(key=lambda one: repr(self._key(one)))  # so that each index is made once
        return _in_turn(candidates), len(candidates)

    def _key(self, candidate: Candidate) -> tuple[object, ...]:
        """What candidates share that are served from one index."""
        base = self._tenant.configuration.current()
        return Scratch.key(candidate, base.model_copy(update=candidate.settings.model_dump(exclude_none=True)))

    def _opened(self, candidate: Candidate) -> Scratch:
        """The candidate's index; the last one is kept until another is asked for."""
        self._models.check(candidate)
        key = self._key(candidate)
        try:
            self._corpus.check()
        except BaseException:
            self.close()
            raise
        if self._scratch is None or self._scratch[0] != key:
            self.close()
            self._scratch = key, Scratch(self._tenant, self._models, self._corpus.entries(self._cache), candidate)
        return self._scratch[1]

    def _tried(self, questions: QuestionSet, candidate: Candidate, *, number: int, k: int, answers: bool) -> Trial:
        """The candidate's trial, from the cache where it was tried before."""
        key = self._trials.key(candidate, questions, k, answers=answers)
        if (kept := self._trials.get(key, candidate, number=number)) is not None:
            return kept
        try:
            found = self.evaluate(questions, candidate, k=k)
            answered = _scores(self.ask(questions, candidate)) if answers else {}
        except ConfigError as error:
            return Trial(number=number, candidate=candidate, scores={}, latencies_ms=np.empty(0), error=str(error))
        trial = Trial(
            number=number,
            candidate=candidate,
            scores={**found.scores, **answered},
            latencies_ms=found.latencies_ms,
            chunks=found.chunks,
        )
        self._trials.put(key, trial)
        return trial


def _scores(found: AnswerEvaluation) -> dict[str, Scores]:
    taken = {"input_tokens": found.input_tokens, "output_tokens": found.output_tokens, "cost": found.costs}
    return {**found.scores, **taken}


def _candidate(given: Candidate | TenantSettings | None) -> Candidate:
    if given is None:
        return Candidate()
    return Candidate(settings=given) if isinstance(given, TenantSettings) else given


def _in_turn(candidates: list[Candidate]) -> Proposals:
    """All of them, whatever they score."""
    for candidate in candidates:
        _ = yield candidate


def _score(trial: Trial, metric: str) -> float | None:
    mean = trial.mean(metric)
    return None if np.isnan(mean) else mean


def _unheard(_: int, __: int) -> None:
    """Told, and does nothing."""
