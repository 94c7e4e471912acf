"""Upkeep in the background: rotation by policy, retention, vacuum; and keys that nobody uses."""

from __future__ import annotations

import logging
import random
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TypeAlias

from konverze_core.errors import KonverzeError
from konverze_core.reports import PurgeReport, RotationReport, VacuumReport

JITTER = 0.1
"""Share of the interval by which rounds vary, so that several processes do not work at the same time."""

Report: TypeAlias = RotationReport | PurgeReport | VacuumReport

_log = logging.getLogger("konverze_rag")


class Maintenance:
    """Runs tasks again and again in a thread of its own, until it is stopped.

    Every task is safe beside others of its kind in other processes, so that each process may run its own.

    Args:
        tasks: What to do in each round, in this order; an error of one does not keep the others from running.
        every_s: Seconds between the starts of two rounds, about.
    """

    def __init__(self, tasks: Sequence[Callable[[], Report]], every_s: float) -> None:
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
                self._attempt(task)

    @staticmethod
    def _attempt(task: Callable[[], Report]) -> None:
        try:
            report = task()
        except KonverzeError as error:
            _log.error("maintenance: %s", error)
        except Exception as error:  # noqa: BLE001 (a bug must not end all upkeep; its words may quote secrets)
            _log.error("maintenance: %s", type(error).__name__)
        else:
            _log.info("maintenance: %s", report)
            for directory, error in report.failed:
                _log.error("maintenance of %s: %s", directory, error)


class IdleSweep:
    """Calls a method again and again in a thread of its own, until it is stopped or the method's object is gone.

    Args:
        method: A bound method that raises nothing; does not keep its object alive.
        every_s: Seconds between two calls.
    """

    def __init__(self, method: Callable[[], None], every_s: float) -> None:
        self._is_stopped = threading.Event()
        reference = weakref.WeakMethod(method)
        threading.Thread(
            target=_sweep, args=(reference, self._is_stopped, every_s), name="konverze-idle", daemon=True
        ).start()

    def stop(self) -> None:
        """Makes no further call."""
        self._is_stopped.set()


def _sweep(reference: weakref.WeakMethod[Callable[[], None]], is_stopped: threading.Event, every_s: float) -> None:
    while not is_stopped.wait(every_s):
        method = reference()
        if method is None:
            return
        method()
        del method  # else it would keep its object until the next round
