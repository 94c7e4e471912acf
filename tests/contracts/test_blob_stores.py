"""Every blob store holds the contract."""

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
