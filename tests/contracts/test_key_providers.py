"""Every key provider holds the contract."""

from __future__ import annotations

import secrets

import pytest

from konverze_core.contracts import KeyProviderContract
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.keyfile import LocalKeyFile
from tests.servers.certificates import Authority, server_context


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


class TestRotatedLocalKeyFile(TestLocalKeyFile):
    @pytest.fixture
    def provider(self, tmp_path):
        provider = LocalKeyFile.open(tmp_path / "keys.json", create=True)
        provider.rotate()
        return provider


class _AzureKeyVaultContract(KeyProviderContract):
    """Against a Key Vault server of ours; each test has keys of its own, and so a provider of other keys."""

    binds_context = False
    has_purge_protection = False

    @pytest.fixture(scope="class")
    @classmethod
    def authority(cls, tmp_path_factory):
        return Authority(tmp_path_factory.mktemp("authority"))

    @pytest.fixture(scope="class")
    @classmethod
    def vault(cls, authority):
        pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")
        from tests.servers.keyvault_server import KeyVaultServer

        context = server_context(authority.leaf())
        with KeyVaultServer(context, has_purge_protection=cls.has_purge_protection) as vault:
            yield vault

    @pytest.fixture
    def provider(self, vault, authority):
        return self._opened(vault, authority)

    @pytest.fixture
    def other_provider(self, vault, authority):
        return self._opened(vault, authority)

    def _opened(self, vault, authority):
        from konverze_indexes.keyproviders.azure import AzureKeyVault
        from tests.servers.keyvault_server import StaticCredential

        name = f"k{secrets.token_hex(4)}"
        vault.create_rsa(name)
        return AzureKeyVault(
            vault_url=vault.url,
            credential=StaticCredential(),
            key_name=name,
            signing_key=f"sign-{name}",
            signing_public_keys=[vault.create_ec(f"sign-{name}")],
            kek_prefix=f"{name}-kek",
            ca_file=authority.ca_file,
            max_operations_per_s=5000,
        )


class TestAzureKeyVault(_AzureKeyVaultContract):
    remembers_destroyed = False


class TestAzureKeyVaultWithPurgeProtection(_AzureKeyVaultContract):
    has_purge_protection = True
