from __future__ import annotations

import pytest

from konverze_rag.answering.phrases import plainly


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Delivery is free of charge", "Delivery is free ₹0"),
        ("There is no extra charge", "free ₹0"),
        ("It costs you nothing", "It free ₹0"),
        ("पार्किंग का कोई शुल्क नहीं है", "पार्किंग free ₹0 है"),
        ("पार्किंग मुफ़्त है", "पार्किंग free ₹0 है"),
        ("koi charge nahi", "free ₹0"),
        ("GST is not included", "GST extra"),
        ("It is charged on top of GST", "It is charged extra GST"),
        ("Oil is included, but tax is not.", "Oil is included, but tax extra ."),
        ("not more than 25 kg", "at most 25 kg"),
        ("a maximum of 25 kg", "at most 25 kg"),
        ("3 से ज़्यादा किताबें नहीं", "3 अधिकतम किताबें"),
        ("older than 65", "exceeding 65"),
        ("65 से कम", "65 से undercutting"),
        ("6 or more", "at least 6"),
        ("open round the clock", "open always"),
        ("रात साढ़े दस बजे", "रात 10:30 बजे"),
        ("साढ़े तीन किलो", "3.5 किलो"),
        ("शाम पाँच बजे", "शाम 5 बजे"),
        ("half an hour", "30 minutes"),
        ("एक चौथाई रकम", "25% रकम"),
        ("₹150 per month", "₹150 monthly"),
        ("हर महीने", "monthly"),
        ("within a month", "within 1 month"),
        ("on every Monday", "on Monday"),
    ],
)
def test_phrases_of_one_meaning_have_one_form(text: str, form: str) -> None:
    assert " ".join(plainly(text).split()) == form


@pytest.mark.parametrize("text", ["a bill without a stamp", "शुल्क वापस नहीं होता", "no refund", "a month's notice"])
def test_other_phrases_stay(text: str) -> None:
    assert plainly(text) == text
