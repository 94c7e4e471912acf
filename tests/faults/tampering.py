"""A store with two tenants and every kind of artefact, and how each is opened by whoever needs it next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import konverze_rag as kr
from konverze_core.errors import IntegrityError
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import SHARED_KEK
from konverze_indexes.commits import CommitLog
from konverze_indexes.generations import Generations
from konverze_indexes.keyring import Keyring
from konverze_indexes.keywrap import unlocked
from konverze_indexes.manifest import BlobPin, SegmentEntry, commit_name
from konverze_indexes.marks import MemoryMarks
from konverze_indexes.segment import opened_segment
from konverze_indexes.tenant_ids import tenant_directory
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_rag.conversations.daykeys import DayKeys
from konverze_rag.conversations.feedback import read_feedback
from konverze_rag.conversations.names import Place, day_of, rated_place
from konverze_rag.conversations.turn import StoredTurn
from konverze_rag.tenant_settings import TenantConfiguration
from tests.settings import OFFLINE

QUESTION = "How long does a refund take?" + " Please say it in one short sentence." * 12
DAYS = 7
"""Days of conversation: their keys and markers are so small that one has too few bits to flip."""

DAY_S = 86_400


class Contextless(MemoryKeyProvider):
    """Binds no context, as RSA keys in a key vault do."""

    def wrap(self, payload, *, context, kek=SHARED_KEK):
        return super().wrap(payload, context={}, kek=kek)

    def unwrap(self, wrapped, *, context):
        return super().unwrap(wrapped, context={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A blob, as it was written.

    Attributes:
        kind: What it is sealed as; `keyring` for the one that is signed instead.
        name: Its whole name.
        content: Its bytes.
        opened: Opens it by the function that its next reader uses.
        blobs: Seal and open blobs under its key; None for a keyring.
        pin: What the commit says of it.
    """

    kind: str
    name: str
    content: bytes
    opened: Callable[[], object]
    blobs: TenantBlobs | None = None
    pin: BlobPin | None = None

    @property
    def local_name(self) -> str:
        """Its name below the tenant's prefix."""
        return self.name.removeprefix(self.blobs.prefix)


class Scene:
    """Tenants `acme` and `globex`: two commits, two settings, two data keys and a week of rated turns each.

    Args:
        keys: The key provider.
    """

    def __init__(self, keys: MemoryKeyProvider | None = None) -> None:
        self.blobs, self.keys, self.clock = MemoryBlobStore(), keys or MemoryKeyProvider(), ManualClock()
        engine = self.engine()
        for tenant_id in ("acme", "globex"):
            tenant = engine.tenant(tenant_id)
            tenant.ingest(_upload(tenant_id, "A refund takes 7 days."), source="policy.txt")
            tenant.configure(kr.TenantSettings(persona=f"The first bot of {tenant_id}. " * 30))
        self.earlier = self.contents()
        engine.rotate_keys()
        for tenant_id in ("acme", "globex"):
            tenant = engine.tenant(tenant_id)
            tenant.ingest(_upload(tenant_id, "Delivery takes 3 days."), source="delivery.txt")
            tenant.configure(kr.TenantSettings(persona=f"The other bot of {tenant_id}. " * 30))
        for day in range(DAYS):
            self.clock.advance(DAY_S if day else 0)
            for tenant_id in ("acme", "globex"):
                engine.tenant(tenant_id).ask(QUESTION, conversation="c", visitor="asha")
        for tenant_id in ("acme", "globex"):
            tenant = engine.tenant(tenant_id)
            tenant.ask(QUESTION.replace("refund", "delivery"), conversation="c", visitor="asha")
            for turn in tenant.turns():
                tenant.give_feedback("c", turn.turn, helpful=True, comment=f"Good for {tenant_id}. " * 30)
        self.whole = self.contents()

    def engine(self, **changes) -> kr.Engine:
        """An engine as a new process has it."""
        parts = {"settings": OFFLINE, "blobs": self.blobs, "keys": self.keys, "clock": self.clock}
        return kr.Engine(**parts | {"embedder": HashingEmbedder()} | changes)

    def contents(self) -> dict[str, bytes]:
        """All blobs by name."""
        return {name: bytes(self.blobs.get(name)) for name in self.blobs.list("")}

    def restore(self, contents: Mapping[str, bytes] | None = None) -> None:
        """Makes the store hold these blobs and no others; by default those that it held at first."""
        contents = self.whole if contents is None else contents
        for name in self.blobs.list(""):
            if name not in contents:
                self.blobs.delete(name)
        for name, content in contents.items():
            self.blobs.put(name, content)

    def artefacts(self, tenant_id: str = "acme") -> dict[str, list[Artefact]]:
        """A tenant's artefacts by kind; first the one that is opened next."""
        keyring = Keyring.open(self.blobs, self.keys, tenant_id, self.clock)
        found: dict[str, list[Artefact]] = {"keyring": [self._keyring(keyring.directory)]}
        for artefact in self._sealed(keyring):
            found.setdefault(artefact.kind, []).append(artefact)
        return found

    def _keyring(self, directory: str) -> Artefact:
        generations = Generations(self.blobs, self.keys, directory, MemoryMarks())
        name = self.blobs.list(f"keyring/{directory}/")[-1]
        return Artefact(
            kind="keyring",
            name=name,
            content=self.whole[name],
            opened=lambda: unlocked(self.keys, generations.newest().body),
        )

    def _sealed(self, keyring: Keyring) -> Iterator[Artefact]:
        blobs = TenantBlobs.of(self.blobs, keyring)
        log = CommitLog(blobs)
        newest = log.read(log.newest())
        for generation in log.generations():
            yield self._artefact(blobs, "commit", commit_name(generation), lambda n=generation: log.read(n))
        for entry in newest.manifest.segments:
            yield self._pinned(blobs, "hot", entry.hot_name, entry.hot)
            yield self._text(blobs, entry)
        for name in blobs.names("uploads/"):
            yield self._pinned(blobs, "upload", name, None)
        yield self._artefact(blobs, "settings", blobs.names("settings/")[0], lambda: self._configuration(keyring).own())
        for name in reversed(blobs.names("days/")):
            day = day_of(name)
            if name.endswith("/key"):
                yield self._artefact(
                    blobs, "day-key", name, lambda d=day: DayKeys(blobs, keyring, self.clock).blobs_of(d)
                )
            elif "/feedback/" in name:
                yield self._feedback(blobs, keyring, rated_place(name))
            else:
                yield self._turn(blobs, keyring, day, name)
        for name in blobs.names("visitors/"):
            yield self._pinned(blobs, "visitor", name, None)

    def _configuration(self, keyring: Keyring) -> TenantConfiguration:
        return TenantConfiguration(self.blobs, keyring, self.clock, defaults=OFFLINE)

    def _turn(self, blobs: TenantBlobs, keyring: Keyring, day: date, name: str) -> Artefact:
        of_day = DayKeys(blobs, keyring, self.clock).blobs_of(day)
        return self._artefact(of_day, "turn", name, lambda: StoredTurn.read(of_day, name))

    def _feedback(self, blobs: TenantBlobs, keyring: Keyring, place: Place) -> Artefact:
        days = DayKeys(blobs, keyring, self.clock)
        turn = StoredTurn.read(days.blobs_of(place.folder.day), place.name)
        of_turn = days.feedback_blobs(place.folder.day, turn.content_sha256)
        return self._artefact(of_turn, "feedback", place.feedback, lambda: read_feedback(days, place, turn))

    def _pinned(self, blobs: TenantBlobs, kind: str, name: str, pin: BlobPin | None) -> Artefact:
        artefact = self._artefact(blobs, kind, name, lambda: blobs.read(kind, name, pin=pin))
        return replace(artefact, pin=pin)

    def _text(self, blobs: TenantBlobs, entry: SegmentEntry) -> Artefact:
        def texts() -> list[str]:
            segment = opened_segment(blobs, entry)
            return [segment.chunk(row).text for row in range(segment.row_count)]

        return replace(self._artefact(blobs, "text", entry.text_name, texts), pin=entry.text)

    def _artefact(self, blobs: TenantBlobs, kind: str, name: str, opened: Callable[[], object]) -> Artefact:
        whole_name = blobs.prefix + name
        return Artefact(kind=kind, name=whole_name, content=self.whole[whole_name], opened=opened, blobs=blobs)

    def is_refused(self, artefact: Artefact, content: bytes) -> bool:
        """Whether these bytes in the artefact's place are refused by who opens it; what was there is put back."""
        self.blobs.put(artefact.name, content)
        try:
            return is_integrity_error(artefact.opened)
        finally:
            self.blobs.put(artefact.name, artefact.content)

    def is_refused_by_the_engine(self, artefact: Artefact, content: bytes) -> bool:
        """Whether a new process notices it in what it does next, and `verify` names the place."""
        self.blobs.put(artefact.name, content)
        try:
            return is_integrity_error(lambda: next_use(artefact.kind, self.engine())) and is_reported(
                self.engine(), artefact.name
            )
        finally:
            self.blobs.put(artefact.name, artefact.content)


def next_use(kind: str, engine: kr.Engine) -> object:
    """What a service does next that needs an artefact of this kind.

    The sealed original of an upload, and a visitor's marker (whose name says all), are opened by `verify` alone.
    """
    if kind in {"upload", "visitor"}:
        raise_if_unsound(engine)
    tenant = engine.tenant("acme")
    if kind == "feedback":
        return list(tenant.turns())
    if kind in {"turn", "day-key", "settings"}:
        return tenant.ask(QUESTION, conversation="c")
    return tenant.search("refund")


def raise_if_unsound(engine: kr.Engine) -> None:
    """Makes one error of what `verify` finds."""
    if not engine.verify().is_sound:
        raise IntegrityError("verify has found something")


def is_integrity_error(call: Callable[[], object]) -> bool:
    """Whether a call ends in an `IntegrityError`; any other error is raised."""
    try:
        call()
    except IntegrityError:
        return True
    return False


def is_reported(engine: kr.Engine, name: str) -> bool:
    """Whether `verify` finds fault with a blob, or with the keyring that it is."""
    return any(
        name == finding.name or (finding.name.startswith("keyring/") and name.startswith(finding.name))
        for finding in engine.verify().findings
        if not finding.is_harmless
    )


def directory_of(tenant_id: str) -> str:
    """The tenant's part of blob names."""
    return tenant_directory(tenant_id)


def _upload(tenant_id: str, fact: str) -> bytes:
    """A text that does not shrink much when it is compressed, so that there is something to damage."""
    codes = (hashlib.sha256(f"{tenant_id} {fact} {number}".encode()).hexdigest() for number in range(40))
    return " ".join(f"{tenant_id} says: {fact} {code}." for code in codes).encode()
