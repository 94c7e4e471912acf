"""Object stores: lost answers, foreign objects, errors, credentials; over obstore's store in memory."""

from __future__ import annotations

import pickle

import pytest

obstore = pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")

from obstore.exceptions import (  # noqa: E402
    BaseError,
    GenericError,
    InvalidPathError,
    JoinError,
    NotModifiedError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import MemoryStore  # noqa: E402

from konverze_core.errors import ConfigError, ConflictError, StoreUnavailableError  # noqa: E402
from konverze_indexes.objectstore import ObjectStoreBlobs  # noqa: E402

SECRET = "sig=canary-of-a-signature"


@pytest.fixture
def backend():
    return MemoryStore()


@pytest.fixture
def store(backend):
    return ObjectStoreBlobs(backend, prefix="data")


def test_a_prefix_stands_before_each_name(store, backend):
    store.put("a/b", b"x")
    assert [entry["path"] for page in obstore.list(backend) for entry in page] == ["data/a/b"]
    assert store.list("a/") == ["a/b"]
    assert ObjectStoreBlobs(backend).list("") == ["data/a/b"]
    with pytest.raises(ConfigError):
        ObjectStoreBlobs(backend, prefix="../a")


def test_what_cannot_be_a_blob_is_not_listed(store, backend):
    store.put("a", b"x")
    for foreign in ("data/UPPER", "data/.hidden", "data/" + "a/" * 256 + "a", "database/a"):
        obstore.put(backend, foreign, b"")
    assert store.list("") == ["a"]


def test_a_put_whose_answer_got_lost_is_asked_for_again(store, monkeypatch):
    _lose_answers(monkeypatch, 1)
    store.put("a", b"ours", if_absent=True)
    assert store.get("a") == b"ours"


def test_a_conflict_after_a_lost_answer_is_told_by_the_writer_not_by_the_bytes(store, monkeypatch):
    store.put("a", b"the same", if_absent=True)
    _lose_answers(monkeypatch, 1)
    with pytest.raises(ConflictError):
        store.put("a", b"the same", if_absent=True)


def test_answers_lost_for_good_end_in_an_error(store, monkeypatch):
    _lose_answers(monkeypatch, 2)
    with pytest.raises(StoreUnavailableError):
        store.put("a", b"ours", if_absent=True)


def _lose_answers(monkeypatch, number):
    original, lost = obstore.put, []

    def put(*args, **options):
        try:
            return original(*args, **options)
        finally:
            if len(lost) < number:
                lost.append(args)
                raise GenericError(SECRET)

    monkeypatch.setattr(obstore, "put", put)


UNAVAILABLE = (
    GenericError, InvalidPathError, JoinError, NotModifiedError, NotSupportedError, PermissionDeniedError,
    PreconditionError, UnauthenticatedError, BaseError, ValueError, OSError,
)  # fmt: skip


@pytest.mark.parametrize("error", UNAVAILABLE)
def test_every_error_of_obstore_becomes_ours_and_is_not_quoted(store, monkeypatch, error):
    def fail(*_, **__):
        raise error(SECRET)

    for verb in ("get", "put", "list", "head", "delete"):
        monkeypatch.setattr(obstore, verb, fail)
    monkeypatch.setattr("konverze_indexes.objectstore._list", fail)
    calls = (store.get, store.head, store.list, store.delete, lambda name: store.put(name, b""))
    for call in (*calls, lambda name: store.put(name, b"", if_absent=True)):
        with pytest.raises(StoreUnavailableError) as caught:
            call("a")
        assert "canary" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_it_shows_and_pickles_no_credentials(store):
    assert repr(store) == "ObjectStoreBlobs(MemoryStore, prefix='data/')"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(store)


def test_a_blob_in_any_shape_of_buffer_is_kept_whole(store):
    wide = memoryview(bytes(range(64))).cast("I")
    store.put("a", wide)
    assert store.get("a") == bytes(range(64))
