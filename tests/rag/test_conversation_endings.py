"""Retention, erasure by visitor, and what verification says of them; by real cryptography, over a store in memory."""

import threading
from datetime import timedelta

import pytest

import konverze_rag as kr
from konverze_core.answers import Answer, Citation
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.keyring import Keyring
from konverze_rag.conversations import Conversations, Turn, kept_from
from tests.rag.stores import FailingStore, InterruptedStore

DAY_S = 86_400
RETENTION = 30


@pytest.fixture
def keyring(blobs, keys, clock):
    return Keyring.create(blobs, keys, "acme", clock)


@pytest.fixture
def open_conversations(blobs, keyring, clock):
    """Opens conversations as another process would: it has seen nothing yet."""

    def open_them(store=None):
        return Conversations(store or blobs, keyring, clock)

    return open_them


@pytest.fixture
def conversations(open_conversations):
    return open_conversations()


@pytest.fixture
def say(clock):
    def say_it(conversations, text, *, visitor="asha", conversation="c", cites=()):
        citations = tuple(
            Citation(number=1, document_id=cited, page=None, span=kr.Span(0, 1), quote="q", score=1.0, supported=True)
            for cited in cites
        )
        answer = Answer(text=f"answer to {text}", citations=citations)
        turn = Turn.of(answer, question=text, conversation=conversation, visitor=visitor, asked_at=clock.now())
        conversations.append(turn)

    return say_it


def _names(blobs, part):
    return [name for name in blobs.list("tenants/") if part in name]


def _history(conversations, conversation="c", retention_days=RETENTION):
    return [m.text for m in conversations.history(conversation, turns=20, retention_days=retention_days)][::2]


def _before(clock, retention_days=RETENTION):
    return kept_from(clock.now(), retention_days)


def _findings(conversations, clock):
    return list(conversations.verify(since=_before(clock)))


def _contents(conversations, blobs, keyring, clock):
    """All plaintext of the tenant's turns, opened under their day keys, and all raw bytes and names."""
    opened = b""
    for name in _names(blobs, "/days/"):
        if not name.endswith("/key"):
            local = name.split("/", 2)[2]
            day = clock.now().date().fromisoformat(local.split("/")[1])
            opened += conversations._days.blobs_of(day).read("turn", local).tobytes()
    return opened + b"".join(name.encode() + bytes(blobs.get(name)) for name in blobs.list(""))


def test_a_purge_deletes_days_past_their_retention_and_no_others(conversations, say, blobs, clock):
    say(conversations, "old")
    clock.advance(DAY_S)
    say(conversations, "young")
    clock.advance((RETENTION - 1) * DAY_S)
    assert conversations.purge(_before(clock)).days == 0
    clock.advance(DAY_S)
    done = conversations.purge(_before(clock))
    assert (done.days, done.turns, done.markers) == (1, 1, 1)
    assert done.bytes > 0
    assert not _names(blobs, "2026-01-01")
    assert len(_names(blobs, "2026-01-02")) == 3
    assert _findings(conversations, clock) == []


def test_turns_are_not_read_past_their_retention_even_when_no_purge_has_run(conversations, say, clock):
    say(conversations, "old")
    clock.advance(DAY_S)
    assert _history(conversations, retention_days=1) == ["old"]
    clock.advance(DAY_S - 60)
    assert _history(conversations, retention_days=1) == []


def test_a_purge_of_a_faster_clock_is_no_error_for_readers_of_a_slower_one(conversations, say, blobs, clock):
    say(conversations, "old")
    assert _history(conversations) == ["old"]
    clock.advance(2 * DAY_S - 60)
    for name in _names(blobs, "/days/"):
        blobs.delete(name)
    assert _history(conversations, retention_days=1) == []


def test_today_and_yesterday_are_never_purged(conversations, clock):
    with pytest.raises(kr.ConfigError):
        conversations.purge(clock.now().date())
    conversations.purge(clock.now().date() - timedelta(days=1))


def test_a_purge_deletes_key_then_turns_then_markers(conversations, *, open_conversations, say, blobs, clock):
    say(conversations, "old")
    clock.advance(40 * DAY_S)
    order = []

    class Watched:
        def __getattr__(self, verb):
            def call(name, *args, **kwargs):
                if verb == "delete":
                    order.append(name)
                return getattr(blobs, verb)(name, *args, **kwargs)

            return call

    open_conversations(Watched()).purge(_before(clock))
    assert [("key" in name, "/days/" in name) for name in order] == [(True, True), (False, True), (False, False)]


def test_a_purge_that_died_at_any_call_is_finished_by_the_next(keys, clock, say):
    for calls in range(1_000):
        blobs = MemoryBlobStore()
        keyring = Keyring.create(blobs, keys, "acme", clock)
        whole = Conversations(blobs, keyring, clock)
        for text in ("one", "two"):
            say(whole, text)
        clock.advance(40 * DAY_S)
        dying = FailingStore(blobs, calls)
        try:
            Conversations(dying, keyring, clock).purge(_before(clock))
        except kr.StoreUnavailableError:
            assert _history(whole) == []
            assert all(finding.is_harmless for finding in _findings(whole, clock))
            whole.purge(_before(clock))
        assert _names(blobs, "/days/") == _names(blobs, "/visitors/") == []
        if dying.left:
            return
    pytest.fail("the purge never ended")


def test_an_erasure_leaves_no_word_of_the_visitor_and_all_of_the_others(
    conversations, *, open_conversations, say, blobs, keyring, clock
):
    say(conversations, "canary-one", visitor="canary-name")
    say(conversations, "another", visitor="ravi")
    say(conversations, "canary-two", visitor="canary-name")
    say(conversations, "elsewhere canary", visitor="canary-name", conversation="canary-talk")
    other = open_conversations()
    assert len(_history(other)) == 3
    done = conversations.erase_visitor("canary-name")
    assert (done.turns, done.markers, done.pending, done.last_day) == (3, 3, 0, clock.now().date())
    assert b"canary" not in _contents(conversations, blobs, keyring, clock)
    for reader in (conversations, other, open_conversations()):
        assert _history(reader) == ["another"]
        assert _findings(reader, clock) == []
    again = conversations.erase_visitor("canary-name")
    assert (again.turns, again.markers, again.bytes) == (0, 0, 0)


def test_a_conversation_goes_on_after_the_erasure_of_its_newest_turn(conversations, open_conversations, say, clock):
    say(conversations, "mine", visitor="ravi")
    say(conversations, "gone")
    other = open_conversations()
    _history(other)
    conversations.erase_visitor("asha")
    assert _history(other) == ["mine"]
    say(other, "more", visitor="ravi")
    assert _history(conversations) == ["mine", "more"]
    assert _findings(conversations, clock) == []


def test_an_erasure_that_died_at_any_call_is_finished_by_the_next(keys, clock, say):
    for calls in range(1_000):
        blobs = MemoryBlobStore()
        keyring = Keyring.create(blobs, keys, "acme", clock)
        whole = Conversations(blobs, keyring, clock)
        for number in range(3):
            say(whole, f"canary {number}")
            say(whole, "another", visitor="ravi")
        dying = FailingStore(blobs, calls)
        try:
            Conversations(dying, keyring, clock).erase_visitor("asha")
        except kr.StoreUnavailableError:
            assert _findings(whole, clock) == []
            _history(whole)
            whole.erase_visitor("asha")
        assert _history(whole) == ["another"] * 3
        assert b"canary" not in _contents(whole, blobs, keyring, clock)
        assert len(_names(blobs, "/visitors/")) == 3
        if dying.left:
            return
    pytest.fail("the erasure never ended")


@pytest.mark.parametrize(("verb", "part"), [("get", "/days/"), ("put", "/visitors/"), ("put", "/000001")])
def test_an_append_that_an_erasure_interrupts_is_erased_or_found_by_the_next_one(
    conversations, *, open_conversations, say, blobs, clock, verb, part
):
    say(conversations, "first")
    act = lambda: conversations.erase_visitor("asha")  # noqa: E731
    say(open_conversations(InterruptedStore(blobs, verb, part, act)), "second")
    assert _findings(conversations, clock) == []
    conversations.erase_visitor("asha")
    assert _history(conversations) == []
    assert _names(blobs, "/visitors/") == []


@pytest.mark.parametrize(("verb", "part"), [("list", "/visitors/"), ("head", "/days/"), ("put", "/000000"),
                                            ("delete", "/visitors/")])  # fmt: skip
def test_a_turn_that_comes_during_an_erasure_is_erased_or_found_by_the_next_one(
    conversations, *, open_conversations, say, blobs, clock, verb, part
):
    say(conversations, "first")
    act = lambda: say(conversations, "second")  # noqa: E731
    open_conversations(InterruptedStore(blobs, verb, part, act)).erase_visitor("asha")
    assert _findings(conversations, clock) == []
    open_conversations().erase_visitor("asha")
    assert _history(conversations) == []
    assert _names(blobs, "/visitors/") == []


def test_erasures_and_appends_in_threads_lose_nothing_of_others(open_conversations, say, blobs, clock):
    errors = []

    def run(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    def append(visitor):
        mine = open_conversations()
        for number in range(8):
            say(mine, f"{visitor} {number}", visitor=visitor)

    def erase():
        mine = open_conversations()
        for _ in range(6):
            mine.erase_visitor("asha")
            _history(mine)

    works = [lambda: append("asha"), lambda: append("ravi"), erase, erase]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    last = open_conversations()
    last.erase_visitor("asha")
    assert _history(last) == [f"ravi {number}" for number in range(8)]
    assert _findings(last, clock) == []


def test_a_marker_without_a_turn_is_kept_while_the_turn_may_come_and_goes_afterwards(conversations, say, blobs, clock):
    say(conversations, "first")
    blobs.delete(next(name for name in _names(blobs, "/days/") if not name.endswith("/key")))
    assert [finding.is_harmless for finding in _findings(conversations, clock)] == [True]
    assert conversations.erase_visitor("asha").pending == 1
    clock.advance(2 * DAY_S)
    assert conversations.erase_visitor("asha").markers == 1
    assert _names(blobs, "/visitors/") == []


def test_a_damaged_turn_does_not_save_the_others_from_erasure(conversations, open_conversations, say, blobs):
    for number in range(3):
        say(conversations, f"turn {number}")
    damaged = _names(blobs, "/000001")[0]
    blobs.put(damaged, bytes(blobs.get(damaged))[:-1] + b"x")
    with pytest.raises(kr.IntegrityError, match="1 marked turns"):
        open_conversations().erase_visitor("asha")
    assert len(_names(blobs, "/visitors/")) == 1


def test_turns_citing_a_document_are_counted_with_their_last_day(conversations, say, clock):
    first = clock.now().date()
    say(conversations, "one", cites=("policy",))
    clock.advance(DAY_S)
    say(conversations, "two", cites=("prices",), visitor="ravi")
    say(conversations, "three", cites=("policy",))
    since = _before(clock)
    found = conversations.turns_citing("policy", since=since)
    assert (found.turns, found.last_day) == (2, clock.now().date())
    conversations.erase_visitor("asha")
    assert conversations.turns_citing("policy", since=since).turns == 0
    assert conversations.turns_citing("prices", since=first).turns == 1


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        ("flip", "turn"),
        ("drop", "missing in its conversation"),
        ("key", "gone, and so 3 turns"),
        ("marker", "an erasure of the visitor would not find"),
        ("stray", "is named so"),
    ],
)
def test_verification_finds_harm(conversations, *, say, blobs, clock, harm, problem):
    for number in range(3):
        say(conversations, f"turn {number}")
    assert _findings(conversations, clock) == []
    turn = next(name for name in _names(blobs, "/days/") if name.endswith("000001"))
    if harm == "flip":
        blobs.put(turn, bytes(blobs.get(turn))[:-1] + b"x")
    elif harm == "stray":
        blobs.put(f"{turn}.old", b"x")
    else:
        gone = {"drop": turn, "key": _names(blobs, "/key")[0], "marker": _names(blobs, "/visitors/")[1]}[harm]
        blobs.delete(gone)
        conversations._days.drop()
    found = _findings(conversations, clock)
    assert any(problem in finding.problem and not finding.is_harmless for finding in found)


def test_a_marker_of_a_lost_number_does_not_erase_the_turn_that_took_it(conversations, open_conversations, say, blobs):
    act = lambda: say(conversations, "faster", visitor="ravi")  # noqa: E731
    say(conversations, "earlier", visitor="ravi")
    say(open_conversations(InterruptedStore(blobs, "put", "/days/", act)), "slower")
    assert len(_names(blobs, "/visitors/")) == 2 + 2
    assert conversations.erase_visitor("asha").turns == 1
    assert _history(conversations) == ["earlier", "faster"]
    assert len(_names(blobs, "/visitors/")) == 2
