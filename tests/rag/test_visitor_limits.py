import pytest

import konverze_rag as kr
from konverze_core.fakes import ManualClock
from konverze_rag.visitor_limits import MAX_VISITORS, VisitorLimits
from tests.settings import OFFLINE


def _refused_for_s(limits, visitor="asha", asks_per_minute=6):
    try:
        limits.admit(visitor, asks_per_minute)
    except kr.RateLimitedError as error:
        return error.retry_after_s
    return 0


def test_a_minutes_worth_may_be_asked_at_once_and_then_one_by_one():
    clock = ManualClock()
    limits = VisitorLimits(clock)
    assert [_refused_for_s(limits) for _ in range(8)] == [0, 0, 0, 0, 0, 0, 10, 10]
    clock.advance(seconds=9)
    assert _refused_for_s(limits) == pytest.approx(1)
    clock.advance(seconds=1)
    assert [_refused_for_s(limits) for _ in range(2)] == [0, 10]
    clock.advance(seconds=3_600)
    assert [bool(_refused_for_s(limits)) for _ in range(7)] == [False] * 6 + [True]


def test_visitors_do_not_count_against_each_other():
    limits = VisitorLimits(ManualClock())
    for visitor in ("asha", "ravi"):
        assert [bool(_refused_for_s(limits, visitor)) for _ in range(7)] == [False] * 6 + [True]


def test_only_so_many_visitors_are_remembered():
    limits = VisitorLimits(ManualClock())
    for number in range(MAX_VISITORS):
        limits.admit(f"v{number}", 1)
    assert _refused_for_s(limits, "v0", 1) > 0
    limits.admit("one more", 1)
    assert _refused_for_s(limits, "v0", 1) == 0
    assert _refused_for_s(limits, f"v{MAX_VISITORS - 1}", 1) > 0


def test_who_asks_too_often_is_told_before_anything_is_done(make_engine, clock):
    settings = OFFLINE.model_copy(update={"visitor_asks_per_minute": 2})
    tenant = make_engine(settings=settings).tenant("acme")
    tenant.ingest(b"A refund takes 7 working days.", source="policy.txt")
    for _ in range(2):
        tenant.ask("How long does a refund take?", conversation="c", visitor="asha")
    with pytest.raises(kr.RateLimitedError, match="2 times a minute; try again in 30 s") as told:
        tenant.ask("How long does a refund take?", conversation="c", visitor="asha")
    assert told.value.retry_after_s == pytest.approx(30)
    assert len([*tenant.turns()]) == 2
    tenant.ask("How long does a refund take?", conversation="c", visitor="ravi")
    tenant.ask("How long does a refund take?")
    tenant.configure(kr.TenantSettings(visitor_asks_per_minute=100))
    clock.advance(seconds=1)
    tenant.ask("How long does a refund take?", conversation="c", visitor="asha")
