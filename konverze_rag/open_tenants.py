"""The tenants that an engine has open."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from functools import partial

from konverze_core.errors import ConfigError, KonverzeError, StoreError, UnknownTenantError
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.generations import list_directories
from konverze_indexes.keyring import Keyring
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.stores import check_put_if_absent
from konverze_indexes.tenant_ids import checked_tenant_id, tenant_directory
from konverze_rag.tenancy import Tenancy
from konverze_rag.tenant import Tenant
from konverze_rag.upkeep.maintenance import IdleSweep

SWEPT_PER_LEASE = 0.25
"""Share of a key lease after which the engine looks for tenants that nobody uses."""


class OpenTenants:
    """Opens each tenant once and keeps it until its keys are dropped, or for as long as somebody holds it.

    Safe to share between threads. How long an index stays in memory is for `Residents` to say.

    Args:
        tenancy: The parts of the engine.
    """

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._alive: weakref.WeakValueDictionary[str, Tenant] = weakref.WeakValueDictionary()
        self._kept: dict[str, Tenant] = {}  # for those who do not hold their tenant between two questions
        self._opening: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._is_store_trusted = False
        self._idle_sweep: IdleSweep | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._alive)

    def tenant(self, tenant_id: str, *, create: bool) -> Tenant:
        """The tenant of this id; see `Engine.tenant`."""
        self._check_open()
        tenant = self._kept.get(tenant_id) if type(tenant_id) is str else None
        if tenant is None:
            tenant_id = checked_tenant_id(tenant_id)  # those that are kept have passed
            tenant = self._alive.get(tenant_id)
        if tenant is None:
            return self._opened_once(tenant_id, create=create)
        tenant.index.check()  # it may have been erased, or its key be disabled
        self._kept[tenant_id] = tenant
        return tenant

    def notice_erasure(self, tenant_id: str) -> None:
        """Drops what is decrypted of a tenant, if it is open, once it was erased."""
        if (tenant := self._alive.get(tenant_id)) is not None:
            with suppress(KonverzeError):  # otherwise the next use does
                tenant.index.refreshed()

    def let_go_of_lost(self) -> None:
        """Forgets the tenants whose keyring is gone: they know of newer generations than a copy has."""
        there = list_directories(self._tenancy.blobs)
        with self._lock:
            for tenant_id, tenant in list(self._alive.items()):
                if tenant.index.blobs.directory not in there:
                    del self._alive[tenant_id]
                    self._kept.pop(tenant_id, None)

    def close(self) -> None:
        """Drops all decrypted data; the tenants refuse to work afterwards."""
        with self._lock:
            self._is_closed = True
            for tenant in list(self._alive.values()):
                tenant.close()
            self._alive.clear()
            self._kept.clear()
            if self._idle_sweep is not None:
                self._idle_sweep.stop()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigError("the engine is closed")

    def _opened_once(self, tenant_id: str, *, create: bool) -> Tenant:
        """Opens a tenant while others who ask for it wait; other tenants are not held up."""
        with self._lock:
            opening_lock = self._opening.setdefault(tenant_id, threading.Lock())
        with opening_lock:
            try:
                tenant = self._alive.get(tenant_id) or Tenant(self._keyring(tenant_id, create=create), self._tenancy)
            finally:
                self._opening.pop(tenant_id, None)
            with self._lock:
                self._check_open()
                if self._idle_sweep is None:
                    every_s = self._tenancy.settings.key_lease_s * SWEPT_PER_LEASE
                    self._idle_sweep = IdleSweep(self.sweep, every_s)
                return self._taken_up(tenant_id, tenant)

    def _taken_up(self, tenant_id: str, tenant: Tenant) -> Tenant:
        first = self._alive.setdefault(tenant_id, tenant)
        self._kept[tenant_id] = first
        first.on_drop(partial(_let_go, self._kept, tenant_id))
        return first

    def sweep(self) -> None:
        """No key stays in memory for much longer than its lease, and no question than its day, because nobody asks."""
        for tenant in list(self._alive.values()):
            tenant.drop_if_idle()
        self._tenancy.residents.sweep()  # also of tenants that were let go since they were searched

    def _keyring(self, tenant_id: str, *, create: bool) -> Keyring:
        self._check_store()
        try:
            return self._tenancy.keyring(tenant_directory(tenant_id))
        except UnknownTenantError:
            if not create:
                raise
            return self._tenancy.created(tenant_id)

    def _check_store(self) -> None:
        """Once, before the first tenant; a store that cannot be written at the moment may still be read."""
        if not self._is_store_trusted and not isinstance(self._tenancy.blobs, LocalBlobStore | MemoryBlobStore):
            try:
                check_put_if_absent(self._tenancy.blobs)
            except StoreError:
                return
            self._is_store_trusted = True


def _let_go(kept: dict[str, Tenant], tenant_id: str) -> None:
    """Apart from the class, so that a tenant which somebody holds does not keep the engine alive."""
    kept.pop(tenant_id, None)
