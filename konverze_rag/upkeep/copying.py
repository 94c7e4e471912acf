"""Copies of sealed tenants: nothing is decrypted on the way, and only a complete copy becomes visible.

A backup has the layout of a blob store, so that it can be opened, verified and restored like any other. It holds of
each tenant one generation of the index, the sealed originals, settings and conversations, and the newest keyring, which
is written last. It holds no key: whoever restores it needs the key provider that wrapped the tenant's keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, UnknownTenantError
from konverze_core.protocols import BlobStore
from konverze_indexes.contention import pause
from konverze_rag.conversations.names import DAYS, VISITORS

MAX_COPY_TRIES = 32
"""How often a copy looks again because something that it was to have was removed or sealed anew meanwhile."""

_COMMITS = "commits/"
_FEEDBACK = "/feedback/"
_WRITTEN_ONCE = ("segments/", "uploads/")
"""Folders whose blobs change only with a data key."""


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


def copy_tenants(
    source: BlobStore, target: BlobStore, directories: Iterable[str], *, is_wanted: Callable[[str], bool]
) -> CopyReport:
    """Copies tenants into a store that has none of them.

    All keyrings are written at the end. Until then nothing of the copy is visible; when it was interrupted, it is done
    again from the start. Right before its keyring is written, each tenant is looked at once more: what was erased by
    then is not in the copy.

    Args:
        source: Where they are.
        target: Where they are copied to.
        directories: Which tenants.
        is_wanted: Asked for each tenant once its copy lacks only the keyring; a copy that is not wanted is removed.

    Raises:
        ConfigError: The target already has one of the tenants.
        ConflictError: What was to be copied was removed or changed, time and again.
        StoreError: A store did not do as asked.
        UnknownTenantError: The source does not have one of the tenants.
    """
    wanted = list(directories)
    for directory in wanted:
        if target.list(f"keyring/{directory}/"):
            raise ConfigError(f"the target already has the tenant {directory}: choose an empty target")
    copies = [_Copy(source, target, directory) for directory in wanted]
    for copy in copies:
        copy.run()
    sizes = [copy.sizes for copy in copies if copy.show(is_wanted)]
    return CopyReport(
        tenants=len(sizes), blobs=sum(map(len, sizes)), bytes=sum(sum(of_one.values()) for of_one in sizes)
    )


class _Copy:
    """The copy of one tenant.

    Attributes:
        sizes: Bytes of each blob written.
    """

    def __init__(self, source: BlobStore, target: BlobStore, directory: str) -> None:
        self._source = source
        self._target = target
        self._directory = directory
        self._prefix = f"tenants/{directory}/"
        self.sizes: dict[str, int] = {}
        self._keyring = ("", b"")

    def run(self) -> None:
        """Copies all but the keyring."""
        for number in range(MAX_COPY_TRIES):
            with suppress(BlobNotFoundError):
                if self._is_whole():
                    return
            pause(number)
        raise self._overtaken()

    def show(self, is_wanted: Callable[[str], bool]) -> bool:
        """Writes the keyring, if the copy is wanted, and removes the copy otherwise; returns which."""
        for _ in range(MAX_COPY_TRIES):
            if not is_wanted(self._directory):
                for name in self.sizes:
                    self._target.delete(name)
                return False
            if self._is_current():
                self._put(*self._keyring)
                return True
            self.run()
        raise self._overtaken()

    def _is_current(self) -> bool:
        """Whether all that was copied is still there.

        Each erasure ends by removing something: of a document, the older commits; of a visitor, the markers.
        """
        with suppress(BlobNotFoundError):
            return self._newest_keyring() == self._keyring and self.sizes.keys() <= set(self._source.list(self._prefix))
        return False

    def _overtaken(self) -> ConflictError:
        return ConflictError(
            f"blobs of {self._directory} were removed or changed while they were copied, time and again; try again"
        )

    def _is_whole(self) -> bool:
        """Copies what is there, and tells whether all of it was there at the same time.

        A vacuum deletes a commit before what only that commit names: as long as the commit stands, so does the rest.

        Raises:
            BlobNotFoundError: The commit or the keyring was replaced meanwhile.
        """
        keyring = self._newest_keyring()
        if keyring != self._keyring:  # data keys may have been dropped, and blobs sealed anew under others
            self._keyring, self.sizes = keyring, {}
        commits = self._source.list(self._prefix + _COMMITS)[:1]
        held = [(name, bytes(self._source.get(name))) for name in commits]
        names = self._names()
        is_whole = self._copied(names)
        for name, blob in held:
            self._put(name, blob)
        self._remove_all_but({*names, *commits})
        for name in commits:
            self._source.head(name)
        return is_whole and self._newest_keyring() == keyring

    def _names(self) -> list[str]:
        """All but the commits. A listing takes its time: what is written later than something is listed before it."""
        feedback = [name for name in self._source.list(self._prefix + DAYS) if _FEEDBACK in name]
        others = [name for name in self._source.list(self._prefix) if _FEEDBACK not in name]
        markers = self._source.list(self._prefix + VISITORS)
        return [name for name in sorted({*feedback, *others, *markers}) if not name.startswith(self._prefix + _COMMITS)]

    def _newest_keyring(self) -> tuple[str, bytes]:
        names = self._source.list(f"keyring/{self._directory}/")
        if not names:
            raise UnknownTenantError("no such tenant")
        return names[-1], bytes(self._source.get(names[-1]))

    def _copied(self, names: Iterable[str]) -> bool:
        """Whether all of these blobs were there to copy."""
        is_whole = True
        for name in names:
            if name in self.sizes and name.startswith(tuple(self._prefix + folder for folder in _WRITTEN_ONCE)):
                continue
            try:
                self._put(name, self._source.get(name))
            except BlobNotFoundError:  # purged, erased or vacuumed meanwhile: others may belong to it
                is_whole = False
        return is_whole

    def _remove_all_but(self, names: set[str]) -> None:
        for name in set(self._target.list(self._prefix)) - names:
            self._target.delete(name)
            self.sizes.pop(name, None)

    def _put(self, name: str, blob: bytes | memoryview) -> None:
        self._target.put(name, blob)
        self.sizes[name] = len(blob)
