"""Full disk, read-only disk, no file descriptor left: errors are typed, nothing is lost, and it works again after."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.localstore import LocalBlobStore
from tests.settings import OFFLINE

DISK_BYTES = 4 << 20
UPLOAD = b" ".join(np.random.default_rng(3).integers(0, 10**9, 30_000).astype("S"))


@pytest.fixture
def keys():
    return MemoryKeyProvider()


@pytest.fixture
def disk(tmp_path):
    """A file system of its own of four MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", place)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(*arguments):
    try:
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the command mount")
    if done.returncode:
        pytest.skip("needs root, to mount a tmpfs")


def opened(root, keys):
    return kr.Engine(settings=OFFLINE, blobs=LocalBlobStore(root), keys=keys, embedder=None).tenant("acme")


def found(root, keys):
    """What a new process would read."""
    acme = opened(root, keys)
    return acme.stats().generation, sorted(document.id for document in acme.documents())


def outcome(acme, error):
    """Whether an ingest went through; else it has to fail with this error."""
    try:
        acme.ingest(UPLOAD, source="new.txt")
    except error:
        return False
    return True


def is_held(root, keys, before, *, is_done):
    generation, documents = found(root, keys)
    if not is_done:
        return (generation, documents) == before
    return generation > before[0] and documents == ["new.txt", "old.txt"]


def test_a_full_disk_loses_nothing(disk, keys, figure):
    root = disk / "data"
    opened(root, keys).ingest(b"The old text.", source="old.txt")
    held, tried, refused = 0, 0, 0
    for free in (0, 4_096, 8_192, 16_384, 65_536, 131_072, 262_144, 524_288, 1 << 20):
        before, acme = found(root, keys), opened(root, keys)
        filler = disk / "filler"
        filler.write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - free))
        is_done = outcome(acme, kr.StoreFullError)
        held += is_held(root, keys, before, is_done=is_done)
        filler.unlink()
        tried, refused = tried + 1, refused + (not is_done)
        if is_done:
            acme.delete("new.txt")
    assert refused >= 3
    assert outcome(opened(root, keys), ()), "there is room again"
    assert list((root / ".tmp").iterdir()) == []
    figure("disk full: typed error, last generation readable", passed=held, of=tried, note=f"{refused} refused")


def test_a_read_only_disk_serves_readers(disk, keys, figure):
    root = disk / "data"
    acme = opened(root, keys)
    acme.ingest(b"The old text.", source="old.txt")
    before = found(root, keys)
    held = 0
    for has_spool in (True, False):
        if not has_spool:
            (root / ".tmp").rmdir()
        _mount("-o", "remount,ro", disk)
        held += outcome(acme, kr.StoreUnavailableError) is False
        held += outcome(opened(root, keys), kr.StoreUnavailableError) is False
        held += found(root, keys) == before
        held += bool(opened(root, keys).search("old text"))
        _mount("-o", "remount,rw", disk)
    assert outcome(acme, ())
    figure("disk read-only: typed error, readers are served", passed=held, of=8)


@contextmanager
def descriptors_left(number):
    """So many more files can be opened, about."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_no_file_descriptor_left_loses_nothing(tmp_path, keys, figure):
    acme = opened(tmp_path, keys)
    acme.ingest(b"The old text.", source="old.txt")
    acme.ingest(UPLOAD, source="new.txt")  # all modules are imported now
    acme.delete("new.txt")
    held = tried = 0
    is_done = False
    while not is_done:
        before = found(tmp_path, keys)
        with descriptors_left(tried):
            is_done = outcome(acme, kr.StoreUnavailableError)
        held += is_held(tmp_path, keys, before, is_done=is_done)
        tried += 1
    assert tried > 2
    figure("no file descriptor left: typed error, last generation readable", passed=held, of=tried)
