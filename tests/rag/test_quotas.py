"""What a tenant may have: documents and their bytes, whoever brings them in, and however many at once."""

import threading

import pytest

import konverze_rag as kr
from tests.indexes.pausing import PausedWriter, PausingStore
from tests.rag.stores import FailingStore, InterruptedStore
from tests.settings import OFFLINE


@pytest.fixture
def limited(make_engine):
    """A tenant of a process of its own, over the same store."""

    def make(blobs=None, **quotas):
        changes = {"settings": OFFLINE.model_copy(update=quotas), "embedder": None}
        return make_engine(**changes, **({"blobs": blobs} if blobs is not None else {})).tenant("acme")

    return make


def text(size, filler="x"):
    """A file of so many bytes."""
    return (filler * 9 + "\n").encode() * (size // 10) + filler.encode() * (size % 10)


def failures(report):
    return [(source, getattr(error, "quota", type(error).__name__)) for source, error in report.failed]


def held(tenant):
    stats = tenant.stats()
    rows = tenant.documents()
    assert (stats.documents, stats.content_bytes) == (len(rows), sum(row.content_bytes for row in rows))
    return stats.documents, stats.content_bytes


def chunk(source, words, ordinal=0):
    return kr.Chunk(document_id=source, ordinal=ordinal, text=words)


# Documents


def test_files_above_the_quota_fail_and_the_others_go_on(limited):
    acme = limited(max_documents=2)
    report = acme.ingest({"a": b"first", "b": b"second", "c": b"third", "d": b"fourth"})
    assert report.added == ("a", "b")
    assert failures(report) == [("c", "max_documents"), ("d", "max_documents")]
    assert (report.documents, report.chunks) == (2, 2)
    error = report.failed[0][1]
    assert isinstance(error, kr.QuotaExceededError)
    assert str(error) == "c: max_documents is 2, the tenant has 2 and this is 1 more: delete documents, or raise it"
    assert [row.id for row in acme.documents()] == ["a", "b"]


def test_a_file_that_cannot_be_read_takes_no_place(limited):
    report = limited(max_documents=2).ingest({"a": b"", "b": b"second", "c": b"third", "d": b"fourth"})
    assert report.added == ("b", "c")
    assert failures(report) == [("a", "NoTextError"), ("d", "max_documents")]


def test_a_full_tenant_replaces_and_skips(limited):
    acme = limited(max_documents=2)
    acme.ingest({"a": b"first", "b": b"second"})
    report = acme.ingest({"a": b"first", "b": b"another", "c": b"third"})
    assert (report.skipped, report.changed, failures(report)) == (("a",), ("b",), [("c", "max_documents")])


def test_what_has_no_room_is_neither_read_nor_kept(limited, blobs):
    acme = limited(max_documents=1)
    acme.ingest({"a": b"first"})
    before = blobs.list("")
    batch = {f"b{number}": b"" for number in range(100)}  # which nobody could read
    assert failures(acme.ingest(batch)) == [(source, "max_documents") for source in batch]
    assert blobs.list("") == before


def test_originals_of_files_that_were_read_for_nothing_are_removed(limited, blobs):
    acme = limited(max_documents=3)
    acme.ingest({f"d{number}": b"text %d" % number for number in range(50)})
    assert len([name for name in blobs.list("tenants/") if "/uploads/" in name]) == 3


def test_a_quota_of_none_at_all_leaves_what_is_there(limited):
    limited().ingest({"a": b"first", "b": b"second"})
    acme = limited(max_documents=0, max_stored_bytes=0)
    report = acme.ingest({"a": b"1st", "b": b"longer than before", "c": b"third"})
    assert report.changed == ("a",)
    assert failures(report) == [("b", "max_stored_bytes"), ("c", "max_documents")]
    assert held(acme) == (2, 9)


# Bytes


def test_a_replacement_counts_by_the_difference(limited):
    acme = limited(max_stored_bytes=100)
    acme.ingest({"a": text(40), "b": text(50)})
    report = acme.ingest({"a": text(50), "b": text(51)})
    assert (report.changed, failures(report)) == (("a",), [("b", "max_stored_bytes")])
    assert held(acme) == (2, 100)
    assert failures(acme.ingest({"c": b"1"})) == [("c", "max_stored_bytes")]


def test_a_file_that_shrinks_a_document_passes_though_the_tenant_is_above(limited):
    limited().ingest({"a": text(400), "b": text(500)})
    acme = limited(max_stored_bytes=100)
    report = acme.ingest({"a": text(300), "b": text(500, "y"), "c": text(10)})
    assert (report.changed, failures(report)) == (("a", "b"), [("c", "max_stored_bytes")])
    assert held(acme) == (2, 800)


def test_what_a_call_frees_is_there_for_the_next_one(limited):
    acme = limited(max_stored_bytes=100)
    acme.ingest({"a": text(100)})
    batch = {"a": text(10), "b": text(90)}
    assert failures(acme.ingest(batch)) == [("b", "max_stored_bytes")]
    report = acme.ingest(batch)
    assert (report.skipped, report.added, report.failed) == (("a",), ("b",), ())


def test_a_smaller_file_fits_where_a_larger_one_does_not(limited):
    report = limited(max_stored_bytes=100).ingest({"a": text(60), "b": text(60, "y"), "c": text(40)})
    assert (report.added, failures(report)) == (("a", "c"), [("b", "max_stored_bytes")])


# Settings


def test_a_tenant_has_quotas_of_its_own(make_engine, clock):
    engine = make_engine(settings=OFFLINE.model_copy(update={"max_documents": 1}), embedder=None)
    acme, globex = engine.tenant("acme"), engine.tenant("globex")
    globex.configure(kr.TenantSettings(max_documents=3))
    batch = {name: name.encode() for name in "abcd"}
    assert len(acme.ingest(batch).added) == 1
    assert len(globex.ingest(batch).added) == 3
    globex.configure(kr.TenantSettings(max_documents=4))
    assert (len(globex.ingest(batch).added), held(globex), held(acme)) == (1, (4, 4), (1, 1))


@pytest.mark.parametrize("quota", ["max_documents", "max_stored_bytes", "daily_ingests"])
@pytest.mark.parametrize("value", [-1, "many", 1.5])
def test_a_quota_is_a_whole_number(quota, value):
    for settings in (kr.Settings, kr.TenantSettings):
        with pytest.raises(kr.ConfigError, match=quota):
            settings(**{quota: value})


# What is freed


@pytest.mark.parametrize(
    "free",
    [
        lambda acme: acme.delete("a"),
        lambda acme: acme.erase_document("a"),
        lambda acme: (acme.delete("a"), acme.compact()),
    ],
)
def test_documents_that_are_gone_leave_their_room(limited, free):
    acme = limited(max_documents=2, max_stored_bytes=20)
    acme.ingest({"a": text(10), "b": text(10, "y")})
    assert len(acme.ingest({"c": text(10, "z")}).failed) == 1
    free(acme)
    assert acme.ingest({"c": text(10, "z")}).failed == ()
    assert held(acme) == (2, 20)


def test_compaction_and_reindexing_change_nothing_that_counts(limited):
    acme = limited(max_documents=3)
    acme.ingest({"a": text(10), "b": text(20)})
    acme.add([chunk("b", "beside it")])
    before = held(acme)
    acme.compact()
    acme.reindex()
    assert held(acme) == before == (2, 39)


def test_a_sync_brings_in_next_time_what_had_no_room_beside_what_vanished(limited, tmp_path):
    acme = limited(max_documents=1)
    (tmp_path / "old.txt").write_text("The same text.")
    acme.sync(tmp_path)
    (tmp_path / "old.txt").rename(tmp_path / "new.txt")
    report = acme.sync(tmp_path)
    assert (failures(report), report.deleted) == ([("new.txt", "max_documents")], ("old.txt",))
    report = acme.sync(tmp_path)
    assert (report.added, report.failed) == (("new.txt",), ())


# Ready chunks


@pytest.mark.parametrize(
    ("quotas", "chunks"),
    [
        ({"max_documents": 2}, [chunk("b", "one"), chunk("c", "two")]),
        ({"max_stored_bytes": 20}, [chunk("b", "eight by"), chunk("b", "रु", 1)]),
    ],
)
def test_ready_chunks_are_added_whole_or_not_at_all(limited, blobs, quotas, chunks):
    acme = limited(**quotas)
    acme.ingest({"a": b"7 bytes"})
    before = blobs.list("")
    acme.add(chunks[:1])
    assert acme.delete("b") == 1
    generation, before = acme.stats().generation, blobs.list("")
    with pytest.raises(kr.QuotaExceededError) as caught:
        acme.add(chunks)
    assert {caught.value.quota} == quotas.keys()
    assert (acme.stats().generation, blobs.list("")) == (generation, before)


def test_ready_chunks_of_a_document_that_is_there_are_no_new_document(limited):
    acme = limited(max_documents=1, max_stored_bytes=16)
    acme.ingest({"a": b"8 bytes."})
    acme.add([chunk("a", "four")])
    acme.add([chunk("a", "more", 1)])
    assert held(acme) == (1, 16)
    with pytest.raises(kr.QuotaExceededError):
        acme.add([chunk("a", "!", 2)])
    assert acme.ingest({"a": b"sixteen bytes in"}).changed == ("a",)  # in place of all of these
    assert held(acme) == (1, 16)


# Several at once


def test_two_processes_together_have_no_more_than_one(limited, make_engine):
    tenants = [limited(max_documents=10, max_stored_bytes=150) for _ in range(3)]
    reports, lock = [], threading.Lock()

    def bring(number):
        for batch in range(4):
            report = tenants[number].ingest({f"{number}-{batch}-{each}": text(10 + each) for each in range(5)})
            with lock:
                reports.append(report)

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acme = limited()
    documents, content_bytes = held(acme)
    assert documents == 10
    assert content_bytes <= 150
    assert {row.id for row in acme.documents()} == {source for report in reports for source in report.added}
    assert all(len(report.added) + len(report.failed) == 5 for report in reports)
    engine = make_engine()
    assert engine.verify("acme").is_sound
    engine.vacuum(grace_s=0)
    assert engine.verify("acme").findings == ()


@pytest.fixture
def overtaken(limited, blobs):
    """A tenant whose next commit another process overtakes."""

    def make(act, **quotas):
        def other():
            act(limited(**quotas))

        return limited(InterruptedStore(blobs, "put", "/commits/", other), **quotas)

    return make


def test_what_another_process_took_the_room_of_is_dead_in_the_commit(overtaken, limited, make_engine, blobs):
    limited().ingest({"a": b"first", "c": b"old words"})
    acme = overtaken(lambda other: other.ingest({"x": b"foreign", "y": b"another"}), max_documents=5)
    twins = text(20, "q")
    report = acme.ingest({"a": b"1st", "b": b"second", "c": twins + b"more", "d": twins, "e": twins})
    assert (report.added, report.changed) == (("b",), ("a", "c"))
    assert failures(report) == [("d", "max_documents"), ("e", "max_documents")]
    assert (report.documents, report.chunks, report.duplicates) == (3, 3, ())
    assert [row.id for row in acme.documents()] == ["a", "b", "c", "x", "y"]
    assert {hit.chunk.document_id for hit in acme.search("q" * 9)} <= {"c"}
    assert held(limited()) == held(acme)
    engine = make_engine()
    assert engine.verify("acme").is_sound
    engine.vacuum(grace_s=0)
    assert engine.verify("acme").findings == ()
    assert len([name for name in blobs.list("tenants/") if "/uploads/" in name]) == 5
    acme.compact()
    assert held(acme) == (5, 3 + 6 + 24 + 7 + 7)


def test_a_file_is_no_duplicate_of_one_that_its_commit_refused(overtaken, limited, monkeypatch):
    monkeypatch.setattr("konverze_rag.ingest.ingestion.COMMIT_CHUNKS", 1)
    limited().ingest({"b": b"old words"})
    acme = overtaken(lambda other: other.ingest({"x": b"foreign"}), max_documents=2)
    report = acme.ingest({"a": b"the same", "b": b"the same"})
    assert (failures(report), report.changed, report.duplicates) == ([("a", "max_documents")], ("b",), ())


def test_a_replacement_whose_document_was_deleted_meanwhile_counts_as_new(overtaken, limited):
    def swap(other):
        other.delete("a")
        other.ingest({"x": b"foreign"})

    limited().ingest({"a": b"first"})
    acme = overtaken(swap, max_documents=1)
    report = acme.ingest({"a": b"other"})
    assert (report.changed, failures(report)) == ((), [("a", "max_documents")])
    assert [row.id for row in acme.documents()] == ["x"]


def test_a_refused_replacement_leaves_the_earlier_version(overtaken, limited):
    limited().ingest({"a": b"old words"})
    acme = overtaken(lambda other: other.ingest({"x": text(30)}), max_stored_bytes=40)
    assert failures(acme.ingest({"a": b"new words and more"})) == [("a", "max_stored_bytes")]
    assert [hit.chunk.text for hit in acme.search("words")] == ["old words"]


def test_ready_chunks_that_were_overtaken_leave_nothing(overtaken, blobs, make_engine):
    acme = overtaken(lambda other: other.ingest({"x": b"foreign"}), max_documents=1)
    with pytest.raises(kr.QuotaExceededError):
        acme.add([chunk("a", "one")])
    assert [row.id for row in acme.documents()] == ["x"]
    assert make_engine().verify("acme").findings == ()


def test_a_long_ingest_stops_embedding_once_another_process_has_taken_the_room(make_engine, monkeypatch, limited):
    monkeypatch.setattr("konverze_rag.ingest.ingestion.COMMIT_CHUNKS", 2)
    settings = OFFLINE.model_copy(update={"max_documents": 60})
    acme = make_engine(settings=settings, embedder=None).tenant("acme")
    other = limited()
    told = []

    def overtake(step):
        told.append(step.stage)
        if told.count("committed") == 1 and step.stage == "committed":
            other.ingest({f"x{number}": b"foreign %d" % number for number in range(57)})

    report = acme.ingest({f"d{number}": b"text %d" % number for number in range(40)}, on_progress=overtake)
    assert held(acme) == (60, held(acme)[1])
    assert len(report.added) == 3
    # Of what the others left no room for, one commit was embedded in vain.
    assert acme.stats().deleted_chunks <= 2


def test_a_writer_that_slept_through_a_vacuum_is_held_to_the_quota_too(limited, blobs, make_engine):
    store = PausingStore(blobs, ".text", after=True)
    acme = limited(store, max_documents=1)
    writer = PausedWriter(store, lambda: acme.add([chunk("a", "one")]))
    limited(max_documents=1).ingest({"x": b"foreign"})
    make_engine().vacuum(grace_s=0)
    with pytest.raises(kr.QuotaExceededError):
        writer.finish()
    assert make_engine().verify("acme").findings == ()


def test_after_a_crash_the_same_call_brings_in_what_fits(limited, blobs):
    batch = {f"d{number}": b"text %d" % number for number in range(6)}
    for calls in range(0, 60, 3):
        store = FailingStore(blobs, 10**9)
        acme = limited(store, max_documents=4)
        store.left = calls
        try:
            acme.ingest(batch)
        except kr.StoreError:
            continue
        break
    report = limited(max_documents=4).ingest(batch)
    assert len(report.skipped) + len(report.added) == 4
    assert len(report.failed) == 2
