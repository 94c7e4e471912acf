"""Copies of sealed tenants: nothing is decrypted on the way, and only a complete copy becomes visible.

A backup has the layout of a blob store, so that it can be opened, verified and restored like any other. It holds of
each tenant one generation of the index, the sealed originals, settings and conversations, and the newest keyring, which
is written last. It holds no key: whoever restores it needs the key provider that wrapped the tenant's keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, UnknownTenantError
from konverze_core.protocols import BlobStore

MAX_COPY_TRIES = 8
"""How often a copy starts over because a vacuum removed what it was about to read."""

_DATA, _KEYRING = "tenants/{}/", "keyring/{}/"
_COMMITS = "commits/"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What a backup or a restore has copied.

    Attributes:
        tenants: Tenants copied.
        blobs: Blobs written.
        bytes: Their sealed bytes.
    """

    tenants: int = 0
    blobs: int = 0
    bytes: int = 0


def copy_tenants(source: BlobStore, target: BlobStore, directories: Iterable[str]) -> CopyReport:
    """Copies tenants into a store that has none of them.

    A copy that was interrupted left no keyring, and is done again from the start.

    Raises:
        ConfigError: The target already has one of the tenants.
        ConflictError: Vacuums removed what was to be copied, time and again.
        StoreError: A store did not do as asked.
        UnknownTenantError: The source does not have one of the tenants.
    """
    wanted = list(directories)
    for directory in wanted:
        if target.list(_KEYRING.format(directory)):
            raise ConfigError(f"the target already has the tenant {directory}: choose an empty target")
    counts = [_copied(source, target, directory) for directory in wanted]
    return CopyReport(
        tenants=len(wanted), blobs=sum(blobs for blobs, _ in counts), bytes=sum(size for _, size in counts)
    )


def _copied(source: BlobStore, target: BlobStore, directory: str) -> tuple[int, int]:
    for name in target.list(_DATA.format(directory)):  # of a copy that was interrupted
        target.delete(name)
    for _ in range(MAX_COPY_TRIES):
        try:
            return _copied_once(source, target, directory)
        except BlobNotFoundError:
            continue
    raise ConflictError(f"blobs of {directory} were removed while they were copied, time and again; try again later")


def _copied_once(source: BlobStore, target: BlobStore, directory: str) -> tuple[int, int]:
    """The commit is chosen first, and all that it names read after: what is newer besides is left over, not wrong."""
    prefix = _DATA.format(directory)
    keyrings = source.list(_KEYRING.format(directory))
    if not keyrings:
        raise UnknownTenantError("no such tenant")
    commit = source.list(prefix + _COMMITS)[:1]
    held = [(name, source.get(name)) for name in commit]
    count = size = 0
    for name in source.list(prefix):
        if name.startswith(prefix + _COMMITS):
            continue
        try:
            blob = source.get(name)
        except BlobNotFoundError:
            if name.startswith(prefix + "segments/") and source.list(prefix + _COMMITS)[:1] != commit:
                raise  # the commit chosen may have named it
            continue  # purged, erased or vacuumed meanwhile
        target.put(name, blob)
        count, size = count + 1, size + len(blob)
    # Read last, so that it has every key that sealed a blob above.
    keyring = source.list(_KEYRING.format(directory))[-1]
    for name, blob in (*held, (keyring, source.get(keyring))):
        target.put(name, blob)
        count, size = count + 1, size + len(blob)
    return count, size
