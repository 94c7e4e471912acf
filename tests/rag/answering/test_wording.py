from __future__ import annotations

import pytest

from konverze_rag.answering.wording import (
    Vocabulary,
    content_words,
    coverage,
    holds_code,
    likeness,
    stem,
    topic_words,
    weight,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("refund", "refunds"),
        ("policies", "policy"),
        ("cancelled", "cancellation"),
        ("दिनों", "दिन"),
        ("किताबें", "किताब"),
        ("delivery", "delivered"),
    ],
)
def test_inflections_are_alike(one: str, other: str) -> None:
    assert likeness(one, other) >= 0.6


@pytest.mark.parametrize(
    ("one", "other"), [("opened", "unopened"), ("2024", "2025"), ("sku1", "sku2"), ("return", "retail"), ("दिन", "दान")]
)
def test_other_words_are_not(one: str, other: str) -> None:
    assert likeness(one, other) == 0


def test_hindi_words_stay_whole_and_lose_their_ending() -> None:
    assert content_words("हिन्दी में नीति क्या है?") == ("हिन्दी", "नीति")
    assert stem("नीतियों") == stem("नीतियां")
    assert content_words("ज़रूरी") == content_words("ज़रूरी")


def test_topic_words_leave_figures_to_the_facts() -> None:
    assert topic_words("Refunds take 7 days") == ("refunds",)
    assert topic_words("7 days") == ("7", "days")


def test_coverage_is_weighted() -> None:
    assert coverage(("refund", "fee"), Vocabulary.of("refunds")) == pytest.approx(0.95 * 6 / 9)
    assert coverage((), Vocabulary.of("refunds")) == 0
    assert weight("a1") > weight("ab")


@pytest.mark.parametrize("text", ["the NV-300", "nv 300, new", "(NV300)", "an nv_-300."])
def test_a_code_is_found_however_its_parts_are_joined(text):
    assert holds_code(text, "nv-300")
    assert holds_code(text, "nv-450", is_family=True)
    assert not holds_code(text, "nv-450")


@pytest.mark.parametrize(
    "text", ["", "nv", "300", "nv   300", "anv-300", "nv-3000", "nv-30", "nv-300b", "5nv-300", "300 nv"]
)
def test_a_code_is_not_found_in_another_one(text):
    assert not holds_code(text, "nv-300")


def test_a_code_whose_figures_stand_in_parts_is_of_the_family_of_one_where_they_stand_together():
    assert (
        holds_code("LK-204/5", "lk-2045/7", is_family=True) is holds_code("LK2045", "lk-204/7", is_family=True) is True
    )
    assert not holds_code("LK-B", "lk-204", is_family=True)


def test_a_long_code_is_looked_for_in_no_time_in_long_figures():
    assert not holds_code("nv" + "0" * 5_000 + "b", "nv" + "-1" * 500, is_family=True)
