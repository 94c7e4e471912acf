from __future__ import annotations

import pytest

from konverze_rag.answering.wording import Vocabulary, content_words, coverage, likeness, stem, topic_words, weight


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
