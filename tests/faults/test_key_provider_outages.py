"""Whatever a key vault does, a verb ends in bounded time, with an error that says what to do."""

from __future__ import annotations

import time

import pytest

from konverze_core.errors import KeyAccessDeniedError, KeyDestroyedError, KeyProviderError, KeyUnavailableError

pytest.importorskip("azure.keyvault.keys", reason="needs the extra azure: konverze-rag[azure]")

from konverze_indexes.keyproviders.azure import AzureKeyVault
from tests.servers.certificates import Authority, server_context
from tests.servers.keyvault_server import Fault, KeyVaultServer, StaticCredential

TIMEOUT_S = 1.0
SLACK_S = 0.5
PAYLOAD = bytes(range(64))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vault(authority):
    with KeyVaultServer(server_context(authority.leaf())) as vault:
        vault.credential = StaticCredential()
        vault.create_rsa("konverze")
        vault.pem = vault.create_ec("konverze-sign")
        yield vault


@pytest.fixture
def opened(vault, authority):
    def opened():
        return AzureKeyVault(
            vault_url=vault.url,
            credential=vault.credential,
            key_name="konverze",
            signing_key="konverze-sign",
            signing_public_keys=[vault.pem],
            ca_file=authority.ca_file,
            timeout_s=TIMEOUT_S,
            max_operations_per_s=1000,
        )

    return opened


def _stop(vault):
    vault.stopping.set()


def _failing(**fault):
    return lambda vault: vault.fail(Fault(**fault), times=100)


def _slow_token(vault):
    vault.credential.delay_s = 20


CASES = {
    "outage, cold": (_stop, KeyUnavailableError),
    "outage, warm": (_stop, KeyUnavailableError),
    "429": (_failing(status=429, headers={"Retry-After": "1"}), KeyUnavailableError),
    "503": (_failing(status=503), KeyUnavailableError),
    "drop": (_failing(drops=True), KeyUnavailableError),
    "hang": (_failing(delay_s=20), KeyUnavailableError),
    "403": (_failing(status=403, code="Forbidden", inner="ForbiddenByRbac"), KeyAccessDeniedError),
    "404": (_failing(status=404, code="KeyNotFound"), KeyDestroyedError),
    "bad payload": (_failing(body=b'{"value": "not base64url!"'), KeyUnavailableError),
    "slow token": (_slow_token, KeyUnavailableError),
}


@pytest.mark.parametrize("case", CASES)
def test_a_verb_ends_in_bounded_time(case, vault, opened, figure):
    wrapped = opened().wrap(PAYLOAD, context={})
    provider = opened()
    if case == "outage, warm":
        assert provider.unwrap(provider.wrap(PAYLOAD, context={}), context={}) == PAYLOAD
    start_failing, expected = CASES[case]
    start_failing(vault)
    verbs = [lambda: provider.unwrap(wrapped, context={}), lambda: provider.sign(b"m"), provider.rotate]
    if case != "outage, warm":  # where the public key is known
        verbs += [provider.current_version, lambda: provider.wrap(PAYLOAD, context={})]
    outcomes = [_outcome(verb) for verb in verbs]
    held = all(error is expected and elapsed_s < TIMEOUT_S + SLACK_S for error, elapsed_s in outcomes)
    figure("key provider: outage, 429, 503, drop, hang, 403, 404, bad payload, slow token", passed=held, of=1)


def _outcome(verb):
    start_s = time.monotonic()
    try:
        verb()
    except KeyProviderError as error:
        return type(error), time.monotonic() - start_s
    return None, time.monotonic() - start_s


def test_what_needs_no_vault_works_without_it(vault, opened):
    provider = opened()
    signature = provider.sign(b"m")
    provider.wrap(PAYLOAD, context={})
    _stop(vault)
    provider.verify(b"m", signature)
    provider.wrap(PAYLOAD, context={})


def test_after_the_fault_it_works_again(vault, opened):
    provider = opened()
    wrapped = provider.wrap(PAYLOAD, context={})
    for fault in (Fault(status=503), Fault(drops=True), Fault(status=429), Fault(body=b"<html>")):
        vault.fail(fault)
        assert provider.unwrap(wrapped, context={}) == PAYLOAD


def test_a_404_that_is_not_the_vaults_does_not_say_that_a_key_is_gone(vault, opened):
    vault.fail(Fault(status=404, code="Injected"), times=100)
    with pytest.raises(KeyUnavailableError):
        opened().current_version()
