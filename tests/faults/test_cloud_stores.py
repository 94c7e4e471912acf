"""The stores of the clouds hold the contract on real servers, and keep their word when the network does not."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from konverze_core.contracts import BlobStoreContract
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, StoreUnavailableError
from konverze_indexes.stores import check_put_if_absent, open_blob_store
from tests.servers.azurite_server import AzuriteServer
from tests.servers.certificates import Authority, server_context
from tests.servers.moto_s3_server import MotoS3Server

pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")

BOUND_S = 30.0


@pytest.fixture(scope="module")
def azurite(tmp_path_factory):
    with AzuriteServer(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(scope="module")
def moto():
    with MotoS3Server() as server:
        yield server


@pytest.fixture
def place(request):
    """A prefix of its own for each test."""
    return f"t{abs(hash(request.node.nodeid)):x}"


class TestAzureBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self, azurite, place):
        return open_blob_store(f"az://blobs/{place}", config=azurite.config, root_certificate=azurite.root_certificate)


class TestS3Blobs(BlobStoreContract):
    @pytest.fixture
    def store(self, moto, place):
        return open_blob_store(f"s3://bucket/{place}", config=moto.config)


@pytest.fixture(params=["azurite", "moto"])
def opened(request):
    """Opens a location's last part with changes to the settings, on either server."""
    server = request.getfixturevalue(request.param)
    scheme, bucket = ("az", "blobs") if request.param == "azurite" else ("s3", "bucket")

    def open_(path, *, bucket=bucket, **changes):
        root_certificate = changes.pop("root_certificate", getattr(server, "root_certificate", None))
        config = server.config | changes
        return open_blob_store(f"{scheme}://{bucket}/{path}", config=config, root_certificate=root_certificate)

    return open_


def test_the_store_passes_the_self_test_and_keeps_nothing_of_it(opened, place):
    store = opened(place)
    check_put_if_absent(store)
    assert store.list("") == []


def test_prefixes_keep_stores_apart(opened, place):
    one, other = opened(f"{place}/one"), opened(f"{place}/oneother")
    one.put("a", b"1")
    other.put("a", b"2")
    assert (one.get("a"), other.get("a")) == (b"1", b"2")
    assert opened(place).list("one") == ["one/a", "oneother/a"]


def test_lists_more_than_a_page(opened, place):
    store = opened(place)
    names = [f"many/{number:04}" for number in range(1_050)]
    for name in names:
        store.put(name, b"")
    assert store.list("many/") == names


def test_a_large_blob_is_one_object(opened, place):
    store = opened(place)
    body = bytes(64 << 20)
    store.put("large", body, if_absent=True)
    assert store.get("large") == body
    with pytest.raises(ConflictError):
        store.put("large", body, if_absent=True)


def test_a_missing_bucket_is_told_from_a_missing_blob(opened):
    store = opened("x", bucket="no-such-bucket")
    for call in (lambda: store.get("a"), lambda: store.put("a", b""), lambda: store.list("")):
        with pytest.raises(StoreUnavailableError, match="no such container or bucket"):
            call()


def test_a_wrong_key_is_denied_and_not_quoted(azurite):
    config = azurite.config | {"account_key": "d3Jvbmctc2VjcmV0LWtleQ=="}
    store = open_blob_store("az://blobs", config=config, root_certificate=azurite.root_certificate)
    for call in (lambda: store.get("a"), lambda: store.put("a", b""), lambda: store.list("")):
        with pytest.raises(StoreUnavailableError, match="access is denied: this identity has to") as caught:
            call()
        assert "d3Jvbmc" not in f"{caught.value!r}{store!r}"


def test_an_unknown_authority_is_refused(azurite):
    store = open_blob_store("az://blobs", config=azurite.config)
    with pytest.raises(StoreUnavailableError, match="its certificate is not trusted"):
        store.get("a")


LEAVES = {
    "self-signed": Authority.self_signed_leaf,
    "expired": Authority.expired_leaf,
    "wrong host": Authority.wrong_host_leaf,
}


@pytest.mark.parametrize("label", LEAVES)
def test_no_server_without_a_valid_certificate_is_spoken_to(tmp_path, label):
    authority = Authority(tmp_path)
    context = server_context(LEAVES[label](authority))
    _refused(context, authority, match="its certificate is not trusted")


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_no_old_tls_is_spoken(tmp_path, newest):
    authority = Authority(tmp_path)
    context = server_context(authority.leaf(), newest=newest)
    _refused(context, authority, match="it does not speak TLS 1.2 or newer")


def _refused(context, authority, *, match):
    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        config = {
            "endpoint": f"https://127.0.0.1:{listener.getsockname()[1]}",
            "access_key_id": "a",
            "secret_access_key": "b",
        }
        root_certificate = authority.ca_file.read_bytes()
        store = open_blob_store("s3://bucket", config=config, root_certificate=root_certificate, timeout_s=5)
        with pytest.raises(StoreUnavailableError, match=match):
            store.put("a", b"")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


class Proxy:
    """Stands before moto; each request takes the next scripted fault: `lost`, `failed`, `hung`, or None."""

    def __init__(self, server: MotoS3Server) -> None:
        self.faults: deque[str | None] = deque()
        self.requests: list[str] = []
        self._closing = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                proxy.requests.append(f"{self.command} {self.path}")
                fault = proxy.faults.popleft() if proxy.faults else None
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if fault == "hung":
                    proxy._closing.wait()
                    return
                upstream = http.client.HTTPConnection(server.host, server.port, timeout=30)
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                if fault == "lost":  # taken, and nothing said
                    self.close_connection = True
                    return
                self.send_response(500 if fault == "failed" else answer.status)
                for key, value in answer.getheaders():
                    if key.lower() not in {"connection", "transfer-encoding", "content-length", "date", "server"}:
                        self.send_header(key, value)
                is_head = self.command == "HEAD"
                length = answer.getheader("Content-Length") if is_head else len(content)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                if not is_head:
                    self.wfile.write(content)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.config = server.config | {"endpoint": f"http://127.0.0.1:{self._http.server_port}"}

    def close(self) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def proxy(moto):
    proxy = Proxy(moto)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy, place):
    return open_blob_store(f"s3://bucket/{place}", config=proxy.config, timeout_s=2)


@pytest.mark.parametrize("fault", ["lost", "failed"])
def test_a_winner_whose_answer_got_lost_learns_that_it_won(behind, proxy, fault):
    proxy.faults.append(fault)
    behind.put("a", b"ours", if_absent=True)
    assert sum(request.startswith("PUT") for request in proxy.requests) == 2
    assert behind.get("a") == b"ours"


@pytest.mark.parametrize("fault", ["lost", "failed"])
def test_a_loser_whose_answer_got_lost_learns_that_it_lost(behind, proxy, fault):
    behind.put("a", b"theirs", if_absent=True)
    proxy.faults.append(fault)
    with pytest.raises(ConflictError):
        behind.put("a", b"theirs", if_absent=True)  # the same bytes, but not the same writer
    assert behind.get("a") == b"theirs"


@pytest.mark.parametrize("fault", ["lost", "failed"])
def test_reads_and_deletions_are_asked_for_again(behind, proxy, fault):
    behind.put("a", b"x")
    for call in (lambda: behind.get("a") == b"x", lambda: behind.head("a"), lambda: behind.list("") == ["a"]):
        proxy.faults.append(fault)
        assert call()
    proxy.faults.append(fault)
    behind.delete("a")
    with pytest.raises(BlobNotFoundError):
        behind.get("a")


def test_a_store_that_hangs_is_unavailable_in_bounded_time(behind, proxy, figure):
    behind.put("a", b"x")
    calls = [
        lambda: behind.get("a"),
        lambda: behind.head("a"),
        lambda: behind.list(""),
        lambda: behind.put("b", b"x"),
        lambda: behind.put("b", b"x", if_absent=True),
        lambda: behind.delete("a"),
    ]
    bounded = 0
    for call in calls:
        proxy.faults.extend(["hung"] * 10)
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="did not answer in time"):
            call()
        bounded += time.monotonic() - started < BOUND_S
        proxy.faults.clear()
    figure("a blob store that hangs: every verb ends in bounded time", passed=bounded, of=len(calls))


@pytest.mark.parametrize("if_absent", [True, False])
def test_a_store_that_is_gone_is_unavailable_in_bounded_time(moto, if_absent):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    store = open_blob_store("s3://bucket", config=moto.config | {"endpoint": f"http://127.0.0.1:{port}"})
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="it cannot be reached"):
        store.put("a", b"x", if_absent=if_absent)
    assert time.monotonic() - started < BOUND_S


def test_http_from_the_environment_is_refused(monkeypatch, moto):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    store = open_blob_store("s3://bucket")
    with pytest.raises(ConfigError, match="not https"):
        store.get("a")
