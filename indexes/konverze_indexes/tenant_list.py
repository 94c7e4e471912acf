"""The tenants of a store, by their true ids, which only their keys tell."""

from __future__ import annotations

from konverze_core.errors import KeyDestroyedError
from konverze_core.protocols import SHARED_KEK, BlobStore, KeyProvider
from konverze_indexes.generations import Generations, list_directories
from konverze_indexes.keyring_file import KeyringBody
from konverze_indexes.keywrap import unlocked
from konverze_indexes.marks import Marks, MemoryMarks


def list_tenants(blobs: BlobStore, provider: KeyProvider, *, marks: Marks | None = None) -> list[str]:
    """True ids of all live tenants, sorted; unwraps one key for each. Erasures that are under way count as done.

    Raises:
        IntegrityError: A keyring is not what was written, or a stray blob stands among them. Tenants other than the
            one that the message names still open.
        KeyProviderError: The provider cannot unwrap.
        StoreError: A keyring cannot be read.
    """
    marks = marks or MemoryMarks()
    bodies = (Generations(blobs, provider, directory, marks).newest().body for directory in list_directories(blobs))
    return sorted(filter(None, (_live_id(provider, body) for body in bodies)))


def _live_id(provider: KeyProvider, body: KeyringBody) -> str | None:
    """A tenant's true id; None of one that is erased, or whose own KEK was destroyed to that end."""
    if body.is_erased:
        return None
    try:
        return unlocked(provider, body).tenant_id
    except KeyDestroyedError:
        if body.kek == SHARED_KEK:
            raise
        return None
