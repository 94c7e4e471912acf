import math

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import (
    HashingEmbedder,
    ManualClock,
    MemoryBlobStore,
    MemoryKeyProvider,
    ScriptedChatModel,
)
from konverze_rag.answering.marks import REFUSAL_SENTINEL
from konverze_rag.tuning.candidates import Candidate
from konverze_rag.tuning.questions.question_set import Passage, Question, QuestionSet
from konverze_rag.tuning.serving.answering import answer_scores, evaluated_answers
from tests.settings import OFFLINE

REFUNDS = "A refund takes 7 working days after the parcel has reached us."
THRESHOLD = 0.1
DELIVERY = "Delivery to Pune takes 3 days and costs Rs 80."
QUESTIONS = QuestionSet(
    name="shop",
    questions=(
        Question(id="1", text="How long does a refund take?", relevant={"refunds": 1}, answers=("7 working days",)),
        Question(id="2", text="What does delivery to Pune cost?", relevant={"delivery": 1}, answers=("Rs 90",)),
        Question(id="3", text="Which painter made the ceiling of the chapel?", is_unanswerable=True),
    ),
)


def citation(document_id, *, start=None, end=None, quote="words"):
    span = None if start is None else kr.Span(start, end)
    return kr.Citation(number=1, document_id=document_id, page=None, span=span, quote=quote, score=1.0, supported=True)


@pytest.fixture
def serve():
    """A tenant of two policies; the arguments are parts of its engine."""
    engines = []

    def made(*, settings=OFFLINE, **parts):
        clock = ManualClock()
        engine = kr.Engine(
            settings=settings,
            blobs=MemoryBlobStore(clock),
            keys=MemoryKeyProvider(clock),
            clock=clock,
            **{"embedder": HashingEmbedder(dim=256, answerable_score=THRESHOLD), **parts},
        )
        engines.append(engine)
        tenant = engine.tenant("acme")
        tenant.ingest({"refunds": REFUNDS.encode(), "delivery": DELIVERY.encode()})
        return tenant

    yield made
    for engine in engines:
        engine.close()


def evaluated(tenant, questions=QUESTIONS):
    return evaluated_answers(tenant, questions, Candidate(), generation=7)


def test_citations_are_judged_by_relevant_documents():
    question = Question(id="1", text="?", relevant={"a": 1, "b": 2})
    answer = kr.Answer(text="…", citations=(citation("a"), citation("a"), citation("c"), citation("d")))
    scores = answer_scores(question, answer)
    assert (scores["citation_precision"], scores["citation_recall"]) == (0.5, 0.5)


def test_citations_are_judged_by_passages_where_these_are_given():
    passages = tuple(Passage(document_id="a", span=kr.Span(*ends)) for ends in ((0, 10), (20, 30), (40, 50)))
    question = Question(id="1", text="?", relevant={"a": 1, "b": 1}, passages=passages)
    cited = [citation("a", start=9, end=21), citation("a", start=10, end=20), citation("b", start=0, end=10)]
    scores = answer_scores(question, kr.Answer(text="…", citations=tuple(cited)))
    assert scores["citation_precision"] == pytest.approx(1 / 3)
    assert scores["citation_recall"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("quote", "is_right"), [("takes 7\nWorking days", True), (f"So: {REFUNDS}", True), ("seven days", False)]
)
def test_a_passage_without_a_span_is_known_by_its_words(quote, is_right):
    question = Question(id="1", text="?", passages=(Passage(document_id="a", text=REFUNDS),))
    scores = answer_scores(question, kr.Answer(text="…", citations=(citation("a", start=0, end=9, quote=quote),)))
    assert scores["citation_precision"] == scores["citation_recall"] == is_right


def test_an_answer_without_citations_has_no_precision_and_recalls_nothing():
    scores = answer_scores(Question(id="1", text="?", relevant={"a": 1}), kr.Answer(text="…"))
    assert math.isnan(scores["citation_precision"])
    assert scores["citation_recall"] == 0


def test_what_is_not_known_of_a_question_is_not_judged():
    scores = answer_scores(Question(id="1", text="?"), kr.Answer(text="…", citations=(citation("a"),)))
    assert all(math.isnan(scores[name]) for name in ("citation_precision", "citation_recall", "answered"))
    assert (scores["refused"], scores["degraded"]) == (0, 0)


@pytest.mark.parametrize(
    ("text", "is_answered"),
    [
        ("It takes 7 working [1] days.", True),
        ("It takes 7\n WORKING days.", True),
        ("It takes 17 working days.", False),
        ("It takes a week.", False),
    ],
)
def test_a_right_answer_is_known_by_its_words(text, is_answered):
    question = Question(id="1", text="?", answers=("seven days", "7 working days"))
    assert answer_scores(question, kr.Answer(text=text))["answered"] == is_answered


def test_a_refusal_answers_nothing_whatever_it_says():
    question = Question(id="1", text="?", answers=("could not find",))
    scores = answer_scores(question, kr.Answer(text="I could not find that.", refused=True))
    assert (scores["answered"], scores["refused"]) == (0, 1)


def test_each_question_is_asked_of_the_tenant(serve):
    tenant = serve()
    found = evaluated(tenant)
    answers = [tenant.ask(question.text) for question in QUESTIONS]
    assert found.texts == tuple(answer.text for answer in answers)
    assert found.scores["refused"].tolist() == [answer.refused for answer in answers] == [0, 0, 1]
    assert found.scores["citation_precision"].tolist()[:2] == [1, 1]
    assert found.scores["answered"].tolist()[:2] == [1, 0]
    assert math.isnan(found.scores["answered"][2])
    assert (found.generation, found.candidate, found.questions) == (7, Candidate(), QUESTIONS)
    assert (found.latencies_ms > 0).all()
    assert np.isnan(found.costs).all()


def test_evidence_is_told_of_refused_questions_too(serve):
    tenant = serve()
    found = evaluated(tenant)
    answered = tenant.ask(QUESTIONS.questions[0].text)
    assert found.scores["evidence"][0] == answered.confidence
    assert found.scores["evidence"][2] < 0.5
    assert len(found.hits[2]) == len(tenant.search(QUESTIONS.questions[2].text)) > 0
    nearest = [max(hit.explain.dense_score for hit in tenant.search(question.text)) for question in QUESTIONS]
    assert found.nearest.tolist() == nearest
    assert found.threshold == THRESHOLD


def test_the_threshold_is_the_tenants_own_where_it_has_one(serve):
    tenant = serve()
    tenant.configure(kr.TenantSettings(answerable_score=1.0))
    found = evaluated(tenant)
    assert found.threshold == 1.0
    assert found.scores["evidence"][1] < 0.5
    assert found.scores["refused"].all()


def test_without_vectors_no_hit_is_near(serve):
    found = evaluated(serve(embedder=None))
    assert np.isnan(found.nearest).all()
    assert found.threshold == 0


def test_a_follow_up_is_asked_behind_the_turns_that_the_set_tells(serve):
    history = (("How long does a refund take?", "It takes very long."), ("Thank you!", "You are welcome."))
    question = Question(id="f", text="And what does it take that long for?", history=history, relevant={"refunds": 1})
    chat = ScriptedChatModel(["How long does a refund take for what?", "A refund takes 7 working days [1]."] * 2)
    tenant = serve(chat=chat)
    questions = QuestionSet(name="follow-ups", questions=(question,))
    for _ in range(2):  # a second run finds no turn of the first
        found = evaluated(tenant, questions)
        assert found.scores["citation_recall"].tolist() == [1]
        assert found.searched == ("How long does a refund take for what?",)
        said = [message.text for message in chat.prompts[-1].messages]
        assert [words for turn in history for words in turn] == said[:-1]


def test_a_models_tokens_cost_and_refusals_are_told(serve):
    replies = ["A refund takes 7 working days [1].", kr.ProviderUnavailableError("down"), REFUSAL_SENTINEL]
    found = evaluated(serve(chat=ScriptedChatModel(replies)))
    assert found.scores["degraded"].tolist() == [0, 1, 0]
    assert found.scores["refused"].tolist() == [0, 0, 1]
    assert (found.output_tokens[[0, 2]] > 0).all()
    assert (found.input_tokens[[0, 2]] > 0).all()


def test_a_filter_holds_for_answers_and_for_what_they_could_rest_on(serve):
    tenant = serve()
    tenant.ingest({"old": b"A refund took 30 working days."}, metadata={"kind": "old"})
    found = evaluated_answers(tenant, QUESTIONS, Candidate(), where={"kind": "old"}, generation=1)
    assert {hit.chunk.document_id for hits in found.hits for hit in hits} == {"old"}
    assert "30" in found.texts[0]
