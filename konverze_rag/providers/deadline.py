"""An HTTP transport whose every wait on the network ends at a deadline.

A read timeout bounds one wait, not an answer: a server that drips a byte a second holds a caller for ever. Here each
connect, TLS handshake, read and write waits for its own timeout or until the deadline, whichever comes first. Only name
resolution, which the operating system bounds, is outside.
"""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore2
import httpx2

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

_MAX_CONNECTIONS: Final = 256
_MAX_IDLE_CONNECTIONS: Final = 32
_IDLE_S: Final = 60.0
_WRITE_BYTES: Final = 65536


class DeadlineTransport(httpx2.BaseTransport):
    """Speaks HTTP/1.1 over TLS 1.2 or newer; set a deadline with `until`.

    Args:
        proxy_url: HTTP proxy to go through; the environment is not asked for one.
    """

    def __init__(self, *, proxy_url: str | None = None) -> None:
        self._limit = _Limit()
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        settings: dict[str, Any] = {
            "ssl_context": context,
            "network_backend": _Backend(self._limit),
            "max_connections": _MAX_CONNECTIONS,
            "max_keepalive_connections": _MAX_IDLE_CONNECTIONS,
            "keepalive_expiry": _IDLE_S,
        }
        self._pool = (
            httpcore2.ConnectionPool(**settings)
            if proxy_url is None
            else httpcore2.HTTPProxy(proxy_url=proxy_url, **settings)
        )
        # Whoever drops a model without closing it leaves no open sockets behind.
        weakref.finalize(self, self._pool.close)

    @contextmanager
    def until(self, deadline_s: float) -> Generator[None]:
        """No wait of this thread inside the block outlasts `deadline_s`, on the scale of `time.monotonic`."""
        self._limit.deadline_s = deadline_s
        try:
            yield
        finally:
            self._limit.deadline_s = math.inf

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends the request and waits for the response's headers."""
        url = request.url
        inner = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=dict(request.extensions),
        )
        with _translated():
            response = self._pool.handle_request(inner)
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=cast("dict[str, Any]", response.extensions),
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()


class _Limit(threading.local):
    """The deadline of the calling thread."""

    deadline_s = math.inf

    def clip(self, timeout_s: float | None) -> float | None:
        if self.deadline_s == math.inf:
            return timeout_s
        remaining_s = self.deadline_s - time.monotonic()
        if remaining_s <= 0:
            raise httpcore2.ReadTimeout
        return remaining_s if timeout_s is None else min(timeout_s, remaining_s)


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, limit: _Limit) -> None:
        self._inner = httpcore2.SyncBackend()
        self._limit = limit

    def connect_tcp(  # noqa: PLR0917 (the interface is httpcore2's)
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("no address")
        # One by one, so that a host of many addresses does not wait for each in turn past the deadline.
        for address in _addresses(host, port):
            allowed_s = self._limit.clip(timeout)
            try:
                stream = self._inner.connect_tcp(address, port, allowed_s, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                failure = exc
            else:
                return _Stream(stream, self._limit)
        raise failure


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, limit: _Limit) -> None:
        self._inner = inner
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._limit.clip(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._inner.write(buffer[start : start + _WRITE_BYTES], self._limit.clip(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._limit.clip(timeout)), self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as exc:
        raise httpcore2.ConnectError(type(exc).__name__) from exc
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@contextmanager
def _translated() -> Generator[None]:
    # Messages of the protocol library can quote header values, and so a key: only the kind of failure is kept.
    try:
        yield
    except httpcore2.TimeoutException as exc:
        raise httpx2.ReadTimeout(type(exc).__name__) from exc
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as exc:
        raise httpx2.TransportError(type(exc).__name__) from exc
