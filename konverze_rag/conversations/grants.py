"""Grants: what of a day's budget was handed out, however many processes take of it.

Grants stand at `days/<day>/<use>/<number>`, sealed under the day's key and put if absent; each says what was handed out
on that day so far, itself included. Who takes one may spend the difference to the one before, and all of them together
never spend more than the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Generic, Literal, TypeVar

from msgspec import Struct, json

from konverze_core.errors import ConflictError, IntegrityError
from konverze_core.protocols import BlobStore, Clock
from konverze_indexes.contention import pause
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.names import INGESTED, SPENT, grant_folder, grant_name

KIND = "grant"
"""What a grant is sealed as."""

GRANT_SHARE = 0.02
"""Share of a day's budget that a process takes ahead."""

MAX_GRANT_TRIES = 64
"""How often a process takes the next number because another one took its own."""


class Spend(Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens that models read and wrote, and what they cost."""

    tokens: float = 0.0
    cost: float = 0.0
    version: Literal[1] = 1

    def plus(self, other: Spend) -> Spend:
        """Both together."""
        return Spend(self.tokens + other.tokens, self.cost + other.cost)

    def minus(self, other: Spend) -> Spend:
        """What is left without the other."""
        return Spend(self.tokens - other.tokens, self.cost - other.cost)

    def covers(self, other: Spend) -> bool:
        """Whether the other is no more, in both."""
        return self.tokens >= other.tokens and self.cost >= other.cost


class Ingested(Struct, frozen=True, forbid_unknown_fields=True):
    """Uploads that were read to be indexed."""

    uploads: int = 0
    version: Literal[1] = 1


Total = TypeVar("Total", bound=Struct)

USES: Mapping[str, type[Struct]] = {SPENT: Spend, INGESTED: Ingested}
"""What the grants of each use count."""


class Grants(Generic[Total]):
    """The grants of one use, of one tenant; keeps nothing, and is safe to share between threads.

    Args:
        store: Where the sealed grants live.
        keyring: The tenant's keys.
        clock: Tells which day keys stay in memory.
        use: What is handed out.
        counts: What a grant of this use counts.
    """

    def __init__(self, store: BlobStore, keyring: Keyring, clock: Clock, *, use: str, counts: type[Total]) -> None:
        self._blobs = TenantBlobs.of(store, keyring)
        self._keyring = keyring
        self._days = DayKeys(self._blobs, keyring, clock)
        self._use = use
        self._counts = counts

    def take(self, day: date, total_after: Callable[[Total], Total]) -> tuple[Total, Total]:
        """Puts the next grant of a day.

        Args:
            day: UTC.
            total_after: What the grant says, by what the last one says; asked again when another process was faster.
                What it raises ends the call.

        Returns:
            What was handed out before, and after.

        Raises:
            ConflictError: Other processes took every number that was tried.
            IntegrityError: A grant is not what was written, or missing.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store cannot be read, or did not take it.
            TenantErasedError: The tenant was erased.
        """
        with self._keyring.telling_erasure():
            blobs = self._days.begun(day)
            for tries in range(MAX_GRANT_TRIES):
                number, before = self._last(blobs, day)
                after = total_after(before)
                try:
                    blobs.write(KIND, grant_name(day, self._use, number), json.encode(after))
                except ConflictError:
                    pause(tries)
                    continue
                return before, after
        raise ConflictError("other processes took every grant that was tried; try again")

    def forget_ended(self) -> None:
        """Forgets the keys of days on which nothing is handed out any more."""
        self._days.forget_ended()

    def _last(self, blobs: TenantBlobs, day: date) -> tuple[int, Total]:
        """How many grants there are on a day, and what they come to."""
        names = self._blobs.names(grant_folder(day, self._use))
        if names != [grant_name(day, self._use, number) for number in range(len(names))]:
            raise IntegrityError(f"a grant of {day} is missing among those of what was {self._use}")
        return (len(names), read_grant(blobs, names[-1], self._counts)) if names else (0, self._counts())


def read_grant(blobs: TenantBlobs, name: str, counts: type[Total]) -> Total:
    """What was handed out on a day, up to this grant.

    Args:
        blobs: Sealed under the day's key.
        name: Of the grant.
        counts: What it counts.

    Raises:
        BlobNotFoundError: There is none.
        IntegrityError: It is not what was written.
    """
    try:
        return json.decode(blobs.read(KIND, name).data, type=counts)
    except ValueError as exc:  # of JSON, or of UTF-8
        raise IntegrityError(f"{name} holds no grant of this version") from exc
