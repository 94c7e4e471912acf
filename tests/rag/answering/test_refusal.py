from __future__ import annotations

import pytest

from konverze_core.documents import Chunk
from konverze_core.retrieval import Explanation, Hit
from konverze_rag.answering.refusal import Signals, evidence, needed_evidence
from tests.rag.answering.businesses import BUSINESSES, QUESTIONS, BusinessQuestion
from tests.rag.answering.claims import (
    BACKUP,
    CLINIC_HI,
    GYM,
    HOTEL,
    LOAN_HI,
    PLANS,
    RETURNS,
    SHOP_HINGLISH,
    TAILOR_HI,
    TUITION,
)

THRESHOLD = 0.84


def hit(text: str, dense: float | None = None) -> Hit:
    return Hit(chunk=Chunk(document_id="d", ordinal=0, text=text), score=1.0, explain=Explanation(dense_score=dense))


def is_answerable(question: str, hits: list[Hit], *, answerable_score: float) -> bool:
    found = evidence(question, hits, answerable_score=answerable_score)
    return found >= needed_evidence(hits, answerable_score=answerable_score)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Within how many days can I return an appliance?", RETURNS),
        ("When do admissions close?", TUITION),
        ("परामर्श शुल्क कितना है?", CLINIC_HI),
        ("Are pets allowed?", HOTEL),
        ("Do you provide towels?", GYM),
        ("How much storage is in the growth plan?", PLANS),
        ("होम लोन की अधिकतम राशि क्या है?", LOAN_HI),
    ],
)
def test_answered_by_words_alone(question: str, source: str) -> None:
    assert is_answerable(question, [hit(source)], answerable_score=THRESHOLD)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Do you sell gift cards?", RETURNS),
        ("Who teaches chemistry?", TUITION),
        ("क्या आँखों का ऑपरेशन होता है?", CLINIC_HI),
        ("Is there a swimming pool?", HOTEL),
        ("Do you offer yoga classes?", GYM),
        ("Can I export to Excel?", PLANS),
        ("", RETURNS),
    ],
)
def test_not_answered_by_words_alone(question: str, source: str) -> None:
    assert not is_answerable(question, [hit(source)], answerable_score=THRESHOLD)


def test_no_hits_answer_nothing() -> None:
    assert not is_answerable("refunds?", [], answerable_score=0.0)
    assert evidence("refunds?", [], answerable_score=THRESHOLD) == 0


def test_meaning_and_words_stand_in_for_each_other() -> None:
    question = "When will my money come back?"
    assert is_answerable(question, [hit(RETURNS, 0.93)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(RETURNS, 0.80)], answerable_score=THRESHOLD)
    assert not is_answerable("How long is the warranty of my car?", [hit(RETURNS, 0.76)], answerable_score=THRESHOLD)


def test_across_scripts_meaning_decides_against_a_lower_threshold() -> None:
    question = "रिफंड कितने दिन में मिलता है?"
    assert is_answerable(question, [hit(RETURNS, 0.80)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(RETURNS, 0.77)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(RETURNS)], answerable_score=THRESHOLD)


def test_a_hit_in_the_own_script_that_is_nearly_as_near_takes_the_benefit_away() -> None:
    question = "क्या आपके यहाँ स्विमिंग पूल है?"
    assert is_answerable(question, [hit(SHOP_HINGLISH, 0.801)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(SHOP_HINGLISH, 0.801), hit(TAILOR_HI, 0.79)], answerable_score=THRESHOLD)
    assert is_answerable(question, [hit(SHOP_HINGLISH, 0.801), hit(TAILOR_HI, 0.77)], answerable_score=THRESHOLD)


def test_hinglish_and_english_are_one_script() -> None:
    question = "Do you have a branch in Kolkata?"
    assert not is_answerable(question, [hit(SHOP_HINGLISH, 0.803)], answerable_score=THRESHOLD)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("What is the price of the M5 mixer?", RETURNS),
        ("What does error E-4050 mean?", BACKUP),
        ("How much is a massage?", GYM),
        ("gym mein yoga class ki fees kitni hai?", GYM),
        ("What is the warranty on the Surya cooktop?", HOTEL),
        ("Is there a discount for pilots?", GYM),
    ],
)
def test_what_is_named_must_be_known_however_near_the_hits_are(question: str, source: str) -> None:
    assert not is_answerable(question, [hit(source, 0.92)], answerable_score=THRESHOLD)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("What does error E 4031 mean?", BACKUP),
        ("My order OD-5512 is late: within how many days can I return an appliance?", RETURNS),
        ("How much is personal training?", GYM),
        ("How long is the warranty on the M3 mixer?", RETURNS),
        ("How long do refunds to Pune take?", RETURNS),
        ("M3 की वारंटी कितनी है?", RETURNS),
    ],
)
def test_what_is_known_under_another_name_is_answered(question: str, source: str) -> None:
    assert is_answerable(question, [hit(source, 0.89)], answerable_score=THRESHOLD)


def test_names_must_be_known_unless_the_hits_are_clearly_near() -> None:
    question = "How long do refunds to Bhubaneswar take?"
    assert not is_answerable(question, [hit(RETURNS, 0.86)], answerable_score=THRESHOLD)
    assert is_answerable(question, [hit(RETURNS, 0.89)], answerable_score=THRESHOLD)


@pytest.mark.parametrize(
    ("language", "answered", "wrongly_answered"),
    [("english", (5, 6), (0, 5)), ("hindi", (4, 4), (1, 3)), ("hinglish", (3, 3), (0, 3))],
)
def test_businesses(language: str, answered: tuple[int, int], wrongly_answered: tuple[int, int]) -> None:
    """Known misses: English fees in a Hinglish text; a Hindi pool nearer to a Hinglish text than to a Hindi one."""
    asked = [question for question in QUESTIONS if question.language == language]
    answerable = [_is_answered(question) for question in asked if question.is_answered]
    unanswerable = [_is_answered(question) for question in asked if not question.is_answered]
    assert (sum(answerable), len(answerable)) == answered
    assert (sum(unanswerable), len(unanswerable)) == wrongly_answered


def _is_answered(question: BusinessQuestion) -> bool:
    documents = zip(question.cosines, BUSINESSES[question.business], strict=True)
    hits = [hit(text, cosine) for cosine, text in sorted(documents, reverse=True)]
    return is_answerable(question.text, hits, answerable_score=THRESHOLD)


def test_an_embedder_without_a_threshold_leaves_it_to_the_words() -> None:
    assert is_answerable("When are refunds paid?", [hit(RETURNS, 0.1)], answerable_score=0.0)
    assert not is_answerable("Who teaches chemistry?", [hit(RETURNS, 0.9)], answerable_score=0.0)
    assert is_answerable("रिफंड कब?", [hit(RETURNS, 0.1)], answerable_score=0.0)


@pytest.mark.parametrize("dense", [None, 0.0, 0.5, 0.84, 1.0])
def test_evidence_is_a_share(dense: float | None) -> None:
    assert 0 <= evidence("When are refunds paid?", [hit(RETURNS, dense)], answerable_score=THRESHOLD) <= 1


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text)
def test_signals_are_taken_once_for_all_thresholds_and_higher_ones_ask_for_more(question: BusinessQuestion) -> None:
    documents = zip(question.cosines, BUSINESSES[question.business], strict=True)
    hits = [hit(text, cosine) for cosine, text in sorted(documents, reverse=True)]
    signals = Signals(question=question.text, hits=hits)
    thresholds = [step / 100 for step in range(1, 101)]
    found = [signals.evidence(threshold) for threshold in thresholds]
    assert found == [evidence(question.text, hits, answerable_score=threshold) for threshold in thresholds]
    assert found == sorted(found, reverse=True)
    assert signals.evidence(0.0) == evidence(question.text, hits, answerable_score=0.0)
    for threshold in (0.0, *thresholds):
        assert signals.are_enough(threshold) == is_answerable(question.text, hits, answerable_score=threshold)
