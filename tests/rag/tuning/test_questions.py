"""Sets of questions: what they refuse, how they are split, and what conversations and documents make of them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.answers import AnswerMode, Citation, Usage
from konverze_core.conversations import ConversationTurn, Feedback
from konverze_core.documents import Block, BlockKind, Document, Span
from konverze_core.errors import ConfigError
from konverze_indexes.terms import words
from konverze_loaders import load
from konverze_rag.tuning.measuring.scoring import scores_of
from konverze_rag.tuning.questions.question_set import Passage, Question, QuestionSet

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _set(*questions):
    return QuestionSet(name="shop", questions=questions)


def _ids(questions):
    return {one.id for one in questions}


def test_a_set_needs_a_name_and_questions_with_ids_of_their_own():
    with pytest.raises(ConfigError, match="needs a name"):
        QuestionSet(name=" ", questions=(Question(id="1", text="a"),))
    with pytest.raises(ConfigError, match="at least one question"):
        _set()
    with pytest.raises(ConfigError, match="questions 1 and 3 have the same id"):
        _set(Question(id="1", text="a"), Question(id="2", text="b"), Question(id="1", text="c"))
    with pytest.raises(ConfigError, match="at least one question"):
        _set(Question(id="1", text="a")).only(["2"], name="none")


def test_a_digest_is_over_all_that_is_known_and_not_over_the_name():
    one = Question(id="1", text="a", relevant={"d": 1, "e": 2})
    turned = Question(id="1", text="a", relevant={"e": 2, "d": 1})
    assert _set(one).digest == QuestionSet(name="other", questions=(turned,)).digest
    others = [
        Question(id="1", text="a", relevant={"d": 1, "e": 3}),
        Question(id="1", text="a", relevant={"d": 1, "e": 2}, answers=("x",)),
        Question(id="1", text="a", relevant={"d": 1, "e": 2}, passages=(Passage(document_id="d", span=Span(0, 1)),)),
        Question(id="1", text="a", relevant={"d": 1, "e": 2}, history=(("b", "c"),)),
    ]
    assert len({_set(one).digest, *(_set(other).digest for other in others)}) == 5


def test_a_question_is_judged_where_anything_is_known():
    assert not Question(id="1", text="a", history=(("b", "c"),)).is_judged
    assert Question(id="1", text="a", is_unanswerable=True).is_judged
    assert Question(id="1", text="a", answers=("x",)).is_judged


# Splitting

DOCUMENTS = st.lists(st.integers(0, 30), max_size=2)


@given(st.lists(DOCUMENTS, min_size=2, max_size=60), st.floats(0.1, 0.9), st.integers(0, 5))
def test_parts_have_neither_a_question_nor_a_document_in_common(documents, share, seed):
    questions = _set(
        *(
            Question(id=str(number), text=f"question {number}", relevant=dict.fromkeys(map(str, ids), 1))
            for number, ids in enumerate(documents)
        )
    )
    try:
        first, second = questions.split(share, seed=seed)
    except ConfigError:
        return
    assert _ids(first) | _ids(second) == _ids(questions)
    assert not _ids(first) & _ids(second)
    assert not {one for part in first for one in part.relevant} & {one for part in second for one in part.relevant}
    assert [one.id for one in first] == sorted((one.id for one in first), key=int)
    assert len(first) <= round(share * len(questions)) + 1


def _many(count, unanswerable=0):
    known = [Question(id=f"a{at}", text=f"asked {at}", relevant={f"d{at // 3}": 1}) for at in range(count)]
    return _set(*known, *(Question(id=f"u{at}", text=f"un {at}", is_unanswerable=True) for at in range(unanswerable)))


def test_a_split_keeps_to_its_share_of_answerable_and_of_unanswerable_questions():
    first, second = _many(240, 60).split(0.3, seed=1)
    assert sum(one.is_unanswerable for one in first) == 18
    assert sum(one.is_unanswerable for one in second) == 42
    assert sum(not one.is_unanswerable for one in first) == 72
    assert (first.name, second.name) == ("shop, first part", "shop, second part")


def test_a_split_is_the_same_for_the_same_seed_and_another_for_another():
    questions = _many(60)
    assert questions.split(seed=1) == questions.split(seed=1)
    assert questions.split(seed=1) != questions.split(seed=2)


def test_questions_about_the_same_passages_and_turns_of_a_conversation_stay_together():
    span = Passage(document_id="d0", span=Span(0, 9))
    linked = [
        Question(id="opening", text="What do fish cost?"),
        Question(id="next", text="And frogs?", history=(("What do fish cost?", "Forty."),)),
        Question(id="later", text="And parrots?", history=(("And frogs?", "Fifty."),), passages=(span,)),
        Question(id="alike", text="Parrot prices", relevant={"d0": 1}),
        Question(id="again", text="parrot  PRICES"),
    ]
    questions = _set(*linked, *(Question(id=str(at), text=f"other {at}") for at in range(20)))
    for seed in range(10):
        first, _ = questions.split(seed=seed)
        assert len(_ids(first) & _ids(linked)) in {0, len(linked)}


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        _many(9).split(share)


def test_questions_about_one_document_alone_are_not_split():
    with pytest.raises(ConfigError, match="a part would have no question"):
        _many(3).split()


# From conversations


def _turn(question, *, conversation="c", cited=(), feedback=None, refused=False):
    marks = enumerate(cited, 1)
    return ConversationTurn(
        conversation=conversation,
        visitor="asha@example.com",
        asked_at=NOON,
        question=question,
        answer=f"answer to {question}",
        citations=tuple(Citation(at, one.strip("?"), None, None, "", 1.0, "?" not in one) for at, one in marks),
        refused=refused,
        degraded=None,
        mode=AnswerMode.EXTRACTIVE,
        usage=Usage(),
        confidence=0.5,
        total_ms=1.0,
        generation=1,
        number=0,
        day=date(2026, 1, 1),
        feedback=None if feedback is None else Feedback(helpful=feedback, comment="", given_at=NOON),
    )


def test_only_what_a_person_has_said_of_an_answer_is_known():
    found = QuestionSet.from_conversations(
        [
            _turn("helpful", cited=("d1", "d2?", "d1"), feedback=True),
            _turn("unhelpful", cited=("d1",), feedback=False),
            _turn("silent", cited=("d1",)),
            _turn("refused", refused=True),
            _turn("rightly refused", refused=True, feedback=True),
            _turn("wrongly refused", refused=True, feedback=False),
        ]
    )
    assert [(dict(one.relevant), one.is_unanswerable) for one in found] == [
        ({"d1": 1}, False),
        ({}, False),
        ({}, False),
        ({}, False),
        ({}, True),
        ({}, False),
    ]
    assert [one.is_judged for one in found] == [True, False, False, False, True, False]


def test_a_question_has_the_earlier_turns_of_its_own_conversation():
    turns = [_turn("1"), _turn("x", conversation="other"), _turn("2"), _turn("3"), _turn("4")]
    found = QuestionSet.from_conversations(turns, history_turns=2)
    assert [[asked for asked, _ in one.history] for one in found] == [[], [], ["1"], ["1", "2"], ["2", "3"]]
    assert found.questions[2].history == (("1", "answer to 1"),)


def test_an_id_tells_neither_the_conversation_nor_the_visitor():
    found = QuestionSet.from_conversations([_turn("a", conversation="asha@example.com"), _turn("b")])
    assert [one.id for one in found] == ["2026-01-01/1", "2026-01-01/2"]


def test_what_a_tenant_stored_becomes_questions(acme):
    acme.ingest(b"A refund takes 7 days. Delivery takes 3 days.", source="policy")
    answer = acme.ask("How long does a refund take?", conversation="c")
    acme.give_feedback("c", answer.turn, helpful=True)
    acme.ask("And delivery?", conversation="c")
    first, second = QuestionSet.from_conversations(acme.turns(), "log")
    assert (first.text, dict(first.relevant)) == ("How long does a refund take?", {"policy": 1})
    assert second.history == (("How long does a refund take?", answer.text),)
    assert not second.is_judged
    assert scores_of(first, acme.search(first.text))["hit@1"] == 1


def test_without_turns_there_is_no_set(acme):
    with pytest.raises(ConfigError, match="at least one question"):
        QuestionSet.from_conversations(acme.turns())


# From documents

POLICY = """# Refunds

## Cancelled orders

A refund for a cancelled order is paid to the card within seven working days of the cancellation request.

## How long is the warranty?

Every induction cooktop carries a warranty of twenty-four months counted from the invoice date.

# Delivery in Pune

Couriers deliver pressure cookers to Pune addresses within two business days for forty rupees.
"""
HINDI = """# दुकान का समय

दुकान सोमवार से शनिवार सुबह दस बजे से रात आठ बजे तक ग्राहकों के लिए खुली रहती है।
रविवार और राष्ट्रीय अवकाश पर सभी शाखाएं बंद रहती हैं और फोन सेवा उपलब्ध नहीं होती।
"""


def _documents(**contents):
    return {f"{name}.md": load(text.encode(), name=f"{name}.md") for name, text in contents.items()}


def _span_text(documents, question):
    (passage,) = question.passages
    return documents[passage.document_id].text[passage.span.start : passage.span.end]


def test_headings_are_asked_for_by_their_path_and_answered_by_their_section():
    documents = _documents(policy=POLICY)
    found = {one.text: _span_text(documents, one) for one in QuestionSet.generated(documents)}
    assert found["Refunds: Cancelled orders?"].startswith("A refund for a cancelled")
    assert found["Refunds: Cancelled orders?"].endswith("cancellation request.")
    assert found["Refunds: How long is the warranty?"].startswith("Every induction cooktop")
    assert found["Delivery in Pune?"].startswith("Couriers deliver")
    assert "Refunds?" not in found


def test_sentences_are_asked_for_by_their_rarest_words_and_never_word_for_word():
    documents = _documents(policy=POLICY, timings=HINDI)
    found = [one for one in QuestionSet.generated(documents) if one.id.startswith("sentence")]
    assert len(found) == 5
    for question in found:
        sentence = _span_text(documents, question)
        asked = words(question.text)
        assert 3 <= len(asked) <= 6
        assert len(asked) <= len(words(sentence)) / 2
        assert question.text.endswith("?")
    assert any("induction" in one.text for one in found)
    assert sum("\u0900" <= one.text[0] <= "\u097f" for one in found) == 2


def test_generated_questions_are_found_where_they_were_made(acme):
    documents = _documents(policy=POLICY, timings=HINDI)
    acme.ingest({"policy.md": POLICY.encode(), "timings.md": HINDI.encode()})
    for question in QuestionSet.generated(documents):
        assert scores_of(question, acme.search(question.text))["hit@5"] == 1


def test_generated_questions_are_the_same_for_the_same_seed_and_no_more_than_asked_for():
    documents = _documents(policy=POLICY, timings=HINDI)
    turned = dict(reversed(documents.items()))
    assert QuestionSet.generated(documents, seed=1) == QuestionSet.generated(turned, seed=1)
    some = QuestionSet.generated(documents, count=4, seed=1)
    assert [one.id for one in some] == ["heading-1", "heading-2", "sentence-1", "sentence-2"]
    assert len({QuestionSet.generated(documents, count=4, seed=seed).digest for seed in range(6)}) > 1
    assert len(QuestionSet.generated(documents, count=8)) == 8


def test_what_stands_twice_is_not_asked_for():
    documents = _documents(policy=POLICY, copy=POLICY, timings=HINDI)
    assert {one.passages[0].document_id for one in QuestionSet.generated(documents)} == {"timings.md"}


def test_a_document_without_structure_is_asked_for_by_its_sentences():
    text = "Couriers deliver pressure cookers to Pune addresses within two business days for forty rupees."
    (question,) = QuestionSet.generated({"plain": Document(text=text)})
    assert question.passages == (Passage(document_id="plain", span=Span(0, len(text))),)


def test_documents_without_anything_to_ask_for_are_refused():
    empty = Document(text="Overview", blocks=(Block(kind=BlockKind.HEADING, span=Span(0, 8), level=1),))
    with pytest.raises(ConfigError, match="no headings above text"):
        QuestionSet.generated({"empty": empty})
    with pytest.raises(ConfigError, match="count is 1 or more"):
        QuestionSet.generated({"empty": empty}, count=0)
