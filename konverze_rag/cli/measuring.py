"""The command of `konverze` that measures a tenant."""

from __future__ import annotations

from konverze_rag.cli import rendering
from konverze_rag.cli.app import DATA_DEFAULT, TENANT_DEFAULT, AsJson, Data, TenantId, app, tenant_of
from konverze_rag.measuring import measure_tenant


@app.command()
def bench(data: Data = DATA_DEFAULT, tenant: TenantId = TENANT_DEFAULT, as_json: AsJson = False) -> None:
    """Measures a tenant's own index: times, throughput, recall against exact search, memory, opening."""
    with tenant_of(data, tenant) as acme:
        rendering.show_report(measure_tenant(acme), as_json=as_json)
