import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

import konverze_rag as kr
from konverze_rag.tuning.measuring.scoring import answer_rank
from konverze_rag.tuning.questions.question import Passage, Question
from konverze_rag.tuning.showing.highlighting import LEAD_CHARS, answering, marked
from tests.rag.tuning.findings import hit

TEXT = "Refunds  arrive in SEVEN\nworking days; gifts never. ₹40 ₹400 seven working daysish"


def words(question, chunk):
    return [chunk.text[span.start : span.end] for span in answering(question, chunk)]


def asked(*answers, passages=()):
    return Question(id="1", text="When?", answers=answers, passages=passages)


def test_answers_are_found_as_they_are_judged():
    chunk = hit(text=TEXT).chunk
    assert words(asked("seven working days"), chunk) == ["SEVEN\nworking days"]
    assert words(asked("₹40"), chunk) == ["₹40"]
    assert words(asked("working days", "in seven", "eleven"), chunk) == ["in SEVEN", "working days"]
    assert words(asked("in seven working", "working days"), chunk) == ["in SEVEN\nworking days"]


def test_answers_that_overlap_or_touch_are_one():
    assert words(asked("no no"), hit(text="yes no no no").chunk) == ["no no no"]
    chunk = hit(text="abcdef", span=kr.Span(0, 6)).chunk
    touching = [Passage(document_id="doc0", span=kr.Span(*ends)) for ends in ((3, 5), (1, 3))]
    assert words(asked(passages=tuple(touching)), chunk) == ["bcde"]


def test_signs_that_fold_into_several_keep_their_place():
    chunk = hit(text="  ﬁrst: straße ½ क़लम कीमत ").chunk
    assert words(asked("FIRST"), chunk) == ["ﬁrst"]
    assert words(asked("STRASSE"), chunk) == ["straße"]
    assert words(asked("कीमत"), chunk) == ["कीमत"]
    assert words(asked("की"), chunk) == []
    assert words(asked("क\u093cलम"), chunk) == ["क़लम"]


@given(st.text("aAß é\u0301ﬁ.-क़\u093c \n1½", max_size=14), st.text("aAß é\u0301ﬁ.-क़\u093c1½", min_size=1, max_size=3))
def test_an_answer_is_marked_where_a_hit_counts_as_holding_it(text, answer):
    if not answer.strip():
        return
    found = hit(text=text)
    assert bool(answering(asked(answer), found.chunk)) == (answer_rank([answer], [found]) == 1)


@pytest.mark.parametrize(
    ("passage", "found"),
    [
        (Passage(document_id="doc0", span=kr.Span(90, 107)), ["Refunds"]),
        (Passage(document_id="doc0", span=kr.Span(109, 115)), ["arrive"]),
        (Passage(document_id="doc0", span=kr.Span(0, 100)), []),
        (Passage(document_id="doc0", span=kr.Span(0, 999)), [TEXT]),
        (Passage(document_id="doc0", span=kr.Span(109, 115), text="gifts never"), ["arrive"]),
        (Passage(document_id="doc0", text="Gifts never."), ["gifts never."]),
        (Passage(document_id="doc0", text=f"Before. {TEXT} After."), [TEXT]),
        (Passage(document_id="doc1", text="gifts never"), []),
    ],
)
def test_passages_are_marked_by_their_place_or_by_their_words(passage, found):
    chunk = hit(text=TEXT, span=kr.Span(100, 100 + len(TEXT))).chunk
    assert words(asked(passages=(passage,)), chunk) == found


def test_a_long_text_shows_its_first_answer():
    text = "<b>" * 400 + "the answer" + "&" * 900
    shown = marked(text, (kr.Span(1200, 1210),), most_chars=300)
    assert "<mark>the answer</mark>" in shown
    left_out = [int(number.replace(",", "")) for number in re.findall(r"<i>… ([\d,]+) characters …</i>", shown)]
    assert left_out == [1200 - LEAD_CHARS, len(text) - (1200 - LEAD_CHARS) - 300]
    plain = unescape(re.sub(r"<i>.*?</i>|</?mark>", "", shown))
    assert plain == text[1200 - LEAD_CHARS : 1500 - LEAD_CHARS]


@given(
    st.text("<&>ab", max_size=40),
    st.lists(st.integers(0, 40), max_size=6, unique=True),
    st.integers(1, 50),
)
def test_what_is_shown_is_the_text(text, ends, most):
    ends = sorted(end for end in ends if end <= len(text))
    spans = [kr.Span(start, end) for start, end in zip(ends[::2], ends[1::2], strict=False)]
    shown = marked(text, spans, most_chars=most)
    plain = unescape(re.sub(r"<i>.*?</i>|</?mark>", "", shown))
    assert plain in text
    assert len(plain) == min(most, len(text))
    assert not spans or "<mark>" in shown
