"""What tenants do while an operator rotates, disables, deletes, recovers and purges their KEK in Azure Key Vault."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")

import konverze_rag as kr
from konverze_core.fakes import ManualClock, MemoryBlobStore
from konverze_indexes.keyproviders.azure import AzureKeyVault
from konverze_indexes.keyring import Keyring
from tests.servers.certificates import Authority, server_context
from tests.servers.keyvault_server import KeyVaultServer, StaticCredential
from tests.settings import OFFLINE

ROW = "KEK rotated, disabled, deleted, recovered, purged"
NOTE = "0 data bytes rewritten"
KEK = "konverze"
LEASE_S = OFFLINE.key_lease_s


class Site:
    """A tenant in a vault's care, resident in one engine, and what was stored of it."""

    def __init__(self, vault, authority, pem):
        self.vault, self.clock, self.blobs = vault, ManualClock(), MemoryBlobStore()
        self._authority, self._pem = authority, pem
        self._engine = self.engine()
        self.tenant = self._engine.tenant("acme")
        self.tenant.ingest(b"Refunds take seven days.", source="policy")
        self.tenant.ask("How long do refunds take?", conversation="c", visitor="v")
        self.data = self.stored()

    def engine(self):
        """An engine of a process that has just been started."""
        keys = AzureKeyVault(
            vault_url=self.vault.url,
            credential=StaticCredential(),
            key_name=KEK,
            signing_key="konverze-sign",
            signing_public_keys=[self._pem],
            ca_file=self._authority.ca_file,
            timeout_s=5,
            max_operations_per_s=1_000,
        )
        return kr.Engine(settings=OFFLINE, blobs=self.blobs, keys=keys, clock=self.clock)

    def stored(self):
        return {name: bytes(self.blobs.get(name)) for name in self.blobs.list("tenants/")}

    def rotate(self):
        """As a scheduled job does, by a process of its own: one that used a KEK version trusts it for a minute."""
        return self.engine().rotate_keys(only_due=True)

    def kek_ids(self):
        keyring = Keyring.open(self.blobs, self._engine.keys, "acme", self.clock)
        return {entry.kek_id for entry in keyring.deks}

    def check_served(self):
        """The resident tenant serves at the end of its lease, and so does a new process."""
        self.clock.advance(LEASE_S)
        for tenant in (self.tenant, self.engine().tenant("acme", create=False)):
            assert tenant.search("refunds")[0].chunk.document_id == "policy"
            assert tenant.ask("How long do refunds take?").citations

    def check_refused(self, error):
        """The resident tenant stops at the end of its lease and keeps nothing decrypted; a new process opens none."""
        assert self.tenant.search("refunds"), "within its lease it serves"
        self.clock.advance(LEASE_S)
        with pytest.raises(error):
            self.tenant.search("refunds")
        assert self.tenant.index._snapshot is None
        assert self.tenant.keyring._keys == {}
        with pytest.raises(error):
            self.engine().tenant("acme", create=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(authority):
    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.create_rsa(KEK)
        yield Site(vault, authority, vault.create_ec("konverze-sign"))


def _rotated(site):
    version = site.vault.rotate(KEK)
    report = site.rotate()
    assert (report.keks_rotated, report.keys_rewrapped, report.failed) == ((), 1, ())
    assert {kek_id.partition("/keys/")[2] for kek_id in site.kek_ids()} == {version.partition("/keys/")[2]}
    site.check_served()


def _disabled(site):
    site.vault.disable(KEK)
    site.check_refused(kr.KeyAccessDeniedError)
    site.vault.enable(KEK)
    site.check_served()


def _deleted(site):
    site.vault.delete(KEK)
    site.check_refused(kr.KeyDestroyedError)


def _recovered(site):
    site.vault.delete(KEK)
    site.check_refused(kr.KeyDestroyedError)
    site.vault.recover(KEK)
    site.check_served()


def _purged(site):
    site.vault.delete(KEK)
    site.vault.purge(KEK)
    site.check_refused(kr.KeyDestroyedError)
    site.vault.create_rsa(KEK)
    with pytest.raises((kr.KeyDestroyedError, kr.IntegrityError)):
        site.engine().tenant("acme")  # another key of the same name opens nothing


STATES = {
    "rotated": _rotated,
    "disabled": _disabled,
    "deleted": _deleted,
    "recovered": _recovered,
    "purged": _purged,
}


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_kek_is_obeyed_and_no_data_is_rewritten(state, site, figure):
    STATES[state](site)
    rewritten = {name for name, content in site.stored().items() if site.data.get(name) != content}
    assert site.data.keys() == site.stored().keys()
    figure(ROW, passed=not rewritten, of=1, note=NOTE)


def test_a_tenants_own_kek_is_erased_in_the_vault_and_the_receipt_tells_until_when(authority):
    with KeyVaultServer(server_context(authority.leaf()), has_purge_protection=True) as vault:
        vault.create_rsa(KEK)
        site = Site(vault, authority, vault.create_ec("konverze-sign"))
        own = kr.Engine(
            settings=OFFLINE.model_copy(update={"kek_per_tenant": True}),
            blobs=site.blobs,
            keys=site.engine().keys,
            clock=site.clock,
        )
        own.tenant("globex").ingest(b"Refunds take six days.", source="policy")
        receipt = own.erase_tenant("globex")
    assert receipt.mode == "kek_destroyed"
    assert "purge protection" in receipt.remains[0].what
    assert receipt.effective_by == receipt.remains[0].until


def test_a_backup_of_an_erased_tenant_opens_until_its_own_kek_is_purged(authority):
    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.create_rsa(KEK)
        site = Site(vault, authority, vault.create_ec("konverze-sign"))
        keys = site.engine().keys
        own = kr.Engine(
            settings=OFFLINE.model_copy(update={"kek_per_tenant": True}), blobs=site.blobs, keys=keys, clock=site.clock
        )
        own.tenant("globex").ask("How long do refunds take?", conversation="c", visitor="v")
        backup = MemoryBlobStore()
        for name in site.blobs.list(""):
            backup.put(name, site.blobs.get(name))

        def turns():
            opened = kr.Engine(settings=OFFLINE, blobs=backup, keys=site.engine().keys, clock=site.clock)
            return list(opened.tenant("globex", create=False).turns())

        kek = next(name for name in vault.names()[0] if "tenant-" in name)
        assert turns()
        vault.delete(kek)
        with pytest.raises(kr.KeyDestroyedError):
            turns()
        vault.recover(kek)
        assert turns()
        own.erase_tenant("globex")
        assert kek not in [*vault.names()[0], *vault.names()[1]]
        with pytest.raises(kr.KeyDestroyedError):
            turns()
        vault.create_rsa(kek)
        with pytest.raises((kr.KeyDestroyedError, kr.IntegrityError)):
            turns()
