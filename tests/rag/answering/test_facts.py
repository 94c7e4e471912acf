from __future__ import annotations

from decimal import Decimal

import pytest

from konverze_rag.answering.facts import Date, Number, facts, is_negated
from konverze_rag.answering.phrases import plainly


def numbers(text: str) -> set[tuple[int, str]]:
    return {(int(number.value), number.unit) for number in facts(text).numbers}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refunds take 7 working days", {(7, "day")}),
        ("a 7-day window", {(7, "day")}),
        ("5-7 business days", {(5, "day"), (7, "day")}),
        ("5 to 7 days", {(5, "day"), (7, "day")}),
        ("₹1,00,000 and Rs. 1,250", {(100000, "rupee"), (1250, "rupee")}),
        ("INR 500 or 500 rupees", {(500, "rupee")}),
        ("5 lakh rupees", {(500000, "rupee")}),
        ("पाँच लाख रुपये", {(500000, "rupee")}),
        ("₹2 करोड़", {(20000000, "rupee")}),
        ("15% or 15 per cent or 15 प्रतिशत", {(15, "percent")}),
        ("५ दिनों में", {(5, "day")}),
        ("saat din ke andar, do hafte", {(7, "day")}),
        ("तीन महीने और दो साल", {(3, "month"), (2, "year")}),
        ("500 रुपये, 3 दिन", {(500, "rupee"), (3, "day")}),
        ("1. Pay within 3 days", {(3, "day")}),
        ("**7** days", {(7, "day")}),
        ("opens at 9:30 am", {(570, "clock")}),
        ("21:30", {(1290, "clock")}),
        ("शाम 6 बजे", {(1080, "clock")}),
        ("12 am", {(0, "clock")}),
        ("Call 1800-555-0142", {(1800, ""), (555, ""), (142, "")}),
    ],
)
def test_numbers_carry_their_unit(text: str, expected: set[tuple[int, str]]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-12",
        "12/03/2026",
        "12-3-26",
        "12 March 2026",
        "12th of March, 2026",
        "March 12, 2026",
        "12 मार्च 2026",
        "१२ मार्च २०२६",
    ],
)
def test_spellings_of_one_day_are_one_date(text: str) -> None:
    assert facts(f"on {text} we open").dates == {Date(2026, 3, 12)}
    assert not facts(f"on {text} we open").numbers


@pytest.mark.parametrize("text", ["no 32/13/2026 here", "99/99/99", "0/0/0000"])
def test_impossible_dates_are_no_dates(text: str) -> None:
    assert not facts(text).dates


def test_a_date_needs_every_part_from_its_source() -> None:
    assert Date(None, 3, 12).agrees(Date(2026, 3, 12))
    assert not Date(2026, 3, 12).agrees(Date(None, 3, 12))
    assert facts("12/25/2026").dates == {Date(2026, 12, 25)}
    assert facts("in March 2026").dates == {Date(2026, 3, None)}


def test_units_of_one_kind_are_converted() -> None:
    assert Number(Decimal(1), "week").agrees(Number(Decimal(7), "day"))
    assert Number(Decimal(24), "month").agrees(Number(Decimal(2), "year"))
    assert not Number(Decimal(30), "day").agrees(Number(Decimal(1), "month"))
    assert Number(Decimal(7)).agrees(Number(Decimal(7), "day"))
    assert Number(Decimal(14), "day").competes(Number(Decimal(1), "week"))
    assert not Number(Decimal(7), "kilogram").competes(Number(Decimal(7), "day"))


def test_number_words_without_a_unit_need_no_proof() -> None:
    assert not facts("one of the best").needed()
    assert facts("one day").needed()


def test_codes_and_addresses_are_compared_whole() -> None:
    assert facts("SKU-123/A by Care@Acme.example, Rs500").codes == {"sku123a", "care@acmeexample"}


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("Refunds are not paid", True),
        ("We don’t ship abroad", True),
        ("You cannot cancel", True),
        ("वापस नहीं होगा", True),
        ("बिना रसीद के", True),
        ("wapas nahi hoga", True),
        ("order mat karo", True),
        ("A yoga mat is included", False),
        ("no later than 7 days", False),
        ("not only cards but cash", False),
        ("no extra charge", False),
        ("Refunds are paid", False),
        ("वापस होगा", False),
    ],
)
def test_negation_in_three_languages(text: str, *, negated: bool) -> None:
    assert is_negated(text) is negated


def test_a_digit_that_only_newer_tables_know_is_no_number() -> None:
    assert facts("room \U0001ccf0").numbers == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [("twenty-five days", "25 days"), ("noon", "12 pm"), ("midnight", "12 am"), ("पैंतालीस मिनट", "45 minutes")],
)
def test_spelled_numbers_and_times_are_the_same_as_figures(one: str, other: str) -> None:
    assert facts(plainly(one)).numbers == facts(plainly(other)).numbers


def test_a_time_without_its_half_of_the_day_may_be_either() -> None:
    (told,), (evening,), (other,) = (facts(text).numbers for text in ("9:30", "9:30 pm", "8:30 pm"))
    assert told.agrees(evening)
    assert evening.agrees(told)
    assert not told.agrees(other)
    (morning,) = facts("9:30 am").numbers
    assert not morning.agrees(evening)


def test_a_word_that_counts_things_is_neither_price_nor_share() -> None:
    (instalments,), (share,), (photos,) = (facts(text).numbers for text in ("four instalments", "4%", "4"))
    assert not instalments.agrees(share)
    assert instalments.agrees(photos)


def test_a_sign_belongs_to_the_price_behind_it() -> None:
    assert numbers("photo | 8 | ₹100") == {(8, ""), (100, "rupee")}
