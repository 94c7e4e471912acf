"""The guides' commands and code run as printed, one after the other; what they name is there."""

import re
import shutil
from pathlib import Path

import konverze_rag as kr
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.localstore import LocalBlobStore
from konverze_rag.cli import app
from tests.docs.command_line import command, run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GUIDE = (DOCS / "operations.md").read_text("utf-8")
THREATS = (DOCS / "threat-model.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
COMMANDS = {command.name or command.callback.__name__ for command in app.registered_commands}


def test_the_guide_runs_from_beginning_to_end(place, monkeypatch, capsys):
    for language, code in BLOCKS:
        if language == "python":
            exec(compile(code, "operations.md", "exec"), {})
            continue
        for line in code.splitlines():
            # A directory stands in for a cloud.
            run(re.sub(r"\b(az|s3)://", f"file://{place}/clouds/", line), monkeypatch)
    printed = capsys.readouterr().out
    assert "WRONG" not in printed
    assert printed.count("mode: deleted") == 2
    assert printed.count("mode: keys_deleted") == 1
    assert "Refunds take 30 days. [1]" in printed
    with kr.Engine.open("moved") as engine:
        assert engine.tenants() == ["acme"]
        assert [row.id for row in engine.tenant("acme").documents()] == ["refunds.md"]


def test_a_copied_older_state_is_refused_until_its_mark_is_removed(place, monkeypatch, capsys):
    Path("a.md").write_text("Refunds take 30 days.")
    assert command("ingest a.md --tenant acme", monkeypatch) == 0
    shutil.copytree("data/blobs", "copy")
    Path("a.md").write_text("Refunds take 31 days.")
    assert command("ingest a.md --tenant acme", monkeypatch) == 0
    shutil.rmtree("data/blobs")
    shutil.copytree("copy", "data/blobs")
    assert command("ask 'refunds?' --tenant acme", monkeypatch) == 1
    assert "already seen" in capsys.readouterr().err
    (mark,) = Path("data/key.json.marks").iterdir()
    assert [folder.name for folder in Path("data/blobs/tenants").iterdir()] == [mark.name]
    mark.unlink()
    assert command("ask 'refunds?' --tenant acme", monkeypatch) == 0
    assert "30 days" in capsys.readouterr().out


def test_a_restore_without_the_key_file_is_refused_and_copies_nothing(place, monkeypatch, capsys):
    Path("a.md").write_text("Refunds take 30 days.")
    assert command("ingest a.md --tenant acme", monkeypatch) == 0
    assert command("backup copy", monkeypatch) == 0
    assert command("restore copy --data other", monkeypatch) == 1
    assert command("tenants --data other --json", monkeypatch) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "[]"
    shutil.copy("data/key.json", "other/key.json")
    assert command("restore copy --data other", monkeypatch) == 0


def test_a_key_file_kek_that_is_destroyed_is_not_called_final(place, monkeypatch, capsys):
    monkeypatch.setenv("KONVERZE_KEK_PER_TENANT", "true")
    Path("a.md").write_text("Refunds take 30 days.")
    assert command("ingest a.md --tenant acme", monkeypatch) == 0
    assert command("erase --tenant acme --yes", monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "mode: kek_destroyed" in printed
    assert "final by: not known" in printed


def test_keks_of_tenants_move_too(place):
    settings = kr.Settings(kek_per_tenant=True)
    key_file = LocalKeyFile.open("restored/key.json", create=True)
    with kr.Engine(settings=settings, blobs=LocalBlobStore("restored/blobs"), keys=key_file) as engine:
        engine.tenant("acme").ingest(b"Refunds take 30 days.", source="a.md")
    (code,) = (code for language, code in BLOCKS if language == "python")
    exec(compile(code, "operations.md", "exec"), {})
    moved = LocalKeyFile("moved/key.json")
    with kr.Engine(settings=settings, blobs=LocalBlobStore("restored/blobs"), keys=moved) as engine:
        assert engine.verify().findings == ()
        assert engine.tenant("acme", create=False).search("refunds")


def test_the_guide_has_every_command_that_keeps_tenants():
    used = set(re.findall(r"^konverze ([a-z-]+)", "\n".join(code for _, code in BLOCKS), re.MULTILINE))
    assert used <= COMMANDS
    assert COMMANDS - used <= {"bench", "demo", "search", "chat", "documents", "delete", "tenants"}


def test_no_command_line_of_the_guide_is_left_out():
    for line in re.findall(r"^konverze .+$", GUIDE, re.MULTILINE):
        assert any(line in code.splitlines() for language, code in BLOCKS if language == "sh")


def test_commands_and_settings_named_in_passing_exist():
    for name in re.findall(r"`konverze ([a-z]+)[^`]*`", GUIDE + THREATS):
        assert name in COMMANDS
    for setting in re.findall(r"KONVERZE_([A-Z_]+)", GUIDE):
        assert setting.lower() in kr.Settings.model_fields


def test_the_settings_table_states_the_defaults():
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| ([^|]+) \|", GUIDE.partition("## Settings")[2].partition("## Rotate")[0], re.MULTILINE
        )
    )
    assert rows.keys() <= kr.Settings.model_fields.keys()
    numbers = {name: float(text.replace(",", "")) for name, text in rows.items() if re.fullmatch(r"[\d,]+", text)}
    assert numbers == {name: kr.Settings.model_fields[name].default for name in numbers}
    assert len(numbers) == 11


def test_the_proofs_of_the_threat_model_are_there():
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", THREATS))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
