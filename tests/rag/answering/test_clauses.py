from __future__ import annotations

import pytest

from konverze_rag.answering.clauses import clauses_of, shares_subject, shares_verb, spelled_out


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("Refunds take 7 days, exchanges 3 days.", ["Refunds take 7 days", "exchanges 3 days."]),
        ("Oil is included, filters are not.", ["Oil is included", "filters are not."]),
        ("It is closed on Mondays and on national holidays", ["It is closed on Mondays on national holidays"]),
        ("वर्ड नहीं चलेगी, फाइल पीडीएफ में भेजें", ["वर्ड नहीं चलेगी", "फाइल पीडीएफ में भेजें"]),
        ("Boats are late because of a storm", ["Boats are late because of a storm"]),
        ("If the seal is broken, the warranty is void.", ["If the seal is broken, the warranty is void."]),
        (
            "Cut strips, insulin and cold items are never returned",
            ["Cut strips, insulin cold items are never returned"],
        ),
        ("No onion and garlic is used, but salt is.", ["No onion garlic is used,", "salt is."]),
        ("हॉल में 600 और लॉन में 900 मेहमान बैठ सकते हैं", ["हॉल में 600", "लॉन में 900 मेहमान बैठ सकते हैं"]),
        ("The batch of ₹1,200 starts on 6 April, 2026", ["The batch of ₹1,200 starts on 6 April, 2026"]),
    ],
)
def test_a_sentence_is_cut_where_something_else_is_said(sentence: str, clauses: list[str]) -> None:
    assert [" ".join(clause.split()) for clause in clauses_of(sentence)] == clauses


def test_clauses_leave_subject_and_verb_to_each_other() -> None:
    assert shares_subject("does not run on Sundays")
    assert not shares_subject("the bus leaves at 7 am")
    assert shares_verb("हॉल में 600")
    assert not shares_verb("लॉन में 900 मेहमान बैठ सकते हैं")
    assert not shares_verb("the dropper batch on 22 June")


def test_a_clause_without_a_verb_is_spelled_out_by_the_one_before() -> None:
    clauses = clauses_of("The class size is 10 for glazing and 12 for weaving")
    assert [" ".join(clause.split()) for clause in spelled_out(clauses)] == [
        "The class size is 10 for glazing",
        "The class size is 12 for weaving",
    ]
