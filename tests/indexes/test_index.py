import gc
import hashlib
import threading
import weakref

import numpy as np
import pytest

from konverze_core.errors import (
    ConfigError,
    ConflictError,
    EmbedderMismatchError,
    IntegrityError,
    KeyAccessDeniedError,
    RollbackError,
    StoreFullError,
    StoreUnavailableError,
    TenantErasedError,
)
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import EmbedderInfo
from konverze_indexes.compaction import MAX_SMALL_SEGMENTS, SMALL_CHUNKS, compact, merge_small
from konverze_indexes.generations import erase_keyring
from konverze_indexes.index import REFRESH_S
from konverze_indexes.manifest import Embedding, commit_name, generation_of
from konverze_indexes.marks import MemoryMarks
from konverze_indexes.postings import Postings
from konverze_indexes.snapshot import Query
from konverze_indexes.vacuum import vacuum
from tests.indexes.builders import EMBEDDING, add, document, new_index, reopened, unit_vectors
from tests.indexes.pausing import PausedWriter, PausingStore


@pytest.fixture
def store():
    return MemoryBlobStore()


@pytest.fixture
def provider():
    return MemoryKeyProvider()


def _ids(index):
    return [row.id for row in index.refreshed().documents()]


def _texts(index, question, k=10):
    return [hit.chunk.text for hit in index.refreshed().search(Query(k=k, text=question))]


def test_reopened_results_are_identical(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "red fox", "blue fox"), document("b", "red hen"))
    index.delete(["b"])
    query = Query(k=5, text="red fox", vector=unit_vectors(1, seed=9)[0])
    again = reopened(store, provider)
    assert again.snapshot().search(query) == index.snapshot().search(query)
    assert again.snapshot().manifest == index.snapshot().manifest


class ListedStore(MemoryBlobStore):
    """Counts listings of keyrings, and may be out of reach."""

    def __init__(self):
        super().__init__()
        self.looks, self.is_away = 0, False

    def list(self, prefix):
        if self.is_away:
            raise StoreUnavailableError("away")
        self.looks += prefix.startswith("keyring/")
        return super().list(prefix)


def test_a_look_at_the_keyring_holds_for_a_second_and_no_longer(provider):
    store, clock = ListedStore(), ManualClock()
    add(new_index(store, provider, clock=clock), document("a", "red fox"))
    index = reopened(store, provider, clock=clock)
    looks = store.looks
    for _ in range(3):
        index.evict()
        index.check()
        assert index.snapshot().live_chunks == 1
    assert store.looks == looks
    clock.advance(REFRESH_S)
    index.check()
    index.snapshot()
    assert store.looks == looks + 1
    index.evict()
    clock.advance(REFRESH_S)
    index.check()
    index.snapshot()
    assert store.looks == looks + 2


def test_an_index_that_was_evicted_is_not_opened_after_a_look_that_failed(provider):
    store, clock = ListedStore(), ManualClock()
    add(new_index(store, provider, clock=clock), document("a", "red fox"))
    index = reopened(store, provider, clock=clock)
    erase_keyring(store, provider, index.blobs.directory, clock)
    index.evict()
    clock.advance(REFRESH_S)
    store.is_away = True
    index.check()
    store.is_away = False
    with pytest.raises(TenantErasedError):
        index.snapshot()


def test_the_same_document_again_replaces_in_one_commit(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "old text"), document("b", "other"))
    generation = add(index, document("a", "new text"))
    assert generation == 2
    assert _ids(index) == ["a", "b"]
    assert _texts(index, "text") == ["new text"]


def test_a_refused_document_is_dead_in_its_commit_and_its_earlier_version_lives_on(store, provider):
    index, other = new_index(store, provider), reopened(store, provider)
    add(index, document("a", "old text"), document("b", "old words"))
    asked = []

    def refuses(snapshot):
        asked.append(snapshot.manifest.generation)
        if len(asked) == 1:
            add(other, document("c", "faster"))  # so that this one is asked again
        return {"a", "d"}

    documents = [document("a", "new text"), document("b", "new words"), document("d", "another text")]
    vectors = unit_vectors(3)
    assert index.add(documents, vectors, embedding=EMBEDDING, replaces=True, refuses=refuses) == 3
    assert asked == [1, 2]
    for reader in (index, reopened(store, provider)):
        assert _ids(reader) == ["a", "b", "c"]
        assert sorted(_texts(reader, "text words faster")) == ["faster", "new words", "old text"]
        assert reader.snapshot().extent.documents == 3
    compact(index)
    assert _ids(reopened(store, provider)) == ["a", "b", "c"]


def test_added_chunks_join_what_the_document_holds(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "first"), replaces=False)
    add(index, document("a", "second"), replaces=False)
    assert [(row.id, row.chunks) for row in index.snapshot().documents()] == [("a", 2)]
    assert index.delete(["a"]) == 1
    assert _ids(index) == []


def test_deleting_what_is_not_there_commits_nothing(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    assert index.delete(["b", "c"]) == 0
    assert index.snapshot().manifest.generation == 1


def test_another_process_sees_a_commit_within_the_refresh_time(store, provider):
    clock = ManualClock()
    writer = new_index(store, provider)
    reader = reopened(store, provider, clock=clock)
    add(writer, document("a", "x"))
    assert reader.snapshot().manifest.generation == 0
    clock.advance(REFRESH_S)
    assert reader.snapshot().manifest.generation == 1


def test_a_reader_keeps_its_generation(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "red"))
    held = index.snapshot()
    index.delete(["a"])
    assert [hit.chunk.text for hit in held.search(Query(k=1, text="red"))] == ["red"]


def test_two_writers_rebase_and_lose_nothing(store, provider):
    one = new_index(store, provider)
    other = reopened(store, provider)
    add(one, document("a", "x"))
    add(other, document("b", "y"))
    add(one, document("c", "z"))
    assert _ids(other) == ["a", "b", "c"]
    assert _ids(one) == ["a", "b", "c"]


def test_two_writers_of_one_document_leave_one_version(store, provider):
    one = new_index(store, provider)
    other = reopened(store, provider)
    add(one, document("a", "from one"))
    add(other, document("a", "from other"))
    assert _texts(one, "from") == ["from other"]


def test_concurrent_writers_all_land(store, provider):
    first = new_index(store, provider)
    writers = [first] + [reopened(store, provider) for _ in range(5)]
    errors = []

    def write(number, index):
        try:
            for turn in range(4):
                add(index, document(f"{number}-{turn}", f"text {number} {turn}"))
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=write, args=item) for item in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert _ids(first) == sorted(f"{number}-{turn}" for number in range(6) for turn in range(4))
    assert first.snapshot().manifest.generation == 24


def test_compaction_keeps_results_and_drops_dead_rows(store, provider):
    index = new_index(store, provider)
    for number in range(5):
        add(index, document(f"d{number}", f"red {number}", f"blue {number}", n=number), seed=number)
    index.delete(["d1"])
    query = Query(k=20, vector=unit_vectors(1, seed=7)[0])
    before = index.snapshot().search(query)
    compact(index)
    assert index.snapshot().search(query) == before
    assert len(index.snapshot().segments) == 1
    assert index.snapshot().manifest.tombstones == ()
    assert reopened(store, provider).snapshot().search(query) == before


def _paused(store, provider, part, action, *, after=False):
    """A writer of another process that has stopped at a put."""
    pausing = PausingStore(store, part, after=after)
    index = reopened(pausing, provider)
    return PausedWriter(pausing, lambda: action(index))


def test_small_segments_become_one_when_there_are_many(store, provider):
    index = new_index(store, provider)
    add(index, document("large", *(f"text {number}" for number in range(SMALL_CHUNKS))))
    for number in range(MAX_SMALL_SEGMENTS):
        add(index, document(f"d{number}", f"small {number}"), seed=number)
        merge_small(index)
    assert len(index.snapshot().segments) == 1 + MAX_SMALL_SEGMENTS
    add(index, document("last", "small last"), seed=99)
    merge_small(index)
    assert [part.segment.row_count for part in index.snapshot().segments] == [SMALL_CHUNKS, MAX_SMALL_SEGMENTS + 1]
    assert len(reopened(store, provider).snapshot().search(Query(k=20, text="small"))) == MAX_SMALL_SEGMENTS + 1


def test_compaction_does_not_read_words_anew(store, provider, monkeypatch):
    index = new_index(store, provider)
    add(index, document("a", "red fox"))
    add(index, document("b", "blue fox"), seed=1)
    monkeypatch.setattr(Postings, "build", None)
    compact(index)
    assert [hit.chunk.text for hit in index.snapshot().search(Query(k=1, text="blue"))] == ["blue fox"]


def test_compaction_beside_a_delete_and_a_replacement_loses_neither(store, provider):
    """Both land between the compaction's reading and its commit."""
    index = new_index(store, provider)
    for name in ("a", "b", "c"):
        add(index, document(name, f"old {name}"))
    compaction = _paused(store, provider, ".text", compact)
    index.delete(["a"])
    add(index, document("b", "new b"))
    compaction.finish()
    assert sorted(_texts(index, "old new a b c")) == ["new b", "old c"]


def test_compacting_an_emptied_index(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    index.delete(["a"])
    compact(index)
    assert index.snapshot().manifest.segments == ()
    add(index, document("b", "y"))
    assert _ids(index) == ["b"]


def test_vectors_of_another_model_are_refused_and_nothing_is_written(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    names = store.list("")
    foreign = Embedding.of(EmbedderInfo(name="other", dim=EMBEDDING.dim))
    with pytest.raises(EmbedderMismatchError, match="test"):
        index.add([document("b", "y")], unit_vectors(1), embedding=foreign, replaces=True)
    with pytest.raises(EmbedderMismatchError):
        index.add([document("b", "y")], None, embedding=None, replaces=True)
    assert store.list("") == names


def _commit_names(store):
    return [name for name in store.list("tenants/") if "/commits/" in name]


def test_newest_commit_sorts_first(store, provider):
    index = new_index(store, provider)
    for number in range(12):
        add(index, document(str(number), "x"))
    assert [generation_of(name) for name in _commit_names(store)] == list(range(12, 0, -1))
    assert commit_name(1) > commit_name(2)


def test_a_removed_commit_is_noticed_by_who_saw_it(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    add(index, document("b", "y"))
    store.delete(_commit_names(store)[0])
    with pytest.raises(RollbackError):
        index.refreshed()
    fresh = reopened(store, provider)
    with pytest.raises(RollbackError):
        fresh.require_generation(2)


def test_an_older_commit_under_a_newer_name_is_refused(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    add(index, document("b", "y"))
    newest, oldest = _commit_names(store)
    store.put(newest, bytes(store.get(oldest)))
    with pytest.raises(IntegrityError):
        reopened(store, provider)


def test_swapped_and_missing_segments_are_refused(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    add(index, document("b", "y"))
    one, other = [name for name in store.list("tenants/") if name.endswith(".hot")]
    kept = bytes(store.get(one))
    store.put(one, bytes(store.get(other)))
    with pytest.raises(IntegrityError, match="not the one"):
        reopened(store, provider)
    store.delete(one)
    with pytest.raises(IntegrityError, match="gone"):
        reopened(store, provider)
    store.put(one, kept)
    assert _ids(reopened(store, provider)) == ["a", "b"]


def test_no_plaintext_reaches_the_store(store, provider):
    index = new_index(store, provider)
    add(index, document("secret-manual.pdf", "the canary sings at dawn", owner="asha@example.com"))
    raw = b"".join(bytes(store.get(name)) + name.encode() for name in store.list(""))
    vector = index.snapshot().segments[0].segment.dense.vectors()[0].astype(np.float16).tobytes()
    for needle in (b"canary", b"secret-manual", b"asha", b"acme", vector[:16]):
        assert needle not in raw


def _copied(store):
    return {name: bytes(store.get(name)) for name in store.list("")}


def _restore(store, blobs):
    for name in store.list(""):
        store.delete(name)
    for name, data in blobs.items():
        store.put(name, data)


@pytest.mark.parametrize("overtakers", [1, 2, 3, 4])
def test_an_older_copy_that_was_written_on_is_refused_by_who_saw_more(store, provider, overtakers):
    """Behind, level or ahead of what was seen: it is another history."""
    index = new_index(store, provider)
    add(index, document("a", "x"))
    older = _copied(store)
    for name in ("b", "c"):
        add(index, document(name, "y"))
    _restore(store, older)
    other = reopened(store, provider)
    for number in range(overtakers):
        add(other, document(f"other {number}", "z"))
    with pytest.raises(RollbackError):
        index.refreshed()
    with pytest.raises(RollbackError):
        add(index, document("d", "w"))
    assert _ids(reopened(store, provider)) == ["a", *(f"other {number}" for number in range(overtakers))]


def test_an_index_that_lags_several_generations_follows_the_chain(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    lagging = reopened(store, provider)
    for name in ("b", "c", "d"):
        add(index, document(name, "y"))
    assert _ids(lagging) == ["a", "b", "c", "d"]


def test_an_outage_of_the_store_leaves_warm_reads(store, provider, monkeypatch):
    clock = ManualClock()
    index = new_index(store, provider, clock=clock)
    add(index, document("a", "red fox"))

    def down(*_):
        raise StoreUnavailableError("down")

    with monkeypatch.context() as patch:
        patch.setattr(store, "list", down)
        for _ in range(3):
            clock.advance(REFRESH_S)
            assert [hit.chunk.text for hit in index.snapshot().search(Query(k=1, text="red"))] == ["red fox"]
        with pytest.raises(StoreUnavailableError):
            index.refreshed()
    assert index.refreshed().manifest.generation == 1


def test_asking_for_too_much_does_not_spoil_the_index(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    with pytest.raises(RollbackError, match="asked for"):
        index.require_generation(10**6)
    assert index.refreshed().manifest.generation == 1


def test_a_closed_index_serves_nothing(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    index.close()
    for call in (index.snapshot, index.refreshed, lambda: add(index, document("b", "y"))):
        with pytest.raises(ConfigError, match="closed"):
            call()


def test_a_compaction_that_was_overtaken_returns_the_winners_result_and_leaves_nothing(store, provider):
    index = new_index(store, provider)
    for name in ("a", "b"):
        add(index, document(name, "x"))
    slower = _paused(store, provider, ".text", compact)
    compact(index)
    assert slower.finish() == 3
    assert _ids(index) == ["a", "b"]
    assert len([name for name in store.list("") if name.endswith((".hot", ".text"))]) == 6


def test_only_chosen_segments_are_compacted(store, provider):
    index = new_index(store, provider)
    for number in range(4):
        add(index, document(f"d{number}", f"red {number}"), seed=number)
    index.delete(["d1", "d3"])
    before = [entry.id for entry in index.snapshot().manifest.segments]
    compact(index, only=before[1:3])
    after = [entry.id for entry in index.snapshot().manifest.segments]
    assert (after[0], after[2], len(after)) == (before[0], before[3], 3)
    assert [item.document_id for item in index.snapshot().manifest.tombstones] == ["d3"]
    assert _ids(index) == ["d0", "d2"]


def test_each_commit_names_up_to_64_before_it(store, provider):
    index = new_index(store, provider)
    for number in range(70):
        add(index, document(str(number % 3), f"text {number}"))
    log = index.commits
    names = [log.digest(generation) for generation in range(1, 71)]
    assert log.read(3).manifest.ancestors == (names[1], names[0])
    assert log.read(70).manifest.ancestors == tuple(reversed(names[5:69]))
    assert names[0] == hashlib.sha256(store.get(_commit_names(store)[-1])).hexdigest()[:32]


@pytest.mark.parametrize("vacuums", [False, True])
def test_a_reader_far_behind_follows_while_it_can_and_opens_afresh_where_it_cannot(store, provider, vacuums):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    lagging = reopened(store, provider)
    for number in range(140):
        add(index, document("b", f"text {number}"))
    if vacuums:
        vacuum(index, grace_s=0)
    assert _ids(lagging) == ["a", "b"]
    assert len(_commit_names(store)) == (1 if vacuums else 141)


def test_a_fork_far_ahead_is_noticed_where_the_commits_between_still_stand(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    older = _copied(store)
    add(index, document("b", "y"))
    _restore(store, older)
    other = reopened(store, provider)
    for number in range(140):
        add(other, document("c", f"text {number}"))
    with pytest.raises(RollbackError):
        index.refreshed()


def test_an_older_copy_is_refused_at_opening_where_a_mark_is_kept(store, provider):
    marks = MemoryMarks()
    index = new_index(store, provider, marks=marks)
    add(index, document("a", "x"))
    older = _copied(store)
    add(index, document("b", "y"))
    assert marks.newest(index.blobs.directory, "commit") == 2
    _restore(store, older)
    with pytest.raises(RollbackError, match="generation 1 stands where generation 2"):
        reopened(store, provider, marks=marks)
    assert _ids(reopened(store, provider)) == ["a"]


def test_dropped_keys_take_the_decrypted_index_with_them(store, provider):
    clock = ManualClock()
    index = new_index(store, provider, clock=clock)
    add(index, document("a", "x"))
    held = weakref.ref(index.snapshot().segments[0].segment)
    provider.disable()
    clock.advance(10**6)
    with pytest.raises(KeyAccessDeniedError):
        index.snapshot()
    gc.collect()
    assert held() is None
    provider.restore()
    assert [row.id for row in index.snapshot().documents()] == ["a"]


def test_what_was_seen_outlives_the_keys(store, provider):
    clock = ManualClock()
    index = new_index(store, provider, clock=clock)
    add(index, document("a", "x"))
    older = _copied(store)
    add(index, document("b", "y"))
    provider.disable()
    clock.advance(10**6)
    with pytest.raises(KeyAccessDeniedError):
        index.snapshot()
    provider.restore()
    _restore(store, older)
    with pytest.raises(RollbackError):
        index.snapshot()


def test_a_put_that_is_refused_because_it_was_sent_twice_has_landed(store, provider):
    class SendsTwice:
        def __getattr__(self, verb):
            return getattr(store, verb)

        def put(self, name, data, *, if_absent=False):
            store.put(name, data, if_absent=if_absent)
            if "/commits/" in name:
                raise ConflictError("already there: the first of the two")

    new_index(store, provider)
    index = reopened(SendsTwice(), provider)
    assert add(index, document("a", "x"), replaces=False) == 1
    assert [(row.id, row.chunks) for row in index.refreshed().documents()] == [("a", 1)]
    assert len(_commit_names(store)) == 1


def test_a_commit_of_which_nobody_knows_whether_it_stands_keeps_its_blobs(store, provider):
    class FailsAfterwards:
        is_armed = False

        def __getattr__(self, verb):
            return getattr(store, verb)

        def put(self, name, data, *, if_absent=False):
            store.put(name, data, if_absent=if_absent)
            self.is_armed = "/commits/" in name

        def list(self, prefix):
            if self.is_armed:
                raise StoreUnavailableError("down")
            return store.list(prefix)

    new_index(store, provider)
    with pytest.raises(StoreUnavailableError):
        add(reopened(FailsAfterwards(), provider), document("a", "x"))
    assert _ids(reopened(store, provider)) == ["a"]


def test_a_commit_that_fails_for_certain_leaves_no_segment(store, provider):
    index = new_index(store, provider)
    add(index, document("a", "x"))
    names = store.list("")

    class Full:
        def __getattr__(self, verb):
            return getattr(store, verb)

        def put(self, name, data, *, if_absent=False):
            if name.endswith(".text"):
                raise StoreFullError("no room")
            store.put(name, data, if_absent=if_absent)

    with pytest.raises(StoreFullError):
        add(reopened(Full(), provider), document("b", "y"))
    assert store.list("") == names
