"""Opening stores by location, and the self-test, with stores that cheat."""

from __future__ import annotations

import sys

import pytest

from konverze_core.errors import BlobNotFoundError, ConfigError, MissingExtraError
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.stores import check_put_if_absent, open_blob_store

S3 = {"access_key_id": "id", "secret_access_key": "canary", "region": "us-east-1"}
AZURE = {"account_name": "account", "account_key": "Y2FuYXJ5"}


def test_a_path_or_a_file_url_is_a_directory(tmp_path):
    for number, location in enumerate(
        (tmp_path / "my data", str(tmp_path / "my data"), f"file://{tmp_path}/my%20data")
    ):
        store = open_blob_store(location)
        assert isinstance(store, LocalBlobStore)
        store.put(str(number), b"x")
    assert open_blob_store(tmp_path / "my data").list("") == ["0", "1", "2"]


def test_memory_is_empty_and_its_own():
    store = open_blob_store("memory://")
    assert isinstance(store, MemoryBlobStore)
    store.put("a", b"x")
    assert open_blob_store("memory://").list("") == []


@pytest.mark.parametrize(("location", "config"), [("s3://bucket/a/b/", S3), ("az://blobs/a/b", AZURE)])
def test_a_cloud_url_names_bucket_and_prefix(location, config):
    pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")
    shown = repr(open_blob_store(location, config=config))
    assert shown in {"ObjectStoreBlobs(S3Store, prefix='a/b/')", "ObjectStoreBlobs(AzureStore, prefix='a/b/')"}
    assert "canary" not in shown


@pytest.mark.parametrize("location", ["ftp://host/a", "https://account.blob.core.windows.net/c", "gs://b", "://a"])
def test_an_unknown_scheme_is_told_which_ones_exist(location):
    with pytest.raises(ConfigError, match="file, memory, az and s3"):
        open_blob_store(location)


@pytest.mark.parametrize(
    "location",
    [
        "az://", "s3:///a", "memory://a", "file://host/a", "file://", "s3://bucket/../a", "s3://bucket/UPPER",
        "az://c/a?sig=canary", "az://canary@c/a", "s3://canary:x@b", "s3://b#canary", "s3://[canary",
    ],
)  # fmt: skip
def test_an_unusable_location_is_refused_without_quoting_credentials(location):
    pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")
    with pytest.raises(ConfigError) as caught:
        open_blob_store(location, config=AZURE if location.startswith("az") else S3)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("location", "extra"), [("az://blobs", "azure"), ("s3://bucket", "aws")])
def test_a_missing_extra_is_named(monkeypatch, location, extra):
    for module in [name for name in sys.modules if name.partition(".")[0] == "obstore"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "konverze_indexes.objectstore", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingExtraError, match=rf"konverze-rag\[{extra}\]"):
        open_blob_store(location)


def test_incomplete_or_wrong_settings_say_what_to_set_and_quote_nothing(monkeypatch):
    pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")
    for variable in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_USE_EMULATOR"):
        monkeypatch.delenv(variable, raising=False)
    for config in ({}, AZURE | {"account_key": "canary!"}, AZURE | {"endpoint": "canary"}, AZURE | {"canary": "x"}):
        with pytest.raises(ConfigError, match="AZURE_STORAGE_ACCOUNT_NAME") as caught:
            open_blob_store("az://blobs", config=config)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "is_allowed"),
    [
        ("https://example.com", True), ("http://127.0.0.1:9", True), ("http://[::1]:9", True),
        ("http://localhost:9", True), ("http://example.com", False), ("HTTP://10.0.0.1", False),
        ("http://localhost.example.com", False), ("http://127.0.0.1@example.com", False),
    ],
)  # fmt: skip
def test_plain_http_is_for_loopback(endpoint, is_allowed):
    pytest.importorskip("obstore", reason="needs obstore: the extra `azure` or `aws`")
    if is_allowed:
        open_blob_store("s3://bucket", config=S3 | {"endpoint": endpoint})
        return
    with pytest.raises(ConfigError, match="https"):
        open_blob_store("s3://bucket", config=S3 | {"endpoint": endpoint})


@pytest.mark.parametrize("name", ["allow_http", "allow_invalid_certificates", "AWS_ALLOW_HTTP"])
def test_certificates_and_tls_cannot_be_configured_away(name):
    with pytest.raises(ConfigError, match=name):
        open_blob_store("s3://bucket", config=S3 | {name: "true"})


def test_honest_stores_pass_the_self_test_and_are_left_empty(tmp_path):
    for store in (MemoryBlobStore(), LocalBlobStore(tmp_path)):
        check_put_if_absent(store)
        assert store.list("") == []


class Replacing(MemoryBlobStore):
    """Ignores `if_absent`, as a store that does not know conditional writes."""

    def put(self, name, data, *, if_absent=False):
        super().put(name, data)


class TellingLate(MemoryBlobStore):
    """Says no, after it has replaced."""

    def put(self, name, data, *, if_absent=False):
        is_taken = name in self.list(name)
        super().put(name, data)
        if is_taken and if_absent:
            super().put(name, data, if_absent=True)


class Refusing(MemoryBlobStore):
    """Lets nobody win."""

    def put(self, name, data, *, if_absent=False):
        super().put(name, b"another's")
        super().put(name, data, if_absent=True)


@pytest.mark.parametrize("cheat", [Replacing, TellingLate, Refusing])
def test_a_store_that_cheats_is_refused_and_left_empty(cheat):
    store = cheat()
    with pytest.raises(ConfigError, match="lets a writer replace another's blob"):
        check_put_if_absent(store)
    assert store.list("") == []


def test_a_store_that_loses_what_was_written_is_refused():
    class Losing(MemoryBlobStore):
        def get(self, name):
            raise BlobNotFoundError(name)

    with pytest.raises(BlobNotFoundError):
        check_put_if_absent(Losing())
