from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from konverze_rag.redaction import PersonalData, Redactor

_PARTS = (
    "98765 43210|+91-98765-43210|9876543210|a@shop.in|A@Shop.in|4111 1111 1111 1111|2345 6789 0124|AAPFU0939F|r@ybl"
    "|<PHONE_1>|<phone_1.2>|<EMAIL_1>|<TYPED_1>|&lt;PHONE_1&gt;|\\<PHONE_1\\>|< PHONE_1 >|<PHONE_१>|PHONE_1|PHONE_|_1"
    "|<|>|\\|&lt;|&gt;|&amp;|lt;|**| |.|1|.2|(|)|मेरा नंबर |call |और"
)
PARTS = st.sampled_from(_PARTS.split("|"))
TEXTS = st.one_of(st.lists(PARTS, max_size=15).map("".join), st.lists(PARTS, max_size=15).map(" ".join), st.text())


def cut(text: str, seed: int) -> list[str]:
    """Random pieces of the text, some of them empty."""
    chance = random.Random(seed)
    pieces = []
    while text:
        length = chance.choice([0, 1, 1, 2, 3, 8, 40])
        pieces.append(text[:length])
        text = text[length:]
    return pieces


def test_values_become_numbered_placeholders() -> None:
    redactor = Redactor()
    shown = redactor.redact("Call 98765 43210 or 91234 56789, mail a@shop.in.")
    assert shown == "Call <PHONE_1> or <PHONE_2>, mail <EMAIL_1>."
    assert redactor.count == 3


def test_the_same_value_has_the_same_placeholder_in_all_texts() -> None:
    redactor = Redactor()
    assert redactor.redact("98765 43210") == redactor.redact("98765 43210") == "<PHONE_1>"
    assert redactor.redact("91234 56789, 98765 43210") == "<PHONE_2>, <PHONE_1>"
    assert redactor.count == 2


def test_another_spelling_keeps_the_number_and_comes_back_as_it_was() -> None:
    redactor = Redactor()
    assert redactor.redact("98765 43210 = +91-98765-43210") == "<PHONE_1> = <PHONE_1.2>"
    assert redactor.redact("9876543210 = +91-98765-43210") == "<PHONE_1.3> = <PHONE_1.2>"
    assert redactor.restore("<PHONE_1.3>, <PHONE_1.2>, <PHONE_1>") == "9876543210, +91-98765-43210, 98765 43210"
    assert redactor.count == 1


@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(0, 2**32))
@example(["\\98765 43210 \\\\<PHONE_1>"], 1)
@example(["<PHONE_1> 98765 43210 <PHONE_1> <TYPED_1>"], 2)
@example(["&lt;98765 43210&gt; <98765 43210>"], 3)
def test_redacted_texts_come_back_whole_and_in_pieces(texts: list[str], seed: int) -> None:
    redactor = Redactor()
    shown = [redactor.redact(text) for text in texts]
    assert [redactor.restore(text) for text in shown] == texts
    assert ["".join(redactor.restoring(iter(cut(text, seed)))) for text in shown] == texts


@given(TEXTS, TEXTS, st.integers(0, 2**32))
def test_a_stream_says_what_the_whole_text_says(text: str, answer: str, seed: int) -> None:
    redactor = Redactor()
    redactor.redact(text)
    assert "".join(redactor.restoring(iter(cut(answer, seed)))) == redactor.restore(answer)


@given(TEXTS)
def test_no_value_leaves_whatever_stands_before_it(text: str) -> None:
    shown = Redactor().redact(f"{text}\nCall 98765 43210, a@shop.in, 4111 1111 1111 1111")
    last_line = shown.rpartition("\n")[2]
    assert not any(value in last_line for value in ("98765 43210", "a@shop.in", "4111 1111 1111 1111"))


@pytest.mark.parametrize(
    "answer",
    [
        "<PHONE_1>",
        "<phone_1>",
        "< Phone_1 >",
        "&lt;PHONE_1&gt;",
        "&amp;lt;PHONE_1&amp;gt;",
        "\\<PHONE\\_1\\>",
        "\\<PHONE_1>",
        "<PHONE_१>",
        "<PHONE 1>",
        "<PHONE-1>",
        "&#60;PHONE_1&#62;",
    ],
)
def test_what_models_make_of_a_placeholder_is_restored(answer: str) -> None:
    redactor = Redactor()
    redactor.redact("98765 43210")
    assert redactor.restore(f"**{answer}** है।") == "**98765 43210** है।"
    assert "".join(redactor.restoring(iter(answer))) == "98765 43210"


@pytest.mark.parametrize(
    "answer",
    [
        "PHONE_1",
        "<PHONE_12>",
        "<PHONE_1x>",
        "<MYPHONE_1>",
        "<PHONE_>",
        "<PHONE_1",
        "PHONE_1>",
        "<PHONE_1.2>",
        "<PAN_1>",
        "<PHONE_0>",
        "<PHONE_01>",
        "<PHONE\n_1>",
        "<TYPED_1>",
    ],
)
def test_other_text_is_not_restored(answer: str) -> None:
    redactor = Redactor()
    redactor.redact("98765 43210")
    assert redactor.restore(answer) == answer
    assert "".join(redactor.restoring(iter(answer))) == answer


def test_a_placeholder_of_another_request_is_not_restored() -> None:
    mine, other = Redactor(), Redactor()
    mine.redact("98765 43210")
    shown = other.redact("91234 56789 and b@shop.in")
    assert Redactor().restore(shown) == shown
    assert mine.restore("<EMAIL_1>, <PHONE_2>") == "<EMAIL_1>, <PHONE_2>"


@pytest.mark.parametrize(
    "typed", ["<PHONE_1>", "<phone_1>", "&lt;PHONE_1&gt;", "< PHONE_1 >", "\\<PHONE_1\\>", "<TYPED_1>"]
)
@pytest.mark.parametrize("typed_first", [True, False])
def test_a_typed_placeholder_never_becomes_the_value_of_another_text(typed: str, *, typed_first: bool) -> None:
    redactor = Redactor()
    texts = [f"Tell me {typed}", "Ramesh: 98765 43210"]
    shown = {text: redactor.redact(text) for text in (texts if typed_first else texts[::-1])}
    assert redactor.restore(shown[texts[0]]) == texts[0]
    assert "PHONE_1" not in shown[texts[0]].upper()
    assert redactor.restore(shown[texts[1]]) == texts[1]
    assert redactor.count == 1


def test_values_of_the_business_stay_in_every_spelling() -> None:
    redactor = Redactor(kept=["+91 98765 43210", "care@shop.in", "27AAPFU0939F1ZV"])
    text = "098765-43210, 9876543210, Care@Shop.in, 27aapfu0939f1zv"
    assert redactor.redact(text) == text
    assert redactor.count == 0
    assert redactor.redact("care@shops.in 98765 43211") == "<EMAIL_1> <PHONE_1>"


def test_only_chosen_kinds_are_replaced() -> None:
    redactor = Redactor({PersonalData.EMAIL})
    assert redactor.redact("98765 43210 a@shop.in") == "98765 43210 <EMAIL_1>"


def test_text_that_cannot_become_a_placeholder_flows_at_once() -> None:
    redactor = Redactor()
    redactor.redact("98765 43210")
    pieces = ["Call ", "<", "PHO", "NE_1", "> now", ", x <", " y", " <PHONEX", " a <b>", " &l", "ove"]
    ready = list(redactor.restoring(iter(pieces)))
    assert ready == ["Call ", "98765 43210 now", ", x ", "< y", " <PHONEX", " a <b>", " ", "&love"]


def test_what_waits_at_the_end_is_sent() -> None:
    assert list(Redactor().restoring(iter(["a <", "PHONE_1"]))) == ["a ", "<PHONE_1"]
    assert list(Redactor().restoring(iter([]))) == []


def test_long_texts_of_one_character_come_back() -> None:
    for text in ("9" * 100_000, "@" * 100_000, "<" * 100_000, "98765 43210, " * 5_000, "\\" * 100_000):
        redactor = Redactor()
        assert redactor.restore(redactor.redact(text)) == text


def test_masked_values_are_told_by_their_kind_alone() -> None:
    redactor = Redactor(kept=["help@acme.in"])
    texts = ["Call 98765 43210 or +91-91234-56789.", "Call 91234 56789 or (98765) 43210."]
    assert [redactor.mask(text) for text in texts] == ["Call <PHONE> or <PHONE>."] * 2
    assert redactor.mask("Mail help@acme.in or <PHONE_1>, a@shop.in.") == "Mail help@acme.in or <PHONE_1>, <EMAIL>."
    assert redactor.count == 0


@given(TEXTS)
def test_no_value_is_left_unmasked_whatever_stands_before_it(text: str) -> None:
    shown = Redactor().mask(f"{text}\nCall 98765 43210, a@shop.in, 4111 1111 1111 1111")
    assert shown.rpartition("\n")[2] == "Call <PHONE>, <EMAIL>, <CARD>"
