"""The keys that seal a day's turns; destroying one ends the turns of its day."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from konverze_core.errors import BlobNotFoundError, ConflictError, IntegrityError
from konverze_core.protocols import Clock
from konverze_indexes.datakeys import KEY_ID_BYTES, SECRET_BYTES, DataKey, subkey
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import OneKey, TenantBlobs
from konverze_rag.conversations.names import DAYS, key_name

KIND = "day-key"
"""What a day key is sealed as."""

CACHED_DAYS = 1
"""Keys of today and of this many days before stay in memory, for as long as the tenant's key lease lasts: none that a
purge may have destroyed. That of the day last asked for stays until the next look for what is not needed any more."""


class DayKeys:
    """The day keys of one tenant; safe to share between threads.

    Args:
        blobs: The tenant's sealed blobs.
        keyring: Its lease covers the day keys too.
        clock: Tells which day it is.
    """

    def __init__(self, blobs: TenantBlobs, keyring: Keyring, clock: Clock) -> None:
        self._blobs = blobs
        self._keyring = keyring
        self._clock = clock
        self._cached: dict[date, DataKey] = {}
        keyring.on_drop(self.drop)

    def drop(self) -> None:
        """Forgets all keys."""
        self._cached = {}

    def forget_ended(self) -> None:
        """Forgets the keys of days that conversations do not go on from."""
        cached, oldest = self._cached, self._clock.now().date() - timedelta(days=CACHED_DAYS)
        for day in list(cached):
            if day < oldest:
                cached.pop(day, None)

    def blobs_of(self, day: date) -> TenantBlobs:
        """The tenant's blobs, sealed and opened under the key of the day.

        Raises:
            BlobNotFoundError: The day has no key.
            IntegrityError: The key is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        """
        return replace(self._blobs, keys=OneKey(active=self._key(day)))

    def feedback_blobs(self, day: date, content_sha256: bytes) -> TenantBlobs:
        """As `blobs_of`, under the key of the feedback on one turn: it ends with the day's key, and with the turn.

        Args:
            day: Of the turn.
            content_sha256: Of the turn's plaintext, which an erasure replaces.

        Raises:
            KonverzeError: As `blobs_of` says.
        """
        secret = self._key(day).secret
        key_id = subkey(secret, "konverze/v1/feedback-id", content_sha256)[:KEY_ID_BYTES]
        key = DataKey(id=key_id, secret=subkey(secret, "konverze/v1/feedback", content_sha256))
        return replace(self._blobs, keys=OneKey(active=key))

    def begun(self, day: date) -> TenantBlobs:
        """As `blobs_of`, for a writer: makes the key of a day that has no turns yet, and never another one.

        Raises:
            IntegrityError: The key is not what was written, or gone while turns of the day stand.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        """
        try:
            return self.blobs_of(day)
        except BlobNotFoundError as exc:
            if self._blobs.names(f"{DAYS}{day.isoformat()}/"):
                raise IntegrityError(f"the conversation key of {day} is gone") from exc
        fresh = DataKey.fresh()
        with suppress(ConflictError):
            self._blobs.write_lasting(KIND, key_name(day), fresh.id + fresh.secret)
        return self.blobs_of(day)  # read back: of several writers one has made the key

    def _key(self, day: date) -> DataKey:
        self._keyring.hold()
        cached = self._cached  # of this lease: what a drop has replaced meanwhile is not added to
        return cached.get(day) or self._remembered(cached, day, self._opened(day))

    def _opened(self, day: date) -> DataKey:
        opened = self._blobs.read(KIND, key_name(day)).tobytes()
        if len(opened) != KEY_ID_BYTES + SECRET_BYTES:
            raise IntegrityError(f"the conversation key of {day} has another length")
        return DataKey(id=opened[:KEY_ID_BYTES], secret=opened[KEY_ID_BYTES:])

    def _remembered(self, cached: dict[date, DataKey], day: date, key: DataKey) -> DataKey:
        self.forget_ended()
        cached[day] = key
        return key
