"""The README's examples run as printed."""

import re
from pathlib import Path

import pytest

import konverze_rag as kr

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_first_example_answers_as_its_comments_say(capsys):
    code = BLOCKS[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    exec(compile(code, str(README), "exec"), {})
    promised = re.findall(r"# (.+)", "\n".join(line for line in code.splitlines() if "# Refunds" not in line))
    assert capsys.readouterr().out.splitlines() == promised


def test_the_second_example_runs(capsys):
    (Path("handbook.pdf")).write_bytes(b"The refund window is 14 days.")
    (Path("policy.docx")).write_bytes(b"Gift cards are never refunded.")
    Path("manuals").mkdir()
    Path("manuals/kettle.md").write_text("Descale the kettle once a month.", "utf-8")
    names = {"kr": kr}
    exec(compile(BLOCKS[1], str(README), "exec"), names)
    assert names["report"].documents == 2
    assert names["hits"]
    assert isinstance(names["event"], kr.Done)
    names["engine"].close()


def test_the_third_example_chooses_by_one_half_and_measures_on_the_other(capsys):
    Path("questions.jsonl").write_text(
        '{"question": "How often is the kettle descaled?", "relevant": ["kettle.md"]}\n'
        '{"question": "Are gift cards refunded?", "relevant": ["policy.md"]}\n'
    )
    with kr.Engine.open("data") as engine:
        acme = engine.tenant("acme")
        kettle, policy = b"Descale the kettle once a month.", b"Gift cards are never refunded."
        acme.ingest({"kettle.md": kettle, "policy.md": policy})
        exec(compile(BLOCKS[2], str(README), "exec"), {"acme": acme})
    assert capsys.readouterr().out
