from __future__ import annotations

from collections.abc import Sequence

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.extractive import Extract, extract_answer
from tests.rag.answering.claims import CLINIC_HI, PLANS, RETURNS


def hit(text: str, score: float = 1.0, document: str = "d") -> Hit:
    return Hit(chunk=Chunk(document_id=document, ordinal=0, text=text, span=Span(5, 5 + len(text))), score=score)


def test_the_sentence_that_answers_is_quoted() -> None:
    found = extract_answer("How long do refunds take?", [hit(RETURNS)])
    assert found.text == "Refunds are paid to the original payment method within 7 working days. [1]"
    (citation,) = found.citations
    assert citation.span is not None
    assert (" " * 5 + RETURNS)[citation.span.start : citation.span.end] == citation.quote


def test_hindi() -> None:
    found = extract_answer("रक्त जांच की रिपोर्ट कब मिलेगी?", [hit(CLINIC_HI)])
    assert found.text == "रक्त जाँच की रिपोर्ट 24 घंटे में मिलती है। [1]"


def test_a_row_brings_its_header() -> None:
    found = extract_answer("What does the Growth plan cost?", [hit(PLANS)])
    assert found.text.splitlines() == [
        "Plan | Price per month | Storage | Support [1]",
        "Growth | ₹799 | 50 GB | chat and e-mail [1]",
    ]


def test_an_announcement_brings_its_items() -> None:
    papers = "- PAN card\n- Aadhaar card\n- Two photographs"
    text = f"Loans\n\nYou need these documents for a loan:\n\n{papers}\n\nOur branch is in Pune."
    found = extract_answer("Which documents are needed for the loan?", [hit(text)])
    assert found.text.splitlines() == [
        "You need these documents for a loan: [1]",
        "- PAN card [1]",
        "- Aadhaar card [1]",
        "- Two photographs [1]",
    ]


def test_a_question_in_the_source_brings_its_answer() -> None:
    text = "Can I change my address?\n\nYes, once, until the parcel leaves.\n\nCan I pay in cash?\n\nYes, up to ₹5,000."
    assert (
        extract_answer("How do I change the address?", [hit(text)]).text
        == "Can I change my address? [1] Yes, once, until the parcel leaves. [1]"
    )


def test_the_answer_stays_in_the_best_hit() -> None:
    other = hit("Refunds take long elsewhere. Refunds are slow.", 0.5, "e")
    found = extract_answer("How long do refunds take?", [other, hit(RETURNS)])
    assert [citation.number for citation in found.citations] == [2]


def test_another_hit_adds_only_what_the_best_one_lacks() -> None:
    found = extract_answer(
        "How long do refunds and exchanges take?", [hit(RETURNS), hit("Exchanges take 3 days.", 0.5, "e")]
    )
    assert found.text.endswith("\nExchanges take 3 days. [2]")
    assert [citation.document_id for citation in found.citations] == ["d", "e"]


def test_similarity_chooses_where_words_cannot() -> None:
    def alike(_question: str, texts: Sequence[str]) -> list[float]:
        return [0.9 if "Refunds" in text else 0.8 for text in texts]

    assert extract_answer("पैसा कब वापस मिलेगा?", [hit(RETURNS)], similarity=alike).text.startswith("Refunds are paid")


def test_nothing_from_nothing() -> None:
    assert extract_answer("x?", []) == Extract("", ())
    assert extract_answer("x?", [hit("Refund policy")]).text == "Refund policy [1]"


def test_white_space_is_collapsed_and_the_length_bounded() -> None:
    text = "Refunds take\nseven  days. Refunds are free. Refunds are fast. Refunds are easy."
    found = extract_answer("refunds", [hit(text)], max_sentences=2)
    assert found.text == "Refunds take seven days. [1] Refunds are free. [1]"


def test_a_follow_up_is_answered_and_not_the_question_before_it() -> None:
    text = "The induction cooktop is under warranty for 24 months. The mixer motor is under warranty for 36 months."
    question = "How long is the warranty on the induction cooktop? And how long is it for the mixer?"
    assert extract_answer(question, [hit(text)]).text == "The mixer motor is under warranty for 36 months. [1]"


def test_the_unit_of_a_row_stands_in_its_header() -> None:
    text = "Care plans\n\nPlan | Price (Rs) | Visits\nAgni | 999 | 1\nVayu | 1,899 | 2"
    found = extract_answer("What is the price of the Vayu care plan?", [hit(text)])
    assert found.text == "Plan | Price (Rs) | Visits [1]\nVayu | 1,899 | 2 [1]"
