"""OpenAIEmbedder against a server on a real socket: batches, order, limits, faults."""

from __future__ import annotations

import time

import numpy as np
import pytest

from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError, RateLimitedError
from konverze_rag.providers import openai_embeddings
from konverze_rag.providers.openai_embeddings import OpenAIEmbedder, plan_batches
from konverze_rag.providers.retry import RetryPolicy
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter
from tests.servers.openai_server import OpenAIServer, Reply

KEY = "sk-secret-0123456789"
DIM = 8


@pytest.fixture
def server():
    with OpenAIServer(api_key=KEY, dim=DIM) as running:
        yield running


@pytest.fixture
def embedder(server):
    return make(server)


def make(server, **arguments):
    made = OpenAIEmbedder(**{"api_key": KEY, "base_url": server.url, "model": "m", "dim": DIM, **arguments})
    made._retry = RetryPolicy(max_retries=2, first_delay_s=0.01)
    return made


def test_gives_unit_vectors(server, embedder):
    vectors = embedder.embed_documents(["one", "two words", "three"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, DIM)
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    assert "dimensions" not in server.requests[0].body


def test_nothing_of_the_environment_is_sent(server, monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer STOLEN\nX-More: STOLEN")
    monkeypatch.setenv("OPENAI_ORG_ID", "STOLEN")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "STOLEN")
    make(server).embed_queries(["x"])
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "STOLEN" not in str(server.requests[0].headers)


def test_asks_the_shortening_family_for_its_dimension(server):
    make(server, model="text-embedding-3-small", dim=4).embed_queries(["x"])
    assert server.requests[0].body["dimensions"] == 4


def test_batches_keep_the_order(server, embedder, monkeypatch):
    texts = [f"text number {number}" for number in range(23)]
    whole = embedder.embed_documents(texts)
    monkeypatch.setattr(openai_embeddings, "_BATCH_TEXTS", 5)
    parts = embedder.embed_documents(texts)
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    assert [len(request.body["input"]) for request in server.requests] == [23, 5, 5, 5, 5, 3]


def test_batches_are_bounded_by_texts_and_tokens():
    assert plan_batches([]) == []
    assert plan_batches([60_000, 60_000, 10]) == [slice(0, 1), slice(1, 3)]
    assert plan_batches([1] * 300) == [slice(0, 256), slice(256, 300)]


def test_rows_out_of_order_are_sorted_by_index(server, embedder):
    server.script(Reply(vectors=[(1, [0.0] * 7 + [2.0]), (0, [3.0] + [0.0] * 7)]))
    np.testing.assert_array_equal(embedder.embed_documents(["a", "b"]), [[1] + [0] * 7, [0] * 7 + [1]])


def test_long_texts_are_cut_exactly_at_the_limit(server):
    embedder = make(server, max_tokens=100)
    embedder.embed_documents(["धनवापसी की अवधि " * 100, "short"])
    sent, short = server.requests[0].body["input"]
    assert 98 <= TokenCounter(CL100K).count(sent) <= 100
    assert short == "short"


def test_an_empty_text_is_sent_as_a_space(server, embedder):
    assert embedder.embed_documents(["", "a\ud800"]).shape == (2, DIM)
    assert server.requests[0].body["input"] == [" ", "a\ufffd"]


def test_prefixes_are_sent_and_counted_against_the_limit(server):
    embedder = make(server, query_prefix="query: ", max_tokens=10)
    embedder.embed_queries(["x"])
    assert server.requests[0].body["input"] == ["query: x"]
    assert embedder.info.max_tokens == 10 - embedder.count_tokens(["query: "])[0]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_retries_what_may_pass(server, embedder, status):
    server.script(Reply(status=status, headers={"retry-after-ms": "1"} if status == 429 else {}))
    assert embedder.embed_queries(["x"]).shape == (1, DIM)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_retried(server, embedder, status):
    server.script(Reply(status=status, message=f"{KEY} a private text"))
    with pytest.raises(ProviderRejectedError, match=f"status {status}") as caught:
        embedder.embed_queries(["a private text"])
    assert KEY not in str(caught.value)
    assert "private" not in str(caught.value)
    assert len(server.requests) == 1


def test_asked_for_a_long_pause_says_how_long(server, embedder):
    server.script(Reply(status=429, headers={"retry-after": "100"}))
    with pytest.raises(RateLimitedError) as caught:
        embedder.embed_queries(["x"])
    assert caught.value.retry_after_s == 100


@pytest.mark.parametrize(
    "reply",
    [
        Reply(vectors=[(0, [1.0] * DIM)]),
        Reply(vectors=[(0, [1.0] * DIM), (0, [1.0] * DIM)]),
        Reply(vectors=[(0, [0.0] * DIM), (1, [1.0] * DIM)]),
        Reply(vectors=[(0, [float("nan")] * DIM), (1, [1.0] * DIM)]),
        Reply(body=b"<html></html>"),
        Reply(body=b'{"data": null}'),
        Reply(body=b'{"data": [{"index": 0, "embedding": "@@@"}]}'),
        Reply(body=b"[]"),
    ],
    ids=["too few", "twice the same", "zero", "nan", "html", "null", "no base64", "list"],
)
def test_what_are_no_vectors_is_an_error(server, embedder, reply):
    server.script(*[reply] * 3)
    with pytest.raises(ProviderUnavailableError):
        embedder.embed_documents(["a", "b"])


def test_vectors_of_another_length_are_not_retried(server, embedder):
    server.script(Reply(vectors=[(0, [1.0] * 3)]))
    with pytest.raises(ProviderRejectedError, match="dim"):
        embedder.embed_documents(["a"])
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [Reply(delay_s=30), Reply(hang_after=0, delay_s=30)])
def test_a_query_has_a_deadline(server, fault):
    embedder = make(server, query_timeout_s=0.3)
    server.script(*[fault] * 3)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        embedder.embed_queries(["x"])
    assert time.monotonic() - started < 0.6
