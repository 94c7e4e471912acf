from __future__ import annotations

import pytest

from konverze_rag.answering.answer_type import asks_for_figure, has_asked_figure


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How long do refunds take?", "Refunds take 7 days."),
        ("When do you open?", "We open at 9 am."),
        ("When is the camp?", "The camp is on 12 March 2026."),
        ("How much is delivery?", "Delivery costs ₹49."),
        ("फीस कितनी है?", "फीस ₹600 है।"),
        ("kitne din me milega?", "7 din me milega."),
        ("How many rooms are there?", "There are 12 rooms."),
    ],
)
def test_figures_that_were_asked_for(question: str, sentence: str) -> None:
    assert has_asked_figure(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How long do refunds take?", "Refunds cost ₹20."),
        ("How much is it?", "It takes 7 days."),
        ("Who are you?", "Since 7 days."),
    ],
)
def test_figures_that_were_not(question: str, sentence: str) -> None:
    assert not has_asked_figure(question, sentence)
    assert asks_for_figure(question) is (question != "Who are you?")
