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

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    IntegrityError,
    StoreFullError,
    StoreUnavailableError,
)
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
    (root / "lost").symlink_to(outside / "missing")
    (root / "inside" / "file").symlink_to(outside / "blob")
    (root / "inside" / "nowhere").symlink_to(outside / "missing")
    return outside


@pytest.mark.parametrize("name", ["folder/blob", "folder/new", "folder/new/er", "lost/blob"])
def test_no_call_follows_a_linked_folder(store, outside, name):
    for call in (store.get, store.head, store.delete, store.list):
        with pytest.raises(IntegrityError, match="a symbolic link stands where a blob belongs"):
            call(name)
    for if_absent in (True, False):
        with pytest.raises(IntegrityError):
            store.put(name, b"forged", if_absent=if_absent)
    assert list(outside.iterdir()) == [outside / "blob"]
    assert (outside / "blob").read_bytes() == b"secret"


@pytest.mark.parametrize("name", ["inside/file", "inside/nowhere"])
def test_no_call_follows_a_linked_file(store, root, outside, name):
    for call in (store.get, store.head, store.delete, store.list):
        with pytest.raises(IntegrityError, match=f"{name}: a symbolic link stands where a blob belongs"):
            call(name)
    for if_absent in (True, False):
        with pytest.raises(IntegrityError):
            store.put(name, b"forged", if_absent=if_absent)
    assert (root / name).is_symlink(), "left for a person to look at"
    assert list((root / ".tmp").iterdir()) == []
    assert list(outside.iterdir()) == [outside / "blob"]
    assert (outside / "blob").read_bytes() == b"secret"


def test_what_cannot_be_a_blob_is_not_listed(store, root, tmp_path):
    store.put("inside/blob", b"x")
    (root / "UPPER").write_bytes(b"")
    (root / ".hidden").write_bytes(b"")
    (root / "LINK").symlink_to(tmp_path)
    (root / "lost+found").mkdir()
    assert store.list("") == ["inside/blob"]


def test_a_blob_that_became_a_link_is_not_passed_over(store, root):
    for number in range(3):
        store.put(f"commits/{number}", b"x")
    newest = root / "commits" / "0"
    newest.rename(root.parent / "moved")
    newest.symlink_to(root.parent / "moved")
    for prefix in ("", "commits/", "commits/0"):
        with pytest.raises(IntegrityError, match="commits/0: a symbolic link"):
            store.list(prefix)
    assert store.list("commits/1") == ["commits/1"]


def test_a_special_file_is_neither_read_nor_passed_over(store, root):
    os.mkfifo(root / "pipe")
    for call in (store.get, store.head, store.delete, store.list):
        with pytest.raises(IntegrityError, match="pipe: what is neither file nor folder"):
            call("pipe")
    for if_absent in (True, False):
        with pytest.raises(IntegrityError):
            store.put("pipe", b"x", if_absent=if_absent)
    with pytest.raises(IntegrityError):
        store.list("pipe/")


@pytest.fixture
def deep_folders(store, root):
    """1,200 folders, each in the one before, and a file in the last."""
    folders = [root / "a"]
    folders[0].mkdir()
    while len(folders) < 1200:
        folders.append(folders[-1] / "a")
        folders[-1].mkdir()
    (folders[-1] / "blob").write_bytes(b"x")
    yield folders
    (folders[-1] / "blob").unlink()
    for folder in reversed(folders):  # pytest tidies by recursion
        folder.rmdir()


def test_listing_ends_where_names_do(store, deep_folders):
    deepest = "a/" * 255 + "bc"
    assert store.list("a/a/") == []
    store.put(deepest, b"x")
    listed = store.list("")
    store.delete(deepest)
    assert listed == [deepest]


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
        for call in (store.get, store.head, store.delete, store.list):
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


@pytest.fixture
def leftovers(store, root):
    """Files of writers that died: one of more than an hour ago, and one that may still be written."""
    store.put("a", b"x")
    old, young = root / ".tmp" / "old", root / ".tmp" / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 3700,) * 2)
    return old, young


@pytest.mark.parametrize("act", [lambda store: store.put("a", b"x"), lambda store: store.delete("none")])
def test_a_store_removes_what_dead_writers_left_behind_before_it_writes_or_deletes(root, leftovers, act):
    old, young = leftovers
    later = LocalBlobStore(root)
    assert later.get("a") == b"x"
    assert old.exists(), "a reader has no use for it"
    act(later)
    assert not old.exists()
    assert young.exists()


def test_a_store_looks_again_for_what_writers_leave_behind_that_die_later(store, leftovers, monkeypatch):
    old, young = leftovers
    store.put("a", b"x")
    assert old.exists(), "it has looked less than an hour ago"
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 3700)
    store.delete("a")
    assert not old.exists()
    assert young.exists()


def test_a_store_leaves_alone_what_no_writer_left_behind(store, root, tmp_path):
    store.put("a", b"x")
    folder, link = root / ".tmp" / "folder", root / ".tmp" / "link"
    folder.mkdir()
    link.symlink_to(tmp_path)
    for path in (folder, link):
        os.utime(path, (time.time() - 3700,) * 2, follow_symlinks=False)
    LocalBlobStore(root).put("a", b"x")
    assert folder.is_dir()
    assert link.is_symlink()


def test_nothing_is_written_when_the_name_cannot_be_made_durable(store, root, monkeypatch):
    def fail_for_the_folder(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and (root / "a" / "b").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    store.put("a/other", b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_for_the_folder)
        with pytest.raises(StoreUnavailableError):
            store.put("a/b", b"first", if_absent=True)
    assert store.list("") == ["a/other"]
    assert list((root / ".tmp").iterdir()) == []
    store.put("a/b", b"second", if_absent=True)
    assert store.get("a/b") == b"second"


def test_a_name_that_another_writer_took_meanwhile_is_not_taken_back(store, root, monkeypatch):
    def replace_and_fail(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and (root / "b").exists():
            (root / "new").write_bytes(b"another's")
            (root / "new").replace(root / "b")
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", replace_and_fail)
        with pytest.raises(StoreUnavailableError):
            store.put("b", b"ours", if_absent=True)
    assert store.get("b") == b"another's"


@pytest.fixture
def synced(store, monkeypatch):
    """Names of the calls that change the disk or sync it, as they come, once there is a place for unfinished files."""
    calls = []
    store.put("other", b"x")

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
        is_undone = done < len(STEPS) and STEPS[done][0] == "put" and STEPS[done][3]
        possible = (after(STEPS[:done]),) if is_undone else (after(STEPS[:done]), after(STEPS[: done + 1]))
        assert content in possible, (number, content)
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


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_directory_that_cannot_be_written_serves_readers(store, root, monkeypatch, number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    store.put("a", b"x")
    (root / ".tmp").rmdir()
    monkeypatch.setattr(os, "mkdir", fail)
    readers = LocalBlobStore(root)
    assert readers.get("a") == b"x"
    assert readers.list("") == ["a"]
    with pytest.raises(StoreUnavailableError):
        readers.put("b", b"y")
    with pytest.raises(StoreUnavailableError):
        LocalBlobStore(root / "none")


def test_large_blobs_in_use_take_no_file_descriptors(tmp_path):
    store = LocalBlobStore(tmp_path)
    store.put("large", bytes(range(256)) * 1_024)
    before = len(list(Path("/dev/fd").iterdir()))
    views = [store.get("large") for _ in range(50)]
    store.delete("large")
    assert len(list(Path("/dev/fd").iterdir())) == before
    assert all(view == bytes(range(256)) * 1_024 and view.readonly for view in views)
