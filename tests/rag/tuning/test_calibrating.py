from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider
from konverze_rag.answering.refusal import evidence, needed_evidence
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.answer_figures import Refusals, refusals_of
from konverze_rag.tuning.measuring.calibrating import STEPS, best_threshold, calibrated_threshold, operating_curve
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation
from konverze_rag.tuning.questions.question_set import Question, QuestionSet
from konverze_rag.tuning.serving.answering import evaluated_answers
from tests.settings import OFFLINE

TOPICS = {
    "warranty": "The induction cooktop is under warranty for 24 months from the date of the invoice.",
    "refunds": "A refund is paid within seven working days to the card that was charged.",
    "repairs": "Repairs are done at the workshop in Nashik; spare parts are kept for five years.",
    "gifts": "Gift vouchers are valid for one year and are never paid out in money.",
}
ASKED = {
    "How long is the induction cooktop under warranty?": False,
    "When is a refund paid to the card?": False,
    "Where are repairs done?": False,
    "For how long are spare parts kept by you?": False,
    "Is a voucher paid out in money?": False,
    "Which painter made the ceiling of the chapel?": True,
    "Who is the head of the workshop for watercolours?": True,
    "Is the invoice for the cinema tickets sent by post?": True,
    "When do the seven dwarfs come home from the mine?": True,
}
QUESTIONS = QuestionSet(
    name="shop",
    questions=tuple(
        Question(id=text[:20], text=text, is_unanswerable=flag, relevant={} if flag else {"a": 1})
        for text, flag in ASKED.items()
    ),
)
ANSWERABLE = np.array([float(not flag) for flag in ASKED.values()])


@pytest.fixture(scope="module")
def tenant():
    clock = ManualClock()
    with kr.Engine(
        settings=OFFLINE,
        blobs=MemoryBlobStore(clock),
        keys=MemoryKeyProvider(clock),
        clock=clock,
        embedder=HashingEmbedder(dim=256, answerable_score=1.0),
    ) as engine:
        tenant = engine.tenant("acme")
        tenant.ingest({name: text.encode() for name, text in TOPICS.items()})
        yield tenant


@pytest.fixture(scope="module")
def found(tenant):
    return evaluated_answers(tenant, QUESTIONS, Candidate(), generation=1)


def told(evidences, unanswerable):
    """An evaluation of which the evidence alone is known; a question of None is not judged."""
    questions = tuple(
        Question(id=str(place), text="?", is_unanswerable=bool(flag), relevant={"a": 1} if flag is False else {})
        for place, flag in enumerate(unanswerable)
    )
    none = np.full(len(evidences), np.nan)
    return AnswerEvaluation(
        questions=QuestionSet(name="set", questions=questions),
        candidate=Candidate(),
        scores={"evidence": np.array(evidences)},
        nearest=none,
        threshold=0.0,
        latencies_ms=none,
        input_tokens=none,
        output_tokens=none,
        costs=none,
        texts=("",) * len(evidences),
        generation=1,
        evaluated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_curve_tells_all_that_thresholds_of_the_evidence_can_refuse():
    curve = operating_curve(told([0.2, 0.4, 0.4, 0.8], [True, False, True, False]))
    assert [point.threshold for point in curve] == pytest.approx([0.1, 0.3, 0.6, 0.9])
    assert [point.refusals.of_answerable for point in curve] == [0, 0, 0.5, 1]
    assert [point.refusals.of_unanswerable for point in curve] == [0, 0.5, 1, 1]


def test_the_best_threshold_of_the_evidence_has_the_highest_f1():
    best = best_threshold(told([0.2, 0.4, 0.4, 0.8], [True, False, True, False]))
    assert best.threshold == pytest.approx(0.6)
    assert best.refusals.f1 == pytest.approx(0.8)


def test_of_equal_thresholds_the_one_nearest_to_the_librarys_own_is_best():
    best = best_threshold(told([0.1, 0.7, 0.9], [True, None, False]))
    assert (best.threshold, best.refusals.f1) == (pytest.approx(0.4), 1)


@pytest.mark.parametrize("unanswerable", [[True, True], [False, False]])
def test_a_threshold_wants_questions_of_both_kinds(unanswerable):
    with pytest.raises(kr.ConfigError, match="some of each"):
        operating_curve(told([0.1, 0.9], unanswerable))


def test_no_threshold_of_the_embedder_is_calibrated_without_hits():
    with pytest.raises(kr.ConfigError, match="embedder"):
        calibrated_threshold(told([0.1, 0.9], [True, False]))


def test_the_calibrated_threshold_refuses_as_the_evidence_says(found):
    calibration = calibrated_threshold(found)
    for point in calibration.curve:
        refused = [
            evidence(question, hits, answerable_score=point.threshold)
            < needed_evidence(hits, answerable_score=point.threshold)
            for question, hits in zip(found.searched, found.hits, strict=True)
        ]
        assert repr(point.refusals) == repr(Refusals.of(np.array(refused), ANSWERABLE))  # NaN is NaN here


def test_no_threshold_does_better_than_the_calibrated_one(found):
    best = calibrated_threshold(found).best.refusals.f1
    for threshold in np.linspace(1 / STEPS, 1, 200):
        refused = [
            evidence(question, hits, answerable_score=threshold) < needed_evidence(hits, answerable_score=threshold)
            for question, hits in zip(found.searched, found.hits, strict=True)
        ]
        assert Refusals.of(np.array(refused), ANSWERABLE).f1 <= best


def test_the_curve_refuses_more_with_each_threshold(found):
    curve = calibrated_threshold(found).curve
    thresholds = [point.threshold for point in curve]
    assert thresholds == sorted(set(thresholds))
    refused = [point.refusals.of_answerable + point.refusals.of_unanswerable for point in curve]
    assert refused == sorted(set(refused))


def test_a_tenant_that_takes_the_calibrated_threshold_refuses_so(tenant, found):
    calibration = calibrated_threshold(found)
    assert calibration.served.threshold == 1.0
    assert calibration.served.refusals == refusals_of(found)
    assert calibration.best.refusals.f1 > calibration.served.refusals.f1
    tenant.configure(kr.TenantSettings(answerable_score=calibration.best.threshold))
    after = evaluated_answers(tenant, QUESTIONS, Candidate(), generation=1)
    tenant.configure(kr.TenantSettings())
    assert refusals_of(after) == calibration.best.refusals
    assert calibrated_threshold(after).served == calibration.best


def test_where_words_alone_were_served_they_are_what_is_compared(found):
    by_words = calibrated_threshold(replace(found, threshold=0.0)).served
    refused = [
        evidence(question, hits, answerable_score=0) < needed_evidence(hits, answerable_score=0)
        for question, hits in zip(found.searched, found.hits, strict=True)
    ]
    assert by_words.refusals == Refusals.of(np.array(refused), ANSWERABLE)
