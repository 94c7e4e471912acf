"""A few threads for the calls of many, who take turns: whoever asks much waits behind his own calls."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from konverze_core.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that waits for its turn, and whoever awaits it."""

    caller: str
    make: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class FairThreads:
    """Runs calls in threads, one of each caller in turn; for any number of event loops.

    Args:
        threads: Calls under way at once.
        most_each: Calls of one caller under way at once.
        name: Of the threads.
    """

    def __init__(self, threads: int, *, most_each: int, name: str) -> None:
        self._threads = threads
        self._most_each = most_each
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._line: OrderedDict[str, deque[_Call]] = OrderedDict()  # who has calls waiting, in the order of their turns
        self._running = Counter[str]()
        self._serving = 0

    async def run(self, caller: str, call: Callable[[], T]) -> T:
        """The result of a call, made when it is its turn; cancelling the task takes it out of the line.

        Raises:
            ConfigError: The threads were ended.
        """
        loop = asyncio.get_running_loop()
        waiting = _Call(caller, call, loop.create_future(), loop)
        with self._lock:
            if self._serving < self._threads:
                try:
                    self._executor.submit(self._serve)
                except RuntimeError as exc:
                    raise ConfigError("the engine is closed") from exc
                self._serving += 1
            self._line.setdefault(caller, deque()).append(waiting)
        return await waiting.future

    def close(self) -> None:
        """Waits for all calls, and ends the threads."""
        self._executor.shutdown()

    def _serve(self) -> None:
        """Runs calls until none may be run."""
        ended = None
        while (turn := self._next(ended)) is not None:
            ended = turn.caller
            try:
                tell = partial(_fulfil, turn.future, turn.make())
            except BaseException as error:  # noqa: BLE001 (handed to whoever awaits it)
                tell = partial(_fail, turn.future, error)
            with suppress(RuntimeError):  # the loop is closed: nobody awaits it
                turn.loop.call_soon_threadsafe(tell)
            del turn, tell

    def _next(self, ended: str | None) -> _Call | None:
        """The call whose turn it is, once the call of the caller that has ended is taken off."""
        with self._lock:
            if ended is not None:
                self._running[ended] -= 1
                if not self._running[ended]:
                    del self._running[ended]
            while (
                caller := next((one for one in self._line if self._running[one] < self._most_each), None)
            ) is not None:
                waiting = self._line.pop(caller)
                while waiting:
                    call = waiting.popleft()
                    if not call.future.cancelled():
                        if waiting:
                            self._line[caller] = waiting
                        self._running[caller] += 1
                        return call
            self._serving -= 1
            return None


def _fulfil(future: asyncio.Future[T], result: T) -> None:
    if not future.cancelled():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.cancelled():
        future.set_exception(error)
