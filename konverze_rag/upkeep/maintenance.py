"""Upkeep in the background: rotation by policy, retention, vacuum."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence

from konverze_core.errors import KonverzeError

JITTER = 0.1
"""Share of the interval by which rounds vary, so that several processes do not work at the same time."""

_log = logging.getLogger("konverze_rag")


class Maintenance:
    """Runs tasks again and again in a thread of its own, until it is stopped.

    Every task is safe beside others of its kind in other processes, so that each process may run its own.

    Args:
        tasks: What to do in each round, in this order; an error of one does not keep the others from running.
        every_s: Seconds between the starts of two rounds, about.
    """

    def __init__(self, tasks: Sequence[Callable[[], object]], every_s: float) -> None:
        self._tasks = tasks
        self._every_s = every_s
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="konverze-maintenance", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Waits for the task under way, and starts no other."""
        self._is_stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopped.wait(self._every_s * random.uniform(1 - JITTER, 1 + JITTER)):  # noqa: S311
            for task in self._tasks:
                if self._is_stopped.is_set():
                    return
                try:
                    _log.info("maintenance: %s", task())
                except KonverzeError as error:
                    _log.error("maintenance: %s", error)
