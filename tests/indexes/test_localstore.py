"""The local blob store: modes, symbolic links, error translation, leftovers, and a death at every call."""

from __future__ import annotations

import errno
import gc
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, StoreFullError, StoreUnavailableError
from konverze_indexes.localstore import LocalBlobStore

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "new" / "data"


@pytest.fixture
def store(root):
    return LocalBlobStore(root)


def test_only_the_owner_can_read_what_is_written(store, root):
    store.put("a/b/c", b"x")
    paths = [root.parent, root, *root.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()} == {0o700}
    assert stat.S_IMODE((root / "a/b/c").stat().st_mode) == 0o600
    assert list((root / ".tmp").iterdir()) == []


def test_another_store_on_the_same_directory_sees_the_blobs(store, root):
    store.put("a/b", b"x")
    assert LocalBlobStore(str(root)).get("a/b") == b"x"


def test_large_blobs_are_mapped_and_outlive_their_name(store):
    content = os.urandom(1 << 20)
    store.put("a", content)
    view = store.get("a")
    store.delete("a")
    assert view == content


def test_no_file_descriptor_is_left_open(store):
    for name in ("a/b", "c"):
        store.put(name, bytes(1 << 18))
        store.get(name)
        store.list("")
        with pytest.raises(ConflictError):
            store.put(name, b"", if_absent=True)
        with pytest.raises(BlobNotFoundError):
            store.get(f"{name}/none")
        store.delete(name)
    gc.collect()
    # The fixture made the store in its own folder: nothing below it may still be open.
    open_files = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert [path for path in open_files if "test_no_file_descriptor" in path] == []


@pytest.fixture
def outside(tmp_path, store, root):
    """A directory outside the root, and symbolic links to it and to a file in it from inside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "blob").write_bytes(b"secret")
    store.put("inside/blob", b"x")
    (root / "folder").symlink_to(outside)
    (root / "inside" / "file").symlink_to(outside / "blob")
    (root / "inside" / "nowhere").symlink_to(outside / "missing")
    return outside


@pytest.mark.parametrize("name", ["folder/blob", "folder/new", "folder/new/er"])
def test_no_call_follows_a_linked_folder(store, outside, name):
    for call in (store.get, store.size_bytes, store.delete, store.list):
        with pytest.raises(ConfigError):
            call(name)
    for if_absent in (True, False):
        with pytest.raises(ConfigError):
            store.put(name, b"forged", if_absent=if_absent)
    assert list(outside.iterdir()) == [outside / "blob"]
    assert (outside / "blob").read_bytes() == b"secret"


@pytest.mark.parametrize("name", ["inside/file", "inside/nowhere"])
def test_no_call_follows_a_linked_file(store, outside, name):
    for call in (store.get, store.size_bytes):
        with pytest.raises(ConfigError):
            call(name)
    with pytest.raises(ConflictError):
        store.put(name, b"forged", if_absent=True)
    store.put(name, b"replaces the link")
    assert store.get(name) == b"replaces the link"
    assert list(outside.iterdir()) == [outside / "blob"]
    assert (outside / "blob").read_bytes() == b"secret"


def test_only_blobs_are_listed(store, root, outside):
    (root / "UPPER").write_bytes(b"")
    (root / ".hidden").write_bytes(b"")
    (root / "lost+found").mkdir()
    os.mkfifo(root / "pipe")
    assert store.list("") == ["inside/blob"]
    with pytest.raises(BlobNotFoundError):
        store.get("pipe")


def test_a_name_is_a_blob_or_a_folder(store):
    store.put("a/b", b"x")
    for name in ("a", "a/b/c"):
        with pytest.raises(ConfigError):
            store.put(name, b"y")
        store.delete(name)
        with pytest.raises(BlobNotFoundError):
            store.get(name)
    assert store.list("") == ["a/b"]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StoreFullError),
        (errno.EDQUOT, StoreFullError),
        (errno.EROFS, StoreUnavailableError),
        (errno.EACCES, StoreUnavailableError),
        (errno.EIO, StoreUnavailableError),
        (errno.EMFILE, StoreUnavailableError),
    ],
)
def test_errors_of_the_system_become_ours(store, monkeypatch, number, error):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    store.put("a", b"old")
    for call in ("write", "fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(error, match=f"a: {os.strerror(number)}"):
                store.put("a", b"new")
        assert store.get("a") == b"old"
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        for call in (store.get, store.size_bytes, store.delete, store.list):
            with pytest.raises(error):
                call("a")
    assert store.list("") == ["a"]


def test_a_root_that_is_a_file_is_unusable(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError):
            LocalBlobStore(place)


def test_a_root_that_went_away_is_unavailable(store, root):
    root.rename(root.parent / "moved")
    with pytest.raises(StoreUnavailableError):
        store.get("a")
    with pytest.raises(StoreUnavailableError):
        store.put("a", b"x")
    with pytest.raises(StoreUnavailableError):
        store.list("")


def test_opening_removes_what_dead_writers_left_behind(store, root):
    old, young = root / ".tmp" / "old", root / ".tmp" / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 3700,) * 2)
    LocalBlobStore(root)
    assert not old.exists()
    assert young.exists()


@pytest.fixture
def synced(store, monkeypatch):
    """Names of the calls that change the disk or sync it, as they come."""
    calls = []

    def recorded(name, call):
        def record(*args, **options):
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode)
            calls.append("fsync folder" if is_folder else name)
            return call(*args, **options)

        return record

    for name in ("write", "fsync", "mkdir", "link", "replace", "unlink"):
        monkeypatch.setattr(os, name, recorded(name, getattr(os, name)))
    return calls


def test_what_is_acknowledged_is_synced(store, synced):
    store.put("a/b", b"x", if_absent=True)
    assert synced == ["write", "fsync", "mkdir", "fsync folder", "link", "fsync folder", "unlink"]
    synced.clear()
    store.put("a/b", b"y")
    assert synced == ["write", "fsync", "replace", "fsync folder", "unlink"]
    synced.clear()
    store.delete("a/b")
    assert synced == ["unlink", "fsync folder"]


FAULTS = """
import errno, json, os, signal, sys, tempfile
from konverze_core.errors import BlobNotFoundError, ConflictError, StoreError
from konverze_indexes.localstore import LocalBlobStore

CALLS = ("open", "write", "fsync", "close", "link", "replace", "unlink", "mkdir")
STEPS = [
    ("put", "a/b/x", b"1" * 150, True), ("put", "a/b/x", b"2" * 150, False), ("put", "a/y", b"3" * 150, True),
    ("put", "a/y", b"4" * 150, False), ("delete", "a/b/x"), ("put", "a/b/x", b"", True),
]


def run(store, step, **options):
    if step[0] == "put":
        store.put(step[1], step[2], if_absent=step[3])
    else:
        store.delete(step[1])


def after(steps):
    content = {}
    for step in steps:
        content.pop(step[1], None)
        if step[0] == "put":
            content[step[1]] = step[2]
    return content


def stored(root):
    store = LocalBlobStore(root)
    return {name: bytes(store.get(name)) for name in store.list("")}


def wrap_calls(fault, number):
    count = 0
    def wrapped(call, name):
        def counted(*args, **options):
            nonlocal count
            count += 1
            if count == number:
                fault()
            if name == "write":  # a disk may take a part only
                return call(args[0], args[1][:100])
            return call(*args, **options)
        return counted
    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name), name))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def killed(root, number):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        report = os.write
        wrap_calls(die, number)
        store = LocalBlobStore(root)
        for step in STEPS:
            run(store, step)
            report(write, b".")
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    acknowledged = len(os.read(read, 100))
    os.close(read)
    return acknowledged, os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def kill_everywhere(folder):
    number = 0
    while True:
        number += 1
        root = f"{folder}/{number}"
        acknowledged, is_complete = killed(root, number)
        content = stored(root)
        assert content in (after(STEPS[:acknowledged]), after(STEPS[: acknowledged + 1])), (number, content)
        for step in STEPS[acknowledged:]:
            try:
                run(LocalBlobStore(root), step)
            except ConflictError:
                assert step[3]
        assert stored(root) == after(STEPS), number
        if is_complete:
            return number


def fail_everywhere(folder, code):
    original = {name: getattr(os, name) for name in CALLS}
    for number in range(1, 1000):
        root = f"{folder}/{code}-{number}"
        faults = []
        def fault():
            faults.append(number)
            raise OSError(code, os.strerror(code))
        wrap_calls(fault, number)
        done = 0
        try:
            store = LocalBlobStore(root)
            for done, step in enumerate(STEPS):
                run(store, step)
            done += 1
        except StoreError:
            pass
        for name, call in original.items():
            setattr(os, name, call)
        content = stored(root)
        assert content in (after(STEPS[:done]), after(STEPS[: done + 1])), (number, content)
        if not faults:
            return number


with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
    figures = {"kills": kill_everywhere(folder)}
    figures |= {errno.errorcode[code]: fail_everywhere(folder, code) for code in (errno.EIO, errno.ENOSPC)}
print(json.dumps(figures))
"""


def test_a_death_or_an_error_at_any_call_tears_nothing_and_loses_nothing(tmp_path):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/core:{ROOT}/indexes", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FAULTS, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["kills"] > 100
    assert min(figures.values()) > 100
