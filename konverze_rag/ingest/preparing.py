"""From an upload to the chunks of a document, in threads that run ahead of whoever embeds them."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from msgspec import structs

from konverze_core.documents import Document, Metadata, MetadataValue, Unread
from konverze_core.errors import StoreError
from konverze_core.protocols import Clock
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.index import TenantIndex
from konverze_indexes.snapshot import Extent
from konverze_loaders import Chunker, LoadLimits
from konverze_loaders.pdf.ocr import language_data
from konverze_rag.ingest.daily_ingests import DailyIngests
from konverze_rag.ingest.quotas import NO_GROWTH, Room, growth_of
from konverze_rag.uploads import NamedUpload, at_hand, upload_bytes
from konverze_rag.version import __version__

MAX_READERS = 16
"""Threads that read files, two for each core up to so many: some wait for the disk while others cut."""

FILES_AHEAD = 2
"""Files for each of them that are being read, or are read and wait to be embedded."""

MAX_BYTES_AHEAD = 64_000_000
"""No further file is begun while those that wait are longer than this together."""


class LoadDocument(Protocol):
    """Turns the bytes of a file into a document; several threads may call it at once."""

    def __call__(self, data: bytes, /, *, name: str, password: str | None, limits: LoadLimits) -> Document:
        """The document.

        Raises:
            LoadError: The file cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be ingested.

    Attributes:
        uploads: Each under a document id of its own.
        metadata: Filterable facts for all chunks, checked.
        password: Opens locked files.
        folder: Label of the folder whose sync brings the uploads in; empty for none.
    """

    uploads: Sequence[NamedUpload] = ()
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])
    password: str | None = field(default=None, repr=False)
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read of an upload.

    Attributes:
        content_sha256: Hex digest of the upload.
        item: The document with its chunks; None where the index has it already.
        unread: Parts whose text is missing.
        replaces: Whether the index has a document of this id.
        growth: How much the index grows by.
    """

    content_sha256: str
    item: DocumentChunks | None = None
    unread: tuple[Unread, ...] = ()
    replaces: bool = False
    growth: Extent = NO_GROWTH


Outcome: TypeAlias = tuple[NamedUpload, Callable[[], Read]]
"""An upload, and a call that waits for what was read of it, or raises what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How uploads become chunks.

    Attributes:
        chunker: Cuts documents.
        load: Reads files.
        limits: How large a file may be.
        fingerprint: Of the embedding model; empty for a lexical index.
        stopped: Set once nothing more shall be read; ends what the chunker waits for.
    """

    chunker: Chunker
    load: LoadDocument
    limits: LoadLimits
    fingerprint: str
    stopped: threading.Event


class Preparation:
    """Reads and cuts the uploads of one order.

    Args:
        index: The tenant's index.
        order: What is to be ingested.
        rules: How uploads become chunks.
        clock: Dates the documents.
        room: What the tenant's quotas leave.
        daily: Counts the uploads that are read.
    """

    def __init__(
        self, index: TenantIndex, order: Order, rules: Rules, clock: Clock, *, room: Room, daily: DailyIngests
    ) -> None:
        self._index = index
        self._order = order
        self._rules = rules
        self._clock = clock
        self._room = room
        self._daily = daily
        self._settings = _settings_digest(order, rules)
        self._originals: set[str] = set()

    def outcomes(self) -> Generator[Outcome]:
        """Each upload, in order.

        Raises:
            ConfigError: An upload is no file.
        """
        return _ahead(self._order.uploads, self._rules, self._read)

    def hand_over(self, items: Iterable[DocumentChunks]) -> None:
        """Notes that a commit cares for the sealed originals of these documents from now on."""
        self._originals.difference_update(item.document.original for item in items)

    def forget_originals(self) -> None:
        """Removes the sealed originals that never came to a commit; nothing is being read any more."""
        with suppress(StoreError):  # what is left over is for a vacuum
            for name in self._originals:
                self._index.blobs.delete(name)

    def _read(self, upload: NamedUpload) -> Read:
        data = upload_bytes(upload, self._rules.limits)
        digest = hashlib.sha256(data).hexdigest()
        known = self._index.snapshot().rows_of(upload.source)  # which also looks whether the keys may still be used
        if known and self._is_current(known, digest):
            return Read(content_sha256=digest)
        growth = growth_of(known, len(data), replaces=True)
        self._room.check(upload.source, growth)
        self._daily.count(upload.source)
        document = self._rules.load(data, name=upload.name, password=self._order.password, limits=self._rules.limits)
        metadata = self._order.metadata
        facts: dict[str, MetadataValue] = {**document.metadata, **metadata}
        chunks = self._rules.chunker.chunk(replace(document, metadata=facts), upload.source)
        chunks = [structs.replace(chunk, metadata={**chunk.metadata, **metadata}) for chunk in chunks]
        row = IndexedDocument(
            id=upload.source,
            ingested_at=self._clock.now(),
            content_bytes=len(data),
            content_sha256=digest,
            settings_sha256=self._settings,
            upload=self._kept(data),
            metadata=facts,
            folder=self._order.folder,
            unread=len(document.unread),
        )
        item = DocumentChunks(document=row, chunks=tuple(chunks))
        return Read(content_sha256=digest, item=item, unread=document.unread, replaces=bool(known), growth=growth)

    def _is_current(self, known: Sequence[IndexedDocument], digest: str) -> bool:
        if len(known) != 1 or (known[0].content_sha256, known[0].settings_sha256) != (digest, self._settings):
            return False
        return self._order.password is None or not known[0].unread  # which the password may open

    def _kept(self, data: bytes) -> str:
        name = secrets.token_hex(16)
        self._originals.add(f"uploads/{name}")
        self._index.blobs.write_lasting("upload", f"uploads/{name}", data)
        return name


def _settings_digest(order: Order, rules: Rules) -> str:
    parts = {
        "version": __version__,
        "chunker": rules.chunker.name,
        "embedder": rules.fingerprint,
        "metadata": dict(order.metadata),
        "folder": order.folder,
        "reads images": [*language_data()],  # once there are more languages, documents are read anew
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _ahead(uploads: Iterable[NamedUpload], rules: Rules, read: Callable[[NamedUpload], Read]) -> Generator[Outcome]:
    threads = min(2 * (os.cpu_count() or 1), MAX_READERS)
    begun: deque[tuple[NamedUpload, int, Future[Read]]] = deque()
    ahead = 0
    executor = ThreadPoolExecutor(threads, thread_name_prefix="konverze-read")
    try:
        for upload in uploads:
            present, size = at_hand(upload, rules.limits)
            while len(begun) >= FILES_AHEAD * threads or (begun and ahead + size > MAX_BYTES_AHEAD):
                first, held, future = begun.popleft()
                ahead -= held
                yield first, future.result
            begun.append((upload, size, executor.submit(read, present)))
            ahead += size
        for last, _, future in begun:
            yield last, future.result
    finally:
        rules.stopped.set()
        executor.shutdown(cancel_futures=True)
