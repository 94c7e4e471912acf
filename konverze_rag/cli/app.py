"""The command line program: its options, and how it opens engines and fails."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from konverze_core.errors import ConfigError, KonverzeError
from konverze_rag.engine import Engine
from konverze_rag.tenant import Tenant

FAILURE = 1
"""Exit status of a command that could not do all that it was asked."""

app = typer.Typer(
    name="konverze",
    help="Answers from your documents: sealed on disk, cited, and offline when need be.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    str, typer.Option("--data", help="Data directory, made when it is not there; or az://container/…, s3://bucket/….")
]
TenantId = Annotated[str, typer.Option("--tenant", help="Whose documents.")]
TenantIds = Annotated[list[str] | None, typer.Option("--tenant", help="Which tenant; may be repeated. All by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DATA_DEFAULT = "data"
TENANT_DEFAULT = "default"


@contextmanager
def engine_of(data: str, *, create: bool = False) -> Generator[Engine]:
    """An engine over a data directory or a URL.

    Raises:
        ConfigError: There is no such directory, and it is not to be made.
    """
    if not create and "://" not in data and not Path(data).is_dir():
        raise ConfigError(f"{data}: no data directory; ingest something first")
    with Engine.open(data) as engine:
        yield engine


@contextmanager
def tenant_of(data: str, tenant_id: str, *, create: bool = False) -> Generator[Tenant]:
    """A tenant of such an engine."""
    with engine_of(data, create=create) as engine:
        yield engine.tenant(tenant_id, create=create)


def fail(message: str) -> NoReturn:
    """Ends the command with a line on standard error."""
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
