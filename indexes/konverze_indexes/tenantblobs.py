"""A tenant's blobs: every byte is sealed under the tenant's key on its way in, and checked on its way out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol, Self

from konverze_core.errors import BlobNotFoundError, IntegrityError
from konverze_core.protocols import BlobHead, BlobStore
from konverze_indexes.container import Bytes
from konverze_indexes.datakeys import DataKey
from konverze_indexes.envelope import BlobContext, SealedReader, header_digest, open_sealed, seal
from konverze_indexes.keyring import Keyring
from konverze_indexes.manifest import BlobPin

HOT_FRAME_BYTES = 1 << 20
"""Frames of blobs that are read whole."""

TEXT_FRAME_BYTES = 2 << 10
"""Frames of chunk texts, of which a hit opens one or two."""


class KeySource(Protocol):
    """Where blobs get their keys: the tenant's keyring, or one day's key."""

    @property
    def active(self) -> DataKey:
        """The key that seals new blobs."""
        ...

    def key(self, key_id: bytes) -> DataKey:
        """The key of this id.

        Raises:
            IntegrityError: There is none.
        """
        ...

    def refresh(self) -> None:
        """Takes up the keys that others have made, and lets go of those that they have dropped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OneKey:
    """A key source of one key."""

    active: DataKey

    def key(self, key_id: bytes) -> DataKey:
        """The key, if the id is its own."""
        if key_id != self.active.id:
            raise IntegrityError("a blob names a key that is not of its place")
        return self.active

    def refresh(self) -> None:
        """Does nothing: the key has no successor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantBlobs:
    """Reads and writes sealed blobs under `tenants/<tenant>/`.

    Attributes:
        store: Where the sealed bytes live.
        tenant_id: Whose they are; bound to each ciphertext.
        directory: The tenant's part of each blob name.
        keys: The keys that seal and open them.
        keeps_texts: Whether the texts of chunks, once opened, stay in memory.
    """

    store: BlobStore
    tenant_id: str
    directory: str
    keys: KeySource
    keeps_texts: bool = True

    @classmethod
    def of(cls, store: BlobStore, keyring: Keyring, *, keeps_texts: bool = True) -> Self:
        """The blobs of the keyring's tenant."""
        return cls(
            store=store,
            tenant_id=keyring.tenant_id,
            directory=keyring.directory,
            keys=keyring,
            keeps_texts=keeps_texts,
        )

    @property
    def prefix(self) -> str:
        """What the names of all of the tenant's blobs start with."""
        return f"tenants/{self.directory}/"

    def _context(self, kind: str, name: str) -> BlobContext:
        return BlobContext(tenant_id=self.tenant_id, kind=kind, name=self.prefix + name)

    def write(
        self,
        kind: str,
        name: str,
        plaintext: bytes | Bytes,
        *,
        frame_bytes: int = HOT_FRAME_BYTES,
        if_absent: bool = True,
    ) -> BlobPin:
        """Seals and stores a blob.

        Args:
            kind: What it is; bound to the ciphertext.
            name: Its name below the tenant's prefix; bound to the ciphertext.
            plaintext: What to seal.
            frame_bytes: Size of the sealed frames.
            if_absent: Refuse to replace.

        Returns:
            What a manifest keeps of it.

        Raises:
            ConflictError: `if_absent` and the name is taken.
            StoreError: The store did not take it.
        """
        sealed = seal(self.keys.active, self._context(kind, name), plaintext, frame_bytes=frame_bytes)
        self.store.put(self.prefix + name, sealed, if_absent=if_absent)
        return BlobPin(stored_bytes=len(sealed), header_sha256=header_digest(sealed).hex())

    def write_lasting(self, kind: str, name: str, plaintext: bytes | Bytes, *, if_absent: bool = True) -> None:
        """As `write`, for a blob that is relied on from now on: once more if its key was retired before it stood."""
        sealed_by = self.keys.active.id
        self.write(kind, name, plaintext, if_absent=if_absent)
        self.keys.refresh()
        if not self.seals(sealed_by):
            self.write_lasting(kind, name, plaintext, if_absent=False)

    def seals(self, key_id: bytes) -> bool:
        """Whether a key seals new blobs, as of the last `KeySource.refresh`.

        Asked by a writer once its blob stands, since it may have slept before. Whoever drops a key looks for its blobs
        after it was retired, and keeps it for them: a blob that stood before that is found, a later one may not be.
        """
        return self.keys.active.id == key_id

    def write_chained(self, kind: str, name: str, plaintext: bytes) -> str:
        """Seals and stores a blob that its successor will name, if the name is free.

        Returns:
            Hex SHA-256 of all sealed bytes.

        Raises:
            ConflictError: The name is taken.
            StoreError: The store did not take it.
        """
        sealed = self.sealed(kind, name, plaintext)
        self.put(name, sealed)
        return blob_digest(sealed)

    def sealed(self, kind: str, name: str, plaintext: bytes) -> memoryview:
        """The sealed bytes of a blob that goes to this name."""
        return seal(self.keys.active, self._context(kind, name), plaintext)

    def put(self, name: str, sealed: memoryview) -> None:
        """Stores sealed bytes, if the name is free.

        Raises:
            ConflictError: The name is taken.
            StoreError: The store did not take them.
        """
        self.store.put(self.prefix + name, sealed, if_absent=True)

    def read(self, kind: str, name: str, *, pin: BlobPin | None = None) -> Bytes:
        """Opens a blob.

        Args:
            kind: What it was sealed as.
            name: Its name below the tenant's prefix.
            pin: What the manifest says of it; None for blobs that no manifest names.

        Returns:
            uint8, shape (n,): the plaintext.

        Raises:
            BlobNotFoundError: No such blob.
            IntegrityError: The blob is not what was written.
        """
        return self.opened(kind, name, self.stored(kind, name, pin=pin))

    def stored(self, kind: str, name: str, *, pin: BlobPin | None = None) -> memoryview:
        """The sealed bytes, held to their pin."""
        sealed = self.store.get(self.prefix + name)
        if pin is not None and (len(sealed) != pin.stored_bytes or header_digest(sealed).hex() != pin.header_sha256):
            raise IntegrityError(f"the {kind} blob {name} is not the one that its commit names")
        return sealed

    def opened(self, kind: str, name: str, sealed: memoryview) -> Bytes:
        """The plaintext of sealed bytes."""
        return open_sealed(self.keys.key, self._context(kind, name), sealed)

    def reader(self, kind: str, name: str, *, pin: BlobPin) -> SealedReader:
        """Opens parts of a blob, as they are asked for; the arguments and errors are those of `read`."""
        return SealedReader(self.keys.key, self._context(kind, name), self.stored(kind, name, pin=pin))

    def head(self, name: str) -> BlobHead | None:
        """Length and age of a blob; None when there is none."""
        try:
            return self.store.head(self.prefix + name)
        except BlobNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Removes a blob; one that is not there is no error."""
        self.store.delete(self.prefix + name)

    def names(self, prefix: str) -> list[str]:
        """Sorted names below the tenant's prefix that start with `prefix`."""
        return [name[len(self.prefix) :] for name in self.store.list(self.prefix + prefix)]


def blob_digest(sealed: memoryview) -> str:
    """Hex SHA-256 of all sealed bytes: how a commit or a turn names its predecessor."""
    return hashlib.sha256(sealed).hexdigest()
