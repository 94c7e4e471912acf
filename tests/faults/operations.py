"""What is done to a tenant while a system call fails, and what may be found there afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

import konverze_rag as kr
from konverze_core.clock import SystemClock
from konverze_core.errors import KeyDestroyedError, TenantErasedError, UnknownTenantError
from konverze_core.fakes import ManualClock
from konverze_core.protocols import Clock
from konverze_core.reports import PurgeReport, RotationReport, VacuumReport
from konverze_indexes.tenant_ids import tenant_directory
from tests.settings import OFFLINE

TENANT, NEIGHBOUR = "acme", "globex"
QUERY = "text"  # stands in every document, so that a search reads each chunk
OLD_DAY = datetime(2020, 1, 1, tzinfo=UTC)
TALKS: dict[str, Clock] = {
    "talk of ann": SystemClock(),
    "talk of bob": SystemClock(),
    "old talk": ManualClock(OLD_DAY),
}
"""Conversations that may be there, and when."""

Contents: TypeAlias = Mapping[str, str] | str
"""Text of each document and questions of each conversation; or the error with which the tenant does not open."""


@dataclass(frozen=True)
class Look:
    """What an engine shows.

    Attributes:
        generation: Of the tenant's index; None where the tenant does not open.
        contents: The tenant's.
        neighbour: Generation and contents of another tenant.
        kek: The version of the shared KEK that is current.
        wrong: What a walk over all blobs finds wrong.
    """

    generation: int | None
    contents: Contents
    neighbour: tuple[int | None, Contents]
    kek: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Something that writes.

    Attributes:
        run: What is done; done again, it has the same result.
        after: Contents once it is done.
        prepare: What the tenants hold before.
        between: Contents that may be found when it was cut short, beside those before and after.
        has_own_kek: Whether each tenant has a KEK of its own.
    """

    run: Callable[[kr.Engine], object]
    after: Contents
    prepare: Callable[[kr.Engine], object]
    between: tuple[Contents, ...] = ()
    has_own_kek: bool = False

    def opened(self, root: Path) -> kr.Engine:
        """The engine over a local directory, with its key file and high-water marks, searching by words."""
        return kr.Engine.open(root, settings=_settings(has_own_kek=self.has_own_kek))


@cache
def _settings(*, has_own_kek: bool) -> kr.Settings:
    return OFFLINE.model_copy(update={"kek_per_tenant": has_own_kek})


def look(engine: kr.Engine, *, verifies: bool = True) -> Look:
    """What the engine shows of both tenants; every text is read, and every blob where it verifies."""
    generation, contents = _tenant(engine, TENANT)
    kek = engine.keys.current_version().key_id
    verifies = verifies and contents != KeyDestroyedError.__name__
    findings = engine.verify().findings if verifies else ()
    wrong = tuple(f"{item.name}: {item.problem}" for item in findings if not item.is_harmless)
    return Look(generation, contents, _tenant(engine, NEIGHBOUR), kek, wrong)


def _tenant(engine: kr.Engine, tenant_id: str) -> tuple[int | None, Contents]:
    try:
        tenant = engine.tenant(tenant_id, create=False)
        hits = tenant.search(QUERY, k=50)
        documents = tenant.documents()
        talks = {name: text for name in TALKS if (text := _questions(engine, tenant_id, name))}
    except (UnknownTenantError, TenantErasedError, KeyDestroyedError) as exc:
        return None, type(exc).__name__
    texts = {hit.chunk.document_id: hit.chunk.text for hit in hits}
    assert sorted(texts) == [document.id for document in documents]
    assert len(hits) == sum(document.chunks for document in documents)
    return tenant.stats().generation, texts | talks


def _at_time_of(engine: kr.Engine, talk: str) -> kr.Engine:
    """The engine, or another one at the time of an old conversation."""
    clock = TALKS[talk]
    if isinstance(clock, SystemClock):
        return engine
    return kr.Engine(settings=engine.settings, blobs=engine.blobs, keys=engine.keys, clock=clock)


def _questions(engine: kr.Engine, tenant_id: str, talk: str) -> str:
    if talk == "old talk" and not engine.blobs.list(f"tenants/{tenant_directory(tenant_id)}/days/{OLD_DAY.date()}"):
        return ""
    conversations = _at_time_of(engine, talk).tenant(tenant_id, create=False)._conversations
    try:
        messages = conversations.history(talk, turns=10, retention_days=30)
    except kr.IntegrityError:
        if talk == "old talk":
            return "cannot be opened"  # its key is deleted first
        raise
    return " ".join(message.text for message in messages if message.role == "user")


def _ask(engine: kr.Engine, talk: str, question: str) -> None:
    acme = _at_time_of(engine, talk).tenant(TENANT)
    answer = acme.ask(question, conversation=talk, visitor=talk.removeprefix("talk of "))
    if answer.turn is None:  # the answer stands, and says that it was not stored; here, that is a failure
        raise kr.StoreError(answer.degraded)


def _ask_unless_asked(engine: kr.Engine) -> None:
    if not _questions(engine, TENANT, "talk of ann"):
        _ask(engine, "talk of ann", "First text?")


def _whole(report: RotationReport | VacuumReport | PurgeReport) -> None:
    """A report tells of the tenants that failed; here, that is a failure."""
    for _, error in report.failed:
        raise error


def _on_acme(act: Callable[[kr.Tenant], object]) -> Callable[[kr.Engine], object]:
    return lambda engine: act(engine.tenant(TENANT))


def _neighbour_alone(engine: kr.Engine) -> None:
    engine.tenant(NEIGHBOUR).ingest(b"neighbour text", source="theirs")


def _two_documents(engine: kr.Engine) -> None:
    _neighbour_alone(engine)
    acme = engine.tenant(TENANT)
    acme.ingest(b"first text", source="old")
    acme.ingest(b"other text", source="other")


def _versions(engine: kr.Engine) -> None:
    _two_documents(engine)
    engine.tenant(TENANT).ingest(b"second text", source="old")


def _document_and_talk(engine: kr.Engine) -> None:
    _neighbour_alone(engine)
    engine.tenant(TENANT).ingest(b"first text", source="old")
    _ask(engine, "talk of ann", "First text?")


def _talks(engine: kr.Engine) -> None:
    _two_documents(engine)
    for talk, question in (
        ("talk of ann", "First text?"),
        ("talk of ann", "Other text?"),
        ("talk of bob", "Which text?"),
        ("old talk", "Old text?"),
    ):
        _ask(engine, talk, question)


_BOTH = {"old": "first text", "other": "other text"}
_OLD_TALK, _BOBS_TALK = {"old talk": "Old text?"}, {"talk of bob": "Which text?"}
_ANNS_TALK = {"talk of ann": "First text? Other text?"}
_TALKS = _ANNS_TALK | _BOBS_TALK | _OLD_TALK

OPERATIONS: dict[str, Operation] = {
    "create": Operation(
        prepare=_neighbour_alone,
        run=_on_acme(lambda acme: acme.ingest(b"first text", source="old")),
        between=({},),
        after={"old": "first text"},
    ),
    "ingest": Operation(
        prepare=_two_documents,
        run=_on_acme(lambda acme: acme.ingest(b"new text", source="new")),
        after=_BOTH | {"new": "new text"},
    ),
    "replace": Operation(
        prepare=_two_documents,
        run=_on_acme(lambda acme: acme.ingest(b"second text", source="old")),
        after=_BOTH | {"old": "second text"},
    ),
    "delete": Operation(
        prepare=_two_documents,
        run=_on_acme(lambda acme: acme.delete("old")),
        after={"other": "other text"},
    ),
    "compact": Operation(prepare=_versions, run=_on_acme(kr.Tenant.compact), after=_BOTH | {"old": "second text"}),
    "vacuum": Operation(
        prepare=_versions,
        run=lambda engine: _whole(engine.vacuum(grace_s=0)),
        after=_BOTH | {"old": "second text"},
    ),
    "ask": Operation(prepare=_two_documents, run=_ask_unless_asked, after=_BOTH | {"talk of ann": "First text?"}),
    "rotate": Operation(prepare=_two_documents, run=lambda engine: _whole(engine.rotate_keys()), after=_BOTH),
    "rotate and re-encrypt": Operation(
        prepare=_document_and_talk,
        run=lambda engine: _whole(engine.rotate_keys(reencrypt=True)),
        after={"old": "first text", "talk of ann": "First text?"},
    ),
    "purge": Operation(
        prepare=_talks,
        run=lambda engine: _whole(engine.purge_expired()),
        between=(_BOTH | _TALKS | {"old talk": "cannot be opened"},),
        after=_BOTH | _ANNS_TALK | _BOBS_TALK,
    ),
    "erase document": Operation(
        prepare=_versions,
        run=_on_acme(lambda acme: acme.erase_document("old")),
        after={"other": "other text"},
    ),
    "erase visitor": Operation(
        prepare=_talks,
        run=_on_acme(lambda acme: acme.erase_visitor("ann")),
        between=(_BOTH | _TALKS | {"talk of ann": "Other text?"},),
        after=_BOTH | _BOBS_TALK | _OLD_TALK,
    ),
    "erase tenant": Operation(
        prepare=_document_and_talk,
        run=lambda engine: engine.erase_tenant(TENANT),
        after=TenantErasedError.__name__,
    ),
    "erase tenant and its KEK": Operation(
        prepare=_document_and_talk,
        run=lambda engine: engine.erase_tenant(TENANT),
        between=(KeyDestroyedError.__name__,),
        after=TenantErasedError.__name__,
        has_own_kek=True,
    ),
}
