"""Exports: what is in them and what is not, and that a file is there whole or not at all."""

import hashlib
import json
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import konverze_rag as kr
from konverze_rag.exporting import archive as archive_module
from tests.rag.stores import CountingStore, FailingStore, InterruptedStore

DAY_S = 86_400
REFUND = "How long does a refund take?"


@pytest.fixture
def tenant(acme):
    acme.ingest({"policy.md": b"A refund takes 7 days.", "delivery.txt": b"Delivery is free."})
    acme.configure(kr.TenantSettings(persona="You speak for acme."))
    acme.ask(REFUND, conversation="c", visitor="asha")
    acme.ask("Is delivery free?", conversation="c", visitor="ravi")
    first = next(acme.turns())
    acme.give_feedback("c", first.turn, helpful=True, comment="Thanks.")
    return acme


@pytest.fixture
def target(tmp_path):
    return tmp_path / "acme.zip"


def _files(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def _lines(files, name):
    return [json.loads(line) for line in files[name].decode().splitlines()]


def _manifest(files):
    return json.loads(files["manifest.json"])


def test_an_export_holds_all_that_the_tenant_has(tenant, target, clock):
    report = tenant.export(target)
    files = _files(target)
    assert (report.turns, report.documents, report.uploads) == (2, 2, 2)
    assert report.bytes == target.stat().st_size
    turns = _lines(files, "conversations.jsonl")
    assert [(turn["question"], turn["visitor"]) for turn in turns] == [(REFUND, "asha"), ("Is delivery free?", "ravi")]
    assert turns[0]["feedback"] == {"helpful": True, "comment": "Thanks.", "given_at": "2026-01-01T00:00:00Z"}
    assert (turns[0]["day"], turns[0]["asked_at"]) == ("2026-01-01", "2026-01-01T00:00:00Z")
    assert list(turns[0]) == list(kr.ConversationTurn.__dataclass_fields__)
    rows = _lines(files, "documents.jsonl")
    assert [row["id"] for row in rows] == ["delivery.txt", "policy.md"]
    assert list(rows[0]) == list(kr.DocumentInfo.__dataclass_fields__)
    assert json.loads(files["settings.json"])["persona"] == "You speak for acme."
    manifest = _manifest(files)
    assert (manifest["tenant"], manifest["visitor"], manifest["turns"], manifest["documents"]) == ("acme", None, 2, 2)
    assert manifest["exported_at"] == clock.now().isoformat().replace("+00:00", "Z")


def test_originals_are_the_bytes_that_were_handed_in(tenant, target):
    raw = b"\xff\xfeR\x00e\x00f\x00u\x00n\x00d\x00s\x00 \x007\x00"
    tenant.ingest(raw, source="utf-16.txt")
    tenant.export(target)
    files = _files(target)
    by_source = {entry["source"]: entry for entry in _manifest(files)["uploads"]}
    assert by_source.keys() == {"policy.md", "delivery.txt", "utf-16.txt"}
    assert files[by_source["utf-16.txt"]["file"]] == raw
    for entry in by_source.values():
        content = files[entry["file"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])


def test_only_live_versions_are_exported(tenant, target):
    tenant.ingest(b"A refund takes 8 days.", source="policy.md")
    tenant.delete("delivery.txt")
    tenant.add([kr.Chunk(document_id="ready made", ordinal=0, text="Gift cards are sold.")])
    assert tenant.export(target).uploads == 1
    files = _files(target)
    (entry,) = _manifest(files)["uploads"]
    assert files[entry["file"]] == b"A refund takes 8 days."
    assert [row["id"] for row in _lines(files, "documents.jsonl")] == ["policy.md", "ready made"]


def test_the_export_of_a_visitor_holds_that_visitors_turns_alone(tenant, target):
    report = tenant.export(target, visitor="asha")
    assert (report.turns, report.documents, report.uploads) == (1, 0, 0)
    files = _files(target)
    assert files.keys() == {"conversations.jsonl", "manifest.json"}
    (turn,) = _lines(files, "conversations.jsonl")
    assert (turn["visitor"], turn["question"], turn["feedback"]["comment"]) == ("asha", REFUND, "Thanks.")
    assert _manifest(files)["visitor"] == "asha"
    assert not [name for name, content in files.items() if b"ravi" in content]


def test_an_erased_visitor_is_in_no_export_afterwards(make_engine, acme, tmp_path):
    acme.ask("Where is canary-one?", conversation="canary-talk", visitor="canary-name")
    acme.ask("Is delivery free?", conversation="c", visitor="ravi")
    for turn in list(acme.turns()):
        acme.give_feedback(turn.conversation, turn.turn, helpful=False, comment=f"said by {turn.visitor}")
    acme.export(tmp_path / "before.zip")
    assert b"canary-name" in _files(tmp_path / "before.zip")["conversations.jsonl"]
    acme.erase_visitor("canary-name")
    for number, reader in enumerate((acme, make_engine().tenant("acme"))):
        assert reader.export(tmp_path / f"all{number}.zip").turns == 1
        assert reader.export(tmp_path / f"one{number}.zip", visitor="canary-name").turns == 0
        assert b"canary" not in b"".join(_files(tmp_path / f"all{number}.zip").values())
        assert _files(tmp_path / f"one{number}.zip")["conversations.jsonl"] == b""


def test_what_is_past_its_retention_is_not_exported(tenant, target, clock):
    clock.advance(31 * DAY_S)
    assert tenant.export(target).turns == 0
    assert _files(target)["conversations.jsonl"] == b""


def test_no_export_holds_another_tenants_canary(make_engine, tmp_path):
    engine = make_engine()
    for name in ("acme", "globex"):
        tenant = engine.tenant(name)
        tenant.ingest(f"The code is canary-{name}.".encode(), source=f"canary-{name}.txt")
        tenant.configure(kr.TenantSettings(persona=f"canary-{name}"))
        tenant.ask("What is the code?", conversation="c", visitor="asha")
        tenant.give_feedback("c", next(tenant.turns()).turn, helpful=True, comment=f"canary-{name}")
    for name, other in (("acme", b"canary-globex"), ("globex", b"canary-acme")):
        for visitor in (None, "asha"):
            path = tmp_path / f"{name}-{visitor}.zip"
            assert engine.tenant(name).export(path, visitor=visitor).turns == 1
            files = _files(path)
            everything = b"".join(entry.encode() + content for entry, content in files.items())
            assert f"canary-{name}".encode() in everything
            assert other not in everything


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "..\\..\\windows\\system32\\a.exe",
    "C:\\a.txt",
    "a/b/../../../c.txt",
    "con",
    "a" * 1_024,
    "नीति/वापसी.pdf",
    "same/name.txt",
    "other/name.txt",
    "name.txt",
    "name.txt/",
    "\u202egnp.exe",
    ".bashrc",
    "settings.json",
    "manifest.json",
    "a:b*c?.txt",
]


def test_hostile_sources_become_names_that_lead_nowhere(acme, tmp_path):
    acme.ingest({source: f"text of {source}".encode() for source in HOSTILE})
    acme.export(tmp_path / "all.zip")
    files = _files(tmp_path / "all.zip")
    entries = _manifest(files)["uploads"]
    assert {entry["source"] for entry in entries} == set(HOSTILE)
    assert len({entry["file"].casefold() for entry in entries}) == len(HOSTILE)
    for entry in entries:
        assert files[entry["file"]] == f"text of {entry['source']}".encode()
        folder, name = PurePosixPath(entry["file"]).parts
        assert folder == "uploads"
        assert name[:6].isdigit()
        assert not set(name) & set('\\/:*?"<>|\u202e')
        assert not name.endswith((".", " "))
        assert len(name.encode()) <= 255
    place = tmp_path / "out"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        for info in archive.infolist():
            archive._extract_member(info, str(place), None)
    written = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert written == set(files)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["all.zip", "out"]


def test_an_extension_stays(acme, target):
    acme.ingest({"folder/price list (2026).md": b"# Prices\n\nTea is cheap."})
    acme.export(target)
    assert "uploads/000000-price_list_2026_.md" in _files(target)


def test_the_file_is_for_its_owner_alone_and_stands_by_itself(tenant, target):
    before = os.umask(0)
    try:
        tenant.export(target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling link"])
def test_nothing_is_ever_overwritten(tenant, tmp_path, there):
    target, other = tmp_path / "acme.zip", tmp_path / "other"
    if there == "file":
        target.write_bytes(b"precious")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(other)
        if there == "link":
            other.write_bytes(b"precious")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(kr.ConfigError, match="there already"):
        tenant.export(target)
    assert sorted(tmp_path.iterdir()) == before
    assert not any(path.is_file() and path.read_bytes() != b"precious" for path in before)


def test_a_file_that_is_there_is_told_before_anything_is_read(tenant, make_engine, blobs, target):
    target.write_bytes(b"precious")
    store = CountingStore(blobs)
    with pytest.raises(kr.ConfigError, match="there already"):
        make_engine(blobs=store).tenant("acme").export(target)
    assert not [name for name in store.read if "/uploads/" in name or "/days/" in name]


def test_a_file_that_comes_while_an_export_is_written_is_not_overwritten(tenant, make_engine, blobs, target):
    act = lambda: target.write_bytes(b"precious")  # noqa: E731
    slow = make_engine(blobs=InterruptedStore(blobs, "get", "/uploads/", act)).tenant("acme")
    with pytest.raises(kr.ConfigError, match="there already"):
        slow.export(target)
    assert target.read_bytes() == b"precious"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("path", ["nowhere/acme.zip", "a file/acme.zip", ".", "", "x" * 300, "a\0b", None, 7])
def test_a_place_that_cannot_be_written_is_a_config_error(tenant, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    Path("a file").write_bytes(b"")
    with pytest.raises(kr.ConfigError):
        tenant.export(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a file"]


def test_a_failure_at_any_call_leaves_nothing(tenant, make_engine, blobs, tmp_path):
    whole = make_engine().tenant("acme").export(tmp_path / "whole.zip")
    (tmp_path / "whole.zip").unlink()
    for calls in range(1_000):
        store = FailingStore(blobs, 10**9)
        reader = make_engine(blobs=store).tenant("acme")
        reader.settings()
        store.left = calls
        try:
            assert reader.export(tmp_path / "acme.zip").turns == whole.turns
        except kr.StoreUnavailableError:
            assert list(tmp_path.iterdir()) == []
            continue
        if store.left:
            assert calls > 6
            return
        (tmp_path / "acme.zip").unlink()
    pytest.fail("the export never came to its end")


@pytest.mark.parametrize("part", ["/uploads/", "/feedback/", "/days/"])
def test_damage_ends_an_export_and_leaves_nothing(tenant, make_engine, *, blobs, target, part):
    name = next(name for name in blobs.list("tenants/") if part in name and not name.endswith("/key"))
    content = bytes(blobs.get(name))
    blobs.put(name, content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(kr.IntegrityError):
        make_engine().tenant("acme").export(target)
    assert list(target.parent.iterdir()) == []


def test_a_lost_original_is_an_error_and_not_left_out(tenant, make_engine, blobs, target):
    blobs.delete(next(name for name in blobs.list("tenants/") if "/uploads/" in name))
    with pytest.raises(kr.IntegrityError, match="gone"):
        make_engine().tenant("acme").export(target)
    assert list(target.parent.iterdir()) == []


def test_another_original_under_the_same_name_and_key_is_noticed(tenant, target):
    name = tenant.index.blobs.names("uploads/")[0]
    tenant.index.blobs.write("upload", name, b"A refund takes 9 days.", if_absent=False)
    with pytest.raises(kr.IntegrityError, match="not the original"):
        tenant.export(target)
    assert list(target.parent.iterdir()) == []


def test_a_full_disk_is_an_error_and_leaves_nothing(tenant, target, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module.os, "fsync", full)
    with pytest.raises(kr.ConfigError, match="No space left"):
        tenant.export(target)
    assert list(target.parent.iterdir()) == []


def test_a_document_that_is_erased_while_it_is_exported_is_left_out(tenant, make_engine, blobs, target):
    erase = lambda: make_engine().tenant("acme").erase_document("delivery.txt")  # noqa: E731
    slow = make_engine(blobs=InterruptedStore(blobs, "get", "/uploads/", erase)).tenant("acme")
    report = slow.export(target)
    assert (report.documents, report.uploads) == (1, 1)
    files = _files(target)
    assert [row["id"] for row in _lines(files, "documents.jsonl")] == ["policy.md"]
    assert b"Delivery is free." not in b"".join(content for name, content in files.items() if "uploads" in name)


def test_a_document_that_is_replaced_while_it_is_exported_is_exported_again(tenant, make_engine, blobs, target):
    def replace():
        make_engine().tenant("acme").ingest(b"Delivery costs 50.", source="delivery.txt")
        make_engine().vacuum(grace_s=0)

    slow = make_engine(blobs=InterruptedStore(blobs, "get", "/uploads/", replace)).tenant("acme")
    with pytest.raises(kr.ConflictError):
        slow.export(target)
    assert list(target.parent.iterdir()) == []
    assert slow.export(target).uploads == 2


def test_an_erased_tenant_exports_nothing(tenant, make_engine, target):
    make_engine().erase_tenant("acme")
    with pytest.raises(kr.TenantErasedError):
        tenant.export(target)
    assert list(target.parent.iterdir()) == []


def test_a_name_that_is_none_is_refused(tenant, target):
    with pytest.raises(kr.ConfigError, match="visitor"):
        tenant.export(target, visitor="")
    assert list(target.parent.iterdir()) == []
