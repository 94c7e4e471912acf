"""Commands of `konverze`; what they print is in `rendering`, what they show off in `demonstration`."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from konverze_core.errors import ConfigError, KonverzeError
from konverze_rag.cli import rendering
from konverze_rag.cli.demonstration import demonstrate
from konverze_rag.engine import Engine
from konverze_rag.tenant import DEFAULT_HITS, Tenant
from konverze_rag.uploads import Upload

FAILURE = 1
"""Exit status of a command that could not do all that it was asked."""

app = typer.Typer(
    name="konverze",
    help="Answers from your documents: sealed on disk, cited, and offline when need be.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Option("--data", help="Data directory; made when it is not there.")]
TenantId = Annotated[str, typer.Option("--tenant", help="Whose documents.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Hits = Annotated[int, typer.Option("-k", help="At most this many hits.")]
DATA_DEFAULT = Path("data")
TENANT_DEFAULT = "default"


@contextmanager
def _tenant(data: Path, tenant_id: str, *, create: bool = False) -> Generator[Tenant]:
    if not create and not data.is_dir():
        raise ConfigError(f"{data}: no data directory; ingest something first")
    with Engine.open(data) as engine:
        yield engine.tenant(tenant_id, create=create)


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
    with _tenant(data, tenant, create=True) as acme, rendering.progress() as on_progress:
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
    with _tenant(data, tenant) as acme:
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
    with _tenant(data, tenant) as acme:
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
    with _tenant(data, tenant) as acme:
        for question in rendering.questions():
            rendering.show_stream(acme.stream(question, conversation=conversation))


@app.command()
def documents(data: Data = DATA_DEFAULT, tenant: TenantId = TENANT_DEFAULT, as_json: AsJson = False) -> None:
    """Lists what is indexed."""
    with _tenant(data, tenant) as acme:
        rendering.show_documents(acme.documents(), as_json=as_json)


@app.command()
def delete(
    sources: Annotated[list[str], typer.Argument(help="Document ids.")],
    data: Data = DATA_DEFAULT,
    tenant: TenantId = TENANT_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Removes documents from all later searches."""
    with _tenant(data, tenant) as acme:
        removed = acme.delete(*sources)
    rendering.show_counts({"deleted": removed}, as_json=as_json)
    if removed < len(set(sources)):
        _fail(f"{len(set(sources)) - removed} of the documents were not there")


@app.command()
def tenants(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Lists the tenants."""
    if not data.is_dir():
        raise ConfigError(f"{data}: no data directory; ingest something first")
    with Engine.open(data) as engine:
        rendering.show_lines(engine.tenants(), as_json=as_json)


@app.command()
def stats(data: Data = DATA_DEFAULT, tenant: TenantId = TENANT_DEFAULT, as_json: AsJson = False) -> None:
    """Shows size and state of a tenant's index."""
    with _tenant(data, tenant) as acme:
        rendering.show_stats(acme.stats(), as_json=as_json)


def _fail(message: str) -> NoReturn:
    print(f"konverze: {message}", file=sys.stderr)
    raise typer.Exit(FAILURE)


def main() -> None:
    """The entry point: an error of ours is one line and a non-zero exit, never a traceback."""
    try:
        app()
    except KonverzeError as error:
        print(f"konverze: {error}", file=sys.stderr)
        sys.exit(FAILURE)
    except BrokenPipeError:
        sys.exit(FAILURE)
