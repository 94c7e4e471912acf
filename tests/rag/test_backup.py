"""Backup and restore, and what a restored backup brings back of an erased tenant."""

import shutil
import threading
from contextlib import suppress

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, MemoryBlobStore
from konverze_core.reports import ErasureMode
from konverze_indexes.generations import erase_keyring
from konverze_indexes.marks import FileMarks, MemoryMarks
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.upkeep.copying import MAX_COPY_TRIES, copy_tenants
from tests.rag.stores import FailingStore, InterruptedStore, PagedStore, StoreInterruptedAt
from tests.settings import OFFLINE

DIRECTORY = tenant_directory("acme")
OWN_KEK = OFFLINE.model_copy(update={"kek_per_tenant": True})


def fill(tenant):
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    tenant.ingest(b"Delivery is free.", source="delivery")
    tenant.delete("delivery")
    tenant.configure(kr.TenantSettings(persona="You speak for acme."))
    tenant.ask("How long do refunds take?", conversation="c", visitor="asha")


def check(engine, name="acme"):
    tenant = engine.tenant(name, create=False)
    assert [hit.chunk.text for hit in tenant.search("refunds")] == ["Refunds take 7 days."]
    assert tenant.settings().persona == "You speak for acme."
    report = engine.verify()
    assert report.is_sound, report.findings


def opened(root, settings=OFFLINE):
    return kr.Engine.open(root, settings=settings)


@pytest.fixture
def site(tmp_path):
    """A data directory with two tenants, and a place for backups."""
    with opened(tmp_path / "data") as engine:
        for name in ("acme", "globex"):
            fill(engine.tenant(name))
    return tmp_path


def elsewhere(site, name="elsewhere"):
    """A new machine that has the key file, and nothing else."""
    (site / name).mkdir()
    shutil.copy2(site / "data" / "key.json", site / name / "key.json")
    return site / name


def copied(source, target, *names):
    return copy_tenants(source, target, map(tenant_directory, names), is_wanted=lambda _: True)


def test_a_backup_is_restored_elsewhere_with_the_key_file(site):
    with opened(site / "data") as engine:
        report = engine.back_up(site / "backup")
    assert report.tenants == 2
    stored = [file for file in (site / "backup").rglob("*") if file.is_file()]
    assert report.blobs == len([file for file in stored if "blobs/" in file.as_posix()])
    assert not [file for file in stored if "key.json" in file.name]
    with opened(elsewhere(site)) as engine:
        restored = engine.restore(site / "backup")
        assert (restored.is_sound, restored.tenants, restored.blobs) == (True, 2, report.blobs)
        check(engine, "acme")
        check(engine, "globex")


def test_one_tenant_is_restored_in_place_after_a_loss(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup", "acme")
        engine.tenant("acme").ingest(b"newer", source="newer")
        engine.rotate_keys()
        for part in ("keyring", "tenants"):
            shutil.rmtree(site / "data" / "blobs" / part / DIRECTORY)
        with pytest.raises(kr.RollbackError):
            engine.tenant("acme").index.refreshed()
        assert engine.restore(site / "backup", "acme").is_sound
        check(engine)
    with opened(site / "data") as engine:
        check(engine)
        check(engine, "globex")


def test_marks_are_reset_only_for_an_older_copy(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup")
    shutil.rmtree(site / "data" / "blobs")
    marks = FileMarks(site / "data" / "key.json.marks")
    newest = marks.newest(DIRECTORY, "commit")
    marks.raise_to(tenant_directory("globex"), "commit", newest + 5)
    with opened(site / "data") as engine:
        seen = []
        engine._tenancy.marks.reset = lambda directory: seen.append(directory) or FileMarks.reset(marks, directory)
        assert engine.restore(site / "backup").is_sound
    assert seen == [tenant_directory("globex")]


def test_a_backup_goes_into_an_empty_place(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup")
        with pytest.raises(kr.ConfigError, match="empty target"):
            engine.back_up(site / "backup")
        with pytest.raises(kr.ConfigError):
            engine.back_up(site / "data")
        with pytest.raises(kr.UnknownTenantError):
            engine.back_up(site / "other", "nobody")


def test_a_restore_takes_nothing_that_stands_and_nothing_from_nowhere(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup")
        with pytest.raises(kr.ConfigError, match="already"):
            engine.restore(site / "backup")
        with pytest.raises(kr.ConfigError, match="already"):
            engine.restore(site / "backup", "acme")
        with pytest.raises(kr.ConfigError, match="no backup"):
            engine.restore(site / "typo")
        with pytest.raises(kr.UnknownTenantError):
            engine.restore(site / "backup", "nobody")


def test_data_that_lost_only_its_keyring_is_not_overwritten_by_an_older_copy(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup")
        engine.tenant("acme").ingest(b"newer", source="newer")
    shutil.rmtree(site / "data" / "blobs" / "keyring" / DIRECTORY)
    with opened(site / "data") as engine:
        with pytest.raises(kr.ConfigError, match="without its keyring"):
            engine.restore(site / "backup", "acme")
        shutil.copytree(
            site / "backup" / "blobs" / "keyring" / DIRECTORY, site / "data" / "blobs" / "keyring" / DIRECTORY
        )
        assert {row.id for row in engine.tenant("acme").documents()} == {"policy", "newer"}


def test_a_backup_under_the_shared_kek_brings_an_erased_tenant_back_elsewhere_as_the_receipt_said(site):
    settings = OFFLINE.model_copy(update={"backups_kept_days": 35})
    with opened(site / "data", settings) as engine:
        engine.back_up(site / "backup")
        receipt = engine.erase_tenant("acme")
        assert receipt.mode is ErasureMode.KEYS_DELETED
        assert "backups" in receipt.remains[0].what
        assert receipt.remains[0].until == receipt.effective_by > receipt.erased_at
        with pytest.raises(kr.TenantErasedError):
            engine.restore(site / "backup", "acme")
        with pytest.raises(kr.TenantErasedError):
            engine.back_up(site / "second", "acme")
        assert engine.back_up(site / "second").tenants == 1
    with opened(elsewhere(site)) as engine:
        engine.restore(site / "backup", "acme")
        check(engine)


def test_a_backup_under_a_destroyed_kek_opens_nowhere(tmp_path):
    with opened(tmp_path / "data", OWN_KEK) as engine:
        fill(engine.tenant("acme"))
        fill(engine.tenant("globex"))
        engine.back_up(tmp_path / "backup")
        assert engine.erase_tenant("acme").mode is ErasureMode.KEK_DESTROYED
    with opened(elsewhere(tmp_path), OWN_KEK) as engine:
        report = engine.restore(tmp_path / "backup")
        assert not report.is_sound
        with pytest.raises(kr.KeyDestroyedError):
            engine.tenant("acme", create=False)
        assert engine.tenant("globex", create=False).search("refunds")


def test_a_backup_under_a_kek_destroyed_elsewhere_opens_nowhere(make_engine, blobs, clock):
    engine, backup = make_engine(settings=OWN_KEK), MemoryBlobStore()
    fill(engine.tenant("acme"))
    copied(blobs, backup, "acme")
    check(make_engine(blobs=backup))
    engine.erase_tenant("acme")
    with pytest.raises(kr.KeyDestroyedError):
        make_engine(blobs=backup).tenant("acme", create=False)


def test_a_store_with_erased_tenants_is_a_source_of_the_others(site):
    with opened(site / "data") as engine:
        engine.erase_tenant("acme")
    with opened(elsewhere(site)) as engine:
        with pytest.raises(kr.TenantErasedError):
            engine.restore(site / "data", "acme")
        assert engine.restore(site / "data").tenants == 1
        assert engine.tenants() == ["globex"]


def test_a_copy_that_died_at_any_call_shows_nothing_and_can_be_made_again(make_engine, blobs):
    for name in ("acme", "globex"):
        fill(make_engine().tenant(name))
    for calls in range(1_000):
        target = MemoryBlobStore()
        try:
            copied(blobs, FailingStore(target, calls), "acme", "globex")
        except kr.StoreError:
            shown = {name.split("/")[1] for name in target.list("keyring/")}
        else:
            break
        if shown:
            assert shown == {DIRECTORY} or shown == {tenant_directory("globex")}
            missing = [name for name in ("acme", "globex") if tenant_directory(name) not in shown]
        else:
            missing = ["acme", "globex"]
        copied(blobs, target, *missing)
        report = make_engine(blobs=target, marks=MemoryMarks()).verify()
        assert report.is_sound, report.findings
        assert report.tenants == 2
    assert 20 < calls < 999


def test_an_interrupted_restore_is_run_again(site):
    with opened(site / "data") as engine:
        engine.back_up(site / "backup")
    root = elsewhere(site)
    for calls in (0, 5, 20, 40, 43, 45, 46, 47):
        shutil.rmtree(root / "blobs", ignore_errors=True)
        with opened(root) as engine:
            whole = engine._tenancy.blobs
            dying = kr.Engine(settings=OFFLINE, blobs=FailingStore(whole, calls), keys=engine.keys)
            try:
                dying.restore(site / "backup")
            except kr.StoreError:
                with suppress(kr.ConfigError):  # all was copied, and only not verified
                    assert engine.restore(site / "backup").is_sound
            check(engine)
            check(engine, "globex")


MEANWHILE = {
    "compaction and vacuum": lambda engine: (engine.tenant("acme").compact(), engine.vacuum(grace_s=0)),
    "re-encryption": lambda engine: engine.rotate_keys(reencrypt=True),
    "erasure of a visitor": lambda engine: engine.tenant("acme").erase_visitor("asha"),
    "erasure of a document": lambda engine: engine.tenant("acme").erase_document("delivery"),
    "settings": lambda engine: engine.tenant("acme").configure(kr.TenantSettings(persona="You speak for acme.")),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_copy_is_whole_whatever_happens_between_any_two_calls(make_engine, what):
    for calls in range(1_000):
        blobs, target = MemoryBlobStore(), MemoryBlobStore()
        fill(make_engine(blobs=blobs).tenant("acme"))
        engine = make_engine(blobs=blobs)
        held = StoreInterruptedAt(blobs, calls, lambda engine=engine: MEANWHILE[what](engine))
        copied(held, target, "acme")
        report = make_engine(blobs=target, marks=MemoryMarks()).verify()
        assert report.is_sound, (calls, report.findings)
        assert make_engine(blobs=target, marks=MemoryMarks()).tenant("acme").search("refunds")
        if held.act is not None:
            break
    assert 10 < calls < 999


@pytest.mark.parametrize("border", ["days/2026-01-01/e", "days/2026-01-01/feedback/", "settings/", "visitors/"])
def test_a_turn_that_is_rated_between_two_pages_of_a_listing_does_not_damage_the_copy(make_engine, blobs, border):
    acme = make_engine().tenant("acme")
    fill(acme)
    target = MemoryBlobStore()

    def act():
        for number in range(8):  # blinded names before and behind the border
            answer = acme.ask("How long do refunds take?", conversation=f"c{number}", visitor="ravi")
            acme.give_feedback(f"c{number}", answer.turn, helpful=True)

    copied(PagedStore(blobs, f"tenants/{DIRECTORY}/{border}", act), target, "acme")
    report = make_engine(blobs=target, marks=MemoryMarks()).verify()
    assert [finding for finding in report.findings if not finding.is_harmless] == []


def test_feedback_is_restored_with_its_turn_and_is_no_damage(site):
    with opened(site / "data") as engine:
        [turn] = engine.tenant("acme").turns()
        engine.tenant("acme").give_feedback("c", turn.turn, helpful=False, comment="No.")
        engine.back_up(site / "backup")
        engine.tenant("acme").erase_visitor("asha")
    with opened(elsewhere(site)) as engine:
        findings = engine.restore(site / "backup").findings
        assert [finding for finding in findings if "/days/" in finding.name] == []
        [turn] = engine.tenant("acme").turns()
        assert turn.feedback.comment == "No."


def test_a_tenant_erased_while_it_is_copied_is_not_in_the_copy(make_engine, blobs, site):
    fill(make_engine().tenant("acme"))
    held = InterruptedStore(blobs, "get", "/segments/", lambda: make_engine().erase_tenant("acme"))
    make_engine(blobs=held).back_up(site / "raced")
    assert not [file for file in (site / "raced").rglob("*") if file.is_file() and "/blobs/" in file.as_posix()]


@pytest.mark.parametrize("what", ["erasure of a visitor", "erasure of a document"])
def test_what_was_erased_before_a_copy_is_shown_is_not_in_it(make_engine, blobs, what):
    """The tenant was copied to its end; the one after it takes its time, and only then are both shown."""
    for name in ("acme", "globex"):
        fill(make_engine().tenant(name))
    target = MemoryBlobStore()
    next_tenant = f"{tenant_directory('globex')}/segments/"
    held = InterruptedStore(blobs, "get", next_tenant, lambda: MEANWHILE[what](make_engine()))
    copied(held, target, "acme", "globex")
    for name in target.list(f"tenants/{DIRECTORY}/"):
        assert target.get(name) == blobs.get(name), name
    report = make_engine(blobs=target, marks=MemoryMarks()).verify()
    assert (report.is_sound, report.tenants) == (True, 2)


def test_a_copy_that_is_overtaken_before_each_look_is_given_up_and_not_shown(make_engine, blobs):
    engine, target, looks = make_engine(), MemoryBlobStore(), []
    fill(engine.tenant("acme"))

    def is_wanted(directory):
        looks.append(directory)
        engine.tenant("acme").configure(kr.TenantSettings(persona=f"Speaker {len(looks)}."))
        return engine.vacuum(grace_s=0).blobs > 0

    with pytest.raises(kr.ConflictError, match="time and again"):
        copy_tenants(blobs, target, [DIRECTORY], is_wanted=is_wanted)
    assert len(looks) == MAX_COPY_TRIES
    assert not target.list("keyring/")


def test_a_tenant_whose_keys_went_right_before_it_was_to_be_shown_is_not_shown(make_engine, *, blobs, keys, clock):
    fill(make_engine().tenant("acme"))
    target, looks = MemoryBlobStore(), iter([True, False])

    def is_wanted(directory):
        erase_keyring(blobs, keys, directory, clock)
        return next(looks)

    assert copy_tenants(blobs, target, [DIRECTORY], is_wanted=is_wanted).tenants == 0
    assert target.list("") == []


def test_copies_beside_writers_and_vacuums_are_whole(blobs, keys):
    def engine(store=blobs):
        return kr.Engine(settings=OFFLINE, blobs=store, keys=keys, embedder=HashingEmbedder())

    fill(engine().tenant("acme"))
    stop, failures = threading.Event(), []

    def work():
        busy, number = engine(), 0
        tenant = busy.tenant("acme")
        while not stop.is_set():
            number += 1
            try:
                tenant.add([kr.Chunk(document_id=f"d{number}", ordinal=0, text=f"Note {number}.")])
                tenant.ask("How long do refunds take?", conversation=f"c{number}", visitor=f"v{number % 3}")
                if number % 3 == 0:
                    tenant.erase_visitor("v1")
                    tenant.compact()
                    failures.extend(error for _, error in busy.vacuum(grace_s=0).failed)
            except kr.KonverzeError as error:
                failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    targets = [MemoryBlobStore() for _ in range(5)]
    try:
        for target in targets:
            copied(blobs, target, "acme")
    finally:
        stop.set()
        thread.join()
    assert failures == []
    for target in targets:
        report = engine(target).verify()
        assert report.is_sound, report.findings
        assert engine(target).tenant("acme").search("refunds")[0].chunk.document_id == "policy"
