import pytest

import konverze_rag as kr
from konverze_core.fakes import ScriptedChatModel
from tests.settings import OFFLINE

QUESTION = "How long does a refund take?"
KEEPS = OFFLINE.model_copy(update={"answer_cache_size": 2})


@pytest.fixture
def chat():
    return ScriptedChatModel([f"A refund takes 7 working days [1]. Answer number {number}." for number in range(20)])


@pytest.fixture
def engine(make_engine, chat):
    return make_engine(chat=chat, settings=KEEPS)


@pytest.fixture
def acme(engine):
    tenant = engine.tenant("acme")
    tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
    return tenant


def _told(tenant, question=QUESTION, **named):
    events = [*tenant.stream(question, **named)]
    assert isinstance(events[-1], kr.Done)
    return events, events[-1].answer


def test_the_same_question_is_answered_again_at_no_cost(acme, chat):
    first_events, first = _told(acme)
    again_events, again = _told(acme)
    assert len(chat.prompts) == 1
    assert (again.text, again.citations, again.hits, again.unsupported, again.confidence) == (
        first.text, first.citations, first.hits, first.unsupported, first.confidence
    )  # fmt: skip
    assert again.usage == kr.Usage()
    kinds = [type(event) for event in again_events]
    assert kinds == [kr.Sources, kr.Token, kr.Cited, kr.Unsupported, kr.Done]
    for events in (first_events, again_events):
        assert "".join(event.text for event in events if isinstance(event, kr.Token)) == first.text


@pytest.mark.parametrize(
    "change",
    [
        lambda tenant: tenant.ingest(b"A refund takes 9 days.", source="policy.txt"),
        lambda tenant: tenant.ingest(b"Deliveries take 2 days.", source="more.txt"),
        lambda tenant: tenant.delete("policy.txt") and tenant.ingest(b"A refund takes 9 days.", source="new.txt"),
        lambda tenant: tenant.configure(kr.TenantSettings(persona="You are Asha.")),
    ],
    ids=["replaced", "added", "deleted", "configured"],
)
def test_whatever_changes_is_asked_anew(acme, chat, change):
    _told(acme)
    change(acme)
    assert "number 1" in _told(acme)[1].text
    assert len(chat.prompts) == 2


def test_another_processs_change_is_noticed(acme, make_engine, chat, clock):
    _told(acme)
    make_engine().tenant("acme").ingest(b"A refund takes 9 days.", source="policy.txt")
    clock.advance(seconds=60)
    assert "9 days" in _told(acme)[1].hits[0].chunk.text
    assert len(chat.prompts) == 2


def test_tenants_never_share_an_answer(acme, engine, chat):
    _told(acme)
    beta = engine.tenant("beta")
    beta.ingest(b"A refund takes 7 working days.", source="policy.txt")
    assert "number 1" in _told(beta)[1].text


def test_other_words_filters_and_histories_are_asked_anew(acme, chat):
    _told(acme)
    _told(acme, conversation="c")
    assert len(chat.prompts) == 1, "a first question has no history"
    _told(acme, conversation="c")
    _told(acme, "How long does a refund take")
    _told(acme, where={"document_id": "policy.txt"})
    assert len(chat.prompts) == 4


def test_an_answer_from_memory_is_a_turn_of_its_own(acme, chat):
    _told(acme, conversation="a")
    answer = _told(acme, conversation="b", visitor="asha")[1]
    assert len(chat.prompts) == 1
    assert answer.turn is not None
    [turn] = acme.turns(conversation="b")
    assert (turn.answer, turn.visitor, turn.usage) == (answer.text, "asha", kr.Usage())


def test_what_went_wrong_is_not_kept(make_engine):
    chat = ScriptedChatModel([kr.ProviderUnavailableError("down"), "A refund takes 7 working days [1]."])
    tenant = make_engine(chat=chat, settings=KEEPS).tenant("acme")
    tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
    assert _told(tenant)[1].degraded == "down"
    assert _told(tenant)[1].degraded is None


def test_refusals_are_kept_and_say_nothing_else(make_engine):
    chat = ScriptedChatModel(["NO_ANSWER"])
    tenant = make_engine(chat=chat, settings=KEEPS).tenant("acme")
    tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
    for _ in range(2):
        events, answer = _told(tenant)
        assert answer.refused
        assert isinstance(events[-2], kr.Refusal)
        assert not [event for event in events if isinstance(event, kr.Token | kr.Sources | kr.Cited)]


def test_the_oldest_answer_gives_way_and_all_leave_with_the_index(acme, chat):
    for question in ("Refund one?", "Refund two?", "Refund three?"):
        _told(acme, question)
    _told(acme, "Refund three?")
    assert len(chat.prompts) == 3
    _told(acme, "Refund one?")
    assert len(chat.prompts) == 4
    held = acme.index.resident_bytes
    acme.index.evict()
    assert acme.index.resident_bytes < held
    _told(acme, "Refund one?")
    assert len(chat.prompts) == 5


def test_by_default_nothing_is_kept(make_engine, chat):
    tenant = make_engine(chat=chat).tenant("acme")
    tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
    _told(tenant)
    _told(tenant)
    assert len(chat.prompts) == 2


def test_an_answer_that_is_written_while_the_index_leaves_memory_is_not_kept(make_engine):
    tenants = []

    def forgetting(_):
        tenants[0]._answers.forget()
        return "A refund takes 7 working days [1]."

    acme = make_engine(chat=ScriptedChatModel([forgetting]), settings=KEEPS).tenant("acme")
    tenants.append(acme)
    acme.ingest(b"A refund takes 7 working days.", source="policy.txt")
    assert not acme.ask(QUESTION).degraded
    assert (acme._answers._kept, acme._answers.resident_bytes) == ({}, 0)
