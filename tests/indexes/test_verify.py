"""Verification names what is wrong, and tells it from what is left over."""

import hashlib
from dataclasses import replace

import pytest

from konverze_core.fakes import MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.compaction import compact
from konverze_indexes.vacuum import vacuum
from konverze_indexes.verify import verify
from tests.indexes.builders import add, document, new_index, reopened
from tests.indexes.pausing import PausedWriter, PausingStore

ORIGINAL = b"original"


@pytest.fixture
def store():
    return MemoryBlobStore()


@pytest.fixture
def provider():
    return MemoryKeyProvider()


@pytest.fixture
def index(store, provider):
    """Two generations of two segments, a sealed original, settings and a vacuum's probe."""
    index = new_index(store, provider)
    index.blobs.write("upload", "uploads/00", ORIGINAL)
    index.blobs.write("settings", f"settings/{1:020d}", b"{}")
    kept = document("a", "red fox")
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    add(index, replace(kept, document=replace(kept.document, upload="00", content_sha256=digest)))
    add(index, document("b", "blue hen"))
    vacuum(index, grace_s=3600)
    return index


def _findings(index):
    """Name and harmlessness of what is found."""
    cut = len(index.blobs.prefix)
    return [(found.name[cut:], found.is_harmless) for found in verify(index.blobs)]


def test_a_whole_index_has_no_findings(index):
    assert _findings(index) == []


def _changed(data, how):
    blob = bytearray(data)
    if how == "flipped":
        blob[-1] ^= 1
    return {"flipped": blob, "cut": blob[:-1], "emptied": b"", "extended": blob + b"x"}[how]


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "extended", "deleted"])
def test_each_blob_that_is_not_what_was_written_is_named(index, store, how):
    for name in store.list("tenants/"):
        kept = bytes(store.get(name))
        if how == "deleted":
            store.delete(name)
        else:
            store.put(name, _changed(kept, how))
        short = name.removeprefix(index.blobs.prefix)
        is_optional = how == "deleted" and short.startswith(("commits/", "settings/", "vacuum"))
        assert ((short, False) in _findings(index)) is not is_optional
        store.put(name, kept)
    assert _findings(index) == []


def test_a_newest_commit_that_was_seen_is_missed(index, store):
    store.delete(store.list(f"{index.blobs.prefix}commits/")[0])
    (found, *left_over) = list(verify(index.blobs, at_least=2))
    assert "generation 1 stands where generation 2" in found.problem
    assert not found.is_harmless
    assert all(item.is_harmless for item in left_over)


def test_another_original_of_the_same_key_is_noticed(index):
    index.blobs.write("upload", "uploads/00", b"another", if_absent=False)
    assert _findings(index) == [("uploads/00", False)]


def test_what_interrupted_writers_leave_is_harmless(index, store):
    index.blobs.write("upload", "uploads/11", ORIGINAL)
    index.blobs.write("hot", "segments/22.hot", b"orphan")
    assert _findings(index) == [("segments/22.hot", True), ("uploads/11", True)]


@pytest.mark.parametrize("name", ["stray", "segments/x.bak", "segments/a/b.hot", "uploads/x.y", "settings/a/b"])
def test_a_name_that_nobody_gives_is_a_finding(index, store, name):
    store.put(index.blobs.prefix + name, b"x")
    assert _findings(index) == [(name, False)]


class _DiedError(Exception):
    pass


def test_a_void_commit_is_left_over(index, store, provider):
    """Of a writer that slept while its number was used and vacuumed, and died after its put."""

    class DyingStore:
        def __getattr__(self, verb):
            return getattr(store, verb)

        def put(self, name, data, *, if_absent=False):
            store.put(name, data, if_absent=if_absent)
            raise _DiedError

    pausing = PausingStore(DyingStore(), "/commits/")
    sleeper = reopened(pausing, provider)
    writer = PausedWriter(pausing, lambda: sleeper.delete(["a"]))
    for number in range(2):
        add(index, document("b", f"text {number}"))
    compact(index)
    vacuum(index, grace_s=0)
    with pytest.raises(_DiedError):
        writer.finish()
    ((name, is_harmless),) = _findings(index)
    assert name.startswith("commits/")
    assert is_harmless
    vacuum(index, grace_s=0)
    assert _findings(index) == []
