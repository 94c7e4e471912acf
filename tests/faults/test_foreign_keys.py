"""A key that is not the one, two keys at once, and a key that an attacker has chosen."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import structs

from konverze_core.clock import SystemClock
from konverze_core.errors import IntegrityError
from konverze_core.fakes import MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.datakeys import DataKey, subkey
from konverze_indexes.envelope import HEADERS_BYTES, open_sealed
from konverze_indexes.fields import canonical
from konverze_indexes.keyring import Keyring
from konverze_indexes.keyring_file import DekEntry, KeyState, decoded, encoded
from konverze_indexes.keywrap import _binding, sealed_name_key, sealed_tenant_id
from konverze_indexes.tenantblobs import OneKey
from tests.faults.tampering import Scene, directory_of, is_integrity_error
from tests.indexes.test_envelope import _two_key_frame

WRONG_KEYS = 50


@pytest.fixture(scope="module")
def scene():
    return Scene()


def test_a_wrong_key_opens_nothing(scene, figure):
    """Data keys with the true id, one bit apart or random; and key providers that are not the tenant's."""
    blobs = scene.artefacts()["upload"][0].blobs
    blobs.write("upload", "uploads/mine", b"A refund takes 7 days.")
    true = blobs.keys.active
    wrong = [
        DataKey(id=true.id, secret=_one_bit_apart(true.secret, number) if number % 2 else os.urandom(32))
        for number in range(WRONG_KEYS)
    ]
    outcomes = [
        is_integrity_error(lambda key=key: replace(blobs, keys=OneKey(active=key)).read("upload", "uploads/mine"))
        for key in wrong
    ]
    outcomes += [
        is_integrity_error(lambda: scene.engine(keys=MemoryKeyProvider()).tenant("acme")) for _ in range(WRONG_KEYS)
    ]
    assert blobs.read("upload", "uploads/mine").tobytes() == b"A refund takes 7 days."
    scene.restore()
    figure("wrong key", passed=sum(outcomes), of=len(outcomes))


def _one_bit_apart(secret, number):
    return (int.from_bytes(secret, "big") ^ 1 << number * 5).to_bytes(32, "big")


def test_a_blob_made_to_open_under_two_keys_opens_under_one(scene, figure):
    artefact = scene.artefacts()["upload"][0]
    blobs, context = artefact.blobs, artefact.blobs._context("upload", "uploads/two")
    first, second = blobs.keys.active, replace(blobs.keys.active, secret=os.urandom(32))
    headers = bytes(blobs.sealed("upload", "uploads/two", bytes(64)))[:HEADERS_BYTES]
    place = (context.tenant_id, context.kind, context.name, first.id.hex(), "1", str(1 << 20))
    derived = [
        HKDF(SHA256(), 32, headers[58:90], canonical(*place)).derive(subkey(key.secret, "konverze/v1/stream"))
        for key in (first, second)
    ]
    nonce = headers[90:97] + b"\0\0\0\0\1"
    frame = _two_key_frame(*derived, nonce)
    assert {len(AESGCM(key).decrypt(nonce, frame, None)) for key in derived} == {64}  # both tags are right
    blob = headers + frame
    assert len(open_sealed(lambda _: first, context, blob)) == 64
    refused = is_integrity_error(lambda: open_sealed(lambda _: second, context, blob))
    figure("a blob built to open under two keys", passed=refused, of=1)


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")
    from tests.servers.certificates import Authority, server_context  # they need the extra, too
    from tests.servers.keyvault_server import KeyVaultServer

    authority = Authority(tmp_path_factory.mktemp("authority"))
    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.ca_file = authority.ca_file
        vault.create_rsa("konverze")
        vault.pem = {name: vault.create_ec(name) for name in ("konverze-sign", "attacker-sign")}
        yield vault


def opened(vault, signing_key):
    from konverze_indexes.keyproviders.azure import AzureKeyVault
    from tests.servers.keyvault_server import StaticCredential

    return AzureKeyVault(
        vault_url=vault.url,
        credential=StaticCredential(),
        key_name="konverze",
        signing_key=signing_key,
        signing_public_keys=[vault.pem[signing_key]],
        ca_file=vault.ca_file,
        max_operations_per_s=1000,
    )


class Forgery:
    """A tenant's store, and an attacker who writes there, knows the public key of the KEK, and has chosen a data key.

    Wrapping needs the public key alone, and binds no context: the vault unwraps what the attacker has wrapped.
    """

    def __init__(self, vault):
        self.vault, self.keys = vault, opened(vault, "konverze-sign")
        self.blobs, self.directory = MemoryBlobStore(), directory_of("acme")
        self.true = Keyring.create(self.blobs, self.keys, "acme", SystemClock()).active
        self.name = self.blobs.list("keyring/")[0]
        self.file = bytes(self.blobs.get(self.name))
        self.first = decoded(self.file, self.keys, self.name)
        self.chosen = DataKey.fresh()

    def wrapped(self, key):
        before = sum(self.vault.operations.values())
        payload = key.secret + _binding(self.directory, key.id)
        wrapped = self.keys.wrap(payload, context={})
        assert sum(self.vault.operations.values()) == before, "the attacker has asked the vault"
        return DekEntry.of(key.id, wrapped, created_at=SystemClock().now())

    def next_body(self):
        """A generation whose active key is the chosen one, complete in every detail."""
        name_key = os.urandom(32)
        update = {
            "generation": 2,
            "previous": sha256(self.file).hexdigest(),
            "deks": (*(entry.retired() for entry in self.first.deks), self.wrapped(self.chosen)),
            "name_key_sealed": sealed_name_key(self.chosen, self.directory, name_key),
            "tenant_id_sealed": sealed_tenant_id(name_key, self.directory, "acme"),
        }
        return structs.replace(self.first, **update)

    def unsigned(self):
        """The new generation under the signature of the one before."""
        return encoded(self.next_body(), self.keys).splitlines(True)[0] + self.file.splitlines(True)[1]

    def signed_by_another(self):
        return encoded(self.next_body(), opened(self.vault, "attacker-sign"))

    def old_body_with_another_ciphertext(self):
        same_id = DataKey(id=self.true.id, secret=self.chosen.secret)
        old, new = self.first.active.ciphertext, self.wrapped(same_id).ciphertext
        assert old.encode() in self.file
        return self.file.replace(old.encode(), new.encode())

    def put(self, file):
        name = self.name if self.first.generation == 1 and b'"generation":1,' in file else self.name[:-1] + "2"
        self.blobs.put(name, file)

    def active(self):
        """The data key of a tenant that a new process opens."""
        return Keyring.open(self.blobs, opened(self.vault, "konverze-sign"), "acme", SystemClock()).active


@pytest.mark.parametrize("forge", ["unsigned", "signed_by_another", "old_body_with_another_ciphertext"])
def test_a_data_key_that_an_attacker_has_wrapped_is_not_taken_up(forge, vault, figure):
    forgery = Forgery(vault)
    forgery.put(getattr(forgery, forge)())
    before = vault.operations["unwrapkey"]
    held = is_integrity_error(forgery.active)
    assert vault.operations["unwrapkey"] == before, "the vault was asked to open what nobody had signed"
    figure("attacker-chosen DEK by public wrap", passed=held, of=1)


def test_it_is_the_signature_that_keeps_the_chosen_key_out(vault):
    """The same file, signed by the vault, would be taken up: nothing else is wrong with the forgery."""
    forgery = Forgery(vault)
    forgery.put(encoded(forgery.next_body(), forgery.keys))
    active = forgery.active()
    assert (active.id, active.secret) == (forgery.chosen.id, forgery.chosen.secret)


def test_a_process_that_has_the_tenant_open_does_not_take_it_up_either(vault):
    forgery = Forgery(vault)
    keyring = Keyring.open(forgery.blobs, forgery.keys, "acme", SystemClock())
    forgery.put(forgery.signed_by_another())
    with pytest.raises(IntegrityError):
        keyring.refresh()
    assert keyring.active.secret == forgery.true.secret
    assert keyring.deks[-1].state is KeyState.ACTIVE
