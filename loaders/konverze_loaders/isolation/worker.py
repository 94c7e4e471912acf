"""The child's side of `LoaderPool`: a process that reads no file itself, and makes one for each file that does.

The worker imports the loaders once, gives up what a parser does not need, and forks for every file. So a file starts
from memory that holds nothing of another, a limit counts for it alone, and what it has done to its process ends with
it. The fork is made before the file arrives.

Held by the kernel, so that code which takes the process over cannot undo them: CPU time, memory, no file written, open
files, no core dump (on any POSIX system, unless the service runs as root), and what `confinement` says (on Linux). The
pool holds the wall clock and the length of a reply. Nothing here rests on Python's own hooks.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import resource
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

import konverze_core
from konverze_core.documents import Document
from konverze_core.errors import CorruptFileError, KonverzeError, LimitExceededError
from konverze_loaders.isolation import confinement
from konverze_loaders.isolation.wire import (
    REPLY_HEAD,
    REQUEST_HEAD,
    STATUS,
    Order,
    Start,
    encoded_document,
    encoded_failure,
)
from konverze_loaders.loading import load
from konverze_loaders.pdf.ocr import SYSTEM_TESSDATA

Load: TypeAlias = Callable[..., Document]

NO_REQUEST = 3
"""Exit code of a file's process that waited for a file and saw the pool end."""

SIGNAL_GRACE_S = 2
"""CPU seconds between the signal that ends a file at its limit and the one that cannot be caught."""

SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")

_PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources"
    b"<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>\nendobj\n"
    b"4 0 obj\n<</Length 25>>\nstream\nBT /F 9 Tf (Warm up) Tj ET\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n"
)
_WARM_UPS = (
    b"Warm up.",
    b"Gr\xfc\xdfe aus M\xfcnchen. " * 20,
    b"<!doctype html><p>x",
    b"# x\n\n- y\n\n```\nz\n```\n",
    _PDF,
)
"""Files that have the loaders import what they import late, so that not each file's process does."""


def main() -> None:
    """Serves a pool with `load`; the last argument is a `Start` in JSON."""
    serve(load)


def serve(parse: Load) -> None:
    """Serves a pool until it ends.

    Args:
        parse: Reads a file, as `load` does.
    """
    start = msgspec.json.decode(sys.argv[-1], type=Start)
    _end_with_the_pool(start.lifeline)
    _fall_silent()
    for sample in _WARM_UPS:
        with contextlib.suppress(KonverzeError):
            parse(sample)
    _give_up(start)
    gc.collect()
    gc.freeze()
    code = 0
    while code != NO_REQUEST and not _has_input(start.requests):
        os.write(start.status, STATUS.pack(max(-128, min(code, 127))))
        process = os.fork()
        if not process:
            _one_file(parse, start)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _has_input(requests: int) -> bool:
    """Whether there is something to read before a file was asked for: what the last one left, which is no request."""
    waiting = select.poll()
    waiting.register(requests, select.POLLIN)
    return any(event & select.POLLIN for _, event in waiting.poll(0))


def _end_with_the_pool(lifeline: int) -> None:
    """Has the kernel end this process and its children when the other end of the pipe is closed, busy or not."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _fall_silent() -> None:
    """Ends standard error: parsers would write there what stands in files. Until now, import errors are told there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _give_up(start: Start) -> None:
    """Gives up for good what no parser needs."""
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    memory = _data_bytes() + start.max_memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (start.max_open_files, start.max_open_files))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    confinement.refuse_files(_libraries())


def _data_bytes() -> int:
    """Memory that counts for the limit and is in use already; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _libraries() -> list[str]:
    """Folders of installed code: parsers may import late, and read data that lies beside them, or Tesseract's."""
    ours = [str(Path(__file__).parents[1]), *konverze_core.__path__]
    installed = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    return [*ours, *installed, str(Path(os.__file__).parent), *SYSTEM_LIBRARIES, *SYSTEM_TESSDATA]


def _one_file(parse: Load, start: Start) -> None:
    """Reads one request, replies, and ends the process."""
    code = 1
    try:
        os.close(start.status)
        os.close(start.lifeline)
        confinement.refuse_calls()
        code = _answer(parse, start)
    finally:
        os._exit(code)


def _answer(parse: Load, start: Start) -> int:
    parse(_WARM_UPS[0])  # touches what a fork shares, so that it is copied while no file waits for it
    with open(start.requests, "rb", closefd=False) as stream:
        head = stream.read(REQUEST_HEAD.size)
        if len(head) < REQUEST_HEAD.size:
            return NO_REQUEST
        order_bytes, file_bytes = REQUEST_HEAD.unpack(head)
        order = msgspec.msgpack.decode(stream.read(order_bytes), type=Order)
        resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_s, order.cpu_s + SIGNAL_GRACE_S))
        reply = _reply(parse, lambda: stream.read(file_bytes), order, start)
    with open(start.replies, "wb", buffering=0) as stream:  # noqa: PTH123 (a descriptor)
        stream.write(REPLY_HEAD.pack(len(reply)))
        stream.write(reply)
    return 0


def _reply(parse: Load, read: Callable[[], bytes], order: Order, start: Start) -> bytes:
    try:
        document = parse(read(), name=order.name, password=order.password, limits=order.limits)
        reply = encoded_document(document)
    except KonverzeError as exc:
        return encoded_failure(_beyond_memory(order, start) if isinstance(exc.__cause__, MemoryError) else exc)
    except MemoryError:
        return encoded_failure(_beyond_memory(order, start))
    except Exception as exc:  # noqa: BLE001 (what MessagePack cannot say)
        return encoded_failure(CorruptFileError(order.name, f"damaged: its text cannot be told ({type(exc).__name__})"))
    if len(reply) > start.max_output_bytes:
        return encoded_failure(_beyond(order, "max_output_bytes", start.max_output_bytes))
    return reply


def _beyond_memory(order: Order, start: Start) -> LimitExceededError:
    return _beyond(order, "max_memory_bytes", start.max_memory_bytes)


def _beyond(order: Order, limit: str, value: int) -> LimitExceededError:
    reason = f"{limit} is {value}, the file needs more; raise it with WorkerLimits({limit}=...)"
    return LimitExceededError(order.name, reason)
