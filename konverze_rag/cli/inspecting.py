"""The command of `konverze` that shows what loader and chunker make of a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from konverze_core.documents import BlockKind
from konverze_core.errors import ConfigError
from konverze_rag.cli import rendering
from konverze_rag.cli.app import TENANT_DEFAULT, AsJson, app, tenant_of
from konverze_rag.cli.commands import AskPassword, asked_password
from konverze_rag.inspecting import InspectedPage, Inspection, inspect_file


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="What to look at; nothing is stored.")],
    data: Annotated[str | None, typer.Option("--data", help="Go by the settings of a tenant in there.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Whose settings; needs --data.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with the chunks over the text.")] = None,
    ask_password: AskPassword = False,
    as_json: AsJson = False,
) -> None:
    """Shows what loader and chunker make of a file: structure, pages, chunks with their spans."""
    if tenant is not None and data is None:
        raise ConfigError("--tenant needs --data: the settings of a tenant lie in its data directory")
    if html is not None and html.exists() and file.exists() and html.samefile(file):
        raise ConfigError(f"{html}: the file that is inspected; write the page elsewhere")
    password = asked_password(is_asked=ask_password)
    if data is None:
        inspection = inspect_file(file, password=password)
    else:
        with tenant_of(data, tenant or TENANT_DEFAULT) as acme:
            inspection = acme.inspect(file, password=password)
    if html is not None:
        _write(html, inspection.to_html())
    if as_json:
        rendering.print_json(inspection)
    elif html is None:
        _show(inspection)


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, "utf-8")
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror})") from exc


def _show(inspection: Inspection) -> None:
    document, out = inspection.document, rendering.out
    out.print(f"{inspection.source}: {inspection.content_bytes:,} bytes, {len(document.text):,} characters")
    for name, value in document.metadata.items():
        out.print(f"{name}: {value}")
    kinds = Counter(str(block.kind).replace("_", " ") for block in document.blocks)
    out.print(f"blocks: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}")
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            heading = rendering.shortened(document.text[block.span.start : block.span.end])
            out.print(f"{'  ' * block.level}{heading}")
    if inspection.pages:
        out.print(_pages_table(inspection.pages))
    out.print(f"{len(inspection.chunks)} chunks by {inspection.chunker}")
    for chunk, tokens in zip(inspection.chunks, inspection.tokens, strict=True):
        page = f"page {chunk.page}, " if chunk.page is not None else ""
        span = f"{chunk.span.start}-{chunk.span.end}, " if chunk.span else ""
        above = f"  ({rendering.shortened(chunk.above)})" if chunk.above else ""
        out.print(f"{chunk.ordinal}. {page}{span}{tokens} tokens, {chunk.metadata.get('lang', '')}{above}")
        out.print(f"   {rendering.shortened(chunk.text)}")
    for part in document.unread:
        rendering.err.print(f"no text: {part.part}: {part.reason}")


def _pages_table(pages: tuple[InspectedPage, ...]) -> Table:
    table = Table("page", "label", "words", "read from", "problem")
    for page in pages:
        table.add_row(str(page.number), page.label, str(page.words), page.read_from, page.problem)
    return table
