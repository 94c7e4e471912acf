import math
from concurrent.futures import ThreadPoolExecutor

import pytest

import konverze_rag as kr
from konverze_core.answers import Usage
from konverze_core.fakes import ScriptedChatModel
from konverze_rag.conversations.grants import GRANT_SHARE
from tests.settings import OFFLINE

QUESTION = "How long does a refund take?"
ANSWER = "A refund takes 7 working days [1]."
OUTPUT = 100
DAY_S = 86_400
PRICES = {OFFLINE.chat_model: kr.Price(input=1.0, output=1.0)}


def budgeted(**changes):
    return OFFLINE.model_copy(update={"max_output_tokens": OUTPUT, **changes})


@pytest.fixture
def bot(make_engine):
    """A tenant of a process of its own, over the same store."""

    def make(*replies, **changes):
        tenant = make_engine(chat=ScriptedChatModel(list(replies)), settings=budgeted(**changes)).tenant("acme")
        tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
        return tenant

    return make


@pytest.fixture
def spending(make_engine, keys, blobs, clock):
    """The ledger of a process of its own."""

    def make():
        engine = make_engine()
        engine.tenant("acme")
        [directory] = {name.split("/")[1] for name in blobs.list("keyring/")}
        return engine._tenancy.spending(engine._tenancy.keyring(directory))

    return make


def _fits(ledger, tokens, settings):
    try:
        return ledger.reserve(settings, lambda: Usage(tokens, 0))
    except kr.ProviderRejectedError:
        return None


def test_past_the_budget_answers_are_extractive_and_say_so(bot):
    tenant = bot(*[ANSWER] * 50, daily_tokens=3_000)
    answers = [tenant.ask(QUESTION) for _ in range(50)]
    generated = [answer for answer in answers if answer.mode is kr.AnswerMode.GENERATED]
    used = sum(answer.usage.input_tokens + answer.usage.output_tokens for answer in generated)
    assert 5 < len(generated) < 50
    assert used <= 3_000
    assert {answer.degraded for answer in answers[len(generated) :]} == {"the bot's budget for today is spent"}
    assert "7 working days" in answers[-1].text


def test_the_next_day_has_a_budget_of_its_own(bot, clock):
    tenant = bot(*[ANSWER] * 50, daily_tokens=600)
    while tenant.ask(QUESTION).degraded is None:
        pass
    clock.advance(seconds=DAY_S)
    assert tenant.ask(QUESTION).degraded is None


def test_money_counts_as_tokens_do(bot):
    tenant = bot(*[ANSWER] * 50, daily_cost=0.0006, prices=PRICES)
    answers = [tenant.ask(QUESTION) for _ in range(10)]
    assert answers[0].degraded is None
    assert answers[-1].degraded == "the bot's budget for today is spent"


def test_a_cost_needs_prices():
    with pytest.raises(kr.ConfigError, match="prices"):
        kr.Settings(openai_api_key=None, openai_base_url=None, daily_cost=1.0)


def test_all_processes_together_never_spend_more(spending):
    settings = budgeted(daily_tokens=10_000)
    ledgers = [spending() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        kept = [*pool.map(lambda number: _fits(ledgers[number % 4], 37, settings), range(400))]
    reserved = sum(each.spend.tokens for each in kept if each)
    assert reserved <= 10_000
    assert reserved >= 10_000 * (1 - 4 * GRANT_SHARE) - 4 * 37


def test_what_a_process_did_not_use_is_used_by_others_of_it_or_lost_with_it(spending):
    settings = budgeted(daily_tokens=1_000)
    ledger = spending()
    kept = ledger.reserve(settings, lambda: Usage(900, 0))
    assert _fits(ledger, 200, settings) is None
    ledger.settle(kept, Usage(100, 0))
    assert _fits(ledger, 850, settings)
    assert _fits(spending(), 100, settings) is None
    assert _fits(spending(), 50, settings)


def test_a_usage_above_the_reservation_is_paid_by_the_next(spending):
    settings = budgeted(daily_tokens=1_000)
    ledger = spending()
    ledger.settle(ledger.reserve(settings, lambda: Usage(100, 0)), Usage(600, 0))
    assert _fits(ledger, 450, settings) is None
    assert _fits(ledger, 350, settings)


def test_without_a_budget_nothing_is_counted_or_stored(spending, blobs):
    before = blobs.list("")
    ledger = spending()
    assert ledger.reserve(budgeted(), lambda: pytest.fail("counted")) is None
    ledger.settle(None, Usage(10**9, 0))
    assert [name for name in blobs.list("") if name not in before and "/days/" in name] == []


def test_a_model_that_never_answered_costs_nothing(bot):
    down = kr.ProviderUnavailableError("down")
    tenant = bot(*[down] * 40, ANSWER, daily_tokens=700)
    assert {tenant.ask(QUESTION).degraded for _ in range(40)} == {"down"}
    assert tenant.ask(QUESTION).degraded is None


def test_a_store_that_is_away_lets_nothing_be_spent(bot, blobs, monkeypatch):
    tenant = bot(ANSWER, ANSWER, daily_tokens=5_000)

    def away(*_, **__):
        raise kr.StoreUnavailableError("away")

    monkeypatch.setattr(blobs, "list", away)
    assert "budget cannot be read" in tenant.ask(QUESTION).degraded


def test_a_missing_or_tampered_grant_is_noticed(spending, blobs):
    settings = budgeted(daily_tokens=1_000)
    for _ in range(3):
        spending().reserve(settings, lambda: Usage(50, 0))
    names = [name for name in blobs.list("tenants/") if "/spent/" in name]
    assert len(names) == 3
    first = bytes(blobs.get(names[0]))
    blobs.delete(names[1])
    with pytest.raises(kr.IntegrityError, match="missing"):
        spending().reserve(settings, lambda: Usage(50, 0))
    blobs.put(names[1], first)
    blobs.put(names[2], first)
    with pytest.raises(kr.IntegrityError):
        spending().reserve(settings, lambda: Usage(50, 0))


def test_grants_are_verified_end_with_their_day_and_hold_no_text(bot, make_engine, blobs, clock):
    tenant = bot(ANSWER, ANSWER, daily_tokens=5_000)
    tenant.ask(QUESTION)
    engine = make_engine()
    assert not engine.verify().findings
    [name] = [name for name in blobs.list("tenants/") if "/spent/" in name]
    damaged = bytearray(blobs.get(name))
    damaged[-1] ^= 1
    blobs.put(name, bytes(damaged))
    assert [finding.name for finding in engine.verify().findings] == [name]
    clock.advance(seconds=40 * DAY_S)
    assert engine.purge_expired().days == 1
    assert not [name for name in blobs.list("tenants/") if "/days/" in name]


def test_infinite_budgets_are_no_budgets():
    assert math.isinf(float("inf"))
    with pytest.raises(kr.ConfigError):
        kr.Settings(openai_api_key=None, openai_base_url=None, daily_tokens=0)
