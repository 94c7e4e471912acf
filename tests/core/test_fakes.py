"""What the fakes promise beyond their contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from konverze_core.answers import Usage
from konverze_core.documents import Chunk
from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
    ProviderUnavailableError,
    RateLimitedError,
)
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryKeyProvider, OverlapReranker, ScriptedChatModel
from konverze_core.names import checked_blob_name
from konverze_core.protocols import Message, Prompt
from konverze_core.retrieval import Hit

PROMPT = Prompt(system="You answer.", messages=(Message(role="user", text="How long is it?"),))
CONTEXT = {"tenant": "acme"}


def _stream(model, max_output_tokens=100):
    return model.stream(PROMPT, max_output_tokens=max_output_tokens, timeout_s=1)


def test_the_manual_clock_moves_only_when_told():
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    before = clock.monotonic()
    clock.advance(90)
    assert clock.now() == datetime(2026, 3, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() - before == pytest.approx(90)
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("change", "error"),
    [("disable", KeyAccessDeniedError), ("disconnect", KeyUnavailableError), ("destroy", KeyDestroyedError)],
)
def test_a_key_provider_out_of_order_refuses_every_call(change, error):
    provider = MemoryKeyProvider()
    wrapped, signature = provider.wrap(bytes(32), context=CONTEXT), provider.sign(b"m")
    getattr(provider, change)()
    calls = (
        lambda: provider.wrap(bytes(32), context=CONTEXT),
        lambda: provider.unwrap(wrapped, context=CONTEXT),
        lambda: provider.sign(b"m"),
        lambda: provider.verify(b"m", signature),
    )
    for call in calls:
        with pytest.raises(error):
            call()


def test_a_key_provider_can_be_restored_unless_destroyed():
    provider = MemoryKeyProvider()
    wrapped = provider.wrap(bytes(32), context=CONTEXT)
    provider.disable()
    provider.restore()
    assert provider.unwrap(wrapped, context=CONTEXT) == bytes(32)
    provider.destroy()
    provider.restore()
    with pytest.raises(KeyDestroyedError):
        provider.unwrap(wrapped, context=CONTEXT)


def test_rotation_keeps_what_older_versions_made():
    provider = MemoryKeyProvider()
    wrapped, signature = provider.wrap(bytes(32), context=CONTEXT), provider.sign(b"m")
    provider.rotate()
    assert provider.unwrap(wrapped, context=CONTEXT) == bytes(32)
    provider.verify(b"m", signature)
    assert provider.wrap(bytes(32), context=CONTEXT).key_id != wrapped.key_id
    with pytest.raises(IntegrityError):
        provider.verify(b"m", (1).to_bytes(4, "big") + signature[4:])


def test_texts_that_share_words_are_near():
    embedder = HashingEmbedder()
    query, near, far = embedder.embed_documents(["refund window", "the refund window", "नमस्ते दुनिया आप कैसे"])
    assert query @ near > 0.6 > abs(query @ far)
    assert np.array_equal(embedder.embed_queries(["The REFUND window!"])[0], near)


def test_an_empty_text_has_a_fixed_vector():
    vectors = HashingEmbedder(dim=8).embed_documents(["", "...", " "])
    assert np.array_equal(vectors, [[1, 0, 0, 0, 0, 0, 0, 0]] * 3)


def test_a_scripted_model_replies_in_order_and_remembers_the_prompts():
    model = ScriptedChatModel(["It is 30 days.", RateLimitedError("requests", retry_after_s=2), "Yes."])
    *pieces, usage = _stream(model)
    assert pieces == ["It ", "is ", "30 ", "days."]
    assert usage == Usage(input_tokens=6, output_tokens=4)
    with pytest.raises(RateLimitedError):
        list(_stream(model))
    assert next(_stream(model)) == "Yes."
    assert model.prompts == [PROMPT] * 3
    with pytest.raises(ConfigError, match="no reply left"):
        list(_stream(model))


def test_a_scripted_model_stops_at_the_longest_answer():
    *pieces, usage = _stream(ScriptedChatModel(["one two three"]), max_output_tokens=2)
    assert pieces == ["one ", "two "]
    assert usage.output_tokens == 2


def test_a_scripted_model_can_end_early():
    stream = _stream(ScriptedChatModel(["one two three four"], ends_early=True))
    assert [next(stream), next(stream)] == ["one ", "two "]
    with pytest.raises(ProviderUnavailableError):
        next(stream)


def test_the_reranker_scores_by_shared_words():
    hits = [
        Hit(chunk=Chunk(document_id="d", ordinal=n, text=text), score=1.0) for n, text in enumerate(["b", "A x", "A b"])
    ]
    ranked = OverlapReranker().rerank("a B", hits)
    assert [(hit.chunk.ordinal, hit.score) for hit in ranked] == [(2, 1.0), (0, 0.5), (1, 0.5)]


def test_the_longest_legal_names_are_legal():
    for name in ("a" * 255, "a/" * 255 + "ab", "keyring/abc=/0000.x_y-z"):
        assert checked_blob_name(name) == name
