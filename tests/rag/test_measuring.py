import dataclasses
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import konverze_rag as kr
from konverze_rag import measuring
from konverze_rag.cli import app
from konverze_rag.measuring import measure_tenant
from tests.settings import OFFLINE


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(measuring, "QPS_S", 0.05)
    monkeypatch.setattr(measuring, "QUERIES", 30)


def fill(tenant, *, with_vectors):
    vectors = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32)
    chunks = [kr.Chunk(document_id="d", ordinal=row, text=f"passage {row} about refunds") for row in range(50)]
    tenant.add(chunks, vectors if with_vectors else None)


def test_a_tenant_is_measured_and_nothing_is_changed(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    fill(acme, with_vectors=True)
    before = acme.stats().generation
    figures = measure_tenant(acme)
    assert (figures.chunks, figures.queries, acme.stats().generation) == (50, 30, before)
    assert figures.recall_at_10 == 1.0
    assert figures.resident_bytes > 50 * 16 * 2
    times = dataclasses.asdict(figures)
    assert all(times[name] > 0 for name in times if name.endswith(("_ms", "qps_1", "qps_4")))
    assert figures.dense_p50_ms <= figures.dense_p99_ms


def test_recall_tells_a_search_that_misses_half(make_engine, monkeypatch):
    acme = make_engine(embedder=None).tenant("acme")
    fill(acme, with_vectors=True)
    search = acme.search
    monkeypatch.setattr(acme, "search", lambda *given, **named: search(*given, **named)[:5])
    assert measure_tenant(acme).recall_at_10 == 0.5


def test_a_lexical_tenant_has_no_recall_and_an_empty_one_nothing_to_measure(make_engine):
    acme = make_engine(embedder=None).tenant("acme")
    with pytest.raises(kr.ConfigError, match="nothing to measure"):
        measure_tenant(acme)
    fill(acme, with_vectors=False)
    figures = measure_tenant(acme)
    assert (figures.recall_at_10, figures.dense_p50_ms) == (None, None)
    assert figures.qps_1 > 0


def test_the_command_prints_the_figures(tmp_path):
    with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
        fill(engine.tenant("acme"), with_vectors=True)
    found = CliRunner().invoke(app, ["bench", "--data", str(tmp_path), "--tenant", "acme", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["recall_at_10"] == 1.0
