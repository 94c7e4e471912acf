from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_rag.tuning.measuring.metrics import average_precision, hit, ndcg, recall, reciprocal_rank
from konverze_rag.tuning.measuring.scoring import METRICS, scores_of
from konverze_rag.tuning.questions.question_set import Question
from tests.rag.tuning.evaluations import chunk, hits_of

DOCUMENTS = [f"d{number:02}" for number in range(15)]
TREC_NAMES = {"recall": "recall_{}", "hit": "success_{}", "ndcg": "ndcg_cut_{}", "map": "map_cut_{}"}


def test_the_metrics_are_those_of_the_textbook():
    gains, grades = [0, 2, 0, 1, 0], [1, 2, 3]
    assert recall(gains, grades, 5) == pytest.approx(2 / 3)
    assert recall(gains, grades, 2) == pytest.approx(1 / 3)
    assert (hit(gains, grades, 1), hit(gains, grades, 2)) == (0, 1)
    assert (reciprocal_rank(gains, grades, 1), reciprocal_rank(gains, grades, 5)) == (0, 0.5)
    assert average_precision(gains, grades, 5) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert ndcg(gains, grades, 5) == pytest.approx((2 / log2(3) + 1 / log2(5)) / (3 + 2 / log2(3) + 1 / log2(4)))


def test_the_gain_is_the_grade_and_not_two_to_the_power_of_it():
    assert ndcg([1, 3], [1, 3], 2) == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))


@settings(max_examples=300)
@given(
    ranking=st.lists(st.sampled_from(DOCUMENTS), unique=True, max_size=15),
    relevant=st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(1, 4), min_size=1, max_size=15),
    k=st.sampled_from([1, 3, 5, 10]),
)
def test_the_metrics_are_equal_to_those_of_trec_eval(ranking, relevant, k):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="needs pytrec-eval-terrier")
    measures = {"recall", "success", "ndcg_cut", "map_cut"}
    cuts = {f"{measure}.{k}" for measure in measures} | {"recip_rank"}
    run = {one: float(len(ranking) - place) for place, one in enumerate(ranking)}
    first = {one: run[one] for one in ranking[:k]}  # trec_eval has no cut for the reciprocal rank
    evaluator = pytrec_eval.RelevanceEvaluator({"q": dict(relevant)}, cuts)
    # An empty ranking is no ranking to trec_eval: it leaves the question out, and all its figures are 0.
    expected = evaluator.evaluate({"q": run})["q"] if run else {}
    cut_short = evaluator.evaluate({"q": first})["q"] if first else {}
    expected |= {"mrr": cut_short.get("recip_rank", 0.0)}
    scores = scores_of(Question(id="q", text="?a", relevant=relevant), hits_of(*ranking), ks=(k,))
    for name in METRICS:
        assert scores[f"{name}@{k}"] == pytest.approx(expected.get(TREC_NAMES.get(name, name).format(k), 0.0)), name


@given(
    ranking=st.lists(st.sampled_from(DOCUMENTS[:4]), max_size=12),
    relevant=st.dictionaries(st.sampled_from(DOCUMENTS[:4]), st.integers(1, 4), min_size=1),
)
def test_chunks_of_the_same_document_count_once_and_every_score_lies_between_0_and_1(ranking, relevant):
    question = Question(id="q", text="a", relevant=relevant)
    chunks = [chunk(one, ordinal=place) for place, one in enumerate(ranking)]
    scores = scores_of(question, hits_of(*chunks))
    assert scores == pytest.approx(scores_of(question, hits_of(*dict.fromkeys(ranking))), nan_ok=True)
    assert all(0 <= score <= 1 for name, score in scores.items() if not name.startswith("answer"))
