import io

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder


class CountingEmbedder(HashingEmbedder):
    """Counts the texts that it is given."""

    def __init__(self):
        super().__init__()
        self.embedded = 0

    def embed_documents(self, texts):
        self.embedded += len(texts)
        return super().embed_documents(texts)


def test_paths_bytes_and_files_take_their_source_from_their_name(acme, tmp_path):
    (tmp_path / "a.md").write_text("# Refunds\n\nRefunds take 7 days.")
    with (tmp_path / "b.txt").open("w+b") as file:
        file.write(b"Delivery takes 3 days.")
        file.seek(0)
        report = acme.ingest([tmp_path / "a.md", file])
    assert (report.documents, report.failed, report.skipped, report.generation) == (2, (), (), 1)
    acme.ingest(io.BytesIO(b"Gift cards last a year."), source="cards")
    assert [row.id for row in acme.documents()] == ["a.md", "b.txt", "cards"]
    assert acme.documents()[0].metadata["format"] == "markdown"


def test_chunks_are_cut_from_the_document_they_cite(acme):
    data = b"# Plans\n\n" + b" ".join(b"Sentence number %d is here." % number for number in range(200))
    acme.ingest(data, source="plans.md")
    document = kr.load(data, name="plans.md")
    hits = acme.search("sentence number 77", k=50)
    assert len(hits) > 3
    for hit in hits:
        assert document.text[hit.chunk.span.start : hit.chunk.span.end] == hit.chunk.text
        assert hit.chunk.heading == "Plans"


def test_the_same_source_replaces(acme):
    acme.ingest(b"Refunds take 7 days.", source="policy")
    report = acme.ingest(b"Refunds take 9 days.", source="policy")
    assert report.generation == 2
    assert [hit.chunk.text for hit in acme.search("refunds")] == ["Refunds take 9 days."]


def test_unchanged_content_is_skipped_without_embedding(make_engine):
    embedder = CountingEmbedder()
    acme = make_engine(embedder=embedder).tenant("acme")
    acme.ingest(b"Refunds take 7 days.", source="policy")
    report = acme.ingest(b"Refunds take 7 days.", source="policy")
    assert (report.documents, report.skipped, report.generation) == (0, ("policy",), 1)
    assert embedder.embedded == 1
    changed = acme.ingest(b"Refunds take 7 days.", source="policy", metadata={"lang": "en"})
    assert changed.documents == 1


def test_a_mapping_names_its_uploads(acme, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "readme.md").write_text(f"text of {folder}")
    report = acme.ingest({name: tmp_path / name / "readme.md" for name in ("one", "two")})
    assert report.documents == 2
    assert [row.id for row in acme.documents()] == ["one", "two"]
    with pytest.raises(kr.ConfigError, match="mapping"):
        acme.ingest({"a": b"x"}, source="b")


@pytest.mark.parametrize("content", [bytearray(b"some text"), memoryview(b"some text"), io.BytesIO(b"some text")])
def test_all_kinds_of_bytes_are_bytes(acme, content):
    assert acme.ingest(content, source="a").documents == 1


@pytest.mark.parametrize("name", ["\u0915\u094d\u200d\u0937.txt", "Screen\u202fshot 1.txt", "a\u00a0b.txt"])
def test_file_names_of_the_real_world_are_sources(acme, tmp_path, name):
    (tmp_path / name).write_text("some text")
    assert acme.ingest(tmp_path / name).documents == 1
    assert acme.delete(name) == 1


def test_one_name_in_two_unicode_forms_is_one_document(acme):
    acme.ingest(b"one", source="Caf\u00e9")
    acme.ingest(b"two", source="Cafe\u0301")
    assert [row.chunks for row in acme.documents()] == [1]


def test_originals_of_a_batch_that_fails_are_removed(acme, blobs, tmp_path):
    (tmp_path / "good.txt").write_text("text")
    with pytest.raises(kr.ConfigError):
        acme.ingest([tmp_path / "good.txt", tmp_path / "missing.txt"])
    assert not [name for name in blobs.list("tenants/") if "/uploads/" in name]


@pytest.mark.parametrize("metadata", [{"when": object()}, {"x": "\ud800"}, {1: 2}, "lang"])
def test_metadata_that_cannot_be_filtered_is_refused_first(acme, blobs, metadata):
    before = blobs.list("")
    with pytest.raises(kr.ConfigError, match="metadata"):
        acme.ingest(b"text", source="a", metadata=metadata)
    assert blobs.list("") == before


def test_metadata_is_filterable(acme):
    acme.ingest(b"Refunds take 7 days.", source="a", metadata={"team": "north", "year": 2026})
    acme.ingest(b"Refunds take 9 days.", source="b", metadata={"team": "south", "year": 2024})
    found = acme.search("refunds", where={"team": ["north", "west"], "year": {"gte": 2025}})
    assert [hit.chunk.document_id for hit in found] == ["a"]
    assert acme.search("refunds", where={"team": "east"}) == []


def test_a_search_can_be_held_to_documents_and_to_when_they_came_in(acme, clock):
    acme.ingest(b"Refunds take 7 days.", source="old", metadata={"ingested_at": "2030"})
    clock.advance(86_400)
    between = clock.now()
    acme.ingest(b"Refunds take 9 days.", source="new")
    acme.add([kr.Chunk(document_id="added", ordinal=0, text="Refunds take 8 days.")])

    def found(where):
        return sorted(hit.chunk.document_id for hit in acme.search("refunds", where=where))

    assert found({"ingested_at": {"lt": between}}) == ["old"]
    assert found({"ingested_at": {"gte": between}}) == ["added", "new"]
    assert found({"ingested_at": {"gte": "2026-01-02", "lt": "2026-01-03"}, "document_id": "new"}) == ["new"]
    acme.compact()
    assert found({"ingested_at": {"lt": between}}) == ["old"]


def test_one_bad_file_does_not_stop_the_batch(acme, tmp_path):
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7\n not a pdf")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "good.txt").write_bytes(b"Delivery takes 3 days.")
    report = acme.ingest(sorted(tmp_path.iterdir()))
    assert report.documents == 1
    assert [source for source, _ in report.failed] == ["bad.pdf", "empty.txt"]
    for source, error in report.failed:
        assert isinstance(error, kr.LoadError)
        assert str(error).startswith(f"{source}: ")
    assert [row.id for row in acme.documents()] == ["good.txt"]


def test_a_batch_of_bad_files_commits_nothing(acme):
    report = acme.ingest(b"\x00\x01\x02\x03" * 50, source="noise.bin")
    assert (report.documents, report.generation) == (0, 0)
    assert acme.stats().generation == 0


@pytest.mark.parametrize(
    ("content", "source", "message"),
    [
        (b"x", None, "source"),
        ([b"x", b"y"], "same", "list"),
        (["/no/such/file.txt"], None, "No such file"),
        (b"x", "a\nb", "control character"),
        (b"x", "", "source"),
        (b"x", "n" * 2000, "1024"),
        (io.StringIO("x"), "text mode", "binary"),
        (None, "a", "NoneType"),
        (5, "a", "int"),
        (b"x", "\ud800", "surrogate"),
    ],
)
def test_wrong_calls_are_told(acme, content, source, message):
    with pytest.raises(kr.ConfigError, match=message):
        acme.ingest(content, source=source)
    assert acme.documents() == []


def test_one_source_twice_in_a_batch_is_refused(acme, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(folder)
    with pytest.raises(kr.ConfigError, match="twice"):
        acme.ingest([tmp_path / "one" / "a.txt", tmp_path / "two" / "a.txt"])


def test_oversized_uploads_are_refused(make_engine):
    acme = make_engine(limits=kr.LoadLimits(max_file_bytes=100)).tenant("acme")
    report = acme.ingest(io.BytesIO(b"x" * 101), source="large")
    assert isinstance(report.failed[0][1], kr.LimitExceededError)


def test_progress_is_told(acme, tmp_path):
    steps = []
    (tmp_path / "a.txt").write_text("one")
    acme.ingest([tmp_path / "a.txt"], on_progress=steps.append)
    assert [(step.stage, step.done, step.total) for step in steps] == [
        ("read", 1, 1),
        ("embedded", 1, 1),
        ("committed", 1, 1),
    ]


def test_a_failing_embedder_leaves_the_index_as_it_was(make_engine):
    class Failing(HashingEmbedder):
        def embed_documents(self, texts):
            raise kr.ProviderUnavailableError("down")

    make_engine().tenant("acme").ingest(b"old", source="a")
    acme = make_engine(embedder=Failing()).tenant("acme")
    with pytest.raises(kr.ProviderUnavailableError):
        acme.ingest(b"new", source="a")
    assert acme.stats().generation == 1
