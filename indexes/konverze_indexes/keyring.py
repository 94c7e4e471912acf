"""The keys of one tenant: created once, wrapped by the key provider, held in memory for the time of a lease.

How they are stored: `konverze_indexes.generations`; how they are wrapped: `konverze_indexes.keywrap`; for how long they
are held: `konverze_indexes.lease`.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import NoReturn

from msgspec import structs

from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
    StoreError,
    TenantErasedError,
    UnknownTenantError,
)
from konverze_core.protocols import SHARED_KEK, BlobStore, Clock, KeyProvider, WrappedKey
from konverze_indexes.datakeys import DataKey
from konverze_indexes.flight import SingleFlight
from konverze_indexes.generations import ROOT, Generations, StoredKeyring
from konverze_indexes.keyring_file import DekEntry, KeyringBody, KeyState
from konverze_indexes.keywrap import first_body, sealed_name_key, unlocked, unwrapped_key, wrapped_key
from konverze_indexes.lease import Lease, LeaseTerms
from konverze_indexes.marks import Marks, MemoryMarks
from konverze_indexes.tenant_ids import checked_tenant_id, tenant_directory

REREAD_S = 60.0
"""A `refresh` that finds no newer generation reads the one at hand again after this time."""

BLIND_NAME_BYTES = 16


class Keyring:
    """A tenant's keys; safe to share between threads. Made by `create` and `open`.

    Every verb that needs a key holds the lease first and may raise what `hold` raises. Once the tenant is erased, each
    of them raises `TenantErasedError`.
    """

    def __init__(self, generations: Generations, stored: StoredKeyring, clock: Clock, *, lease: LeaseTerms) -> None:
        self._generations = generations
        self._provider = generations.provider
        self._clock = clock
        self._lock = threading.Lock()
        self._stored = stored
        self._looked_at = self._read_at = clock.monotonic()
        self._keys: dict[bytes, DataKey] = {}
        self._name_key: bytes | None = None
        self._unwrapping = SingleFlight[DataKey]()
        self._lease = Lease(clock, lease, self._renew)
        self._lease.on_drop(self._forget)
        self._tenant_id = ""
        self._is_closed = False
        self._lease.hold()

    @classmethod
    def create(
        cls,
        blobs: BlobStore,
        provider: KeyProvider,
        tenant_id: str,
        clock: Clock,
        *,
        kek: str = SHARED_KEK,
        marks: Marks | None = None,
        lease: LeaseTerms | None = None,
    ) -> Keyring:
        """The tenant's keyring, made now unless the tenant has one; of several creators one wins for all.

        Args:
            blobs: Where it is stored.
            provider: Wraps its keys and signs it.
            tenant_id: Whose it is.
            clock: Dates its keys and measures the lease.
            kek: Name of the KEK that wraps the keys of a new keyring; made unless it is the shared one or there.
            marks: Remembers the newest generation; by default only this object does.
            lease: For how long keys are held.

        Raises:
            ConfigError: The id is not legal.
            IntegrityError: The stored keyring is not what was written, or gone while the tenant's data is there; or the
                provider does not unwrap what it wraps.
            KeyProviderError: The provider cannot wrap or sign.
            RollbackError: The keyring is older than its mark, or gone.
            StoreError: The keyring cannot be stored.
            TenantErasedError: The tenant was erased.
        """
        directory = tenant_directory(tenant_id)
        generations = Generations(blobs, provider, directory, marks or MemoryMarks())
        try:
            stored = generations.newest()
        except UnknownTenantError:
            _refuse_orphaned_data(blobs, directory)
            if kek != SHARED_KEK:
                provider.create_kek(kek)
            stored = generations.created(first_body(provider, checked_tenant_id(tenant_id), clock.now(), kek=kek))
        return cls(generations, stored, clock, lease=lease or LeaseTerms())

    @classmethod
    def open(
        cls,
        blobs: BlobStore,
        provider: KeyProvider,
        tenant_id: str,
        clock: Clock,
        *,
        marks: Marks | None = None,
        lease: LeaseTerms | None = None,
    ) -> Keyring:
        """The newest generation of the tenant's keyring, unlocked by one unwrap.

        Args:
            blobs: Where it is stored.
            provider: Wraps its keys and signs it.
            tenant_id: Whose it is.
            clock: Measures the lease.
            marks: Remembers the newest generation; by default only this object does.
            lease: For how long keys are held.

        Raises:
            ConfigError: The id is not legal.
            IntegrityError: The keyring is not what was written.
            KeyProviderError: The provider cannot verify or unwrap.
            RollbackError: The keyring is older than its mark, or gone.
            StoreError: The keyring cannot be read.
            TenantErasedError: The tenant was erased.
            UnknownTenantError: The tenant has none.
        """
        generations = Generations(blobs, provider, tenant_directory(tenant_id), marks or MemoryMarks())
        return cls(generations, generations.newest(), clock, lease=lease or LeaseTerms())

    def __repr__(self) -> str:
        return f"Keyring({self.directory!r}, generation={self.generation})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keyrings are not pickled or copied")

    @property
    def tenant_id(self) -> str:
        """The tenant's true id, in normalisation form C."""
        return self._tenant_id

    @property
    def directory(self) -> str:
        """The tenant's part of blob names."""
        return self._generations.directory

    @property
    def generation(self) -> int:
        """Generation of the keyring at hand, from 1."""
        return self._stored.body.generation

    @property
    def kek(self) -> str:
        """Name of the KEK that wraps the data keys."""
        return self._stored.body.kek

    @property
    def deks(self) -> tuple[DekEntry, ...]:
        """The wrapped data keys of the generation at hand, oldest first; none of an erased tenant."""
        return self._stored.body.deks

    @property
    def active(self) -> DataKey:
        """The data key that seals new blobs.

        Raises:
            IntegrityError: The wrapped key is not what was written.
            KeyProviderError: The provider cannot unwrap.
            TenantErasedError: The tenant was erased.
        """
        self.hold()
        return self.key(self._live().active.key_id)

    def key(self, key_id: bytes) -> DataKey:
        """A data key by its id, unwrapped once however many threads ask; looks for a newer generation that has it.

        Raises:
            IntegrityError: No such key, or the wrapped key is not what was written.
            KeyProviderError: The provider cannot unwrap; the next call tries again.
            StoreError: There is no such key in the generation at hand, and the store cannot be asked for a newer one.
            TenantErasedError: The tenant was erased.
        """
        self.hold()
        return self._keys.get(key_id) or self._unwrapping.do(key_id, lambda: self._unwrapped(key_id))

    def blind_name(self, label: str, name: str) -> str:
        """A name that only this tenant can compute: HMAC-SHA256(name key, label ‖ 0 ‖ name), 16 bytes in hex.

        Args:
            label: What is named, such as `visitor`; holds no NUL.
            name: The true name.
        """
        message = label.encode() + b"\0" + name.encode()
        return hmac.digest(self._held_name_key(), message, "sha256")[:BLIND_NAME_BYTES].hex()

    def hold(self) -> None:
        """Returns when the keys, and what they have opened, may be used now; almost always at once.

        Raises:
            IntegrityError: The wrapped keys are not what was written; all that was held is dropped.
            KeyAccessDeniedError: The KEK is disabled or forbidden; all that was held is dropped.
            KeyDestroyedError: The KEK is gone; all that was held is dropped.
            KeyUnavailableError: The provider cannot be reached, and the grace is over; all that was held is dropped.
            TenantErasedError: The tenant was erased.
        """
        if self._is_closed:
            raise ConfigError("the engine is closed")
        self._lease.hold()

    def on_drop(self, callback: Callable[[], None]) -> None:
        """Calls back whenever the keys are dropped, before anybody hears of it; the next `hold` takes them up again.

        Args:
            callback: Drops what the keys have opened. Runs in whatever thread noticed, so it takes no lock under which
                this keyring is asked for anything.
        """
        self._lease.on_drop(callback)

    def drop(self) -> None:
        """Drops the keys, and all that they have opened; the next use asks the key provider again."""
        self._lease.drop()

    def close(self) -> None:
        """Drops the keys for good: every use is a `ConfigError` from now on."""
        self._is_closed = True
        self._lease.drop()

    def drop_if_idle(self) -> None:
        """Drops the keys, and all that they have opened, unless they were used within the time of the lease."""
        self._lease.drop_if_idle()

    def refresh(self, *, within_s: float = 0.0) -> None:
        """Takes up the newest generation; costs one listing when there is no newer one.

        Args:
            within_s: A look that was taken within so many seconds will do.

        Raises:
            IntegrityError: The newest generation is not what was written.
            KeyProviderError: The provider cannot verify it; the one at hand stays.
            RollbackError: It is older than the one at hand, does not follow it, or is gone.
            StoreError: It cannot be read; the one at hand stays.
            TenantErasedError: The tenant was erased; all that was held is dropped.
        """
        now = self._clock.monotonic()
        if now - self._looked_at >= within_s:
            rereads = now - self._read_at >= REREAD_S
            self._take_up(self._generations.newest(self._stored, rereads=rereads), is_read=rereads)
            self._looked_at = now
        self._live()

    @contextmanager
    def telling_erasure(self) -> Generator[None]:
        """What looks damaged or rolled back because the tenant is being erased becomes a `TenantErasedError`."""
        try:
            yield
        except IntegrityError:
            with suppress(StoreError):
                self.refresh()
            raise

    def update(self, change: Callable[[KeyringBody], KeyringBody]) -> KeyringBody:
        """Commits a new generation, on top of what others have committed; deletes older ones.

        Args:
            change: What to change, apart from the numbers. Called again whenever another writer was faster, and
                possibly on a body that holds the change already: it returns such a body as it is, and nothing is put.

        Returns:
            The newest generation, read back from the store.

        Raises:
            ConflictError: Other writers were faster, time and again.
            IntegrityError: The newest generation is not what was written.
            KeyProviderError: The provider cannot sign or verify.
            StoreError: The generation cannot be stored.
            TenantErasedError: The tenant was erased; all that was held is dropped.
        """

        def changed(body: KeyringBody) -> KeyringBody:
            return body if body.is_erased else change(body)

        stored = self._generations.replaced(self._stored, changed)
        with suppress(StoreError):  # it is stored; the next update tidies up
            self._generations.delete_older(stored)
        self._take_up(stored, is_read=True)
        self._live()
        return stored.body

    def rewrap(self) -> int:
        """Wraps all data keys by the newest version of the KEK.

        Returns:
            How many were not yet; nothing is written when none was left.

        Raises:
            IntegrityError: The provider does not unwrap what it wraps.
            KonverzeError: As in `update`.
        """
        current = self._provider.current_version(self.kek).key_id
        fresh: dict[str, WrappedKey] = {}

        def rewrapped(entry: DekEntry) -> DekEntry:
            if entry.kek_id == current:
                return entry
            if entry.id not in fresh:
                key = self._keys.get(entry.key_id) or self._asked(entry)
                fresh[entry.id] = wrapped_key(self._provider, self.directory, key, kek=self.kek)
            return entry.rewrapped(fresh[entry.id])

        self.update(lambda body: structs.replace(body, deks=tuple(map(rewrapped, body.deks))))
        return len(fresh)

    def add_data_key(self) -> bytes:
        """Makes a data key that seals from now on; those before it are retired.

        Returns:
            Its id; the key is stored, and was read back.

        Raises:
            IntegrityError: The provider does not unwrap what it wraps.
            KonverzeError: As in `update`.
        """
        key, name_key = DataKey.fresh(), self._held_name_key()
        wrapped = wrapped_key(self._provider, self.directory, key, kek=self.kek)
        entry = DekEntry.of(key.id, wrapped, created_at=self._clock.now())
        sealed = sealed_name_key(key, self.directory, name_key)

        def added(body: KeyringBody) -> KeyringBody:
            if body.entry(key.id):
                return body
            deks = (*(older.retired() for older in body.deks), entry)
            return structs.replace(body, deks=deks, name_key_sealed=sealed)

        self.update(added)
        return key.id

    def drop_data_keys(self, key_ids: Iterable[bytes]) -> int:
        """Drops retired data keys, whose blobs nobody can open any more; ids that are not there are no error.

        Returns:
            How many were there.

        Raises:
            ConfigError: One of them is active.
            KonverzeError: As in `update`.
        """
        unwanted = set(key_ids)
        dropped: set[bytes] = set()

        def without(body: KeyringBody) -> KeyringBody:
            gone = [entry for entry in body.deks if entry.key_id in unwanted]
            if any(entry.state is KeyState.ACTIVE for entry in gone):
                raise ConfigError("a data key that still seals cannot be dropped")
            dropped.update(entry.key_id for entry in gone)
            return structs.replace(body, deks=tuple(entry for entry in body.deks if entry not in gone))

        self.update(without)
        return len(dropped)

    def _live(self) -> KeyringBody:
        body = self._stored.body
        if body.is_erased:
            raise TenantErasedError("the tenant was erased")
        return body

    def _held_name_key(self) -> bytes:
        self.hold()
        while (name_key := self._name_key) is None:  # dropped since
            self.hold()
        return name_key

    def _unwrapped(self, key_id: bytes) -> DataKey:
        if self._live().entry(key_id) is None:
            self.refresh()
        entry = self._live().entry(key_id)
        if entry is None:
            raise IntegrityError(f"no data key {key_id.hex()} in {self!r}")
        held = self._keys  # a drop replaces it, so that a late key is not kept
        held[key_id] = self._asked(entry)
        return held[key_id]

    def _asked(self, entry: DekEntry) -> DataKey:
        return unwrapped_key(self._provider, self.directory, entry.key_id, entry.wrapped)

    def _renew(self) -> None:
        """Unwraps the active key, and whatever others are held; a refusal may only be of an older generation's KEK."""
        try:
            self._unwrap_held()
        except (KeyAccessDeniedError, KeyDestroyedError, IntegrityError):
            if not self._has_newer():
                raise
            self._unwrap_held()

    def _has_newer(self) -> bool:
        """Takes up a newer generation, if there is one."""
        generation = self.generation
        with suppress(StoreError, KeyUnavailableError):
            self._take_up(self._generations.newest(self._stored, rereads=False), is_read=False)
        return self.generation > generation

    def _unwrap_held(self) -> None:
        body = self._live()
        opened = unlocked(self._provider, body)
        others = [entry for entry in body.deks if entry.key_id in self._keys and entry != body.active]
        keys = {opened.active.id: opened.active, **{entry.key_id: self._asked(entry) for entry in others}}
        with self._lock:
            kept = {entry.key_id for entry in self._live().deks}  # unless it was erased meanwhile
            self._keys = {key_id: key for key_id, key in keys.items() if key_id in kept}
            self._name_key, self._tenant_id = opened.name_key, opened.tenant_id

    def _take_up(self, stored: StoredKeyring, *, is_read: bool) -> None:
        with self._lock:
            if stored.body.generation > self.generation:
                self._stored, is_read = stored, True
                kept = {entry.key_id for entry in stored.body.deks}
                self._keys = {key_id: key for key_id, key in self._keys.items() if key_id in kept}
            if is_read:
                self._read_at = self._clock.monotonic()
        if self._stored.body.is_erased:
            self._lease.drop()

    def _forget(self) -> None:
        with self._lock:
            self._keys, self._name_key = {}, None


def _refuse_orphaned_data(blobs: BlobStore, directory: str) -> None:
    """A fresh keyring could not open the data, and would stand in the way of restoring the true one."""
    # Looked for a second time, in this order: a creator that was faster may have written data since the first look.
    if blobs.list(f"tenants/{directory}/") and not blobs.list(f"{ROOT}{directory}/"):
        raise IntegrityError(f"the tenant's data is there, but its keyring {ROOT}{directory}/ is gone: restore it")
