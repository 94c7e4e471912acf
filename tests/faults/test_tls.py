"""No client of a service says anything to a server that it cannot trust, and each says so in bounded time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws: konverze-rag[aws]")
pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")
pytest.importorskip("hvac", reason="needs the extra vault: konverze-rag[vault]")
pytest.importorskip("obstore", reason="needs obstore: the extra azure or aws")

from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

from konverze_core.errors import (  # noqa: E402
    ConfigError,
    KeyUnavailableError,
    KonverzeError,
    ProviderUnavailableError,
    StoreUnavailableError,
)
from konverze_core.protocols import Message, Prompt  # noqa: E402
from konverze_indexes.keyproviders.aws import AwsKms  # noqa: E402
from konverze_indexes.keyproviders.azure import AzureKeyVault  # noqa: E402
from konverze_indexes.keyproviders.vault import VaultTransit  # noqa: E402
from konverze_indexes.stores import open_blob_store  # noqa: E402
from konverze_rag.providers.openai_chat import OpenAIChat  # noqa: E402
from konverze_rag.providers.openai_embeddings import OpenAIEmbedder  # noqa: E402
from tests.servers.certificates import Authority, server_context  # noqa: E402
from tests.servers.keyvault_server import StaticCredential  # noqa: E402
from tests.servers.scripted_server import Reply, ScriptedServer  # noqa: E402

FAULT = "TLS: 1.0/1.1, self-signed, unknown authority, wrong host, expired, http:// for every outbound client"
TIMEOUT_S = 2.0
BOUND_S = 10.0
KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
PROMPT = Prompt(system="s", messages=(Message(role="user", text="q"),))
FORBIDDEN = Reply(403, {"error": {"code": "Forbidden"}})


def _chat(url, _):
    chat = OpenAIChat(api_key="k", model="m", context_window_tokens=8000, base_url=f"{url}/v1")
    return lambda: list(chat.stream(PROMPT, max_output_tokens=16, timeout_s=TIMEOUT_S)), chat.close


def _embeddings(url, _):
    embedder = OpenAIEmbedder(api_key="k", base_url=f"{url}/v1", query_timeout_s=TIMEOUT_S)
    return lambda: embedder.embed_queries(["q"]), embedder.close


def _key_vault(url, ca_file):
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    vault = AzureKeyVault(
        vault_url=url,
        credential=StaticCredential(),
        key_name="konverze",
        signing_key="konverze-sign",
        signing_public_keys=[public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()],
        ca_file=ca_file,
        timeout_s=TIMEOUT_S,
    )
    return vault.current_version, vault.close


def _kms(url, ca_file):
    kms = AwsKms(
        key=KEY_ARN,
        signing_key=KEY_ARN,
        region="eu-central-1",
        endpoint_url=url,
        ca_file=ca_file,
        session=boto3.Session(aws_access_key_id="a", aws_secret_access_key="b"),
        timeout_s=TIMEOUT_S,
    )
    return lambda: kms.sign(b"m"), kms.close


def _transit(url, ca_file):
    vault = VaultTransit(url=url, token="t", ca_file=ca_file, timeout_s=TIMEOUT_S)
    return lambda: vault.sign(b"m"), vault.close


def _azure_blobs(url, ca_file):
    return _blobs("az://blobs", ca_file, {"endpoint": url, "account_name": "acme", "account_key": "azEy"})


def _s3(url, ca_file):
    return _blobs("s3://blobs", ca_file, {"endpoint": url, "access_key_id": "a", "secret_access_key": "b"})


def _blobs(location, ca_file, config):
    certificate = None if ca_file is None else ca_file.read_bytes()
    store = open_blob_store(location, config=config, root_certificate=certificate, timeout_s=TIMEOUT_S)
    return lambda: store.put("a", b"x"), lambda: None


CLIENTS = {
    "OpenAI chat": (_chat, ProviderUnavailableError),
    "OpenAI embeddings": (_embeddings, ProviderUnavailableError),
    "Azure Key Vault": (_key_vault, KeyUnavailableError),
    "AWS KMS": (_kms, KeyUnavailableError),
    "Vault transit": (_transit, KeyUnavailableError),
    "Azure Blob": (_azure_blobs, StoreUnavailableError),
    "S3": (_s3, StoreUnavailableError),
}
OLD = {"TLS 1.0": "TLSv1", "TLS 1.1": "TLSv1_1"}
LEAVES = {
    "self-signed": Authority.self_signed_leaf,
    "wrong host": Authority.wrong_host_leaf,
    "expired": Authority.expired_leaf,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call to a server ended: with this error, after so long, when the server had been told so much."""

    error: KonverzeError | None
    elapsed_s: float
    requests: int


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture(params=CLIENTS)
def client(request):
    return request.param


@pytest.fixture
def call(client, authority, monkeypatch):
    """Lets the client call a server; the client trusts the authority unless told otherwise."""

    def call(server: ScriptedServer, *, trusts: bool = True) -> Outcome:
        make, _ = CLIENTS[client]
        if trusts:  # the two of OpenAI have no argument for it
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        verb, close = make(server.url, authority.ca_file if trusts else None)
        start_s = time.monotonic()
        error = _raised(verb)
        outcome = Outcome(error, time.monotonic() - start_s, len(server.requests))
        close()
        return outcome

    return call


def _raised(verb: Callable[[], object]) -> KonverzeError | None:
    try:
        verb()
    except KonverzeError as error:
        return error
    return None


def _context(authority: Authority, case: str) -> ssl.SSLContext:
    if case in LEAVES:
        return server_context(LEAVES[case](authority))
    if case not in OLD:
        return server_context(authority.leaf())
    return server_context(authority.leaf(), newest=_version(case))


def _version(case: str) -> ssl.TLSVersion:
    return ssl.TLSVersion[OLD[case]]


@pytest.mark.parametrize("case", [*OLD, *LEAVES, "unknown authority"])
def test_a_server_that_cannot_be_trusted_is_told_nothing(client, case, *, authority, call, figure):
    with ScriptedServer(FORBIDDEN, tls=_context(authority, case)) as server:
        outcome = call(server, trusts=case != "unknown authority")
    _, expected = CLIENTS[client]
    assert type(outcome.error) is expected
    figure(FAULT, passed=outcome.requests == 0 and outcome.elapsed_s < BOUND_S, of=1)


def test_a_server_that_can_be_trusted_is_told_something(authority, call):
    with ScriptedServer(FORBIDDEN, tls=server_context(authority.leaf())) as server:
        assert call(server).requests > 0


@pytest.mark.parametrize("case", OLD)
def test_the_servers_of_old_versions_do_speak_them(case, authority):
    context = ssl.create_default_context(cafile=authority.ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _version(case)
    with ScriptedServer(FORBIDDEN, tls=_context(authority, case)) as server:
        parts = urlsplit(server.url)
        with (
            socket.create_connection((parts.hostname, parts.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            assert connection.version() == OLD[case].replace("_", ".")


def test_plain_http_to_another_machine_is_refused_before_anything_is_sent(client, authority, figure, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    make, _ = CLIENTS[client]
    refused = 0
    urls = ["http://service.example", "http://service.example:443", "http://10.0.0.1:8200"]
    for url in urls:
        start_s = time.monotonic()
        with pytest.raises(ConfigError):
            make(url, authority.ca_file)
        refused += time.monotonic() - start_s < BOUND_S
    figure(FAULT, passed=refused == len(urls), of=1)


def _no_network(*_, **__):
    raise AssertionError("a name was looked up")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_leads_to_plain_http(client, status, *, authority, call, figure):
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(ScriptedServer(FORBIDDEN))
        reply = Reply(status, {}, headers={"location": f"{plain.url}/"})
        server = stack.enter_context(ScriptedServer(reply, tls=server_context(authority.leaf())))
        outcome = call(server)
        assert outcome.error is not None
        assert outcome.requests > 0, "the redirect was not seen"
        held = not plain.requests and outcome.elapsed_s < BOUND_S
    figure("TLS: redirects to http:// for every outbound client", passed=held, of=1)


LOOSENING = (
    "AWS_ALLOW_HTTP", "AWS_ALLOW_INVALID_CERTIFICATES", "AZURE_ALLOW_HTTP", "AZURE_ALLOW_INVALID_CERTIFICATES",
    "AZURE_STORAGE_USE_EMULATOR", "VAULT_SKIP_VERIFY",
)  # fmt: skip
DIVERTING = (
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_S3", "AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT",
    "AZURITE_BLOB_STORAGE_URL", "OPENAI_BASE_URL", "VAULT_ADDR",
)  # fmt: skip


def test_the_environment_neither_loosens_nor_diverts(authority, call, figure, monkeypatch):
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    for name in LOOSENING:
        monkeypatch.setenv(name, "true")
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(ScriptedServer(FORBIDDEN))
        for name in DIVERTING:
            monkeypatch.setenv(name, plain.url)
        server = stack.enter_context(ScriptedServer(FORBIDDEN, tls=_context(authority, "self-signed")))
        outcome = call(server)
        assert outcome.error is not None
        figure("TLS: an environment that would loosen it", passed=not plain.requests + server.requests, of=1)
