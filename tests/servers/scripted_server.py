"""A loopback HTTP server that answers each request with the next of a list of replies, and the last one for ever.

with ScriptedServer(Reply(400, {"__type": "DisabledException"})) as server:
    ...
    server.requests[0].body
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request gets.

    Attributes:
        status: HTTP status.
        body: Sent as JSON, or as it is where it is bytes.
        headers: Further response headers.
        drip_s: Pause before each byte of the body.
        is_silent: Nothing is ever sent.
        is_cut: The connection is closed instead.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float = 0.0
    is_silent: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """Runs on a free loopback port between `__enter__` and `__exit__`; with `tls` it speaks https."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.replies = list(replies)
        self.requests: list[Recorded] = []
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.peer = self
        scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    peer: ScriptedServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_POST(self) -> None:
        peer = self.server.peer
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        peer.requests.append(Recorded(self.command, self.path, dict(self.headers.items()), body))
        reply = peer.replies.pop(0) if len(peer.replies) > 1 else peer.replies[0]
        if reply.is_silent:
            peer.stopping.wait()
        if reply.is_silent or reply.is_cut:
            self.close_connection = True
            return
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {
            "content-type": "application/json",
            **reply.headers,
            "content-length": str(len(data)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self._write(data, reply.drip_s)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 (the names are the base class's)

    def _write(self, data: bytes, drip_s: float) -> None:
        if not drip_s:
            self.wfile.write(data)
            return
        for byte in data:
            if self.server.peer.stopping.wait(drip_s):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
