"""Rotation of KEKs and data keys, and re-encryption, while readers and writers go on."""

import gc
import threading
import time
import weakref
from contextlib import suppress

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, MemoryKeyProvider
from konverze_indexes.envelope import sealing_key_id
from konverze_indexes.index import REFRESH_S, TenantIndex
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.upkeep.reencryption import DROPPED_AFTER
from tests.rag.stores import InterruptedStore
from tests.settings import OFFLINE

DAY_S = 86_400.0
HOUR_S = DROPPED_AFTER.total_seconds()


@pytest.fixture
def keys(clock):
    return MemoryKeyProvider(clock)


@pytest.fixture
def filled(make_engine):
    """An engine with two tenants that have everything: documents, originals, dead versions, settings, conversations."""
    engine = make_engine()
    for name in ("acme", "globex"):
        fill(engine.tenant(name), name)
    return engine


def fill(tenant, name):
    tenant.ingest(f"Refunds of {name} take 7 days.".encode(), source="policy")
    tenant.ingest(f"Delivery by {name} is free.".encode(), source="delivery")
    tenant.ingest(f"Refunds of {name} take 8 days.".encode(), source="policy")
    tenant.configure(kr.TenantSettings(persona=f"You speak for {name}."))
    tenant.ask("How long do refunds take?", conversation="c", visitor="asha")


def data(blobs):
    return {name: bytes(blobs.get(name)) for name in blobs.list("tenants/")}


def data_key_ids(blobs, keys, clock, name="acme"):
    return [entry.key_id for entry in Keyring.open(blobs, keys, name, clock).deks]


def sealed_by(blobs, name="acme"):
    """Ids of the keys that seal a tenant's blobs; turns are sealed by the key of their day."""
    prefix = f"tenants/{tenant_directory(name)}/"
    return {sealing_key_id(blobs.get(one)) for one in blobs.list(prefix) if "/days/" not in one or one.endswith("key")}


def check_content(engine, name="acme"):
    tenant = engine.tenant(name)
    assert {hit.chunk.text for hit in tenant.search("refunds delivery")} == {
        f"Refunds of {name} take 8 days.",
        f"Delivery by {name} is free.",
    }
    assert tenant.settings().persona == f"You speak for {name}."
    assert tenant.erase_visitor("nobody").blobs_destroyed == 0
    report = engine.verify()
    assert report.is_sound, report.findings


def test_a_rotation_on_demand_makes_new_keys_and_writes_no_data(filled, blobs, keys, clock):
    before, old = data(blobs), keys.current_version().key_id
    progress = []
    report = filled.rotate_keys(on_progress=lambda done, of: progress.append((done, of)))
    assert data(blobs) == before
    assert report.keks_rotated == (keys.current_version().key_id,) != (old,)
    assert (report.tenants, report.keyrings_rewritten, report.data_keys_made, report.failed) == (2, 2, 2, ())
    assert report.keys_rewrapped == 2
    assert progress == [(1, 2), (2, 2)]
    for name in ("acme", "globex"):
        deks = Keyring.open(blobs, keys, name, clock).deks
        assert {entry.kek_id for entry in deks} == {keys.current_version().key_id}
        check_content(filled, name)


def test_what_is_due_is_rotated_by_age(make_engine, blobs, keys, clock):
    engine = make_engine(settings=kr.Settings(**offline(kek_rotation_days=30, data_key_rotation_days=10)))
    engine.tenant("acme")
    clock.advance(9 * DAY_S)
    assert engine.rotate_keys(only_due=True).keyrings_rewritten == 0
    clock.advance(1 * DAY_S)
    report = engine.rotate_keys(only_due=True)
    assert (report.keks_rotated, report.data_keys_made, report.keys_rewrapped) == ((), 1, 0)
    clock.advance(20 * DAY_S)
    report = engine.rotate_keys(only_due=True)
    assert (len(report.keks_rotated), report.data_keys_made, report.keys_rewrapped) == (1, 1, 2)
    assert engine.rotate_keys(only_due=True).keyrings_rewritten == 0


def offline(**changes):
    return {"openai_api_key": None, "openai_base_url": None, "embeddings": "none"} | changes


def test_a_version_that_the_provider_made_by_itself_is_noticed(filled, blobs, keys, clock):
    before = data(blobs)
    version = keys.rotate()
    report = filled.rotate_keys(only_due=True)
    assert (report.keks_rotated, report.keys_rewrapped, report.keyrings_rewritten) == ((), 2, 2)
    assert {entry.kek_id for entry in Keyring.open(blobs, keys, "acme", clock).deks} == {version.key_id}
    assert data(blobs) == before
    assert filled.rotate_keys(only_due=True).keyrings_rewritten == 0


def test_each_tenants_own_kek_is_rotated(make_engine, keys):
    engine = make_engine(settings=OFFLINE.model_copy(update={"kek_per_tenant": True}))
    fill(engine.tenant("acme"), "acme")
    fill(engine.tenant("globex"), "globex")
    report = engine.rotate_keys()
    own = {keys.current_version(f"tenant-{tenant_directory(name)}").key_id for name in ("acme", "globex")}
    assert set(report.keks_rotated) == own | {keys.current_version().key_id}
    check_content(make_engine(), "acme")


def test_a_tenant_that_cannot_be_rotated_is_told_and_keeps_no_other_waiting(filled, blobs, keys):
    prefix = f"keyring/{tenant_directory('acme')}/"
    name = blobs.list(prefix)[-1]
    broken = bytearray(blobs.get(name))
    broken[len(broken) // 2] ^= 1
    blobs.put(name, broken)
    report = filled.rotate_keys()
    assert [(directory, type(error)) for directory, error in report.failed] == [
        (tenant_directory("acme"), kr.IntegrityError)
    ]
    assert (report.tenants, report.data_keys_made) == (1, 1)


def test_a_shared_kek_that_cannot_be_rotated_is_an_error(filled, keys):
    keys.disconnect()
    with pytest.raises(kr.KeyUnavailableError):
        filled.rotate_keys()


def test_an_erased_tenant_is_passed_over(filled):
    filled.erase_tenant("acme")
    report = filled.rotate_keys(reencrypt=True)
    assert (report.tenants, report.failed) == (1, ())


def test_reencryption_seals_everything_anew_and_drops_the_old_keys_later(filled, blobs, keys, clock):
    (old,) = data_key_ids(blobs, keys, clock)
    before = data(blobs)
    report = filled.rotate_keys(reencrypt=True)
    assert report.failed == ()
    assert report.blobs_reencrypted > 0
    assert report.bytes_reencrypted > 0
    assert report.data_keys_dropped == 0
    _, new = data_key_ids(blobs, keys, clock)
    assert sealed_by(blobs) == {new}
    check_content(kr.Engine(settings=OFFLINE, blobs=blobs, keys=keys, embedder=HashingEmbedder(), clock=clock))
    turns = {name for name in before if "/days/" in name and not name.endswith("/key")}
    assert {name: bytes(blobs.get(name)) for name in turns} == {name: before[name] for name in turns}
    assert filled.rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 0
    clock.advance(HOUR_S)
    report = filled.rotate_keys(only_due=True, reencrypt=True)
    assert (report.data_keys_dropped, report.blobs_reencrypted) == (2, 0)
    assert data_key_ids(blobs, keys, clock) == [new]
    assert old not in sealed_by(blobs)
    check_content(filled)


def test_reencryption_of_a_tenant_without_data_writes_none(make_engine, blobs):
    engine = make_engine()
    engine.tenant("acme")
    assert engine.rotate_keys(reencrypt=True).failed == ()
    assert blobs.list("tenants/") == []


def test_conversations_that_wait_for_a_purge_keep_their_key(make_engine, blobs, keys, clock):
    engine = make_engine()
    fill(engine.tenant("acme"), "acme")
    clock.advance(40 * DAY_S)
    engine.tenant("acme").ask("How long do refunds take?", conversation="c", visitor="asha")
    old = data_key_ids(blobs, keys, clock)
    engine.rotate_keys(reencrypt=True)
    clock.advance(HOUR_S)
    report = engine.rotate_keys(only_due=True, reencrypt=True)
    assert (report.failed, report.data_keys_dropped) == ((), 0)
    assert set(old) <= set(data_key_ids(blobs, keys, clock))
    engine.purge_expired()
    assert engine.rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 1
    check_content(make_engine())


def test_a_writer_that_slept_through_a_reencryption_loses_nothing(blobs, keys, clock, make_engine):
    """It sealed a segment under a key that is retired and superseded by the time it puts it."""
    make_engine().tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    held = InterruptedStore(blobs, "put", "/segments/", lambda: make_engine().rotate_keys(reencrypt=True))
    make_engine(blobs=held).tenant("acme").add([kr.Chunk(document_id="delivery", ordinal=0, text="Delivery is free.")])
    engine = make_engine()
    assert {hit.chunk.text for hit in engine.tenant("acme").search("delivery refunds")} == {
        "Refunds take 7 days.",
        "Delivery is free.",
    }
    assert engine.verify().is_sound
    clock.advance(HOUR_S)
    assert engine.rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 1
    assert engine.verify().is_sound
    assert len(make_engine().tenant("acme").search("delivery refunds")) == 2


def test_a_turn_that_took_its_time_is_sealed_by_the_newest_key(blobs, keys, clock, make_engine):
    make_engine().tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    held = InterruptedStore(
        blobs, "list", "/days/", lambda: (make_engine().rotate_keys(reencrypt=True), clock.advance(REFRESH_S / 2))
    )
    make_engine(blobs=held).tenant("acme").ask("How long do refunds take?", conversation="c", visitor="asha")
    assert sealed_by(blobs) == {data_key_ids(blobs, keys, clock)[-1]}
    clock.advance(HOUR_S)
    engine = make_engine()
    engine.rotate_keys(only_due=True, reencrypt=True)
    assert engine.verify().is_sound
    assert engine.tenant("acme").erase_visitor("asha").blobs_destroyed == 2


def test_settings_changed_during_a_reencryption_stay_changed(blobs, make_engine):
    engine = make_engine()
    engine.tenant("acme").configure(kr.TenantSettings(persona="old"))
    other = make_engine().tenant("acme")
    held = InterruptedStore(blobs, "put", "/settings/", lambda: other.configure(kr.TenantSettings(persona="new")))
    make_engine(blobs=held).rotate_keys(reencrypt=True)
    assert make_engine().tenant("acme").settings().persona == "new"


def test_an_erasure_during_a_reencryption_stays_done(blobs, clock, make_engine):
    engine = make_engine()
    fill(engine.tenant("acme"), "acme")
    for part, act in (
        ("/visitors/", lambda: engine.tenant("acme").erase_visitor("asha")),
        ("/uploads/", lambda: engine.tenant("acme").erase_document("policy")),
    ):
        held = InterruptedStore(blobs, "put", part, act)
        assert make_engine(blobs=held).rotate_keys(reencrypt=True).failed == ()
    assert not [name for name in blobs.list("") if "/visitors/" in name]
    assert len([name for name in blobs.list("") if "/uploads/" in name]) == 1
    assert make_engine().verify().is_sound


def test_a_purge_during_a_reencryption_stays_done(blobs, clock, make_engine):
    engine = make_engine()
    fill(engine.tenant("acme"), "acme")
    clock.advance(30 * DAY_S)

    def purge():
        clock.advance(DAY_S)
        engine.purge_expired()

    held = InterruptedStore(blobs, "put", "/key", purge)
    assert make_engine(blobs=held).rotate_keys(reencrypt=True).failed == ()
    assert not [name for name in blobs.list("") if "/days/" in name or "/visitors/" in name]


class _Workload:
    """Threads that read and write a tenant, each until it is told to stop."""

    def __init__(self):
        self.failures, self.written = [], []
        self._stop = threading.Event()
        self._threads = []

    def start(self, tenant, writer):
        for work in (lambda: self._read(tenant), lambda: self._write(tenant, writer)):
            self._threads.append(threading.Thread(target=self._repeat, args=(work,)))
            self._threads[-1].start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work):
        while not self._stop.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 (the test looks at it)
                self.failures.append(error)
                return

    def _read(self, tenant):
        assert tenant.search("refunds")[0].chunk.document_id == "policy"
        assert tenant.ask("How long do refunds take?", conversation="c").citations

    def _write(self, tenant, writer):
        source = f"{writer}-{len(self.written)}"
        with suppress(kr.ConflictError):  # told, and not acknowledged
            tenant.ingest(f"Note {source}.".encode(), source=source)
            self.written.append(source)


def test_readers_and_writers_go_on_during_rotations(blobs, keys):
    """Two engines that read and write, and others that rotate; by the real clock, as several processes have it."""

    def engine():
        return kr.Engine(settings=OFFLINE, blobs=blobs, keys=keys, embedder=HashingEmbedder())

    engine().tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    workload = _Workload()
    for number in range(2):
        workload.start(engine().tenant("acme"), number)
    reports, until = [], time.monotonic() + 60
    while len(reports) < 5 or (len(workload.written) < 2 and time.monotonic() < until):  # a slow machine needs more
        reports.append(engine().rotate_keys(reencrypt=True))
    workload.stop()
    assert workload.failures == []
    assert [error for report in reports for _, error in report.failed if not isinstance(error, kr.ConflictError)] == []
    assert len(workload.written) >= 2
    cold = engine()
    assert {row.id for row in cold.tenant("acme").documents()} == {"policy", *workload.written}
    report = cold.verify()
    assert report.is_sound, report.findings


def test_rotation_works_with_a_key_file_on_a_local_disk(tmp_path):
    with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
        fill(engine.tenant("acme"), "acme")
        assert engine.rotate_keys(reencrypt=True).failed == ()
        check_content(engine)
    with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
        check_content(engine)


def test_only_the_tenant_at_hand_is_held_in_memory(make_engine, blobs, monkeypatch):
    """Rounds open each tenant for the occasion and let it go."""
    engine, held = make_engine(), []
    for number in range(5):
        engine.tenant(f"tenant-{number}").ingest(b"Refunds take 7 days.", source="policy")
    init = TenantIndex.__init__

    def counted(self, *args, **kwargs):
        init(self, *args, **kwargs)
        held.append(weakref.ref(self))

    monkeypatch.setattr(TenantIndex, "__init__", counted)
    alive = []

    def tell(_done, _of):
        gc.collect()
        alive.append(sum(one() is not None for one in held))

    engine.rotate_keys(reencrypt=True, on_progress=tell)
    assert len(held) == 5
    assert max(alive) <= 1
