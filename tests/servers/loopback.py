"""What our loopback servers share: a thread for each connection, TLS, and an end that waits for nobody."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

HANDSHAKE_S_MAX = 5.0


class LoopbackServer:
    """Runs on a free loopback port between `__enter__` and `__exit__`; with `tls` it speaks https.

    Attributes:
        port: Where it listens.
        disconnected: Set when a client went away.
        stopping: Set when the server ends.
    """

    def __init__(self, handler: type[Handler], *, tls: ssl.SSLContext | None = None) -> None:
        self.disconnected = threading.Event()
        self.stopping = threading.Event()
        self._listener = _Listener(("127.0.0.1", 0), handler)
        self._listener.peer, self._listener.tls = self, tls
        self.port = self._listener.server_address[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def connections(self) -> int:
        """Connections opened so far."""
        return self._listener.opened

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # Handlers may sit in a client's idle connection; they end with the process.
    block_on_close = False
    request_queue_size = 128
    peer: LoopbackServer
    tls: ssl.SSLContext | None
    opened = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.opened += 1
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        # In the connection's own thread, so that a client that never shakes hands holds nobody up.
        request.settimeout(HANDSHAKE_S_MAX)
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            wrapped.settimeout(None)
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.peer.disconnected.set()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    @property
    def peer(self) -> Any:
        """The server that was asked."""
        return self.server.peer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Sends the status line and these headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
