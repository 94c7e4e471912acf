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
from konverze_rag.ingest.folders import Selection, files_below
from konverze_rag.tenant import DEFAULT_HITS
from konverze_rag.uploads import Upload

AskPassword = Annotated[bool, typer.Option("--ask-password", help="Ask for the password of locked files.")]
Hits = Annotated[int, typer.Option("-k", help="At most this many hits.")]


def _uploads(paths: list[Path]) -> dict[str, Upload]:
    """Files by source: a file's own name, and below a folder its path from there; hidden files are left out."""
    found: dict[str, Upload] = {}
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: no such file or folder")
        named = _files_of(path) if path.is_dir() else {path.name: path}
        if twice := sorted(found.keys() & named.keys()):
            raise ConfigError(f"{twice[0]!r} stands twice among the files: ingest their folder, or one after the other")
        found |= named
    if not found:
        raise ConfigError("no file to ingest")
    return found


def _files_of(folder: Path) -> dict[str, Upload]:
    files = files_below(folder, Selection())
    if files.refused:
        raise ConfigError(str(files.refused[0][1]))
    return {source: upload.content for source, upload in files.uploads.items()}


def asked_password(*, is_asked: bool) -> str | None:
    """What the terminal is told; None where it is not asked."""
    return typer.prompt("Password", hide_input=True, err=True) if is_asked else None


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
    ask_password: AskPassword = False,
    as_json: AsJson = False,
) -> None:
    """Indexes files; the same file name, or the same path below a folder, replaces."""
    uploads, password = _uploads(paths), asked_password(is_asked=ask_password)
    with tenant_of(data, tenant, create=True) as acme, rendering.progress() as on_progress:
        report = acme.ingest(uploads, password=password, on_progress=on_progress)
    rendering.show_ingest(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(FAILURE)


@app.command()
def sync(
    folder: Annotated[Path, typer.Argument(help="Walked with all its subfolders; hidden files are left out.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    label: Annotated[str | None, typer.Option(help="What the folder is called; by default its path.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only files like this: '*.pdf'. May be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No files like this: 'drafts/*'. May be repeated.")] = None,
    may_delete_all: Annotated[bool, typer.Option("--may-delete-all", help="Take an empty folder at its word.")] = False,
    ask_password: AskPassword = False,
    as_json: AsJson = False,
) -> None:
    """Indexes what is in a folder, and deletes what came from it and is not in it any more."""
    password = asked_password(is_asked=ask_password)
    with tenant_of(data, tenant, create=True) as acme, rendering.progress() as on_progress:
        report = acme.sync(
            folder,
            label=label,
            include=include or ("*",),
            exclude=exclude or (),
            password=password,
            may_delete_all=may_delete_all,
            on_progress=on_progress,
        )
    rendering.show_sync(report, as_json=as_json)
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
