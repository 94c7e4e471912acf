"""Commands of `konverze` for the owner of a tenant: what was asked and answered, what it tells, and all as files."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from konverze_core.conversations import ConversationTurn, Insights
from konverze_rag.cli import rendering
from konverze_rag.cli.app import DATA_DEFAULT, TENANT_DEFAULT, AsJson, Data, TenantId, app, tenant_of

Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC.")]
Visitor = Annotated[str | None, typer.Option(help="Only this visitor's turns.")]


@app.command()
def conversations(
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    since: Since = None,
    until: Until = None,
    conversation: Annotated[str | None, typer.Option(help="Only this conversation.")] = None,
    visitor: Visitor = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs, one turn a line.")] = False,
) -> None:
    """Shows stored questions and answers, oldest day first."""
    with tenant_of(data, tenant) as acme:
        turns = acme.turns(since=_day(since), until=_day(until), conversation=conversation, visitor=visitor)
        for turn in turns:
            if as_json:
                rendering.print_json(turn)
            else:
                _show_turn(turn)


@app.command()
def insights(
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Counts stored turns: answered and refused, what was asked in vain, what was cited, latency, cost, feedback."""
    with tenant_of(data, tenant) as acme:
        found = acme.insights(since=_day(since), until=_day(until))
    shares = {name: getattr(found, name) for name in ("answered_share", "refused_share", "degraded_share")}
    if as_json:
        rendering.print_json({**dataclasses.asdict(found), **shares})
    else:
        _show_insights(found)


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="The new ZIP file. What it holds is not sealed any more.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    visitor: Visitor = None,
    as_json: AsJson = False,
) -> None:
    """Writes conversations, documents, originals and settings in the clear, or what is stored of one visitor."""
    with tenant_of(data, tenant) as acme:
        rendering.show_report(acme.export(path, visitor=visitor), as_json=as_json)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _shown(text: str) -> str:
    """On one line, and without what could give orders to a terminal: a stranger wrote it."""
    line = rendering.shortened(text)
    return "".join("\ufffd" if unicodedata.category(character) == "Cc" else character for character in line)


def _show_turn(turn: ConversationTurn) -> None:
    out, visitor = rendering.out, "" if turn.visitor is None else f", {_shown(turn.visitor)}"
    state = "refused" if turn.refused else f"{turn.mode}, confidence {turn.confidence:.2f}"
    name = f"{turn.asked_at:%Y-%m-%d %H:%M:%S} {_shown(turn.conversation)}{visitor}"
    out.print(f"{name} ({state}, {turn.total_ms:.0f} ms)")
    out.print(f"  asked: {_shown(turn.question)}")
    out.print(f"  said: {_shown(turn.answer)}")
    if turn.feedback is not None:
        word = "helpful" if turn.feedback.helpful else "not helpful"
        out.print(f"  called {word}: {_shown(turn.feedback.comment)}".removesuffix(": "))


def _show_insights(found: Insights) -> None:
    out = rendering.out
    out.print(f"{found.turns} turns, {found.conversations} conversations, {found.visitors} visitors")
    out.print(
        f"answered {found.answered_share:.1%}, refused {found.refused_share:.1%}, degraded {found.degraded_share:.1%}"
    )
    out.print(f"half of the answers within {found.latency_p50_ms:g} ms, 99 % within {found.latency_p99_ms:g} ms")
    unpriced = f", and {found.unpriced} answers without a price" if found.unpriced else ""
    out.print(f"tokens: {found.input_tokens} read, {found.output_tokens} written; cost: {found.cost:.4f}{unpriced}")
    out.print(f"called helpful: {found.helpful}; called not helpful: {found.unhelpful}")
    for document in found.cited:
        out.print(f"cited in {document.turns} answers: {document.document_id}")
    for group in found.unanswered:
        last = f"{group.last_asked_at:%Y-%m-%d}"
        out.print(f"not answered, {group.questions} times, last on {last}: {_shown(group.example)}")
    if found.cited_left_out or found.unanswered_left_out:
        out.print(f"left out: {found.cited_left_out} documents, {found.unanswered_left_out} questions")
