from __future__ import annotations

import pytest

from konverze_core.protocols import Message
from konverze_rag.answering.condense import condense_prompt, condensed_without_model, needs_context, parsed_rewrite

HISTORY = (
    Message(role="user", text="How long is the warranty on the mixer?"),
    Message(role="assistant", text="24 months."),
)


@pytest.mark.parametrize(
    "question",
    [
        "And for the cooktop?",
        "What about opened items?",
        "How much does it cost?",
        "Can I return that?",
        "Is that one in stock?",
        "Does it come with a box?",
        "How long do they take?",
        "Why?",
        "How much?",
        "Price?",
        "What documents do I need for it?",
        "और कुकर की?",
        "उसका दाम क्या है?",
        "इसकी वारंटी कितनी है?",
        "वह कब मिलेगा?",
        "तो कितना लगेगा?",
        "क्या इसे वापस कर सकते हैं?",
        "uska price kya hai?",
        "iska warranty kitna hai?",
        "aur cooker ka?",
        "ye kab milega?",
        "Okay, and for business accounts?",
    ],
)
def test_follow_ups_need_context(question: str) -> None:
    assert needs_context(question, HISTORY)
    assert condensed_without_model(question, HISTORY) == f"{HISTORY[0].text} {question}"


@pytest.mark.parametrize(
    "question",
    [
        "What is the refund policy?",
        "Is it possible to return shoes?",
        "How long does it take to get a refund?",
        "What is KYC?",
        "Do you have shoes that fit wide feet?",
        "If my order is late, can I cancel it?",
        "Which plan includes phone support?",
        "Are you open this year on Diwali?",
        "I bought a phone and it is broken, what now?",
        "Delivery charges and return policy?",
        "वापसी नीति क्या है?",
        "डिलीवरी और वापसी का शुल्क कितना है?",
        "क्या यह संभव है कि ऑर्डर बदल जाए?",
        "इस साल की फीस कितनी है?",
        "refund kitne din me milega?",
        "delivery charge kya hai aur kab lagta hai?",
        "Can you use us mail for parcels?",
    ],
)
def test_questions_that_stand_alone_are_not_changed(question: str) -> None:
    assert not needs_context(question, HISTORY)
    assert condensed_without_model(question, HISTORY) == question


def test_without_history_nothing_is_added() -> None:
    assert condensed_without_model("And for it?", ()) == "And for it?"
    assert not needs_context("And for it?", HISTORY[1:])


def test_the_prompt_holds_recent_turns_as_data() -> None:
    prompt = condense_prompt("And\u200b for it?", HISTORY * 9)
    (message,) = prompt.messages
    assert message.text.endswith("Last question: And for it?")
    assert message.text.count("user: ") == 3
    assert "data" in prompt.system


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("How long is the warranty on the cooktop?", "How long is the warranty on the cooktop?"),
        ('Standalone question: "Warranty of the cooktop?"\n', "Warranty of the cooktop?"),
        ("", "And the cooktop?"),
        ("One line\nand another about the cooktop", "And the cooktop?"),
        ("cooktop " * 61, "And the cooktop?"),
        ("What is the capital of France?", "And the cooktop?"),
    ],
)
def test_a_rewrite_that_drifts_is_not_taken(reply: str, expected: str) -> None:
    assert parsed_rewrite(reply, "And the cooktop?") == expected


def test_a_rewrite_keeps_the_numbers() -> None:
    assert parsed_rewrite("Can I return it after 20 days?", "after 10 days?") == "after 10 days?"
    assert (
        parsed_rewrite("Can I return a mixer after 10 days?", "after 10 days?") == "Can I return a mixer after 10 days?"
    )
