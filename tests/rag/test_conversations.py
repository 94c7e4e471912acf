import threading

import pytest

import konverze_rag as kr

DAY_S = 86_400


@pytest.fixture
def tenant(acme):
    acme.ingest(b"A refund takes 7 days. Delivery takes 3 days.", source="policy")
    return acme


def _turns(blobs):
    return [name for name in blobs.list("tenants/") if "/days/" in name and not name.endswith("/key")]


def test_turns_are_sealed_and_names_are_hidden(tenant, blobs):
    tenant.ask("How long does a refund take?", conversation="whatsapp-9876543210", visitor="asha@example.com")
    assert len(_turns(blobs)) == 1
    raw = b"".join(name.encode() + bytes(blobs.get(name)) for name in blobs.list(""))
    for needle in (b"refund", b"whatsapp", b"9876543210", b"asha", b"7 days"):
        assert needle not in raw


def test_without_a_conversation_nothing_is_stored(tenant, blobs):
    tenant.ask("How long does a refund take?")
    assert _turns(blobs) == []


def test_history_survives_a_restart_and_midnight(tenant, make_engine, clock):
    tenant.ask("How long does a refund take?", conversation="c")
    clock.advance(DAY_S)
    again = make_engine().tenant("acme")
    assert "refund" in again.ask("And how long for that?", conversation="c").question
    clock.advance(3 * DAY_S)
    assert again.ask("And how long for that?", conversation="c").question == "And how long for that?"


def test_an_answer_that_ends_after_midnight_does_not_break_its_conversation(tenant, clock, blobs):
    clock.advance(DAY_S - 2)
    slow = tenant.stream("How long does a refund take?", conversation="c")
    next(slow)
    clock.advance(5)
    tenant.ask("How long does delivery take?", conversation="c")
    list(slow)
    assert "refund" in tenant.ask("And how long for that?", conversation="c").question
    assert len(_turns(blobs)) == 3


def test_a_clock_that_steps_back_over_midnight_does_no_harm(tenant, clock, blobs):
    clock.advance(DAY_S)
    tenant.ask("How long does delivery take?", conversation="c")
    clock.advance(-5)
    tenant.ask("How long does a refund take?", conversation="c")
    assert "refund" in tenant.ask("And how long for that?", conversation="c").question
    assert len({turn.split("/")[3] for turn in _turns(blobs)}) == 1


def test_conversations_do_not_mix(tenant):
    tenant.ask("How long does a refund take?", conversation="one")
    assert "refund" not in tenant.ask("And how long for that?", conversation="two").question


def test_each_day_has_its_own_key(tenant, blobs, clock):
    tenant.ask("How long does a refund take?", conversation="c")
    clock.advance(DAY_S)
    tenant.ask("How long does delivery take?", conversation="c")
    keys = [name for name in blobs.list("tenants/") if name.endswith("/key")]
    assert len(keys) == 2
    assert len({bytes(blobs.get(turn))[9:25] for turn in _turns(blobs)}) == 2


def test_concurrent_turns_of_one_conversation_are_all_stored_in_a_chain(tenant, blobs, make_engine):
    errors, tenants = [], [tenant, make_engine().tenant("acme")]

    def ask(number):
        try:
            tenants[number % 2].ask(f"How long does a refund of order {number} take?", conversation="c", visitor="v")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [name[-6:] for name in _turns(blobs)] == [f"{number:06d}" for number in range(30)]
    assert "order" in tenant.ask("And for that one?", conversation="c").question


@pytest.mark.parametrize("cut", ["last", "all", "replaced"])
def test_cut_turns_are_noticed_by_who_saw_them(tenant, blobs, cut):
    for number in range(2):
        tenant.ask(f"How long does a refund of order {number} take?", conversation="c")
    older = {name: bytes(blobs.get(name)) for name in _turns(blobs)}
    tenant.ask("How long does delivery take?", conversation="c")
    newest = _turns(blobs)[-1]
    if cut == "replaced":
        blobs.put(newest, older[_turns(blobs)[0]])
    for name in {"last": [newest], "all": _turns(blobs), "replaced": []}[cut]:
        blobs.delete(name)
    with pytest.raises(kr.IntegrityError):
        tenant.ask("And for that one?", conversation="c")


def test_a_lost_day_key_is_not_replaced(tenant, make_engine, blobs):
    tenant.ask("How long does a refund take?", conversation="c")
    key = next(name for name in blobs.list("tenants/") if name.endswith("/key"))
    blobs.delete(key)
    for conversation in ("c", "another"):
        with pytest.raises(kr.IntegrityError, match="key"):
            make_engine().tenant("acme").ask("How long does a refund take?", conversation=conversation)
    assert key not in blobs.list("tenants/")


def test_no_turn_is_stored_without_its_visitors_marker(tenant, blobs, monkeypatch):
    put = blobs.put

    def fail_on_markers(name, data, *, if_absent=False):
        if "/visitors/" in name:
            raise kr.StoreFullError("no room")
        put(name, data, if_absent=if_absent)

    monkeypatch.setattr(blobs, "put", fail_on_markers)
    answer = tenant.ask("How long does a refund take?", conversation="c", visitor="v")
    assert answer.degraded == "its turn was not stored: no room"
    assert _turns(blobs) == []


@pytest.mark.parametrize("attack", ["swap", "drop", "flip", "replay"])
def test_a_tampered_conversation_is_refused(tenant, make_engine, blobs, attack):
    for number in range(3):
        tenant.ask(f"How long does a refund of order {number} take?", conversation="c")
    first, second, third = _turns(blobs)
    if attack == "swap":
        kept = bytes(blobs.get(first))
        blobs.put(first, bytes(blobs.get(second)))
        blobs.put(second, kept)
    elif attack == "drop":
        blobs.delete(second)
    elif attack == "flip":
        data = bytearray(blobs.get(second))
        data[-1] ^= 1
        blobs.put(second, data)
    else:
        blobs.put(third, bytes(blobs.get(second)))
    with pytest.raises(kr.IntegrityError):
        make_engine().tenant("acme").ask("And for that one?", conversation="c")
