"""High-water marks: never lowered, never lost, damage is noticed."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from konverze_core.errors import ConfigError, IntegrityError, StoreUnavailableError
from konverze_indexes.marks import FileMarks, MemoryMarks
from konverze_indexes.tenant_ids import tenant_directory

ACME, OTHER = tenant_directory("acme"), tenant_directory("other")


@pytest.fixture(params=["memory", "files"])
def marks(request, tmp_path):
    return MemoryMarks() if request.param == "memory" else FileMarks(tmp_path / "marks")


@pytest.fixture
def files(tmp_path):
    return FileMarks(tmp_path / "marks")


def test_a_mark_is_raised_and_never_lowered(marks):
    assert marks.newest(ACME, "keyring") == 0
    for generation in (3, 2, 3, 1):
        marks.raise_to(ACME, "keyring", generation)
        assert marks.newest(ACME, "keyring") == 3
    assert (marks.newest(ACME, "commit"), marks.newest(OTHER, "keyring")) == (0, 0)
    marks.raise_to(ACME, "commit", 7)
    assert (marks.newest(ACME, "commit"), marks.newest(ACME, "keyring")) == (7, 3)


def test_a_reset_forgets_one_tenant(marks):
    for directory in (ACME, OTHER):
        marks.raise_to(directory, "keyring", 3)
        marks.raise_to(directory, "commit", 5)
    marks.reset(ACME)
    marks.reset(ACME)
    assert (marks.newest(ACME, "keyring"), marks.newest(ACME, "commit")) == (0, 0)
    assert (marks.newest(OTHER, "keyring"), marks.newest(OTHER, "commit")) == (3, 5)


def test_threads_lose_no_mark(marks):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: marks.raise_to(ACME, "commit" if number % 2 else "keyring", number), range(101)))
    assert (marks.newest(ACME, "keyring"), marks.newest(ACME, "commit")) == (100, 99)


def test_processes_lose_no_mark(files, tmp_path):
    program = (
        "import sys; from konverze_indexes.marks import FileMarks\n"
        "for number in range(30): FileMarks(sys.argv[1]).raise_to(sys.argv[2], sys.argv[3], number)"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "marks"), ACME]
    running = [subprocess.Popen([*arguments, kind]) for kind in ("keyring", "commit") * 2]
    assert [process.wait() for process in running] == [0] * 4
    assert (files.newest(ACME, "keyring"), files.newest(ACME, "commit")) == (29, 29)


def test_marks_outlive_the_process_and_are_private(files, tmp_path):
    files.raise_to(ACME, "keyring", 3)
    assert FileMarks(tmp_path / "marks").newest(ACME, "keyring") == 3
    assert [path.name for path in (tmp_path / "marks").iterdir()] == [ACME]
    assert stat.S_IMODE((tmp_path / "marks" / ACME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "marks").stat().st_mode) == 0o700


def test_what_a_dead_writer_left_is_no_obstacle(files, tmp_path):
    (tmp_path / "marks" / f".{ACME}.new").write_bytes(b"half")
    files.raise_to(ACME, "keyring", 3)
    assert [path.name for path in (tmp_path / "marks").iterdir()] == [ACME]


def test_every_flipped_bit_and_truncation_is_refused(files, tmp_path):
    files.raise_to(ACME, "keyring", 3)
    path = tmp_path / "marks" / ACME
    whole = path.read_bytes()
    flipped = [
        whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :] for place in range(len(whole))
    ]
    for content in (*flipped, *(whole[:length] for length in range(len(whole))), whole * 2):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match="only then remove the file"):
            files.newest(ACME, "keyring")
        with pytest.raises(IntegrityError):
            files.raise_to(ACME, "keyring", 4)
    path.unlink()
    assert files.newest(ACME, "keyring") == 0


def test_the_mark_of_another_tenant_is_refused(files, tmp_path):
    files.raise_to(ACME, "keyring", 3)
    (tmp_path / "marks" / OTHER).write_bytes((tmp_path / "marks" / ACME).read_bytes())
    with pytest.raises(IntegrityError):
        files.newest(OTHER, "keyring")


def test_a_link_or_a_folder_in_a_marks_place_is_refused(files, tmp_path):
    files.raise_to(ACME, "keyring", 3)
    (tmp_path / "marks" / OTHER).symlink_to(ACME)
    with pytest.raises(StoreUnavailableError):
        files.newest(OTHER, "keyring")
    (tmp_path / "marks" / OTHER).unlink()
    (tmp_path / "marks" / OTHER).mkdir()
    with pytest.raises(StoreUnavailableError):
        files.raise_to(OTHER, "keyring", 1)


@pytest.mark.parametrize("directory", ["", "..", "../x", ACME.upper(), ACME + "a"])
def test_only_a_tenants_directory_has_a_mark(files, directory):
    for call in (lambda: files.newest(directory, "commit"), lambda: files.raise_to(directory, "commit", 1)):
        with pytest.raises(ConfigError):
            call()
    with pytest.raises(ConfigError):
        files.reset(directory)
