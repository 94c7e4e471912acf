"""Runs one forked child under strace, to list its system calls or to let one of them fail."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WRITE_CALLS = (
    *("open", "openat", "openat2", "creat", "close"),
    *("write", "writev", "pwrite64", "pwritev", "pwritev2", "sendfile", "copy_file_range"),
    *("fsync", "fdatasync", "sync_file_range", "msync", "truncate", "ftruncate", "fallocate"),
    *("link", "linkat", "symlink", "symlinkat", "rename", "renameat", "renameat2"),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
    *("chmod", "fchmod", "fchmodat", "utimensat", "fsetxattr"),
)
"""What a process changes files by, with the opening and closing around it."""

FAULTS = {"SIGKILL": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}

CHILD_S = 20
"""A child that takes longer hangs, and is ended."""

TRACER_S = 0.3
"""strace ends within this, unless it waits for ever."""

END = b"the operation is over"

_OPEN_AND_CLOSE = {"open", "openat", "openat2", "close"}
_RANDOM = re.compile(r"[0-9a-f]{16,}")
_DESCRIPTOR = re.compile(r"\b\d+(?=<)|^\d+ ")
_CALL = re.compile(r"^(\d+) +(\w+)\(")
_LET_ANYONE_TRACE = (0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER, PR_SET_PTRACER_ANY: for Yama's sake


class CannotTraceError(Exception):
    """strace is not here, or may not attach to a process of the same user."""


@dataclass(frozen=True, order=True)
class Call:
    """The nth call of a kind, counted from 1, of an operation.

    Attributes:
        name: Of the system call.
        number: Which of the operation's calls of that name.
        is_after: Whether the operation had ended before it.
        only_reads: Whether it opens or closes what is only read: no disk is too full for that, and a kill there leaves
            what a kill at the next write leaves.
    """

    name: str
    number: int
    is_after: bool = False
    only_reads: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """In which ways it can fail."""
        if self.is_after:
            return ("SIGKILL",)
        return ("EIO",) if self.only_reads else tuple(FAULTS)

    def __str__(self) -> str:
        return f"{self.name} {self.number}{' (after the end)' if self.is_after else ''}"


@dataclass(frozen=True)
class Child:
    """A child's end.

    Attributes:
        status: Exit status; the negative number of a signal that ended it.
        said: What it wrote to its pipe.
        log: The lines of strace.
    """

    status: int
    said: bytes
    log: tuple[str, ...]

    @property
    def was_injected(self) -> bool:
        """Whether the fault came before the end of the operation."""
        during = until_end(self.log)
        return self.status == -signal.SIGKILL or any("(INJECTED)" in line for line in during)


def run_traced(work: Callable[[Callable[[bytes], None], Callable[[], None]], None], log: Path, *options: str) -> Child:
    """Forks a child that does the work, attached to strace from the moment when it says that it is ready.

    Args:
        work: Called in the child with two functions: `say`, which writes to the pipe, and `ready`, which returns once
            strace is attached. It says `END` when the operation is over, and goes on without strace.
        log: Where strace writes.
        options: Further options of strace.

    Raises:
        CannotTraceError: strace does not attach.
    """
    said, say = os.pipe()
    go, let_go = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_child(work, say, go)
    os.close(say)
    os.close(go)
    try:
        if os.read(said, 1) != b"r":
            raise RuntimeError("a child died before it was ready")
        tracer = _attached(pid, log, options)
        os.write(let_go, b"g")
        words = os.read(said, len(END))
        _ended(tracer)  # what the child finds out afterwards need not be slow
        if words:
            with suppress(BrokenPipeError):  # the fault killed the child as it said so
                os.write(let_go, b"g")
        words += b"".join(iter(lambda: os.read(said, 1 << 16), b""))
    finally:
        os.close(let_go)
        os.close(said)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Child(status=status, said=words, log=tuple(log.read_text(errors="replace").splitlines()))


def _ended(tracer: subprocess.Popen[str]) -> None:
    """Ends strace; of a killed child with several threads it may wait for one that never reports."""
    tracer.terminate()
    try:
        tracer.communicate(timeout=TRACER_S)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.communicate()


def write_calls(log: tuple[str, ...], root: Path) -> list[Call]:
    """The calls of an operation below a directory, in order, and the one with which it says that it is over.

    Of the calls that only read, the first and the last of each kind at each place: every path is walked from the root.
    """
    counts: Counter[tuple[str, str]] = Counter()
    calls: list[Call] = []
    readings: dict[str, list[Call]] = defaultdict(list)
    created: set[str] = set()
    during = until_end(log)
    for place, line in enumerate(log[: len(during) + 1]):
        match = _CALL.match(line)
        if match is None:
            continue
        counts[match.groups()] += 1
        is_after = place == len(during)
        if is_after or f"{root}/" in line:
            if "O_CREAT" in line:
                created.add(f"<{line.rpartition('<')[2]})")
            only_reads = (
                match[2] in _OPEN_AND_CLOSE and "O_CREAT" not in line and not any(map(line.__contains__, created))
            )
            call = Call(match[2], counts[match.groups()], is_after, only_reads)
            calls.append(call)
            if only_reads:
                readings[_RANDOM.sub("*", _DESCRIPTOR.sub("", line))].append(call)
    tried = {call for same in readings.values() for call in (same[0], same[-1])}
    return list(dict.fromkeys(call for call in calls if not call.only_reads or call in tried))


def injection(call: Call, fault: str) -> tuple[str, ...]:
    """The options with which strace lets a call fail."""
    return "-e", f"trace={call.name},writev", "-e", f"inject={call.name}:{FAULTS[fault]}:when={call.number}"


def listing() -> tuple[str, ...]:
    """The options with which strace lists what an operation does to files, with the paths of descriptors."""
    return "-y", "-e", "trace=" + ",".join(f"?{name}" for name in WRITE_CALLS)


def until_end(log: tuple[str, ...]) -> tuple[str, ...]:
    """The lines before the one that says that the operation is over."""
    for place, line in enumerate(log):
        if END.decode() in line:
            return log[:place]
    return log


def _be_child(work: Callable[[Callable[[bytes], None], Callable[[], None]], None], say: int, go: int) -> None:
    def ready() -> None:
        os.write(say, b"r")
        os.read(go, 1)

    def speak(words: bytes) -> None:
        os.writev(say, [words])  # a call that nothing else makes: one that fails for a thread must not fail here
        if words == END:
            os.read(go, 1)

    signal.alarm(CHILD_S)
    ctypes.CDLL(None).prctl(*_LET_ANYONE_TRACE)
    try:
        work(speak, ready)
    finally:
        os._exit(0)


def _attached(pid: int, log: Path, options: tuple[str, ...]) -> subprocess.Popen[str]:
    command = ["strace", "-f", "-o", str(log), *options, "-p", str(pid)]
    try:
        tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except OSError as exc:
        os.kill(pid, signal.SIGKILL)
        raise CannotTraceError(f"strace cannot be run: {exc}") from exc
    first = tracer.stderr.readline() if tracer.stderr else ""
    if "attached" not in first:
        os.kill(pid, signal.SIGKILL)
        raise CannotTraceError(f"strace cannot attach: {first.strip()}")
    return tracer
