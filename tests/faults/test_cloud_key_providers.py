"""AWS KMS and Vault transit hold the contract: real client libraries, over a real socket, to moto and OpenBao."""

from __future__ import annotations

import itertools
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")
hvac = pytest.importorskip("hvac", reason="needs the extra vault")

from konverze_core.contracts import KeyProviderContract  # noqa: E402
from konverze_core.errors import ConfigError, KeyAccessDeniedError, KeyDestroyedError, KeyUnavailableError  # noqa: E402
from konverze_core.fakes import ManualClock  # noqa: E402
from konverze_indexes.keyproviders.aws import AwsKms  # noqa: E402
from konverze_indexes.keyproviders.vault import VaultTransit  # noqa: E402
from tests.servers.moto_server import kms_server  # noqa: E402
from tests.servers.openbao_server import openbao_server  # noqa: E402

CONTEXT = {"tenant": "acme", "key": "k1"}
PAYLOAD = bytes(range(40, 104))
SECRETS = {
    "aws_access_key_id": "AKIDCANARY",
    "aws_secret_access_key": "canary-secret",
    "aws_session_token": "canary-token",
}
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def kms_url():
    with kms_server() as url:
        yield url


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    with openbao_server(tmp_path_factory.mktemp("openbao")) as server:
        client = hvac.Client(url=server.url, token=server.token, verify=str(server.ca_file))
        client.sys.enable_secrets_engine("transit")
        client.adapter.close()
        yield server


@pytest.fixture
def session():
    return boto3.Session(**SECRETS)


@pytest.fixture
def kms(kms_url, session):
    client = session.client("kms", endpoint_url=kms_url, region_name="eu-central-1")
    yield client
    client.close()


@pytest.fixture
def transit(bao):
    client = hvac.Client(url=bao.url, token=bao.token, verify=str(bao.ca_file))
    yield client.secrets.transit
    client.adapter.close()


@pytest.fixture
def make_kms(kms_url, session, kms):
    made = []

    def make(key=None, signing_key=None, **more):
        key = key or kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
        signing = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
        signing_key = signing_key or kms.create_key(**signing)["KeyMetadata"]["Arn"]
        more = {"prefix": f"test-{next(NUMBERS)}", **more}
        made.append(
            AwsKms(
                key=key, signing_key=signing_key, region="eu-central-1", endpoint_url=kms_url, session=session, **more
            )
        )
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
def make_transit(bao, transit):
    made = []

    def make(**more):
        prefix = more.setdefault("prefix", f"test-{next(NUMBERS)}")
        transit.create_key(f"{prefix}.kek.shared", derived=True, key_type="aes256-gcm96")
        transit.create_key(f"{prefix}.signing", key_type="aes256-gcm96")
        made.append(VaultTransit(**{"url": bao.url, "token": bao.token, "ca_file": bao.ca_file, **more}))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


class TestAwsKms(KeyProviderContract):
    @pytest.fixture
    def provider(self, make_kms):
        return make_kms()

    @pytest.fixture
    def other_provider(self, make_kms):
        return make_kms()

    def test_notices_a_rotation_that_aws_made_by_itself(self, make_kms, kms):
        clock = ManualClock()
        provider = make_kms(clock=clock)
        before = provider.current_version()
        kms.rotate_key_on_demand(KeyId=before.key_id.partition("#")[0])
        assert provider.current_version() == before, "it is asked again after a while"
        clock.advance(301)
        assert provider.current_version() != before

    def test_one_of_several_makers_of_a_kek_wins(self, make_kms, kms):
        provider = make_kms()
        before = {key["KeyId"] for key in kms.list_keys()["Keys"]}
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(provider.create_kek, ["tenant-a"] * 4))
        made = {key["KeyId"] for key in kms.list_keys()["Keys"]} - before
        states = [kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in made]
        assert states.count("Enabled") == 1
        assert provider.wrap(PAYLOAD, context=CONTEXT, kek="tenant-a")

    def test_the_loser_of_a_race_deletes_its_key(self, make_kms, kms):
        provider = make_kms(prefix="race")
        first = kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/race/tenant-a", TargetKeyId=first)
        surplus = kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
        provider._named(surplus, "alias/race/tenant-a", kms)
        assert kms.describe_key(KeyId=surplus)["KeyMetadata"]["KeyState"] == "PendingDeletion"
        assert kms.describe_key(KeyId="alias/race/tenant-a")["KeyMetadata"]["KeyId"] == first

    def test_a_destroyed_kek_says_until_when_it_can_be_recovered(self, make_kms):
        provider = make_kms()
        provider.create_kek("tenant-a")
        wrapped = provider.wrap(PAYLOAD, context=CONTEXT, kek="tenant-a")
        destroyed = provider.destroy_kek("tenant-a")
        assert len(destroyed.remains) == 1
        assert provider.destroy_kek("tenant-a") == destroyed
        with pytest.raises(KeyDestroyedError):
            provider.unwrap(wrapped, context=CONTEXT)

    def test_a_disabled_key_is_refused_and_works_again(self, make_kms, kms):
        key = kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
        provider = make_kms(key)
        wrapped = provider.wrap(PAYLOAD, context=CONTEXT)
        kms.disable_key(KeyId=key.rpartition("/")[2])  # moto takes no ARN here
        for use in (lambda: provider.unwrap(wrapped, context=CONTEXT), lambda: provider.wrap(PAYLOAD, context=CONTEXT)):
            with pytest.raises(KeyAccessDeniedError):
                use()
        kms.enable_key(KeyId=key.rpartition("/")[2])
        assert provider.unwrap(wrapped, context=CONTEXT) == PAYLOAD

    def test_reads_and_sets_the_rotation_policy(self, make_kms):
        provider = make_kms()
        assert provider.rotation_policy() is None
        provider.set_rotation_policy(timedelta(days=365))  # moto does not keep the period
        assert provider.rotation_policy() == timedelta(days=365)
        provider.set_rotation_policy(None)
        assert provider.rotation_policy() is None
        with pytest.raises(ConfigError):
            provider.set_rotation_policy(timedelta(days=89))

    def test_logs_neither_keys_nor_credentials(self, make_kms, kms, caplog):
        import base64

        provider = make_kms()
        caplog.set_level(logging.DEBUG)
        provider.unwrap(provider.wrap(PAYLOAD, context=CONTEXT), context=CONTEXT)
        shown = caplog.text + repr([vars(record) for record in caplog.records])
        canaries = [base64.b64encode(PAYLOAD).decode(), "canary-secret", "canary-token", repr(PAYLOAD)]
        assert not [canary for canary in canaries if canary in shown]
        kms.encrypt(KeyId=provider.current_version().key_id.partition("#")[0], Plaintext=PAYLOAD)
        assert canaries[0] in caplog.text, "the client library logs it when left alone"


class TestVaultTransit(KeyProviderContract):
    @pytest.fixture
    def provider(self, make_transit):
        return make_transit()

    @pytest.fixture
    def other_provider(self, make_transit):
        return make_transit()

    def test_notices_a_rotation_that_the_engine_made_by_itself(self, make_transit, transit):
        clock = ManualClock()
        provider = make_transit(prefix="rotates", clock=clock)
        before = provider.current_version()
        transit.rotate_key("rotates.kek.shared")
        assert provider.current_version() == before
        clock.advance(301)
        assert provider.current_version().key_id == "vault:transit/rotates.kek.shared/2"

    def test_wrapping_never_makes_a_key(self, make_transit, transit):
        provider = make_transit(prefix="gone")
        provider.wrap(PAYLOAD, context=CONTEXT)
        transit.update_key_configuration("gone.kek.shared", deletion_allowed=True)
        transit.delete_key("gone.kek.shared")
        with pytest.raises(KeyDestroyedError):
            provider.wrap(PAYLOAD, context=CONTEXT)  # while the version is cached
        assert "gone.kek.shared" not in transit.list_keys()["data"]["keys"]

    def test_refuses_keys_that_would_not_bind_a_context(self, make_transit, transit):
        transit.create_key("plain.kek.shared", key_type="aes256-gcm96")
        with pytest.raises(ConfigError, match="derived"):
            make_transit(prefix="plain").wrap(PAYLOAD, context=CONTEXT)

    def test_a_signature_of_an_older_version_still_verifies(self, make_transit, transit):
        provider = make_transit(prefix="signs")
        signature = provider.sign(b"message")
        transit.rotate_key("signs.signing")
        assert provider.sign(b"message")[:4] != signature[:4]
        provider.verify(b"message", signature)

    def test_a_retired_version_is_denied(self, make_transit, transit):
        provider = make_transit(prefix="retires")
        wrapped = provider.wrap(PAYLOAD, context=CONTEXT)
        provider.rotate()
        transit.update_key_configuration("retires.kek.shared", min_decryption_version=2)
        with pytest.raises(KeyAccessDeniedError):
            provider.unwrap(wrapped, context=CONTEXT)

    def test_a_destroyed_kek_is_gone_at_once_and_its_name_too(self, make_transit, transit):
        provider = make_transit(prefix="ends")
        provider.create_kek("tenant-a")
        wrapped = provider.wrap(PAYLOAD, context=CONTEXT, kek="tenant-a")
        destroyed = provider.destroy_kek("tenant-a")
        assert provider.destroy_kek("tenant-a") == destroyed
        assert "ends.kek.tenant-a" not in transit.list_keys()["data"]["keys"]
        for use in (lambda: provider.unwrap(wrapped, context=CONTEXT), lambda: provider.create_kek("tenant-a")):
            with pytest.raises(KeyDestroyedError):
                use()

    def test_a_wrong_token_is_denied_and_a_wrong_mount_is_not_a_destroyed_key(self, make_transit):
        with pytest.raises(KeyAccessDeniedError) as denied:
            make_transit(token="canary-token").wrap(PAYLOAD, context=CONTEXT)
        assert "canary-token" not in str(denied.value)
        with pytest.raises(KeyUnavailableError, match="no transit engine"):
            make_transit(mount="elsewhere", timeout_s=1).wrap(PAYLOAD, context=CONTEXT)

    def test_reads_and_sets_the_rotation_policy(self, make_transit):
        provider = make_transit()
        assert provider.rotation_policy() is None
        provider.set_rotation_policy(timedelta(days=90))
        assert provider.rotation_policy() == timedelta(days=90)
        provider.set_rotation_policy(None)
        assert provider.rotation_policy() is None
        with pytest.raises(ConfigError):
            provider.set_rotation_policy(timedelta(minutes=59))

    def test_logs_and_shows_neither_keys_nor_tokens(self, make_transit, bao, caplog):
        import base64

        provider = make_transit()
        caplog.set_level(logging.DEBUG)
        provider.unwrap(provider.wrap(PAYLOAD, context=CONTEXT), context=CONTEXT)
        shown = caplog.text + repr([vars(record) for record in caplog.records]) + repr(provider)
        assert not [secret for secret in (base64.b64encode(PAYLOAD).decode(), bao.token) if secret in shown]
        with pytest.raises(TypeError):
            pickle.dumps(provider)
