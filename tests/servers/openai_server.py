"""A loopback server that speaks the OpenAI protocol and fails on command.

    with OpenAIServer() as server:
        server.script(Reply(status=503), Reply(text="Yes [1]."))
        OpenAIChat(api_key="k", base_url=server.url, ...)
        server.requests[0].body["store"]

Each request takes the next scripted `Reply`; without one it is answered in full: the text names the question, vectors
are sums of its words' random vectors. Faults are part of the reply, so that a test reads as a list of what happens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tests.servers.loopback import Handler, LoopbackServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a request gets.

    Attributes:
        text: The answer, or a function of the request's body that makes it; None for the default.
        status: HTTP status; anything but 200 sends an error body.
        code: The error code in that body.
        message: The error message in that body; what it holds must never reach our messages.
        headers: Further response headers, such as `Retry-After`.
        delay_s: Silence before the headers.
        drip_s: Pause before each byte of the body.
        pause_s: Pause before each piece of the answer.
        hang_after: Falls silent after so many pieces, until the client goes away or the server stops.
        cut_after: Closes the connection after so many pieces.
        malformed_after: Sends what is no JSON after so many pieces.
        ending: How a stream ends: `completed`, `max_output_tokens`, `content_filter`, `failed`, `error`, `nothing`.
        with_usage: Whether tokens are told.
        vectors: Embeddings to send instead of the default ones, in this order, with these indices.
        body: Raw bytes to send instead of everything.
    """

    text: str | Callable[[dict[str, Any]], str] | None = None
    status: int = 200
    code: str | None = None
    message: str = "scripted failure"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    pause_s: float = 0.0
    hang_after: int | None = None
    cut_after: int | None = None
    malformed_after: int | None = None
    ending: str = "completed"
    with_usage: bool = True
    vectors: list[tuple[int, list[float]]] | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    connection: int


class OpenAIServer(LoopbackServer):
    """Answers as OpenAI does, or as scripted.

    Args:
        api_key: The only key that is let in; None lets in all.
        dim: Length of the vectors, where the client does not say.
        tls: Speaks https with this context's certificate.
    """

    def __init__(self, *, api_key: str | None = None, dim: int = 1536, tls: ssl.SSLContext | None = None) -> None:
        self.api_key = api_key
        self.dim = dim
        self.requests: list[Recorded] = []
        self._replies: deque[Reply] = deque()
        super().__init__(_Handler, tls=tls)
        self.url += "/v1"

    def script(self, *replies: Reply) -> None:
        """Queues replies for the next requests."""
        self._replies.extend(replies)

    def next_reply(self) -> Reply:
        """Takes the next reply from the script."""
        return self._replies.popleft() if self._replies else Reply()


class _Hangup(Exception):  # noqa: N818  (no error: it is in the script)
    pass


class _Handler(Handler):
    routes: ClassVar[dict[str, str]] = {
        "/v1/responses": "_responses",
        "/v1/chat/completions": "_chat",
        "/v1/embeddings": "_embeddings",
    }

    def setup(self) -> None:
        super().setup()
        self.number = self.peer.connections

    def do_GET(self) -> None:  # noqa: N802
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": "test-model", "object": "model"}]})
        else:
            self._send_error(Reply(status=404))

    def do_POST(self) -> None:  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        peer = self.peer
        peer.requests.append(Recorded(self.path, dict(self.headers.items()), body, self.number))
        reply = peer.next_reply()
        peer.stopping.wait(reply.delay_s)
        try:
            if peer.api_key is not None and self.headers["authorization"] != f"Bearer {peer.api_key}":
                self._send_error(Reply(status=401, code="invalid_api_key", message=self.headers["authorization"]))
            elif reply.status != 200:
                self._send_error(reply)
            elif reply.body is not None:
                self._send(200, "text/event-stream" if body.get("stream") else "application/json", reply.body)
            elif (route := self.routes.get(self.path)) is None:
                self._send_error(Reply(status=404))
            else:
                getattr(self, route)(body, reply)
        except _Hangup:
            self.close_connection = True
        except OSError:
            self.close_connection = True
            peer.disconnected.set()

    # Answers

    def _responses(self, body: dict[str, Any], reply: Reply) -> None:
        text = _answer(body, reply)
        response = _response(body, text, reply)
        if not body.get("stream"):
            self._send_json(200, response)
            return
        events: list[dict[str, Any]] = [
            {
                "type": "response.output_text.delta",
                "item_id": "m",
                "output_index": 0,
                "content_index": 0,
                "delta": piece,
            }
            for piece in _pieces(text)
        ]
        start = {"type": "response.created", "response": {**response, "status": "in_progress", "usage": None}}
        self._send_events(reply, start, events, _response_ending(reply, response))

    def _chat(self, body: dict[str, Any], reply: Reply) -> None:
        text = _answer(body, reply)
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self._send_json(200, {**_chunk(body), "object": "chat.completion", "choices": [choice]})
            return
        events = [
            {**_chunk(body), "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
            for piece in _pieces(text)
        ]
        start = {**_chunk(body), "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]}
        self._send_events(reply, start, events, _chat_ending(body, reply, text))

    def _embeddings(self, body: dict[str, Any], reply: Reply) -> None:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        dim = body.get("dimensions", self.peer.dim)
        vectors = reply.vectors or [(index, _vector(text, dim)) for index, text in enumerate(texts)]
        packed = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": _base64(vector) if packed else vector}
            for index, vector in vectors
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        self._send_json(200, {"object": "list", "model": body["model"], "data": data, "usage": usage})

    # Wire

    def _send_events(self, reply: Reply, start: object, pieces: list[Any], ending: list[Any]) -> None:
        self._send_start(200, "text/event-stream", {"transfer-encoding": "chunked"})
        self._send_event(reply, start)
        for number, piece in enumerate(pieces):
            self._misbehave(reply, number)
            self.peer.stopping.wait(reply.pause_s)
            self._send_event(reply, piece)
        self._misbehave(reply, len(pieces))
        for event in ending:
            self._send_event(reply, event)
        self.wfile.write(b"0\r\n\r\n")

    def _misbehave(self, reply: Reply, number: int) -> None:
        if number == reply.cut_after:
            raise _Hangup
        if number == reply.malformed_after:
            self._write_chunk(b"data: {this is no JSON\n\n")
        if number == reply.hang_after:
            self._hang()

    def _hang(self) -> None:
        self.connection.settimeout(0.02)
        while not self.peer.stopping.is_set():
            try:
                if not self.connection.recv(1):
                    self.peer.disconnected.set()
                    raise _Hangup
            except TimeoutError:
                continue
        raise _Hangup

    def _send_event(self, reply: Reply, event: object) -> None:
        payload = event if isinstance(event, str) else json.dumps(event)
        name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
        data = f"{name}data: {payload}\n\n".encode()
        if not reply.drip_s:
            self._write_chunk(data)
            return
        for byte in data:
            time.sleep(reply.drip_s)
            self._write_chunk(bytes([byte]))

    def _write_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _send_error(self, reply: Reply) -> None:
        error = {"message": reply.message, "type": "error", "code": reply.code, "param": None}
        self._send_json(reply.status, {"error": error}, reply.headers)

    def _send_json(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(value).encode(), headers)

    def _send(self, status: int, kind: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._send_start(status, kind, {"content-length": str(len(data)), **(headers or {})})
        self.wfile.write(data)

    def _send_start(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self.send_head(status, {"content-type": kind, "x-request-id": "req_test", **headers})


def _answer(body: dict[str, Any], reply: Reply) -> str:
    if callable(reply.text):
        return reply.text(body)
    if reply.text is not None:
        return reply.text
    messages = body.get("input") or body["messages"]
    question = messages if isinstance(messages, str) else messages[-1]["content"]
    return f"You asked: {' '.join(question.split())[:80]}"


def _pieces(text: str) -> Iterator[str]:
    """Words with the space before them, as a model streams them."""
    words = text.split(" ")
    for number, word in enumerate(words):
        yield word if number == 0 else f" {word}"


def _response(body: dict[str, Any], text: str, reply: Reply) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    usage = {
        "input_tokens": len(json.dumps(body.get("input"))) // 4,
        "output_tokens": len(text.split()),
        "total_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    return {
        "id": "resp_test",
        "object": "response",
        "created_at": 0,
        "model": body["model"],
        "status": "completed",
        "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if reply.with_usage else None,
    }


def _response_ending(reply: Reply, response: dict[str, Any]) -> list[Any]:
    match reply.ending:
        case "completed":
            return [{"type": "response.completed", "response": response}]
        case "failed":
            failed = {**response, "status": "failed", "error": {"code": reply.code, "message": reply.message}}
            return [{"type": "response.failed", "response": failed}]
        case "error":
            return [{"type": "error", "code": reply.code, "message": reply.message, "param": None}]
        case "nothing":
            return []
        case reason:
            incomplete = {**response, "status": "incomplete", "incomplete_details": {"reason": reason}}
            return [{"type": "response.incomplete", "response": incomplete}]


def _chunk(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-test", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}


def _chat_ending(body: dict[str, Any], reply: Reply, text: str) -> list[Any]:
    if reply.ending == "nothing":
        return []
    if reply.ending in {"failed", "error"}:
        return [{"error": {"code": reply.code, "message": reply.message}}]
    reason = {"completed": "stop", "max_output_tokens": "length"}.get(reply.ending, reply.ending)
    ending: list[Any] = [{**_chunk(body), "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}]
    if reply.with_usage and body.get("stream_options", {}).get("include_usage"):
        counted = len(text.split())
        usage = {"prompt_tokens": 7, "completion_tokens": counted, "total_tokens": 7 + counted}
        ending.append({**_chunk(body), "choices": [], "usage": usage})
    return [*ending, "[DONE]"]


def _vector(text: str, dim: int) -> list[float]:
    """The sum of its words' vectors, so that texts which share words are alike."""
    words = re.findall(r"\w+", text.lower()) or [""]
    return np.sum([_word_vector(word, dim) for word in words], axis=0).astype(np.float32).tolist()


@lru_cache(maxsize=4096)
def _word_vector(word: str, dim: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(dim)


def _base64(vector: list[float]) -> str:
    return base64.b64encode(np.array(vector, "<f4").tobytes()).decode()
