"""Verification: every blob of a tenant opened, and held to all that names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from konverze_core.errors import BlobNotFoundError, KonverzeError, TenantErasedError
from konverze_core.protocols import BlobStore
from konverze_core.reports import Finding, VerifyReport
from konverze_indexes.verify import verify
from konverze_rag.conversations.names import kept_from
from konverze_rag.tenancy import Tenancy

_PARTS_MIN = {"keyring": 3, "tenants": 3, "selftest": 2}
"""Folders of a store, and the least number of parts that a name has in each."""


def verified_store(tenancy: Tenancy) -> VerifyReport:
    """Walks all tenants, and looks for what belongs to none."""
    names = tenancy.blobs.list("")
    strays = [name for name in names if _is_stray(name)]
    places = {tuple(name.split("/")[:2]) for name in names} - {tuple(name.split("/")[:2]) for name in strays}
    with_keyring = {directory for root, directory in places if root == "keyring"}
    lost = {directory for root, directory in places if root == "tenants"} - with_keyring
    report = verified(tenancy, sorted(with_keyring))
    findings = (
        *report.findings,
        *(Finding(name=f"keyring/{one}/", problem="gone, while the tenant's data is there") for one in sorted(lost)),
        *(Finding(name=name, problem="no blob of a store is named so") for name in strays),
    )
    return replace(report, findings=findings)


def _is_stray(name: str) -> bool:
    parts = name.split("/")
    return len(parts) < _PARTS_MIN.get(parts[0], len(parts) + 1)


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
        for name in tenancy.blobs.list(f"keyring/{directory}/")[:-1]:
            yield Finding(name=name, problem="keys of an erased tenant: a vacuum removes them", is_harmless=True)
        left = tenancy.blobs.list(f"tenants/{directory}/")
        yield from (Finding(name=name, problem="left over from an erased tenant", is_harmless=True) for name in left)
        return
    except KonverzeError as error:
        yield Finding(name=f"keyring/{directory}/", problem=str(error))
        return
    try:
        configuration = tenancy.configuration(keyring)
        seen = tenancy.marks.newest(directory, "commit")
        yield from verify(tenancy.sealed_blobs(keyring), at_least=seen)
        yield from configuration.verify()
        since = kept_from(tenancy.clock.now(), configuration.current().retention_days)
        yield from tenancy.conversations(keyring).verify(since=since)
    except KonverzeError as error:
        yield Finding(name=f"tenants/{directory}/", problem=str(error))
