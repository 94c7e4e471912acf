"""Azure Key Vault through its real client library: what it refuses, how it paces, what it never shows."""

from __future__ import annotations

import base64
import builtins
import importlib
import logging
import pickle
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from konverze_core.errors import (
    ConfigError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyUnavailableError,
    MissingExtraError,
)
from konverze_core.protocols import WrappedKey

pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")

from azure.core.exceptions import ClientAuthenticationError

from konverze_indexes.keyproviders import azure_keys
from konverze_indexes.keyproviders.azure import AzureKeyVault
from tests.servers.certificates import Authority, server_context
from tests.servers.keyvault_server import Fault, KeyVaultServer, StaticCredential

PAYLOAD = bytes(range(100, 164))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vault(authority):
    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.create_rsa("konverze")
        vault.pem = vault.create_ec("konverze-sign")
        yield vault


@pytest.fixture
def opened(vault, authority):
    def opened(**changes):
        settings = {
            "vault_url": vault.url,
            "credential": StaticCredential(),
            "key_name": "konverze",
            "signing_key": "konverze-sign",
            "signing_public_keys": [vault.pem],
            "ca_file": authority.ca_file,
            "timeout_s": 5.0,
            "max_operations_per_s": 1000,
        }
        return AzureKeyVault(**{**settings, **changes})

    return opened


def test_a_payload_is_wrapped_here_and_unwrapped_there(vault, opened):
    provider = opened()
    wrapped = provider.wrap(PAYLOAD, context={})
    assert len(wrapped.ciphertext) == 256
    assert vault.operations == {"get": 1}
    for _ in range(3):
        assert provider.unwrap(wrapped, context={}) == PAYLOAD
    assert vault.operations == {"get": 1, "unwrapkey": 3}
    assert vault.challenges <= 1


@pytest.mark.parametrize("kty", ["oct", "oct-HSM"])
def test_symmetric_keys_are_refused(vault, opened, kty):
    vault.create_rsa("symmetric", kty=kty)
    provider = opened(key_name="symmetric")
    for call in (provider.current_version, provider.rotate, lambda: provider.create_kek("shared")):
        with pytest.raises(ConfigError, match="RSA"):
            call()
    with pytest.raises(ConfigError, match="RSA"):
        provider.wrap(PAYLOAD, context={})


def test_keys_are_made_once_in_the_length_that_is_promised(authority):
    with KeyVaultServer(server_context(authority.leaf()), pool=None) as vault:
        provider = AzureKeyVault(
            vault_url=vault.url,
            credential=StaticCredential(),
            key_name="konverze",
            signing_key="konverze-sign",
            signing_public_keys=[vault.create_ec("konverze-sign")],
            ca_file=authority.ca_file,
            hsm=True,
        )
        for _ in range(2):
            provider.create_kek("tenant-a")
        assert len(provider.wrap(PAYLOAD, context={}, kek="tenant-a").ciphertext) == 384
        assert (vault.names()[0], vault.operations["create"]) == (["konverze-kek-tenant-a", "konverze-sign"], 1)


def test_a_rotation_by_the_vault_itself_is_noticed(vault, opened, monkeypatch):
    provider = opened()
    before = provider.current_version()
    rotated = vault.rotate("konverze")
    assert provider.current_version() == before, "the public key is held for a while"
    monkeypatch.setattr(azure_keys, "PUBLIC_KEY_CACHE_S", 0.0)
    assert provider.current_version().key_id == rotated
    assert provider.wrap(PAYLOAD, context={}).key_id == rotated


def test_states_of_a_key_are_told_apart(vault, opened):
    provider = opened()
    wrapped = provider.wrap(PAYLOAD, context={})
    for change, expected in (
        (vault.disable, KeyAccessDeniedError),
        (vault.enable, None),
        (vault.delete, KeyDestroyedError),
        (vault.recover, None),
        (vault.delete, KeyDestroyedError),
        (vault.purge, KeyDestroyedError),
    ):
        change("konverze")
        fresh = opened()
        if expected is None:
            assert fresh.unwrap(wrapped, context={}) == PAYLOAD
            continue
        with pytest.raises(expected):
            fresh.unwrap(wrapped, context={})
        with pytest.raises(expected):
            fresh.wrap(PAYLOAD, context={})


def test_an_expired_version_unwraps_but_does_not_wrap(vault, opened):
    wrapped = opened().wrap(PAYLOAD, context={})
    vault.expire("konverze")
    provider = opened()
    assert provider.unwrap(wrapped, context={}) == PAYLOAD
    with pytest.raises(KeyAccessDeniedError, match="expired"):
        provider.wrap(PAYLOAD, context={})


def test_purge_protection_is_told_with_its_date(authority):
    context = server_context(authority.leaf())
    with KeyVaultServer(context, has_purge_protection=True, soft_delete_days=30) as vault:
        provider = _provider(vault, authority)
        provider.create_kek("tenant-a")
        first, again = provider.destroy_kek("tenant-a"), provider.destroy_kek("tenant-a")
        assert first == again
        assert abs(first.effective_by - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
        assert "purge protection" in first.remains[0]
        with pytest.raises(KeyDestroyedError):
            provider.create_kek("tenant-a")


def test_a_missing_permission_to_purge_is_told_with_its_date(vault, opened):
    provider = opened()
    provider.create_kek("tenant-a")
    vault.forbidden.add("purge")
    held = provider.destroy_kek("tenant-a")
    assert "may not purge" in held.remains[0]
    assert held.effective_by > datetime.now(UTC) + timedelta(days=89)
    vault.forbidden.clear()
    assert provider.destroy_kek("tenant-a").remains == ()
    assert vault.names()[1] == []


def test_a_deletion_that_takes_the_vault_a_while_is_waited_for(authority):
    with KeyVaultServer(server_context(authority.leaf()), deletion_takes_s=0.7) as vault:
        provider = _provider(vault, authority)
        provider.create_kek("tenant-a")
        assert provider.destroy_kek("tenant-a").remains == ()
        assert vault.names() == (["konverze", "konverze-sign"], [])


def _provider(vault, authority):
    vault.create_rsa("konverze")
    return AzureKeyVault(
        vault_url=vault.url,
        credential=StaticCredential(),
        key_name="konverze",
        signing_key="konverze-sign",
        signing_public_keys=[vault.create_ec("konverze-sign")],
        ca_file=authority.ca_file,
        max_operations_per_s=1000,
    )


def test_rotation_policies_are_read_and_set(vault, opened):
    provider = opened()
    assert provider.rotation_policy() is None
    provider.set_rotation_policy(timedelta(days=90), expires_in=timedelta(days=365))
    assert provider.rotation_policy() == timedelta(days=90)
    by_expiry = {"trigger": {"timeBeforeExpiry": "P1M"}, "action": {"type": "Rotate"}}
    vault._set_policy({"lifetimeActions": [by_expiry], "attributes": {"expiryTime": "P1Y"}}, "konverze")
    assert provider.rotation_policy() == timedelta(days=335)
    for every, expires_in in ((timedelta(days=6), None), (timedelta(days=7, hours=1), None), (timedelta(days=9),) * 2):
        with pytest.raises(ConfigError):
            provider.set_rotation_policy(every, expires_in=expires_in)


def test_a_signing_key_that_is_not_pinned_signs_nothing(vault, opened):
    provider = opened()
    signature = provider.sign(b"m")
    newer = vault.create_ec("konverze-sign")
    with pytest.raises(ConfigError, match="not pinned"):
        provider.sign(b"m")
    both = opened(signing_public_keys=[newer, vault.pem])
    both.verify(b"m", signature)
    both.verify(b"m", both.sign(b"m"))
    with pytest.raises(IntegrityError):
        opened(signing_public_keys=[newer]).verify(b"m", signature)


def test_a_signature_is_es256_of_the_message(vault, opened):
    operations = vault.operations.copy()
    provider = opened()
    signature = provider.sign(b"m")
    provider.verify(b"m", signature)
    assert vault.operations - operations == {"sign": 1}
    assert len(signature) == 64
    assert isinstance(load_pem_public_key(vault.pem.encode()), ec.EllipticCurvePublicKey)


@pytest.mark.parametrize(
    "key_id",
    [
        "", "konverze", "https://evil.example/keys/konverze/{version}", "{url}.evil.example/keys/konverze/{version}",
        "{url}/keys/konverze", "{url}/keys/konverze/", "{url}/keys/konverze/{version}/x", "{url}/keys/other/{version}",
        "{url}/keys/konverze-sign/{version}", "{url}/keys/../konverze/{version}", "{url}/keys/konverze/{version}?x",
        "{url}/secrets/konverze/{version}", "{url}/keys/konverze/../{version}",
    ],
)  # fmt: skip
def test_key_ids_of_others_never_reach_the_vault(vault, opened, key_id):
    provider = opened()
    wrapped = provider.wrap(PAYLOAD, context={})
    version = wrapped.key_id.rpartition("/")[2]
    with pytest.raises(IntegrityError):
        provider.unwrap(
            WrappedKey(key_id=key_id.format(url=vault.url, version=version), ciphertext=wrapped.ciphertext), context={}
        )
    assert vault.operations["unwrapkey"] == 0


def test_what_wrap_would_never_wrap_is_no_key(vault, opened):
    key_id = opened().current_version().key_id
    key = vault._keys["konverze"].versions[-1].private.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    odd = key.encrypt(b"short", padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    for ciphertext in (odd, b"", bytes(4096)):
        with pytest.raises(IntegrityError):
            opened().unwrap(WrappedKey(key_id=key_id, ciphertext=ciphertext), context={})


@pytest.mark.parametrize(
    "changes",
    [
        {"vault_url": "http://localhost:1"}, {"vault_url": "https://"}, {"vault_url": "https://a/b"},
        {"vault_url": "https://u:p@a"}, {"vault_url": "https://a?b"}, {"vault_url": "https://a:x"},
        {"key_name": "a_b"}, {"key_name": ""}, {"kek_prefix": "a" * 63}, {"signing_key": "a/b"},
        {"signing_key": "konverze-kek-sign"}, {"key_name": "konverze-kek-x"}, {"signing_public_keys": []},
        {"signing_public_keys": ["-----BEGIN PUBLIC KEY-----"]}, {"ca_file": "/nowhere.pem"}, {"timeout_s": 0},
        {"max_operations_per_s": 0},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(opened, changes):
    with pytest.raises(ConfigError):
        opened(**changes)


def test_pinned_keys_of_other_kinds_are_refused(opened):
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(ConfigError, match="P-256"):
        opened(signing_public_keys=[other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()])


@pytest.mark.parametrize("kind", ["expired_leaf", "wrong_host_leaf", "self_signed_leaf", "TLS 1.0", "TLS 1.1"])
def test_weak_tls_is_refused(authority, opened, kind):
    newest = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}.get(kind)
    leaf = authority.leaf() if newest else getattr(authority, kind)()
    with KeyVaultServer(server_context(leaf, newest=newest)) as vault:
        vault.create_rsa("konverze")
        with pytest.raises(KeyUnavailableError, match="ServiceRequestError"):
            opened(vault_url=vault.url, timeout_s=2).current_version()
        assert (vault.challenges, vault.operations.total()) == (0, 0)


def test_errors_of_the_credential_are_told_apart(opened, vault):
    refused = ClientAuthenticationError("secret-canary")
    refused.response = type("Response", (), {"status_code": 400})()
    for error, expected in (
        (refused, KeyAccessDeniedError),
        (ClientAuthenticationError("secret-canary: no connection"), KeyUnavailableError),
        (ValueError("secret-canary"), KeyUnavailableError),
    ):
        with pytest.raises(expected) as caught:
            opened(credential=StaticCredential(error=error)).current_version()
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None
    with pytest.raises(KeyAccessDeniedError):
        opened(credential=StaticCredential("wrong-token")).current_version()


def test_a_silence_that_the_vault_asks_for_is_kept_by_all_threads(vault, opened):
    provider = opened()
    wrapped = provider.wrap(PAYLOAD, context={})
    assert provider.unwrap(wrapped, context={}) == PAYLOAD
    vault.fail(Fault(status=429, headers={"Retry-After": "1"}))
    start_s = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(provider.unwrap, wrapped, context={})
        time.sleep(0.3)
        others = [pool.submit(provider.unwrap, wrapped, context={}) for _ in range(3)]
        assert {future.result() for future in (first, *others)} == {PAYLOAD}
    assert time.monotonic() - start_s > 1
    assert vault.operations["unwrapkey"] == 6


def test_many_threads_stay_below_the_vaults_limit(vault, opened):
    provider = opened(max_operations_per_s=100)
    wrapped = provider.wrap(PAYLOAD, context={})
    vault.operations_per_s = 100
    start_s = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: provider.unwrap(wrapped, context={}), range(150))) == {PAYLOAD}
    assert vault.operations["unwrapkey"] == 150, "none was answered by 429"
    assert time.monotonic() - start_s < 1.2 * 1.5 + 0.5


def test_threads_that_ask_at_once_fetch_a_key_once(vault, opened):
    provider = opened()
    vault.fail(Fault(kind="get", delay_s=0.3))
    barrier = threading.Barrier(8)

    def ask(_):
        barrier.wait()
        return provider.current_version()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert vault.operations["get"] == 1


def test_nothing_secret_is_logged_shown_or_pickled(vault, opened, caplog):
    with caplog.at_level(logging.DEBUG):
        provider = opened()
        wrapped = provider.wrap(PAYLOAD, context={})
        assert provider.unwrap(wrapped, context={}) == PAYLOAD
        vault.fail(Fault(status=403, code="Forbidden"))
        with pytest.raises(KeyAccessDeniedError) as caught:
            provider.unwrap(wrapped, context={})
    seen = f"{caplog.text}{provider!r}{provider}{caught.value!r}{caught.value.__cause__!r}"
    assert seen
    for canary in ("test-token", base64.urlsafe_b64encode(PAYLOAD).decode()[:40], PAYLOAD.hex(), repr(PAYLOAD)[2:40]):
        assert canary not in seen
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(provider)


def test_without_the_client_library_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("azure."):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for module in [name for name in sys.modules if name.startswith("konverze_indexes.keyproviders.azure")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"konverze-rag\[azure\]"):
        importlib.import_module("konverze_indexes.keyproviders.azure")
