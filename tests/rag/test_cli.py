import json
import os
import subprocess
import sys

import pytest

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "KONVERZE_"))},
    "PYTHONPATH": os.pathsep.join(sys.path),
    "KONVERZE_EMBEDDINGS": "none",
    "PYTHONIOENCODING": "utf-8",
}


@pytest.fixture
def konverze(tmp_path):
    def run(*arguments, text_in="", status=0):
        done = subprocess.run(
            [sys.executable, "-c", "from konverze_rag.cli import main; main()", *arguments],
            cwd=tmp_path,
            env=ENVIRONMENT,
            input=text_in,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done

    (tmp_path / "policy.md").write_text("# Refunds\n\nA refund takes 7 working days.\n", "utf-8")
    (tmp_path / "नीति.txt").write_text("वापसी में 7 दिन लगते हैं।", "utf-8")
    return run


def test_ingest_search_ask_delete(konverze):
    assert "2 documents" in konverze("ingest", "policy.md", "नीति.txt", "--tenant", "acme").stdout
    assert "2 unchanged" in konverze("ingest", "policy.md", "नीति.txt", "--tenant", "acme").stdout
    assert "A refund takes 7 working days." in konverze("search", "refund", "--tenant", "acme").stdout
    asked = konverze("ask", "How long does a refund take?", "--tenant", "acme").stdout
    assert "7 working days. [1]" in asked
    assert "policy.md: “A refund takes 7 working days.”" in asked
    assert "वापसी" in konverze("ask", "वापसी में कितने दिन लगते हैं?", "--tenant", "acme").stdout
    assert "policy.md" in konverze("documents", "--tenant", "acme").stdout
    assert konverze("tenants").stdout == "acme\n"
    assert "deleted: 1" in konverze("delete", "policy.md", "--tenant", "acme").stdout
    assert "deleted chunks: 1" in konverze("stats", "--tenant", "acme").stdout


def test_json_is_for_programs(konverze):
    report = json.loads(konverze("ingest", "policy.md", "--json").stdout)
    assert (report["documents"], report["failed"]) == (1, [])
    assert json.loads(konverze("search", "refund", "--json").stdout)[0]["chunk"]["document_id"] == "policy.md"
    answer = json.loads(konverze("ask", "How long does a refund take?", "--json").stdout)
    assert answer["citations"][0]["quote"] == "A refund takes 7 working days."
    assert json.loads(konverze("documents", "--json").stdout)[0]["id"] == "policy.md"
    assert json.loads(konverze("tenants", "--json").stdout) == ["default"]
    assert json.loads(konverze("stats", "--json").stdout)["documents"] == 1
    assert json.loads(konverze("delete", "policy.md", "--json").stdout) == {"deleted": 1}


def test_chat_reads_questions_line_by_line(konverze):
    konverze("ingest", "policy.md")
    done = konverze("chat", text_in="How long does a refund take?\n\nAnd for that?\n")
    assert done.stdout.count("7 working days") >= 1


def test_a_folder_is_walked(konverze, tmp_path):
    (tmp_path / "manuals" / "deep").mkdir(parents=True)
    (tmp_path / "manuals" / "deep" / "a.txt").write_text("alpha")
    (tmp_path / "manuals" / "b.txt").write_text("beta")
    (tmp_path / "manuals" / "b.txt").rename(tmp_path / "manuals" / "a.txt")
    (tmp_path / "manuals" / ".DS_Store").write_bytes(bytes(100))
    assert "2 documents" in konverze("ingest", "manuals").stdout
    rows = json.loads(konverze("documents", "--json").stdout)
    assert [row["id"] for row in rows] == ["a.txt", "deep/a.txt"]
    konverze("ingest", "manuals/a.txt", "manuals/deep/a.txt", status=1)


def test_bad_files_fail_the_command_but_not_the_good_ones(konverze, tmp_path):
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = konverze("ingest", "policy.md", "bad.pdf", status=1)
    assert "1 documents" in done.stdout
    assert "failed: bad.pdf" in done.stderr
    report = json.loads(konverze("ingest", "bad.pdf", "--json", status=1).stdout)
    assert report["failed"][0][0] == "bad.pdf"
    assert report["failed"][0][1]["error"].endswith("Error")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "x", "--data", "nowhere"], "no data directory"),
        (["tenants", "--data", "nowhere"], "no data directory"),
        (["ingest", "nowhere.txt"], "no such file"),
        (["ingest", "policy.md", "--tenant", ""], "tenant"),
        (["ingest", "policy.md", "--data", "policy.md"], "directory"),
    ],
)
def test_errors_are_one_line_and_a_status(konverze, arguments, message):
    done = konverze(*arguments, status=1)
    lines = [line for line in done.stderr.splitlines() if line.startswith("konverze: ")]
    assert len(lines) == 1
    assert message in lines[0]


def test_unknown_tenants_and_empty_questions(konverze):
    konverze("ingest", "policy.md")
    assert "no such tenant" in konverze("search", "x", "--tenant", "nobody", status=1).stderr
    assert "empty" in konverze("ask", " ", status=1).stderr
    assert "not there" in konverze("delete", "nothing", status=1).stderr


def test_a_missing_file_makes_no_tenant(konverze, tmp_path):
    konverze("ingest", "nowhere.txt", "--tenant", "new", status=1)
    assert not (tmp_path / "data").exists()


def test_usage_errors_have_their_own_status(konverze):
    konverze("search", status=2)
    assert "ingest" in konverze("--help").stdout
