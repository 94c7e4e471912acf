"""Finds canaries: values that must stay secret, in any form, in whatever a program lets out.

found = Sinks()
found.add("log", "some text")
found.leaks({"API key": [b"sk-…"]})            # -> [("log", "API key")]
"""

from __future__ import annotations

import base64
import gc
import http.client
import http.server
import logging
import pickle
import sys
import threading
import traceback
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from konverze_core.answers import Answer, Citation, Cited, Done, Refusal, Sources, Token
from konverze_core.conversations import ConversationTurn, Feedback, Insights, QuestionGroup
from konverze_core.documents import Block, Chunk, Document, Page
from konverze_core.protocols import Message, Prompt
from konverze_core.reports import ErasureReceipt
from konverze_core.retrieval import Hit

SINKS = (
    "log", "warning", "hook", "output", "repr", "exception", "pickle", "blob name", "stored byte", "request line",
    "request header",
)  # fmt: skip

CREDENTIAL_HEADERS = frozenset({"authorization", "x-vault-token", "x-amz-security-token"})
"""Headers that are there to carry a credential."""

TARGETS = (ErasureReceipt,)
"""Values that name a visitor, document or tenant to the caller, who named it."""

CONTENT = (Answer, Block, Chunk, Citation, Cited, Document, Done, Hit, Message, Page, Prompt, Refusal, Sources, Token)
"""Values whose purpose is to hand a text to the caller: they may show it, and no other canary."""

TURNS = (ConversationTurn, Feedback, Insights, QuestionGroup)
"""Values that tell the owner of stored turns, whom they name: they may show texts, and pickle names."""

_SERVER_LOGGERS = ("moto", "werkzeug")
_OURS = ("konverze_core", "konverze_indexes", "konverze_loaders", "konverze_rag")
_PLAIN = (str, bytes, bytearray, memoryview, int, float, type(None))


class Sinks:
    """What was let out, by where."""

    def __init__(self) -> None:
        self._held: defaultdict[str, dict[bytes, None]] = defaultdict(dict)

    def add(self, sink: str, *things: object) -> None:
        """Notes text or bytes."""
        assert sink in SINKS
        for thing in things:
            self._held[sink][bytes(thing) if isinstance(thing, bytes | memoryview) else _bytes(str(thing))] = None

    def sizes(self) -> dict[str, int]:
        """Bytes noted, by where."""
        return {sink: sum(map(len, parts)) for sink, parts in self._held.items()}

    def leaks(self, canaries: Mapping[str, Collection[bytes]]) -> list[tuple[str, str]]:
        """Sink and canary, wherever one of a canary's values stands in one of its forms."""
        forms = {name: {form for value in values for form in forms_of(value)} for name, values in canaries.items()}
        found: list[tuple[str, str]] = []
        for sink, parts in self._held.items():
            everything = b"\n".join(parts)
            found += [(sink, name) for name, shapes in forms.items() if any(shape in everything for shape in shapes)]
        return found


def forms_of(secret: bytes) -> set[bytes]:
    """The value as it stands, in hex, base64 at any alignment, Python's and JSON's escapes, URLs, UTF-16."""
    forms = {secret, secret.hex().encode(), secret.hex().upper().encode(), repr(secret)[2:-1].encode()}
    forms |= {quote(secret).encode(), b" ".join(f"{byte:02x}".encode() for byte in secret)}
    forms |= {str(list(secret))[1:-1].encode()}
    if secret.isascii():
        forms |= {
            secret.upper(),
            secret.title(),
            secret.decode().encode("utf-16-le"),
            secret.decode().encode("utf-16-be"),
        }
    for shift, unsure in enumerate((0, 2, 3)):
        core = base64.b64encode(bytes(shift) + secret).rstrip(b"=")[unsure : 8 * (shift + len(secret)) // 6]
        forms |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


class LogSink(logging.Handler):
    """Notes every record as it is formatted, and all that it carries; not those of test servers."""

    def __init__(self, sinks: Sinks) -> None:
        super().__init__(logging.DEBUG)
        self._sinks = sinks
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        name = record.name.partition(".")[0]
        if name not in _SERVER_LOGGERS:
            self.names.add(name)
            self._sinks.add("log", self.format(record), vars(record))


def watch(sinks: Sinks, monkeypatch: Any) -> LogSink:
    """Lets logs of all levels, warnings, hooks, and heads of HTTP requests flow into the sinks until the test ends."""
    handler = LogSink(sinks)
    monkeypatch.setattr(logging.root, "level", logging.DEBUG)
    monkeypatch.setattr(logging.root, "handlers", [handler])
    logging.root.manager._clear_cache()
    monkeypatch.setattr(warnings, "showwarning", lambda *shown, **_: sinks.add("warning", *shown))
    monkeypatch.setattr(sys, "unraisablehook", lambda hooked: sinks.add("hook", *hooked, _trace(hooked.exc_value)))
    monkeypatch.setattr(threading, "excepthook", lambda hooked: sinks.add("hook", *hooked, _trace(hooked.exc_value)))
    _watch_requests(sinks, monkeypatch)
    return handler


def _watch_requests(sinks: Sinks, monkeypatch: Any) -> None:
    # Both ends: servers in this process see the clients that are written in Rust, this one the servers that are not.
    parse, line, header = (
        http.server.BaseHTTPRequestHandler.parse_request,
        http.client.HTTPConnection.putrequest,
        http.client.HTTPConnection.putheader,
    )

    def parsed(handler: Any) -> bool:
        is_legal = parse(handler)
        sinks.add("request line", handler.raw_requestline)
        for name, value in getattr(handler, "headers", {}).items():
            _note_header(sinks, name, value)
        return is_legal

    def put_line(connection: Any, method: str, url: str, *args: Any, **more: Any) -> None:
        sinks.add("request line", method, url)
        line(connection, method, url, *args, **more)

    def put_header(connection: Any, name: Any, *values: Any) -> None:
        for value in values:
            _note_header(sinks, name, value)
        header(connection, name, *values)

    monkeypatch.setattr(http.server.BaseHTTPRequestHandler, "parse_request", parsed)
    monkeypatch.setattr(http.client.HTTPConnection, "putrequest", put_line)
    monkeypatch.setattr(http.client.HTTPConnection, "putheader", put_header)


def _note_header(sinks: Sinks, name: object, value: object) -> None:
    shown = name.decode() if isinstance(name, bytes) else str(name)
    if shown.lower() not in CREDENTIAL_HEADERS:
        sinks.add("request header", shown, value)


def note_errors(sinks: Sinks, errors: Sequence[BaseException]) -> None:
    """Notes all that errors show: themselves, their causes and contexts, their tracebacks without locals."""
    for error in errors:
        sinks.add("exception", _trace(error))
        chain: BaseException | None = error
        while chain is not None:
            sinks.add("exception", repr(chain), str(chain), chain.args, vars(chain))
            chain = chain.__cause__ or chain.__context__


def note_objects(sinks: Sinks, roots: Sequence[object], *, kinds: tuple[type, ...] | None = None) -> int:
    """Notes `repr`, `str` and pickle of all objects of this library that can be reached; how many there were.

    Args:
        sinks: Where to.
        roots: Where to begin.
        kinds: Only objects of these; all but `CONTENT`, `TARGETS` and `TURNS` when None.
    """
    count = 0
    for thing in _reachable(roots):
        if isinstance(thing, kinds) if kinds else not isinstance(thing, (*CONTENT, *TARGETS, *TURNS)):
            count += 1
            sinks.add("repr", repr(thing), str(thing))
            sinks.add("pickle", _pickled(thing))
    return count


def _reachable(roots: Sequence[object]) -> Iterator[object]:
    seen: dict[int, object] = {}
    waiting = list(roots)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (*_PLAIN, type)):
            continue
        seen[id(thing)] = thing
        if type(thing).__module__.partition(".")[0] in _OURS:
            yield thing
        elif not isinstance(thing, dict | list | tuple | set | frozenset):
            continue
        waiting += gc.get_referents(thing)


def _pickled(thing: object) -> bytes:
    try:
        return pickle.dumps(thing)
    except (TypeError, AttributeError, pickle.PicklingError) as refusal:
        return _bytes(str(refusal))


def _trace(error: BaseException | None) -> str:
    return "".join(traceback.format_exception(error)) if error is not None else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
