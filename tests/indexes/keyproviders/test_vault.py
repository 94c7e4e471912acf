"""Vault transit in failures that a real server does not play on command, by our own server that speaks the protocol."""

from __future__ import annotations

import base64
import copy
import pickle
import ssl
import time
import traceback

import pytest

pytest.importorskip("hvac", reason="needs the extra vault")

from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
)
from konverze_core.protocols import WrappedKey
from konverze_indexes.keyproviders.vault import VaultTransit
from tests.servers.certificates import Authority, server_context
from tests.servers.scripted_server import Reply, ScriptedServer

TOKEN = "canary-token"
KEY_ID = "vault:transit/konverze.kek.shared/1"
WRAPPED = WrappedKey(key_id=KEY_ID, ciphertext=b"ciphertext")
PLAINTEXT = b"canary-plaintext-of-32-bytes----"
ANSWER = Reply(200, {"data": {"plaintext": base64.b64encode(PLAINTEXT).decode()}})


def failure(status, *errors):
    return Reply(status, {"errors": list(errors)})


@pytest.fixture
def make():
    made = []

    def make(server, **more):
        made.append(VaultTransit(**{"url": server.url, "token": TOKEN, "timeout_s": 2.0, **more}))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (failure(403, "permission denied"), KeyAccessDeniedError),
        (failure(401, "no"), KeyAccessDeniedError),
        (failure(400, "encryption key not found"), KeyDestroyedError),
        (failure(404), KeyDestroyedError),
        (failure(404, "no handler for route"), KeyUnavailableError),
        (Reply(404, b"<html>", {"content-type": "text/html"}), KeyUnavailableError),
        (failure(400, "cipher: message authentication failed"), IntegrityError),
        (failure(400, "ciphertext or signature version is disallowed by policy (too old)"), KeyAccessDeniedError),
        (failure(429, "rate limit"), KeyUnavailableError),
        (failure(500, "canary-token"), KeyUnavailableError),
        (failure(503, "Vault is sealed"), KeyUnavailableError),
        (Reply(307, {}, {"location": "http://127.0.0.1:9/"}), KeyUnavailableError),
        (Reply(204, b""), KeyUnavailableError),
        (Reply(200, b"{not json"), KeyUnavailableError),
        (Reply(200, {}), KeyUnavailableError),
        (Reply(200, {"data": {"plaintext": 7}}), KeyUnavailableError),
        (Reply(200, {"data": {"plaintext": "*"}}), KeyUnavailableError),
        (Reply(200, b'{"data": "' + b"A" * 999, drip_s=0.3), KeyUnavailableError),
        (Reply(is_silent=True), KeyUnavailableError),
        (Reply(is_cut=True), KeyUnavailableError),
    ],
)
def test_names_every_failure_in_bounded_time_and_quotes_nothing(make, reply, error):
    with ScriptedServer(reply) as server:
        started_s = time.monotonic()
        with pytest.raises(error) as raised:
            make(server).unwrap(WRAPPED, context={"tenant": "a"})
        assert time.monotonic() - started_s < 2.5
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("bad", [failure(429), failure(503, "Vault is sealed"), Reply(is_cut=True)])
def test_tries_again_after_a_passing_failure(make, bad):
    with ScriptedServer(bad, bad, ANSWER) as server:
        assert make(server).unwrap(WRAPPED, context={}) == PLAINTEXT
        assert len(server.requests) == 3


def test_asks_for_a_token_for_each_verb_and_waits_for_none(make):
    tokens = iter(["first", "second"])
    with ScriptedServer(ANSWER) as server:
        provider = make(server, token=lambda: next(tokens), namespace="team")
        for _ in range(2):
            provider.unwrap(WRAPPED, context={})
        assert [request.headers["X-Vault-Token"] for request in server.requests] == ["first", "second"]
        assert server.requests[0].headers["X-Vault-Namespace"] == "team"
        started_s = time.monotonic()
        with pytest.raises(KeyUnavailableError):
            make(server, token=lambda: time.sleep(5) or "late").unwrap(WRAPPED, context={})
        assert time.monotonic() - started_s < 2.5


def test_an_error_about_the_token_does_not_quote_it(make):
    def give():
        raise RuntimeError(TOKEN)

    with ScriptedServer(ANSWER) as server, pytest.raises(KeyUnavailableError) as raised:
        make(server, token=give).unwrap(WRAPPED, context={})
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "key_id",
    [
        "", KEY_ID[:-2], KEY_ID[:-1] + "0", KEY_ID + "\n", KEY_ID.replace("transit", "other"),
        KEY_ID.replace("konverze", "other"), KEY_ID.replace("kek.shared", "signing"),
        KEY_ID.replace("shared", "../x"), KEY_ID.replace(".", "x"),
    ],
)  # fmt: skip
def test_refuses_keys_of_others_without_asking(make, key_id):
    with ScriptedServer(ANSWER) as server:
        with pytest.raises(IntegrityError):
            make(server).unwrap(WrappedKey(key_id=key_id, ciphertext=b"x"), context={})
        assert not server.requests


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:80", "ftp://localhost", "https://u:p@h", "x"])
def test_refuses_addresses_in_the_clear(url):
    with pytest.raises(ConfigError):
        VaultTransit(url=url, token=TOKEN)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_speaks_tls_with_a_trusted_server_alone(make, tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    with ScriptedServer(ANSWER, tls=server_context(authority.leaf())) as server:
        assert make(server, ca_file=authority.ca_file).unwrap(WRAPPED, context={}) == PLAINTEXT
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
        monkeypatch.setenv("VAULT_CACERT", str(authority.ca_file))
        with pytest.raises(KeyUnavailableError):
            make(server, timeout_s=0.5).unwrap(WRAPPED, context={})
    bad = [authority.expired_leaf(), authority.wrong_host_leaf(), authority.self_signed_leaf()]
    contexts = [server_context(leaf) for leaf in bad]
    contexts.append(server_context(authority.leaf(), newest=ssl.TLSVersion.TLSv1_1))
    for context in contexts:
        with ScriptedServer(ANSWER, tls=context) as server:
            with pytest.raises(KeyUnavailableError):
                make(server, ca_file=authority.ca_file, timeout_s=0.5).unwrap(WRAPPED, context={})
            assert not server.requests


def test_is_neither_pickled_nor_copied_and_shows_no_secret(make):
    with ScriptedServer(ANSWER) as server:
        provider = make(server)
        assert TOKEN not in repr(provider)
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(provider)
