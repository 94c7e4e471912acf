"""The local key file: its bytes, who may read it, what happens when it is damaged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import pickle
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from konverze_core.errors import ConfigError, IntegrityError, KeyUnavailableError
from konverze_indexes import keyfile
from konverze_indexes.keyfile import LocalKeyFile

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
    return base64.b64decode(json.loads(path.read_bytes())["keys"][-1]["secret"])


def test_the_bytes_are_as_documented(path, provider):
    content = json.loads(path.read_bytes())
    secret = _secret(path)
    mac_key = _expanded(secret, b"konverze/v1/mac")
    key_id = hashlib.sha256(mac_key).digest()[:16]
    assert content["version"] == 1
    assert content["keys"][0]["id"] == key_id.hex()
    assert provider.key_id == f"local:{key_id.hex()}"
    assert provider.sign(b"m") == key_id + hmac.digest(mac_key, b"m", "sha256")
    wrapped = provider.wrap(bytes(range(64)), context=CONTEXT)
    info = b"konverze/v1/wrap" + b"\0\3key" + b"\0\2k1" + b"\0\6tenant" + b"\0\4acme"
    assert aes_key_unwrap(_expanded(secret, info), wrapped.ciphertext) == bytes(range(64))


def test_only_the_owner_can_read_what_is_created(path, provider):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["keys.json"]
    assert provider.key_id == LocalKeyFile(path).key_id == LocalKeyFile.open(path, create=True).key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_can_read_is_refused(path, provider, mode):
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod"):
        LocalKeyFile(path)


def test_a_file_of_another_user_is_refused(path, provider, monkeypatch):
    monkeypatch.setattr(keyfile.os, "geteuid", lambda: os.getuid() + 1)
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
    secret = json.loads(whole)["keys"][0]["secret"]
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


def _entry():
    secret = os.urandom(32)
    key_id = hashlib.sha256(_expanded(secret, b"konverze/v1/mac")).digest()[:16]
    return {"id": key_id.hex(), "secret": base64.b64encode(secret).decode()}


def test_the_last_key_is_current_and_older_ones_still_open(path, provider):
    wrapped, signature = provider.wrap(bytes(32), context=CONTEXT), provider.sign(b"m")
    content = json.loads(path.read_bytes())
    content["keys"].append(_entry())
    path.write_text(json.dumps(content))
    rotated = LocalKeyFile(path)
    assert rotated.key_id == f"local:{content['keys'][1]['id']}"
    assert rotated.unwrap(wrapped, context=CONTEXT) == bytes(32)
    rotated.verify(b"m", signature)
    with pytest.raises(IntegrityError):
        provider.unwrap(rotated.wrap(bytes(32), context=CONTEXT), context=CONTEXT)
    with pytest.raises(IntegrityError):
        provider.verify(b"m", rotated.sign(b"m"))


@pytest.mark.parametrize("size", [0, 8, 15, 17, 136])
def test_payloads_of_other_lengths_are_refused(provider, size):
    with pytest.raises(ConfigError):
        provider.wrap(bytes(size), context=CONTEXT)


def test_threads_that_create_at_once_agree(path):
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: LocalKeyFile.open(path, create=True).key_id, range(8)))
    assert ids == {LocalKeyFile(path).key_id}
    assert [found.name for found in path.parent.iterdir()] == ["keys.json"]


def test_processes_that_create_at_once_agree(path):
    code = (
        "import sys\n"
        "from konverze_indexes.keyfile import LocalKeyFile\n"
        "input()\n"
        "print(LocalKeyFile.open(sys.argv[1], create=True).key_id)"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}/core:{root}/indexes", "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) for _ in range(2)]
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    ids = {writer.communicate(timeout=60)[0].strip() for writer in writers}
    assert ids == {LocalKeyFile(path).key_id}


def test_no_secret_is_shown_or_pickled(path, provider):
    secret = _secret(path)
    for text in (repr(provider), str(provider)):
        assert secret.hex() not in text
        assert base64.b64encode(secret).decode() not in text
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(provider)
