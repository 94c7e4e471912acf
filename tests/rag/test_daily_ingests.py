"""How many uploads a tenant takes a day, however many processes take them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import konverze_rag as kr
from konverze_core.fakes import ScriptedChatModel
from konverze_rag.conversations.grants import GRANT_SHARE
from tests.rag.stores import FailingStore
from tests.settings import OFFLINE

DAY_S = 86_400


@pytest.fixture
def limited(make_engine):
    """A tenant of a process of its own, over the same store."""

    def make(daily_ingests=None, blobs=None, **quotas):
        settings = OFFLINE.model_copy(update={"daily_ingests": daily_ingests, **quotas})
        parts = {} if blobs is None else {"blobs": blobs}
        return make_engine(settings=settings, embedder=None, **parts).tenant("acme")

    return make


def files(count, name="d"):
    return {f"{name}{number}": b"%s %d" % (name.encode(), number) for number in range(count)}


def spent(report):
    return [source for source, error in report.failed if getattr(error, "quota", "") == "daily_ingests"]


def grants(blobs):
    return [name for name in blobs.list("tenants/") if "/ingested/" in name]


def test_past_the_quota_files_fail_and_the_next_day_the_same_call_brings_them_in(limited, clock):
    acme, batch = limited(10), files(25)
    report = acme.ingest(batch)
    assert (len(report.added), len(spent(report)), len(report.failed)) == (10, 15, 15)
    said = "daily_ingests is 10, and so many were taken: ingest again after midnight, UTC, or raise it"
    assert {error.reason for _, error in report.failed} == {said}
    assert len(spent(acme.ingest(batch))) == 15
    clock.advance(DAY_S)
    report = acme.ingest(batch)
    assert (len(report.skipped), len(report.added), len(spent(report))) == (10, 10, 5)
    clock.advance(DAY_S)
    assert limited(10).ingest(batch).failed == ()


def test_what_is_unchanged_costs_nothing_and_what_replaces_does(limited):
    acme = limited(4)
    acme.ingest(files(3))
    for _ in range(5):
        assert len(acme.ingest(files(3)).skipped) == 3
    assert acme.ingest({"d0": b"another text"}).changed == ("d0",)
    report = acme.ingest({"d0": b"another text", "d1": b"another text"})
    assert (report.skipped, spent(report)) == (("d0",), ["d1"])


def test_what_cannot_be_read_counts_and_what_has_no_room_does_not(limited):
    acme = limited(3, max_documents=1)
    report = acme.ingest({"a": b"", "b": b"text"})
    assert (report.added, [source for source, _ in report.failed]) == (("b",), ["a"])
    assert spent(acme.ingest(files(5))) == []  # max_documents comes first
    assert acme.ingest({"b": b"longer text"}).changed == ("b",)
    assert spent(acme.ingest({"b": b"another text"})) == ["b"]


@pytest.mark.parametrize("unchanged", [0, 2])
def test_a_call_that_brings_one_file_takes_one_whatever_else_it_looks_at(limited, blobs, unchanged):
    limited().ingest(files(unchanged or 1))
    acme = limited(100)  # of which a call takes two ahead
    for number in range(60):
        assert acme.ingest({**files(unchanged), "new": b"text %d" % number}).failed == ()
    assert len(spent(limited(100).ingest(files(41, "more")))) == 1
    assert grants(blobs)


def test_all_processes_together_take_no_more_and_no_less(limited):
    tenants = [limited(100) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reports = [*pool.map(lambda number: tenants[number % 4].ingest(files(10, f"b{number}-")), range(16))]
    assert sum(len(report.added) for report in reports) == 100
    assert sum(len(spent(report)) for report in reports) == 60


class DyingStore:
    """A store whose process dies right after it has put a grant."""

    def __init__(self, inner):
        self._inner, self._is_dead = inner, False

    def __getattr__(self, verb):
        def call(name, *args, **kwargs):
            if self._is_dead:
                raise kr.StoreUnavailableError("died here")
            done = getattr(self._inner, verb)(name, *args, **kwargs)
            self._is_dead = verb == "put" and "/ingested/" in name
            return done

        return call


def test_a_killed_process_loses_what_it_took_ahead_and_no_more(limited, blobs):
    for _ in range(3):
        with pytest.raises(kr.StoreError):
            limited(200, DyingStore(blobs)).ingest(files(30))
    assert len(limited(200).ingest(files(200)).added) == 200 - 3 * int(200 * GRANT_SHARE)


def test_a_crash_does_not_count_again_what_was_skipped(limited, blobs):
    store = FailingStore(blobs, 10**9)
    acme = limited(8, store)
    acme.ingest(files(3))
    store.left = 0
    with pytest.raises(kr.StoreError):
        acme.ingest(files(6))
    assert limited(8).ingest(files(8)).failed == ()  # 3 skipped, 5 of the 5 that are left


def test_a_tenant_may_have_a_quota_of_its_own_and_another_value_holds_at_once(limited, clock):
    acme = limited(2)
    assert len(acme.ingest(files(5)).added) == 2
    acme.configure(kr.TenantSettings(daily_ingests=4))
    assert len(acme.ingest(files(5)).added) == 2
    acme.configure(kr.TenantSettings(daily_ingests=0))
    assert len(spent(acme.ingest(files(5)))) == 1
    clock.advance(DAY_S)
    assert len(spent(acme.ingest(files(5)))) == 1


def test_midnight_within_a_call_begins_a_new_day(limited, clock):
    acme, told = limited(40), []

    def pass_midnight(step):
        told.append(step)
        if len(told) == 1:
            clock.advance(DAY_S)

    report = acme.ingest(files(100), on_progress=pass_midnight)
    assert 40 < len(report.added) <= 80
    assert len(report.added) + len(spent(report)) == 100


def test_without_a_quota_nothing_is_counted_or_stored_and_ready_chunks_never_are(limited, blobs):
    limited().ingest(files(3))
    limited(1).add([kr.Chunk(document_id=f"c{number}", ordinal=0, text="text") for number in range(5)])
    assert [name for name in blobs.list("tenants/") if "/days/" in name] == []


def test_a_spent_day_writes_nothing_more(limited, blobs):
    limited(2).ingest(files(2))
    before = blobs.list("")
    assert len(spent(limited(2).ingest(files(20, "more")))) == 20
    assert blobs.list("") == before


def test_a_missing_or_tampered_grant_is_noticed(limited, blobs, make_engine):
    for number in range(3):
        limited(50).ingest({f"d{number}": b"text %d" % number})
    names = grants(blobs)
    assert len(names) == 3
    assert make_engine().verify().findings == ()
    first, last = bytes(blobs.get(names[0])), bytes(blobs.get(names[2]))
    blobs.delete(names[1])
    with pytest.raises(kr.IntegrityError, match="missing"):
        limited(50).ingest({"more": b"text"})
    assert [finding.name for finding in make_engine().verify().findings] == [names[1]]
    blobs.put(names[1], first)
    blobs.put(names[2], first)
    with pytest.raises(kr.IntegrityError):
        limited(50).ingest({"more": b"text"})
    assert [finding.name for finding in make_engine().verify().findings] == names[1:]
    blobs.put(names[2], last)


def test_grants_end_with_their_day_and_with_the_tenant(limited, blobs, clock, make_engine):
    acme = limited(5)
    acme.ingest(files(3))
    clock.advance(40 * DAY_S)
    assert make_engine().purge_expired().days == 1
    assert [name for name in blobs.list("tenants/") if "/days/" in name] == []
    acme.ingest(files(3, "more"))
    acme.erase()
    assert blobs.list("tenants/") == []


def test_ingests_and_answers_are_counted_apart(make_engine, blobs):
    settings = OFFLINE.model_copy(update={"daily_ingests": 2, "daily_tokens": 10_000, "max_output_tokens": 50})
    chat = ScriptedChatModel(["A refund takes 7 working days [1]."])
    acme = make_engine(settings=settings, embedder=None, chat=chat).tenant("acme")
    acme.ingest({"policy": b"A refund takes 7 working days."})
    assert acme.ask("How long does a refund take?", conversation="c").degraded is None
    assert len(grants(blobs)) == 1
    assert len([name for name in blobs.list("tenants/") if "/spent/" in name]) == 1
    assert make_engine().verify().findings == ()
