"""Hostile tenant ids, document ids and file names: refused, or handled without a byte in anybody else's place."""

from __future__ import annotations

import os
import threading
import unicodedata
from pathlib import Path

import pytest

import konverze_rag as kr
from konverze_core.errors import ConfigError, UnknownTenantError
from konverze_core.fakes import MemoryKeyProvider
from konverze_indexes.localstore import LocalBlobStore
from konverze_indexes.marks import FileMarks
from tests.faults.tampering import directory_of
from tests.settings import OFFLINE

ROW = "hostile tenant ids and file names"
LIMITS = kr.LoadLimits(max_file_bytes=1 << 20)
ACME = directory_of("acme")
TEXT = b"The intruder keeps zebras."

ILLEGAL_IDS = {
    "empty": "",
    "NUL": "acme\0",
    "line feed": "acme\n",
    "escape sequence": "\x1b[2Jacme",
    "line separator": "ac\u2028me",
    "half a surrogate pair": "acme\ud800",
    "10,000 characters": "x" * 10_000,
    "trailing space": "acme ",
    "no-break space in front": "\u00a0acme",
    "zero-width space": "ac\u200bme",
    "right-to-left override": "\u202eemca",
    "variation selector": "acme\ufe0f",
    "Hangul filler": "acme\u3164",
}
LEGAL_IDS = {
    "parent": "..",
    "traversal": "../../../outside",
    "encoded traversal": "%2e%2e%2f%2e%2e%2foutside%00",
    "absolute path": "/etc/passwd",
    "Windows device": "CON",
    "another case": "ACME",
    "Cyrillic look-alike": "\u0430cme",
    "compatibility form": "\uff41\uff43\uff4d\uff45",
    "decomposed": "cafe\u0301",
    "emoji": "\U0001f469\u200d\U0001f467\u2764\ufe0f",
    "another tenant's directory": ACME,
}
ILLEGAL_SOURCES = {"NUL": "a\0b.txt", "surrogate": "\ud800.txt", "long": "x" * 10_000, "line feed": "a\nb.txt"}
LEGAL_SOURCES = {
    "traversal": "../../../outside.txt",
    "absolute path": "/etc/passwd",
    "device": "NUL.txt",
    "a keyring's name": f"keyring/{ACME}/{1:020d}",
    "the spool": ".tmp/../../key.json",
}
ILLEGAL_PATHS = ["dangling", "loop", "folder", "pipe", "undecodable"]
LEGAL_PATHS = ["link out", "link to a blob"]


def test_there_are_forty():
    assert sum(map(len, (ILLEGAL_IDS, LEGAL_IDS, ILLEGAL_SOURCES, LEGAL_SOURCES, ILLEGAL_PATHS, LEGAL_PATHS))) == 40


class Site:
    """A store on disk with the tenants `acme` and `café`, marks beside it, and bystanders around them."""

    def __init__(self, root: Path) -> None:
        self.root, self.keys = root, MemoryKeyProvider()
        for name in ("data", "work/uploads"):
            (root / name).mkdir(parents=True)
        for name in ("outside", "outside.txt", "data/key.json", "work/secret.txt"):
            (root / name).write_bytes(b"a bystander's")
        for tenant_id in ("acme", "caf\u00e9"):
            self.engine().tenant(tenant_id).ingest(b"A refund takes 7 days.", source="policy.txt")
        self.before = self.tree()

    def engine(self):
        """An engine as a new process has it."""
        return kr.Engine(
            settings=OFFLINE,
            blobs=LocalBlobStore(self.root / "data" / "blobs"),
            keys=self.keys,
            marks=FileMarks(self.root / "data" / "marks"),
            limits=LIMITS,
        )

    def tree(self):
        """What stands where, links not followed."""
        return {str(path.relative_to(self.root)): _state(path) for path in sorted(self.root.rglob("*"))}

    def changed(self):
        """Places that are not as they were at first."""
        now = self.tree()
        return {place for place in now.keys() | self.before.keys() if now.get(place) != self.before.get(place)}

    def is_kept_apart(self, tenant_id):
        """Whether all that has changed belongs to this tenant."""
        directory = directory_of(tenant_id)
        own = (f"data/blobs/keyring/{directory}", f"data/blobs/tenants/{directory}", f"data/marks/{directory}")
        return all(place in own or place.startswith(tuple(f"{folder}/" for folder in own)) for place in self.changed())


def _state(path):
    if path.is_symlink():
        return path.readlink()
    return path.read_bytes() if path.is_file() else path.stat().st_mode


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site(tmp_path)
    monkeypatch.chdir(tmp_path / "work")
    return site


def is_refused(call):
    try:
        call()
    except UnknownTenantError:
        return False  # it was looked for, under a name of the attacker's
    except ConfigError:
        return True
    return False


@pytest.mark.parametrize("case", ILLEGAL_IDS)
def test_an_illegal_tenant_id_is_refused(case, site, figure):
    hostile = ILLEGAL_IDS[case]
    calls = [
        lambda: site.engine().tenant(hostile),
        lambda: site.engine().tenant(hostile, create=False),
        lambda: site.engine().erase_tenant(hostile),
        lambda: site.engine().verify(hostile),
    ]
    held = all(map(is_refused, calls)) and not site.changed() and site.engine().tenants() == ["acme", "caf\u00e9"]
    figure(ROW, passed=held, of=1)


@pytest.mark.parametrize("case", LEGAL_IDS)
def test_a_legal_tenant_id_is_a_tenant_of_its_own(case, site, figure):
    hostile = LEGAL_IDS[case]
    true_id = unicodedata.normalize("NFC", hostile)
    tenant = site.engine().tenant(hostile)
    tenant.ingest(TEXT, source="zebras.txt")
    tenant.ask("What does the intruder keep?", conversation=hostile, visitor=hostile)
    again = site.engine().tenant(true_id, create=False)
    held = (
        tenant.id == again.id == true_id
        and site.engine().tenants() == sorted({"acme", "caf\u00e9", true_id})
        and [hit.chunk.document_id for hit in again.search("zebras")] == ["zebras.txt"]
        and not site.engine().tenant("acme").search("zebras")
        and site.is_kept_apart(hostile)
        and site.engine().verify().is_sound
    )
    figure(ROW, passed=held, of=1)
    if true_id != "caf\u00e9":
        site.engine().erase_tenant(hostile)
        assert site.is_kept_apart(hostile)
        assert site.engine().tenant("acme").search("refund")


@pytest.mark.parametrize("case", ILLEGAL_SOURCES)
def test_an_illegal_source_is_refused(case, site, figure):
    hostile, acme = ILLEGAL_SOURCES[case], site.engine().tenant("acme")
    calls = [
        lambda: acme.ingest(TEXT, source=hostile),
        lambda: acme.ingest({hostile: TEXT}),
        lambda: acme.add([kr.Chunk(document_id=hostile, ordinal=0, text="zebras")]),
        lambda: acme.erase_document(hostile),
        lambda: acme.ingest(hostile),
    ]
    figure(ROW, passed=all(map(is_refused, calls)) and not site.changed(), of=1)


@pytest.mark.parametrize("case", LEGAL_SOURCES)
def test_a_legal_source_is_a_name_and_no_path(case, site, figure):
    hostile, acme = LEGAL_SOURCES[case], site.engine().tenant("acme")
    acme.ingest(TEXT, source=hostile)
    assert [document.id for document in site.engine().tenant("acme").documents()] == sorted([hostile, "policy.txt"])
    held = site.is_kept_apart("acme") and site.engine().verify().is_sound
    acme.erase_document(hostile)
    held &= [document.id for document in site.engine().tenant("acme").documents()] == ["policy.txt"]
    figure(ROW, passed=held and site.is_kept_apart("acme") and site.engine().verify().is_sound, of=1)


def hostile_path(case, site):
    folder = site.root / "work" / "uploads"
    if case == "folder":
        return folder
    if case == "undecodable":
        Path(path := os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.txt")).write_bytes(TEXT)
        return path
    path = folder / "upload.txt"
    if case == "pipe":
        os.mkfifo(path)
        return path
    blob = next((site.root / "data" / "blobs" / "tenants" / ACME).rglob("*.hot"))
    targets = {"dangling": "nowhere", "loop": "upload.txt", "link out": "../secret.txt", "link to a blob": blob}
    path.symlink_to(targets[case])
    return path


@pytest.mark.parametrize("case", ILLEGAL_PATHS)
def test_what_is_no_file_is_refused(case, site, figure):
    path, acme = hostile_path(case, site), site.engine().tenant("acme")
    site.before = site.tree()
    outcomes = []
    reader = threading.Thread(target=lambda: outcomes.append(is_refused(lambda: acme.ingest(path))), daemon=True)
    reader.start()
    reader.join(timeout=10)  # a named pipe keeps its reader waiting for a writer
    figure(ROW, passed=outcomes == [True] and not site.changed(), of=1)


@pytest.mark.parametrize("case", LEGAL_PATHS)
def test_a_link_is_read_and_named_by_its_own_name(case, site, figure):
    """Whoever hands in a path may read what it leads to; what is stored goes by the name handed in."""
    path, acme = hostile_path(case, site), site.engine().tenant("acme")
    site.before = site.tree()
    report = acme.ingest(path)
    names = [name for name, _ in report.failed] or [document.id for document in acme.documents()]
    held = "upload.txt" in names and site.is_kept_apart("acme") and site.engine().verify("acme").is_sound
    figure(ROW, passed=held and (case == "link out") == (report.documents == 1), of=1)
