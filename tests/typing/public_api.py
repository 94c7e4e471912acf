"""What a type checker must see of the public API; read by `basedpyright`, never run."""

from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import date, datetime
from typing import assert_type

import konverze_rag as kr


def engine_and_tenant(engine: kr.Engine) -> None:
    acme = engine.tenant("acme", create=False, min_generation=3)
    assert_type(acme, kr.Tenant)
    assert_type(acme.inspect("manual.pdf"), kr.Inspection)
    assert_type(kr.inspect_file("manual.pdf").pages, tuple[kr.InspectedPage, ...])
    assert_type(acme.sync("manuals", label="manuals", exclude=["*.tmp"]), kr.SyncReport)
    assert_type(
        acme.ingest(["a.pdf", b"bytes"], metadata={"lang": "en", "tags": ["a", "b"], "price": 1.5}), kr.IngestReport
    )
    assert_type(acme.search("refund", k=3, where={"price": {"gte": 1}}), list[kr.Hit])
    assert_type(acme.ask("refund?", conversation="c", visitor="v"), kr.Answer)
    assert_type(acme.stream("refund?"), Generator[kr.Event, None, None])
    assert_type(acme.documents(), list[kr.DocumentInfo])
    assert_type(acme.turns(since=date(2026, 1, 1), visitor="v"), Iterator[kr.ConversationTurn])
    assert_type(acme.give_feedback("c", kr.TurnId(date(2026, 1, 1), 0), helpful=True, comment="Thanks."), None)
    assert_type(acme.insights(until=date(2026, 1, 1)).unanswered, tuple[kr.QuestionGroup, ...])
    assert_type(acme.export("acme.zip", visitor="v"), kr.ExportReport)
    assert_type(acme.stats(), kr.TenantStats)
    assert_type(acme.stats().content_bytes, int)
    assert_type(acme.configure(kr.TenantSettings(max_documents=100, max_stored_bytes=10**9, daily_ingests=50)), int)
    for _, error in acme.ingest("a.pdf").failed:
        if isinstance(error, kr.QuotaExceededError):
            assert_type(error.quota, str)
    assert_type(engine.tenants(), list[str])


def upkeep(engine: kr.Engine, acme: kr.Tenant) -> None:
    assert_type(engine.rotate_keys(only_due=True, reencrypt=True, on_progress=lambda done, of: None), kr.RotationReport)
    assert_type(engine.vacuum(grace_s=0), kr.VacuumReport)
    assert_type(engine.purge_expired(), kr.PurgeReport)
    assert_type(engine.verify("acme").is_sound, bool)
    assert_type(engine.verify().findings, tuple[kr.Finding, ...])
    assert_type(engine.back_up("copy", "acme"), kr.CopyReport)
    assert_type(engine.restore("az://container/copy"), kr.VerifyReport)
    assert_type(engine.health(), kr.HealthReport)
    assert_type(engine.erase_tenant("acme"), kr.ErasureReceipt)
    assert_type(acme.erase(), kr.ErasureReceipt)
    assert_type(acme.erase_document("policy").mode, kr.ErasureMode)
    assert_type(acme.erase_visitor("asha").effective_by, datetime | None)
    assert_type(acme.settings(), kr.TenantSettings)
    assert_type(acme.configure(kr.TenantSettings(mode="assisted")), int)
    assert_type(acme.reindex(), int)


async def async_engine(engine: kr.AsyncEngine) -> None:
    acme = await engine.tenant("acme")
    assert_type(acme, kr.AsyncTenant)
    assert_type(await acme.ask("refund?"), kr.Answer)
    assert_type(acme.stream("refund?"), AsyncGenerator[kr.Event, None])
    assert_type(acme.turns(), AsyncGenerator[kr.ConversationTurn, None])
    assert_type(await engine.rotate_keys(), kr.RotationReport)
    assert_type(await acme.erase(), kr.ErasureReceipt)


def events(event: kr.Event) -> str:  # noqa: PLR0911 (one for each event)
    match event:
        case kr.Token(text) | kr.Refusal(text):
            return text
        case kr.Sources(hits):
            return hits[0].chunk.text
        case kr.Cited(citation):
            return citation.quote
        case kr.Unsupported(span):
            return str(span.start)
        case kr.Done(answer):
            return answer.text
        case kr.Degraded(reason):
            return reason
        case kr.Failed(error):
            return str(error)
        case kr.Usage(input_tokens=count):
            return str(count)
