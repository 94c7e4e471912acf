"""`LoaderPool`: `load` in worker processes, so that a hostile file costs an error and not the service."""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import konverze_core
from konverze_core.documents import Document
from konverze_core.errors import ConfigError
from konverze_loaders.isolation.confinement import landlock_version
from konverze_loaders.isolation.worker_limits import WorkerLimits
from konverze_loaders.isolation.worker_process import WorkerProcess
from konverze_loaders.limits import LoadLimits
from konverze_loaders.loading import DEFAULT_NAME

MAX_WORKERS_BY_DEFAULT = 4

# The package without what its `__init__` brings in for chunkers: it doubles a worker's start and memory.
_BOOTSTRAP = """
import sys, types
sys.path[:] = sys.argv[2:-1]
package = sys.modules["konverze_loaders"] = types.ModuleType("konverze_loaders")
package.__path__ = [sys.argv[1]]
from konverze_loaders.isolation.worker import main
main()
"""

_log = logging.getLogger("konverze_loaders")


def default_workers() -> int:
    """One for each core, up to `MAX_WORKERS_BY_DEFAULT`."""
    return min(os.cpu_count() or 1, MAX_WORKERS_BY_DEFAULT)


def worker_command() -> tuple[str, ...]:
    """What starts a worker: this interpreter, with the packages that are found here, and nothing of the environment."""
    paths = [path for path in sys.path if path]  # an empty one is whatever folder one stands in
    paths.append(str(Path(konverze_core.__path__[0]).parent))
    here = str(Path(__file__).parents[1])
    return (sys.executable, "-I", "-S", "-B", "-c", _BOOTSTRAP, here, *(str(Path(path).absolute()) for path in paths))


class LoaderPool:
    """`load` for files of strangers: each is read in a process of its own, under limits that the kernel holds.

    Safe to share between threads: those that find no free worker wait for one. Workers start when they are needed, some
    tenths of a second each, and are replaced when a file has ended one. What a file can reach is told by
    `konverze_loaders.isolation.worker`; without Landlock, which Linux has from 5.13 on, code that takes a parser over
    could read what the service can.

    Args:
        workers: Files that are read at the same time; one for each core up to 4 by default.
        limits: What one file may take.
        command: What starts a worker, such as `worker_command()` behind the words of a sandbox. It must
            leave descriptors open and the process group as it is.

    Raises:
        ConfigError: Fewer than one worker.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        limits: WorkerLimits = WorkerLimits(),  # noqa: B008
        command: Sequence[str] | None = None,
    ) -> None:
        workers = default_workers() if workers is None else workers
        if workers < 1:
            raise ConfigError("a pool needs at least one worker")
        self._limits = limits
        self._command = tuple(command or worker_command())
        self._slots = threading.Semaphore(workers)
        self._idle: deque[WorkerProcess] = deque()
        self._is_closed = False
        self._finalizer = weakref.finalize(self, _end_all, self._idle)
        if sys.platform == "linux" and not landlock_version():
            _log.warning("this kernel has no Landlock: a parser that is taken over could read other files")

    def load(
        self,
        data: bytes,
        *,
        name: str = DEFAULT_NAME,
        password: str | None = None,
        limits: LoadLimits = LoadLimits(),  # noqa: B008
    ) -> Document:
        """Reads a file of any supported format.

        Args:
            data: The bytes of the file.
            name: File name for messages and for telling Markdown by its extension.
            password: Opens a locked PDF; tried on locked files inside the file, too.
            limits: How large the file may be.

        Returns:
            The document, as `load` makes it.

        Raises:
            ConfigError: The pool is closed, or its workers do not start.
            CorruptFileError: Also where the parser crashed.
            LimitExceededError: Also beyond the pool's `WorkerLimits`.
            LoadError: As `load` says.
        """
        limits.check("max_file_bytes", len(data), name)
        with self._slots:
            worker = self._taken()
            try:
                return worker.load(data, name=name, password=password, limits=limits)
            finally:
                self._give_back(worker)

    def close(self) -> None:
        """Ends the workers; those that read a file end after it."""
        self._is_closed = True
        _end_all(self._idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _taken(self) -> WorkerProcess:
        if self._is_closed:
            raise ConfigError("the pool of loaders is closed")
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                worker = self._idle.popleft()
                if worker.is_ready():
                    return worker
                worker.end()
        return WorkerProcess(self._command, self._limits)

    def _give_back(self, worker: WorkerProcess) -> None:
        if worker.is_usable:
            self._idle.append(worker)
        else:
            worker.end()
        if self._is_closed:
            _end_all(self._idle)


def _end_all(workers: deque[WorkerProcess]) -> None:
    while workers:
        with suppress(IndexError):
            workers.pop().end()
