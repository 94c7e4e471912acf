"""The engine reads uploads in workers, by as many as its settings say."""

from __future__ import annotations

import sys

import pytest

import konverze_rag as kr
from tests.loaders.bombs import page_tree_fan_out
from tests.loaders.test_isolation import children
from tests.settings import OFFLINE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts processes by /proc")


def workers(count: int) -> kr.Settings:
    return OFFLINE.model_copy(update={"loader_workers": count})


def test_a_bomb_among_uploads_fails_alone_and_the_workers_end_with_the_engine(make_engine):
    before = children()
    with make_engine(settings=workers(1)) as engine:
        assert children() == before
        report = engine.tenant("acme").ingest({"bomb.pdf": page_tree_fan_out(), "a.md": b"Refunds take 30 days."})
        assert len(children()) == len(before) + 1
        assert [(source, type(error)) for source, error in report.failed] == [("bomb.pdf", kr.LimitExceededError)]
        assert [row.id for row in engine.tenant("acme").documents()] == ["a.md"]
    assert children() == before


def test_no_workers_read_in_this_process(make_engine):
    before = children()
    with make_engine(settings=workers(0)) as engine:
        assert engine.tenant("acme").ingest(b"Refunds take 30 days.", source="a.md").documents == 1
        assert children() == before


def test_tenants_share_the_workers_and_a_closed_engine_has_none(make_engine):
    before = children()
    engine = make_engine(settings=workers(2))
    for tenant in ("acme", "globex", "initech"):
        engine.tenant(tenant).ingest({f"{n}.md": b"Refunds take %d days." % n for n in range(6)})
    assert len(children()) <= len(before) + 2
    engine.close()
    assert children() == before


def test_by_default_there_is_a_worker_for_each_core_up_to_four(monkeypatch):
    monkeypatch.delenv("KONVERZE_LOADER_WORKERS", raising=False)
    for cores, count in ((1, 1), (3, 3), (64, 4), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert kr.Settings().loader_workers == count
    with pytest.raises(kr.ConfigError, match="loader_workers"):
        kr.Settings(loader_workers=-1)
