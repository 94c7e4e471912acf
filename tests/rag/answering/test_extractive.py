from __future__ import annotations

from collections.abc import Sequence

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.extractive import Extract, extract_answer
from tests.rag.answering.claims import CLINIC_HI, HOTEL, PLANS, RETURNS


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
        "Plan | Price per month | Storage | Support",
        "Growth | ₹799 | 50 GB | chat and e-mail [1]",
    ]


def test_an_announcement_brings_its_items() -> None:
    papers = "- PAN card\n- Aadhaar card\n- Two photographs"
    text = f"Loans\n\nYou need these documents for a loan:\n\n{papers}\n\nOur branch is in Pune."
    found = extract_answer("Which documents are needed for the loan?", [hit(text)])
    assert found.text.splitlines() == [
        "You need these documents for a loan:",
        "- PAN card [1]",
        "- Aadhaar card [1]",
        "- Two photographs [1]",
    ]


def test_a_question_in_the_source_brings_its_answer() -> None:
    text = "Can I change my address?\n\nYes, once, until the parcel leaves.\n\nCan I pay in cash?\n\nYes, up to ₹5,000."
    assert (
        extract_answer("How do I change the address?", [hit(text)]).text
        == "Can I change my address? Yes, once, until the parcel leaves. [1]"
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


SPEEDS = "Plan | Speed | Monthly price\nNV-100 | 100 Mbps | ₹499\nNV-300 | 300 Mbps | ₹899"
SERVICES = "Service | Duration | Price\nLine check | 30 minutes | ₹200\nVisit V-2 | 2 hours | ₹900"


def test_headers_and_headings_of_another_hit_are_not_added() -> None:
    others = [hit(SERVICES, 0.5, "e"), hit("# Prices of services\n\nService price list", 0.4, "f")]
    found = extract_answer("What is the service price of NV-300?", [hit(SPEEDS), *others])
    assert found.text == "Plan | Speed | Monthly price\nNV-300 | 300 Mbps | ₹899 [1]"
    assert [citation.quote for citation in found.citations] == ["NV-300 | 300 Mbps | ₹899"]


def test_a_row_of_another_hit_is_added_under_its_header_and_only_for_a_code_or_name() -> None:
    found = extract_answer("What do NV-300 and visit V-2 cost?", [hit(SPEEDS), hit(SERVICES, 0.5, "e")])
    assert found.text.endswith("\nService | Duration | Price\nVisit V-2 | 2 hours | ₹900 [2]")
    assert [citation.number for citation in found.citations] == [1, 2]
    without = extract_answer("What do NV-300 and a service visit cost?", [hit(SPEEDS), hit(SERVICES, 0.5, "e")])
    assert [citation.number for citation in without.citations] == [1]


def test_a_sentence_about_something_else_is_not_added() -> None:
    prices = "LK-204/A  Mixer 500 W: ₹3,199\nLK-204/B  Mixer 750 W: ₹4,299"
    other = hit("The pick-up costs Rs 80. The showroom is in Pune.", 0.5, "e")
    assert extract_answer("What does LK-204/B cost?", [hit(prices), other]).text == "LK-204/B Mixer 750 W: ₹4,299 [1]"
    asked = "What does LK-204/B cost at your showroom?"
    assert extract_answer(asked, [hit(prices), other]).text == "LK-204/B Mixer 750 W: ₹4,299 [1]"


def test_what_a_source_repeats_is_said_once() -> None:
    text = "Refunds take 7 days. Call us first. Refunds  take 7 days. Refunds take\n7 days."
    assert extract_answer("How long do refunds take?", [hit(text)]).text == "Refunds take 7 days. [1]"
    table = "Plan | Price\nVayu | 899\nVayu | 899"
    assert extract_answer("price of Vayu?", [hit(table)]).text == "Plan | Price\nVayu | 899 [1]"


def test_what_all_sentences_share_tells_nothing() -> None:
    text = "गृह ऋण की ब्याज दर 8.75 प्रतिशत है। गृह ऋण की अवधि 20 वर्ष है। संपत्ति के दस्तावेज़ शाखा में जमा होते हैं।"
    found = extract_answer("गृह ऋण के लिए कौन से दस्तावेज़ चाहिए?", [hit(text)])
    assert found.text == "संपत्ति के दस्तावेज़ शाखा में जमा होते हैं। [1]"


def test_a_sentence_that_names_documents_tells_which() -> None:
    papers = "आवेदन के साथ आधार कार्ड, पैन कार्ड और वेतन पर्ची लगाएँ।"
    text = f"गृह ऋण की ब्याज दर 8.75 प्रतिशत है। गृह ऋण की अवधि 20 वर्ष है। {papers}"

    def alike(_question: str, _texts: Sequence[str]) -> list[float]:
        return [0.857, 0.864, 0.826]  # as multilingual-e5-small has them

    found = extract_answer("गृह ऋण के लिए कौन से दस्तावेज़ चाहिए?", [hit(text)], similarity=alike)
    assert found.text == f"{papers} [1]"


def test_similarity_alone_decides_without_a_known_word() -> None:
    def alike(_question: str, texts: Sequence[str]) -> list[float]:
        return [0.8 if "Pets" in text else 0.76 for text in texts]

    found = extract_answer("Kya hotel mein kutta la sakte hain?", [hit(HOTEL)], similarity=alike)
    assert found.text == "Pets are not allowed in the rooms, but they may stay in the garden house. [1]"


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
    assert found.text == "Plan | Price (Rs) | Visits\nVayu | 1,899 | 2 [1]"
