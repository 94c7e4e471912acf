"""What the commands print: words for people on a terminal, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from msgspec import Struct, structs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from konverze_core.answers import Answer, Citation, Degraded, Done, Event, Failed, Refusal, Token
from konverze_core.reports import DocumentInfo, ErasureReceipt, IngestReport, SyncReport, TenantStats, VerifyReport
from konverze_core.retrieval import Hit
from konverze_rag.ingest.progress import OnProgress
from konverze_rag.ingest.progress import Progress as IngestProgress

SNIPPET_CHARS = 240
QUOTE_CHARS = 160

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return structs.asdict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Exception):
        return {"error": type(value).__name__, "message": str(value)}
    return str(value) if isinstance(value, Path) else cast("datetime", value).isoformat()


def print_json(value: object) -> None:
    """One JSON value, UTF-8, on one line."""
    print(json.dumps(value, ensure_ascii=False, default=_plain))


@contextmanager
def progress() -> Generator[OnProgress]:
    """A bar for each stage of an ingest, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def on_progress(step: IngestProgress) -> None:
            stage = step.stage if step.stage in {"embedded", "committed"} else "read"
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=step.total)
            bars.update(tasks[stage], completed=step.done, total=step.total)

        yield on_progress


def show_ingest(report: IngestReport, *, as_json: bool) -> None:
    """What became of a batch."""
    if as_json:
        print_json(report)
        return
    out.print(f"{report.documents} documents, {report.chunks} chunks; generation {report.generation}")
    if report.skipped:
        out.print(f"{len(report.skipped)} unchanged: {', '.join(report.skipped)}")
    _show_remarks(report)


def show_sync(report: SyncReport, *, as_json: bool) -> None:
    """What became of a folder."""
    if as_json:
        print_json(report)
        return
    out.print(f"{len(report.unchanged)} unchanged; {report.chunks} chunks indexed; generation {report.generation}")
    for word in ("added", "changed", "deleted"):
        for source in getattr(report, word):
            out.print(f"{word}: {source}")
    _show_remarks(report)


def _show_remarks(report: IngestReport | SyncReport) -> None:
    """What was paid for, and what is not as one would wish: duplicates, parts without text, and unreadable files."""
    if report.usage.input_tokens:
        cost = "" if report.usage.cost is None else f"; cost: {report.usage.cost:.4f}"
        out.print(f"tokens embedded: {report.usage.input_tokens}{cost}")
    for source, of in report.duplicates:
        err.print(f"duplicate: {source} holds the same as {of}")
    for source, part in report.unread:
        err.print(f"no text: {source}: {part.part}: {part.reason}")
    for source, error in report.failed:
        err.print(f"failed: {source}: {error.reason}")


def _place(document_id: str, page: int | None) -> str:
    return f"{document_id}, page {page}" if page is not None else document_id


def shortened(text: str, length: int = SNIPPET_CHARS) -> str:
    """On one line, with an ellipsis for what is beyond the length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def show_hits(hits: Sequence[Hit], *, as_json: bool) -> None:
    """Hits, best first."""
    if as_json:
        print_json(hits)
        return
    for number, hit in enumerate(hits, start=1):
        heading = f" › {hit.chunk.heading}" if hit.chunk.heading else ""
        out.print(f"{number}. {_place(hit.chunk.document_id, hit.chunk.page)}{heading}  ({hit.score:.3f})")
        out.print(f"   {shortened(hit.chunk.text)}")
    if not hits:
        out.print("nothing found")


def show_stream(events: Iterator[Event]) -> Answer:
    """An answer as it comes, then its citations.

    Raises:
        KonverzeError: What the stream reports as `Failed`.
    """
    for event in events:
        match event:
            case Token(text) | Refusal(text):
                print(text, end="", flush=True)
            case Degraded(reason):
                print(f"\n[the language model did not answer: {reason}]")
            case Failed(error):
                raise error
            case Done(answer):
                print()
                for citation in answer.citations:
                    show_citation(citation)
                return answer
            case _:
                pass
    raise AssertionError("a stream ends with Done or Failed")


def show_citation(citation: Citation) -> None:
    """Where the words stand, and the words."""
    place = _place(citation.document_id, citation.page)
    out.print(f"  [{citation.number}] {place}: “{shortened(citation.quote, QUOTE_CHARS)}”")


def questions() -> Iterator[str]:
    """Lines of standard input that are not blank, with a prompt on a terminal."""
    while True:
        if sys.stdin.isatty():
            print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def show_documents(rows: Sequence[DocumentInfo], *, as_json: bool) -> None:
    """The catalogue."""
    if as_json:
        print_json(rows)
        return
    table = Table("document", "format", "chunks", "bytes", "ingested")
    for row in rows:
        when = f"{row.ingested_at:%Y-%m-%d %H:%M}"
        table.add_row(row.id, str(row.metadata.get("format", "")), str(row.chunks), str(row.content_bytes), when)
    out.print(table)


def show_counts(counts: Mapping[str, int], *, as_json: bool) -> None:
    """Named numbers."""
    if as_json:
        print_json(counts)
    else:
        for name, count in counts.items():
            out.print(f"{name}: {count}")


def show_lines(lines: Sequence[str], *, as_json: bool) -> None:
    """One a line."""
    if as_json:
        print_json(lines)
    else:
        for line in lines:
            print(line)


def show_stats(figures: TenantStats, *, as_json: bool) -> None:
    """Size and state of an index."""
    if as_json:
        print_json(figures)
        return
    show_report(dataclasses.replace(figures, dense=()), as_json=False)
    for part in figures.dense:
        measured = f", measured with {part.queries}" if part.queries else ""
        out.print(
            f"  {part.rows} vectors, {part.structure}: recall {part.recall:.3f} (asked {part.asked_recall}){measured}"
        )


def show_report(report: Any, *, as_json: bool) -> None:
    """The fields of a report that say something, one a line; what failed, with its reason, on standard error."""
    if as_json:
        print_json(report)
        return
    for field in dataclasses.fields(report):
        value = getattr(report, field.name)
        if field.name == "failed":
            for name, error in value:
                err.print(f"failed: {name}: {error}")
        elif value not in ("", ()):
            words = ", ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)
            out.print(f"{field.name.replace('_', ' ')}: {words}")


def show_receipt(receipt: ErasureReceipt, *, as_json: bool) -> None:
    """What an erasure reached, and what it did not."""
    if as_json:
        print_json(receipt)
        return
    when = f"{receipt.erased_at:%Y-%m-%d %H:%M} UTC"
    out.print(f"erased {receipt.subject} {receipt.target!r} of tenant {receipt.tenant!r} at {when}")
    out.print(f"mode: {receipt.mode}; {receipt.blobs_destroyed} blobs, {receipt.bytes_destroyed} bytes")
    for key in receipt.keys_destroyed:
        out.print(f"destroyed key: {key}")
    for rest in receipt.remains:
        out.print(f"remains until {rest.until:%Y-%m-%d}: {rest.what}" if rest.until else f"remains: {rest.what}")
    out.print(f"final by: {receipt.effective_by:%Y-%m-%d %H:%M} UTC" if receipt.effective_by else "final by: not known")


def show_verification(report: VerifyReport, *, as_json: bool) -> None:
    """What a walk over every blob has found."""
    if as_json:
        print_json({**dataclasses.asdict(report), "is_sound": report.is_sound})
        return
    for finding in report.findings:
        kind = "left over" if finding.is_harmless else "WRONG"
        out.print(f"{kind}: {finding.name}: {finding.problem}")
    verdict = "sound" if report.is_sound else "NOT SOUND"
    out.print(f"{verdict}: {report.tenants} tenants, {report.blobs} blobs, {report.bytes} bytes")


@contextmanager
def counting(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar that counts, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bars:
        task = bars.add_task(what)
        yield lambda done, of: bars.update(task, completed=done, total=of)
