import builtins
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.documents import Span
from konverze_core.errors import ConfigError, MissingExtraError
from konverze_rag.tuning.questions import files as question_files
from konverze_rag.tuning.questions.question import MAX_GRADE
from konverze_rag.tuning.questions.question_set import Passage, Question, QuestionSet

SECRET = "parrots"


def _read(tmp_path, *lines):
    path = tmp_path / "shop.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return QuestionSet.from_jsonl(path)


def test_a_blank_text_is_no_question():
    with pytest.raises(ConfigError, match="the question is empty"):
        Question(id="1", text=" ")


def _table(tmp_path, content):
    (tmp_path / "shop.csv").write_bytes(content.encode())
    return QuestionSet.from_csv(tmp_path / "shop.csv")


# JSON lines


def test_a_line_tells_all_that_is_known_of_a_question(tmp_path):
    line = {
        "id": "a",
        "question": "And for parrots?",
        "relevant": {"birds": 2, "fish": 1},
        "passages": [
            {"document_id": "birds", "span": [3, 9], "grade": 2},
            {"document_id": "birds", "text": "ninety rupees"},
        ],
        "answers": ["ninety rupees", "₹90"],
        "history": [["What do fish cost?", "Forty."], {"question": "And frogs?", "answer": "Fifty."}],
        "thread": "passed over",
    }
    (found,) = _read(tmp_path, line)
    assert found == Question(
        id="a",
        text="And for parrots?",
        relevant={"birds": 2, "fish": 1},
        passages=(
            Passage(document_id="birds", span=Span(3, 9), grade=2),
            Passage(document_id="birds", text="ninety rupees"),
        ),
        answers=("ninety rupees", "₹90"),
        history=(("What do fish cost?", "Forty."), ("And frogs?", "Fifty.")),
    )


def test_a_list_of_relevant_documents_takes_its_grades_from_beside(tmp_path):
    first, second, third = _read(
        tmp_path,
        {"text": "a", "relevant": ["x", "y"], "grades": {"x": 3}},
        {"text": "b", "grades": {"z": 2}},
        {"text": "c", "relevant": ["x"], "answers": None},
    )
    assert (first.relevant, second.relevant, third.relevant) == ({"x": 3, "y": 1}, {"z": 2}, {"x": 1})


def test_an_id_is_the_number_of_the_line_where_none_is_given(tmp_path):
    found = _read(tmp_path, {"question": "a"}, "", {"question": "b"}, {"id": 77, "question": "c"})
    assert [one.id for one in found] == ["1", "3", "77"]
    assert found.name == "shop"


def test_a_line_whose_question_is_blank_is_passed_over(tmp_path):
    found = _read(tmp_path, {"question": "a"}, {"id": "x", "text": ""}, {"question": " ", "text": "b"}, {"text": "c"})
    assert [(one.id, one.text) for one in found] == [("1", "a"), ("4", "c")]


def test_a_byte_order_mark_and_line_ends_of_windows_are_passed_over(tmp_path):
    path = tmp_path / "shop.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "a\xe2\x80\xa8b"}\r\n{"question": "b"}\r\n')
    assert [one.text for one in QuestionSet.from_jsonl(path, "other")] == ["a\u2028b", "b"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: Input data was truncated"),
        ('"parrots"', "line 2: a question is an object"),
        ({"id": "x"}, "there is no question"),
        ({"question": 7}, r"got `int` - at `\$.question`"),
        ({"question": "parrots" * 2000}, "at most 8000"),
        ({"question": "a", "relevant": "parrots"}, "Expected"),
        ({"question": "a", "relevant": {"parrots": 0}}, f"from 1 to {MAX_GRADE}"),
        ({"question": "a", "relevant": {"parrots": "high"}}, "Expected `int`"),
        ({"question": "a", "relevant": ["x"], "grades": {"parrots": 1}}, "that relevant does not"),
        ({"question": "a", "relevant": {"x": 1}, "grades": {"x": 1}}, "drop either"),
        ({"question": "a", "relevant": [""]}, "empty id"),
        ({"question": "a", "passages": [{"document_id": "parrots"}]}, "needs its text, or its span"),
        ({"question": "a", "passages": [{"document_id": "d", "span": [5, 5]}]}, "an end behind it"),
        ({"question": "a", "passages": [{"text": "parrots"}]}, "document_id"),
        ({"question": "a", "answers": ["parrots", "  "]}, "an answer is empty"),
        ({"question": "a", "answers": ["parrots" * 5000]}, "at most 20000"),
        ({"question": "a", "history": [["parrots"]]}, "history"),
        ({"question": "a", "unanswerable": "parrots"}, "Expected `bool`"),
        ({"question": "a", "unanswerable": True, "answers": ["parrots"]}, "drop either"),
        ({"id": "1", "question": "a"}, "line 2: the id is that of line 1"),
        ({"id": "x" * 501, "question": "a"}, "an id is 1 to 500"),
        ('{"question": "\\ud800"}', "line 2: "),
    ],
)
def test_an_error_names_the_line_and_what_is_wrong_and_quotes_nothing(tmp_path, line, said):
    with pytest.raises(ConfigError, match=said) as caught:
        _read(tmp_path, {"question": "parrots"}, line)
    assert str(caught.value).startswith("shop.jsonl, line 2: ")
    assert SECRET not in str(caught.value)


def test_a_file_without_questions_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="at least one question"):
        _read(tmp_path, "", "")


def test_a_file_that_is_not_utf8_is_refused_without_its_content(tmp_path):
    path = tmp_path / "shop.jsonl"
    path.write_bytes(b'{"question": "parrots"}\n{"question": "caf\xe9"}')
    with pytest.raises(ConfigError, match=r"shop\.jsonl, line 2: is not UTF-8") as caught:
        QuestionSet.from_jsonl(path)
    assert caught.value.__context__ is None


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="cannot be read"):
        QuestionSet.from_jsonl(tmp_path / "none.jsonl")
    monkeypatch.setattr(question_files, "MAX_FILE_BYTES", 3)
    with pytest.raises(ConfigError, match="is larger than"):
        _read(tmp_path, {"question": "a"})


# Writing

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
PASSAGES = st.builds(
    Passage,
    document_id=WORDS,
    text=WORDS,
    span=st.none() | st.builds(lambda start, size: Span(start, start + size), st.integers(0, 99), st.integers(1, 99)),
    grade=st.integers(1, 9),
)
ANSWERABLE = st.builds(
    Question,
    id=WORDS,
    text=WORDS,
    relevant=st.dictionaries(WORDS, st.integers(1, 9), max_size=3),
    passages=st.lists(PASSAGES, max_size=2).map(tuple),
    answers=st.lists(WORDS, max_size=2).map(tuple),
    history=st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
)
UNANSWERABLE = st.builds(Question, id=WORDS, text=WORDS, is_unanswerable=st.just(True))


@given(st.lists(ANSWERABLE | UNANSWERABLE, min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_what_is_written_is_read_as_the_same_questions(tmp_path_factory, questions):
    path = tmp_path_factory.mktemp("questions") / "shop.jsonl"
    written = QuestionSet(name="shop", questions=tuple(questions))
    written.to_jsonl(path)
    assert QuestionSet.from_jsonl(path) == written
    assert QuestionSet.from_jsonl(path).digest == written.digest


def test_a_written_file_is_for_its_owner_alone_and_replaces_none(tmp_path):
    questions = QuestionSet(name="shop", questions=(Question(id="1", text="a"),))
    questions.to_jsonl(tmp_path / "shop.jsonl")
    assert stat.S_IMODE((tmp_path / "shop.jsonl").stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        questions.to_jsonl(tmp_path / "shop.jsonl")
    with pytest.raises(ConfigError, match="cannot be written"):
        questions.to_jsonl(tmp_path / "none" / "shop.jsonl")


# CSV


def test_a_table_tells_documents_with_grades_and_answers(tmp_path):
    found = _table(
        tmp_path,
        "id,question,relevant,answers,unanswerable,note\r\n"
        'a,"What, then?",birds:2|fish| host:8080:1 ,ninety | ₹90,,x\r\n'
        "b,Do you sell cars?,,,TRUE\r\n"
        '\r\n,,,,,\r\n,"two\r\nlines",,,no,\r\n',
    )
    assert found.questions == (
        Question(
            id="a",
            text="What, then?",
            relevant={"birds": 2, "fish": 1, "host:8080": 1},
            answers=("ninety", "₹90"),
        ),
        Question(id="b", text="Do you sell cars?", is_unanswerable=True),
        Question(id="6", text="two\r\nlines"),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,asked\n1,parrots\n", "line 1: the first line names the columns"),
        ("id,question,id\n1,parrots,2\n", "line 1: two columns"),
        ("question,answers\na,b\nparrots,x,y\n", "line 3: the row has more cells"),
        ("question,relevant\na,parrots:0\n", "line 2: a grade is"),
        ("question,unanswerable\na,parrots\n", "line 2: unanswerable is true or false"),
        ('question\n"parrots', "line 2: unexpected end of data"),
        ("id,question\nx,a\nx,parrots\n", "line 3: the id is that of line 2"),
        ("id,question\nx,\n", "line 2: there is no question"),
    ],
)
def test_an_error_of_a_table_names_the_line_and_quotes_nothing(tmp_path, content, said):
    with pytest.raises(ConfigError, match=said) as caught:
        _table(tmp_path, content)
    assert SECRET not in str(caught.value)


# DataFrames


def test_a_frame_tells_what_a_line_of_json_tells():
    pd = pytest.importorskip("pandas", reason="needs the extra tuning: konverze-rag[tuning]")
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "question": ["a", "b", "c"],
            "relevant": ["x:2|y", ["z"], float("nan")],
            "answers": [None, pd.Series(["p", "q"]).to_numpy(), pd.NA],
            "unanswerable": [False, False, True],
            "unused": pd.to_datetime(["2026-01-01", None, None]),
        }
    )
    found = QuestionSet.from_frame(frame, "shop")
    assert found.questions == (
        Question(id="1", text="a", relevant={"x": 2, "y": 1}),
        Question(id="2", text="b", relevant={"z": 1}, answers=("p", "q")),
        Question(id="3", text="c", is_unanswerable=True),
    )


def test_an_error_of_a_frame_names_the_row():
    pd = pytest.importorskip("pandas", reason="needs the extra tuning: konverze-rag[tuning]")
    with pytest.raises(ConfigError, match="frame, row 2: there is no question"):
        QuestionSet.from_frame(pd.DataFrame({"question": ["parrots", None]}))
    with pytest.raises(ConfigError, match=r"pandas\.DataFrame, not list"):
        QuestionSet.from_frame([{"question": "a"}])


def test_a_frame_without_pandas_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without_pandas(name, *rest):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(MissingExtraError, match=r"konverze-rag\[tuning\]"):
        QuestionSet.from_frame(None)
