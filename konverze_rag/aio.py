"""The engine for asyncio: the same calls, handed to threads, so that nothing blocks the event loop (ADR 0003)."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, Self, TypeVar

import numpy.typing as npt

from konverze_core.answers import Answer, Event
from konverze_core.documents import Chunk, Metadata
from konverze_core.reports import DocumentInfo, IngestReport, TenantStats
from konverze_core.retrieval import Hit
from konverze_rag.engine import Engine
from konverze_rag.ingestion import OnProgress, Upload
from konverze_rag.settings import Settings
from konverze_rag.tenant import DEFAULT_HITS, Tenant

MAX_THREADS = 64
"""Calls under way at once; streams hold a thread while the language model writes."""

MAX_EVENTS_AHEAD = 64
"""Events of a stream that wait for a slow reader; then the answer waits too."""

P = ParamSpec("P")
T = TypeVar("T")


class _Threads:
    """Runs blocking calls beside the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="konverze")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a blocking call."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **kwargs))

    def submit(self, call: Callable[[], None]) -> None:
        """Starts a blocking call whose result nobody awaits."""
        self._pool.submit(call)

    def close(self) -> None:
        """Waits for calls under way and ends the threads."""
        self._pool.shutdown()


class AsyncTenant:
    """A tenant for asyncio; each method is the awaited twin of `Tenant`'s of the same name."""

    def __init__(self, tenant: Tenant, threads: _Threads) -> None:
        self.id = tenant.id
        self._tenant = tenant
        self._threads = threads

    async def ingest(
        self,
        content: Upload | Sequence[Upload],
        *,
        source: str | None = None,
        metadata: Metadata | None = None,
        on_progress: OnProgress | None = None,
    ) -> IngestReport:
        """See `Tenant.ingest`; `on_progress` is called from a thread."""
        return await self._threads.run(
            self._tenant.ingest, content, source=source, metadata=metadata, on_progress=on_progress
        )

    async def add(self, chunks: Iterable[Chunk], vectors: npt.ArrayLike | None = None) -> int:
        """See `Tenant.add`."""
        return await self._threads.run(self._tenant.add, chunks, vectors)

    async def search(
        self,
        text: str | None = None,
        *,
        k: int = DEFAULT_HITS,
        where: Mapping[str, Any] | None = None,
        vector: npt.ArrayLike | None = None,
    ) -> list[Hit]:
        """See `Tenant.search`."""
        return await self._threads.run(self._tenant.search, text, k=k, where=where, vector=vector)

    async def ask(
        self,
        question: str,
        *,
        conversation: str | None = None,
        visitor: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Answer:
        """See `Tenant.ask`."""
        return await self._threads.run(
            self._tenant.ask, question, conversation=conversation, visitor=visitor, where=where
        )

    async def stream(
        self,
        question: str,
        *,
        conversation: str | None = None,
        visitor: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Event, None]:
        """See `Tenant.stream`; leaving the loop early stops the answer at its next event."""
        events = self._tenant.stream(question, conversation=conversation, visitor=visitor, where=where)
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Event | BaseException | None]()
        stopped, room = threading.Event(), threading.Semaphore(MAX_EVENTS_AHEAD)

        def pump() -> None:
            last: BaseException | None = None
            try:
                for event in events:
                    room.acquire()
                    if stopped.is_set():
                        break
                    loop.call_soon_threadsafe(queue.put_nowait, event)
            except BaseException as error:  # noqa: BLE001 (handed to the reader)
                last = error
            finally:
                events.close()
                if not stopped.is_set():
                    loop.call_soon_threadsafe(queue.put_nowait, last)

        self._threads.submit(pump)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
                room.release()
        finally:
            stopped.set()
            room.release()

    async def documents(self) -> list[DocumentInfo]:
        """See `Tenant.documents`."""
        return await self._threads.run(self._tenant.documents)

    async def delete(self, *sources: str) -> int:
        """See `Tenant.delete`."""
        return await self._threads.run(self._tenant.delete, *sources)

    async def compact(self) -> int:
        """See `Tenant.compact`."""
        return await self._threads.run(self._tenant.compact)

    async def stats(self) -> TenantStats:
        """See `Tenant.stats`."""
        return await self._threads.run(self._tenant.stats)


class AsyncEngine:
    """The engine for asyncio.

    Args:
        engine: The engine whose calls are handed to threads; closed with this one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = _Threads()

    @classmethod
    async def open(cls, location: str | os.PathLike[str], *, settings: Settings | None = None) -> Self:
        """See `Engine.open`."""
        return cls(await asyncio.to_thread(Engine.open, location, settings=settings))

    async def tenant(self, tenant_id: str, *, create: bool = True, min_generation: int | None = None) -> AsyncTenant:
        """See `Engine.tenant`."""
        tenant = await self._threads.run(self._engine.tenant, tenant_id, create=create, min_generation=min_generation)
        return AsyncTenant(tenant, self._threads)

    async def tenants(self) -> list[str]:
        """See `Engine.tenants`."""
        return await self._threads.run(self._engine.tenants)

    async def close(self) -> None:
        """Waits for calls under way, then closes the engine."""
        await asyncio.to_thread(self._threads.close)
        self._engine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
