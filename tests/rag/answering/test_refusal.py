from __future__ import annotations

import pytest

from konverze_core.documents import Chunk
from konverze_core.retrieval import Explanation, Hit
from konverze_rag.answering.refusal import evidence, is_answerable
from tests.rag.answering.claims import CLINIC_HI, GYM, HOTEL, LOAN_HI, PLANS, RETURNS, TUITION

THRESHOLD = 0.84


def hit(text: str, dense: float | None = None) -> Hit:
    return Hit(chunk=Chunk(document_id="d", ordinal=0, text=text), score=1.0, explain=Explanation(dense_score=dense))


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


def test_across_languages_meaning_decides_against_a_lower_threshold() -> None:
    question = "रिफंड कितने दिन में मिलता है?"
    assert is_answerable(question, [hit(RETURNS, 0.80)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(RETURNS, 0.77)], answerable_score=THRESHOLD)
    assert not is_answerable(question, [hit(RETURNS)], answerable_score=THRESHOLD)


def test_an_embedder_without_a_threshold_leaves_it_to_the_words() -> None:
    assert is_answerable("When are refunds paid?", [hit(RETURNS, 0.1)], answerable_score=0.0)
    assert not is_answerable("Who teaches chemistry?", [hit(RETURNS, 0.9)], answerable_score=0.0)
    assert is_answerable("रिफंड कब?", [hit(RETURNS, 0.1)], answerable_score=0.0)


@pytest.mark.parametrize("dense", [None, 0.0, 0.5, 0.84, 1.0])
def test_evidence_is_a_share(dense: float | None) -> None:
    assert 0 <= evidence("When are refunds paid?", [hit(RETURNS, dense)], answerable_score=THRESHOLD) <= 1
