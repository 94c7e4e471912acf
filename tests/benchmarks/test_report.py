"""The gate fails where a figure got worse beyond its noise, and only there; tables say what they show."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import report
from benchmarks.ratios import Row, Watched, as_json, from_json

positive = st.floats(0.01, 1e4)
figures = st.builds(
    Watched, median=positive, spread=positive, goal=st.none() | positive, higher_is_better=st.booleans()
)
cells = figures | st.text("abc", max_size=3) | st.integers(0, 9) | positive | st.none()
rows = st.dictionaries(st.text("abc", min_size=1, max_size=2), cells)


@given(rows)
def test_a_row_comes_back_from_json_as_it_was(row: Row) -> None:
    assert from_json(json.loads(json.dumps(as_json(row)))) == row


@given(positive, st.floats(0.01, 0.5), st.floats(0.02, 0.5), st.booleans())
def test_the_gate_finds_what_is_worse_by_more_than_the_noise_and_nothing_else(
    median: float,
    noise: float,
    beyond: float,
    higher_is_better: bool,  # noqa: FBT001
) -> None:
    def row(factor: float) -> list[Row]:
        figure = Watched(median=median * factor, spread=median * noise, higher_is_better=higher_is_better)
        return [{"chunks": 10, "contestant": "ours", "p50 ms": 1.0, "quotient": figure}]

    worse = -1 if higher_is_better else 1
    assert not report.worse(row(1 + worse * noise * 0.99), row(1))
    assert not report.worse(row(1 - worse * (noise + beyond)), row(1)), "better is not worse"
    assert list(report.worse(row(1 + worse * (noise + beyond)), row(1))) == ["chunks 10, contestant ours, quotient"]


def test_a_row_that_was_not_recorded_is_no_failure() -> None:
    figure = Watched(median=9, spread=0.1)
    assert not report.worse(
        [{"chunks": 10, "quotient": figure}], [{"chunks": 20, "quotient": Watched(median=1, spread=0.1)}]
    )


def test_the_spread_of_repetitions_is_half_their_range_and_never_below_the_noise_between_runs() -> None:
    assert Watched.of([1.0, 2.0, 4.0]) == Watched(median=2.0, spread=1.5)
    assert Watched.of([2.0, 2.0, 2.0]).spread == pytest.approx(0.2)


def test_a_missed_goal_is_bold_in_the_table_and_a_reached_one_is_not() -> None:
    slow, fast = Watched(median=2, spread=0.1, goal=1.5), Watched(median=1, spread=0.1, goal=1.5)
    many = Watched(median=9, spread=0.1, goal=5, higher_is_better=True)
    lines = report.table([{"a": slow, "b": fast}, {"a": many, "c": 1234}]).splitlines()
    assert lines[0] == "| a | b | c |"
    assert lines[2:] == ["| **2 ± 0.1 (≤ 1.5)** | 1 ± 0.1 (≤ 1.5) |  |", "| 9 ± 0.1 (≥ 5) |  | 1,234 |"]


def test_each_mark_of_the_readme_belongs_to_a_question_of_the_suite() -> None:
    marked = [name for _, name, _ in report.MARKED.findall(report.README.read_text("utf-8"))]
    assert len(marked) == len(set(marked)) > 0
    assert all(find_spec(f"benchmarks.{name}") for name in marked)


def test_the_readme_shows_the_kept_rows_between_their_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    mark = "<!-- table: dense -->\n"
    rest = "<!-- end -->\nafter\n<!-- table: never -->\nas it was\n<!-- end -->\n"
    readme.write_text(f"before\n{mark}old\n{rest}")
    kept = {"rows": [{"chunks": 10}], "measured_at": "2026-01-01", "machine": {"cores": "2"}}
    (tmp_path / "dense.json").write_text(json.dumps(kept))
    monkeypatch.setattr(report, "README", readme)
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    for _ in range(2):
        report.rewrite_readme()
        shown = "\n| chunks |\n| --- |\n| 10 |\n\nMeasured 2026-01-01: cores 2.\n\n"
        assert readme.read_text() == f"before\n{mark}{shown}{rest}"
