import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.measuring.answer_figures import AnswerSummary, Refusals, answerable_of
from konverze_rag.tuning.measuring.evaluation import AnswerEvaluation
from konverze_rag.tuning.questions.question_set import Question, QuestionSet

NAN = float("nan")


def evaluation(*, unanswerable, refused, answered, costs):
    count = len(unanswerable)
    return AnswerEvaluation(
        questions=QuestionSet(
            name="set",
            questions=tuple(
                Question(id=str(place), text="?", is_unanswerable=flag, relevant={} if flag else {"a": 1})
                for place, flag in enumerate(unanswerable)
            ),
        ),
        candidate=Candidate(),
        scores={
            "refused": np.array(refused, float),
            "answered": np.array(answered, float),
            **{name: np.full(count, NAN) for name in ("citation_precision", "citation_recall", "degraded")},
        },
        nearest=np.full(count, NAN),
        threshold=0.0,
        latencies_ms=np.arange(1.0, count + 1),
        input_tokens=np.full(count, 100.0),
        output_tokens=np.full(count, 20.0),
        costs=np.array(costs, float),
        texts=("",) * count,
        generation=1,
        evaluated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_refusals_are_told_apart_by_hand():
    refused = np.array([True, True, True, False, False, False, False])
    answerable = np.array([0.0, 0, 1, 0, 1, 1, 1])
    found = Refusals.of(refused, answerable)
    assert (found.of_answerable, found.of_unanswerable, found.precision) == (1 / 4, 2 / 3, 2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_without_unanswerable_questions_there_is_no_f1():
    found = Refusals.of(np.array([True, False]), np.array([1.0, 1]))
    assert (found.of_answerable, found.precision) == (0.5, 0)
    assert math.isnan(found.of_unanswerable)
    assert math.isnan(found.f1)


def test_who_never_refuses_has_an_f1_of_zero():
    found = Refusals.of(np.array([False, False]), np.array([0.0, 1]))
    assert (found.f1, found.of_unanswerable) == (0, 0)
    assert math.isnan(found.precision)


def test_a_question_of_which_nothing_is_known_does_not_count():
    known = Refusals.of(np.array([True, False]), np.array([0.0, 1]))
    more = Refusals.of(np.array([True, False, True, False]), np.array([0.0, 1, NAN, NAN]))
    assert more == known
    questions = (Question(id="1", text="?"), Question(id="2", text="?", answers=("a",)))
    assert np.array_equal(answerable_of(QuestionSet(name="set", questions=questions)), [NAN, 1], equal_nan=True)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 1.0])), min_size=1))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(pairs):
    refused, answerable = (np.array(column) for column in zip(*pairs, strict=True))
    found = Refusals.of(refused, answerable)
    if found.precision > 0 and found.of_unanswerable > 0:
        harmonic = 2 / (1 / found.precision + 1 / found.of_unanswerable)
        assert found.f1 == pytest.approx(harmonic)
    else:
        assert math.isnan(found.f1) or found.f1 == 0


def test_a_summary_takes_the_means_of_what_is_judged():
    found = AnswerSummary.of(
        evaluation(unanswerable=[False, False, True], refused=[0, 0, 1], answered=[1, 0, NAN], costs=[0.25, 0.75, NAN])
    )
    assert (found.count, found.answered, found.cost, found.input_tokens, found.output_tokens) == (3, 0.5, 0.5, 100, 20)
    assert found.refusals.f1 == 1
    assert (found.p50_ms, found.p99_ms) == (2, pytest.approx(2.98))
    assert math.isnan(found.citation_recall)
