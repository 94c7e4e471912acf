from __future__ import annotations

import pytest

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.opposites import Stance
from konverze_rag.answering.verify import Verifier, citation, supports
from tests.rag.answering.claims import BACKUP, CLAIMS, CLINIC_HI, PLANS, RETURNS

POLICY = "Refund policy\n\nRefunds take 7 days. The warranty on mixers lasts 90 days.\n\nGift cards are not refundable."


def test_refunds_take_90_days_is_not_supported_by_a_source_that_says_7() -> None:
    assert supports("Refunds take 90 days", POLICY).reason == "number"
    assert supports("Refunds take 7 days", POLICY).supported


def test_labelled_sentences() -> None:
    judged = [(supports(claim.text, claim.source).supported, claim) for claim in CLAIMS]
    wrongly_supported = [claim.text for supported, claim in judged if supported and not claim.supported]
    wrongly_refused = [claim.text for supported, claim in judged if claim.supported and not supported]
    assert len(CLAIMS) == 177
    assert sum(claim.supported for claim in CLAIMS) == 82
    assert wrongly_supported == []
    assert wrongly_refused == []


@pytest.mark.parametrize("source", [RETURNS, CLINIC_HI, PLANS, POLICY])
def test_the_span_is_verbatim_and_narrow(source: str) -> None:
    found = supports("Refunds take 7 days", source)
    quote = source[found.span.start : found.span.end]
    assert quote
    assert quote == quote.strip()
    assert 0 <= found.score <= 1


def test_two_sentences_may_support_one() -> None:
    source = "The mixer is made of steel. It weighs 3 kg. Delivery is free."
    found = supports("The steel mixer weighs 3 kg", source)
    assert found.supported
    assert source[: found.span.end].endswith("3 kg.")


def test_headings_help_but_do_not_support_alone() -> None:
    row = "It takes 7 days after we receive the parcel."
    assert supports("Refunds take 7 days after the parcel is received", row, context="Refunds").supported
    assert not supports("Refunds are generous", row, context="Refunds › generous").supported


def test_another_language_needs_a_similarity_and_the_same_figures() -> None:
    source = "The consultation fee is ₹600. Reports arrive within 24 hours. Refunds are not given."
    true, wrong = "परामर्श शुल्क 600 रुपये है।", "परामर्श शुल्क 900 रुपये है।"
    assert supports(true, source).reason == "words"
    assert supports(true, source, similarity=lambda _a, _b: 0.9).supported
    assert supports(true, source, similarity=lambda _a, _b: 0.8).reason == "words"
    assert supports(wrong, source, similarity=lambda _a, _b: 0.99).reason == "number"
    assert supports("शुल्क वापस नहीं होता।", source, similarity=lambda _a, b: 0.9 if "Refunds" in b else 0.5).supported
    assert not supports(true, source, similarity=lambda _a, _b: 0.9, similar_from=0.95).supported


def test_similarity_never_overrules_words_of_the_same_language() -> None:
    assert not supports("Elephants are grey", POLICY, similarity=lambda _a, _b: 1.0).supported


@pytest.mark.parametrize(
    ("sentence", "source"), [("", POLICY), ("...", POLICY), ("Refunds take 7 days", ""), ("It is.", POLICY)]
)
def test_nothing_supports_nothing(sentence: str, source: str) -> None:
    assert not supports(sentence, source).supported


def test_codes_are_told_apart_in_their_rows() -> None:
    prices = "LK-204/A  Vajra mixer 500 W: ₹3,199\nLK-204/B  Vajra mixer 750 W: ₹4,299"
    assert supports("The LK-204/B mixer costs ₹4,299", prices).supported
    assert not supports("The LK-204/A mixer costs ₹4,299", prices).supported
    assert not supports("The 750 W mixer costs ₹3,199", prices).supported
    assert not supports("Error E-4032 means that the licence has expired.", BACKUP).supported


def test_opposites() -> None:
    def are_opposed(one: str, other: str) -> bool:
        return Stance.of(one).opposes(Stance.of(other))

    assert are_opposed("Interest is paid monthly", "Interest is paid quarterly")
    assert are_opposed("If you cancel, all is paid back", "If we cancel, all is paid back")
    assert not are_opposed("prepaid on Monday, postpaid on Sunday", "postpaid on Sunday, prepaid on Monday")
    assert Stance.of("Opened tins are exchanged").reverses(Stance.of("Unopened tins are exchanged"))


@pytest.mark.parametrize(
    ("claim", "source", "is_supported"),
    [
        ("The shop is open on Sundays", "The shop is closed on Sundays.", False),
        ("The shop is not open on Sundays", "The shop is closed on Sundays.", True),
        ("The shop is not closed on Sundays", "The shop is closed on Sundays.", False),
        ("Phones are banned in class", "Phones are not allowed in class.", True),
        ("दुकान रविवार को नहीं खुलती", "दुकान रविवार को बंद रहती है।", True),
        ("We attempt delivery five times", "We attempt delivery three times.", False),
        ("Delivery takes 4 days", "Delivery takes 4 to 6 days.", False),
        ("Delivery takes up to 6 days", "Delivery takes 4 to 6 days.", True),
        ("Seniors get 6.85%", "Tenure | Public | Seniors\n1 year | 6.85% | 7.35%", False),
        ("Seniors get 7.35%", "Tenure | Public | Seniors\n1 year | 6.85% | 7.35%", True),
        ("Haircut 250 rupaye ka aur hair spa 900 rupaye ka hai", "Haircut ₹250 ka hai aur hair spa ₹900 ka.", True),
        ("Dashboards load fast in 4.7.0", "# 4.7.0\n- Dashboards load fast.", True),
        ("The bus departs at 7 am", "The bus leaves at 7 am.", True),
        ("दुकान का किराया हर महीने ₹900 है", "दुकान का किराया ₹900 प्रति माह है।", True),
        ("The canteen opens at 7 am", "कैंटीन सुबह 7 बजे खुलती है।", True),
        ("Results are sent by post", "Results are sent by SMS.", False),
        ("Chat is on the Basic plan", "Chat is only on the Gold plan.", False),
        ("गैस का बिल भरा जाता है", "बिजली का बिल भरा जाता है।", False),
        ("श्री महेश शर्मा से मिलें", "श्री महेश तिवारी से मिलें।", False),
        ("Pets may stay in every room", "Pets may stay in the garden room.", False),
        ("Pick-up is free", "Pick-up costs ₹80.", False),
        ("The office is closed on Saturdays", "The office is closed on the first Saturday.", False),
        ("The art batch starts on 6 May", "The law batch starts on 6 May and the art batch on 9 May.", False),
        ("The art batch starts on 9 May", "The law batch starts on 6 May and the art batch on 9 May.", True),
        ("Filters are included", "Oil is included, filters are not.", False),
        ("The east lift is shut", "The east lift runs; the staff lift is shut.", False),
        ("Opened tins are exchanged", "Unopened tins are exchanged.", False),
        ("Oil is changed, and filters are checked twice", "Filters are checked twice. Oil is changed.", True),
    ],
)
def test_what_is_said_in_other_words_or_otherwise(claim: str, source: str, *, is_supported: bool) -> None:
    assert supports(claim, source).supported is is_supported


def test_a_citation_counts_in_the_document() -> None:
    document = "Intro. " + POLICY
    chunk = Chunk(document_id="d", ordinal=0, text=POLICY, page=3, span=Span(7, len(document)), heading="Terms")
    found = citation(2, Hit(chunk=chunk, score=1.0), Verifier()("Refunds take 7 days", Hit(chunk=chunk, score=1.0)))
    assert found.span is not None
    assert document[found.span.start : found.span.end] == found.quote == "Refunds take 7 days."
    assert (found.number, found.document_id, found.page, found.supported) == (2, "d", 3, True)
    loose = Hit(chunk=Chunk(document_id="d", ordinal=0, text=POLICY), score=1.0)
    assert citation(1, loose, Verifier()("Refunds take 7 days", loose)).span is None


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        (
            "Members are paid into their accounts, cash no.\nसदस्यों को भुगतान खाते में होता है, नकद नहीं।",
            "सदस्यों को भुगतान खाते में होता है।",
            "सदस्यों को भुगतान नकद होता है।",
        ),
        (
            "Bikes must be left at our stand, otherwise a fine of ₹100 is due.",
            "If a bike is not left at our stand, a fine of ₹100 is due.",
            "If a bike is not left at our stand, a fine of ₹200 is due.",
        ),
        (
            "The wheel course is open only to those who have finished the first one.",
            "The wheel course is open to those who have finished the first one.",
            "The wheel course is open to anyone.",
        ),
        (
            "A joining fee of ₹500 is charged once.\nA half-yearly pass costs ₹900.",
            "The joining fee is charged once.",
            "The joining fee of ₹500 is charged every year.",
        ),
        (
            "Usage | Home rate | Shop rate\nup to 100 | ₹3.50 | ₹5.20\nabove 100 units | ₹6.40 | ₹7.90",
            "Above 100 units the home rate is ₹6.40.",
            "Above 100 units the home rate is ₹7.90.",
        ),
        (
            "Course | Fee | Class size\nWeaving | ₹3,600 | 12\nGlazing | ₹2,200 | 10",
            "The class size is 10 for glazing and 12 for weaving.",
            "The class size is 12 for glazing and 10 for weaving.",
        ),
        (
            "Lost keys are kept by Captain Elias D'Mello.",
            "Captain Elias D'Mello keeps lost keys.",
            "Captain Elias D'Souza keeps lost keys.",
        ),
        (
            "Photography without flash is permitted everywhere except in the annexe.",
            "Photography without flash is permitted.",
            "You may take photographs in the annexe.",
        ),
        (
            "Orders placed before noon are shipped the same day, except on Sundays.",
            "Orders placed before noon are shipped on the same day, but not on Sundays.",
            "Orders placed before noon are shipped on Sundays.",
        ),
        (
            "The emergency line is answered from 8 pm to 8 am.",
            "From 8 pm to 8 am the emergency line is answered.",
            "The emergency line is answered from 8 am to 8 pm.",
        ),
        (
            "Weight | Within the city | Rest of India\nup to 500 g | ₹45 | ₹90",
            "Up to 500 g costs ₹45 within the city and ₹90 in the rest of India.",
            "Up to 500 g costs ₹90 within the city and ₹45 in the rest of India.",
        ),
        (
            "Compensation never exceeds the declared value.",
            "Compensation cannot exceed the declared value.",
            "Compensation may be higher than the declared value.",
        ),
        ("You pay after delivery and before assembly.", "You pay before assembly.", "You pay after assembly."),
    ],
)
def test_what_tells_a_wrong_sentence_from_a_right_one(source: str, right: str, wrong: str) -> None:
    assert supports(right, source).supported
    assert not supports(wrong, source).supported
