"""Commands of `konverze` that keep tenants over the years: rotation, erasure, vacuum, verification, backup."""

from __future__ import annotations

from typing import Annotated

import typer

from konverze_core.errors import ConfigError
from konverze_rag.cli import rendering
from konverze_rag.cli.app import DATA_DEFAULT, FAILURE, AsJson, Data, TenantId, TenantIds, app, engine_of, tenant_of


@app.command()
def rotate(
    data: Data = DATA_DEFAULT,
    due: Annotated[bool, typer.Option("--due", help="Only keys that have reached the age in the settings.")] = False,
    reencrypt: Annotated[
        bool, typer.Option("--reencrypt", help="Also seal old data anew, and drop data keys retired before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rotates the keys of all tenants; readers and writers go on meanwhile."""
    with engine_of(data) as engine, rendering.counting("rotated") as on_progress:
        report = engine.rotate_keys(only_due=due, reencrypt=reencrypt, on_progress=on_progress)
    rendering.show_report(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(FAILURE)


@app.command()
def erase(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose data; there is no default.")],
    data: Data = DATA_DEFAULT,
    document: Annotated[str | None, typer.Option(help="Erase only this document.")] = None,
    visitor: Annotated[str | None, typer.Option(help="Erase only what this visitor asked and was answered.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before erasing a whole tenant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erases a tenant, a document or a visitor for good, and prints the receipt."""
    if document is not None and visitor is not None:
        raise ConfigError("erase a document or a visitor, one after the other")
    if document is not None or visitor is not None:
        with tenant_of(data, tenant) as acme:
            receipt = acme.erase_document(document) if document is not None else acme.erase_visitor(str(visitor))
    else:
        if not yes:
            typer.confirm(f"Erase the tenant {tenant!r} and all that it has?", abort=True, err=True)
        with engine_of(data) as engine:
            receipt = engine.erase_tenant(tenant)
    rendering.show_receipt(receipt, as_json=as_json)


@app.command()
def vacuum(
    data: Data = DATA_DEFAULT,
    grace_s: Annotated[
        float | None, typer.Option("--grace-s", help="Least age in seconds; by default as in the settings.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Removes older generations, and blobs that no generation names."""
    with engine_of(data) as engine:
        report = engine.vacuum(grace_s=grace_s)
    rendering.show_report(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(FAILURE)


@app.command()
def purge(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Deletes conversations that have reached the end of their retention time."""
    with engine_of(data) as engine:
        report = engine.purge_expired()
    rendering.show_report(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(FAILURE)


@app.command()
def verify(tenant: TenantIds = None, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Opens every blob and checks every hash, chain and reference; exit status 0 only when all is sound."""
    with engine_of(data) as engine:
        report = engine.verify(*(tenant or ()))
    rendering.show_verification(report, as_json=as_json)
    if not report.is_sound:
        raise typer.Exit(FAILURE)


@app.command()
def backup(
    destination: Annotated[str, typer.Argument(help="An empty directory, or az://container/…, s3://bucket/….")],
    tenant: TenantIds = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Copies tenants, as sealed as they are. The keys are not in it: back up the key file elsewhere."""
    with engine_of(data) as engine:
        report = engine.back_up(destination, *(tenant or ()))
    rendering.show_report(report, as_json=as_json)


@app.command()
def restore(
    source: Annotated[str, typer.Argument(help="What `backup` has written.")],
    tenant: TenantIds = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Copies tenants back and verifies them; needs the keys that they were backed up under."""
    with engine_of(data, create=True) as engine:
        report = engine.restore(source, *(tenant or ()))
    rendering.show_verification(report, as_json=as_json)
    if not report.is_sound:
        raise typer.Exit(FAILURE)


@app.command()
def compact(tenant: TenantId, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Rewrites a tenant's index as one segment without deleted chunks."""
    with tenant_of(data, tenant) as acme:
        rendering.show_counts({"generation": acme.compact()}, as_json=as_json)


@app.command()
def reindex(tenant: TenantId, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Embeds a tenant's documents anew with the embedding model of the settings."""
    with tenant_of(data, tenant) as acme, rendering.counting("embedded") as on_progress:
        generation = acme.reindex(on_progress=on_progress)
    rendering.show_counts({"generation": generation}, as_json=as_json)


@app.command()
def health(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Asks the blob store and the key provider; exit status 0 only when both answer."""
    with engine_of(data) as engine:
        report = engine.health()
    rendering.show_report(report, as_json=as_json)
    if not report.is_healthy:
        raise typer.Exit(FAILURE)
