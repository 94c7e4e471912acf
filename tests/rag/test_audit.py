"""What an audit of keys and erasure found, each as the steps that showed it."""

from __future__ import annotations

import unicodedata

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.generations import erase_keyring
from konverze_indexes.keyring import Keyring
from konverze_indexes.marks import MemoryMarks
from konverze_indexes.tenant_ids import tenant_directory

LEASE_S = 900.0


class OneVersionRefused:
    """A key provider that refuses to unwrap what one version of a KEK has wrapped."""

    def __init__(self, keys):
        self._keys = keys
        self.refused = ""

    def unwrap(self, wrapped, *, context):
        if wrapped.key_id == self.refused:
            raise kr.KeyAccessDeniedError("this version is disabled")
        return self._keys.unwrap(wrapped, context=context)

    def __getattr__(self, name):
        return getattr(self._keys, name)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def blobs(clock):
    return MemoryBlobStore(clock)


def engine_on(blobs, keys, clock, *, embedder=None, **settings):
    settings = kr.Settings(embeddings="none", key_lease_s=LEASE_S, **settings)
    return kr.Engine(settings=settings, blobs=blobs, keys=keys, clock=clock, embedder=embedder)


def test_an_idle_tenant_follows_a_rotation_that_another_engine_made(blobs, clock):
    keys = OneVersionRefused(MemoryKeyProvider(clock))
    idle, other = engine_on(blobs, keys, clock), engine_on(blobs, keys, clock)
    acme = idle.tenant("acme")
    acme.ingest(b"A refund takes 7 days.", source="a.txt")
    old = keys.current_version().key_id
    other.rotate_keys()
    keys.refused = old
    clock.advance(LEASE_S + 1)
    assert [hit.chunk.document_id for hit in acme.search("refund")] == ["a.txt"]


def test_wrapped_keys_that_a_sleeping_writer_puts_behind_an_erasure_are_found_and_removed(blobs, clock):
    keys, marks, directory = MemoryKeyProvider(clock), MemoryMarks(), tenant_directory("acme")
    engine = engine_on(blobs, keys, clock)
    engine.tenant("acme")
    first = f"keyring/{directory}/{1:020d}"
    kept = bytes(blobs.get(first))
    engine.erase_tenant("acme")
    blobs.put(first, kept)
    report = engine.verify()
    assert [(finding.name, finding.is_harmless) for finding in report.findings] == [(first, True)]
    engine.vacuum()
    assert first not in blobs.list("keyring/")
    assert not engine.verify().findings
    assert erase_keyring(blobs, keys, directory, clock, marks=marks) == ()


def test_a_closed_engine_takes_no_keys_up_again(blobs, clock):
    engine = engine_on(blobs, MemoryKeyProvider(clock), clock)
    acme = engine.tenant("acme")
    engine.close()
    for call in (
        acme.settings,
        lambda: acme.configure(kr.TenantSettings(persona="Mild.")),
        lambda: acme.erase_visitor("v"),
        lambda: acme.search("refund"),
    ):
        with pytest.raises(kr.ConfigError):
            call()
    assert not blobs.list(f"tenants/{tenant_directory('acme')}/settings/")


def test_keys_that_come_back_after_a_drop_are_dropped_too(blobs, clock):
    keys = MemoryKeyProvider(clock)
    keyring = Keyring.create(blobs, keys, "acme", clock)
    drops = []
    keyring.on_drop(lambda: drops.append("dropped"))

    class Slow:
        def unwrap(self, wrapped, *, context):
            payload = keys.unwrap(wrapped, context=context)
            keyring.drop()  # while the provider answers a renewal
            keyring._provider = keys
            return payload

    keyring._provider = Slow()
    keyring.drop()
    keyring.hold()
    assert len(drops) >= 3, "before, meanwhile, and after the late answer"


def test_a_revoked_key_stops_a_reindexing(blobs, clock):
    keys = MemoryKeyProvider(clock)
    acme = engine_on(blobs, keys, clock).tenant("acme")
    chunks = [kr.Chunk(document_id=f"d{row}", ordinal=0, text=f"text {row}") for row in range(200)]
    acme.add(chunks)
    seen = []

    class Revoking(HashingEmbedder):
        def embed_documents(self, texts):
            seen.append(len(texts))
            keys.disable()
            clock.advance(LEASE_S + 1)
            return super().embed_documents(texts)

    with pytest.raises(kr.KeyAccessDeniedError):
        acme.reindex(Revoking())
    assert len(seen) == 1


def test_a_visitor_is_found_however_the_name_is_composed(blobs, clock):
    acme = engine_on(blobs, MemoryKeyProvider(clock), clock).tenant("acme")
    acme.ingest(b"A refund takes 7 days.", source="a.txt")
    acme.ask("How long does a refund take?", conversation="c", visitor=unicodedata.normalize("NFD", "José"))
    assert acme.erase_visitor(unicodedata.normalize("NFC", "José")).blobs_destroyed == 2


def test_a_half_done_erasure_of_one_tenant_does_not_hide_the_others(blobs, clock):
    keys = MemoryKeyProvider(clock)
    engine = engine_on(blobs, keys, clock, kek_per_tenant=True)
    for name in ("acme", "globex"):
        engine.tenant(name)
    keys.destroy_kek(f"tenant-{tenant_directory('acme')}")
    assert engine.tenants() == ["globex"]
