"""The local key file: its bytes, who may read it, what happens when it is damaged."""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import json
import os
import pickle
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from konverze_core.errors import ConfigError, IntegrityError, KeyUnavailableError
from konverze_core.fakes import ManualClock
from konverze_indexes import keyfile_content
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.keyfile_content import KeyEntry

CONTEXT = {"tenant": "acme", "key": "k1"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keys.json"


@pytest.fixture
def provider(path):
    return LocalKeyFile.open(path, create=True)


def _expanded(secret, info):
    return HKDFExpand(SHA256(), 32, info).derive(secret)


def _secret(path):
    return base64.b64decode(_body(path)["keys"][-1]["secret"])


def _body(path):
    return json.loads(path.read_bytes().partition(b"\n")[0])


def _key_id(path):
    return LocalKeyFile(path).current_version().key_id


def test_the_bytes_are_as_documented(path, provider):
    body, digest, rest = path.read_bytes().split(b"\n")
    content = json.loads(body)
    secret = _secret(path)
    mac_key = _expanded(secret, b"konverze/v1/mac")
    key_id = hashlib.sha256(mac_key).digest()[:16]
    assert rest == b""
    assert json.loads(digest) == {"sha256": hashlib.sha256(body).hexdigest()}
    assert list(content) == ["version", "keys", "destroyed"]
    assert (content["version"], content["destroyed"]) == (1, {})
    assert list(content["keys"][0]) == ["id", "kek", "created_at", "secret"]
    assert (content["keys"][0]["id"], content["keys"][0]["kek"]) == (key_id.hex(), "shared")
    version = provider.current_version()
    assert version.key_id == f"local:shared/{key_id.hex()}"
    assert version.created_at == datetime.fromisoformat(content["keys"][0]["created_at"])
    assert provider.sign(b"m") == key_id + hmac.digest(mac_key, b"m", "sha256")
    wrapped = provider.wrap(bytes(range(64)), context=CONTEXT)
    info = b"konverze/v1/wrap" + b"\0\3key" + b"\0\2k1" + b"\0\6tenant" + b"\0\4acme"
    assert aes_key_unwrap(_expanded(secret, info), wrapped.ciphertext) == bytes(range(64))


def test_only_the_owner_can_read_what_is_created(path, provider):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(found.name for found in path.parent.iterdir()) == [".keys.json.lock", "keys.json"]
    assert stat.S_IMODE((path.parent / ".keys.json.lock").stat().st_mode) == 0o600
    assert provider.current_version() == LocalKeyFile.open(path, create=True).current_version()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_can_read_is_refused(path, provider, mode):
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod"):
        LocalKeyFile(path)


def test_a_file_of_another_user_is_refused(path, provider, monkeypatch):
    monkeypatch.setattr(keyfile_content.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="another user"):
        LocalKeyFile(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for odd in (tmp_path, tmp_path / "pipe"):
        with pytest.raises((ConfigError, KeyUnavailableError)):
            LocalKeyFile(odd)


def test_a_missing_file_is_not_made_up(path):
    with pytest.raises(KeyUnavailableError, match="cannot be opened"):
        LocalKeyFile.open(path)
    assert not path.parent.exists()


def test_a_place_that_cannot_be_written_is_a_mistake_of_the_caller(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be created"):
        LocalKeyFile.open(tmp_path / "file" / "keys.json", create=True)


def test_every_damaged_byte_is_noticed(path, provider):
    whole = path.read_bytes()
    secret = _body(path)["keys"][0]["secret"]
    damaged = [
        whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
        for place in range(len(whole))
        for bit in (1, 2, 64)
    ]
    truncated = [whole[:length] for length in range(len(whole))]
    others = [b"[]", b"{}", b'{"version":2,"keys":[]}', b'{"version":1,"keys":[]}', b"\xff", whole + whole]
    for content in (*damaged, *truncated, *others):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match="restore it") as caught:
            LocalKeyFile(path)
        seen = caught.value
        while seen is not None:
            assert secret[:8] not in str(seen)
            seen = seen.__cause__ or seen.__context__


def test_the_newest_key_signs_and_older_ones_still_open(path, provider):
    wrapped, signature = provider.wrap(bytes(32), context=CONTEXT), provider.sign(b"m")
    other = LocalKeyFile(path)
    version = other.rotate()
    assert provider.current_version() == version
    assert provider.unwrap(wrapped, context=CONTEXT) == bytes(32)
    assert provider.unwrap(other.wrap(bytes(32), context=CONTEXT), context=CONTEXT) == bytes(32)
    provider.verify(b"m", signature)
    provider.verify(b"m", other.sign(b"m"))
    assert provider.sign(b"m") != signature


def test_a_key_of_a_tenant_does_not_sign(path, provider):
    provider.create_kek("tenant-a")
    tenants = _body(path)["keys"][-1]
    mac_key = _expanded(base64.b64decode(tenants["secret"]), b"konverze/v1/mac")
    with pytest.raises(IntegrityError):
        provider.verify(b"m", bytes.fromhex(tenants["id"]) + hmac.digest(mac_key, b"m", "sha256"))


def test_a_destroyed_key_leaves_its_name_and_nothing_else(path):
    clock = ManualClock()
    provider = LocalKeyFile.open(path, create=True, clock=clock)
    provider.create_kek("tenant-a")
    secret = base64.b64encode(_secret(path))
    destroyed = provider.destroy_kek("tenant-a")
    assert secret not in path.read_bytes()
    assert destroyed.effective_by == clock.now()
    assert "backups" in destroyed.remains[0]
    clock.advance(60)
    assert LocalKeyFile(path, clock=clock).destroy_kek("tenant-a") == destroyed
    assert _body(path)["destroyed"].keys() == {"tenant-a"}


def test_an_older_copy_put_in_place_is_noticed(path, provider):
    older = path.read_bytes()
    provider.rotate()
    wrapped, signature = provider.wrap(bytes(32), context=CONTEXT), provider.sign(b"m")
    path.write_bytes(older)
    with pytest.raises(IntegrityError, match="does not hold"):
        provider.unwrap(wrapped, context=CONTEXT)
    with pytest.raises(IntegrityError):
        provider.verify(b"m", signature)


def test_a_file_that_goes_away_is_missed_and_not_made_up(path, provider):
    wrapped = provider.wrap(bytes(32), context=CONTEXT)
    path.rename(path.with_name("elsewhere"))
    for call in (provider.rotate, provider.current_version, lambda: provider.create_kek("tenant-a")):
        with pytest.raises(KeyUnavailableError, match="cannot be opened"):
            call()
    path.with_name("elsewhere").rename(path)
    assert provider.unwrap(wrapped, context=CONTEXT) == bytes(32)


def test_what_a_crashed_process_left_is_removed(path, provider):
    leftover = path.parent / f".keys.json.{'0f' * 8}"
    unrelated = path.parent / ".keys.json.mine"
    for file in (leftover, unrelated):
        file.write_bytes(b"half a file")
    provider.rotate()
    assert not leftover.exists()
    assert unrelated.exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_file_as_it_was(path, provider, monkeypatch):
    before = path.read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(keyfile_content.os, "rename", full)
    with pytest.raises(KeyUnavailableError, match="cannot be written"):
        provider.rotate()
    assert path.read_bytes() == before
    assert sorted(found.name for found in path.parent.iterdir()) == [".keys.json.lock", "keys.json"]


def test_threads_that_change_the_file_at_once_lose_nothing(path, provider):
    def change(number):
        mine = LocalKeyFile(path) if number % 2 else provider
        mine.create_kek(f"tenant-{number}")
        return mine.rotate().key_id, mine.wrap(bytes(32), context=CONTEXT, kek=f"tenant-{number}")

    with ThreadPoolExecutor(8) as pool:
        changes = list(pool.map(change, range(16)))
    assert len(_body(path)["keys"]) == 1 + 2 * 16
    assert {entry["id"] for entry in _body(path)["keys"]} >= {key_id.partition("/")[2] for key_id, _ in changes}
    for _, wrapped in changes:
        assert provider.unwrap(wrapped, context=CONTEXT) == bytes(32)


def test_processes_that_change_the_file_at_once_lose_nothing(path, provider):
    code = (
        "import sys\n"
        "from konverze_indexes.keyfile import LocalKeyFile\n"
        "provider = LocalKeyFile(sys.argv[1])\n"
        "input()\n"
        "for number in range(10):\n"
        "    provider.create_kek(f'tenant-{number}')\n"
        "    print(provider.rotate(f'tenant-{number}').key_id)\n"
    )
    printed = _run_at_once(code, path, processes=3)
    assert len(printed) == 30
    entries = _body(path)["keys"]
    assert {f"local:{entry['kek']}/{entry['id']}" for entry in entries} >= set(printed)
    assert len(entries) == 1 + 10 + 30, "each KEK is made once"


def test_a_hundred_thousand_keks_fit(path, provider):
    entry = KeyEntry.fresh("t" * 64, datetime.now(UTC))
    assert 2 * 100_000 * (len(msgspec.json.encode(entry)) + 1) < keyfile_content.FILE_BYTES_MAX


@pytest.mark.parametrize("size", [0, 8, 15, 17, 136])
def test_payloads_of_other_lengths_are_refused(provider, size):
    with pytest.raises(ConfigError):
        provider.wrap(bytes(size), context=CONTEXT)


def test_threads_that_create_at_once_agree(path):
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: LocalKeyFile.open(path, create=True).current_version().key_id, range(8)))
    assert ids == {_key_id(path)}
    assert sorted(found.name for found in path.parent.iterdir()) == [".keys.json.lock", "keys.json"]


def test_processes_that_create_at_once_agree(path):
    code = (
        "import sys\n"
        "from konverze_indexes.keyfile import LocalKeyFile\n"
        "input()\n"
        "print(LocalKeyFile.open(sys.argv[1], create=True).current_version().key_id)"
    )
    assert set(_run_at_once(code, path, processes=2)) == {_key_id(path)}


def _run_at_once(code, path, *, processes):
    """Lines that the processes print once they are told to go."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}/core:{root}/indexes", "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) for _ in range(processes)]
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    return [line for process in running for line in process.communicate(timeout=60)[0].split()]


def test_no_secret_is_shown_or_pickled(path, provider):
    secret = _secret(path)
    for text in (repr(provider), str(provider)):
        assert secret.hex() not in text
        assert base64.b64encode(secret).decode() not in text
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(provider)
