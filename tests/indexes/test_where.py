from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from konverze_core.errors import ConfigError
from konverze_indexes.where import AnyOf, Both, Either, Exists, Not, Range, parse_where


def test_the_language():
    condition = parse_where(
        {
            "lang": ["en", "hi"],
            "price": {"gte": 1, "lt": 5},
            "any": [{"page": 1}, {"not": {"draft": True}}],
            "note": {"exists": False},
            "kind": {"ne": "table"},
        }
    )
    assert condition == Both(
        (
            AnyOf("lang", ("en", "hi")),
            Both((Range("price", "gte", 1), Range("price", "lt", 5))),
            Either((Both((AnyOf("page", (1,)),)), Both((Not(Both((AnyOf("draft", (True,)),))),)))),
            Both((Not(Exists("note")),)),
            Both((Not(AnyOf("kind", ("table",))),)),
        )
    )


def test_a_metadata_key_may_be_named_like_a_combinator():
    assert parse_where({"all": "inclusive"}) == Both((AnyOf("all", ("inclusive",)),))


@pytest.mark.parametrize(
    "where",
    [
        ["lang", "en"],
        "lang = en",
        {1: "en"},
        {"price": {}},
        {"price": {"between": [1, 2]}},
        {"price": {"gte": None}},
        {"price": {"gte": True}},
        {"price": {"gte": [1]}},
        {"price": None},
        {"price": [None]},
        {"price": {"exists": "yes"}},
        {"price": float("nan")},
        {"price": {"gte": float("nan")}},
        {"price": 10**400},
        {"price": {"gt": 2**53 + 1}},
        {"when": {"lt": {1, 2}}},
        {"ingested_at": {"gte": datetime(2026, 11, 1)}},  # noqa: DTZ001
        {"name": "\ud800"},
        {"not": ["x"]},
        {"any": {"lang": {"$in": ["en"]}}},
    ],
)
def test_anything_else_is_refused(where):
    with pytest.raises(ConfigError):
        parse_where(where)


def test_a_time_is_compared_in_utc_whatever_its_zone():
    in_india = datetime(2026, 11, 1, 5, 30, tzinfo=timezone(timedelta(hours=5.5)))
    bound = "2026-11-01T00:00:00.000000+00:00"
    assert parse_where({"ingested_at": {"gte": in_india}}) == Both((Both((Range("ingested_at", "gte", bound),)),))
    assert parse_where({"ingested_at": datetime(2026, 11, 1, tzinfo=UTC)}) == Both((AnyOf("ingested_at", (bound,)),))


def test_depth_is_limited():
    where = {"lang": "en"}
    for _ in range(100):
        where = {"not": where}
    with pytest.raises(ConfigError, match="deeper"):
        parse_where(where)


def test_numbers_of_numpy_are_numbers():
    assert parse_where({"n": np.int64(3), "f": {"gte": np.float32(0.5)}}) == Both(
        (AnyOf("n", (3,)), Both((Range("f", "gte", 0.5),)))
    )
