"""The engine for asyncio: the same calls, handed to threads, so that nothing blocks the event loop (ADR 0003)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Self

import numpy.typing as npt

from konverze_core.answers import Answer, Event, TurnId
from konverze_core.conversations import ConversationTurn, ExportReport, Insights
from konverze_core.documents import Chunk, Metadata
from konverze_core.errors import ConfigError, KonverzeError
from konverze_core.protocols import Embedder
from konverze_core.reports import (
    DocumentInfo,
    ErasureReceipt,
    HealthReport,
    IngestReport,
    PurgeReport,
    RotationReport,
    SyncReport,
    TenantStats,
    VacuumReport,
    VerifyReport,
)
from konverze_core.retrieval import Hit
from konverze_indexes.reindexing import OnReindexed
from konverze_indexes.residents import CacheStats
from konverze_rag.engine import Engine
from konverze_rag.ingest.progress import OnProgress
from konverze_rag.inspecting.inspection import Inspection
from konverze_rag.lanes import Gate, Lanes
from konverze_rag.settings import Settings
from konverze_rag.tenant import DEFAULT_HITS, Tenant
from konverze_rag.tenant_settings import TenantSettings
from konverze_rag.upkeep.copying import CopyReport
from konverze_rag.upkeep.rounds import OnRound
from konverze_rag.uploads import Upload, Uploads

TURNS_AHEAD = 32
"""Stored turns that are read at once for `AsyncTenant.turns`."""

ENGINE = ""
"""Whose turn the calls of the engine itself take; no tenant has this id."""


def _read_ahead(turns: Iterator[ConversationTurn]) -> tuple[list[ConversationTurn], KonverzeError | None]:
    """The next turns, and what kept another one from being read."""
    some: list[ConversationTurn] = []
    try:
        some.extend(islice(turns, TURNS_AHEAD))  # which keeps those before an error
    except KonverzeError as error:
        return some, error
    return some, None


class AsyncTenant:
    """A tenant for asyncio; each method is the awaited twin of `Tenant`'s of the same name."""

    def __init__(self, tenant: Tenant, lanes: Lanes) -> None:
        self.id = tenant.id
        self._tenant = tenant
        self._lanes = lanes

    async def ingest(
        self,
        content: Uploads,
        *,
        source: str | None = None,
        metadata: Metadata | None = None,
        password: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> IngestReport:
        """See `Tenant.ingest`; `on_progress` is called from a thread."""
        return await self._lanes.run(
            self.id,
            self._tenant.ingest,
            content,
            source=source,
            metadata=metadata,
            password=password,
            on_progress=on_progress,
        )

    async def inspect(self, content: Upload, *, source: str | None = None, password: str | None = None) -> Inspection:
        """See `Tenant.inspect`."""
        return await self._lanes.run(self.id, self._tenant.inspect, content, source=source, password=password)

    async def sync(
        self,
        folder: str | os.PathLike[str],
        *,
        label: str | None = None,
        include: Sequence[str] = ("*",),
        exclude: Sequence[str] = (),
        metadata: Metadata | None = None,
        password: str | None = None,
        may_delete_all: bool = False,
        on_progress: OnProgress | None = None,
    ) -> SyncReport:
        """See `Tenant.sync`; `on_progress` is called from a thread."""
        return await self._lanes.run(
            self.id,
            self._tenant.sync,
            folder,
            label=label,
            include=include,
            exclude=exclude,
            metadata=metadata,
            password=password,
            may_delete_all=may_delete_all,
            on_progress=on_progress,
        )

    async def add(self, chunks: Iterable[Chunk], vectors: npt.ArrayLike | None = None) -> int:
        """See `Tenant.add`."""
        return await self._lanes.run(self.id, self._tenant.add, chunks, vectors)

    async def search(
        self,
        text: str | None = None,
        *,
        k: int = DEFAULT_HITS,
        where: Mapping[str, Any] | None = None,
        vector: npt.ArrayLike | None = None,
    ) -> list[Hit]:
        """See `Tenant.search`."""
        if not self._tenant.is_ready(text, vector):
            await self._lanes.prepare(self.id, self._tenant.prepare, text, vector)
        return await self._lanes.search(self.id, self._tenant.search, text, k=k, where=where, vector=vector)

    async def ask(
        self,
        question: str,
        *,
        conversation: str | None = None,
        visitor: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Answer:
        """See `Tenant.ask`."""
        return await self._lanes.run(
            self.id, self._tenant.ask, question, conversation=conversation, visitor=visitor, where=where
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
        loop, queue, gate = asyncio.get_running_loop(), asyncio.Queue[Event | BaseException | None](), Gate()

        def pump() -> None:
            last: BaseException | None = None
            try:
                for event in events:
                    if not gate.wait():
                        last = ConfigError("the engine was closed while it answered")
                        break
                    loop.call_soon_threadsafe(queue.put_nowait, event)
            except BaseException as error:  # noqa: BLE001 (handed to the reader)
                last = error
            finally:
                events.close()
                loop.call_soon_threadsafe(queue.put_nowait, last)

        self._lanes.start(gate, pump)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
                gate.make_room()
        finally:
            gate.stop()

    async def turns(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        conversation: str | None = None,
        visitor: str | None = None,
    ) -> AsyncGenerator[ConversationTurn, None]:
        """See `Tenant.turns`; some are read ahead, in a thread."""
        turns = self._tenant.turns(since=since, until=until, conversation=conversation, visitor=visitor)
        while True:
            some, error = await self._lanes.run(self.id, _read_ahead, turns)
            for turn in some:
                yield turn
            if error is not None:
                raise error
            if not some:
                return

    async def give_feedback(self, conversation: str, turn: TurnId, *, helpful: bool, comment: str = "") -> None:
        """See `Tenant.give_feedback`."""
        await self._lanes.run(self.id, self._tenant.give_feedback, conversation, turn, helpful=helpful, comment=comment)

    async def insights(self, *, since: date | None = None, until: date | None = None) -> Insights:
        """See `Tenant.insights`."""
        return await self._lanes.run(self.id, self._tenant.insights, since=since, until=until)

    async def export(self, path: str | os.PathLike[str], *, visitor: str | None = None) -> ExportReport:
        """See `Tenant.export`."""
        return await self._lanes.run(self.id, self._tenant.export, path, visitor=visitor)

    async def documents(self) -> list[DocumentInfo]:
        """See `Tenant.documents`."""
        return await self._lanes.run(self.id, self._tenant.documents)

    async def delete(self, *sources: str) -> int:
        """See `Tenant.delete`."""
        return await self._lanes.run(self.id, self._tenant.delete, *sources)

    async def compact(self) -> int:
        """See `Tenant.compact`."""
        return await self._lanes.run(self.id, self._tenant.compact)

    async def reindex(self, embedder: Embedder | None = None, *, on_progress: OnReindexed | None = None) -> int:
        """See `Tenant.reindex`; `on_progress` is called from a thread."""
        return await self._lanes.run(self.id, self._tenant.reindex, embedder, on_progress=on_progress)

    async def settings(self) -> TenantSettings:
        """See `Tenant.settings`."""
        return await self._lanes.run(self.id, self._tenant.settings)

    async def configure(self, settings: TenantSettings) -> int:
        """See `Tenant.configure`."""
        return await self._lanes.run(self.id, self._tenant.configure, settings)

    async def erase_document(self, source: str) -> ErasureReceipt:
        """See `Tenant.erase_document`."""
        return await self._lanes.run(self.id, self._tenant.erase_document, source)

    async def erase_visitor(self, visitor: str) -> ErasureReceipt:
        """See `Tenant.erase_visitor`."""
        return await self._lanes.run(self.id, self._tenant.erase_visitor, visitor)

    async def erase(self) -> ErasureReceipt:
        """See `Tenant.erase`."""
        return await self._lanes.run(self.id, self._tenant.erase)

    async def stats(self) -> TenantStats:
        """See `Tenant.stats`."""
        return await self._lanes.run(self.id, self._tenant.stats)


class AsyncEngine:
    """The engine for asyncio.

    Args:
        engine: The engine whose calls are handed to threads; closed with this one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lanes = Lanes()

    @classmethod
    async def open(cls, location: str | os.PathLike[str], *, settings: Settings | None = None) -> Self:
        """See `Engine.open`."""
        return cls(await asyncio.to_thread(Engine.open, location, settings=settings))

    async def tenant(self, tenant_id: str, *, create: bool = True, min_generation: int | None = None) -> AsyncTenant:
        """See `Engine.tenant`."""
        tenant = await self._lanes.prepare(
            str(tenant_id), self._engine.tenant, tenant_id, create=create, min_generation=min_generation
        )
        return AsyncTenant(tenant, self._lanes)

    async def tenants(self) -> list[str]:
        """See `Engine.tenants`."""
        return await self._lanes.run(ENGINE, self._engine.tenants)

    async def erase_tenant(self, tenant_id: str) -> ErasureReceipt:
        """See `Engine.erase_tenant`."""
        return await self._lanes.run(ENGINE, self._engine.erase_tenant, tenant_id)

    async def rotate_keys(
        self, *, only_due: bool = False, reencrypt: bool = False, on_progress: OnRound | None = None
    ) -> RotationReport:
        """See `Engine.rotate_keys`; `on_progress` is called from a thread."""
        return await self._lanes.run(
            ENGINE, self._engine.rotate_keys, only_due=only_due, reencrypt=reencrypt, on_progress=on_progress
        )

    async def vacuum(self, *, grace_s: float | None = None) -> VacuumReport:
        """See `Engine.vacuum`."""
        return await self._lanes.run(ENGINE, self._engine.vacuum, grace_s=grace_s)

    async def purge_expired(self) -> PurgeReport:
        """See `Engine.purge_expired`."""
        return await self._lanes.run(ENGINE, self._engine.purge_expired)

    async def verify(self, *tenant_ids: str) -> VerifyReport:
        """See `Engine.verify`."""
        return await self._lanes.run(ENGINE, self._engine.verify, *tenant_ids)

    async def back_up(self, destination: str | os.PathLike[str], *tenant_ids: str) -> CopyReport:
        """See `Engine.back_up`."""
        return await self._lanes.run(ENGINE, self._engine.back_up, destination, *tenant_ids)

    async def restore(self, source: str | os.PathLike[str], *tenant_ids: str) -> VerifyReport:
        """See `Engine.restore`."""
        return await self._lanes.run(ENGINE, self._engine.restore, source, *tenant_ids)

    async def health(self) -> HealthReport:
        """See `Engine.health`."""
        return await self._lanes.run(ENGINE, self._engine.health)

    async def cache_stats(self) -> CacheStats:
        """See `Engine.cache_stats`."""
        return await self._lanes.run(ENGINE, self._engine.cache_stats)

    async def close(self) -> None:
        """Waits for calls under way, then closes the engine."""
        await asyncio.to_thread(self._lanes.close)
        self._engine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
