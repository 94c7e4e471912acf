"""A folder and the documents that come from it: what a sync brings in, what it deletes, and what it must not."""

import json
import os
import shutil
import unicodedata

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder
from tests.rag.stores import InterruptedStore


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "manuals"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.md").write_text("# Alpha\n\nAlpha is first.")
    (folder / "deep" / "b.txt").write_text("Beta is second.")
    (folder / "deep" / "er" / "c.txt").write_text("Gamma is third.")
    return folder


def ids(tenant):
    return [row.id for row in tenant.documents()]


def test_a_sync_brings_in_what_is_there_and_deletes_what_vanished(acme, folder):
    report = acme.sync(folder)
    assert (report.added, report.failed, report.generation) == (("a.md", "deep/b.txt", "deep/er/c.txt"), (), 1)
    assert {row.folder for row in acme.documents()} == {str(folder)}
    (folder / "deep" / "b.txt").write_text("Beta is no longer second.")
    (folder / "deep" / "er" / "c.txt").unlink()
    (folder / "d.txt").write_text("Delta is new.")
    report = acme.sync(folder)
    assert (report.added, report.changed, report.unchanged) == (("d.txt",), ("deep/b.txt",), ("a.md",))
    assert (report.deleted, report.chunks, report.generation) == (("deep/er/c.txt",), 2, 3)
    assert ids(acme) == ["a.md", "d.txt", "deep/b.txt"]
    again = acme.sync(folder)
    assert (len(again.unchanged), again.added, again.changed, again.deleted, again.generation) == (3, (), (), (), 3)


def test_a_sync_deletes_only_what_it_brought_in(acme, folder, tmp_path):
    acme.ingest(b"By hand.", source="by hand.txt")
    acme.add([kr.Chunk(document_id="ready", ordinal=0, text="A ready chunk.")])
    other = tmp_path / "other"
    other.mkdir()
    (other / "o.txt").write_text("Of another folder.")
    acme.sync(other)
    acme.sync(folder)
    for path in (folder / "deep").rglob("*.txt"):
        path.unlink()
    assert acme.sync(folder).deleted == ("deep/b.txt", "deep/er/c.txt")
    assert ids(acme) == ["a.md", "by hand.txt", "o.txt", "ready"]


def test_a_document_belongs_to_whoever_handed_it_in_last(acme, folder):
    acme.sync(folder, label="manuals")
    assert acme.ingest(folder / "a.md").changed == ("a.md",)
    (folder / "a.md").unlink()
    assert acme.sync(folder, label="manuals").deleted == ()
    assert "a.md" in ids(acme)
    (folder / "a.md").write_text("# Alpha\n\nAlpha is first.")
    assert acme.sync(folder, label="manuals").changed == ("a.md",)
    (folder / "a.md").unlink()
    assert acme.sync(folder, label="manuals").deleted == ("a.md",)


def test_a_label_goes_with_the_folder_wherever_it_lies(acme, folder):
    acme.sync(folder, label="manuals")
    moved = folder.rename(folder.with_name("elsewhere"))
    (moved / "a.md").unlink()
    report = acme.sync(moved, label="manuals")
    assert (len(report.unchanged), report.deleted) == (2, ("a.md",))


def test_a_file_that_another_writer_brought_in_meanwhile_is_not_deleted(make_engine, blobs, folder):
    engine = make_engine()
    engine.tenant("acme").sync(folder)
    (folder / "a.md").unlink()

    def ingest_elsewhere():
        make_engine().tenant("acme").ingest(b"By hand, just now.", source="a.md")

    store = InterruptedStore(blobs, "put", "/commits/", ingest_elsewhere)
    report = make_engine(blobs=store).tenant("acme").sync(folder)
    assert report.deleted == ()
    assert "a.md" in ids(make_engine().tenant("acme"))


@pytest.mark.parametrize("emptied", [True, False])
def test_an_empty_or_missing_folder_deletes_nothing_unless_asked(acme, folder, emptied):
    acme.sync(folder)
    away = folder.rename(folder.with_name("away"))
    if emptied:
        folder.mkdir()
    with pytest.raises(kr.ConfigError, match="delete all" if emptied else "cannot be listed"):
        acme.sync(folder)
    assert len(acme.documents()) == 3
    if not emptied:
        with pytest.raises(kr.ConfigError, match="cannot be listed"):
            acme.sync(folder, may_delete_all=True)
        folder.mkdir()
    assert acme.sync(folder, may_delete_all=True).deleted == ("a.md", "deep/b.txt", "deep/er/c.txt")
    assert acme.sync(folder).deleted == ()
    assert away.is_dir()


def test_patterns_that_leave_no_file_are_refused_too(acme, folder):
    acme.sync(folder)
    with pytest.raises(kr.ConfigError, match="delete all"):
        acme.sync(folder, include=["*.pdf"])
    with pytest.raises(kr.ConfigError, match="lists of patterns"):
        acme.sync(folder, include="*.md")
    assert len(acme.documents()) == 3


def test_a_folder_that_cannot_be_listed_whole_deletes_nothing(acme, folder):
    acme.sync(folder)
    place = os.open(folder, os.O_RDONLY)
    for _ in range(20):  # deeper than a path can say
        os.mkdir("d" * 250, dir_fd=place)
        place, above = os.open("d" * 250, os.O_RDONLY, dir_fd=place), place
        os.close(above)
    os.close(place)
    (folder / "a.md").unlink()
    try:
        with pytest.raises(kr.ConfigError, match="cannot be listed"):
            acme.sync(folder)
    finally:
        shutil.rmtree(folder / ("d" * 250))
    assert len(acme.documents()) == 3
    assert acme.sync(folder).deleted == ("a.md",)


def test_patterns_choose(acme, folder):
    (folder / "deep" / "draft.md").write_text("Not yet.")
    report = acme.sync(folder, include=["*.md", "deep/er/*"], exclude=["*draft*"])
    assert report.added == ("a.md", "deep/er/c.txt")
    report = acme.sync(folder, include=["*.md"], exclude=["a.*"])
    assert (report.added, report.deleted) == (("deep/draft.md",), ("a.md", "deep/er/c.txt"))


def test_hidden_files_and_links_out_of_the_folder_are_left_out(acme, folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("the secret key")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text("hidden, too")
    (folder / "out.txt").symlink_to(secret / "key.txt")
    (folder / "out").symlink_to(secret)
    (folder / "up").symlink_to("..")
    (folder / "broken.txt").symlink_to("nowhere.txt")
    (folder / "inside.txt").symlink_to("deep/b.txt")
    os.mkfifo(folder / "pipe.txt")
    report = acme.sync(folder)
    assert report.added == ("a.md", "deep/b.txt", "deep/er/c.txt", "inside.txt")
    assert report.duplicates == (("inside.txt", "deep/b.txt"),)


def test_a_file_that_becomes_a_link_out_of_the_folder_meanwhile_is_not_read(acme, folder, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret key")
    for number in range(40):
        (folder / f"z{number:03}.txt").write_text(f"text {number}")
    last = folder / "z039.txt"

    def swap(step):
        if not last.is_symlink():
            last.unlink()
            last.symlink_to(secret)

    report = acme.sync(folder, on_progress=swap)
    assert [(source, "outside the folder" in error.reason) for source, error in report.failed] == [("z039.txt", True)]
    assert not any("secret" in hit.chunk.text for hit in acme.search("the secret key", k=50))


def test_what_cannot_be_read_any_more_stays_as_it_was(acme, folder):
    acme.sync(folder)
    (folder / "a.md").write_bytes(b"%PDF-1.7\n no longer markdown")
    report = acme.sync(folder)
    assert [source for source, _ in report.failed] == ["a.md"]
    assert report.deleted == ()
    assert acme.search("alpha", k=1)[0].chunk.document_id == "a.md"


def test_names_that_are_no_sources_fail_alone(acme, folder):
    (folder / "two\nlines.txt").write_text("text")
    (folder / os.fsdecode(b"\xff.txt")).write_text("text")
    for form in ("NFC", "NFD"):
        (folder / unicodedata.normalize(form, "Café.txt")).write_text(form)
    report = acme.sync(folder)
    assert len(report.failed) == 3
    assert all(isinstance(error, kr.LoadError) for _, error in report.failed)
    assert json.dumps([source for source, _ in report.failed])
    assert len(report.added) == 4


def test_renaming_costs_no_embedding(make_engine, folder):
    class Counting(HashingEmbedder):
        embedded = 0

        def embed_documents(self, texts):
            self.embedded += len(texts)
            return super().embed_documents(texts)

    embedder = Counting()
    acme = make_engine(embedder=embedder).tenant("acme")
    acme.sync(folder)
    before = embedder.embedded
    (folder / "deep" / "b.txt").rename(folder / "z.txt")
    report = acme.sync(folder)
    assert (report.added, report.deleted, report.duplicates) == (("z.txt",), ("deep/b.txt",), ())
    assert embedder.embedded == before


def test_an_outage_in_the_middle_deletes_nothing(make_engine, folder):
    class Down(HashingEmbedder):
        def embed_documents(self, texts):
            raise kr.ProviderUnavailableError("down")

    make_engine().tenant("acme").sync(folder)
    (folder / "a.md").unlink()
    (folder / "new.txt").write_text("new")
    acme = make_engine(embedder=Down()).tenant("acme")
    with pytest.raises(kr.ProviderUnavailableError):
        acme.sync(folder)
    assert "a.md" in ids(acme)
    assert make_engine().tenant("acme").sync(folder).deleted == ("a.md",)


@pytest.mark.parametrize("label", ["a\nb", "x" * 2000])
def test_labels_are_checked(acme, folder, label):
    with pytest.raises(kr.ConfigError):
        acme.sync(folder, label=label)


def test_metadata_reaches_the_chunks(acme, folder):
    acme.sync(folder, metadata={"team": "north"})
    assert len(acme.search("is", where={"team": "north"})) == 3


def test_the_folder_of_a_document_outlives_compaction(acme, folder):
    acme.sync(folder)
    acme.ingest(b"By hand.", source="by hand.txt")
    acme.compact()
    (folder / "a.md").unlink()
    assert acme.sync(folder).deleted == ("a.md",)
    assert ids(acme) == ["by hand.txt", "deep/b.txt", "deep/er/c.txt"]
