"""A tenant's life on the engine: leases, reindexing, settings, health."""

import threading
import time

import pytest

import konverze_rag as kr
import konverze_rag.tenant
from konverze_core.fakes import HashingEmbedder, MemoryBlobStore
from konverze_indexes.index import REFRESH_S
from konverze_indexes.tenant_ids import tenant_directory
from tests.indexes.renewals import wait_for_renewals
from tests.settings import OFFLINE

LEASE_S, GRACE_S = 900.0, 14_400.0


@pytest.fixture
def filled(make_engine):
    engine = make_engine()
    engine.tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    engine.tenant("acme").ask("How long do refunds take?", conversation="c", visitor="asha")
    return engine


def test_a_disabled_key_stops_a_resident_tenant_at_the_end_of_its_lease(filled, keys, clock):
    tenant = filled.tenant("acme")
    assert tenant.stats().resident_bytes > 0
    keys.disable()
    assert tenant.search("refunds")
    clock.advance(LEASE_S)
    for call in (
        lambda: tenant.search("refunds"),
        lambda: tenant.ask("How long do refunds take?", conversation="c"),
        lambda: tenant.ingest(b"more", source="more"),
        tenant.settings,
        lambda: filled.tenant("acme"),
    ):
        with pytest.raises(kr.KeyAccessDeniedError):
            call()
    assert tenant.index._snapshot is None
    assert tenant.keyring._keys == {}
    keys.restore()
    assert tenant.search("refunds")[0].chunk.document_id == "policy"


def test_a_renewal_in_the_background_drops_everything_before_the_lease_ends(filled, keys, clock):
    tenant = filled.tenant("acme")
    keys.disable()
    clock.advance(LEASE_S * 0.95)
    tenant.keyring.hold()  # as every use does first
    wait_for_renewals()
    assert tenant.index._snapshot is None
    with pytest.raises(kr.KeyAccessDeniedError):
        tenant.search("refunds")


def test_an_outage_is_served_through_until_the_grace_ends(filled, keys, clock):
    tenant = filled.tenant("acme")
    keys.disconnect()
    for _ in range(int(GRACE_S / LEASE_S) - 1):
        clock.advance(LEASE_S)
        assert tenant.search("refunds")
        wait_for_renewals()
    clock.advance(LEASE_S)
    with pytest.raises(kr.KeyUnavailableError):
        tenant.search("refunds")
    assert tenant.index._snapshot is None
    keys.restore()
    assert tenant.search("refunds")


def test_a_tenant_that_is_not_resident_fails_closed_in_an_outage(filled, make_engine, keys):
    keys.disconnect()
    start_s = time.monotonic()
    with pytest.raises(kr.KeyUnavailableError):
        make_engine().tenant("acme")
    assert time.monotonic() - start_s < 1


def test_a_search_finds_before_during_and_after_a_reindexing(make_engine):
    engine = make_engine()
    tenant = engine.tenant("acme")
    tenant.ingest({f"d{number}": f"Refunds {number} take 7 days.".encode() for number in range(100)})
    stop, failures, searches = threading.Event(), [], []

    def search():
        while not stop.is_set():
            try:
                assert tenant.search("refunds")
                assert tenant.ask("How long do refunds take?").degraded is None
            except Exception as error:  # noqa: BLE001 (the test looks at it)
                failures.append(error)
                return
            searches.append(1)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    progress = []
    for dim in (32, 128, 64, 96, 48):
        tenant.reindex(HashingEmbedder(dim), on_progress=lambda done, of: progress.append((done, of)))
        assert tenant.stats().dim == dim
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert searches
    assert progress[1] == (100, 100)
    assert engine.verify().is_sound


def test_a_search_right_after_the_commit_of_a_reindexing_finds_its_model(make_engine, monkeypatch):
    tenant = make_engine().tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    reindexed = konverze_rag.tenant.reindex

    def then_searched(*args, **kwargs):
        generation = reindexed(*args, **kwargs)
        assert tenant.search("refunds")
        return generation

    monkeypatch.setattr(konverze_rag.tenant, "reindex", then_searched)
    assert tenant.reindex(HashingEmbedder(32)) == 2


def test_after_a_reindexing_another_engine_needs_the_new_model(make_engine, clock):
    engine, other = make_engine(), make_engine()
    tenant, stale = engine.tenant("acme"), other.tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    assert tenant.reindex(HashingEmbedder(32)) == 2
    clock.advance(REFRESH_S)
    for call in (lambda: stale.search("refunds"), lambda: stale.ingest(b"more", source="more")):
        with pytest.raises(kr.EmbedderMismatchError):
            call()
    assert make_engine(embedder=HashingEmbedder(32)).tenant("acme").search("refunds")
    tenant.ingest(b"more", source="more")
    assert len(tenant.search("refunds more")) == 2


def test_a_reindexing_that_fails_changes_nothing(make_engine):
    class Failing(HashingEmbedder):
        def embed_documents(self, texts):
            raise kr.ProviderUnavailableError("away")

    tenant = make_engine().tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    with pytest.raises(kr.ProviderUnavailableError):
        tenant.reindex(Failing(32))
    assert tenant.search("refunds")
    assert (tenant.stats().dim, tenant.stats().generation) == (64, 1)
    tenant.ingest(b"more", source="more")


def test_a_reindexing_waits_out_a_rate_limit(make_engine):
    class Busy(HashingEmbedder):
        refusals = 2

        def embed_documents(self, texts):
            if self.refusals:
                self.refusals -= 1
                raise kr.RateLimitedError("busy", retry_after_s=0.01)
            return super().embed_documents(texts)

    tenant = make_engine().tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    assert tenant.reindex(Busy(32)) == 2
    assert tenant.search("refunds")


def test_settings_of_a_tenant_take_effect(make_engine, clock):
    engine, other = make_engine(), make_engine()
    tenant, same = engine.tenant("acme"), other.tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    question = "Who was the first president of France?"
    refusal = tenant.ask(question)
    assert (refusal.refused, same.ask(question).text) == (True, refusal.text)
    assert tenant.configure(kr.TenantSettings(refusal_text="No idea.", retrieval_k=1)) == 1
    assert tenant.ask(question).text == "No idea."
    clock.advance(REFRESH_S)
    assert same.ask(question).text == "No idea."
    assert make_engine().tenant("acme").settings() == kr.TenantSettings(refusal_text="No idea.", retrieval_k=1)
    assert engine.tenant("globex").settings() == kr.TenantSettings()
    assert tenant.configure(kr.TenantSettings()) == 2
    assert tenant.ask(question).text == refusal.text


def test_health_tells_what_does_not_answer(filled, make_engine, keys):
    assert filled.health() == kr.HealthReport(open_tenants=1)
    assert filled.health().is_healthy
    keys.disconnect()
    report = filled.health()
    assert (report.is_healthy, report.store_error) == (False, "")
    assert "cannot be reached" in report.key_provider_error
    keys.restore()

    class Away(MemoryBlobStore):
        def list(self, prefix):
            raise kr.StoreUnavailableError("away")

    report = make_engine(blobs=Away()).health()
    assert (report.is_healthy, report.store_error, report.key_provider_error) == (False, "away", "")


def test_a_tenant_whose_own_kek_was_destroyed_elsewhere_is_finished_by_name(make_engine, keys, blobs):
    engine = make_engine(settings=OFFLINE.model_copy(update={"kek_per_tenant": True}))
    engine.tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    keys.destroy_kek(f"tenant-{tenant_directory('acme')}")
    cold = make_engine()
    with pytest.raises(kr.KeyDestroyedError):
        cold.tenant("acme")
    assert cold.erase_tenant("acme").blobs_destroyed > 0
    with pytest.raises(kr.TenantErasedError):
        cold.tenant("acme")
    assert blobs.list("tenants/") == []
