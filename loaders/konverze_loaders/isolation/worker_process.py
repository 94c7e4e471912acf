"""A worker as its pool sees it: a process that is sent one file at a time, and believed nothing."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import msgspec

from konverze_core.documents import Document
from konverze_core.errors import ConfigError, CorruptFileError, LimitExceededError, LoadError
from konverze_loaders.isolation.wire import REPLY_HEAD, REQUEST_HEAD, STATUS, Failure, Order, Start, decoded, error_of
from konverze_loaders.isolation.worker_limits import WorkerLimits
from konverze_loaders.limits import LoadLimits

START_S = 60.0
"""Longest time that a worker may take to start."""

ANSWERING_S = 10.0
"""Longest time that a worker, which reads no file itself, may take to tell that a file's process has ended."""

PIECE_BYTES = 1 << 16

_BROKEN = -1000  # no exit code: the worker does not keep to the protocol


class WorkerProcess:
    """One worker process, and the pipes to it; used by one thread at a time.

    Args:
        command: What starts it.
        limits: What one file may take.

    Attributes:
        is_usable: Whether it may read another file.

    Raises:
        ConfigError: It does not start.
    """

    def __init__(self, command: Sequence[str], limits: WorkerLimits) -> None:
        self._limits = limits
        self._owner = os.getpid()
        self._pipes = ExitStack()
        try:
            self._process = self._started(command)
        except OSError as exc:
            self._pipes.close()
            raise ConfigError(f"a worker for loading files cannot be started ({exc.strerror})") from exc
        for pipe in (self._requests, self._replies, self._status):
            os.set_blocking(pipe, False)
        self.is_usable = True
        if self._ended(START_S) != 0:
            self.end()
            raise ConfigError("a worker for loading files does not start; its standard error may tell why")

    def _pipe(self, theirs: ExitStack, their_end: int) -> tuple[int, int]:
        ends = os.pipe()
        theirs.callback(os.close, ends[their_end])
        self._pipes.callback(os.close, ends[1 - their_end])
        return ends

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with ExitStack() as theirs:
            (requests, self._requests), (self._replies, replies) = self._pipe(theirs, 0), self._pipe(theirs, 1)
            (self._status, status), (lifeline, _) = self._pipe(theirs, 1), self._pipe(theirs, 0)
            start = Start(
                requests=requests,
                replies=replies,
                status=status,
                lifeline=lifeline,
                max_memory_bytes=self._limits.max_memory_bytes,
                max_output_bytes=self._limits.max_output_bytes,
                max_open_files=self._limits.max_open_files,
            )
            return subprocess.Popen(  # noqa: S603 (our own interpreter)
                [*command, msgspec.json.encode(start).decode()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={},
                cwd="/",
                pass_fds=(requests, replies, status, lifeline),
                start_new_session=True,
            )

    def is_ready(self) -> bool:
        """Whether it belongs to this process, has put away its last file, and waits for the next."""
        if self._owner != os.getpid():
            return False  # a fork: two processes on one pipe would read each other's documents
        return self._ended(ANSWERING_S) == 0 and not self._waited([self._replies, self._status], 0)

    def load(self, data: bytes, *, name: str, password: str | None, limits: LoadLimits) -> Document:
        """Sends a file, and makes of the reply what `load` would return or raise.

        Raises:
            CorruptFileError: Also where the parser crashed, or the reply breaks the rules.
            LimitExceededError: Also beyond the limits of the worker.
            LoadError: As `load` says.
        """
        self.is_usable = False
        sent_name = _sendable(name)
        cpu_s = self._limits.cpu_s(len(data))
        order = msgspec.msgpack.encode(
            Order(name=sent_name, password=password and _sendable(password), limits=limits, cpu_s=cpu_s)
        )
        head = REQUEST_HEAD.pack(len(order), len(data)) + order
        deadline = time.monotonic() + cpu_s + self._limits.max_waiting_s
        try:
            said = decoded(self._exchanged((head, data), deadline))
            failure = error_of(said, name, sent_name) if isinstance(said, Failure) else None
        except _EndedError as exc:
            raise self._loss(exc.code, name, cpu_s) from None
        except ValueError as exc:
            raise self._loss(_BROKEN, name, cpu_s) from exc
        self.is_usable = True
        if failure is not None:
            raise failure
        assert isinstance(said, Document)
        return said

    def end(self) -> None:
        """Kills the worker with the file that it reads, and lets go of its pipes."""
        if self._owner == os.getpid() and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, of a group of the dead
                os.killpg(self._process.pid, signal.SIGKILL)  # not waited for yet, so that the id is still its own
            self._process.wait()
        self._pipes.close()
        self.is_usable = False

    def _exchanged(self, outgoing: Sequence[bytes], deadline: float) -> memoryview:
        """Sends, and reads the reply, both at once: who does not read must not keep us from noticing its end."""
        pieces = deque(memoryview(part) for part in outgoing if part)
        reply = _Incoming(self._limits.max_output_bytes)
        while True:
            waits_for = [self._replies, self._status, *([self._requests] if pieces else [])]
            ready = self._waited(waits_for, deadline - time.monotonic())
            if not ready:
                raise _EndedError(None)
            if self._requests in ready:
                self._send(pieces)
            while not reply.is_whole and (piece := _piece(self._replies)):
                reply.add(piece)
            if reply.is_whole:
                return reply.content
            if self._status in ready:
                raise _EndedError(self._ended(ANSWERING_S))

    def _send(self, pieces: deque[memoryview]) -> None:
        try:
            while pieces:
                sent = os.write(self._requests, pieces[0])
                pieces[0] = pieces[0][sent:]
                if not pieces[0]:
                    pieces.popleft()
        except BlockingIOError:
            return
        except BrokenPipeError:
            pieces.clear()  # its end is told by the status

    def _waited(self, descriptors: Sequence[int], timeout_s: float) -> set[int]:
        waiting = select.poll()
        for descriptor in descriptors:
            waiting.register(descriptor, select.POLLOUT if descriptor == self._requests else select.POLLIN)
        return {descriptor for descriptor, _ in waiting.poll(max(0, round(timeout_s * 1_000)))}

    def _ended(self, timeout_s: float) -> int | None:
        """How the last file's process ended: 0, its exit code, or minus a signal; None when nothing is heard of it."""
        if not self._waited([self._status], timeout_s):
            return None
        told = os.read(self._status, STATUS.size)
        if told:
            return STATUS.unpack(told)[0]
        self.end()
        return self._process.returncode or _BROKEN

    def _loss(self, code: int | None, name: str, cpu_s: int) -> LoadError:
        """What to tell of a file that its process did not survive."""
        if code is None:
            return _beyond(name, "max_waiting_s", self._limits.max_waiting_s)
        if code == -signal.SIGXCPU:
            return _beyond(name, "max_cpu_s", cpu_s)
        if code == -signal.SIGKILL:
            return LimitExceededError(name, "its worker was killed, probably because the machine ran out of memory")
        how = signal.Signals(-code).name if -code in signal.valid_signals() else "no answer that makes sense"
        return CorruptFileError(name, f"the parser crashed ({how})")


class _EndedError(Exception):
    """A file's process ended without a reply, or not in time.

    Args:
        code: How it ended; None for not in time.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class _Incoming:
    """A reply on its way.

    Args:
        max_bytes: Its greatest length.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = bytearray()
        self._end = REPLY_HEAD.size
        self.is_whole = False

    @property
    def content(self) -> memoryview:
        """The reply without its head."""
        return memoryview(self._bytes)[REPLY_HEAD.size :]

    def add(self, piece: bytes) -> None:
        """Appends what has come.

        Raises:
            ValueError: Longer than it may be, or than it says.
        """
        self._bytes += piece
        if self._end == REPLY_HEAD.size <= len(self._bytes):
            length = REPLY_HEAD.unpack_from(self._bytes)[0]
            if length > self._max_bytes:
                raise ValueError("a reply that is too long")
            self._end += length
        if len(self._bytes) > self._end:
            raise ValueError("more than a reply")
        self.is_whole = len(self._bytes) == self._end > REPLY_HEAD.size


def _piece(descriptor: int) -> bytes:
    """What can be read now; empty for nothing."""
    try:
        return os.read(descriptor, PIECE_BYTES)
    except BlockingIOError:
        return b""


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _beyond(name: str, limit: str, value: int) -> LimitExceededError:
    reason = f"{limit} is {value} for this file, which took longer; raise it with WorkerLimits({limit}=...)"
    return LimitExceededError(name, reason)
