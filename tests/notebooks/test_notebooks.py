"""Each notebook runs from beginning to end, in a process of its own, without a network."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import konverze_rag as kr
from konverze_rag.tuning import QuestionSet
from konverze_rag.tuning.measuring.scoring import folded, holds_whole

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("[0-9]*.py"))
DOCUMENTS = Path(kr.__file__).parent / "demo_documents"

CPU_S = 90
"""Processor time of all threads of a notebook, at most, in seconds."""

WAIT_S = 230
"""Seconds to wait for a notebook on a machine that has other things to do."""

OFFLINE = """
import runpy, socket, sys

def refused(*_):
    raise OSError("a notebook called somewhere")

socket.getaddrinfo = socket.create_connection = socket.socket.connect = refused
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "KONVERZE_"))},
    "PYTHONPATH": os.pathsep.join(sys.path),
    "PYTHONIOENCODING": "utf-8",
    "OPENAI_API_KEY": "sk-that-no-notebook-uses",
}


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=ENVIRONMENT | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S)),
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_offline_and_becomes_a_page_that_fetches_nothing(path, tmp_path):
    run(tmp_path, "-c", OFFLINE, ROOT / "tools" / "notebook_pages.py", path, tmp_path / "pages")
    page = (tmp_path / "pages" / f"{path.stem}.html").read_text("utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    shown = re.sub(r"data:image/png;base64,[^\"]+", "", page)
    assert pictures
    assert len(set(pictures)) == len(pictures)
    assert "<script" not in shown
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", shown)
    assert not {"nan", "NaN", "None", "<NA>"} & set(re.findall("<td>(.*?)</td>", shown))


def test_a_notebook_is_a_program_too(tmp_path):
    run(tmp_path, FOLDER / "01_first_look.py")
    assert not [left.name for left in tmp_path.iterdir() if left.name.startswith("konverze-")]


def test_notebooks_are_in_the_form_that_marimo_writes(tmp_path):
    run(tmp_path, "-m", "marimo", "check", "--strict", *NOTEBOOKS)


def test_there_are_four_notebooks_and_no_output_of_any():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]
    assert {path.suffix for path in FOLDER.rglob("*") if path.is_file() and "__" not in str(path)} == {".py", ".jsonl"}


@pytest.fixture(scope="module")
def questions():
    return QuestionSet.from_jsonl(FOLDER / "questions.jsonl")


def test_the_questions_quote_the_demonstration_word_for_word(questions):
    for question in questions:
        for passage in question.passages:
            text = folded(kr.load(DOCUMENTS / passage.document_id).text)
            assert holds_whole(text, folded(passage.text)), question.id
            assert any(holds_whole(folded(passage.text), folded(answer)) for answer in question.answers), question.id


def test_the_questions_are_asked_in_three_ways_and_some_have_no_answer(questions):
    hindi = [one for one in questions if re.search("[\u0900-\u097f]", one.text)]
    hinglish = [one for one in questions if re.search(r"\b(kitne|kitna|hai|hain)\b", one.text)]
    assert min(len(hindi), len(hinglish)) >= 6
    assert sum(one.is_unanswerable for one in questions) >= 8
    assert sum(bool(one.history) for one in questions) >= 2
