"""DeadlineTransport over TLS and through a proxy; its deadlines are tested with the models that use it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from konverze_core.errors import ProviderRejectedError, ProviderUnavailableError
from konverze_core.protocols import Message, Prompt
from konverze_rag.providers.openai_chat import OpenAIChat
from tests.servers.openai_server import OpenAIServer, Reply

PROMPT = Prompt(system="s", messages=(Message(role="user", text="q"),))


@pytest.fixture
def certificate(tmp_path):
    """Path of a certificate for 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "loopback.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with OpenAIServer(tls=context) as running:
        yield running


def ask(base_url, timeout_s=5.0, **arguments):
    model = OpenAIChat(api_key="k", base_url=base_url, model="m", context_window_tokens=1, max_retries=0, **arguments)
    return list(model.stream(PROMPT, max_output_tokens=9, timeout_s=timeout_s))


def test_speaks_tls(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.script(Reply(text="Yes."))
    assert ask(server.url)[0] == "Yes."


def test_the_deadline_holds_over_tls(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.script(Reply(drip_s=0.02))
    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        ask(server.url, timeout_s=0.4)
    assert time.monotonic() - started < 0.7


def test_an_unknown_certificate_is_refused(server):
    with pytest.raises(ProviderUnavailableError, match="ConnectError"):
        ask(server.url)
    assert server.requests == []


def test_goes_through_a_proxy_when_told_to():
    with OpenAIServer() as proxy:
        with pytest.raises(ProviderRejectedError, match="404"):
            ask("http://127.0.0.1:1/v1", proxy_url=proxy.url.removesuffix("/v1"))
        assert proxy.requests[0].path == "http://127.0.0.1:1/v1/responses"


def test_asks_no_environment_for_a_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with OpenAIServer() as server:
        assert ask(server.url)
