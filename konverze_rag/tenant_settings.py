"""What a tenant has settled for itself: sealed, versioned, and applied over the engine's settings.

A version is stored at `settings/<10**19 - 1 - version, 20 digits>`, so that the newest is listed first, put if absent,
so that of several writers of one version one wins and the others write the next.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    IntegrityError,
    RollbackError,
    StoreError,
)
from konverze_core.protocols import BlobStore, Clock
from konverze_core.reports import Finding
from konverze_indexes.contention import pause
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs, blob_digest
from konverze_rag.settings import (
    AnswerCacheSize,
    AsksPerMinute,
    ChunkerName,
    ChunkOverlapTokens,
    ChunkTokens,
    DailyCost,
    DailyIngests,
    DailyTokens,
    Fusion,
    HistoryTurns,
    MaxDocuments,
    MaxOutputTokens,
    MaxStoredBytes,
    Mode,
    ParentTokens,
    Redacted,
    RetentionDays,
    RetrievalK,
    Settings,
    Share,
    Text,
    Texts,
    Weight,
    said_of,
)

KIND = "settings"
"""What a version is sealed as."""

MAX_CONFIGURE_TRIES = 64
"""How often a writer goes behind a faster one before it gives up."""

REFRESH_S = 1.0
"""Settings that another process has stored are applied within this time."""

_LAST = 10**19 - 1
_NAME = re.compile(r"settings/([0-9]{20})")


class TenantSettings(BaseModel):
    """What a tenant settles for itself; None leaves it to the engine's `Settings`, which describe each field.

    Raises:
        ConfigError: A value is not one that its field takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    mode: Mode | None = None
    persona: Text | None = None
    tone: Text | None = None
    answer_language: Text | None = None
    refusal_text: Text | None = None
    chunker: ChunkerName | None = None
    chunk_tokens: ChunkTokens | None = None
    chunk_overlap_tokens: ChunkOverlapTokens | None = None
    parent_tokens: ParentTokens | None = None
    retrieval_k: RetrievalK | None = None
    fusion: Fusion | None = None
    dense_weight: Weight | None = None
    lexical_weight: Weight | None = None
    relevance_weight: Share | None = None
    answerable_score: Share | None = None
    link_hosts: Texts | None = None
    redact: Redacted | None = None
    answer_cache_size: AnswerCacheSize | None = None
    daily_tokens: DailyTokens | None = None
    daily_cost: DailyCost | None = None
    max_documents: MaxDocuments | None = None
    max_stored_bytes: MaxStoredBytes | None = None
    daily_ingests: DailyIngests | None = None
    visitor_asks_per_minute: AsksPerMinute | None = None
    redaction_keeps: Texts | None = None
    history_turns: HistoryTurns | None = None
    max_output_tokens: MaxOutputTokens | None = None
    retention_days: RetentionDays | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as exc:
            failure = ConfigError(said_of(exc))
        raise failure  # not in the handler: the error holds the values, which are the tenant's own

    def over(self, settings: Settings) -> Settings:
        """The engine's settings, with the tenant's own in their place.

        Raises:
            ConfigError: They do not go together.
        """
        together = settings.model_copy(update=self.model_dump(exclude_none=True))
        together.check_together()
        return together


_NOTHING = TenantSettings()


class _Version(BaseModel):
    """A version, as stored.

    Attributes:
        version: Of this format.
        number: Of these settings, from 1; must equal the one in the name.
        previous: SHA-256 of the sealed version before; empty for the first.
        changed_at: UTC.
        settings: What was settled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    number: int
    previous: str
    changed_at: datetime
    settings: TenantSettings


class _Seen(NamedTuple):
    """Newest version that this process has read; outlives the end of a key lease, since it tells nothing."""

    number: int = 0
    digest: str = ""


class TenantConfiguration:
    """The settings of one tenant; safe to share between threads.

    Args:
        store: Where the sealed versions live.
        keyring: The tenant's keys.
        clock: Dates versions and paces the look for newer ones.
        defaults: The engine's settings.
    """

    def __init__(self, store: BlobStore, keyring: Keyring, clock: Clock, *, defaults: Settings) -> None:
        self._blobs = TenantBlobs.of(store, keyring)
        self._keyring = keyring
        self._clock = clock
        self._defaults = defaults
        self._lock = threading.Lock()
        self._seen = _Seen()
        self._checked_at = clock.monotonic()
        self._own: TenantSettings | None = None
        self._over_defaults = (_NOTHING, defaults)  # of the last call: a search is no place to merge settings
        keyring.on_drop(self._drop)

    def current(self) -> Settings:
        """The engine's settings with the tenant's own in their place; looks for newer ones at most once in `REFRESH_S`.

        Outlives an outage of the store: until the look succeeds, the version at hand is served.

        Raises:
            ConfigError: What was stored does not go together with the engine's settings of today.
            IntegrityError: What is stored is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: Nothing was read yet, and the store cannot be read.
        """
        own = self.own()
        known, settings = self._over_defaults
        if known is not own:
            settings = own.over(self._defaults)
            self._over_defaults = own, settings
        return settings

    def own(self) -> TenantSettings:
        """What the tenant has settled; as fresh as `current`.

        Raises:
            IntegrityError: What is stored is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: Nothing was read yet, and the store cannot be read.
        """
        self._keyring.hold()
        own = self._own
        if own is None:
            with self._lock:
                return self._load()
        if self._clock.monotonic() - self._checked_at >= REFRESH_S and self._lock.acquire(blocking=False):
            try:
                with suppress(StoreError):
                    own = self._load()
                self._checked_at = self._clock.monotonic()
            finally:
                self._lock.release()
        return own

    def configure(self, settings: TenantSettings) -> int:
        """Stores settings in place of the earlier ones.

        Returns:
            Their version.

        Raises:
            ConfigError: They do not go together with the engine's; nothing was stored.
            ConflictError: Other writers were faster, time and again.
            IntegrityError: What is stored is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not take it.
        """
        if not isinstance(settings, TenantSettings):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("a tenant is configured by kr.TenantSettings")
        settings.over(self._defaults)
        return self._stored(lambda _: settings)

    def renew(self) -> int:
        """Stores the newest settings once more, sealed under the active data key, whoever else configures meanwhile.

        Returns:
            Their version.

        Raises:
            KonverzeError: As in `configure`.
        """
        return self._stored(lambda newest: newest)

    def verify(self) -> Iterator[Finding]:
        """Versions that do not follow the version before them; those that do not open are for the index to find.

        Raises:
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store cannot be read.
        """
        opened: list[tuple[_Version, str]] = []
        for name in self._blobs.names("settings/"):
            with suppress(IntegrityError, BlobNotFoundError):
                opened.append(self._version(_number_of(name)))
        for (newer, _), (older, digest) in pairwise(opened):
            if newer.number == older.number + 1 and newer.previous != digest:
                name = self._blobs.prefix + _name(newer.number)
                yield Finding(name=name, problem="does not follow the version of the settings before it")

    def _stored(self, change: Callable[[TenantSettings], TenantSettings]) -> int:
        self._keyring.hold()
        for tries in range(MAX_CONFIGURE_TRIES):
            with self._lock:
                settings = change(self._load())
                if self._put(settings, self._seen):
                    return self._seen.number
            pause(tries)
        raise ConflictError(f"other writers were faster {MAX_CONFIGURE_TRIES} times in a row; try again")

    def _put(self, settings: TenantSettings, before: _Seen) -> bool:
        number = before.number + 1
        version = _Version(number=number, previous=before.digest, changed_at=self._clock.now(), settings=settings)
        sealed_by = self._keyring.active.id
        try:
            digest = self._blobs.write_chained(KIND, _name(number), version.model_dump_json().encode())
        except ConflictError:
            return False
        self._keyring.refresh()
        if self._blobs.seals(sealed_by):
            self._seen, self._own = _Seen(number, digest), settings
            return True
        try:
            return self._put(settings, _Seen(number, digest))  # who has read the one follows to the other
        finally:
            self._blobs.delete(_name(number))

    def _load(self) -> TenantSettings:
        with self._keyring.telling_erasure():
            return self._newest()

    def _newest(self) -> TenantSettings:
        names = self._blobs.names("settings/")
        number = _number_of(names[0]) if names else 0
        if number < self._seen.number:
            raise RollbackError(f"settings {number} stand where settings {self._seen.number} were already seen")
        own, digest = _NOTHING, ""
        if number:
            version, digest = self._version(number)
            self._check_descent(version, digest)
            own = version.settings
        self._seen, self._own = _Seen(number, digest), own
        self._checked_at = self._clock.monotonic()
        return own

    def _version(self, number: int) -> tuple[_Version, str]:
        name = _name(number)
        sealed = self._blobs.stored(KIND, name)
        version = None
        # Not raised in a handler: the error may quote the settings, and would be the context.
        with suppress(ValidationError, ConfigError):
            version = _Version.model_validate_json(self._blobs.opened(KIND, name, sealed).tobytes())
        if version is None:
            raise IntegrityError(f"{name} holds no settings of this version")
        if version.number != number:
            raise RollbackError(f"{name} holds another version of the settings")
        return version, blob_digest(sealed)

    def _check_descent(self, version: _Version, digest: str) -> None:
        """Follows the chain back to the version seen last, as far as it is still there."""
        seen = self._seen
        if version.number == seen.number:
            if digest != seen.digest:
                raise RollbackError(f"other settings stand where settings {seen.number} were already seen")
            return
        while seen.number and version.number > seen.number + 1:
            try:
                earlier, digest = self._version(version.number - 1)
            except BlobNotFoundError:
                return
            if version.previous != digest:
                raise RollbackError(f"settings {version.number} do not follow the version before them")
            version = earlier
        if seen.number and version.previous != seen.digest:
            raise RollbackError(f"settings {version.number} do not follow settings {seen.number}, seen before")

    def _drop(self) -> None:
        self._own = None


def _name(number: int) -> str:
    return f"settings/{_LAST - number:020d}"


def _number_of(name: str) -> int:
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise IntegrityError(f"{name} is no version of the settings, but stands among them")
    return _LAST - int(parts[1])
