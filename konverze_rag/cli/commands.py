"""Commands of `konverze` for documents and questions; `keeping` has those for keys and tenants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from konverze_core.errors import ConfigError
from konverze_rag.cli import rendering
from konverze_rag.cli.app import (
    DATA_DEFAULT,
    FAILURE,
    TENANT_DEFAULT,
    AsJson,
    Data,
    TenantId,
    app,
    engine_of,
    fail,
    tenant_of,
)
from konverze_rag.cli.demonstration import demonstrate
from konverze_rag.tenant import DEFAULT_HITS
from konverze_rag.uploads import Upload

Hits = Annotated[int, typer.Option("-k", help="At most this many hits.")]


def _uploads(paths: list[Path]) -> dict[str, Upload]:
    """Files by source: a file's own name, and below a folder its path from there; hidden files are left out."""
    found: dict[str, Upload] = {}
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: no such file or folder")
        below = sorted(item for item in path.rglob("*") if item.is_file() and not _is_hidden(item.relative_to(path)))
        named = {item.relative_to(path).as_posix(): item for item in below} if path.is_dir() else {path.name: path}
        if twice := sorted(found.keys() & named.keys()):
            raise ConfigError(f"{twice[0]!r} stands twice among the files: ingest their folder, or one after the other")
        found |= named
    if not found:
        raise ConfigError("no file to ingest")
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


@app.command()
def demo(
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the data here; by default it is thrown away.")
    ] = None,
) -> None:
    """Ingests two invented businesses, asks, and shows that nothing lies on disk in the clear."""
    demonstrate(data)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to walk.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Indexes files; the same file name, or the same path below a folder, replaces."""
    uploads = _uploads(paths)
    with tenant_of(data, tenant, create=True) as acme, rendering.progress() as on_progress:
        report = acme.ingest(uploads, on_progress=on_progress)
    rendering.show_ingest(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(FAILURE)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What to search for.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    k: Hits = DEFAULT_HITS,
    as_json: AsJson = False,
) -> None:
    """Finds chunks."""
    with tenant_of(data, tenant) as acme:
        rendering.show_hits(acme.search(text, k=k), as_json=as_json)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In any language.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    conversation: Annotated[str | None, typer.Option(help="Read and store the turn under this name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answers one question, with citations."""
    with tenant_of(data, tenant) as acme:
        if as_json:
            rendering.print_json(acme.ask(question, conversation=conversation))
        else:
            rendering.show_stream(acme.stream(question, conversation=conversation))


@app.command()
def chat(
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    conversation: Annotated[str, typer.Option(help="Name of the conversation.")] = "command line",
) -> None:
    """Answers questions, one a line, until the input ends."""
    with tenant_of(data, tenant) as acme:
        for question in rendering.questions():
            rendering.show_stream(acme.stream(question, conversation=conversation))


@app.command()
def documents(data: Data = DATA_DEFAULT, tenant: TenantId = TENANT_DEFAULT, as_json: AsJson = False) -> None:
    """Lists what is indexed."""
    with tenant_of(data, tenant) as acme:
        rendering.show_documents(acme.documents(), as_json=as_json)


@app.command()
def delete(
    sources: Annotated[list[str], typer.Argument(help="Document ids.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Removes documents from all later searches."""
    with tenant_of(data, tenant) as acme:
        removed = acme.delete(*sources)
    rendering.show_counts({"deleted": removed}, as_json=as_json)
    if removed < len(set(sources)):
        fail(f"{len(set(sources)) - removed} of the documents were not there")


@app.command()
def tenants(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Lists the tenants."""
    with engine_of(data) as engine:
        rendering.show_lines(engine.tenants(), as_json=as_json)


@app.command()
def stats(data: Data = DATA_DEFAULT, tenant: TenantId = TENANT_DEFAULT, as_json: AsJson = False) -> None:
    """Shows size and state of a tenant's index."""
    with tenant_of(data, tenant) as acme:
        rendering.show_stats(acme.stats(), as_json=as_json)
