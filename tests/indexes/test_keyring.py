"""A tenant's keys: naming, creation, races, attacks on the stored file, and what never shows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pickle
import re
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from msgspec import structs, to_builtins

from konverze_core.errors import (
    ConfigError,
    ConflictError,
    IntegrityError,
    KeyDestroyedError,
    KeyUnavailableError,
    UnknownTenantError,
)
from konverze_core.fakes import ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_core.protocols import WrappedKey
from konverze_indexes.datakeys import DataKey
from konverze_indexes.keyring import Keyring
from konverze_indexes.keyring_file import DekEntry, KeyringState, decoded, encoded
from konverze_indexes.keywrap import sealed_name_key, wrapped_key
from konverze_indexes.tenant_ids import checked_tenant_id, tenant_directory
from konverze_indexes.tenant_list import list_tenants

CLOCK = ManualClock(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
FIRST = f"{1:020d}"

LEGAL_IDS = (
    "a",
    "x" * 128,
    "../x",
    "..",
    "/",
    "a/b",
    "%2e%2e",
    "हिन्दी",
    "ग्राहक",
    "क्\u200dष",
    "র\u200d\u09cdযাব",
    "രാജന്\u200d",
    "می\u200cخواهم",
    "👩🏽\u200d💻 ❤\ufe0f\u200d🔥",
    "🏳\ufe0f\u200d🌈",
    "CON",
    "a b",
    "café",
    "🙂" * 128,
    "'; --",
)
ILLEGAL_IDS = ("", "x" * 129, "x" * 300, "a\0b", "\n", "a\x7f", "a\x85", "a\ud800", "\t")
LOOKALIKE_IDS = (
    "acme ", " acme", "acme\u00a0", "\u3000acme", "acme\u2028", " ", "acme\u200b", "acme\u202e", "ac\u2066me",
    "\ufeffacme", "ac\u00adme", "ac\u2060me", "ac\U000e0061me", "na\u200dme", "na\u200cme", "\u200d", "\u200d🙂",
    "🙂\u200d", "a\u200d🙂", "ग\u200dर", "م\u200dم",
)  # fmt: skip


@pytest.fixture
def blobs():
    return MemoryBlobStore()


@pytest.fixture
def provider():
    return MemoryKeyProvider()


@pytest.fixture
def keyring(blobs, provider):
    return Keyring.create(blobs, provider, "acme", CLOCK)


def _name(tenant_id="acme", generation=1):
    return f"keyring/{tenant_directory(tenant_id)}/{generation:020d}"


def _body(blobs, provider, name=None):
    name = name or _name()
    return decoded(bytes(blobs.get(name)), provider, name)


def _assert_refused(blobs, provider, tenant_id="acme"):
    with pytest.raises(IntegrityError):
        Keyring.open(blobs, provider, tenant_id, CLOCK)
    with pytest.raises(IntegrityError):
        list_tenants(blobs, provider)


@pytest.mark.parametrize("tenant_id", LEGAL_IDS)
def test_legal_ids_open_again(blobs, provider, tenant_id):
    created = Keyring.create(blobs, provider, tenant_id, CLOCK)
    opened = Keyring.open(blobs, provider, tenant_id, CLOCK)
    assert opened.active == created.active
    assert opened.tenant_id == checked_tenant_id(tenant_id)
    assert re.fullmatch("[a-z2-7]{26}", opened.directory)
    assert blobs.list("") == [f"keyring/{opened.directory}/{FIRST}"]


@pytest.mark.parametrize("tenant_id", ILLEGAL_IDS + LOOKALIKE_IDS)
def test_illegal_ids_are_refused(blobs, provider, tenant_id):
    for call in (checked_tenant_id, tenant_directory):
        with pytest.raises(ConfigError):
            call(tenant_id)
    with pytest.raises(ConfigError):
        Keyring.create(blobs, provider, tenant_id, CLOCK)
    assert blobs.list("") == []


def test_the_directory_is_as_documented():
    digest = hashlib.sha256("café".encode()).digest()
    assert tenant_directory("cafe\u0301") == base64.b32encode(digest).decode().lower()[:26]
    assert len({tenant_directory(tenant_id) for tenant_id in LEGAL_IDS}) == len(LEGAL_IDS)


def test_the_bytes_are_as_documented(blobs, provider, keyring):
    body_line, signature_line, rest = bytes(blobs.get(_name())).split(b"\n")
    provider.verify(body_line, bytes.fromhex(json.loads(signature_line)["signature"]))
    assert rest == b""
    body = json.loads(body_line)
    assert json.dumps(body, sort_keys=True, separators=(",", ":")).encode() == body_line
    assert set(body) == {
        "type", "version", "tenant", "generation", "previous", "state", "kek", "erased_at", "name_key_sealed",
        "tenant_id_sealed", "deks",
    }  # fmt: skip
    assert (body["type"], body["version"], body["generation"], body["previous"]) == ("konverze/keyring", 1, 1, None)
    assert (body["state"], body["kek"], body["erased_at"]) == ("live", "shared", None)
    (dek,) = body["deks"]
    assert (dek["state"], dek["created_at"]) == ("active", "2026-01-02T03:04:05Z")
    secret = _unwrapped(provider, body["tenant"], dek)
    assert secret == keyring.active.secret
    name_key = _opened(secret, b"konverze/v1/name-key", body["name_key_sealed"])
    assert keyring.blind_name("visitor", "v-7") == hmac.digest(name_key, b"visitor\0v-7", "sha256")[:16].hex()
    assert _opened(name_key, b"konverze/v1/tenant-id", body["tenant_id_sealed"]) == b"acme"


def _opened(key, label, sealed):
    cipher = AESGCM(HKDFExpand(SHA256(), 32, label).derive(key))
    return cipher.decrypt(bytes.fromhex(sealed)[:12], bytes.fromhex(sealed)[12:], tenant_directory("acme").encode())


def _unwrapped(provider, directory, entry):
    wrapped = WrappedKey(key_id=entry["kek_id"], ciphertext=base64.b64decode(entry["ciphertext"]))
    payload = provider.unwrap(wrapped, context={"tenant": directory, "key": entry["id"]})
    fields = (b"konverze/v1/dek", directory.encode(), entry["id"].encode())
    bound = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    assert payload[32:] == hashlib.sha256(bound).digest()
    return payload[:32]


def test_no_fresh_keyring_stands_in_for_a_lost_one(blobs, provider, keyring):
    kept = bytes(blobs.get(_name()))
    blobs.put(f"tenants/{keyring.directory}/commits/{FIRST}", b"sealed")
    blobs.delete(_name())
    with pytest.raises(IntegrityError, match=r"the tenant's data is there, but its keyring .* is gone: restore it"):
        Keyring.create(blobs, provider, "acme", CLOCK)
    assert blobs.list("keyring/") == []
    Keyring.create(blobs, provider, "other", CLOCK)
    blobs.put(_name(), kept, if_absent=True)
    assert Keyring.create(blobs, provider, "acme", CLOCK).active == keyring.active


def test_a_creator_may_find_the_data_of_a_faster_one(provider):
    class LateStore(MemoryBlobStore):
        """Another creator wins, and writes data, between the first look and the second."""

        def list(self, prefix):
            found = super().list(prefix)
            if not winners:
                winners.append(None)
                winners[0] = Keyring.create(self, provider, "acme", CLOCK)
                self.put(f"tenants/{winners[0].directory}/commits/{FIRST}", b"sealed")
            return found

    winners = []
    assert Keyring.create(LateStore(), provider, "acme", CLOCK).active == winners[0].active


def test_an_unknown_tenant_has_no_keyring(blobs, provider):
    with pytest.raises(UnknownTenantError):
        Keyring.open(blobs, provider, "acme", CLOCK)


def test_creating_twice_gives_the_same_keys(blobs, provider, keyring):
    again = Keyring.create(blobs, provider, "acme", CLOCK)
    assert again.active == keyring.active
    assert again.blind_name("visitor", "v") == keyring.blind_name("visitor", "v")


def test_racing_creators_agree(blobs, provider):
    barrier = threading.Barrier(8)

    def create(_):
        barrier.wait()
        return Keyring.create(blobs, provider, "acme", CLOCK).active

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(create, range(8))
    assert all(key == first for key in others)
    assert blobs.list("") == [_name()]


def test_a_creator_that_loses_the_race_takes_the_winners_keys(blobs, provider):
    class LateStore(MemoryBlobStore):
        """Another creator wins between looking and writing."""

        def put(self, name, data, *, if_absent=False):
            winner = Keyring.create(blobs, provider, "acme", CLOCK)
            super().put(name, blobs.get(name))
            keys.append(winner.active)
            super().put(name, data, if_absent=if_absent)

    keys = []
    assert Keyring.create(LateStore(), provider, "acme", CLOCK).active == keys[0]


def test_tenants_are_listed_by_their_true_ids(blobs, provider):
    for tenant_id in ("zeta", "../x", "cafe\u0301"):
        Keyring.create(blobs, provider, tenant_id, CLOCK)
    assert list_tenants(blobs, provider) == ["../x", "café", "zeta"]


def test_blind_names_differ_by_tenant_label_and_name(blobs, provider, keyring):
    other = Keyring.create(blobs, provider, "other", CLOCK)
    blind = {
        keyring.blind_name("visitor", "a"),
        keyring.blind_name("visitor", "b"),
        keyring.blind_name("conversation", "a"),
        other.blind_name("visitor", "a"),
    }
    assert len(blind) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in blind)


def _signed(blobs, provider, body):
    """Stores a body that the provider signs as it is, whatever it says."""
    line = json.dumps(to_builtins(body), sort_keys=True, separators=(",", ":")).encode()
    file = b'%s\n{"signature":"%s"}\n' % (line, provider.sign(line).hex().encode())
    blobs.put(_name(generation=body.generation), file)


def test_the_highest_generation_is_valid(blobs, provider, keyring):
    first, second = keyring.active, keyring.add_data_key()
    kept = bytes(blobs.get(_name(generation=2)))
    third = keyring.add_data_key()
    blobs.put(_name(generation=2), kept)
    opened = Keyring.open(blobs, provider, "acme", CLOCK)
    assert (opened.generation, opened.active.id) == (3, third)
    assert opened.key(first.id) == first
    assert opened.key(second) == keyring.key(second)
    assert opened.blind_name("visitor", "v") == keyring.blind_name("visitor", "v")
    assert list_tenants(blobs, provider) == ["acme"]


@pytest.mark.parametrize(
    "change",
    [
        {"deks": ()},
        {"name_key_sealed": ""},
        {"tenant_id_sealed": ""},
        {"state": KeyringState.ERASED},
        {"state": KeyringState.ERASED, "deks": (), "name_key_sealed": "", "tenant_id_sealed": ""},
        {"erased_at": CLOCK.now()},
        {"previous": None, "generation": 2},
        {"previous": "0" * 64, "generation": 1},
    ],
)
def test_a_keyring_that_contradicts_itself_is_neither_written_nor_read(blobs, provider, keyring, change):
    body = structs.replace(_body(blobs, provider), **change)
    with pytest.raises(ConfigError):
        encoded(body, provider)
    _signed(blobs, provider, body)
    _assert_refused(blobs, provider)


def test_a_keyring_needs_exactly_one_active_key(blobs, provider, keyring):
    keyring.add_data_key()
    body = _body(blobs, provider, _name(generation=2))
    retired, active = body.deks
    twice = structs.replace(active, id="0" * 32)
    for deks in ((retired,), (retired, active, twice), (active, retired, retired)):
        _signed(blobs, provider, structs.replace(body, deks=deks))
        _assert_refused(blobs, provider)


def test_every_flipped_bit_and_truncation_is_refused(blobs, provider, keyring):
    whole = bytes(blobs.get(_name()))
    flipped = [
        whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :] for place in range(len(whole))
    ]
    upper = whole[:-80] + whole[-80:].upper()
    for file in (*flipped, *(whole[:length] for length in range(len(whole))), whole + b"\n", whole * 2, upper):
        blobs.put(_name(), file)
        with pytest.raises(IntegrityError):
            Keyring.open(blobs, provider, "acme", CLOCK)


def test_a_keyring_in_another_place_is_refused(blobs, provider, keyring):
    Keyring.create(blobs, provider, "evil", CLOCK)
    blobs.put(_name("evil"), blobs.get(_name()))
    _assert_refused(blobs, provider, "evil")
    blobs.delete(_name("evil"))
    blobs.put(_name(generation=2), blobs.get(_name()))
    _assert_refused(blobs, provider)


@pytest.mark.parametrize("name", ["x", "1", f"{1:021d}", f"{FIRST}/x"])
def test_a_stray_file_is_refused(blobs, provider, keyring, name):
    blobs.put(f"keyring/{keyring.directory}/{name}", b"x")
    _assert_refused(blobs, provider)


@pytest.mark.parametrize("place", ["keyring", f"keyring/{tenant_directory('other')}", "keyring/no-directory"])
def test_a_stray_file_is_named_and_shuts_no_other_tenant(blobs, provider, keyring, place):
    Keyring.create(blobs, provider, "other", CLOCK)
    blobs.put(f"{place}/stray.bak", b"x")
    with pytest.raises(IntegrityError, match=f"{place}/stray.bak is no keyring, but stands among them"):
        list_tenants(blobs, provider)
    assert Keyring.open(blobs, provider, "acme", CLOCK).active == keyring.active
    assert Keyring.create(blobs, provider, "acme", CLOCK).active == keyring.active
    assert Keyring.create(blobs, provider, "third", CLOCK).tenant_id == "third"


def test_a_keyring_of_another_provider_is_refused(blobs, keyring):
    _assert_refused(blobs, MemoryKeyProvider())


def test_swapped_keys_are_refused_even_when_signed(blobs, provider, keyring):
    body = _body(blobs, provider)
    Keyring.create(blobs, provider, "evil", CLOCK)
    evil = _body(blobs, provider, _name("evil"))
    blobs.delete(_name("evil"))
    renamed = structs.replace(evil.deks[0], id=body.deks[0].id)
    for foreign in (evil.deks[0], renamed):
        _signed(blobs, provider, structs.replace(body, deks=(foreign,)))
        with pytest.raises(IntegrityError):
            _ = Keyring.open(blobs, provider, "acme", CLOCK).active
    for field in ("name_key_sealed", "tenant_id_sealed"):
        for value in (getattr(evil, field), "00", "0" * 24, getattr(body, field)[:-2]):
            _signed(blobs, provider, structs.replace(body, **{field: value}))
            _assert_refused(blobs, provider)


def test_a_key_of_the_attackers_choice_is_refused(blobs, provider, keyring):
    """Whoever can wrap under the KEK, as anybody can with its public half, but neither unwrap nor sign."""
    body, known = _body(blobs, provider), DataKey.fresh()
    wrapped = wrapped_key(provider, body.tenant, known, kek="shared")
    chosen = DekEntry.of(known.id, wrapped, created_at=CLOCK.now())
    forged = structs.replace(body, deks=(chosen,), name_key_sealed=sealed_name_key(known, body.tenant, bytes(32)))
    stranger = MemoryKeyProvider()
    _signed(blobs, stranger, forged)
    _assert_refused(blobs, provider)
    _signed(blobs, stranger, structs.replace(forged, generation=2, previous="0" * 64))
    _assert_refused(blobs, provider)
    signature = bytes(encoded(body, provider)).split(b"\n")[1]
    blobs.put(_name(), encoded(forged, stranger).split(b"\n")[0] + b"\n" + signature + b"\n")
    blobs.delete(_name(generation=2))
    _assert_refused(blobs, provider)


def test_the_id_sealed_inside_has_to_fit_the_directory(blobs, provider, keyring):
    cipher = AESGCM(HKDFExpand(SHA256(), 32, b"konverze/v1/tenant-id").derive(keyring._name_key))
    for tenant_id in (b"evil", b"", b"\xff"):
        sealed = bytes(12) + cipher.encrypt(bytes(12), tenant_id, keyring.directory.encode())
        _signed(blobs, provider, structs.replace(_body(blobs, provider), tenant_id_sealed=sealed.hex()))
        _assert_refused(blobs, provider)


class ForgetfulProvider(MemoryKeyProvider):
    """Wraps with a key that it then loses, as one SDK does."""

    def wrap(self, payload, *, context, kek="shared"):
        return MemoryKeyProvider.wrap(MemoryKeyProvider(), payload, context=context)


class LyingProvider(MemoryKeyProvider):
    """Unwraps to other bytes than those that were wrapped."""

    def unwrap(self, wrapped, *, context):
        payload = super().unwrap(wrapped, context=context)
        return bytes([payload[0] ^ 1]) + payload[1:]


class BlindProvider(MemoryKeyProvider):
    """Binds no context."""

    def wrap(self, payload, *, context, kek="shared"):
        return super().wrap(payload, context={}, kek=kek)

    def unwrap(self, wrapped, *, context):
        return super().unwrap(wrapped, context={})


@pytest.mark.parametrize("failing", [ForgetfulProvider, LyingProvider])
def test_a_key_that_cannot_be_unwrapped_again_is_never_used(blobs, failing):
    with pytest.raises(IntegrityError):
        Keyring.create(blobs, failing(), "acme", CLOCK)
    assert blobs.list("") == []


def test_a_key_is_bound_to_its_place_by_its_payload_too(blobs):
    provider = BlindProvider()
    keyring = Keyring.create(blobs, provider, "acme", CLOCK)
    assert Keyring.open(blobs, provider, "acme", CLOCK).active == keyring.active
    test_swapped_keys_are_refused_even_when_signed(blobs, provider, keyring)


def test_retired_keys_that_changed_places_are_refused_even_when_signed(blobs):
    provider = BlindProvider()
    keyring = Keyring.create(blobs, provider, "acme", CLOCK)
    first, second = keyring.active.id, keyring.add_data_key()
    keyring.add_data_key()
    body = _body(blobs, provider, _name(generation=3))
    one, other, active = body.deks
    swapped = (one.rewrapped(other.wrapped), other.rewrapped(one.wrapped), active)
    _signed(blobs, provider, structs.replace(body, deks=swapped))
    opened = Keyring.open(blobs, provider, "acme", CLOCK)
    for key_id in (first, second):
        with pytest.raises(IntegrityError, match="was made for another place"):
            opened.key(key_id)


def test_an_unknown_key_is_refused(keyring):
    with pytest.raises(IntegrityError):
        keyring.key(bytes(16))


class SlowProvider(MemoryKeyProvider):
    """Counts the keys it unwraps, and takes its time."""

    unwraps = 0
    pause_s = 0.0

    def unwrap(self, wrapped, *, context):
        self.unwraps += 1
        time.sleep(self.pause_s)
        return super().unwrap(wrapped, context=context)


def test_many_threads_unwrap_a_key_once(blobs):
    provider = SlowProvider()
    keyring = Keyring.create(blobs, provider, "acme", CLOCK)
    retired = keyring.active.id
    keyring.add_data_key()
    opened = Keyring.open(blobs, provider, "acme", CLOCK)
    provider.unwraps, provider.pause_s = 0, 0.05
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: opened.key(retired), range(16)))
    assert provider.unwraps == 1
    assert all(key is keys[0] for key in keys)


def test_a_failed_unwrap_is_tried_again_by_the_next_call(blobs):
    provider = SlowProvider()
    retired = Keyring.create(blobs, provider, "acme", CLOCK).active.id
    Keyring.open(blobs, provider, "acme", CLOCK).add_data_key()
    opened = Keyring.open(blobs, provider, "acme", CLOCK)
    provider.disconnect()
    provider.unwraps, provider.pause_s = 0, 0.5
    barrier = threading.Barrier(8)

    def ask(_):
        barrier.wait()
        with pytest.raises(KeyUnavailableError):
            opened.key(retired)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert provider.unwraps == 1, "those who waited share the failure"
    provider.restore()
    assert opened.key(retired).secret
    provider.destroy()
    assert opened.key(retired).secret, "an unwrapped key stays until the lease is over"
    with pytest.raises(KeyDestroyedError):
        Keyring.open(blobs, provider, "acme", CLOCK)


def test_opening_a_tenant_takes_one_unwrap(blobs):
    provider = SlowProvider()
    keyring = Keyring.create(blobs, provider, "acme", CLOCK)
    keyring.add_data_key()
    assert keyring.active
    provider.unwraps = 0
    opened = Keyring.open(blobs, provider, "acme", CLOCK)
    assert opened.active == keyring.active
    assert opened.blind_name("visitor", "v") == keyring.blind_name("visitor", "v")
    assert provider.unwraps == 1
    list_tenants(blobs, provider)
    assert provider.unwraps == 2


def test_nothing_is_stored_that_could_not_be_read_back(provider):
    class FullStore(MemoryBlobStore):
        def put(self, name, data, *, if_absent=False):
            raise ConflictError(name)

    with pytest.raises(UnknownTenantError):
        Keyring.create(FullStore(), provider, "acme", CLOCK)


def test_no_key_is_shown_pickled_or_stored(blobs, provider, keyring):
    secrets = [keyring.active.secret, keyring._name_key]
    shown = [repr(keyring), str(keyring), repr(keyring.active), repr(keyring._stored), repr(keyring._keys)]
    blobs.put(_name(), bytes(blobs.get(_name())).replace(b"active", b"retired"))
    for call in (lambda: keyring.key(bytes(16)), lambda: Keyring.open(blobs, provider, "acme", CLOCK)):
        with pytest.raises(IntegrityError) as caught:
            call()
        shown.append("".join(traceback.format_exception(caught.value)))
    stored = b"".join(bytes(blobs.get(name)) for name in blobs.list(""))
    for secret in secrets:
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:40], repr(secret)[2:-1].encode()):
            assert form not in stored
            assert form not in "".join(shown).encode()
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(keyring)
