"""Every key provider holds the contract."""

from __future__ import annotations

import pytest

from konverze_core.contracts import KeyProviderContract
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.keyfile import LocalKeyFile


class TestMemoryKeyProvider(KeyProviderContract):
    @pytest.fixture
    def provider(self):
        return MemoryKeyProvider()

    @pytest.fixture
    def other_provider(self):
        return MemoryKeyProvider()


class TestRotatedMemoryKeyProvider(TestMemoryKeyProvider):
    @pytest.fixture
    def provider(self):
        provider = MemoryKeyProvider()
        provider.rotate()
        return provider


class TestLocalKeyFile(KeyProviderContract):
    @pytest.fixture
    def provider(self, tmp_path):
        return LocalKeyFile.open(tmp_path / "keys.json", create=True)

    @pytest.fixture
    def other_provider(self, tmp_path):
        return LocalKeyFile.open(tmp_path / "other.json", create=True)
