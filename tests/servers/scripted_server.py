"""A loopback HTTP server that answers each request with the next of a list of replies, and the last one for ever.

with ScriptedServer(Reply(400, {"__type": "DisabledException"})) as server:
    ...
    server.requests[0].body
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.loopback import Handler, LoopbackServer

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


class ScriptedServer(LoopbackServer):
    """Sends its replies in turn."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.replies = list(replies)
        self.requests: list[Recorded] = []
        super().__init__(_Handler, tls=tls)


class _Handler(Handler):
    def _handle(self) -> None:
        peer = self.peer
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        peer.requests.append(Recorded(self.command, self.path, dict(self.headers.items()), body))
        reply = peer.replies.pop(0) if len(peer.replies) > 1 else peer.replies[0]
        if reply.is_silent:
            peer.stopping.wait()
        if reply.is_silent or reply.is_cut:
            self.close_connection = True
            return
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(data))}
        self.send_head(reply.status, headers)
        with contextlib.suppress(OSError):
            self._write(data, reply.drip_s)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 (the names are the base class's)

    def _write(self, data: bytes, drip_s: float) -> None:
        if not drip_s:
            self.wfile.write(data)
            return
        for byte in data:
            if self.peer.stopping.wait(drip_s):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
