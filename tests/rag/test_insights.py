"""What turns tell together: counts held to turns that were counted by hand, and groups of questions."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

import konverze_rag as kr
from konverze_rag.conversations import insights_of, question_groups
from konverze_rag.conversations.insights import MAX_CITED
from konverze_rag.conversations.question_groups import MAX_TOLD_GROUPS, QuestionGroups

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAY_S = 86_400
PLAIN = kr.ConversationTurn(
    conversation="c",
    visitor=None,
    asked_at=START,
    question="How long does a refund take?",
    answer="7 days.",
    citations=(),
    refused=False,
    degraded=None,
    mode=kr.AnswerMode.GENERATED,
    usage=kr.Usage(),
    confidence=1.0,
    total_ms=10.0,
    generation=1,
    number=0,
    day=date(2026, 1, 1),
    feedback=None,
)


def _cites(*documents):
    return tuple(
        kr.Citation(number=1, document_id=one, page=None, span=None, quote="q", score=1.0, supported=True)
        for one in documents
    )


def _told(*questions):
    groups = QuestionGroups()
    for number, question in enumerate(questions):
        groups.add(question, START + timedelta(minutes=number))
    return groups.told()


def test_turns_are_counted_by_conversation_visitor_and_outcome():
    found = insights_of(
        [
            replace(PLAIN, conversation="one", visitor="asha"),
            replace(PLAIN, conversation="one", visitor="asha", refused=True),
            replace(PLAIN, conversation="two", visitor="ravi", degraded="model down"),
            replace(PLAIN, conversation="three"),
        ]
    )
    assert (found.turns, found.conversations, found.visitors) == (4, 3, 2)
    assert (found.refused, found.degraded) == (1, 1)
    assert (found.answered_share, found.refused_share, found.degraded_share) == (0.75, 0.25, 0.25)


def test_no_turns_are_no_error():
    found = insights_of([])
    assert (found.turns, found.cost, found.unanswered, found.cited) == (0, 0.0, (), ())
    assert (found.answered_share, found.refused_share, found.latency_p50_ms, found.latency_p99_ms) == (0, 0, 0, 0)


def test_latencies_are_those_of_the_turns_to_three_figures():
    found = insights_of(replace(PLAIN, total_ms=float(number)) for number in range(1, 101))
    assert (found.latency_p50_ms, found.latency_p99_ms) == (50, 99)
    found = insights_of([replace(PLAIN, total_ms=1234.5), replace(PLAIN, total_ms=0.12345)])
    assert (found.latency_p50_ms, found.latency_p99_ms) == (0.123, 1230)


def test_tokens_and_costs_are_added_up():
    usages = [kr.Usage(100, 20, 0.25), kr.Usage(50, 10, 0.5), kr.Usage()]
    found = insights_of(replace(PLAIN, usage=usage) for usage in usages)
    assert (found.input_tokens, found.output_tokens, found.cost, found.unpriced) == (150, 30, 0.75, 0)


def test_answers_without_a_price_are_counted_beside_the_cost_of_the_others():
    usages = [kr.Usage(100, 20, 0.25), kr.Usage(50, 10, None), kr.Usage(1, 1, 0.5)]
    found = insights_of(replace(PLAIN, usage=usage) for usage in usages)
    assert (found.input_tokens, found.cost, found.unpriced) == (151, 0.75, 1)


def test_feedback_is_counted():
    said = [True, False, True, None]
    found = insights_of(
        replace(PLAIN, feedback=None if one is None else kr.Feedback(helpful=one, comment="", given_at=START))
        for one in said
    )
    assert (found.helpful, found.unhelpful) == (2, 1)


def test_a_document_counts_once_an_answer_and_the_most_cited_come_first():
    cited = [("a", "a", "b"), ("b",), ("b", "c"), ()]
    found = insights_of(replace(PLAIN, citations=_cites(*documents)) for documents in cited)
    assert [(one.document_id, one.turns) for one in found.cited] == [("b", 3), ("a", 1), ("c", 1)]
    found = insights_of(replace(PLAIN, citations=_cites(f"{number:05d}")) for number in range(MAX_CITED + 5))
    assert (len(found.cited), found.cited_left_out) == (MAX_CITED, 5)


def test_only_unanswered_questions_are_grouped():
    found = insights_of([replace(PLAIN, question="Do you deliver?"), replace(PLAIN, question="Parking?", refused=True)])
    assert [group.example for group in found.unanswered] == ["Parking?"]


@pytest.mark.parametrize(
    "questions",
    [
        ("Do you ship to Pune?", "do you SHIP to pune", "Shipping to Pune?"),
        ("Where is my order 12345?", "Where is my order 99?"),
        ("Is there a warranty on kettles?", "kettle warranty", "What warranty does the kettle have?"),
        ("Can I return gift cards?", "gift card return policy"),
        ("वापसी में कितने दिन लगते हैं?", "वापसी के लिए कितने दिन लगेंगे"),
    ],
)
def test_the_same_question_in_other_words_is_one_group(questions):
    (group,), left_out = _told(*questions)
    assert (group.example, group.questions, left_out) == (questions[0], len(questions), 0)
    assert group.last_asked_at == START + timedelta(minutes=len(questions) - 1)


@pytest.mark.parametrize(
    "questions",
    [
        ("Do you ship to Pune?", "Do you have a shop in Mumbai?"),
        ("Is the LK-204 in stock?", "Is the NV-300 in stock?"),
        ("What is the price of the kettle?", "What is the warranty of the kettle?"),
        ("How do I reset my password?", "How do I close my account?"),
    ],
)
def test_other_questions_are_other_groups(questions):
    groups, _ = _told(*questions)
    assert len(groups) == len(questions)


def test_questions_without_words_are_one_group():
    groups, _ = _told("???", "!", "...")
    assert [group.questions for group in groups] == [3]


def test_the_largest_groups_come_first_and_the_others_are_counted():
    words = [f"sku{number}" for number in range(MAX_TOLD_GROUPS + 20)]
    groups, left_out = _told(*words, *words[5:8], words[6])
    assert [group.example for group in groups[:3]] == [words[6], words[7], words[5]]
    assert [group.questions for group in groups[:3]] == [3, 2, 2]
    assert (len(groups), left_out) == (MAX_TOLD_GROUPS, 20)


def test_memory_is_bounded_and_what_is_asked_often_stays(monkeypatch):
    monkeypatch.setattr(question_groups, "MAX_GROUPS", 50)
    groups = QuestionGroups()
    for number in range(2_000):
        groups.add(f"What about q{number:05d}x?", START)
        groups.add("Do you ship to Pune?", START)
        assert len(groups._groups) <= 50
    told, left_out = groups.told()
    assert (told[0].example, told[0].questions) == ("Do you ship to Pune?", 2_000)
    assert left_out + sum(group.questions for group in told) == 4_000
    assert sum(map(len, groups._by_word.values())) < 200


def test_the_time_a_question_takes_does_not_grow_with_those_before_it():
    groups, taken_s = QuestionGroups(), []
    for third in range(3):
        started = time.process_time()
        for number in range(third * 1_200, (third + 1) * 1_200):
            groups.add(f"Are kettles good for a{number}x and b{number}x?", START)
        taken_s.append(time.process_time() - started)
    assert len(groups._groups) == 3_600
    assert taken_s[2] < 3 * taken_s[0]  # were each compared with all before, it would be 5


def test_a_question_of_a_thousand_words_is_soon_compared():
    groups = QuestionGroups()
    started = time.perf_counter()
    for number in range(100):
        groups.add(" ".join(f"word{number}x{word}" for word in range(900)), START)
    assert time.perf_counter() - started < 10


def test_a_tenant_is_told_of_its_own_turns_by_day(make_engine, clock):
    engine = make_engine()
    acme, globex = engine.tenant("acme"), engine.tenant("globex")
    acme.ingest(b"A refund takes 7 days.", source="policy")
    acme.ask("How long does a refund take?", conversation="c", visitor="asha")
    globex.ask("Is there parking in canary town?", conversation="c")
    clock.advance(DAY_S)
    acme.ask("Do you sell kettles?", conversation="c", visitor="asha")
    first = date(2026, 1, 1)
    acme.give_feedback("c", kr.TurnId(first, 0), helpful=True)
    found = acme.insights()
    assert (found.turns, found.conversations, found.visitors, found.refused, found.helpful) == (2, 1, 1, 1, 1)
    assert [(one.document_id, one.turns) for one in found.cited] == [("policy", 1)]
    assert [group.example for group in found.unanswered] == ["Do you sell kettles?"]
    assert found.latency_p99_ms > 0
    assert "canary" not in repr(found)
    assert acme.insights(until=first).refused == acme.insights(since=first + timedelta(days=1)).helpful == 0
    acme.erase_visitor("asha")
    assert acme.insights().turns == 0
    with pytest.raises(kr.ConfigError):
        acme.insights(since="yesterday")
