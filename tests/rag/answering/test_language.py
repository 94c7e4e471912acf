from __future__ import annotations

import pytest

from konverze_rag.answering.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the main use of the refund policy?", "english"),
        ("वापसी नीति क्या है?", "hindi"),
        ("Vajra mixer की वारंटी कितने महीने की है?", "hindi"),
        ("refund kitne din me milega", "hinglish"),
        ("திரும்பப் பெறும் கொள்கை என்ன?", "tamil"),
        ("ফেরত নীতি কী?", "bengali"),
        ("", "english"),
    ],
)
def test_language_by_script_and_function_words(text: str, language: str) -> None:
    assert language_of(text) == language
