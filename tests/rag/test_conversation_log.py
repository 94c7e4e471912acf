"""The owner's view of the conversations: reading turns, and feedback on them; over a store in memory."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

import konverze_rag as kr
from konverze_core.answers import Answer, Timings
from konverze_core.fakes import MemoryBlobStore
from konverze_indexes.keyring import Keyring
from konverze_rag.conversations import Conversations, Turn
from konverze_rag.conversations.feedback import MAX_COMMENT_CHARS
from konverze_rag.conversations.names import MAX_NAME_CHARS, Folder, Place
from konverze_rag.conversations.turn import StoredTurn
from tests.rag.stores import CountingStore, FailingStore, InterruptedStore
from tests.settings import OFFLINE

DAY_S = 86_400
DAY = date(2026, 1, 1)
POLICY = b"A refund takes 7 days. Delivery takes 3 days."
REFUND = "How long does a refund take?"
DELIVERY = "How long does delivery take?"


@pytest.fixture
def tenant(acme):
    acme.ingest(POLICY, source="policy")
    return acme


def _questions(tenant, **which):
    return [turn.question for turn in tenant.turns(**which)]


def _feedback(tenant, **which):
    return [turn.feedback and turn.feedback.comment for turn in tenant.turns(**which)]


def _names(blobs, part):
    return [name for name in blobs.list("tenants/") if part in name]


def _rate(tenant, comment="Thanks.", *, helpful=True, at=0, **which):
    turn = next(islice(tenant.turns(**which), at, None))
    tenant.give_feedback(turn.conversation, turn.turn, helpful=helpful, comment=comment)


def _found(engine):
    return [(finding.problem, finding.is_harmless) for finding in engine.verify().findings]


# Reading


def test_a_turn_is_told_as_it_was_asked_and_answered(tenant, clock):
    clock.advance(90)
    answer = tenant.ask(REFUND, conversation="c", visitor="asha")
    (turn,) = tenant.turns()
    assert (turn.conversation, turn.visitor, turn.question, turn.answer) == ("c", "asha", REFUND, answer.text)
    assert (turn.day, turn.number, turn.turn) == (DAY, 0, kr.TurnId(DAY, 0))
    assert turn.asked_at == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert (turn.citations, turn.usage, turn.mode) == (answer.citations, answer.usage, answer.mode)
    assert (turn.refused, turn.degraded, turn.generation) == (False, None, 1)
    assert turn.confidence == answer.confidence > 0
    assert 0 < turn.total_ms <= answer.timings.total_ms
    assert turn.feedback is None


def test_confidence_time_and_place_are_those_of_the_answer(blobs, keys, clock):
    conversations = Conversations(blobs, Keyring.create(blobs, keys, "acme", clock), clock)
    answer = Answer(text="7 days.", confidence=0.75, timings=Timings(total_ms=12.5))
    turn = Turn.of(answer, question="How long?", conversation="c", visitor=None, asked_at=clock.now())
    assert conversations.append(turn) == kr.TurnId(DAY, 0)
    clock.advance(DAY_S)
    assert conversations.append(turn) == kr.TurnId(DAY + timedelta(days=1), 0)
    assert conversations.append(turn) == kr.TurnId(DAY + timedelta(days=1), 1)
    assert (turn.confidence, turn.total_ms) == (0.75, 12.5)


def test_names_of_people_are_not_shown_by_accident(tenant):
    tenant.ask(REFUND, conversation="whatsapp-9876543210", visitor="asha@example.com")
    (turn,) = tenant.turns()
    assert REFUND in repr(turn)
    assert not [name for name in ("9876543210", "asha@example.com") if name in repr(turn)]


def test_turns_come_by_day_conversation_and_number(tenant, clock):
    for _ in range(2):
        for conversation in ("one", "two", "one"):
            tenant.ask(REFUND, conversation=conversation)
        clock.advance(DAY_S)
    days = {}
    for turn in tenant.turns():
        days.setdefault(turn.day, []).append((turn.conversation, turn.number))
    assert list(days) == [DAY, DAY + timedelta(days=1)]
    one, two = [("one", 0), ("one", 1)], [("two", 0)]
    assert all(told in (one + two, two + one) for told in days.values())


def test_days_conversation_and_visitor_choose_turns(tenant, clock):
    for visitor, conversation in (("asha", "one"), ("ravi", "two"), ("asha", "two")):
        tenant.ask(f"{REFUND} {visitor} {conversation}", conversation=conversation, visitor=visitor)
        clock.advance(DAY_S)
    first, second, third = (f"{REFUND} {who}" for who in ("asha one", "ravi two", "asha two"))
    assert _questions(tenant) == [first, second, third]
    assert _questions(tenant, since=DAY + timedelta(days=1)) == [second, third]
    assert _questions(tenant, until=DAY + timedelta(days=1)) == [first, second]
    assert _questions(tenant, since=DAY, until=DAY) == [first]
    assert _questions(tenant, conversation="two") == [second, third]
    assert _questions(tenant, visitor="asha") == [first, third]
    assert _questions(tenant, visitor="asha", conversation="two") == [third]
    assert _questions(tenant, visitor="asha", until=DAY) == [first]
    assert _questions(tenant, visitor="nobody") == _questions(tenant, conversation="none") == []


@pytest.mark.parametrize(
    "which",
    [
        {"since": "2026-01-01"},
        {"until": datetime(2026, 1, 1, tzinfo=UTC)},
        {"since": DAY, "until": DAY - timedelta(days=1)},
        {"visitor": ""},
        {"conversation": "c" * (MAX_NAME_CHARS + 1)},
    ],
)
def test_a_selection_that_is_none_is_refused_at_once(tenant, which):
    with pytest.raises(kr.ConfigError):
        tenant.turns(**which)


def test_turns_are_read_when_they_are_asked_for(tenant, make_engine, blobs):
    for number in range(9):
        tenant.ask(f"{REFUND} {number}", conversation="c")
    store = CountingStore(blobs)
    turns = make_engine(blobs=store).tenant("acme").turns()
    store.read.clear()
    next(turns)
    next(turns)
    assert len([name for name in store.read if "/days/" in name and not name.endswith("/key")]) == 2


def test_a_visitors_turns_are_found_without_a_look_at_others(tenant, make_engine, blobs):
    for number in range(9):
        tenant.ask(REFUND, conversation=f"c{number}", visitor="asha" if number == 4 else "ravi")
    store = CountingStore(blobs)
    assert len(list(make_engine(blobs=store).tenant("acme").turns(visitor="asha"))) == 1
    assert len([name for name in store.read if "/days/" in name and not name.endswith("/key")]) == 1
    assert not [name for name in store.listed if name.endswith("/days/")]


def test_days_that_are_not_kept_any_more_are_not_looked_at(tenant, make_engine, blobs):
    store = CountingStore(blobs)
    assert _questions(make_engine(blobs=store).tenant("acme"), since=date.min, until=date.max) == []
    assert len([name for name in store.listed if "/days/" in name]) <= 30 + 2


def test_each_day_key_is_opened_once(tenant, make_engine, blobs, clock):
    for _ in range(5):
        for _ in range(3):
            tenant.ask(REFUND, conversation="c")
        clock.advance(DAY_S)
    store = CountingStore(blobs)
    assert len(list(make_engine(blobs=store).tenant("acme").turns())) == 15
    assert len([name for name in store.read if name.endswith("/key")]) == 5


def test_turns_past_their_retention_are_not_shown_though_no_purge_has_run(tenant, blobs, clock):
    tenant.configure(kr.TenantSettings(retention_days=2))
    tenant.ask(REFUND, conversation="c", visitor="asha")
    clock.advance(3 * DAY_S - 2 * 3_600)
    for which in ({}, {"visitor": "asha"}, {"conversation": "c"}, {"since": DAY}):
        assert _questions(tenant, **which) == [REFUND]
    clock.advance(3_600)  # the last hour is for servers whose clocks differ
    for which in ({}, {"visitor": "asha"}, {"conversation": "c"}, {"since": DAY}):
        assert _questions(tenant, **which) == []
    assert _names(blobs, "/days/")


@pytest.mark.parametrize("which", [{}, {"visitor": "asha"}, {"conversation": "c"}])
def test_turns_that_pass_their_retention_while_they_are_read_are_not_shown(tenant, clock, which):
    tenant.configure(kr.TenantSettings(retention_days=1))
    for number in range(2):
        tenant.ask(f"{REFUND} {number}", conversation="c", visitor="asha")
    turns = tenant.turns(**which)
    assert next(turns).number == 0
    clock.advance(2 * DAY_S)
    assert list(turns) == []


@pytest.mark.parametrize("which", [{}, {"visitor": "asha"}, {"conversation": "c"}])
def test_a_purge_in_the_middle_of_reading_is_no_error(tenant, make_engine, clock, which):
    for number in range(3):
        tenant.ask(f"{REFUND} {number}", conversation="c", visitor="asha")
    clock.advance(30 * DAY_S)
    tenant.ask(DELIVERY, conversation="c", visitor="asha")
    turns = tenant.turns(**which)
    assert next(turns).day == DAY
    clock.advance(DAY_S)
    assert make_engine().purge_expired().turns == 3
    assert [turn.question for turn in turns] == [DELIVERY]


@pytest.mark.parametrize("which", [{}, {"visitor": "asha"}])
def test_a_visitor_that_is_erased_in_the_middle_of_reading_is_left_out_from_there(tenant, make_engine, which):
    for number in range(3):
        tenant.ask(f"{REFUND} {number}", conversation="c", visitor="asha")
    _rate(tenant, at=2)
    turns = tenant.turns(**which)
    assert next(turns).number == 0
    make_engine().tenant("acme").erase_visitor("asha")
    assert list(turns) == []


def test_an_erased_turn_is_left_out_and_those_around_it_are_shown(tenant):
    for visitor in ("ravi", "asha", "ravi"):
        tenant.ask(f"{REFUND} {visitor}", conversation="c", visitor=visitor)
    tenant.erase_visitor("asha")
    assert [(turn.number, turn.visitor) for turn in tenant.turns()] == [(0, "ravi"), (2, "ravi")]


def test_a_marker_that_leads_to_anothers_turn_or_to_none_shows_nothing(tenant, make_engine, blobs):
    tenant.ask(REFUND, conversation="c", visitor="ravi")
    faster = lambda: tenant.ask(f"{DELIVERY} faster", conversation="c", visitor="ravi")  # noqa: E731
    slow = make_engine(blobs=InterruptedStore(blobs, "put", "/days/", faster)).tenant("acme")
    slow.ask(f"{DELIVERY} slower", conversation="c", visitor="asha")
    assert len(_names(blobs, "/visitors/")) == 4
    assert _questions(tenant, visitor="asha") == [f"{DELIVERY} slower"]
    newest = _names(blobs, "/000002")[0]
    blobs.delete(newest)
    assert _questions(make_engine().tenant("acme"), visitor="asha") == []


@pytest.mark.parametrize("attack", ["swap", "drop", "flip", "replay", "key", "fork"])
@pytest.mark.parametrize("which", [{}, {"conversation": "c"}, {"visitor": "asha"}])
def test_tampered_turns_are_an_integrity_error(tenant, make_engine, blobs, *, attack, which):
    for number in range(3):
        tenant.ask(f"{REFUND} {number}", conversation="c", visitor="asha")
    first, second, third = (_names(blobs, f"/days/2026-01-01/{_folder(blobs)}/{number:06d}")[0] for number in range(3))
    stored = {name: bytes(blobs.get(name)) for name in (first, second, third)}
    if attack == "swap":
        blobs.put(first, stored[second])
        blobs.put(second, stored[first])
    elif attack == "drop":
        blobs.delete(second)
    elif attack == "flip":
        blobs.put(second, stored[second][:-1] + bytes([stored[second][-1] ^ 1]))
    elif attack == "replay":
        blobs.put(third, stored[second])
    elif attack == "fork":  # another turn takes the second's number, and the third is put behind it again
        blobs.delete(second)
        blobs.delete(third)
        make_engine().tenant("acme").ask(DELIVERY, conversation="c", visitor="asha")
        blobs.put(third, stored[third])
    else:
        blobs.delete(next(name for name in _names(blobs, "/days/") if name.endswith("/key")))
    read = lambda: list(make_engine().tenant("acme").turns(**which))  # noqa: E731
    if attack in {"drop", "fork"} and "visitor" in which:  # only a reader of all turns sees what they follow
        assert len(read()) == (2 if attack == "drop" else 3)
        return
    with pytest.raises(kr.IntegrityError):
        read()


def _folder(blobs):
    return _names(blobs, "/days/")[0].split("/")[4]


@pytest.mark.parametrize("gone", [["/000001"], ["/000000", "/000001"]])
@pytest.mark.parametrize("which", [{}, {"conversation": "c"}])
def test_cut_turns_are_noticed_by_who_saw_them(tenant, blobs, gone, which):
    for _ in range(2):
        tenant.ask(REFUND, conversation="c")
    assert len(_questions(tenant, **which)) == 2
    for name in [name for part in gone for name in _names(blobs, part)]:
        blobs.delete(name)
    with pytest.raises(kr.RollbackError):
        _questions(tenant, **which)


def test_turns_of_a_server_whose_clock_is_ahead_are_shown(tenant, clock):
    clock.advance(DAY_S)
    tenant.ask(REFUND, conversation="c")
    clock.advance(-60)
    assert _questions(tenant) == [REFUND]


def test_an_erased_tenant_has_no_turns_to_read(tenant, make_engine):
    tenant.ask(REFUND, conversation="c")
    turns = tenant.turns()
    next(turns)
    make_engine().erase_tenant("acme")
    with pytest.raises(kr.TenantErasedError):
        list(tenant.turns())
    with pytest.raises(kr.TenantErasedError):
        tenant.give_feedback("c", kr.TurnId(DAY, 0), helpful=True)


# Feedback


def test_the_last_feedback_on_a_turn_is_told_with_it(tenant, make_engine, clock):
    tenant.ask(REFUND, conversation="c", visitor="asha")
    tenant.ask(DELIVERY, conversation="c")
    _rate(tenant, "Wrong.", helpful=False)
    clock.advance(60)
    _rate(tenant, "Right after all.", helpful=True)
    for reader in (tenant, make_engine().tenant("acme")):
        for which in ({}, {"conversation": "c"}, {"visitor": "asha"}):
            first = next(reader.turns(**which))
            assert first.feedback == kr.Feedback(helpful=True, comment="Right after all.", given_at=clock.now())
        assert _feedback(reader) == ["Right after all.", None]


def test_feedback_is_sealed_and_its_turn_hidden(tenant, blobs):
    tenant.ask(REFUND, conversation="canary-talk", visitor="canary-visitor")
    _rate(tenant, "canary comment")
    assert len(_names(blobs, "/feedback/")) == 1
    raw = b"".join(name.encode() + bytes(blobs.get(name)) for name in blobs.list(""))
    assert b"canary" not in raw


def test_a_conversation_goes_on_after_feedback_and_all_is_sound(tenant, make_engine):
    tenant.ask(REFUND, conversation="c", visitor="asha")
    _rate(tenant)
    again = make_engine()
    assert "refund" in again.tenant("acme").ask("And how long for that?", conversation="c", visitor="asha").question
    assert [turn.number for turn in tenant.turns()] == [0, 1]
    assert again.verify().findings == ()


@pytest.mark.parametrize(
    ("conversation", "turn"),
    [
        ("c", kr.TurnId(DAY, 1)),
        ("c", kr.TurnId(DAY, -1)),
        ("c", kr.TurnId(DAY + timedelta(days=1), 0)),
        ("another", kr.TurnId(DAY, 0)),
        ("", kr.TurnId(DAY, 0)),
        ("c", None),
        ("c", kr.TurnId("2026-01-01", 0)),
        ("c", kr.TurnId(DAY, "0")),
    ],
)
def test_feedback_on_a_turn_that_is_not_there_is_refused(tenant, blobs, conversation, turn):
    tenant.ask(REFUND, conversation="c")
    with pytest.raises(kr.ConfigError):
        tenant.give_feedback(conversation, turn, helpful=True)
    assert _names(blobs, "/feedback/") == []


@pytest.mark.parametrize(
    "said",
    [
        {"helpful": 1},
        {"helpful": True, "comment": "x" * (MAX_COMMENT_CHARS + 1)},
        {"helpful": True, "comment": "\ud800"},
        {"helpful": True, "comment": None},
    ],
)
def test_feedback_that_is_none_is_refused(tenant, blobs, said):
    tenant.ask(REFUND, conversation="c")
    with pytest.raises(kr.ConfigError):
        tenant.give_feedback("c", kr.TurnId(DAY, 0), **said)
    assert _names(blobs, "/feedback/") == []
    tenant.give_feedback("c", kr.TurnId(DAY, 0), helpful=True, comment="x" * MAX_COMMENT_CHARS)


def test_an_error_does_not_quote_a_comment(tenant):
    tenant.ask(REFUND, conversation="c")
    with pytest.raises(kr.ConfigError) as caught:
        tenant.give_feedback("c", kr.TurnId(DAY, 0), helpful=True, comment="canary\ud800")
    assert "canary" not in str(caught.value)


def test_feedback_past_its_turns_retention_is_refused_and_a_purge_removes_it(tenant, make_engine, blobs, clock):
    tenant.ask(REFUND, conversation="c")
    _rate(tenant)
    clock.advance(31 * DAY_S - 60)
    with pytest.raises(kr.ConfigError, match="retention"):
        tenant.give_feedback("c", kr.TurnId(DAY, 0), helpful=False)
    clock.advance(60)
    report = make_engine().purge_expired()
    assert (report.turns, report.feedback) == (1, 1)
    assert _names(blobs, "/days/") == []


def test_an_erasure_of_a_visitor_erases_the_feedback_on_his_turns_and_no_other(tenant, make_engine, blobs):
    for visitor in ("asha", "ravi"):
        tenant.ask(REFUND, conversation="c", visitor=visitor)
    for number in range(2):
        _rate(tenant, f"comment {number}", at=number)
    receipt = tenant.erase_visitor("asha")
    assert receipt.blobs_destroyed == 3  # a turn, its feedback, its marker
    assert len(_names(blobs, "/feedback/")) == 1
    for reader in (tenant, make_engine().tenant("acme")):
        assert _feedback(reader) == ["comment 1"]
    with pytest.raises(kr.ConfigError, match="erased"):
        tenant.give_feedback("c", kr.TurnId(DAY, 0), helpful=True)
    assert make_engine().verify().findings == ()


def test_an_erasure_that_died_at_any_call_is_finished_by_the_next(keys, clock):
    for calls in range(1_000):
        blobs = MemoryBlobStore()
        engine = kr.Engine(settings=OFFLINE, blobs=blobs, keys=keys, clock=clock)
        tenant = engine.tenant("acme")
        for visitor in ("asha", "ravi"):
            tenant.ask(REFUND, conversation="c", visitor=visitor)
        for number in range(2):
            _rate(tenant, f"comment {number}", at=number)
        dying = FailingStore(blobs, calls)
        try:
            Conversations(dying, tenant.keyring, clock).erase_visitor("asha")
        except kr.StoreUnavailableError:
            assert "comment 1" in _feedback(tenant)
            assert engine.verify().is_sound
            tenant.erase_visitor("asha")
        assert _feedback(tenant) == ["comment 1"]
        assert len(_names(blobs, "/feedback/")) == 1
        assert engine.verify().findings == ()
        if dying.left:
            return
    pytest.fail("the erasure never ended")


def test_feedback_of_a_writer_that_slept_through_an_erasure_is_refused_and_gone(tenant, make_engine, blobs):
    tenant.ask(REFUND, conversation="c", visitor="asha")
    erase = lambda: make_engine().tenant("acme").erase_visitor("asha")  # noqa: E731
    slow = make_engine(blobs=InterruptedStore(blobs, "put", "/feedback/", erase)).tenant("acme")
    with pytest.raises(kr.ConfigError, match="erased"):
        slow.give_feedback("c", kr.TurnId(DAY, 0), helpful=True, comment="late")
    assert _names(blobs, "/feedback/") == []
    assert make_engine().verify().findings == ()


def test_feedback_of_a_writer_that_died_behind_an_erasure_opens_for_nobody(tenant, make_engine, *, blobs, keys, clock):
    tenant.ask(REFUND, conversation="c", visitor="asha")
    _rate(tenant, "late")
    (name,) = _names(blobs, "/feedback/")
    late = bytes(blobs.get(name))
    place, stored = _stored(blobs, keys, clock)
    days = Conversations(blobs, Keyring.open(blobs, keys, "acme", clock), clock)._days
    assert b"late" in days.feedback_blobs(DAY, stored.content_sha256).read("feedback", place.feedback).tobytes()
    tenant.erase_visitor("asha")
    blobs.put(name, late)  # what its writer put in its last moment
    _, erased = _stored(blobs, keys, clock)
    for blobs_of_day in (days.blobs_of(DAY), days.feedback_blobs(DAY, erased.content_sha256)):
        with pytest.raises(kr.IntegrityError):
            blobs_of_day.read("feedback", place.feedback)
    assert _feedback(tenant) == []
    assert _found(make_engine()) == [("given on an erased turn: a purge removes it", True)]


def _stored(blobs, keys, clock):
    place = Place(Folder(DAY, _folder(blobs)), 0)
    conversations = Conversations(blobs, Keyring.open(blobs, keys, "acme", clock), clock)
    return place, StoredTurn.read(conversations._days.blobs_of(DAY), place.name)


def test_feedback_of_a_writer_that_slept_through_a_purge_does_not_stay(tenant, make_engine, blobs, clock):
    tenant.ask(REFUND, conversation="c", visitor="asha")
    clock.advance(30 * DAY_S)

    def purge():
        clock.advance(DAY_S)
        make_engine().purge_expired()

    slow = make_engine(blobs=InterruptedStore(blobs, "put", "/feedback/", purge)).tenant("acme")
    with pytest.raises(kr.ConfigError, match="retention"):
        slow.give_feedback("c", kr.TurnId(DAY, 0), helpful=True, comment="late")
    assert _names(blobs, "/days/") == []


@pytest.mark.parametrize("harm", ["flip", "swap", "older turn", "other tenant"])
def test_damaged_feedback_is_found_by_verify_and_refused_by_readers(tenant, make_engine, blobs, harm):
    engine = make_engine()
    other = engine.tenant("globex")
    other.ask(REFUND, conversation="c")
    _rate(other, "theirs")
    for number in range(2):
        tenant.ask(f"{REFUND} {number}", conversation="c")
        _rate(tenant, f"comment {number}", at=number)
    mine = [name for name in _names(blobs, "/feedback/") if name.split("/")[1] == _directory(tenant)]
    theirs = next(name for name in _names(blobs, "/feedback/") if name not in mine)
    content = bytes(blobs.get(mine[1]))
    damaged = {
        "flip": content[:-1] + bytes([content[-1] ^ 1]),
        "swap": bytes(blobs.get(mine[0])),
        "older turn": bytes(blobs.get(_names(blobs, "/000001")[0])),
        "other tenant": bytes(blobs.get(theirs)),
    }[harm]
    blobs.put(mine[1], damaged)
    findings = make_engine().verify().findings
    assert [(finding.name, finding.is_harmless) for finding in findings] == [(mine[1], False)]
    with pytest.raises(kr.IntegrityError):
        _feedback(make_engine().tenant("acme"))


def _directory(tenant):
    return tenant.keyring.directory


def test_feedback_whose_turn_was_cut_is_found_by_verify(tenant, make_engine, blobs):
    for number in range(2):
        tenant.ask(f"{REFUND} {number}", conversation="c")
        _rate(tenant, at=number)
    blobs.delete(_names(blobs, f"/{_folder(blobs)}/000001")[0])
    assert _found(make_engine()) == [("given on a turn that is gone", False)]


def test_a_blob_among_the_feedback_that_is_none_is_found_by_verify(tenant, make_engine, blobs):
    tenant.ask(REFUND, conversation="c")
    _rate(tenant)
    blobs.put(_names(blobs, "/feedback/")[0] + ".old", b"x")
    ((problem, is_harmless),) = _found(make_engine())
    assert "is named so" in problem
    assert not is_harmless


def test_feedback_outlives_a_reencryption_a_backup_and_a_restore(tmp_path):
    with kr.Engine.open(tmp_path / "data", settings=OFFLINE) as engine:
        acme = engine.tenant("acme")
        acme.ask(REFUND, conversation="c", visitor="asha")
        _rate(acme, "kept")
        assert engine.rotate_keys(reencrypt=True).failed == ()
        assert _feedback(acme) == ["kept"]
        engine.back_up(tmp_path / "copy")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "key.json").write_bytes((tmp_path / "data" / "key.json").read_bytes())
    (tmp_path / "new" / "key.json").chmod(0o600)
    with kr.Engine.open(tmp_path / "new", settings=OFFLINE) as engine:
        assert engine.restore(tmp_path / "copy").findings == ()
        restored = engine.tenant("acme")
        assert _feedback(restored) == ["kept"]
        restored.erase_visitor("asha")
        assert _feedback(restored) == []
