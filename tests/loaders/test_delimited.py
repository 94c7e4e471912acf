from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_core.errors import LimitExceededError
from konverze_loaders import LoadLimits, load
from konverze_loaders.tabular.delimited import find_dialect

ROWS = [["Name", "City", "Since", "Amount"], ["Asha", "Pune", "2024-01-02", "1.5"], ["Ravi", "Goa", "2023-05-06", "2"]]
FACT = "Name: Asha | City: Pune | Since: 2024-01-02 | Amount: 1.5"


def _written(rows, **dialect):
    text = io.StringIO()
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_dialect_and_encoding(delimiter, quoting, encoding):
    data = _written(ROWS, delimiter=delimiter, quoting=quoting).decode().encode(encoding)
    document = load(data, name="a.csv")
    assert document.metadata["format"] == "csv"
    assert document.text.split("\n")[:2] == ["Name | City | Since | Amount", FACT]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b,c\n1,"x, y",3\n4,5,6\n', "a: 1 | b: x, y | c: 3"),
        ('a,b,c\n1,"two\nlines",3\n4,5,6\n', "a: 1 | b: two lines | c: 3"),
        ('a,b,c\n1,"so ""said""",3\n4,5,6\n', 'a: 1 | b: so "said" | c: 3'),
        ('a,b,c\n1,"so \\"said\\", he",3\n4,5,6\n', 'a: 1 | b: so "said", he | c: 3'),
        ("a,b,c\n'1','x, y','3'\n'4','5','6'\n", "a: 1 | b: x, y | c: 3"),
        ("preis;menge\n1,5;2,3\n2,5;3,3\n", "preis: 1,5 | menge: 2,3"),
        ("sep=;\na;b\n1;2\n", "a: 1 | b: 2"),
        ('a,b,c\n1,"2,3\n4,5,6\n7,8,9\n', "a: 4 | b: 5 | c: 6"),
    ],
)
def test_cells_that_hold_delimiters_quotes_and_line_ends(text, line):
    assert line in load(text.encode(), name="a.csv").text.split("\n")


def test_a_title_above_and_rows_of_other_lengths():
    document = load(b"Sales of 2024\n\nPlan,Price\nBasic,499\nPro,999,extra\nGold\n", name="sales.csv")
    assert document.text.split("\n") == [
        "Sales of 2024", "", "Plan | Price", "Plan: Basic | Price: 499", "Plan: Pro | Price: 999 | extra", "Plan: Gold",
    ]  # fmt: skip


def test_a_table_without_names_keeps_its_cells():
    assert load(b"1,2,3\n4,,6\n", name="a.csv").text == "1 | 2 | 3\n4 |  | 6"


def test_without_an_extension_only_even_tables_are_tables():
    assert load(b"id,name,city\n1,A,Pune\n2,B,Goa\n3,C,Agra\n").metadata["format"] == "csv"
    document = load(b"id\tname\n1\tA\n2\tB\n3\tC\n", name="a.txt")
    assert (document.metadata["format"], document.metadata["declared_format"]) == ("csv", "text")


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\n\nHello, world, again.\nYes, sir, no.\nOne, two, three.\nSee, hear, speak.\n",
        "Hello, world, again.\nYes, sir, no.\nOne, two, three.\nSee, hear, speak.\n",
        "Roses, red, sweet,\nViolets, blue, wild,\nSugar, fine, white,\nAnd so, too, you,\n",
        "int a = f(1, 2);\nint b = f(2, 3);\nint c = f(3, 4);\nint d = f(4, 5);\n",
        "INSERT INTO t VALUES (1, 'a', 2);\nINSERT INTO t VALUES (2, 'b', 3);\n" * 3,
        "\tone\n\ttwo\n\tthree\n\tfour\n",
        "| a | b |\n| c | d |\n| e | f |\n| g | h |\n",
        "a,b,c\n1,2,3\n",
        "12:00,123 started\n12:01,124 worked\n12:02,125 stopped\n12:03,126 gone\n",
    ],
)
def test_prose_and_code_are_no_tables(text):
    assert find_dialect(text, is_declared=False) is None


def test_a_quote_far_down_that_nothing_closes_is_none():
    rows = "".join(f"{n},b,c\n" for n in range(20_000))
    text = load(f'one,two,three\n{rows}1,"open,3\n{rows}'.encode(), name="a.csv").text
    assert 'one: 1 | two: "open | three: 3' in text
    assert text.count("one: 19999 | two: b | three: c") == 2


def test_cells_are_counted_before_they_are_made():
    with pytest.raises(LimitExceededError, match="max_cells"):
        load(b"1," * 4_000_000, name="a.csv", limits=LoadLimits(max_cells=3_000_000))


@given(st.lists(st.lists(st.text("ab ,;\"'\n1", max_size=4), min_size=3, max_size=3), min_size=2, max_size=6))
def test_no_word_is_lost(rows):
    data = _written([["first", "second", "third"], *rows])
    # Where quotes and delimiters fit several dialects, one of them may stay; words are never lost.
    text = _bare(load(data, name="a.csv").text)
    for word in (word for row in rows for cell in row for word in cell.replace(",", " ").replace(";", " ").split()):
        assert _bare(word) in text


def _bare(text):
    return text.replace('"', "").replace("'", "")
