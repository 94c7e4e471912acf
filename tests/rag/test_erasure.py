"""Erasure of tenants, documents and visitors: receipts, interruptions, other processes, writers that race."""

from datetime import timedelta

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_core.reports import ErasureMode
from konverze_indexes.index import REFRESH_S
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenant_ids import tenant_directory
from tests.rag.stores import FailingStore, InterruptedStore
from tests.settings import OFFLINE

DIRECTORY = tenant_directory("acme")
OWN_KEK = OFFLINE.model_copy(update={"kek_per_tenant": True})
COPIES_KEPT = OFFLINE.model_copy(update={"deleted_blobs_kept_days": 7, "backups_kept_days": 35})


@pytest.fixture
def keys(clock):
    return MemoryKeyProvider(clock)


def fill(engine, name="acme"):
    tenant = engine.tenant(name)
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    tenant.ingest(b"Delivery is free.", source="delivery")
    tenant.configure(kr.TenantSettings(persona="You speak for acme."))
    tenant.ask("How long do refunds take?", conversation="c", visitor="asha")
    tenant.ask("What does delivery cost?", conversation="c", visitor="ravi")
    return tenant


def size_of(blobs, prefix):
    names = blobs.list(prefix)
    return len(names), sum(blobs.head(name).size_bytes for name in names)


def test_a_tenant_under_the_shared_kek_is_erased_with_its_data_keys(make_engine, blobs, keys, clock):
    engine = make_engine(settings=COPIES_KEPT)
    fill(engine)
    data_keys = tuple(entry.id for entry in Keyring.open(blobs, keys, "acme", clock).deks)
    count, size = size_of(blobs, f"tenants/{DIRECTORY}/")
    receipt = engine.tenant("acme").erase()
    assert (receipt.subject, receipt.tenant, receipt.target) == ("tenant", "acme", "acme")
    assert (receipt.mode, receipt.erased_at) == (ErasureMode.KEYS_DELETED, clock.now())
    assert (receipt.blobs_destroyed, receipt.bytes_destroyed) == (count, size)
    assert receipt.keys_destroyed == data_keys
    copies, record = receipt.remains
    assert "shared KEK" in copies.what
    assert copies.until == receipt.effective_by == clock.now() + timedelta(days=35)
    assert record.until is None
    assert blobs.list(f"tenants/{DIRECTORY}/") == []
    assert len(blobs.list(f"keyring/{DIRECTORY}/")) == 1


def test_without_copies_an_erasure_is_final_at_once(make_engine, clock):
    engine = make_engine()
    fill(engine)
    receipt = engine.erase_tenant("acme")
    assert receipt.effective_by == clock.now()
    assert len(receipt.remains) == 1


def test_a_tenants_own_kek_is_destroyed(make_engine, keys, clock):
    engine = make_engine(settings=OWN_KEK.model_copy(update={"backups_kept_days": 35}))
    fill(engine)
    receipt = engine.erase_tenant("acme")
    assert receipt.mode is ErasureMode.KEK_DESTROYED
    assert receipt.keys_destroyed[-1].endswith(f"tenant-{DIRECTORY}")
    assert receipt.effective_by == clock.now()
    with pytest.raises(kr.KeyDestroyedError):
        keys.current_version(f"tenant-{DIRECTORY}")


def test_copies_of_a_key_file_are_not_promised_to_end(tmp_path):
    with kr.Engine.open(tmp_path, settings=OWN_KEK) as engine:
        fill(engine)
        receipt = engine.erase_tenant("acme")
    assert receipt.mode is ErasureMode.KEK_DESTROYED
    assert "copies of the key file" in receipt.remains[0].what
    assert (receipt.remains[0].until, receipt.effective_by) == (None, None)


@pytest.mark.parametrize("settings", [OFFLINE, OWN_KEK])
def test_erasing_again_finds_nothing_more(make_engine, settings):
    engine = make_engine(settings=settings)
    fill(engine)
    first, second = engine.erase_tenant("acme"), engine.erase_tenant("acme")
    assert second.mode is first.mode
    assert (second.blobs_destroyed, second.bytes_destroyed) == (0, 0)
    assert set(second.keys_destroyed) <= set(first.keys_destroyed)
    assert second.remains == first.remains


def test_an_erased_tenant_answers_so_for_ever(make_engine):
    engine = make_engine()
    tenant = fill(engine)
    engine.tenant("globex")
    tenant.erase()
    calls = (
        lambda: tenant.search("refunds"),
        lambda: tenant.ask("How long do refunds take?"),
        lambda: tenant.ingest(b"more", source="more"),
        lambda: tenant.configure(kr.TenantSettings()),
        tenant.settings,
        lambda: tenant.erase_visitor("asha"),
        lambda: tenant.erase_document("policy"),
        tenant.compact,
        tenant.stats,
        lambda: engine.tenant("acme"),
        lambda: make_engine().tenant("acme", create=True),
        lambda: make_engine().tenant("acme", create=False),
    )
    for call in calls:
        with pytest.raises(kr.TenantErasedError):
            call()
    assert engine.tenants() == make_engine().tenants() == ["globex"]
    assert tenant.erase().blobs_destroyed == 0
    assert engine.verify().is_sound


def test_nobody_is_no_tenant_to_erase(make_engine, blobs):
    with pytest.raises(kr.UnknownTenantError):
        make_engine().erase_tenant("nobody")
    with pytest.raises(kr.ConfigError):
        make_engine().erase_tenant("")
    assert blobs.list("") == []


@pytest.mark.parametrize("settings", [OFFLINE, OWN_KEK])
def test_an_erasure_of_a_tenant_that_died_at_any_call_is_finished_by_the_next(settings):
    for calls in range(1_000):
        clock = ManualClock()
        blobs, keys = MemoryBlobStore(), MemoryKeyProvider(clock)
        parts = {"settings": settings, "keys": keys, "clock": clock, "embedder": HashingEmbedder()}
        fill(kr.Engine(blobs=blobs, **parts))
        dying = FailingStore(blobs, calls)
        try:
            kr.Engine(blobs=dying, **parts).erase_tenant("acme")
        except kr.StoreError:
            pass
        else:
            break
        receipt = kr.Engine(blobs=blobs, **parts).erase_tenant("acme")
        assert blobs.list(f"tenants/{DIRECTORY}/") == []
        assert len(blobs.list(f"keyring/{DIRECTORY}/")) == 1
        assert receipt.mode is (ErasureMode.KEK_DESTROYED if settings is OWN_KEK else ErasureMode.KEYS_DELETED)
        with pytest.raises(kr.TenantErasedError):
            kr.Engine(blobs=blobs, **parts).tenant("acme")
    assert 10 < calls < 999


def test_another_process_notices_in_time_and_drops_what_it_holds(make_engine, clock):
    here = make_engine()
    fill(here)
    other = make_engine()
    tenant = other.tenant("acme")
    assert tenant.search("refunds")
    here.erase_tenant("acme")
    clock.advance(REFRESH_S)
    for call in (lambda: tenant.search("refunds"), lambda: other.tenant("acme"), tenant.documents):
        with pytest.raises(kr.TenantErasedError):
            call()
    assert tenant.index._snapshot is None
    assert tenant.keyring._keys == {}


@pytest.mark.parametrize("part", ["/segments/", "/uploads/", "/commits/"])
def test_a_write_that_races_with_the_erasure_leaves_nothing_that_opens(make_engine, blobs, part):
    fill(make_engine())
    racing = InterruptedStore(blobs, "put", part, lambda: make_engine().erase_tenant("acme"))
    with pytest.raises(kr.TenantErasedError):
        make_engine(blobs=racing).tenant("acme").ingest(b"late", source="late")
    engine = make_engine()
    assert engine.verify().is_sound
    engine.vacuum()
    assert blobs.list("tenants/") == []


def test_a_turn_that_races_with_the_erasure_is_not_taken_and_what_it_left_is_swept(make_engine, blobs):
    fill(make_engine())
    racing = InterruptedStore(blobs, "put", "/visitors/", lambda: make_engine().erase_tenant("acme"))
    make_engine(blobs=racing).tenant("acme").ask("How long do refunds take?", conversation="c", visitor="asha")
    engine = make_engine()
    left = len(blobs.list("tenants/"))
    assert left > 0
    report = engine.verify()
    assert report.is_sound
    assert [finding.is_harmless for finding in report.findings] == [True] * left
    swept = engine.vacuum()
    assert (swept.blobs, swept.failed) == (left, ())
    assert blobs.list("tenants/") == []


def test_a_document_is_erased_from_all_that_holds_it(make_engine, blobs, clock):
    engine = make_engine(settings=COPIES_KEPT)
    tenant = fill(engine)
    tenant.ingest(b"Refunds take 8 days.", source="policy")
    count, _ = size_of(blobs, "tenants/")
    receipt = tenant.erase_document("policy")
    after, _ = size_of(blobs, "tenants/")
    assert (receipt.subject, receipt.target, receipt.mode) == ("document", "policy", ErasureMode.DELETED)
    assert receipt.keys_destroyed == ()
    assert receipt.blobs_destroyed >= count - after > 0
    copies, quotes = receipt.remains
    assert copies.until == clock.now() + timedelta(days=35)
    assert quotes.what.startswith("1 stored turns")
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert quotes.until == midnight + timedelta(days=31)
    assert receipt.effective_by == clock.now() + timedelta(days=35)
    assert [row.id for row in make_engine().tenant("acme").documents()] == ["delivery"]
    assert len([name for name in blobs.list("") if "/uploads/" in name]) == 1
    assert len([name for name in blobs.list("") if "/commits/" in name]) == 1
    again = tenant.erase_document("policy")
    assert [row.id for row in tenant.documents()] == ["delivery"]
    assert again.remains == receipt.remains
    assert engine.verify().is_sound


def test_a_visitor_is_erased_and_the_chain_stays_provable(make_engine, clock):
    engine = make_engine(settings=COPIES_KEPT)
    tenant = fill(engine)
    receipt = tenant.erase_visitor("asha")
    assert (receipt.subject, receipt.target, receipt.mode) == ("visitor", "asha", ErasureMode.DELETED)
    assert receipt.blobs_destroyed == 2
    assert receipt.bytes_destroyed > 0
    copies, stubs = receipt.remains
    assert copies.until == receipt.effective_by == clock.now() + timedelta(days=35)
    assert stubs.what.startswith("1 empty turns")
    assert engine.verify().is_sound
    again = tenant.erase_visitor("asha")
    assert (again.blobs_destroyed, again.remains) == (0, (copies,))
    assert tenant.erase_visitor("ravi").blobs_destroyed == 2
