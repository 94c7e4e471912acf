"""Workers as a pool must expect them: parsers that misbehave, and ones that no longer keep to the protocol."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from konverze_core.documents import Document
from konverze_loaders.isolation import worker
from konverze_loaders.isolation.pool import worker_command
from konverze_loaders.isolation.wire import REPLY_HEAD, REQUEST_HEAD, Start
from konverze_loaders.limits import LoadLimits
from konverze_loaders.loading import load

SPEAKING = (
    sys.executable,
    "-I",
    "-S",
    "-c",
    """
import json, os, struct, sys, time
start = json.loads(sys.argv[-1])
requests = open(start["requests"], "rb")
while True:
    os.write(start["status"], b"\\0")
    order, file = struct.unpack(">IQ", requests.read(12))
    requests.read(order)
    reply = requests.read(file)
    os.write(start["replies"], reply.removeprefix(b"twice"))
    if reply.startswith(b"twice"):
        time.sleep(0.2)
        os.write(start["replies"], reply.removeprefix(b"twice"))
""",
)
"""Starts a worker that replies with the file itself, as if the file had taken it over."""

remembered: list[bytes] = []


def command(function: str) -> tuple[str, ...]:
    """Starts a worker with a function of this module."""
    ours = f"from tests.loaders.hostile_worker import {function} as main"
    return tuple(word.replace("from konverze_loaders.isolation.worker import main", ours) for word in worker_command())


def misbehaving() -> None:
    """A worker whose parser does what the file says."""
    worker.serve(_parse)


def hasty() -> None:
    """A worker whose files' processes reply before they have read all: the rest of a file looks like a request."""
    worker._answer = _answer_early
    worker.main()


def _answer_early(_: object, start: Start) -> int:
    order, _file = REQUEST_HEAD.unpack(os.read(start.requests, REQUEST_HEAD.size))
    os.read(start.requests, order)
    word = os.read(start.requests, 5).decode()
    os.write(start.replies, framed({"failure": {"kind": "NoTextError", "source": "upload", "reason": word}}))
    return 0


def framed(reply: object) -> bytes:
    """What a worker would send to say that."""
    content = msgspec.msgpack.encode(reply)
    return REPLY_HEAD.pack(len(content)) + content


def _parse(data: bytes, *, name: str = "", password: str | None = None, limits: LoadLimits | None = None) -> Document:
    verb, _, rest = data.partition(b" ")
    act = _ACTS.get(verb)
    if act is None:
        return load(data, name=name, password=password, limits=limits or LoadLimits())
    return Document(text=str(act(rest.decode()) if verb != b"password" else password))


def _loop(_: str) -> None:
    while True:
        pass


def _allocate(_: str) -> int:
    kept: list[bytearray] = []
    while len(kept) < 10_000:
        kept.append(bytearray(b"x") * 1_000_000)
    return len(kept)


def _print(text: str) -> str:
    print(text * 100_000, flush=True)  # noqa: T201
    print(text, file=sys.stderr, flush=True)  # noqa: T201
    os.write(1, text.encode())
    return text


def _remember(text: str) -> bytes:
    remembered.append(text.encode())
    return b" ".join(remembered)


def _environment(_: str) -> str:
    return f"{dict(os.environ)} {Path.cwd()} {os.getsid(0) == os.getppid()} "


def _limits(_: str) -> str:
    names = ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_CPU")
    return " ".join(f"{name}={resource.getrlimit(getattr(resource, name))}" for name in names)


def _try(what: str) -> str:
    verb, _, rest = what.partition(" ")
    try:
        return f"done {_ATTEMPTS[verb](rest)!r}"
    except OSError as error:
        return f"refused {error.errno}"


def _read_memory(pid: str) -> int:
    """process_vm_readv of another process."""
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("@PN", ctypes.addressof(buffer), 8)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.process_vm_readv(int(pid), local, 1, local, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "")
    return 1


_ATTEMPTS = {
    "read": lambda path: Path(path).read_text(),
    "write": lambda path: Path(path).write_text("x"),
    "list": lambda path: next(Path(path).iterdir()).name,
    "tcp": lambda _: socket.socket(socket.AF_INET, socket.SOCK_STREAM).fileno(),
    "udp": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).fileno(),
    "unix": lambda _: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).fileno(),
    "fork": lambda _: os.fork(),
    "program": lambda _: subprocess.run(["/bin/true"], check=True),
    "exec": lambda _: os.execv("/bin/true", ["true"]),
    "kill": lambda pid: os.kill(int(pid), 0),
    "memory": _read_memory,
}
_ACTS = {
    b"loop": _loop,
    b"sleep": lambda text: time.sleep(float(text)),
    b"allocate": _allocate,
    b"print": _print,
    b"crash": lambda text: signal.raise_signal(getattr(signal, text)),
    b"null": lambda _: ctypes.string_at(0),
    b"leave": lambda text: os._exit(int(text)),
    b"remember": _remember,
    b"environment": _environment,
    b"limits": _limits,
    b"try": _try,
    b"password": str,
    b"long": lambda text: "x" * int(text),
    b"surrogate": lambda _: "\ud800",
}
