from __future__ import annotations

import pytest

from konverze_core.answers import Cited, Event, Token, Unsupported
from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.marks import REFUSAL_SENTINEL
from konverze_rag.answering.streaming_citations import CitationStream

TEXTS = (
    "Refunds take 7 working days. Opened items cannot be returned.",
    "Delivery is free above ₹500. We deliver to Pune and Nashik.",
    "The warranty lasts 24 months.",
)
SOURCES = tuple(
    Hit(chunk=Chunk(document_id=f"d{place}", ordinal=0, text=text, span=Span(10, 10 + len(text))), score=1.0)
    for place, text in enumerate(TEXTS)
)


def streamed(answer: str, *, unmarked: bool = False) -> CitationStream:
    stream = CitationStream(SOURCES, cite_unmarked=unmarked)
    for character in answer:
        stream.feed(character)
    stream.finish()
    return stream


@pytest.mark.parametrize(
    ("answer", "text", "numbers", "removed"),
    [
        ("Refunds take 7 days [1].", "Refunds take 7 days [1].", [1], 0),
        ("Refunds take 7 days. [1] Bye.", "Refunds take 7 days. [1] Bye.", [1], 0),
        ("Refunds take 90 days [1].", "Refunds take 90 days.", [], 1),
        ("Refunds take 7 days [9].", "Refunds take 7 days.", [], 1),
        ("Refunds take 7 days [0] or so", "Refunds take 7 days or so", [], 1),
        ("Refunds take 7 days [9]and more", "Refunds take 7 days and more", [], 1),
        ("Refunds take 7 days [1, 9].", "Refunds take 7 days [1].", [1], 1),
        ("Refunds take 7 days [1][2].", "Refunds take 7 days [1].", [1], 1),
        ("Refunds take 7 days [2][1].", "Refunds take 7 days [1].", [1], 1),
        ("Refunds take 7 days [1][1].", "Refunds take 7 days [1].", [1], 0),
        ("Refunds take 7 days 【1】.", "Refunds take 7 days [1].", [1], 0),
        (
            "Refunds take 7 days [1] and the warranty lasts 24 months [3].",
            "Refunds take 7 days [1] and the warranty lasts 24 months [3].",
            [1, 3],
            0,
        ),
        (
            "- Refunds take 7 days [1]\n- The warranty lasts 24 months [3]\n",
            "- Refunds take 7 days [1]\n- The warranty lasts 24 months [3]\n",
            [1, 3],
            0,
        ),
        ("Refunds take 7 days.\n[1]", "Refunds take 7 days.\n[1]", [1], 0),
        ("**Refunds** take **7 days** [1].", "**Refunds** take **7 days** [1].", [1], 0),
        ("Opened items can be returned [1].", "Opened items can be returned.", [], 1),
    ],
)
def test_marks_are_verified(answer: str, text: str, numbers: list[int], removed: int) -> None:
    stream = streamed(answer)
    assert stream.text == text
    assert [found.number for found in stream.citations] == numbers
    assert stream.removed == removed
    assert not stream.refused


@pytest.mark.parametrize(
    "answer",
    [
        "See [the note] and [text](https://a.example/b[1]).",
        "Read [1](https://a.example) first",
        "Use `array[1]` here",
        "```\nx = rows[1]\n```\n",
        "A [ 12 March ] date, [[x]], a[i], [] and [",
        "\\[1\\] is not one",
        "NO problem. NO_",
        "trailing [1",
    ],
)
def test_other_brackets_pass_unharmed(answer: str) -> None:
    stream = streamed(answer)
    assert stream.text == answer
    assert stream.removed == 0


def test_text_flows_at_once_and_a_mark_waits() -> None:
    stream = CitationStream(SOURCES)
    assert stream.feed("Refunds take 7 days") == [Token("Refunds take 7 days")]
    assert stream.feed(" [1") == []
    assert stream.feed("]") == []
    (first, cited, last) = stream.feed(".")
    assert (first, last) == (Token(" [1]"), Token("."))
    assert isinstance(cited, Cited)
    assert cited.citation.quote == "Refunds take 7 working days."
    assert cited.citation.span == Span(10, 38)


def test_a_number_is_cited_once_a_sentence() -> None:
    stream = CitationStream(SOURCES)
    events: list[Event] = stream.feed(
        "Refunds take 7 days [1], 7 working days [1]. Opened items cannot be returned [1]."
    )
    events += stream.finish()
    assert sum(isinstance(event, Cited) for event in events) == len(stream.citations) == 2
    assert stream.text.count("[1]") == 3


@pytest.mark.parametrize(
    "answer", [REFUSAL_SENTINEL, f" {REFUSAL_SENTINEL}.", f"**{REFUSAL_SENTINEL}**", f"{REFUSAL_SENTINEL}\nSorry [1]"]
)
def test_a_refusal_says_nothing(answer: str) -> None:
    stream = CitationStream(SOURCES)
    assert stream.feed(answer) + stream.finish() == []
    assert stream.refused
    assert stream.text == ""


def test_a_late_sentinel_is_not_shown() -> None:
    late = streamed(f"Refunds take 7 days [1]. {REFUSAL_SENTINEL}")
    assert (late.text.strip(), late.refused) == ("Refunds take 7 days [1].", False)
    assert streamed(f"I am sorry: {REFUSAL_SENTINEL}").refused


def test_strongly_supported_sentences_without_a_mark_are_cited_beside_the_text() -> None:
    stream = CitationStream(SOURCES)
    stream.feed("Refunds take 7 working days. The warranty lasts 24 months. Opened items can be returned.")
    assert stream.citations == ()
    events = stream.finish()
    quotes = [event.citation.quote for event in events if isinstance(event, Cited)]
    assert quotes == ["Refunds take 7 working days.", "The warranty lasts 24 months."]
    assert "[" not in stream.text


@pytest.mark.parametrize(
    ("answer", "unsupported"),
    [
        ("Refunds take 7 days [1]. Our shop won a design award.", ["Our shop won a design award."]),
        ("Refunds take 90 working days [1].", ["Refunds take 90 working days."]),
        ("We sell [9] blue bicycles. Refunds take 7 days [1][9], see? Sure!", ["We sell blue bicycles."]),
        ("Refunds take 7 days [1] [1]\nBlue bicycles are sold [2] here", ["Blue bicycles are sold here"]),
        ("Do you like blue bicycles? We sell these blue bicycles:\n```\nblue bicycles run fast\n```\n", []),
        ("Refunds take 7 days [3].", []),
        ("Our trucks deliver to Pune and Nashik.", []),
    ],
)
def test_sentences_that_no_source_supports_are_told(answer: str, unsupported: list[str]) -> None:
    stream = CitationStream(SOURCES)
    events = [event for character in answer for event in stream.feed(character)] + stream.finish()
    assert [stream.text[span.start : span.end] for span in stream.unsupported] == unsupported
    assert [event.span for event in events if isinstance(event, Unsupported)] == [*stream.unsupported]


def test_a_sentence_with_the_wrong_mark_gets_the_right_citation() -> None:
    stream = CitationStream(SOURCES)
    events = stream.feed("Refunds take 7 working days [2].") + stream.finish()
    assert stream.removed == 1
    assert [event.citation.number for event in events if isinstance(event, Cited)] == [1]


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        ("Refunds take 7 working days [1].", 0.9, 1.0),
        ("Refunds take 7 working days [1]. Our shop won a design award.", 0.45, 0.5),
        ("Yes, free above ₹500 [2].", 0.6, 1.0),
        ("Our shop won a design award.", 0.0, 0.0),
        ("Sure!", 0.0, 0.0),
    ],
)
def test_confidence_is_the_mean_support_of_what_is_claimed(answer: str, least: float, most: float) -> None:
    stream = CitationStream(SOURCES)
    stream.feed(answer)
    stream.finish()
    assert least <= stream.confidence <= most
