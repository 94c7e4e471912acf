import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

from konverze_rag.cli import main
from tests.servers.openai_server import OpenAIServer, Reply

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


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """As `konverze`, in this process: many calls in little time."""

    def run(*arguments, text_in="", status=0):
        monkeypatch.setattr(sys, "argv", ["konverze", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(text_in))
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        output = capsys.readouterr()
        assert code == status, output.err
        return SimpleNamespace(stdout=output.out, stderr=output.err)

    for name in [name for name in os.environ if name.startswith(("OPENAI_", "KONVERZE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", "none")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.md").write_text("# Refunds\n\nA refund takes 7 working days.\n", "utf-8")
    (tmp_path / "नीति.txt").write_text("वापसी में 7 दिन लगते हैं।", "utf-8")
    return run


def test_json_is_for_programs(here):
    report = json.loads(here("ingest", "policy.md", "--json").stdout)
    assert (report["documents"], report["failed"]) == (1, [])
    assert json.loads(here("search", "refund", "--json").stdout)[0]["chunk"]["document_id"] == "policy.md"
    answer = json.loads(here("ask", "How long does a refund take?", "--json").stdout)
    assert answer["citations"][0]["quote"] == "A refund takes 7 working days."
    assert json.loads(here("documents", "--json").stdout)[0]["id"] == "policy.md"
    assert json.loads(here("tenants", "--json").stdout) == ["default"]
    assert json.loads(here("stats", "--json").stdout)["documents"] == 1
    assert json.loads(here("delete", "policy.md", "--json").stdout) == {"deleted": 1}


def test_chat_reads_questions_line_by_line(konverze):
    konverze("ingest", "policy.md")
    done = konverze("chat", text_in="How long does a refund take?\n\nAnd for that?\n")
    assert done.stdout.count("7 working days") >= 1


def test_a_folder_is_walked(here, tmp_path):
    (tmp_path / "manuals" / "deep").mkdir(parents=True)
    (tmp_path / "manuals" / "deep" / "a.txt").write_text("alpha")
    (tmp_path / "manuals" / "b.txt").write_text("beta")
    (tmp_path / "manuals" / "b.txt").rename(tmp_path / "manuals" / "a.txt")
    (tmp_path / "manuals" / ".DS_Store").write_bytes(bytes(100))
    assert "2 documents" in here("ingest", "manuals").stdout
    rows = json.loads(here("documents", "--json").stdout)
    assert [row["id"] for row in rows] == ["a.txt", "deep/a.txt"]
    here("ingest", "manuals/a.txt", "manuals/deep/a.txt", status=1)


def test_a_folder_is_synced(here, tmp_path):
    folder = tmp_path / "manuals"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("alpha")
    (folder / "deep" / "b.txt").write_text("beta")
    (folder / "deep" / "b.tmp").write_text("not yet")
    arguments = ("sync", "manuals", "--exclude", "*.tmp", "--label", "our manuals")
    done = here(*arguments)
    assert "added: a.txt\nadded: deep/b.txt\n" in done.stdout
    assert "2/2" in done.stderr  # the bar
    (folder / "a.txt").unlink()
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    report = json.loads(here(*arguments, "--json", status=1).stdout)
    assert (report["unchanged"], report["deleted"]) == (["deep/b.txt"], ["a.txt"])
    assert report["failed"][0][0] == "bad.pdf"
    assert json.loads(here("documents", "--json").stdout)[0]["folder"] == "our manuals"
    assert "delete all" in here("sync", "manuals", "--label", "our manuals", "--include", "x", status=1).stderr
    assert "cannot be listed" in here("sync", "nowhere", status=1).stderr
    done = here("sync", "manuals", "--label", "our manuals", "--include", "x", "--may-delete-all")
    assert "deleted: deep/b.txt" in done.stdout


def test_bad_files_fail_the_command_but_not_the_good_ones(here, tmp_path):
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = here("ingest", "policy.md", "bad.pdf", status=1)
    assert "1 documents" in done.stdout
    assert "failed: bad.pdf" in done.stderr
    report = json.loads(here("ingest", "bad.pdf", "--json", status=1).stdout)
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
def test_errors_are_one_line_and_a_status(here, arguments, message):
    done = here(*arguments, status=1)
    lines = [line for line in done.stderr.splitlines() if line.startswith("konverze: ")]
    assert len(lines) == 1
    assert message in lines[0]


def test_unknown_tenants_and_empty_questions(here):
    here("ingest", "policy.md")
    assert "no such tenant" in here("search", "x", "--tenant", "nobody", status=1).stderr
    assert "empty" in here("ask", " ", status=1).stderr
    assert "not there" in here("delete", "nothing", status=1).stderr


def test_a_missing_file_makes_no_tenant(here, tmp_path):
    here("ingest", "nowhere.txt", "--tenant", "new", status=1)
    assert not (tmp_path / "data").exists()


def test_usage_errors_have_their_own_status(konverze):
    konverze("search", status=2)
    assert "ingest" in konverze("--help").stdout


def fill(here):
    here("ingest", "policy.md", "नीति.txt", "--tenant", "acme")
    here("ask", "How long does a refund take?", "--tenant", "acme", "--conversation", "c")


def test_files_above_a_quota_are_told(here, monkeypatch):
    monkeypatch.setenv("KONVERZE_MAX_DOCUMENTS", "1")
    done = here("ingest", "policy.md", "नीति.txt", "--tenant", "acme", status=1)
    assert "1 documents" in done.stdout
    assert "failed: नीति.txt: max_documents is 1" in done.stderr
    assert "content bytes: 42" in here("stats", "--tenant", "acme").stdout


def test_keys_are_rotated(here):
    fill(here)
    done = here("rotate")
    assert "data keys made: 1" in done.stdout
    assert "tenants: 1" in done.stdout
    report = json.loads(here("rotate", "--due", "--json").stdout)
    assert (report["keks_rotated"], report["data_keys_made"], report["failed"]) == ([], 0, [])
    report = json.loads(here("rotate", "--reencrypt", "--json").stdout)
    assert report["blobs_reencrypted"] > 0
    assert "sound" in here("verify").stdout


def test_a_tenant_is_erased_after_a_question_or_with_yes(here):
    fill(here)
    here("erase", status=2)
    refused = here("erase", "--tenant", "acme", text_in="n\n", status=1)
    assert "acme" in refused.stderr
    assert refused.stdout.strip() == ""
    here("erase", "--tenant", "acme", text_in="", status=1)
    assert here("tenants").stdout == "acme\n"
    receipt = json.loads(here("erase", "--tenant", "acme", "--json", text_in="y\n").stdout)
    assert (receipt["subject"], receipt["mode"]) == ("tenant", "keys_deleted")
    assert here("tenants").stdout == ""
    assert "erased" in here("search", "x", "--tenant", "acme", status=1).stderr
    again = here("erase", "--tenant", "acme", "--yes").stdout
    assert "mode: keys_deleted; 0 blobs, 0 bytes" in again
    assert "final by:" in again
    assert "no such tenant" in here("erase", "--tenant", "nobody", "--yes", status=1).stderr


def test_a_document_and_a_visitor_are_erased_without_a_question(here):
    fill(here)
    assert "erased document 'policy.md'" in here("erase", "--tenant", "acme", "--document", "policy.md").stdout
    receipt = json.loads(here("erase", "--tenant", "acme", "--visitor", "asha", "--json").stdout)
    assert (receipt["subject"], receipt["blobs_destroyed"]) == ("visitor", 0)
    rows = json.loads(here("documents", "--tenant", "acme", "--json").stdout)
    assert [row["id"] for row in rows] == ["नीति.txt"]
    both = here("erase", "--tenant", "acme", "--document", "a", "--visitor", "b", status=1)
    assert "one after the other" in both.stderr
    here("erase", "--tenant", "acme", "--document", "", status=1)
    assert here("tenants").stdout == "acme\n"


def test_vacuum_and_purge_report_what_is_gone(here):
    fill(here)
    here("delete", "policy.md", "--tenant", "acme")
    assert "generation: 3" in here("compact", "--tenant", "acme").stdout
    assert "commits: 0" in here("vacuum").stdout
    report = json.loads(here("vacuum", "--grace-s", "0", "--json").stdout)
    assert report["commits"] > 0
    assert report["blobs"] > 0
    assert "turns: 0" in here("purge").stdout
    assert json.loads(here("purge", "--json").stdout)["failed"] == []
    assert json.loads(here("compact", "--tenant", "acme", "--json").stdout)["generation"] >= 3


def test_stored_turns_are_shown(here):
    fill(here)
    here("ask", "Is there parking?", "--tenant", "acme", "--conversation", "d\x1b[31m")
    shown = here("conversations", "--tenant", "acme").stdout
    assert "asked: How long does a refund take?" in shown
    assert "said: A refund takes 7 working days. [1]" in shown
    assert "refused" in shown
    assert "\x1b" not in shown
    lines = here("conversations", "--tenant", "acme", "--conversation", "c", "--json").stdout.splitlines()
    (turn,) = map(json.loads, lines)
    assert (turn["conversation"], turn["number"], turn["feedback"]) == ("c", 0, None)
    day = turn["day"]
    assert here("conversations", "--tenant", "acme", "--since", day, "--until", day, "--json").stdout.count("\n") == 2
    assert here("conversations", "--tenant", "acme", "--until", "2020-01-01").stdout == ""
    assert here("conversations", "--tenant", "acme", "--visitor", "nobody").stdout == ""
    here("conversations", "--tenant", "acme", "--since", "yesterday", status=2)
    assert "after the last" in here("conversations", "--since", day, "--until", "2020-01-01", "--tenant", "acme",
                                    status=1).stderr  # fmt: skip


def test_insights_are_shown(here):
    fill(here)
    here("ask", "Is there parking?", "--tenant", "acme", "--conversation", "c")
    shown = here("insights", "--tenant", "acme").stdout
    assert "2 turns, 1 conversations, 0 visitors" in shown
    assert "answered 50.0%, refused 50.0%, degraded 0.0%" in shown
    assert "tokens: 0 read, 0 written; cost: 0.0000" in shown
    assert "cited in 1 answers: policy.md" in shown
    assert "Is there parking?" in shown
    found = json.loads(here("insights", "--tenant", "acme", "--json").stdout)
    assert (found["turns"], found["refused_share"], found["unanswered"][0]["questions"]) == (2, 0.5, 1)
    assert json.loads(here("insights", "--tenant", "acme", "--until", "2020-01-01", "--json").stdout)["turns"] == 0


def test_answers_without_a_price_are_told_beside_the_cost(here, monkeypatch):
    with OpenAIServer() as server:
        server.script(*[Reply(text="Seven days.")] * 2)
        monkeypatch.setenv("KONVERZE_OPENAI_BASE_URL", server.url)
        fill(here)
        monkeypatch.setenv("KONVERZE_PRICES", '{"gpt-5-mini": {"input": 0, "output": 1000000}}')
        here("ask", "How long does a refund take?", "--tenant", "acme", "--conversation", "c2")
    assert "cost: 2.0000, and 1 answers without a price" in here("insights", "--tenant", "acme").stdout


def test_what_an_ingest_took_of_a_remote_model_is_told(here, monkeypatch):
    monkeypatch.setenv("KONVERZE_EMBEDDINGS", "openai")
    with OpenAIServer() as server:
        monkeypatch.setenv("KONVERZE_OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KONVERZE_PRICES", '{"text-embedding-3-small": {"input": 1000000}}')
        assert "tokens embedded: 14; cost: 14.0000" in here("ingest", "policy.md").stdout
        assert "tokens embedded" not in here("ingest", "policy.md").stdout


def test_a_tenant_is_exported(here, tmp_path):
    fill(here)
    shown = here("export", "acme.zip", "--tenant", "acme").stdout
    assert "turns: 1\ndocuments: 2\nuploads: 2\n" in shown
    with zipfile.ZipFile(tmp_path / "acme.zip") as archive:
        assert {"conversations.jsonl", "documents.jsonl", "settings.json", "manifest.json"} < set(archive.namelist())
    assert "there already" in here("export", "acme.zip", "--tenant", "acme", status=1).stderr
    report = json.loads(here("export", "asha.zip", "--tenant", "acme", "--visitor", "asha", "--json").stdout)
    assert (report["turns"], report["uploads"]) == (0, 0)


def test_verify_has_status_0_only_when_all_is_sound(here, tmp_path):
    fill(here)
    assert here("verify").stdout.startswith("sound: 1 tenants")
    assert json.loads(here("verify", "--tenant", "acme", "--json").stdout)["is_sound"] is True
    here("verify", "--tenant", "nobody", status=1)
    segment = next((tmp_path / "data" / "blobs").rglob("*.hot"))
    content = bytearray(segment.read_bytes())
    content[-1] ^= 1
    segment.write_bytes(content)
    done = here("verify", status=1)
    assert f"WRONG: tenants/{segment.parent.parent.name}/segments/{segment.name}" in done.stdout
    assert "NOT SOUND: 1 tenants" in done.stdout
    report = json.loads(here("verify", "--json", status=1).stdout)
    assert (report["is_sound"], report["findings"][0]["is_harmless"]) == (False, False)


def test_rounds_that_could_not_do_all_say_so_by_their_status(here, tmp_path):
    fill(here)
    keyring = next(file for file in (tmp_path / "data" / "blobs" / "keyring").rglob("*") if file.is_file())
    keyring.write_bytes(b"damaged")
    for command in ("rotate", "vacuum", "purge"):
        assert "failed: " in here(command, status=1).stderr
        assert json.loads(here(command, "--json", status=1).stdout)["failed"][0][1]["error"] == "IntegrityError"
    assert "WRONG: keyring/" in here("verify", status=1).stdout


def test_backup_and_restore(here, tmp_path):
    fill(here)
    assert "tenants: 1" in here("backup", "copy").stdout
    assert "empty" in here("backup", "copy", status=1).stderr
    assert json.loads(here("backup", "copy2", "--tenant", "acme", "--json").stdout)["tenants"] == 1
    (tmp_path / "new").mkdir()
    shutil.copy2(tmp_path / "data" / "key.json", tmp_path / "new" / "key.json")
    assert here("restore", "copy", "--data", "new").stdout.startswith("sound: 1 tenants")
    assert "7 working days" in here("search", "refund", "--tenant", "acme", "--data", "new").stdout
    assert "already" in here("restore", "copy", "--data", "new", status=1).stderr
    assert "no backup" in here("restore", "typo", "--data", "new", status=1).stderr
    other = here("restore", "copy", "--data", "foreign", "--json", status=1)
    assert "konverze: " in other.stderr


def test_health_and_reindex(here, tmp_path):
    fill(here)
    assert here("health").stdout == "open tenants: 0\n"
    assert json.loads(here("health", "--json").stdout)["key_provider_error"] == ""
    assert json.loads(here("reindex", "--tenant", "acme", "--json").stdout)["generation"] == 2
    assert "generation: 3" in here("reindex", "--tenant", "acme").stdout
    here("reindex", status=2)
    (tmp_path / "data" / "key.json").rename(tmp_path / "key.json")
    here("health", status=1)
