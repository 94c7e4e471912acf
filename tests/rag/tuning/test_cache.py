import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.errors import ConflictError
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_rag.tuning.serving.cache import RememberingEmbedder, SealedCache
from konverze_rag.tuning.serving.corpus import Corpus
from tests.settings import OFFLINE

TEXTS = ["The warranty is 24 months.", "रिफंड सात दिन में मिलता है।", "Delivery costs ₹40."]


class CountingEmbedder(HashingEmbedder):
    """Counts what it embeds."""

    def __init__(self) -> None:
        super().__init__(dim=16)
        self.embedded: list[str] = []

    def embed_documents(self, texts):
        self.embedded += texts
        return super().embed_documents(texts)


@pytest.fixture
def engine():
    clock = ManualClock()
    with kr.Engine(
        settings=OFFLINE, blobs=MemoryBlobStore(clock), keys=MemoryKeyProvider(clock), clock=clock
    ) as engine:
        yield engine


@pytest.fixture
def tenant(engine):
    return engine.tenant("acme")


def cache_of(tenant) -> SealedCache:
    return SealedCache(tenant.index.blobs, tenant.keyring, Corpus(tenant).check)


def cached_names(tenant) -> list[str]:
    return tenant.index.blobs.names("tuning/")


def test_gives_back_what_was_kept_under_the_key_alone(tenant):
    cache = cache_of(tenant)
    cache.put("a", b"what was worked out")
    assert cache.get("a").tobytes() == b"what was worked out"
    assert cache.get("b") is None


def test_takes_no_key_twice(tenant):
    assert cache_of(tenant).put("a", b"1")
    assert not cache_of(tenant).put("a", b"2")
    assert cache_of(tenant).get("a").tobytes() == b"1"


def test_keeps_nothing_of_documents_that_are_erased_meanwhile(tenant):
    tenant.add([kr.Chunk(document_id="handbook", ordinal=0, text=TEXTS[0])])
    cache = cache_of(tenant)
    tenant.erase_document("handbook")
    with pytest.raises(ConflictError, match="another workbench"):
        cache.put("a", TEXTS[0].encode())
    assert not cached_names(tenant)


def test_goes_on_keeping_when_documents_come_and_indexes_are_compacted(tenant):
    tenant.add([kr.Chunk(document_id="handbook", ordinal=0, text=TEXTS[0])])
    cache = cache_of(tenant)
    tenant.add([kr.Chunk(document_id="refunds", ordinal=0, text=TEXTS[1])])
    tenant.compact()
    assert cache.put("a", b"1")


def test_neither_key_nor_content_is_in_the_store_in_the_clear(engine, tenant):
    cache_of(tenant).put("document/handbook", b"The warranty is 24 months.")
    for name in engine.blobs.list(""):
        assert "handbook" not in name
        assert b"warranty" not in bytes(engine.blobs.get(name))


def test_another_tenant_finds_nothing_under_the_same_key(engine, tenant):
    cache_of(tenant).put("a", b"1")
    assert cache_of(engine.tenant("other")).get("a") is None


def test_a_vacuum_leaves_what_is_young_and_takes_what_is_old(engine, tenant):
    cache_of(tenant).put("a", b"1")
    engine.vacuum(grace_s=3_600)
    assert cached_names(tenant)
    engine._tenancy.clock.advance(3_601)
    engine.vacuum(grace_s=3_600)
    assert not cached_names(tenant)


def test_an_erased_document_takes_the_whole_cache_along(tenant):
    tenant.add([kr.Chunk(document_id="handbook", ordinal=0, text=TEXTS[0])])
    cache_of(tenant).put("a", TEXTS[0].encode())
    tenant.erase_document("handbook")
    assert not cached_names(tenant)


def test_a_reencryption_leaves_nothing_under_the_retired_key(engine, tenant):
    cache_of(tenant).put("a", b"1")
    engine.rotate_keys()
    engine._tenancy.clock.advance(7_200)
    report = engine.rotate_keys(reencrypt=True)
    assert report.data_keys_dropped
    assert not cached_names(tenant)


def test_a_cached_blob_is_no_finding_of_a_verification_and_a_damaged_one_is(engine, tenant):
    cache_of(tenant).put("a", b"1")
    assert engine.verify().is_sound
    [name] = [tenant.index.blobs.prefix + name for name in cached_names(tenant)]
    sealed = bytearray(engine.blobs.get(name))
    sealed[-1] ^= 1
    engine.blobs.put(name, bytes(sealed))
    assert not engine.verify().is_sound


def test_embeds_no_text_twice_and_gives_the_models_own_vectors(tenant):
    model = CountingEmbedder()
    embedder = RememberingEmbedder(model, cache_of(tenant))
    expected = HashingEmbedder(dim=16).embed_documents(TEXTS)
    assert np.array_equal(embedder.embed_documents(TEXTS), expected)
    assert np.array_equal(embedder.embed_documents([TEXTS[2], TEXTS[0], TEXTS[2]]), expected[[2, 0, 2]])
    assert model.embedded == TEXTS


def test_remembers_in_a_later_process(tenant):
    RememberingEmbedder(CountingEmbedder(), cache_of(tenant)).embed_documents(TEXTS[:2])
    model = CountingEmbedder()
    later = RememberingEmbedder(model, cache_of(tenant))
    assert np.array_equal(later.embed_documents(TEXTS), HashingEmbedder(dim=16).embed_documents(TEXTS))
    assert model.embedded == TEXTS[2:]


def test_two_processes_that_embed_at_the_same_time_lose_nothing(tenant):
    first, second = (RememberingEmbedder(CountingEmbedder(), cache_of(tenant)) for _ in range(2))
    first.embed_documents(TEXTS[:1])
    second.embed_documents(TEXTS[1:2])
    first.embed_documents(TEXTS[2:])
    model = CountingEmbedder()
    RememberingEmbedder(model, cache_of(tenant)).embed_documents(TEXTS)
    assert model.embedded == []


def test_a_questions_words_are_kept_in_memory_alone(tenant):
    model = CountingEmbedder()
    embedder = RememberingEmbedder(model, cache_of(tenant))
    for _ in range(2):
        embedder.embed_queries(TEXTS[:1])
    assert model.embedded == TEXTS[:1]
    assert not cached_names(tenant)


def test_questions_and_documents_are_kept_apart(tenant):
    model = CountingEmbedder()
    embedder = RememberingEmbedder(model, cache_of(tenant))
    embedder.embed_queries(TEXTS[:1])
    embedder.embed_documents(TEXTS[:1])
    assert model.embedded == [TEXTS[0], TEXTS[0]]
