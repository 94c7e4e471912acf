"""The threads beside an event loop, in lanes: what waits for long does not stand before what is done at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from konverze_core.errors import ConfigError
from konverze_rag.cores import computing_threads
from konverze_rag.fair_threads import FairThreads

MAX_CALLS = 32
"""Calls under way at once, apart from searches and streams; one tenant's take half of them at most."""

MAX_PREPARATIONS = 16
"""Searches at once that wait for the store or for a model; one tenant's take half of them at most."""

MAX_STREAMS = 64
"""Streams under way at once; each holds a thread until its last event is read."""

MAX_EVENTS_AHEAD = 64
"""Events of a stream that wait for a slow reader; then the answer waits too."""

P = ParamSpec("P")
T = TypeVar("T")


class Gate:
    """Lets a stream's thread run ahead of its reader by so many events, until it is told to stop."""

    def __init__(self) -> None:
        self._room = threading.Semaphore(MAX_EVENTS_AHEAD)
        self.is_stopped = False

    def wait(self) -> bool:
        """Waits for room; False when the stream shall stop."""
        self._room.acquire()
        return not self.is_stopped

    def make_room(self) -> None:
        """The reader has taken an event."""
        self._room.release()

    def stop(self) -> None:
        """Nobody will read on."""
        self.is_stopped = True
        self._room.release()


class Lanes:
    """Runs blocking calls beside an event loop (ADR 0003): tenants take turns in each lane, and no lane delays another.

    Searches that only compute have `computing_threads()`.
    Streams have threads of their own, since their readers may be slow. Another thread starts them: whoever starts a
    thread waits for its first step, for which it has to get hold of the interpreter.
    """

    def __init__(self) -> None:
        searches = computing_threads()
        self._searches = FairThreads(searches, most_each=searches, name="konverze-search")
        self._preparations = FairThreads(MAX_PREPARATIONS, most_each=MAX_PREPARATIONS // 2, name="konverze-prepare")
        self._calls = FairThreads(MAX_CALLS, most_each=MAX_CALLS // 2, name="konverze-call")
        self._streams = ThreadPoolExecutor(MAX_STREAMS, thread_name_prefix="konverze-stream")
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="konverze-start")
        self._gates: set[Gate] = set()

    async def run(self, caller: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that may take long."""
        return await self._calls.run(caller, partial(call, *args, **kwargs))

    async def prepare(self, caller: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that opens a tenant or embeds a question."""
        return await self._preparations.run(caller, partial(call, *args, **kwargs))

    async def search(self, caller: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that computes for a moment and waits for nobody."""
        return await self._searches.run(caller, partial(call, *args, **kwargs))

    def start(self, gate: Gate, pump: Callable[[], None]) -> None:
        """Starts the thread of a stream."""
        self._gates.add(gate)

        def pump_on() -> None:
            try:
                pump()
            finally:
                self._gates.discard(gate)

        try:
            self._starter.submit(self._streams.submit, pump_on)
        except RuntimeError as exc:
            raise ConfigError("the engine is closed") from exc

    def close(self) -> None:
        """Stops streams, waits for calls under way, and ends the threads."""
        for gate in list(self._gates):
            gate.stop()
        self._starter.shutdown()
        self._streams.shutdown()
        for threads in (self._calls, self._preparations, self._searches):
            threads.close()
