"""Purges and vacuums over all tenants, and upkeep in the background."""

import logging
import threading
import time

import pytest

import konverze_rag as kr
from konverze_core.reports import VacuumReport
from konverze_indexes.tenant_ids import tenant_directory
from konverze_rag.upkeep.maintenance import Maintenance
from tests.settings import OFFLINE

DAY_S = 86_400.0


def test_conversations_are_purged_by_each_tenants_retention(make_engine, blobs, clock):
    engine = make_engine(settings=OFFLINE.model_copy(update={"retention_days": 3}))
    for name in ("acme", "globex"):
        engine.tenant(name).ingest(b"Refunds take 7 days.", source="policy")
        engine.tenant(name).ask("How long do refunds take?", conversation="c", visitor="asha")
    engine.tenant("globex").configure(kr.TenantSettings(retention_days=10))
    clock.advance(3 * DAY_S)
    assert engine.purge_expired().turns == 0
    clock.advance(DAY_S)
    report = engine.purge_expired()
    assert (report.days, report.turns, report.markers, report.failed) == (1, 1, 1, ())
    assert report.bytes > 0
    assert not [name for name in blobs.list(f"tenants/{tenant_directory('acme')}/") if "/days/" in name]
    assert [name for name in blobs.list(f"tenants/{tenant_directory('globex')}/") if "/days/" in name]
    clock.advance(7 * DAY_S)
    assert engine.purge_expired().turns == 1
    assert engine.verify().findings == ()


def test_a_vacuum_goes_over_all_tenants_with_the_grace_of_the_settings(make_engine, blobs):
    engine = make_engine(settings=OFFLINE.model_copy(update={"vacuum_grace_s": 0}))
    for name in ("acme", "globex"):
        for text in (b"one", b"two"):
            engine.tenant(name).ingest(text, source="note")
        engine.tenant(name).compact()
    before = len(blobs.list("tenants/"))
    assert engine.vacuum(grace_s=3_600) == VacuumReport()
    report = engine.vacuum()
    assert report.failed == ()
    assert report.commits >= 4
    assert before > len(blobs.list("tenants/"))
    assert make_engine().verify().is_sound


def test_a_tenant_that_cannot_be_looked_at_keeps_no_other_waiting(make_engine, blobs, clock):
    engine = make_engine()
    for name in ("acme", "globex"):
        engine.tenant(name).ingest(b"Refunds take 7 days.", source="policy")
        engine.tenant(name).ask("How long do refunds take?", conversation="c", visitor="asha")
    (name,) = blobs.list(f"keyring/{tenant_directory('acme')}/")
    blobs.put(name, b"damaged")
    clock.advance(40 * DAY_S)
    for report in (engine.purge_expired(), engine.vacuum(), engine.rotate_keys()):
        assert [directory for directory, _ in report.failed] == [tenant_directory("acme")]
    assert [one for one in blobs.list("") if "/days/" in one and tenant_directory("globex") in one] == []


def test_maintenance_goes_on_after_any_error_until_it_is_stopped(caplog):
    rounds = threading.Semaphore(0)

    def failing():
        raise kr.StoreUnavailableError("away")

    def broken():
        raise ValueError("a secret")

    def partly():
        return VacuumReport(failed=(("directory", kr.IntegrityError("damaged")),))

    with caplog.at_level(logging.INFO, "konverze_rag"):
        maintenance = Maintenance([failing, broken, partly, lambda: rounds.release() or VacuumReport()], 0.01)
        for _ in range(3):
            assert rounds.acquire(timeout=5)
        maintenance.stop()
    assert "maintenance: away" in caplog.messages
    assert "maintenance: ValueError" in caplog.messages
    assert "maintenance of directory: damaged" in caplog.messages
    assert "a secret" not in caplog.text
    while rounds.acquire(blocking=False):
        pass
    time.sleep(0.05)
    assert not rounds.acquire(blocking=False)


def test_stop_waits_for_the_task_under_way_and_starts_no_other():
    started, gate, after = threading.Event(), threading.Event(), []

    def slow():
        started.set()
        gate.wait(5)
        return VacuumReport()

    maintenance = Maintenance([slow, lambda: after.append(1) or VacuumReport()], 0.001)
    assert started.wait(5)
    stopper = threading.Thread(target=maintenance.stop)
    stopper.start()
    time.sleep(0.02)
    assert stopper.is_alive()
    gate.set()
    stopper.join(5)
    assert not stopper.is_alive()
    assert after == []


def test_an_engine_runs_its_maintenance_until_it_is_closed(make_engine):
    def threads():
        return [thread for thread in threading.enumerate() if thread.name == "konverze-maintenance"]

    make_engine()
    assert threads() == []
    with make_engine(settings=OFFLINE.model_copy(update={"maintenance_every_s": 60.0})):
        assert len(threads()) == 1
    assert threads() == []
    with pytest.raises(kr.ConfigError):
        kr.Settings(maintenance_every_s=59)


def test_the_rounds_of_maintenance_do_their_work(make_engine, blobs, clock, keys):
    engine = make_engine()
    tenant = engine.tenant("acme")
    tenant.ingest(b"Refunds take 7 days.", source="policy")
    tenant.ask("How long do refunds take?", conversation="c", visitor="asha")
    clock.advance(100 * DAY_S)
    done = threading.Event()
    tasks = [lambda: engine.rotate_keys(only_due=True), engine.purge_expired, engine.vacuum]
    maintenance = Maintenance([*tasks, lambda: done.set() or VacuumReport()], 0.01)
    assert done.wait(10)
    maintenance.stop()
    assert not [name for name in blobs.list("") if "/days/" in name]
    assert tenant.search("refunds")
    assert engine.verify().is_sound
