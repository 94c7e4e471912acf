from __future__ import annotations

import pytest

from konverze_rag.answering.marks import is_mark, may_be_mark, numbers_of


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", [1]),
        ("[1, 2]", [1, 2]),
        ("[1;3]", [1, 3]),
        ("[1-3]", [1, 2, 3]),
        ("[2–900]", [2, 3, 4]),
        ("【2】", [2]),
        ("【2†source】", [2]),
        ("[Source 1]", [1]),
        ("[^1]", [1]),
        ("[१]", [1]),
        ("[9]", [9]),
        ("[3-1]", [3]),
    ],
)
def test_marks_name_sources(mark: str, numbers: list[int]) -> None:
    assert is_mark(mark)
    assert all(may_be_mark(mark[:end]) for end in range(1, len(mark) + 1))
    assert numbers_of(mark, most=4) == numbers


@pytest.mark.parametrize(
    "text", ["[see note]", "[text]", "[]", "[1a]", "[1.5]", "[x]", "[1\n]", "(1)", "[1234]", "[12 March]"]
)
def test_other_brackets_are_text(text: str) -> None:
    assert not is_mark(text)
