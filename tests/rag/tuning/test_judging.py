from math import isnan, log2

import pytest

from konverze_core.documents import Span
from konverze_rag.tuning.measuring.scoring import finds, scores_of
from konverze_rag.tuning.questions.question_set import Passage, Question
from tests.rag.tuning.evaluations import chunk, hits_of


def _answered(answer, *texts):
    question = Question(id="q", text="How much?", answers=(answer,))
    return scores_of(question, hits_of(*(chunk("d", text) for text in texts)), ks=(1, 2))


def test_all_metrics_are_there_for_all_places():
    question = Question(id="q", text="a", relevant={"d": 1}, answers=("x",))
    expected = {f"{name}@{k}" for name in ("recall", "hit", "mrr", "ndcg", "map", "answer") for k in (1, 5, 10)}
    assert set(scores_of(question, hits_of("d"))) == expected


def test_a_question_is_not_judged_by_what_is_not_known_of_it():
    assert all(map(isnan, scores_of(Question(id="q", text="a"), hits_of("d")).values()))
    assert all(map(isnan, scores_of(Question(id="q", text="a", is_unanswerable=True), hits_of("d")).values()))
    by_document = scores_of(Question(id="q", text="a", relevant={"d": 1}), hits_of("d"))
    assert (by_document["recall@1"], isnan(by_document["answer@1"])) == (1, True)
    by_answer = scores_of(Question(id="q", text="a", answers=("ninety rupees",)), hits_of("d"))
    assert (by_answer["answer@1"], isnan(by_answer["recall@1"])) == (1, True)


def test_without_hits_nothing_is_found():
    question = Question(id="q", text="a", relevant={"d": 1}, answers=("x",))
    assert set(scores_of(question, ()).values()) == {0}


def test_a_document_stands_where_its_first_hit_stands_among_documents():
    question = Question(id="q", text="a", relevant={"right": 1})
    scores = scores_of(question, hits_of(chunk("wrong"), chunk("wrong", ordinal=1), chunk("right")), ks=(1, 2))
    assert (scores["hit@1"], scores["hit@2"], scores["mrr@2"]) == (0, 1, 0.5)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("308", "They surrendered 308 points."),
        ("Ninety  Rupees", "It costs\nninety rupees a day"),
        ("₹40", "costs ₹40 below"),
        ("(a)", "see (a) below"),
        ("ﬁve", "all five of them"),
        ("चार", "उसने चार बॉल लीं"),
        ("१२३", "कोड १२३ है।"),
    ],
)
def test_an_answer_is_found_where_its_words_stand_whole(answer, text):
    assert _answered(answer, "nothing here", text) == pytest.approx(
        {"answer@1": 0, "answer@2": 1} | {f"{name}@{k}": float("nan") for name in _RANKED for k in (1, 2)}, nan_ok=True
    )


@pytest.mark.parametrize(
    ("answer", "text"),
    [("308", "order 13085"), ("four", "fourteen of them"), ("चार", "चारा खरीदा"), ("चार", "विचार किया"), ("30", "3 0")],
)
def test_an_answer_is_not_found_inside_of_longer_words(answer, text):
    assert _answered(answer, text, "nothing here")["answer@2"] == 0


def test_an_answer_is_found_where_it_stands_whole_behind_a_longer_word():
    assert _answered("four", "fourteen or four")["answer@1"] == 1


_RANKED = ("recall", "hit", "mrr", "ndcg", "map")

PASSAGE = Passage(document_id="d", span=Span(100, 200))


@pytest.mark.parametrize(
    ("span", "is_found"),
    [
        (Span(100, 200), True),
        (Span(0, 500), True),
        (Span(120, 130), True),
        (Span(0, 150), True),
        (Span(0, 149), False),
        (Span(151, 300), False),
        (Span(200, 300), False),
        (Span(0, 100), False),
    ],
)
def test_a_chunk_finds_a_passage_that_it_shares_half_of_the_shorter_with(span, is_found):
    assert finds(chunk("d", span=span), PASSAGE) == is_found


def test_a_passage_is_found_in_its_document_only():
    assert not finds(chunk("e", span=PASSAGE.span), PASSAGE)


def test_a_passage_without_a_span_is_found_by_its_text():
    stated = Passage(document_id="d", text="A Refund takes\n7 days.")
    assert finds(chunk("d", "Policy. A refund takes 7 days. More.", span=Span(0, 30)), stated)
    assert finds(chunk("d", "takes 7 days."), stated)
    assert not finds(chunk("d", "A refund takes 17 days."), stated)
    assert not finds(chunk("e", "A refund takes 7 days."), stated)
    assert not finds(chunk("d", " "), stated)


def test_a_chunk_without_a_span_finds_a_passage_by_its_text_where_it_has_one():
    assert not finds(chunk("d", "A refund takes 7 days."), Passage(document_id="d", span=Span(0, 9)))
    assert finds(chunk("d", "A refund takes 7 days."), Passage(document_id="d", span=Span(0, 9), text="7 days"))


def test_a_question_with_passages_is_judged_by_them_alone():
    question = Question(id="q", text="a", relevant={"d": 1, "e": 1}, passages=(PASSAGE,))
    scores = scores_of(question, hits_of(chunk("e"), chunk("d", span=Span(0, 90)), chunk("d", span=Span(90, 210))))
    assert (scores["hit@1"], scores["recall@5"], scores["mrr@5"]) == (0, 1, pytest.approx(1 / 3))


def test_a_passage_counts_once_for_the_first_hit_that_finds_it():
    other = Passage(document_id="d", span=Span(300, 400), grade=2)
    question = Question(id="q", text="a", passages=(PASSAGE, other))
    twice = hits_of(chunk("d", span=Span(100, 200)), chunk("d", span=Span(110, 210)), chunk("d", span=Span(300, 400)))
    scores = scores_of(question, twice, ks=(2, 3))
    assert (scores["recall@2"], scores["recall@3"]) == (0.5, 1)
    assert scores["map@3"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["ndcg@3"] == pytest.approx((1 + 2 / log2(4)) / (2 + 1 / log2(3)))


def test_one_hit_that_finds_all_passages_is_perfect():
    others = tuple(Passage(document_id="d", span=Span(at, at + 50), grade=at // 100) for at in (200, 300, 400))
    question = Question(id="q", text="a", passages=(PASSAGE, *others))
    scores = scores_of(question, hits_of(chunk("d", span=Span(0, 500))), ks=(1,))
    assert {scores[f"{name}@1"] for name in _RANKED} == {1}
