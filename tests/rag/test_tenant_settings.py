import threading

import pytest

import konverze_rag as kr
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.keyring import Keyring
from konverze_rag.tenant_settings import TenantConfiguration, TenantSettings

DEFAULTS = kr.Settings(openai_api_key="k", openai_base_url=None, embeddings="none", persona="Engine's.")


@pytest.fixture
def keyring(blobs, keys, clock):
    return Keyring.create(blobs, keys, "acme", clock)


@pytest.fixture
def opened(blobs, keyring, clock):
    """Opens the configuration as another process would."""
    return lambda store=None: TenantConfiguration(store or blobs, keyring, clock, defaults=DEFAULTS)


def test_settings_of_a_tenant_stand_over_those_of_the_engine(opened):
    acme = opened()
    assert acme.current().persona == "Engine's."
    assert acme.configure(TenantSettings(persona="Acme's.", retrieval_k=3)) == 1
    for reader in (acme, opened()):
        current = reader.current()
        assert (current.persona, current.retrieval_k, current.mode) == ("Acme's.", 3, "grounded")
        assert current.openai_api_key == DEFAULTS.openai_api_key
    assert acme.configure(TenantSettings(mode="assisted")) == 2
    assert (acme.current().persona, acme.current().mode) == ("Engine's.", "assisted")


def test_another_process_sees_new_settings_within_the_refresh_time(opened, clock):
    one, other = opened(), opened()
    assert other.current().retrieval_k == DEFAULTS.retrieval_k
    one.configure(TenantSettings(retrieval_k=3))
    assert other.current().retrieval_k == DEFAULTS.retrieval_k
    clock.advance(1)
    assert other.current().retrieval_k == 3


def test_an_outage_of_the_store_leaves_the_settings_at_hand(opened, blobs, clock):
    class Store:
        is_out = False

        def __getattr__(self, verb):
            if self.is_out:
                raise kr.StoreUnavailableError("out")
            return getattr(blobs, verb)

    store = Store()
    acme = opened(store)
    acme.configure(TenantSettings(retrieval_k=3))
    store.is_out = True
    clock.advance(5)
    assert acme.current().retrieval_k == 3
    with pytest.raises(kr.StoreUnavailableError):
        opened(store).current()


def test_settings_are_sealed_and_hidden_from_the_store(opened, blobs):
    opened().configure(TenantSettings(persona="canary", refusal_text="canary"))
    assert b"canary" not in b"".join(bytes(blobs.get(name)) for name in blobs.list(""))


@pytest.mark.parametrize(
    "values",
    [{"retrieval_k": 0}, {"retention_days": 0}, {"mode": "canary"}, {"canary": 1}, {"dense_weight": float("nan")},
     {"persona": "\ud800"}],
)  # fmt: skip
def test_values_that_no_field_takes_are_refused_without_being_quoted(values):
    with pytest.raises(kr.ConfigError) as caught:
        TenantSettings(**values)
    assert "'canary'" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_that_do_not_go_together_are_refused_and_not_stored(opened, blobs):
    with pytest.raises(kr.ConfigError, match="context_window"):
        opened().configure(TenantSettings(max_output_tokens=DEFAULTS.context_window_tokens))
    with pytest.raises(kr.ConfigError):
        opened().configure({"mode": "assisted"})
    assert not [name for name in blobs.list("") if "/settings/" in name]


def test_settings_that_no_longer_go_with_the_engine_can_be_configured_anew(blobs, keyring, clock, opened):
    opened().configure(TenantSettings(max_output_tokens=50_000))
    small = DEFAULTS.model_copy(update={"context_window_tokens": 8_000})
    later = TenantConfiguration(blobs, keyring, clock, defaults=small)
    with pytest.raises(kr.ConfigError):
        later.current()
    later.configure(TenantSettings())
    assert later.current().max_output_tokens == DEFAULTS.max_output_tokens


def test_of_concurrent_writers_none_is_lost_or_torn_and_the_last_one_counts(opened, blobs):
    numbers = []

    def configure(worker):
        mine = opened()
        for step in range(5):
            k = worker * 5 + step + 1
            numbers.append((mine.configure(TenantSettings(retrieval_k=k, history_turns=k)), k))

    threads = [threading.Thread(target=configure, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number, _ in numbers) == list(range(1, 31))
    last = opened().own()
    assert (last.retrieval_k, last.history_turns) == (max(numbers)[1],) * 2


def _copy(blobs):
    copy = MemoryBlobStore()
    for name in blobs.list(""):
        copy.put(name, blobs.get(name))
    return copy


@pytest.mark.parametrize("attack", ["older", "forked", "forked further", "renamed", "flipped", "gone"])
def test_other_settings_than_those_seen_are_noticed(opened, blobs, clock, attack):
    acme = opened()
    acme.configure(TenantSettings(retrieval_k=1))
    before = _copy(blobs)
    acme.configure(TenantSettings(retrieval_k=2))
    newest, first = [name for name in blobs.list("") if "/settings/" in name]
    if attack in {"older", "gone"}:
        for name in (newest, first)[: 1 if attack == "older" else 2]:
            blobs.delete(name)
    elif attack.startswith("forked"):
        fork = opened(before)
        for k in range(3, 4 if attack == "forked" else 6):
            fork.configure(TenantSettings(retrieval_k=k))
        for name in before.list(""):
            blobs.put(name, before.get(name))
    elif attack == "renamed":
        blobs.put(newest, bytes(blobs.get(first)))
    else:
        blobs.put(newest, bytes(blobs.get(newest))[:-1] + b"x")
    clock.advance(1)
    with pytest.raises(kr.IntegrityError):
        acme.current()
    if attack in {"renamed", "flipped"}:
        with pytest.raises(kr.IntegrityError):
            opened().current()


def test_settings_stay_noticed_as_older_when_the_keys_were_dropped(opened, blobs, clock):
    acme = opened()
    acme.configure(TenantSettings(retrieval_k=1))
    blobs.delete(next(name for name in blobs.list("") if "/settings/" in name))
    acme._drop()
    with pytest.raises(kr.RollbackError):
        acme.current()


@pytest.mark.parametrize("make", [kr.TenantSettings, kr.Settings])
def test_a_refused_value_is_nowhere_in_its_error(make):
    with pytest.raises(kr.ConfigError) as told:
        make(persona=["secret-persona"], retention_days="secret-days")
    assert (told.value.__cause__, told.value.__context__) == (None, None)
    assert "secret" not in str(told.value)
