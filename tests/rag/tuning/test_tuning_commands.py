import json
import os
import sys

import pytest

from konverze_rag.cli import main

TOPICS = {
    "warranty": "The induction cooktop is under warranty for 24 months from the date of the invoice.",
    "refunds": "A refund is paid within seven working days to the card that was charged.",
    "repairs": "Repairs are done at the workshop in Nashik; spare parts are kept for five years.",
    "gifts": "Gift cards are valid for one year and are never paid out in money.",
}
QUESTIONS = [
    {"id": "1", "question": "How long is the cooktop's warranty?", "relevant": ["warranty.md"]},
    {"id": "2", "question": "When is a refund paid?", "relevant": ["refunds.md"], "answers": ["seven working days"]},
    {"id": "3", "question": "Where are repairs done?", "relevant": ["repairs.md"]},
    {"id": "4", "question": "Are gift cards paid out?", "relevant": ["gifts.md"]},
    {"id": "5", "question": "Which painter made the chapel?", "unanswerable": True},
]
SPACE = "chunk_tokens = [16, 64]\nchunk_overlap_tokens = [0]\nlexical_weight = [0.5, 1.0]\n"


@pytest.fixture
def konverze(tmp_path, monkeypatch, capsys):
    """Runs a command in a folder with questions and an ingested tenant; returns what it prints."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "KONVERZE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", "none")
    monkeypatch.setenv("KONVERZE_LOADER_WORKERS", "0")
    monkeypatch.chdir(tmp_path)

    def run(*arguments, status=0):
        monkeypatch.setattr(sys, "argv", ["konverze", *arguments])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        done = capsys.readouterr()
        assert code == status, done.err
        return done

    (tmp_path / "documents").mkdir()
    for name, text in TOPICS.items():
        (tmp_path / "documents" / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", "utf-8")
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, QUESTIONS)), "utf-8")
    (tmp_path / "space.toml").write_text(SPACE, "utf-8")
    run("ingest", "documents", "--tenant", "acme")
    return lambda *arguments, **ends: run(*arguments, "--tenant", "acme", **ends)


def test_an_evaluation_tells_means_with_their_intervals(konverze):
    shown = konverze("eval", "questions.jsonl").out
    assert "recall@5" in shown
    assert "ndcg@10" in shown
    told = json.loads(konverze("eval", "questions.jsonl", "--metric", "recall@5", "--json").out)
    assert told["metrics"]["recall@5"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "count": 4}
    assert told["metrics"].keys() == {"recall@5"}
    assert (told["questions"], told["chunks"], told["k"], told["changes"]) == (5, 4, 10, {})


def test_answers_are_judged_where_that_is_asked_for(konverze):
    told = json.loads(konverze("eval", "questions.jsonl", "--answers", "--json").out)
    assert told["answers"]["refusals"]["of_unanswerable"] == 1
    assert told["answers"]["citation_precision"] == 1
    assert told["answers"]["cost"] is None
    assert "1.00 of the unanswerable ones" in konverze("eval", "questions.jsonl", "--answers").out


def test_a_file_of_settings_is_measured_in_place_of_the_tenants_own(konverze, tmp_path):
    (tmp_path / "fine.toml").write_text("chunk_tokens = 16\nchunk_overlap_tokens = 0\n")
    told = json.loads(konverze("eval", "questions.jsonl", "--settings", "fine.toml", "--json").out)
    assert told["chunks"] > len(TOPICS)
    assert told["changes"] == {"chunk_tokens": 16, "chunk_overlap_tokens": 0}


def test_an_evaluation_is_held_to_a_baseline(konverze, tmp_path):
    many = [{**QUESTIONS[1], "id": str(number)} for number in range(12)]
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, many)))
    konverze("eval", "many.jsonl", "--save", "old.json")
    assert json.loads(konverze("eval", "many.jsonl", "--baseline", "old.json", "--json").out)["dropped"] == []
    assert "--save" in konverze("eval", "many.jsonl", "--save", "old.json", "--baseline", "old.json", status=1).err
    konverze("delete", "refunds.md")
    done = konverze("eval", "many.jsonl", "--baseline", "old.json", status=1)
    assert "dropped: ndcg@10: 1.000, now 0.000" in done.err
    arguments = ("eval", "many.jsonl", "--baseline", "old.json", "--metric", "hit@1", "--json")
    [dropped] = json.loads(konverze(*arguments, status=1).out)["dropped"]
    assert (dropped["metric"], dropped["before"], dropped["after"]) == ("hit@1", 1, 0)
    konverze("eval", "many.jsonl", "--baseline", "old.json", "--max-drop", "1")


def test_tuning_leads_to_settings_that_a_tenant_takes(konverze, tmp_path):
    (tmp_path / "mine.toml").write_text('tone = "formal"\n')
    konverze("configure", "mine.toml")
    done = konverze("tune", "questions.jsonl", "--space", "space.toml", "--out", "best.toml")
    assert "5/5" in done.err
    assert "best, trial" in done.out
    written = (tmp_path / "best.toml").read_text("utf-8")
    assert "# Chosen from 5 trials by ndcg@10" in written
    assert "warranty" not in written
    again = konverze("tune", "questions.jsonl", "--space", "space.toml", "--out", "best.toml", status=1)
    assert "--replace" in again.err
    konverze("tune", "questions.jsonl", "--space", "space.toml", "--out", "best.toml", "--replace")
    assert konverze("configure", "best.toml").out == "version: 2\n"
    assert json.loads(konverze("settings", "--json").out)["tone"] == "formal"


def test_tuning_tells_programs_all_trials(konverze):
    told = json.loads(konverze("tune", "questions.jsonl", "--space", "space.toml", "--json").out)
    assert told["trials"][0]["changes"] == {}
    assert len(told["trials"]) == 5
    best = told["trials"][told["best"]]["metrics"]["ndcg@10"]["mean"]
    assert best == max(trial["metrics"]["ndcg@10"]["mean"] for trial in told["trials"])


def test_answers_may_be_what_settings_are_chosen_by(konverze):
    arguments = ("tune", "questions.jsonl", "--space", "space.toml", "--answers", "--metric", "answered")
    told = json.loads(konverze(*arguments, "--json").out)
    assert told["trials"][told["best"]]["metrics"]["answered"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "count": 1}
    assert "constraints" in konverze(*arguments, "--max-cost", "1", status=1).err  # no model, no price


def test_constraints_that_nothing_keeps_fail_the_command(konverze):
    arguments = ("tune", "questions.jsonl", "--space", "space.toml", "--max-p99-ms", "0")
    assert "constraints" in konverze(*arguments, status=1).err


def test_settings_are_applied_and_shown(konverze, tmp_path):
    (tmp_path / "mine.toml").write_text('retrieval_k = 3\ntone = "formal"\n')
    assert konverze("settings").out == "# The tenant has set nothing for itself.\n"
    assert json.loads(konverze("configure", "mine.toml", "--json").out) == {"version": 1}
    assert json.loads(konverze("settings", "--json").out) == {"retrieval_k": 3, "tone": "formal"}
    shown = konverze("settings").out
    assert "retrieval_k = 3" in shown
    (tmp_path / "shown.toml").write_text(shown)
    assert konverze("configure", "shown.toml").out == "version: 2\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("eval", "questions.txt"), ".jsonl or .csv"),
        (("eval", "none.jsonl"), "none.jsonl"),
        (("eval", "questions.jsonl", "--metric", "recall@77"), "recall@10"),
        (("eval", "questions.jsonl", "--baseline", "none.json"), "none.json"),
        (("tune", "questions.jsonl", "--space", "none.toml"), "none.toml"),
        (("configure", "none.toml"), "none.toml"),
    ],
)
def test_errors_are_one_line_and_a_status(konverze, arguments, words):
    told = konverze(*arguments, status=1).err
    [line] = [line for line in told.splitlines() if line.startswith("konverze: ")]
    assert words in line


def test_pages_are_written_where_that_is_asked_for(konverze, tmp_path):
    konverze("eval", "questions.jsonl", "--answers", "--html", "evaluation.html")
    konverze("tune", "questions.jsonl", "--space", "space.toml", "--html", "sweep.html")
    assert "How long is the cooktop" in (tmp_path / "evaluation.html").read_text("utf-8")
    assert "lexical_weight" in (tmp_path / "sweep.html").read_text("utf-8")
