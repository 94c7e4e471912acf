"""The generations of a tenant's keyring in the store: found, followed from one to the next, and written.

A keyring is stored at `keyring/<tenant directory>/<generation, 20 digits>`, put-if-absent, in the form described in
`konverze_indexes.keyring_file`. The highest generation is valid and is never deleted; each names the SHA-256 of the one
before. Older ones are deleted in ascending order once a newer one is known to be stored.

A writer that slept while its number was used and deleted again can put it once more. After its put it looks whether it
wrote the newest generation; otherwise it takes its own back and starts over, on the newest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from msgspec import structs

from konverze_core.errors import (
    BlobNotFoundError,
    ConflictError,
    IntegrityError,
    RollbackError,
    UnknownTenantError,
)
from konverze_core.protocols import BlobStore, Clock, KeyProvider
from konverze_indexes.contention import pause
from konverze_indexes.keyring_file import KeyringBody, decoded, encoded
from konverze_indexes.marks import Marks, MemoryMarks
from konverze_indexes.tenant_ids import DIRECTORY_CHARS

MAX_TRIES = 64
"""How often a reader or a writer starts over after a faster writer before it gives up."""

MAX_LOOKS = 3
"""How often the store is looked at before a missing generation counts as missing.

A listing is not made at one instant: between a writer's put and its delete it can miss both generations.
"""

ROOT = "keyring/"

_FILE_NAME = re.compile(rf"{ROOT}([a-z2-7]{{{DIRECTORY_CHARS}}})/([0-9]{{20}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeyring:
    """A generation that was read from the store, and verified.

    Attributes:
        body: What it says.
        digest: SHA-256 of its file, in hex.
    """

    body: KeyringBody
    digest: str


def list_directories(blobs: BlobStore) -> list[str]:
    """Directories of all tenants that have a keyring, erased ones included, sorted; asks no key provider.

    Raises:
        IntegrityError: A stray blob stands among the keyrings.
        StoreError: The store cannot be listed.
    """
    return sorted({_parsed_name(name)[0] for name in blobs.list(ROOT)})


class Generations:
    """The keyring files of one tenant.

    Args:
        blobs: Where they are.
        provider: Signs and verifies them.
        directory: The tenant's.
        marks: Remembers the newest generation ever seen.
    """

    def __init__(self, blobs: BlobStore, provider: KeyProvider, directory: str, marks: Marks) -> None:
        self.provider = provider
        self.directory = directory
        self._blobs = blobs
        self._marks = marks
        self._prefix = f"{ROOT}{directory}/"

    def newest(self, held: StoredKeyring | None = None, *, rereads: bool = True) -> StoredKeyring:
        """The valid generation.

        Args:
            held: One that was read before.
            rereads: Whether to read the file also when its generation is the one held; otherwise a listing is all.

        Raises:
            ConflictError: Other writers replaced it, time and again, before it could be read.
            IntegrityError: It is not what was written.
            KeyProviderError: The provider cannot verify it.
            RollbackError: It is older than the one held or marked, does not follow the one held, or is gone.
            StoreError: It cannot be read.
            UnknownTenantError: There is none, and never was as far as is known.
        """
        marked = self._marks.newest(self.directory, "keyring")  # before the look: a faster writer may raise it after
        seen = max(marked, held.body.generation if held else 0)
        missed = 0
        for number in range(MAX_TRIES):
            generation = max(self._listed(), default=0)
            if generation < max(seen, 1):
                missed += 1
                if missed == MAX_LOOKS:
                    raise self._missing(generation, seen)
            elif held and generation == held.body.generation and not rereads:
                return held
            else:
                with suppress(BlobNotFoundError):  # a faster writer put another one and removed this one
                    found = self._read(generation)
                    self._check_descent(found, held)
                    if generation > marked:
                        self._marks.raise_to(self.directory, "keyring", generation)
                    return found
            pause(number)
        raise _overtaken()

    def created(self, body: KeyringBody) -> StoredKeyring:
        """The valid generation after an attempt to make this the first one, be it another writer's.

        Raises:
            IntegrityError: The valid generation is not what was written.
            KeyProviderError: The provider cannot sign or verify.
            StoreError: The keyring cannot be stored.
        """
        with suppress(ConflictError):
            self._put(body)
        newest = self.newest()  # read back: no key seals anything before it is known to be stored
        if newest.body.generation > body.generation:
            self._blobs.delete(self._name(body.generation))
        return newest

    def replaced(self, held: StoredKeyring | None, change: Callable[[KeyringBody], KeyringBody]) -> StoredKeyring:
        """Puts a new generation, based on whatever is the newest.

        Args:
            held: One that was read before.
            change: What to change, apart from the numbers. Called again whenever another writer was faster, and
                possibly on a body that holds the change already: it returns such a body as it is, and nothing is put.

        Returns:
            The newest generation, read back from the store.

        Raises:
            ConflictError: Other writers were faster, time and again.
            IntegrityError: The newest generation is not what was written.
            KeyProviderError: The provider cannot sign or verify.
            StoreError: The generation cannot be stored.
        """
        for number in range(MAX_TRIES):
            base = held = self.newest(held)
            changed = change(base.body)
            if changed == base.body:
                return base
            follower = structs.replace(changed, generation=base.body.generation + 1, previous=base.digest)
            if self._follows(base, follower):
                return self.newest(base)
            pause(number)
        raise _overtaken()

    def erased(self, at: datetime) -> tuple[str, ...]:
        """Puts the terminal generation, then deletes the older ones; can be run again.

        Returns:
            Ids of the data keys destroyed by this run.

        Raises:
            KonverzeError: As in `erase_keyring`.
        """
        terminal = self.replaced(None, lambda body: body if body.is_erased else body.erased(at))
        destroyed: dict[str, None] = {}
        for generation in self._older(terminal):
            with suppress(BlobNotFoundError, IntegrityError):  # deleted meanwhile, or nothing that holds keys
                destroyed |= dict.fromkeys(entry.id for entry in self._read(generation).body.deks)
        self.delete_older(terminal)
        return tuple(destroyed)

    def delete_older(self, newest: StoredKeyring) -> None:
        """Deletes the generations before the newest one, in ascending order.

        Raises:
            StoreError: One cannot be deleted; those after it are left, too.
        """
        for generation in self._older(newest):
            self._blobs.delete(self._name(generation))

    def _follows(self, base: StoredKeyring, body: KeyringBody) -> bool:
        """Puts the successor of a generation; False when it is not certain to be one.

        As older generations go first, the base still being there shows that the successor's number was never used
        before. Otherwise the successor either was followed already, or is void.
        """
        try:
            self._put(body)
            self._blobs.head(self._name(base.body.generation))
        except ConflictError:
            return False
        except BlobNotFoundError:
            if max(self._listed(), default=0) > body.generation:
                self._blobs.delete(self._name(body.generation))
            return False
        return True

    def _put(self, body: KeyringBody) -> None:
        self._blobs.put(self._name(body.generation), encoded(body, self.provider), if_absent=True)

    def _older(self, newest: StoredKeyring) -> list[int]:
        return sorted(generation for generation in self._listed() if generation < newest.body.generation)

    def _name(self, generation: int) -> str:
        return f"{self._prefix}{generation:020d}"

    def _listed(self) -> list[int]:
        return [_parsed_name(name)[1] for name in self._blobs.list(self._prefix)]

    def _read(self, generation: int) -> StoredKeyring:
        name = self._name(generation)
        file = bytes(self._blobs.get(name))
        body = decoded(file, self.provider, name)
        if (body.tenant, body.generation) != (self.directory, generation):
            raise IntegrityError(f"{name} was written for another place")
        return StoredKeyring(body=body, digest=hashlib.sha256(file).hexdigest())

    def _missing(self, generation: int, seen: int) -> UnknownTenantError | RollbackError:
        if not generation and not seen:
            return UnknownTenantError("no such tenant")
        if not generation:
            return RollbackError(f"the keyring {self._prefix} is gone: restore it")
        return RollbackError(f"{self._name(generation)} stands where generation {seen} was already seen")

    def _check_descent(self, found: StoredKeyring, held: StoredKeyring | None) -> None:
        """Follows the generations back to the one held, as far as they are still there."""
        while held and found.body.generation > held.body.generation + 1:
            try:
                earlier = self._read(found.body.generation - 1)
            except BlobNotFoundError:
                return
            if earlier.digest != found.body.previous:
                return  # void, about to be deleted by who put it
            found = earlier
        if held and held.digest not in {found.digest, found.body.previous}:
            raise RollbackError(f"{self._name(found.body.generation)} does not follow the keyring seen before it")


def erase_keyring(
    blobs: BlobStore, provider: KeyProvider, directory: str, clock: Clock, *, marks: Marks | None = None
) -> tuple[str, ...]:
    """Puts the terminal generation of a tenant's keyring, then deletes the older ones; can be run again.

    Unwraps nothing: it works also when the KEK is destroyed already.

    Returns:
        Ids of the data keys destroyed by this run.

    Raises:
        ConflictError: Other writers were faster, time and again.
        IntegrityError: The keyring is not what was written.
        KeyProviderError: The provider cannot sign or verify.
        StoreError: The keyring cannot be stored, or an older one not be deleted.
        UnknownTenantError: The tenant has none.
    """
    return Generations(blobs, provider, directory, marks or MemoryMarks()).erased(clock.now())


def _overtaken() -> ConflictError:
    return ConflictError(f"other writers were faster {MAX_TRIES} times in a row; try again")


def _parsed_name(name: str) -> tuple[str, int]:
    parts = _FILE_NAME.fullmatch(name)
    if parts is None:
        raise IntegrityError(f"{name} is no keyring, but stands among them")
    return parts[1], int(parts[2])
