"""AWS KMS in every state and failure that moto does not play, by our own server that speaks the protocol."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import pickle
import ssl
import time
import traceback

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from konverze_core.errors import (  # noqa: E402
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
)
from konverze_core.protocols import WrappedKey  # noqa: E402
from konverze_indexes.keyproviders.aws import AwsKms  # noqa: E402
from tests.servers.certificates import Authority, server_context  # noqa: E402
from tests.servers.scripted_server import Reply, ScriptedServer  # noqa: E402

ARN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
WRAPPED = WrappedKey(key_id=f"{ARN}#0", ciphertext=b"ciphertext")
PLAINTEXT = b"canary-plaintext-of-32-bytes----"
ANSWER = Reply(200, {"Plaintext": base64.b64encode(PLAINTEXT).decode(), "KeyId": ARN})


def failure(name, status=400, message="arn:aws:sts::1:assumed-role/r/me@canary.example"):
    return Reply(status, {"__type": name, "message": message})


def state(name):
    return Reply(200, {"KeyMetadata": {"KeyId": "1", "Arn": ARN, "KeyState": name}})


@pytest.fixture
def make():
    made = []

    def make(server, **more):
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", aws_session_token="canary-token")
        settings = {"key": ARN, "signing_key": ARN, "region": "eu-central-1", "timeout_s": 2.0, **more}
        made.append(AwsKms(**{"endpoint_url": server.url, "session": session, **settings}))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ([failure("DisabledException")], KeyAccessDeniedError),
        ([failure("AccessDeniedException")], KeyAccessDeniedError),
        ([failure("UnrecognizedClientException")], KeyAccessDeniedError),
        ([failure("KMSInvalidStateException"), state("PendingDeletion")], KeyDestroyedError),
        ([failure("KMSInvalidStateException"), failure("NotFoundException")], KeyDestroyedError),
        ([failure("KMSInvalidStateException"), state("Disabled")], KeyAccessDeniedError),
        ([failure("KMSInvalidStateException"), state("Unavailable")] * 9, KeyUnavailableError),
        ([failure("NotFoundException")], KeyDestroyedError),
        ([failure("InvalidCiphertextException")], IntegrityError),
        ([failure("IncorrectKeyException")], IntegrityError),
        ([failure("InvalidKeyUsageException")], ConfigError),
        ([failure("ThrottlingException")], KeyUnavailableError),
        ([failure("KMSInternalException", 500)], KeyUnavailableError),
        ([Reply(503, b"<html>")], KeyUnavailableError),
        ([Reply(429, b"")], KeyUnavailableError),
        ([Reply(200, b"{not json")], KeyUnavailableError),
        ([Reply(200, {})], KeyUnavailableError),
        ([Reply(200, b'{"Plaintext": "' + b"A" * 999, drip_s=0.3)], KeyUnavailableError),
        ([Reply(is_silent=True)], KeyUnavailableError),
        ([Reply(is_cut=True)], KeyUnavailableError),
    ],
)
def test_names_every_failure_in_bounded_time_and_quotes_nothing(make, replies, error):
    with ScriptedServer(*replies) as server:
        provider = make(server)
        started_s = time.monotonic()
        with pytest.raises(error) as raised:
            provider.unwrap(WRAPPED, context={"tenant": "a"})
        assert time.monotonic() - started_s < 2.5
    shown = "".join(traceback.format_exception(raised.value))
    assert not [canary for canary in ("canary-token", "canary.example") if canary in shown]


@pytest.mark.parametrize("bad", [failure("ThrottlingException"), Reply(503, b""), Reply(is_cut=True)])
def test_tries_again_after_a_passing_failure(make, bad):
    with ScriptedServer(bad, bad, ANSWER) as server:
        assert make(server).unwrap(WRAPPED, context={}) == PLAINTEXT
        assert len(server.requests) == 3


def test_survives_a_hang_that_passes(make):
    with ScriptedServer(Reply(is_silent=True), ANSWER) as server:
        assert make(server).unwrap(WRAPPED, context={}) == PLAINTEXT


def test_names_the_key_in_the_call(make):
    with ScriptedServer(ANSWER) as server:
        make(server).unwrap(WRAPPED, context={"tenant": "a"})
        assert f'"KeyId": "{ARN}"'.encode() in server.requests[0].body
        assert b'"konverze-prefix": "konverze"' in server.requests[0].body


def test_signs_the_deployment_and_the_digest_of_the_message(make):
    with ScriptedServer(Reply(200, {"Mac": base64.b64encode(b"mac").decode()})) as server:
        assert make(server, prefix="bank").sign(b"message") == b"mac"
        signed = base64.b64decode(json.loads(server.requests[0].body)["Message"])
    assert signed == b"\0\x10konverze/v1/sign\0\4bank" + hashlib.sha256(b"message").digest()


@pytest.mark.parametrize(
    "key_id",
    [
        "", "vault:transit/k/1", ARN, f"{ARN}#", f"{ARN}#01", f"{ARN}#-1", f"{ARN}#1\n", "alias/other#1",
        f"{ARN}#1".replace("123456789012", "210987654321"), f"{ARN}#1".replace("eu-central-1", "us-east-1"),
        f"{ARN}#1".replace("key/", "alias/"),
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
        AwsKms(key=ARN, signing_key=ARN, region="eu-central-1", endpoint_url=url)


def test_the_environment_does_not_move_the_endpoint(make, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with ScriptedServer(ANSWER) as server:
        assert make(server).unwrap(WRAPPED, context={}) == PLAINTEXT
        assert make(server, endpoint_url=None)._calls.client.meta.endpoint_url.startswith("https://kms.eu-central-1.")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_speaks_tls_with_a_trusted_server_alone(make, tmp_path):
    authority = Authority(tmp_path)
    with ScriptedServer(ANSWER, tls=server_context(authority.leaf())) as server:
        assert make(server, ca_file=authority.ca_file).unwrap(WRAPPED, context={}) == PLAINTEXT
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
        assert "canary" not in repr(provider)
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(provider)
