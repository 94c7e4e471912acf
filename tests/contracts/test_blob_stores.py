"""Every blob store holds the contract; those behind a server do so in `tests/faults/test_cloud_stores.py`."""

from __future__ import annotations

import pytest

from konverze_core.contracts import BlobStoreContract
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.localstore import LocalBlobStore


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self):
        return MemoryBlobStore()


class TestLocalBlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return LocalBlobStore(tmp_path / "data")


class TestObjectStoreBlobs(BlobStoreContract):
    @pytest.fixture(params=["", "a/prefix"])
    def store(self, request):
        backend = pytest.importorskip("obstore.store", reason="needs obstore: the extra `azure` or `aws`")
        from konverze_indexes.objectstore import ObjectStoreBlobs

        return ObjectStoreBlobs(backend.MemoryStore(), prefix=request.param)
