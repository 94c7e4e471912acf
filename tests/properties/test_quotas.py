"""Quotas of a tenant, held to a plain dict that is asked upload by upload."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import konverze_rag as kr
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_rag.tenant_settings import REFRESH_S
from tests.settings import OFFLINE

NAMES = ("max_documents", "max_stored_bytes")
SOURCES = st.sampled_from("abcdef")
SIZES = st.integers(1, 40)
QUOTAS = st.tuples(st.none() | st.integers(0, 6), st.none() | st.integers(0, 120))
STEPS = st.one_of(
    st.dictionaries(SOURCES, SIZES, min_size=1),
    st.sets(SOURCES, min_size=1),
    QUOTAS,
)


def _ingested(model, batch, quotas):
    """What becomes of a batch: sources that are taken, and those that fail, each with the quotas that it is above."""
    documents, stored = len(model), sum(model.values())
    taken, failed = {}, []
    for source, size in batch.items():
        if model.get(source) == size:
            continue
        more = (int(source not in model), max(0, size - model.get(source, 0)))
        above = {
            quota
            for quota, limit, growth, has in zip(NAMES, quotas, more, (documents, stored), strict=True)
            if limit is not None and growth and has + growth > limit
        }
        if above:
            failed.append((source, above))
        else:
            taken[source] = size
            documents, stored = documents + more[0], stored + more[1]
    return taken, failed


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=12))
def test_quotas_are_those_of_a_dict(steps):
    clock = ManualClock()
    parts = {"settings": OFFLINE, "blobs": MemoryBlobStore(), "keys": MemoryKeyProvider(), "clock": clock}
    engines = [kr.Engine(**parts), kr.Engine(**parts)]
    model: dict[str, int] = {}
    quotas: tuple[int | None, int | None] = (None, None)
    for number, step in enumerate(steps):
        acme = engines[number % 2].tenant("acme")
        clock.advance(REFRESH_S)
        if isinstance(step, tuple):
            quotas = step
            acme.configure(kr.TenantSettings(max_documents=step[0], max_stored_bytes=step[1]))
        elif isinstance(step, set):
            assert acme.delete(*step) == len(step & model.keys())
            model = {source: size for source, size in model.items() if source not in step}
        else:
            taken, failed = _ingested(model, step, quotas)
            report = acme.ingest({source: source.encode() * size for source, size in step.items()})
            assert {*report.added, *report.changed} == taken.keys()
            assert [source for source, _ in report.failed] == [source for source, _ in failed]
            assert all(error.quota in above for (_, error), (_, above) in zip(report.failed, failed, strict=True))
            model |= taken
        assert {row.id: row.content_bytes for row in acme.documents()} == model
        assert (acme.stats().documents, acme.stats().content_bytes) == (len(model), sum(model.values()))
