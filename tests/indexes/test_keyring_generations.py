"""Generations of a keyring: races, void writers, rollback, rotation and erasure."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs

from konverze_core.clock import SystemClock
from konverze_core.errors import (
    ConfigError,
    ConflictError,
    IntegrityError,
    KeyDestroyedError,
    RollbackError,
    StoreUnavailableError,
    TenantErasedError,
    UnknownTenantError,
)
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_indexes.generations import erase_keyring, list_directories
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.keyring import REREAD_S, Keyring
from konverze_indexes.keyring_file import encoded
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.marks import FileMarks, MemoryMarks
from konverze_indexes.tenant_ids import tenant_directory
from konverze_indexes.tenant_list import list_tenants

ACME = tenant_directory("acme")


class CountingProvider(MemoryKeyProvider):
    """Counts its calls."""

    wraps = unwraps = signs = 0

    def wrap(self, payload, *, context, kek="shared"):
        self.wraps += 1
        return super().wrap(payload, context=context, kek=kek)

    def unwrap(self, wrapped, *, context):
        self.unwraps += 1
        return super().unwrap(wrapped, context=context)


class HookedStore(MemoryBlobStore):
    """Runs something once, just before the next put, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.before_put = None
        self.calls = []

    def put(self, name, data, *, if_absent=False):
        hook, self.before_put = self.before_put, None
        if hook:
            hook()
        super().put(name, data, if_absent=if_absent)

    def list(self, prefix):
        self.calls.append("list")
        return super().list(prefix)

    def get(self, name):
        self.calls.append("get")
        return super().get(name)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def provider():
    return CountingProvider()


@pytest.fixture
def blobs():
    return HookedStore()


@pytest.fixture(params=["memory", "files"])
def marks(request, tmp_path):
    return MemoryMarks() if request.param == "memory" else FileMarks(tmp_path / "marks")


@pytest.fixture
def keyring(blobs, provider, clock):
    return Keyring.create(blobs, provider, "acme", clock)


@pytest.fixture
def opened(blobs, provider, clock, keyring):
    """Opens the tenant as another process would."""
    return lambda **options: Keyring.open(blobs, provider, "acme", clock, **options)


def _name(generation):
    return f"keyring/{ACME}/{generation:020d}"


def _ids(keyring):
    return {entry.key_id for entry in keyring.deks}


def test_a_new_data_key_is_seen_by_others_and_keeps_blinded_names(blobs, keyring, opened):
    other, name = opened(), keyring.blind_name("visitor", "v")
    old, new = keyring.active, keyring.add_data_key()
    assert keyring.active.id == new != old.id
    assert blobs.list("") == [_name(2)], "older generations are gone"
    assert other.active == old
    assert other.key(new) == keyring.active, "an unknown key is looked for once"
    assert (other.generation, other.active.id) == (2, new)
    assert {fresh.blind_name("visitor", "v") for fresh in (keyring, other, opened())} == {name}


def test_a_refresh_without_news_costs_one_listing(blobs, keyring):
    blobs.calls.clear()
    keyring.refresh()
    assert blobs.calls == ["list"]


def test_threads_lose_no_data_key(blobs, keyring, opened):
    keyrings = [keyring, keyring, *(opened() for _ in range(4))]
    barrier = threading.Barrier(len(keyrings))

    def add(own):
        barrier.wait()
        return [own.add_data_key() for _ in range(4)]

    with ThreadPoolExecutor(len(keyrings)) as pool:
        added = {key_id for ids in pool.map(add, keyrings) for key_id in ids}
    assert len(added) == 24
    final = opened()
    assert _ids(final) >= added
    assert len(final.deks) == 25
    assert blobs.list("") == [_name(final.generation)]
    assert all(final.key(key_id).secret for key_id in added)


def test_processes_lose_no_data_key(tmp_path):
    program = (
        "import sys, json\n"
        "from konverze_core.clock import SystemClock\n"
        "from konverze_indexes.keyfile import LocalKeyFile\n"
        "from konverze_indexes.keyring import Keyring\n"
        "from konverze_indexes.localstore import LocalBlobStore\n"
        "store, provider = LocalBlobStore(sys.argv[1]), LocalKeyFile.open(sys.argv[2])\n"
        "keyring = Keyring.open(store, provider, 'acme', SystemClock())\n"
        "print(json.dumps([keyring.add_data_key().hex() for _ in range(5)]))"
    )
    root, key_file = tmp_path / "blobs", tmp_path / "key.json"
    store, provider = LocalBlobStore(root), LocalKeyFile.open(key_file, create=True)
    Keyring.create(store, provider, "acme", SystemClock())
    arguments = [sys.executable, "-c", program, str(root), str(key_file)]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    added = {key_id for process in running for key_id in json.loads(process.communicate()[0])}
    final = Keyring.open(store, provider, "acme", SystemClock())
    assert len(added) == 20
    assert added < {entry.id for entry in final.deks}
    assert len(final.deks) == 21
    assert len(store.list("keyring/")) == 1


def test_a_writer_that_slept_while_its_number_was_used_starts_over(blobs, keyring, opened):
    fast = opened()
    added = []
    blobs.before_put = lambda: added.extend(fast.add_data_key() for _ in range(3))
    slow = keyring.add_data_key()
    assert len(added) == 3
    final = opened()
    assert (final.generation, final.active.id) == (5, slow)
    assert _ids(final) > {slow, *added}
    assert blobs.list("") == [_name(5)], "nothing is left of the void generation"


def test_a_creator_that_slept_takes_the_newest_keyring(blobs, provider, clock):
    def rotate_meanwhile():
        keyrings.append(Keyring.create(blobs, provider, "acme", clock))
        keyrings[0].add_data_key()

    keyrings = []
    blobs.before_put = rotate_meanwhile
    assert Keyring.create(blobs, provider, "acme", clock).active == keyrings[0].active
    assert blobs.list("") == [_name(2)]


def test_a_change_that_is_there_already_writes_nothing(blobs, keyring, provider):
    assert keyring.update(lambda body: body).generation == 1
    assert keyring.rewrap() == keyring.drop_data_keys([bytes(16)]) == 0
    assert blobs.list("") == [_name(1)]


def test_a_writer_gives_up_in_the_end(blobs, keyring, monkeypatch):
    class TakenStore(HookedStore):
        def put(self, name, data, *, if_absent=False):
            raise ConflictError(name)

    monkeypatch.setattr("konverze_indexes.generations.pause", lambda _: None)
    blobs.__class__ = TakenStore
    with pytest.raises(ConflictError, match="64 times"):
        keyring.add_data_key()


def test_a_reader_whose_generation_is_removed_meanwhile_looks_again(blobs, keyring, opened):
    class LaggingStore(HookedStore):
        """Its first listing is outdated by the time of the read."""

        def get(self, name):
            if len(rotated) < 5 and not rotating.locked():
                with rotating:
                    rotated.append(keyring.add_data_key())
            return super().get(name)

    rotated, rotating, blobs.__class__ = [], threading.Lock(), LaggingStore
    assert opened().active.id == rotated[4]


def test_a_listing_that_misses_a_rename_is_made_again(blobs, keyring, opened):
    class BlinkingStore(HookedStore):
        def list(self, prefix):
            found = super().list(prefix)
            return found if len(self.calls) % 2 else []

    blobs.calls, blobs.__class__ = ["odd"], BlinkingStore
    assert opened().active == keyring.active
    blobs.calls = ["odd"]
    keyring.refresh()


def test_an_older_copy_is_refused_by_who_saw_more(blobs, keyring, opened):
    kept = bytes(blobs.get(_name(1)))
    witness = opened()
    keyring.add_data_key()
    witness.refresh()
    blobs.delete(_name(2))
    for state in ("gone", "older"):
        if state == "older":
            blobs.put(_name(1), kept)
        for saw in (keyring, witness):
            with pytest.raises(RollbackError):
                saw.refresh()
            with pytest.raises(RollbackError):
                saw.add_data_key()


def test_a_mark_refuses_an_older_copy_without_a_witness(blobs, provider, clock, marks):
    keyring = Keyring.create(blobs, provider, "acme", clock, marks=marks)
    kept = bytes(blobs.get(_name(1)))
    keyring.add_data_key()
    assert marks.newest(ACME, "keyring") == 2
    blobs.delete(_name(2))
    for state in ("gone", "older"):
        if state == "older":
            blobs.put(_name(1), kept)
        for call in (Keyring.open, Keyring.create):
            with pytest.raises(RollbackError):
                call(blobs, provider, "acme", clock, marks=marks)
    marks.reset(ACME)
    assert Keyring.open(blobs, provider, "acme", clock, marks=marks).generation == 1


def test_another_history_is_refused_by_who_saw_the_first(blobs, keyring, opened):
    kept, witness = bytes(blobs.get(_name(1))), opened()
    keyring.add_data_key()
    witness.refresh()
    blobs.delete(_name(2))
    blobs.put(_name(1), kept)
    opened().add_data_key()
    with pytest.raises(RollbackError):
        witness.add_data_key()
    witness.refresh()  # one listing: the number is the same
    witness._clock.advance(REREAD_S)
    with pytest.raises(RollbackError):
        witness.refresh()
    opened().add_data_key()
    with pytest.raises(RollbackError):
        witness.refresh()


def test_the_chain_is_followed_as_far_as_it_is_there(blobs, keyring, opened):
    class KeepingStore(HookedStore):
        def delete(self, name):
            pass

    witness, stranger, blobs.__class__ = opened(), opened(), KeepingStore
    for _ in range(3):
        keyring.add_data_key()
    witness.refresh()
    assert witness.generation == 4
    held = stranger._stored
    stranger._stored = type(held)(body=held.body, digest="0" * 64)
    with pytest.raises(RollbackError):
        stranger.refresh()
    blobs.__class__ = HookedStore
    blobs.delete(_name(3))
    stranger.refresh()
    assert stranger.generation == 4


def test_a_void_generation_that_is_still_there_is_no_rollback(blobs, keyring, opened):
    """A writer that slept has put its number again, and has not yet taken it back."""
    reader, slow = opened(), opened()
    keyring.add_data_key()
    keyring.add_data_key()
    body = slow._stored.body
    late = structs.replace(body, generation=2, previous=slow._stored.digest, deks=keyring.deks)
    blobs.put(_name(2), encoded(late, keyring._provider))
    reader.refresh()
    assert reader.generation == 3
    keyring.add_data_key()
    assert blobs.list("") == [_name(4)], "the next update tidies up"


def test_a_rewrap_takes_one_wrap_for_each_key_and_proves_it(keyring, provider, opened, blobs):
    keyring.add_data_key()
    keys = {key_id: keyring.key(key_id) for key_id in _ids(keyring)}
    newest = provider.rotate().key_id
    provider.wraps = provider.unwraps = 0
    assert keyring.rewrap() == 2
    assert (provider.wraps, provider.unwraps) == (2, 2)
    assert {entry.kek_id for entry in opened().deks} == {newest}
    assert {key_id: opened().key(key_id) for key_id in keys} == keys
    assert opened().rewrap() == 0
    assert blobs.list("") == [_name(3)]


def test_a_rewrap_that_cannot_be_read_back_stores_nothing(keyring, provider, blobs):
    class LyingProvider(CountingProvider):
        def unwrap(self, wrapped, *, context):
            return bytes(64)

    provider.rotate()
    provider.__class__ = LyingProvider
    before = bytes(blobs.get(_name(1)))
    for call in (keyring.rewrap, keyring.add_data_key):
        with pytest.raises(IntegrityError):
            call()
    assert blobs.list("") == [_name(1)]
    assert bytes(blobs.get(_name(1))) == before


def test_only_retired_data_keys_are_dropped(keyring, opened):
    first = keyring.active.id
    with pytest.raises(ConfigError):
        keyring.drop_data_keys([first])
    second = keyring.add_data_key()
    other = opened()
    assert other.key(first)
    with pytest.raises(ConfigError):
        keyring.drop_data_keys([first, second])
    assert keyring.drop_data_keys([first]) == 1
    other.refresh()
    for held in (keyring, other, opened()):
        with pytest.raises(IntegrityError):
            held.key(first)
    assert keyring.drop_data_keys([first]) == 0


def test_a_tenant_may_have_a_kek_of_its_own(blobs, provider, clock):
    kek = f"tenant-{ACME}"
    keyring = Keyring.create(blobs, provider, "acme", clock, kek=kek)
    assert keyring.kek == kek
    assert Keyring.create(blobs, provider, "acme", clock).active == keyring.active
    provider.rotate(kek)
    assert keyring.rewrap() == 1
    provider.destroy_kek(kek)
    with pytest.raises(KeyDestroyedError):
        Keyring.open(blobs, provider, "acme", clock)
    destroyed = erase_keyring(blobs, provider, ACME, clock)
    assert destroyed == (keyring.deks[0].id,)
    with pytest.raises(TenantErasedError):
        Keyring.create(blobs, provider, "acme", clock, kek=kek)


def test_an_erased_tenant_stays_erased_for_all(blobs, provider, keyring, opened):
    clock = keyring._clock
    other, drops, secret = opened(), [], keyring.active.id
    second = keyring.add_data_key()
    other.on_drop(lambda: drops.append(None))
    Keyring.create(blobs, provider, "zeta", clock)
    assert set(erase_keyring(blobs, provider, ACME, clock)) == {secret.hex(), second.hex()}
    assert blobs.list(f"keyring/{ACME}/") == [_name(3)]
    for held in (keyring, other):
        with pytest.raises(TenantErasedError):
            held.refresh()
    assert drops == [None]
    for held in (keyring, other):
        assert (held._keys, held._name_key, held.deks) == ({}, None, ())
        for call in (
            held.hold, held.refresh, held.rewrap, held.add_data_key, lambda held=held: held.active,
            lambda held=held: held.key(secret), lambda held=held: held.blind_name("visitor", "v"),
            lambda held=held: held.drop_data_keys([secret]), lambda held=held: held.update(lambda body: body),
        ):  # fmt: skip
            with pytest.raises(TenantErasedError):
                call()
    for call in (Keyring.open, Keyring.create):
        with pytest.raises(TenantErasedError):
            call(blobs, provider, "acme", clock)
    assert list_tenants(blobs, provider) == ["zeta"]
    assert list_directories(blobs) == sorted([ACME, tenant_directory("zeta")])
    assert erase_keyring(blobs, provider, ACME, clock) == ()
    assert blobs.list(f"keyring/{ACME}/") == [_name(3)]


def test_an_erasure_that_broke_off_is_finished_by_the_next(blobs, provider, clock, keyring):
    class FailingStore(HookedStore):
        def delete(self, name):
            raise StoreUnavailableError(name)

    blobs.__class__ = FailingStore
    with pytest.raises(StoreUnavailableError):
        erase_keyring(blobs, provider, ACME, clock)
    blobs.__class__ = HookedStore
    assert blobs.list("") == [_name(1), _name(2)]
    with pytest.raises(TenantErasedError):
        Keyring.open(blobs, provider, "acme", clock)
    assert len(erase_keyring(blobs, provider, ACME, clock)) == 1
    assert blobs.list("") == [_name(2)]
    terminal = json.loads(bytes(blobs.get(_name(2))).split(b"\n")[0])
    assert (terminal["state"], terminal["deks"], terminal["name_key_sealed"]) == ("erased", [], "")
    assert terminal["erased_at"] == "2026-01-01T00:00:00Z"


def test_an_erasure_wins_over_a_rotation_under_way(blobs, provider, clock, keyring):
    blobs.before_put = lambda: erase_keyring(blobs, provider, ACME, clock)
    with pytest.raises(TenantErasedError):
        keyring.add_data_key()
    assert blobs.list("") == [_name(2)]


def test_only_a_tenant_with_a_keyring_is_erased(blobs, provider, clock):
    with pytest.raises(UnknownTenantError):
        erase_keyring(blobs, provider, ACME, clock)
