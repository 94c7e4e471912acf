"""Writers that sleep between taking a data key and putting what it sealed, until the key is retired and dropped."""

import pytest

import konverze_rag as kr
from konverze_core.answers import Answer
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.keyring import Keyring
from konverze_rag.conversations import Conversations, Turn
from konverze_rag.conversations.store import SEALED_WITHIN
from konverze_rag.tenant_settings import REFRESH_S
from konverze_rag.upkeep.reencryption import DROPPED_AFTER
from tests.indexes.pausing import PausedWriter, PausingStore
from tests.rag.stores import InterruptedStore

HOUR_S = DROPPED_AFTER.total_seconds()
DAY_S = 86_400


def say(tenant):
    tenant.ask("How long do refunds take?", conversation="c", visitor="asha")


def say_without_a_name(tenant):
    tenant.ask("How long do refunds take?", conversation="c")


def ingest(tenant):
    tenant.ingest(b"Delivery is free.", source="delivery")


def add(tenant):
    """As `ingest`, without an original, which a vacuum of the re-encryption would take."""
    tenant.add([kr.Chunk(document_id="delivery", ordinal=0, text="Delivery is free.")])


def configure(tenant):
    tenant.configure(kr.TenantSettings(persona="You speak for acme."))


class LookCountingStore:
    """A store whose writer sleeps for `sleep_s` before it puts a marker; `looks` counts listings of keyrings."""

    def __init__(self, inner, clock):
        self._inner, self._clock = inner, clock
        self.looks = self.sleep_s = 0

    def __getattr__(self, verb):
        return getattr(self._inner, verb)

    def list(self, prefix):
        self.looks += prefix.startswith("keyring/")
        return self._inner.list(prefix)

    def put(self, name, data, *, if_absent=False):
        if "/visitors/" in name:
            self._clock.advance(self.sleep_s)
            self.sleep_s = 0
        self._inner.put(name, data, if_absent=if_absent)


PUTS = {
    "original": ("/uploads/", ingest),
    "segment": ("/segments/", add),
    "commit": ("/commits/", add),
    "commit that names no blob": ("/commits/", lambda tenant: tenant.reindex()),
    "settings": ("/settings/", configure),
    "day key": ("/key", say),
    "marker": ("/visitors/", say),
    "turn": ("/000000", say_without_a_name),
}


@pytest.fixture
def keys(clock):
    return MemoryKeyProvider(clock)


@pytest.mark.parametrize("dropped", ["before it puts", "right after it has put"])
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("what", PUTS)
def test_what_a_writer_puts_that_slept_past_its_data_key_opens(make_engine, blobs, clock, *, what, is_first, dropped):
    if not is_first:
        for write in (say, configure, lambda tenant: tenant.ingest(b"Refunds take 7 days.", source="policy")):
            write(make_engine().tenant("acme"))
        clock.advance(DAY_S)
    part, write = PUTS[what]
    store = PausingStore(blobs, part)
    tenant = make_engine(blobs=store).tenant("acme")
    writer = PausedWriter(store, lambda: write(tenant))
    make_engine().rotate_keys(reencrypt=True)
    clock.advance(HOUR_S)
    if dropped == "before it puts":
        assert make_engine().rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 1
        writer.finish()
    else:  # whoever drops the key has looked for its blobs before the writer puts one
        held = InterruptedStore(blobs, "put", "keyring/", writer.finish)
        assert make_engine(blobs=held).rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 1
    engine = make_engine()
    tenant = engine.tenant("acme")
    report = engine.verify()
    assert report.is_sound, report.findings
    if write in (ingest, add):
        assert tenant.search("delivery")[0].chunk.document_id == "delivery"
    if write is configure:
        assert tenant.settings().persona == "You speak for acme."
    if write is say:
        turns = 1 if is_first else 2
        assert tenant.erase_visitor("asha").blobs_destroyed == 2 * turns
    assert engine.rotate_keys(reencrypt=True).failed == ()


def test_who_has_read_settings_of_a_retired_key_follows_to_those_that_take_their_place(make_engine, blobs, clock):
    reader, seen = make_engine().tenant("acme"), []

    def read():
        clock.advance(REFRESH_S)
        seen.append(reader.settings().persona)

    held = InterruptedStore(blobs, "put", "/settings/", lambda: make_engine().rotate_keys(), read)
    configure(make_engine(blobs=held).tenant("acme"))
    read()
    assert seen == ["You speak for acme."] * 2
    assert len([name for name in blobs.list("tenants/") if "/settings/" in name]) == 1
    assert make_engine().verify().findings == ()


def test_a_turn_takes_no_second_look_at_the_keyring_unless_it_was_slow(blobs, keys, clock):
    turn = Turn.of(Answer(text="7 days."), question="How long?", conversation="c", visitor="asha", asked_at=clock.now())
    store = LookCountingStore(blobs, clock)
    conversations = Conversations(store, Keyring.create(store, keys, "acme", clock), clock)
    conversations.append(turn)
    for sleep_s, looks in ((0, 1), (SEALED_WITHIN.total_seconds(), 1), (SEALED_WITHIN.total_seconds() + 1, 2)):
        store.looks, store.sleep_s = 0, sleep_s
        conversations.append(turn)
        assert store.looks == looks


@pytest.mark.parametrize("part", ["/uploads/", "/key", "/visitors/"])
def test_a_reencryption_that_slept_through_another_one_loses_nothing(make_engine, blobs, clock, part):
    """It puts what it sealed under a key that was new when it fell asleep, over what the other one has sealed."""
    for write in (say, ingest):
        write(make_engine().tenant("acme"))

    def overtake():
        make_engine().rotate_keys(reencrypt=True)
        clock.advance(HOUR_S)
        assert make_engine().rotate_keys(only_due=True, reencrypt=True).data_keys_dropped == 2

    held = InterruptedStore(blobs, "put", part, overtake)
    assert make_engine(blobs=held).rotate_keys(reencrypt=True).failed == ()
    report = make_engine().verify()
    assert report.is_sound, report.findings
    say(make_engine().tenant("acme"))
