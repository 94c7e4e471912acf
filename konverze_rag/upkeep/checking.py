"""Verification: every blob of a tenant opened, and held to all that names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from konverze_core.errors import BlobNotFoundError, KonverzeError, TenantErasedError
from konverze_core.protocols import BlobStore
from konverze_core.reports import Finding, VerifyReport
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.verify import verify
from konverze_rag.conversations.names import kept_from
from konverze_rag.conversations.store import Conversations
from konverze_rag.tenancy import Tenancy
from konverze_rag.tenant_settings import TenantConfiguration


def verified(tenancy: Tenancy, directories: Sequence[str]) -> VerifyReport:
    """Walks these tenants; what is wrong with one is a finding, and the others are walked all the same."""
    findings: list[Finding] = []
    blobs = size = 0
    for directory in directories:
        findings += _of_tenant(tenancy, directory)
        for prefix in (f"keyring/{directory}/", f"tenants/{directory}/"):
            count, length = _volume(tenancy.blobs, prefix)
            blobs, size = blobs + count, size + length
    return VerifyReport(tenants=len(directories), blobs=blobs, bytes=size, findings=tuple(findings))


def _volume(store: BlobStore, prefix: str) -> tuple[int, int]:
    count = size = 0
    for name in store.list(prefix):
        try:
            size += store.head(name).size_bytes
        except BlobNotFoundError:
            continue
        count += 1
    return count, size


def _of_tenant(tenancy: Tenancy, directory: str) -> Iterator[Finding]:
    try:
        keyring = tenancy.keyring(directory)
    except TenantErasedError:
        left = tenancy.blobs.list(f"tenants/{directory}/")
        yield from (Finding(name=name, problem="left over from an erased tenant", is_harmless=True) for name in left)
        return
    except KonverzeError as error:
        yield Finding(name=f"keyring/{directory}/", problem=str(error))
        return
    try:
        yield from _of_index(tenancy, keyring)
        yield from _of_conversations(tenancy, keyring)
    except KonverzeError as error:
        yield Finding(name=f"tenants/{directory}/", problem=str(error))


def _of_index(tenancy: Tenancy, keyring: Keyring) -> Iterator[Finding]:
    seen = tenancy.marks.newest(keyring.directory, "commit")
    yield from verify(TenantBlobs.of(tenancy.blobs, keyring), at_least=seen)


def _of_conversations(tenancy: Tenancy, keyring: Keyring) -> Iterator[Finding]:
    configuration = TenantConfiguration(tenancy.blobs, keyring, tenancy.clock, defaults=tenancy.settings)
    since = kept_from(tenancy.clock.now(), configuration.current().retention_days)
    yield from Conversations(tenancy.blobs, keyring, tenancy.clock).verify(since=since)
