from __future__ import annotations

import pytest

from konverze_rag.answering.meanings import meanings
from konverze_rag.answering.statements import Sayings, alike
from konverze_rag.answering.terms import Term, terms_of


def term(word: str) -> Term:
    return Term(word, names=True, meanings=meanings(word))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("departs", "leaves"),
        ("commences", "starts"),
        ("fare", "price"),
        ("लौटाया", "वापस"),
        ("चुकानी", "भुगतान"),
        ("किताबें", "पुस्तक"),
        ("refund", "वापसी"),
        ("wapas", "return"),
        ("canteen", "कैंटीन"),
        ("locker", "लॉकर"),
        ("suchna", "सूचना"),
    ],
)
def test_words_of_one_meaning_or_sound_are_alike(one: str, other: str) -> None:
    assert alike(term(one), term(other)) >= 0.9
    assert Sayings.of(f"x {other} y").best(one) >= 0.9


@pytest.mark.parametrize(("one", "other"), [("deposit", "fee"), ("monday", "tuesday"), ("पता", "पिता")])
def test_words_that_tell_things_apart_are_not(one: str, other: str) -> None:
    assert alike(term(one), term(other)) < 0.9


def test_names_are_told_from_verbs() -> None:
    english = terms_of("Results are sent by post on the Gold plan.")
    assert [found.word for found in english if found.names] == ["results", "post", "gold"]
    hindi = terms_of("राशन कार्ड के लिए श्री महेश तिवारी से मिलें")
    assert [found.word for found in hindi if found.names] == ["राशन", "कार्ड", "महेश", "तिवारी"]
