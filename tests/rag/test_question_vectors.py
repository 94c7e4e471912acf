"""The vectors of questions: kept per tenant, dropped with its keys, and embedded together while the model is busy."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder
from konverze_rag.question_batches import MAX_BATCH, REMOTE_CALLS_AT_ONCE, QuestionBatches
from konverze_rag.question_vectors import MAX_QUESTIONS, QuestionVectors


class Counting(HashingEmbedder):
    """Notes which questions each call embeds; calls wait while it is told to."""

    def __init__(self, *, refuses=()):
        super().__init__()
        self.calls, self.refuses, self.goes_on = [], refuses, threading.Event()
        self.goes_on.set()

    def embed_queries(self, texts):
        self.calls.append(list(texts))
        assert self.goes_on.wait(10)
        if refused := set(texts) & set(self.refuses):
            raise self.refuses[refused.pop()]
        return super().embed_queries(texts)


def asked_at_once(batches, texts):
    """What each of these questions gets when all come while the model is busy with another one."""
    model, outcomes = batches.embedder, {}

    def ask(text):
        try:
            outcomes[text] = batches.vector(text)
        except kr.ProviderError as error:
            outcomes[text] = error

    model.goes_on.clear()
    threads = [threading.Thread(target=ask, args=(text,)) for text in ("busy", *texts)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(model.calls) + len(batches._waiting) < number + 1:
            time.sleep(0.001)
    model.goes_on.set()
    for thread in threads:
        thread.join()
    return outcomes


def test_questions_that_come_while_the_model_is_busy_share_a_call():
    model = Counting()
    texts = [f"question {number}" for number in range(MAX_BATCH + 3)]
    outcomes = asked_at_once(QuestionBatches(model, calls_at_once=1), texts)
    assert model.calls == [["busy"], texts[:MAX_BATCH], texts[MAX_BATCH:]]
    for text in texts:
        np.testing.assert_allclose(outcomes[text], HashingEmbedder().embed_queries([text])[0], rtol=1e-6)
    assert QuestionBatches(model).vector("alone").shape == (model.info.dim,)


def test_an_error_reaches_those_who_asked_for_it_alone():
    model = Counting(refuses={"bad": kr.ProviderRejectedError("no")})
    outcomes = asked_at_once(QuestionBatches(model, calls_at_once=1), ["good", "bad", "fine"])
    assert isinstance(outcomes["bad"], kr.ProviderRejectedError)
    assert [outcomes[text].shape for text in ("good", "fine")] == [(model.info.dim,)] * 2


def test_a_model_that_is_asked_too_often_is_not_asked_more_often():
    model = Counting(refuses={"any": kr.RateLimitedError("slow down", retry_after_s=1.0)})
    outcomes = asked_at_once(QuestionBatches(model, calls_at_once=1), ["any", "other"])
    assert len(model.calls) == 2
    assert all(isinstance(outcomes[text], kr.RateLimitedError) for text in ("any", "other"))


def test_a_model_behind_a_network_takes_several_calls_at_once():
    class Remote(Counting):
        @property
        def info(self):
            info = super().info
            return type(info)(name=info.name, dim=info.dim, is_remote=True)

    model = Remote()
    asked_at_once(QuestionBatches(model), [f"question {number}" for number in range(REMOTE_CALLS_AT_ONCE + 1)])
    assert [len(call) for call in model.calls[:REMOTE_CALLS_AT_ONCE]] == [1] * REMOTE_CALLS_AT_ONCE
    assert sum(map(len, model.calls)) == REMOTE_CALLS_AT_ONCE + 2


def test_the_same_question_is_embedded_once_for_each_tenant(make_engine):
    model = Counting()
    engine = make_engine(embedder=model)
    for name in ("acme", "other"):
        engine.tenant(name).ingest(b"A refund takes 7 days.", source="a")
        for _ in range(3):
            assert engine.tenant(name).search("refund time")
    assert model.calls == [["refund time"]] * 2
    engine.tenant("acme").search("refund  time")
    assert len(model.calls) == 3


@pytest.mark.parametrize("lets_go", [lambda tenant: tenant.keyring.drop(), lambda tenant: tenant.index.evict()])
def test_vectors_leave_with_the_keys_and_with_the_index(make_engine, lets_go):
    model = Counting()
    acme = make_engine(embedder=model).tenant("acme")
    acme.ingest(b"A refund takes 7 days.", source="a")
    acme.search("refund time")
    assert acme._vectors.resident_bytes > 0
    lets_go(acme)
    assert acme._vectors.resident_bytes == 0
    assert acme._vectors._kept == {}
    acme.search("refund time")
    assert model.calls == [["refund time"]] * 2


def test_a_vector_that_comes_after_the_keys_were_dropped_is_not_kept():
    vectors = QuestionVectors()

    class Late(Counting):
        def embed_queries(self, texts):
            vectors.forget()
            return super().embed_queries(texts)

    model = Late()
    vectors.of("secret", model.info.fingerprint, QuestionBatches(model).vector)
    assert (vectors._kept, vectors.resident_bytes) == ({}, 0)


def test_only_the_latest_questions_are_kept():
    model, vectors = Counting(), QuestionVectors()
    batches = QuestionBatches(model)
    for number in range(MAX_QUESTIONS + 5):
        vectors.of(f"question {number}", model.info.fingerprint, batches.vector)
    known = [
        vectors.known(f"question {number}", model.info.fingerprint) is not None for number in range(MAX_QUESTIONS + 5)
    ]
    assert known == [False] * 5 + [True] * MAX_QUESTIONS
    assert vectors.known("question 7", "another model") is None
    assert MAX_QUESTIONS * model.info.dim * 4 < vectors.resident_bytes < MAX_QUESTIONS * (model.info.dim * 4 + 400)


def test_a_reindexed_tenant_asks_the_new_model(make_engine):
    first, second = Counting(), HashingEmbedder(32)
    acme = make_engine(embedder=first).tenant("acme")
    acme.ingest(b"A refund takes 7 days.", source="a")
    acme.search("refund time")
    acme.reindex(second)
    assert acme.search("refund time")
    assert first.calls == [["refund time"]]
