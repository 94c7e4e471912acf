"""What every implementation of a protocol has to hold, as pytest classes to inherit from (needs pytest).

A backend's test is a subclass that provides the fixtures named in its contract's docstring::

    class TestMyStore(BlobStoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path)
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pytest

from konverze_core.answers import Usage
from konverze_core.documents import Chunk
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, IntegrityError, KeyDestroyedError
from konverze_core.protocols import (
    SHARED_KEK,
    WRAPPED_BYTES_MAX,
    WRAPPED_BYTES_MIN,
    BlobStore,
    ChatModel,
    Clock,
    Embedder,
    KeyProvider,
    Prompt,
    Reranker,
    WrappedKey,
)
from konverze_core.retrieval import Hit

ILLEGAL_NAMES = (
    "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", ".hidden", "a/.hidden", "A", "a b",
    "a\\b", "c:a", "a\0b", "a\n", "%2e%2e/a", "~", "é", "a*", "a/" * 255 + "abc", "a" * 256,
)  # fmt: skip


class BlobStoreContract:
    """Fixture `store`: an empty `BlobStore`."""

    def test_returns_what_was_put(self, store: BlobStore) -> None:
        for data in (b"abc", bytearray(b"abc"), memoryview(b"xabcx")[1:4]):
            store.put("a/b.c-d_e=f", data)
            assert store.get("a/b.c-d_e=f") == b"abc"
            assert store.head("a/b.c-d_e=f").size_bytes == 3

    @pytest.mark.parametrize("size", [0, 1, 3 << 20])
    def test_keeps_blobs_of_any_size(self, store: BlobStore, size: int) -> None:
        data = np.random.default_rng(size).bytes(size)
        store.put("a/blob", data)
        assert store.get("a/blob") == data
        assert store.head("a/blob").size_bytes == size

    def test_gives_read_only_views(self, store: BlobStore) -> None:
        for data in (b"", b"abc", bytes(1 << 20)):
            store.put("a", data)
            assert store.get("a").readonly

    def test_replaces(self, store: BlobStore) -> None:
        store.put("a", b"a longer first one")
        first = store.get("a")
        store.put("a", b"second")
        assert store.get("a") == b"second"
        assert first == b"a longer first one", "a view shows the blob as it was"

    def test_put_if_absent_never_replaces(self, store: BlobStore) -> None:
        store.put("a/b", b"first", if_absent=True)
        with pytest.raises(ConflictError):
            store.put("a/b", b"second", if_absent=True)
        assert store.get("a/b") == b"first"

    def test_put_if_absent_works_again_after_delete(self, store: BlobStore) -> None:
        store.put("a", b"first", if_absent=True)
        store.delete("a")
        store.put("a", b"second", if_absent=True)
        assert store.get("a") == b"second"

    def test_one_of_eight_racing_writers_wins(self, store: BlobStore) -> None:
        for number in range(5):
            name = f"races/{number}"
            winners = [body for body in _raced(store, name) if body is not None]
            assert len(winners) == 1
            assert store.get(name) == winners[0]

    def test_dates_blobs_by_its_own_clock(self, store: BlobStore) -> None:
        for name in ("a/first", "a/second"):
            store.put(name, b"x")
        first, second = (store.head(name).modified_at for name in ("a/first", "a/second"))
        assert first.utcoffset() == timedelta(0)
        assert first <= second <= first + timedelta(minutes=5)
        assert store.head("a/first").modified_at == first, "reading does not date"

    def test_lists_sorted_names_at_any_depth(self, store: BlobStore) -> None:
        names = ["a", "b-a", "b.a", "b/c", "b/d-a/e", "b/d/e", "b/d/f/g", "b/da", "b=a", "b_a", "ba"]  # as bytes
        for name in reversed(names):
            store.put(name, b"x")
        assert store.list("") == names
        assert store.list("b/") == ["b/c", "b/d-a/e", "b/d/e", "b/d/f/g", "b/da"]
        assert store.list("b/d") == ["b/d-a/e", "b/d/e", "b/d/f/g", "b/da"]
        assert store.list("b/d/f/g") == ["b/d/f/g"]

    @pytest.mark.parametrize("prefix", ["nothing", "b/nothing/", "a/", "../", "/", "B", "..", "b/../"])
    def test_lists_nothing_under_other_prefixes(self, store: BlobStore, prefix: str) -> None:
        store.put("a", b"x")
        store.put("b/c", b"x")
        assert store.list(prefix) == []

    def test_says_when_there_is_no_such_blob(self, store: BlobStore) -> None:
        store.put("a/b", b"x")
        for name in ("nothing", "a", "a/nothing", "a/b/c"):
            with pytest.raises(BlobNotFoundError):
                store.get(name)
            with pytest.raises(BlobNotFoundError):
                store.head(name)

    def test_deletes_once_or_twice(self, store: BlobStore) -> None:
        store.put("a/b", b"x")
        for _ in range(2):
            store.delete("a/b")
            store.delete("nothing/here")
        with pytest.raises(BlobNotFoundError):
            store.get("a/b")
        assert store.list("") == []

    @pytest.mark.parametrize("name", ILLEGAL_NAMES)
    def test_refuses_illegal_names(self, store: BlobStore, name: str) -> None:
        for call in (store.get, store.head, store.delete):
            with pytest.raises(ConfigError):
                call(name)
        with pytest.raises(ConfigError):
            store.put(name, b"x")
        assert store.list("") == []

    def test_never_shows_a_part_of_a_blob(self, store: BlobStore) -> None:
        body = bytes(1 << 20)
        done = threading.Event()
        seen: set[tuple[str, ...]] = set()

        def watch() -> None:
            while not done.is_set():
                seen.add(tuple(store.list("")))
                for name in store.list("a/"):
                    assert store.get(name) == body

        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                for _ in range(10):
                    store.put("a/blob", body)
            finally:
                done.set()
            watching.result()
        assert seen <= {(), ("a/blob",)}


def _raced(store: BlobStore, name: str) -> list[bytes | None]:
    """Bodies of those of eight writers that were told that they won; None for the others."""
    barrier = threading.Barrier(8)

    def write(number: int) -> bytes | None:
        body = bytes([number]) * 65_536
        barrier.wait()
        try:
            store.put(name, body, if_absent=True)
        except ConflictError:
            return None
        return body

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(write, range(8)))


class KeyProviderContract:
    """Fixtures `provider` and `other_provider`: two `KeyProvider` of different keys.

    Attributes:
        binds_context: Set to False for a provider whose wrapping cannot bind a context.
        remembers_destroyed: Set to False for a provider that forgets the names of KEKs with the KEKs.
    """

    binds_context: ClassVar[bool] = True
    remembers_destroyed: ClassVar[bool] = True
    context: ClassVar[dict[str, str]] = {"tenant": "acme", "key": "k1"}

    @pytest.mark.parametrize("size", [WRAPPED_BYTES_MIN, 32, 40, 64, WRAPPED_BYTES_MAX])
    def test_unwraps_what_it_wrapped(self, provider: KeyProvider, size: int) -> None:
        payload = np.random.default_rng(size).bytes(size)
        wrapped = provider.wrap(payload, context=self.context)
        assert wrapped.key_id
        assert provider.unwrap(wrapped, context=self.context) == payload
        again = provider.wrap(payload, context=dict(reversed(self.context.items())))
        assert provider.unwrap(again, context=self.context) == payload

    @pytest.mark.parametrize("size", [0, 8, WRAPPED_BYTES_MIN - 1, 33, WRAPPED_BYTES_MAX + 8])
    def test_refuses_payloads_of_other_lengths(self, provider: KeyProvider, size: int) -> None:
        with pytest.raises(ConfigError):
            provider.wrap(bytes(size), context=self.context)

    def test_hides_the_payload(self, provider: KeyProvider) -> None:
        payload = np.random.default_rng(1).bytes(64)
        wrapped = provider.wrap(payload, context=self.context)
        for part in (payload[:16], payload[16:32], payload[-16:]):
            assert part not in wrapped.ciphertext
            assert part.hex() not in f"{wrapped!r}{provider!r}{provider}"

    def test_refuses_a_flipped_bit_in_every_byte(self, provider: KeyProvider) -> None:
        wrapped = provider.wrap(bytes(range(64)), context=self.context)
        for place in range(len(wrapped.ciphertext)):
            forged = replace(wrapped, ciphertext=_flipped(wrapped.ciphertext, place))
            with pytest.raises(IntegrityError):
                provider.unwrap(forged, context=self.context)

    def test_refuses_ciphertexts_of_other_lengths(self, provider: KeyProvider) -> None:
        wrapped = provider.wrap(bytes(range(64)), context=self.context)
        whole = wrapped.ciphertext
        for other in (b"", whole[:-1], whole[:-8], whole + b"\0", whole + bytes(8)):
            with pytest.raises(IntegrityError):
                provider.unwrap(replace(wrapped, ciphertext=other), context=self.context)

    def test_refuses_another_context(self, provider: KeyProvider) -> None:
        if not self.binds_context:
            pytest.skip("this provider cannot bind a context")
        wrapped = provider.wrap(bytes(32), context=self.context)
        for other in ({}, {"tenant": "acme"}, {**self.context, "key": "k2"}, {"tenant": "k1", "key": "acme"}):
            with pytest.raises(IntegrityError):
                provider.unwrap(wrapped, context=other)

    def test_refuses_the_keys_of_another_provider(self, provider: KeyProvider, other_provider: KeyProvider) -> None:
        wrapped = provider.wrap(bytes(32), context=self.context)
        renamed = replace(wrapped, key_id=other_provider.wrap(bytes(32), context=self.context).key_id)
        for foreign in (wrapped, renamed):
            with pytest.raises(IntegrityError):
                other_provider.unwrap(foreign, context=self.context)
        with pytest.raises(IntegrityError):
            other_provider.verify(b"message", provider.sign(b"message"))

    @pytest.mark.parametrize("message", [b"", b"message", bytes(100_000)])
    def test_verifies_what_it_signed(self, provider: KeyProvider, message: bytes) -> None:
        provider.verify(message, provider.sign(message))

    def test_refuses_wrong_signatures_and_messages(self, provider: KeyProvider) -> None:
        signature = provider.sign(b"message")
        forged = [_flipped(signature, place) for place in range(len(signature))]
        for wrong in (*forged, b"", signature[:-1], signature + b"\0"):
            with pytest.raises(IntegrityError):
                provider.verify(b"message", wrong)
        for other in (b"", b"messagf", b"message\0"):
            with pytest.raises(IntegrityError):
                provider.verify(other, signature)

    def test_tells_the_version_that_it_wraps_with(self, provider: KeyProvider) -> None:
        version = provider.current_version()
        assert version == provider.current_version(SHARED_KEK)
        assert version.key_id == provider.wrap(bytes(32), context=self.context).key_id
        assert version.created_at.utcoffset() == timedelta(0)

    def test_rotates_and_still_unwraps_and_verifies_what_is_older(self, provider: KeyProvider) -> None:
        signature = provider.sign(b"message")
        wrapped = [provider.wrap(bytes(32), context=self.context)]
        for number in (1, 2):
            version = provider.rotate()
            assert version == provider.current_version()
            wrapped.append(provider.wrap(bytes([number] * 32), context=self.context))
            assert wrapped[-1].key_id == version.key_id
        assert len({one.key_id for one in wrapped}) == 3
        for number, one in enumerate(wrapped):
            assert provider.unwrap(one, context=self.context) == bytes([number] * 32)
        swapped = replace(wrapped[0], key_id=wrapped[1].key_id)
        with pytest.raises(IntegrityError):
            provider.unwrap(swapped, context=self.context)
        provider.verify(b"message", signature)
        provider.verify(b"message", provider.sign(b"message"))

    def test_creates_a_kek_once(self, provider: KeyProvider) -> None:
        provider.create_kek("tenant-a")
        version = provider.current_version("tenant-a")
        wrapped = provider.wrap(bytes(32), context=self.context, kek="tenant-a")
        assert wrapped.key_id == version.key_id
        provider.create_kek("tenant-a")
        provider.create_kek(SHARED_KEK)
        assert provider.current_version("tenant-a") == version
        assert provider.unwrap(wrapped, context=self.context) == bytes(32)

    def test_keeps_keks_apart(self, provider: KeyProvider) -> None:
        names = ("tenant-a", "tenant-b", SHARED_KEK)
        for name in names:
            provider.create_kek(name)
        wrapped = {name: provider.wrap(bytes(32), context=self.context, kek=name) for name in names}
        for mine, others in ((name, set(names) - {name}) for name in names):
            for other in others:
                with pytest.raises(IntegrityError):
                    provider.unwrap(replace(wrapped[mine], key_id=wrapped[other].key_id), context=self.context)
        before = {name: provider.current_version(name) for name in names}
        rotated = provider.rotate("tenant-a")
        assert rotated != before["tenant-a"]
        assert {name: provider.current_version(name) for name in names} == {**before, "tenant-a": rotated}

    def test_has_no_kek_that_was_not_created(self, provider: KeyProvider) -> None:
        for call in (provider.current_version, provider.rotate):
            with pytest.raises(KeyDestroyedError):
                call("tenant-a")
        with pytest.raises(KeyDestroyedError):
            provider.wrap(bytes(32), context=self.context, kek="tenant-a")

    def test_destroys_a_kek_with_all_its_versions_and_no_other(self, provider: KeyProvider) -> None:
        wrapped: list[WrappedKey] = []
        for name in ("tenant-a", "tenant-ab"):
            provider.create_kek(name)
            wrapped += [provider.wrap(bytes(32), context=self.context, kek=name)]
            provider.rotate(name)
            wrapped += [provider.wrap(bytes(32), context=self.context, kek=name)]
        shared = provider.wrap(bytes(32), context=self.context)
        first, again = provider.destroy_kek("tenant-a"), provider.destroy_kek("tenant-a")
        assert first.key_id == again.key_id
        assert first.effective_by.utcoffset() == timedelta(0)
        for one in wrapped[:2]:
            with pytest.raises(KeyDestroyedError):
                provider.unwrap(one, context=self.context)
        with pytest.raises(KeyDestroyedError):
            provider.wrap(bytes(32), context=self.context, kek="tenant-a")
        for call in (provider.current_version, provider.rotate):
            with pytest.raises(KeyDestroyedError):
                call("tenant-a")
        for one in (*wrapped[2:], shared):
            assert provider.unwrap(one, context=self.context) == bytes(32)
        provider.verify(b"message", provider.sign(b"message"))

    def test_creates_no_kek_of_a_destroyed_name(self, provider: KeyProvider) -> None:
        provider.create_kek("tenant-a")
        wrapped = provider.wrap(bytes(32), context=self.context, kek="tenant-a")
        provider.destroy_kek("tenant-a")
        if self.remembers_destroyed:
            with pytest.raises(KeyDestroyedError):
                provider.create_kek("tenant-a")
        else:
            provider.create_kek("tenant-a")
        with pytest.raises(KeyDestroyedError):
            provider.unwrap(wrapped, context=self.context)

    def test_never_destroys_the_shared_kek(self, provider: KeyProvider) -> None:
        wrapped = provider.wrap(bytes(32), context=self.context)
        with pytest.raises(ConfigError):
            provider.destroy_kek(SHARED_KEK)
        assert provider.unwrap(wrapped, context=self.context) == bytes(32)

    @pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a/b", "../a", "a_b", "a.b", "é", "a\n", "a" * 65])
    def test_refuses_illegal_names_of_keks(self, provider: KeyProvider, name: str) -> None:
        for call in (provider.create_kek, provider.destroy_kek):
            with pytest.raises(ConfigError):
                call(name)
        for call in (provider.rotate, provider.current_version):
            with pytest.raises((ConfigError, KeyDestroyedError)):
                call(name)
        with pytest.raises((ConfigError, KeyDestroyedError)):
            provider.wrap(bytes(32), context=self.context, kek=name)


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]


class EmbedderContract:
    """Fixture `embedder`: an `Embedder`."""

    texts: ClassVar[tuple[str, ...]] = (
        "Damaged goods: the refund window is 30 days.",
        "The library opens at nine on weekdays.",
        "धनवापसी की अवधि तीस दिन है।",
    )

    def test_gives_unit_vectors_of_float32(self, embedder: Embedder) -> None:
        for embed in (embedder.embed_documents, embedder.embed_queries):
            vectors = embed([*self.texts, "", " \n"])
            assert vectors.shape == (5, embedder.info.dim)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)

    def test_takes_an_empty_batch(self, embedder: Embedder) -> None:
        assert embedder.embed_documents([]).shape == (0, embedder.info.dim)
        assert embedder.embed_queries([]).shape == (0, embedder.info.dim)
        assert embedder.count_tokens([]) == []

    def test_a_text_has_one_vector_in_any_company(self, embedder: Embedder) -> None:
        together = embedder.embed_documents(self.texts)
        alone = np.concatenate([embedder.embed_documents([text]) for text in self.texts])
        np.testing.assert_allclose(together, alone, atol=2e-3)

    def test_likens_a_question_to_its_answer(self, embedder: Embedder) -> None:
        (query,) = embedder.embed_queries(["refund window for damaged goods"])
        right, wrong, _ = embedder.embed_documents(self.texts) @ query
        assert right > wrong

    def test_counts_tokens_of_each_text(self, embedder: Embedder) -> None:
        empty, short, long = embedder.count_tokens(["", "one", "one two three four"])
        assert empty == 0
        assert 0 < short < long

    def test_keeps_its_fingerprint(self, embedder: Embedder) -> None:
        assert embedder.info.fingerprint == replace(embedder.info).fingerprint
        assert embedder.info.fingerprint != replace(embedder.info, name="another").fingerprint


class ChatModelContract:
    """Fixtures `chat_model`: a `ChatModel` ready to answer with several words, and `prompt`: what to ask it."""

    def test_streams_text_then_one_usage(self, chat_model: ChatModel, prompt: Prompt) -> None:
        *pieces, usage = chat_model.stream(prompt, max_output_tokens=200, timeout_s=60)
        assert len(pieces) > 1
        assert all(isinstance(piece, str) and piece for piece in pieces)
        assert isinstance(usage, Usage)
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0

    def test_can_be_closed_early(self, chat_model: ChatModel, prompt: Prompt) -> None:
        stream = chat_model.stream(prompt, max_output_tokens=200, timeout_s=60)
        assert next(stream)
        close = getattr(stream, "close", None)
        assert close is not None
        close()
        assert next(stream, None) is None

    def test_names_itself_and_its_window(self, chat_model: ChatModel) -> None:
        assert chat_model.info.name
        assert chat_model.info.context_window_tokens > 0


class RerankerContract:
    """Fixture `reranker`: a `Reranker`."""

    question: ClassVar[str] = "refund window for damaged goods"
    hits: ClassVar[tuple[Hit, ...]] = tuple(
        Hit(chunk=Chunk(document_id="d", ordinal=ordinal, text=text), score=float(-ordinal))
        for ordinal, text in enumerate(("Opening hours", "Damaged goods: the refund window is 30 days.", "Contact"))
    )

    def test_keeps_the_hits_and_puts_the_best_first(self, reranker: Reranker) -> None:
        ranked = reranker.rerank(self.question, self.hits)
        assert _ordinals(ranked)[0] == 1
        assert sorted(id(hit.chunk) for hit in ranked) == sorted(id(hit.chunk) for hit in self.hits)
        scores = [hit.score for hit in ranked]
        assert scores == sorted(scores, reverse=True)

    def test_is_deterministic(self, reranker: Reranker) -> None:
        assert reranker.rerank(self.question, self.hits) == reranker.rerank(self.question, self.hits)

    def test_takes_no_hits(self, reranker: Reranker) -> None:
        assert reranker.rerank(self.question, []) == []


def _ordinals(hits: Sequence[Hit]) -> list[int]:
    return [hit.chunk.ordinal for hit in hits]


class ClockContract:
    """Fixture `clock`: a `Clock`."""

    def test_tells_aware_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)

    def test_never_goes_back(self, clock: Clock) -> None:
        times = [clock.monotonic() for _ in range(100)]
        assert times == sorted(times)
