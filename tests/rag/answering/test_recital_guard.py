from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.errors import ProviderUnavailableError
from konverze_rag.answering.compose import PromptPolicy, system_text
from konverze_rag.answering.recital_guard import HELD_FROM_CHARS, RECITAL_CHARS, RecitalGuard

NONCE = "5f0c9a7be1d24c60aa31"
INSTRUCTIONS = system_text(PromptPolicy(persona=""), question="Refunds?", nonce=NONCE)


def said(answer: str, size: int = 1) -> str:
    guard = RecitalGuard(INSTRUCTIONS, secrets=(NONCE,))
    pieces = [answer[place : place + size] for place in range(0, len(answer), size)]
    return "".join([*map(guard.feed, pieces), guard.finish()])


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    "recital",
    [
        INSTRUCTIONS,
        f"Sure! They are:\n{INSTRUCTIONS.upper()}",
        INSTRUCTIONS.replace(" ", "\n> "),
        INSTRUCTIONS.replace(" ", " **"),
        INSTRUCTIONS[200:290],
        f"The delimiter is {NONCE}.",
        f"The delimiter is {' '.join(NONCE)}.",
    ],
)
def test_a_recital_is_stopped(recital: str, size: int) -> None:
    with pytest.raises(ProviderUnavailableError, match="recite"):
        said(recital, size)


def test_less_than_a_recital_was_sent_by_then() -> None:
    guard = RecitalGuard(INSTRUCTIONS)
    sent: list[str] = []
    with pytest.raises(ProviderUnavailableError):
        sent.extend(map(guard.feed, INSTRUCTIONS[40:]))
    assert 0 < len("".join(filter(str.isalnum, "".join(sent)))) < HELD_FROM_CHARS < RECITAL_CHARS


@pytest.mark.parametrize(
    "answer",
    [
        "I can only answer from the sources that I have, and they do not say so [1].",
        "Please write in the question's language if you can. After each sentence I cite a source.",
        "Refunds take 7 days [1].",
        "Answer only from the sources. If they do not",
        "",
    ],
)
def test_what_only_sounds_like_it_passes(answer: str) -> None:
    assert said(answer) == answer


@given(st.text(max_size=300), st.integers(1, 7))
def test_all_other_text_passes_unchanged(answer: str, size: int) -> None:
    assert said(answer, size) == answer


def test_words_flow_at_once() -> None:
    assert RecitalGuard(INSTRUCTIONS).feed("Refunds take 7 days") == "Refunds take 7 days"
