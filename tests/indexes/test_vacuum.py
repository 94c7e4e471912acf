"""Vacuum, erasure of documents and reindexing: beside paused writers, and interrupted anywhere."""

from dataclasses import replace

import numpy as np
import pytest

from konverze_core.errors import ConflictError, EmbedderMismatchError, IntegrityError, StoreUnavailableError
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import EmbedderInfo
from konverze_indexes.compaction import compact
from konverze_indexes.erasure import erase_document
from konverze_indexes.manifest import Embedding
from konverze_indexes.reindexing import reindex
from konverze_indexes.snapshot import Query
from konverze_indexes.vacuum import MAX_CONDEMNED, vacuum
from tests.indexes.builders import EMBEDDING, add, document, new_index, reopened, unit_vectors
from tests.indexes.pausing import PausedWriter, PausingStore

DAY_S = 86_400
OTHER = Embedding.of(EmbedderInfo(name="other", dim=4))


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def store(clock):
    return MemoryBlobStore(clock)


@pytest.fixture
def provider():
    return MemoryKeyProvider()


@pytest.fixture
def index(store, provider, clock):
    return new_index(store, provider, clock=clock)


def _paused(store, provider, part, action, *, after=False):
    pausing = PausingStore(store, part, after=after)
    index = reopened(pausing, provider)
    return PausedWriter(pausing, lambda: action(index))


def _ids(index):
    return [row.id for row in index.refreshed().documents()]


def _names(store, folder):
    return [name.rpartition("/")[2] for name in store.list("tenants/") if f"/{folder}/" in name]


def _with_original(index, item, data=b"original"):
    """The document with a sealed original in the store."""
    name = f"{len(_names(index.blobs.store, 'uploads')):032x}{item.document.version}"
    index.blobs.write("upload", f"uploads/{name}", data)
    return replace(item, document=replace(item.document, upload=name))


def _other_vectors(texts):
    return unit_vectors(len(texts), seed=len(texts), dim=OTHER.dim)


def test_nothing_within_the_grace_is_touched(index, store, clock):
    for name in ("a", "b", "a"):
        add(index, document(name, "x"))
    compact(index)
    names = set(store.list(""))
    clock.advance(DAY_S - 1)
    counts = vacuum(index, grace_s=DAY_S)
    assert (counts.commits, counts.blobs, counts.bytes) == (0, 0, 0)
    assert set(store.list("")) - names == {f"{index.blobs.prefix}vacuum"}


def test_what_is_past_the_grace_goes_and_what_was_superseded_since_stays(index, store, clock):
    add(index, document("a", "x"))
    add(index, document("b", "y"))
    clock.advance(DAY_S)
    compact(index)
    clock.advance(1)
    before = {name: store.head(name).size_bytes for name in store.list("tenants/")}
    first = vacuum(index, grace_s=DAY_S)
    assert (first.commits, first.blobs) == (1, 0)
    assert first.bytes == sum(before[name] for name in before.keys() - set(store.list("tenants/")))
    clock.advance(DAY_S)
    second = vacuum(index, grace_s=DAY_S)
    assert (second.commits, second.blobs) == (1, 4)
    assert len(_names(store, "segments")) == 2
    assert _ids(index) == ["a", "b"]


def test_without_grace_one_commit_and_what_it_names_remain(index, store, provider):
    for number in range(5):
        add(index, _with_original(index, document(f"d{number % 2}", f"text {number}")))
    compact(index)
    vacuum(index, grace_s=0)
    assert [len(_names(store, folder)) for folder in ("commits", "segments", "uploads")] == [1, 2, 2]
    assert _ids(reopened(store, provider)) == ["d0", "d1"]


def test_condemned_names_leave_the_list_with_the_next_vacuum_that_condemns(index, store):
    for number in range(3):
        add(index, document("d", f"text {number}"))
        compact(index)
        vacuum(index, grace_s=0)
    condemned = index.snapshot().manifest.condemned
    assert len(condemned) == 4  # two segments of the last round, and none of the rounds before
    assert not any(index.blobs.head(name) for name in condemned)


def test_many_blobs_are_condemned_in_several_commits(index, store):
    add(index, document("a", "x"))
    for number in range(MAX_CONDEMNED + 3):
        store.put(f"{index.blobs.prefix}uploads/{number:032x}", b"orphan")
    counts = vacuum(index, grace_s=0)
    assert (counts.blobs, counts.commits) == (MAX_CONDEMNED + 3, 2)
    assert len(_names(store, "commits")) == 1
    assert _names(store, "uploads") == []


def test_an_original_lives_as_long_as_a_retained_generation_has_its_document(index, store, clock):
    add(index, _with_original(index, document("a", "x")))
    clock.advance(DAY_S)
    index.delete(["a"])
    assert vacuum(index, grace_s=DAY_S).blobs == 0
    clock.advance(DAY_S)
    assert vacuum(index, grace_s=DAY_S).blobs == 1
    assert _names(store, "uploads") == []
    assert len(_names(store, "segments")) == 2


def test_older_settings_go_after_the_grace(index, store, clock):
    for version in (3, 2, 1):
        index.blobs.write("settings", f"settings/{version:020d}", b"{}")
        clock.advance(DAY_S)
    vacuum(index, grace_s=1.5 * DAY_S)
    assert _names(store, "settings") == [f"{1:020d}", f"{2:020d}"]
    vacuum(index, grace_s=0)
    assert _names(store, "settings") == [f"{1:020d}"]


def test_nothing_is_deleted_when_a_retained_generation_does_not_open(index, store, provider):
    add(index, document("a", "x"))
    add(index, document("a", "y"))
    segment = next(name for name in store.list("tenants/") if name.endswith(".text"))
    store.delete(segment)
    names = store.list("tenants/")
    with pytest.raises(IntegrityError):
        vacuum(index, grace_s=DAY_S)
    assert [name for name in store.list("tenants/") if not name.endswith("/vacuum")] == names


@pytest.mark.parametrize("after", [False, True])
def test_a_writer_that_slept_through_a_vacuum_writes_its_segment_anew(index, store, provider, after):
    """Its blobs were taken for orphans; before its base is read, or between base and put."""
    add(index, document("a", "x"))
    writer = _paused(
        store, provider, ".text" if after else "/commits/", lambda i: add(i, document("b", "y")), after=after
    )
    assert vacuum(index, grace_s=0).blobs == 2
    writer.finish()
    assert _ids(index) == ["a", "b"]
    assert _ids(reopened(store, provider)) == ["a", "b"]
    assert len(_names(store, "segments")) == 4


def test_a_writer_that_slept_until_its_data_key_was_dropped_seals_its_segment_anew(index, store, provider):
    add(index, document("before", "stays"))
    worker = _paused(store, provider, ".hot", lambda i: add(i, document("slow", "written late")))
    keyring = index.blobs.keys
    old = keyring.active.id
    keyring.add_data_key()
    compact(index, only=index.refreshed().segments_by_id)
    vacuum(index, grace_s=0)
    keyring.drop_data_keys([old])
    worker.finish()
    assert _ids(reopened(store, provider)) == ["before", "slow"]


def test_an_ingest_whose_original_a_vacuum_took_has_to_be_done_again(index, store, provider):
    add(index, document("a", "x"))
    writer = _paused(
        store, provider, ".hot", lambda i: add(i, _with_original(i, document("b", "y")), document("c", "z"))
    )
    vacuum(index, grace_s=0)
    with pytest.raises(ConflictError, match="ingest again"):
        writer.finish()
    assert _ids(index) == ["a"]
    assert len(_names(store, "segments")) == 2


def test_a_commit_whose_number_was_used_and_vacuumed_meanwhile_is_void(index, store, provider):
    add(index, document("a", "x"))
    writer = _paused(store, provider, "/commits/", lambda i: i.delete(["a"]))
    for number in range(3):
        add(index, document("a", f"text {number}"))
        add(index, document("b", f"text {number}"))
    compact(index)
    vacuum(index, grace_s=0)
    generations = index.commits.generations()
    assert writer.finish() == 1
    assert index.commits.generations() == [generations[0] + 1, *generations]
    assert _ids(index) == ["b"]


def test_a_void_commit_whose_writer_died_is_neither_read_nor_kept(index, store, provider):
    add(index, document("a", "x"))
    writer = _paused(store, provider, "/commits/", lambda i: i.delete(["a"]), after=True)
    store.delete(next(name for name in store.list("tenants/") if "/commits/" in name))
    sleeper = _paused(store, provider, "/commits/", lambda i: add(i, document("z", "z")))
    for number in range(3):
        add(index, document("b", f"text {number}"))
    vacuum(index, grace_s=0)
    assert sleeper.finish() > 2
    assert writer.finish() == 1
    assert _ids(index) == ["b", "z"]


def test_a_reader_that_finds_a_blob_gone_looks_for_a_newer_generation(index, store, provider):
    add(index, document("a", "x"))
    add(index, document("b", "y"))
    acted = []

    class VacuumedBeneath:
        def __getattr__(self, verb):
            return getattr(store, verb)

        def get(self, name):
            if name.endswith(".hot") and not acted:
                acted.append(name)
                compact(index)
                vacuum(index, grace_s=0)
            return store.get(name)

    assert _ids(reopened(VacuumedBeneath(), provider)) == ["a", "b"]
    assert acted


def test_erasing_a_document_rewrites_only_the_segments_that_held_it(index, store, provider):
    for number in range(3):
        items = [document("gone", f"canary {number}"), document(f"d{number}", f"text {number}")]
        add(index, *(_with_original(index, item) for item in items))
    add(index, document("other", "untouched"))
    untouched = index.snapshot().manifest.segments[3]
    counts = erase_document(index, "gone")
    assert counts.commits >= 4
    assert counts.blobs >= 6 + 3
    assert _ids(reopened(store, provider)) == ["d0", "d1", "d2", "other"]
    manifest = index.snapshot().manifest
    assert untouched in manifest.segments
    assert manifest.tombstones == ()
    assert [len(_names(store, folder)) for folder in ("commits", "segments", "uploads")] == [1, 4, 3]
    assert all(not segment.positions_of("gone") for segment in index.snapshot().segments_by_id.values())


def test_erasing_again_finishes_what_a_crash_left(index, store):
    add(index, _with_original(index, document("gone", "canary")), document("a", "x"))
    index.delete(["gone"])
    erase_document(index, "gone")
    assert [len(_names(store, folder)) for folder in ("commits", "segments", "uploads")] == [1, 2, 0]
    again = erase_document(index, "gone")
    assert (again.commits, again.blobs) == (0, 0)


class _Failing:
    """Fails at the nth call that changes the store, as if the process died there."""

    def __init__(self, store, number):
        self._store = store
        self.left = number

    def __getattr__(self, verb):
        return getattr(self._store, verb)

    def _count(self):
        self.left -= 1
        if self.left <= 0:
            raise StoreUnavailableError("died")

    def put(self, name, data, *, if_absent=False):
        self._count()
        self._store.put(name, data, if_absent=if_absent)

    def delete(self, name):
        self._count()
        self._store.delete(name)


def _filled(index):
    for number in range(3):
        items = [document("gone", f"canary {number}"), document(f"d{number}", f"text {number}")]
        add(index, *(_with_original(index, item) for item in items))


VERBS = {
    "vacuum": lambda index: vacuum(index, grace_s=0),
    "erase": lambda index: erase_document(index, "gone"),
    "reindex": lambda index: reindex(index, _other_vectors, OTHER),
    "compact": compact,
}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_can_die_at_each_change_of_the_store_and_be_run_again(verb):
    number, died = 0, True
    while died:
        number += 1
        store, provider = MemoryBlobStore(), MemoryKeyProvider()
        _filled(new_index(store, provider))
        expected = ["d0", "d1", "d2"] if verb == "erase" else ["d0", "d1", "d2", "gone"]
        failing = _Failing(store, number)
        died = False
        try:
            VERBS[verb](reopened(failing, provider))
        except StoreUnavailableError:
            died = True
        assert set(_ids(reopened(store, provider))) - {"gone"} == {"d0", "d1", "d2"}
        again = reopened(store, provider)
        VERBS[verb](again)
        assert _ids(again) == expected
        vacuum(again, grace_s=0)
        newest = reopened(store, provider).snapshot().manifest
        uploads = {"erase": 3}.get(verb, 4)
        counted = [len(_names(store, folder)) for folder in ("commits", "segments", "uploads")]
        assert counted == [1, 2 * len(newest.segments), uploads]
    assert number >= 4


def test_reindexing_gives_all_documents_vectors_of_the_new_model(index, store, provider):
    add(index, document("a", "one", "two"), document("b", "three"))
    add(index, document("b", "four"))
    told = []
    generation = reindex(index, _other_vectors, OTHER, on_progress=lambda *item: told.append(item))
    assert told == [(3, 3)]
    again = reopened(store, provider).snapshot()
    assert (again.manifest.generation, again.manifest.embedding) == (generation, OTHER)
    assert [row.id for row in again.documents()] == ["a", "b"]
    texts = ["one", "two", "four"]
    for text, vector in zip(texts, _other_vectors(texts), strict=True):
        assert again.search(Query(k=1, vector=vector))[0].chunk.text == text


def test_reindexing_beside_writers_carries_over_what_came_and_went(index, store, provider):
    for name in ("stays", "goes", "changes", "erased"):
        add(index, document(name, f"old {name}"))
    embedded = []

    def embed(texts):
        embedded.extend(texts)
        return _other_vectors(texts)

    worker = _paused(store, provider, ".text", lambda i: reindex(i, embed, OTHER), after=True)
    index.delete(["goes"])
    add(index, document("changes", "new changes"))
    add(index, document("comes", "new comes"))
    erase_document(index, "erased")
    worker.finish()
    assert sorted(embedded) == sorted(
        ["old stays", "old goes", "old changes", "old erased", "new changes", "new comes"]
    )
    newest = index.refreshed()
    assert [row.id for row in newest.documents()] == ["changes", "comes", "stays"]
    assert {hit.chunk.text for hit in newest.search(Query(k=9, vector=_other_vectors(["x"])[0]))} == {
        "old stays",
        "new changes",
        "new comes",
    }
    assert not any(segment.positions_of("erased") for segment in newest.segments_by_id.values())
    vacuum(index, grace_s=0)
    assert len(_names(store, "segments")) == 2 * len(newest.segments)


def test_a_writer_of_the_old_model_is_refused_after_the_switch_and_leaves_nothing(index, store, provider):
    add(index, document("a", "x"))
    writer = _paused(store, provider, "/commits/", lambda i: add(i, document("b", "y")))
    reindex(index, _other_vectors, OTHER)
    with pytest.raises(EmbedderMismatchError):
        writer.finish()
    assert _ids(index) == ["a"]
    vacuum(index, grace_s=0)
    assert len(_names(store, "segments")) == 2


def test_from_vectors_to_words_alone_and_back(index):
    add(index, document("a", "red fox"))
    reindex(index, None, None)
    assert index.snapshot().manifest.embedding is None
    assert [hit.chunk.text for hit in index.snapshot().search(Query(k=1, text="fox"))] == ["red fox"]
    reindex(index, lambda texts: unit_vectors(len(texts), seed=3), EMBEDDING)
    (hit,) = index.snapshot().search(Query(k=1, vector=unit_vectors(1, seed=3)[0]))
    assert hit.score == pytest.approx(1, abs=1e-3)


def test_reindexing_an_empty_index(index):
    reindex(index, _other_vectors, OTHER)
    assert index.snapshot().manifest.segments == ()
    add(index, document("a", "x"))
    np.testing.assert_allclose(index.snapshot().segments[0].segment.dense.vectors(), unit_vectors(1), atol=1e-3)


def test_a_vacuum_that_slept_spares_what_was_committed_meanwhile(index, store, provider):
    """It had taken the blobs of a slow writer for orphans."""
    add(index, document("a", "x"))
    writer = _paused(store, provider, ".text", lambda i: add(i, document("b", "y")), after=True)
    sweeper = _paused(store, provider, "/commits/", lambda i: vacuum(i, grace_s=0))
    writer.finish()
    assert sweeper.finish().blobs == 0
    assert _ids(reopened(store, provider)) == ["a", "b"]


def test_a_reindexing_that_slept_through_an_erasure_does_not_bring_the_document_back(index, store, provider):
    for name in ("stays", "erased"):
        add(index, document(name, f"old {name}"))
    worker = _paused(store, provider, ".hot", lambda i: reindex(i, _other_vectors, OTHER))
    erase_document(index, "erased")
    worker.finish()
    newest = index.refreshed()
    assert [row.id for row in newest.documents()] == ["stays"]
    assert not any(segment.positions_of("erased") for segment in newest.segments_by_id.values())
    vacuum(index, grace_s=0)
    assert len(_names(store, "segments")) == 2 * len(newest.segments)
