"""One call for all who ask at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs a call once however many threads ask for it meanwhile; they share its result, or its failure."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Future[T]] = {}
        self._lock = threading.Lock()

    def do(self, name: Hashable, call: Callable[[], T]) -> T:
        """The result of the call, be it made by this thread or by one that was faster.

        Args:
            name: What is asked for.
            call: How to get it; raises what every waiting thread raises. The next to ask calls again.
        """
        with self._lock:
            under_way = self._flights.get(name)
            flight = self._flights[name] = under_way or Future()
        if under_way is None:
            self._fly(name, flight, call)
        return flight.result()

    def _fly(self, name: Hashable, flight: Future[T], call: Callable[[], T]) -> None:
        try:
            result = call()
        except BaseException as exc:  # whoever waits must hear of it
            self._landed(name)
            flight.set_exception(exc)
            raise
        self._landed(name)
        flight.set_result(result)

    def _landed(self, name: Hashable) -> None:
        with self._lock:
            del self._flights[name]
