"""What an ingest promises of batches: whole documents, bounded memory, resumption, and nothing embedded twice."""

import io
import os
import subprocess
import sys
import textwrap
import threading
import time
from importlib.machinery import ModuleSpec
from types import SimpleNamespace

import numpy as np
import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock
from konverze_indexes.keyfile import LocalKeyFile
from konverze_indexes.localstore import LocalBlobStore
from konverze_loaders import LoadLimits, TokenWindowChunker
from konverze_loaders.pdf.ocr import OCR_MODULE
from konverze_rag.embedding import EMBED_SLICE_CHUNKS, MAX_RATE_LIMIT_WAIT_S
from konverze_rag.ingest.ingestion import COMMIT_CHUNKS, Ingestion
from konverze_rag.ingest.preparing import FILES_AHEAD, MAX_READERS, Order
from konverze_rag.ingest.vectors import REMOTE_CALLS
from konverze_rag.outgoing import DiscreetEmbedder
from konverze_rag.uploads import READ_TRIES, named_uploads, settled_bytes
from tests.settings import OFFLINE

SMALL_CHUNKS = OFFLINE.model_copy(update={"chunk_tokens": 8, "chunk_overlap_tokens": 0})


class Recording(HashingEmbedder):
    """Remembers the texts that it was given, and fails as it is told."""

    def __init__(self, *, fails_at=None, error=None):
        super().__init__()
        self.texts = []
        self.fails_at, self.error = fails_at, error
        self._lock = threading.Lock()

    def embed_documents(self, texts):
        with self._lock:
            if self.fails_at is not None and len(self.texts) >= self.fails_at:
                raise self.error
            self.texts += texts
        return super().embed_documents(texts)


class Remote(Recording):
    """Says that it is far away, and how many calls came at once."""

    def __init__(self):
        super().__init__()
        self.at_once = self.most_at_once = 0

    @property
    def info(self):
        return kr.EmbedderInfo(name="remote", dim=64, is_remote=True)

    def embed_documents(self, texts):
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.05)
        with self._lock:
            self.at_once -= 1
        return super().embed_documents(texts)


def facts(document, count):
    """A document of so many chunks of 8 tokens, each with words of its own."""
    lines = [f"{document} fact {number} says {number * 7919}." for number in range(count)]
    return "\n\n".join(lines).encode()


def ingestion(tenant, load, *, embedder=None):
    chunker = TokenWindowChunker(lambda texts: [len(text.split()) for text in texts], max_tokens=50, overlap_tokens=0)
    model = None if embedder is None else DiscreetEmbedder(model=embedder, settings=lambda: OFFLINE)
    quotas = tenant._ingestion.quotas
    return Ingestion(
        tenant.index, lambda *_: chunker, model, clock=ManualClock(), limits=LoadLimits(), load=load, quotas=quotas
    )


def test_a_large_batch_becomes_several_commits_of_whole_documents(make_engine):
    acme = make_engine(settings=SMALL_CHUNKS).tenant("acme")
    steps = []
    each = COMMIT_CHUNKS // 3 + 1
    report = acme.ingest({f"d{number}": facts(f"d{number}", each) for number in range(7)}, on_progress=steps.append)
    assert (report.documents, report.chunks, report.generation) == (7, 7 * each, 3)
    assert report.added == tuple(f"d{number}" for number in range(7))
    assert acme.stats().chunks == report.chunks
    assert [row.chunks for row in acme.documents()] == [each] * 7
    committed = [(step.done, step.total) for step in steps if step.stage == "committed"]
    assert [done for done, _ in committed] == [3, 6, 7]
    assert committed[-1] == (7, 7)


def test_progress_adds_up(make_engine):
    acme = make_engine(settings=SMALL_CHUNKS).tenant("acme")
    acme.ingest(facts("old", 10), source="old")
    steps, threads = [], set()

    def tell(step):
        steps.append(step)
        threads.add(threading.current_thread())

    batch = {f"d{number}": facts(f"d{number}", 100) for number in range(5)}
    report = acme.ingest({"bad": b"\x00\x01\x02" * 50, "old": facts("old", 10), **batch}, on_progress=tell)
    looked_at = [step for step in steps if step.stage in {"read", "skipped", "failed"}]
    assert [(step.source, step.stage) for step in looked_at[:2]] == [("bad", "failed"), ("old", "skipped")]
    assert [(step.done, step.total) for step in looked_at] == [(number, 7) for number in range(1, 8)]
    embedded = [step for step in steps if step.stage == "embedded"]
    assert [step.done for step in embedded] == sorted(step.done for step in embedded)
    assert all(step.done <= step.total for step in steps)
    assert (embedded[-1].done, embedded[-1].total) == (report.chunks, report.chunks)
    assert report.documents + len(report.skipped) + len(report.failed) == 7
    assert threads == {threading.current_thread()}


def test_whoever_is_told_can_end_an_ingest(acme, blobs):
    def tell(step):
        if step.done == 3:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        acme.ingest({f"d{number}": b"text %d" % number for number in range(50)}, on_progress=tell)
    assert acme.documents() == []
    assert not [name for name in blobs.list("tenants/") if "/uploads/" in name]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("konverze-read", "konverze-em"))]


def test_one_bad_file_among_many(make_engine):
    acme = make_engine().tenant("acme")
    batch = {f"d{number}": b"text %d" % number for number in range(60)}
    batch["d30"] = b"%PDF-1.7\n not a pdf"
    report = acme.ingest(batch)
    assert [source for source, _ in report.failed] == ["d30"]
    assert len(report.added) == len(acme.documents()) == 59


# Rate limits and outages


def test_a_rate_limit_is_waited_out(make_engine):
    class Busy(Recording):
        refusals = 2

        def embed_documents(self, texts):
            if self.refusals:
                self.refusals -= 1
                raise kr.RateLimitedError("busy", retry_after_s=0.01)
            return super().embed_documents(texts)

    embedder = Busy()
    report = make_engine(embedder=embedder).tenant("acme").ingest(b"Refunds take 7 days.", source="policy")
    assert (report.documents, embedder.refusals, len(embedder.texts)) == (1, 0, 1)


class Choosy(Recording):
    """Is too busy for some texts, and down for others."""

    def __init__(self, *, refusals=0, retry_after_s=0.01):
        super().__init__()
        self.refusals, self.retry_after_s = refusals, retry_after_s
        self.refused = threading.Event()

    def embed_documents(self, texts):
        if any("outage" in text for text in texts):
            assert self.refused.wait(10)
            raise kr.ProviderUnavailableError("down")
        if self.refusals:
            self.refusals -= 1
            self.refused.set()
            raise kr.RateLimitedError("busy", retry_after_s=self.retry_after_s)
        return super().embed_documents(texts)


SEMANTIC = OFFLINE.model_copy(update={"chunker": "semantic"})


def test_a_rate_limit_is_waited_out_while_a_semantic_chunker_looks_for_borders(make_engine):
    embedder = Choosy(refusals=2)
    acme = make_engine(settings=SEMANTIC, embedder=embedder).tenant("acme")
    report = acme.ingest(b"Refunds take 7 days. Cups are replaced.", source="policy")
    assert (report.documents, embedder.refusals) == (1, 0)
    assert embedder.texts[:2] == ["Refunds take 7 days.", "Cups are replaced."]


def ended(acme, batch, error):
    """Whether an ingest ends with the error, at once, and leaves no thread behind."""
    started = time.monotonic()
    with pytest.raises(error):
        acme.ingest(batch)
    reading = [thread for thread in threading.enumerate() if thread.name.startswith("konverze-read")]
    return time.monotonic() - started < 30 and not reading


def test_a_semantic_chunker_that_waits_stops_with_the_ingest(make_engine):
    embedder = Choosy(refusals=1, retry_after_s=MAX_RATE_LIMIT_WAIT_S / 2)
    acme = make_engine(settings=SEMANTIC, embedder=embedder).tenant("acme")
    batch = {"news": b"An outage.", "policy": b"Refunds take 7 days."}
    assert ended(acme, batch, kr.ProviderUnavailableError)


def test_a_semantic_chunker_that_waits_stops_where_an_upload_is_no_file(make_engine):
    class Words:
        def read(self, size):
            assert embedder.refused.wait(10)
            return "no bytes"

    embedder = Choosy(refusals=1, retry_after_s=MAX_RATE_LIMIT_WAIT_S / 2)
    acme = make_engine(settings=SEMANTIC, embedder=embedder).tenant("acme")
    assert ended(acme, {"policy": b"Refunds take 7 days.", "words": Words()}, kr.ConfigError)


@pytest.mark.parametrize(
    "error",
    [
        kr.RateLimitedError("busy", retry_after_s=MAX_RATE_LIMIT_WAIT_S + 1),
        kr.ProviderUnavailableError("down"),
    ],
)
@pytest.mark.parametrize("kind", [Recording, Remote])
def test_what_was_embedded_before_an_outage_stays_and_the_same_call_finishes_the_rest(make_engine, blobs, kind, error):
    embedder = kind()
    acme = make_engine(settings=SMALL_CHUNKS, embedder=embedder).tenant("acme")
    batch = {f"d{number}": facts(f"d{number}", EMBED_SLICE_CHUNKS + 1) for number in range(20)}
    embedder.fails_at, embedder.error = 10 * EMBED_SLICE_CHUNKS, error
    started = time.monotonic()
    with pytest.raises(type(error)):
        acme.ingest(batch)
    assert time.monotonic() - started < 30
    done, embedded = [row.id for row in acme.documents()], len(embedder.texts)
    most = 10 * EMBED_SLICE_CHUNKS // (EMBED_SLICE_CHUNKS + 1)
    assert len(done) == most if kind is Recording else 0 < len(done) <= most  # calls at once finish in any order
    originals = [name for name in blobs.list("tenants/") if "/uploads/" in name]
    assert len(originals) == len(done)
    embedder.fails_at = None
    report = acme.ingest(batch)
    assert sorted(report.skipped) == sorted(done)
    assert sorted([*report.added, *done]) == sorted(batch)
    of_those = len(done) * (EMBED_SLICE_CHUNKS + 1)
    assert len(embedder.texts) == embedded + len(batch) * (EMBED_SLICE_CHUNKS + 1) - of_those


def test_a_remote_model_is_called_several_times_at_once(make_engine):
    embedder = Remote()
    acme = make_engine(settings=SMALL_CHUNKS, embedder=embedder).tenant("acme")
    report = acme.ingest(facts("d", 12 * EMBED_SLICE_CHUNKS), source="d")
    assert embedder.most_at_once == REMOTE_CALLS
    assert report.chunks == 12 * EMBED_SLICE_CHUNKS
    hit = acme.search("fact 700", k=1)[0]
    assert "fact 700 " in hit.chunk.text


def test_files_are_not_read_further_ahead_than_the_model_follows(acme):
    begun, gate = [], threading.Event()

    def load(data, /, *, name, password, limits):
        begun.append(name)
        return kr.load(data, name=name)

    class Waiting(HashingEmbedder):
        def embed_documents(self, texts):
            assert gate.wait(30)
            return super().embed_documents(texts)

    batch = {f"d{number}": facts(f"d{number}", 10 * EMBED_SLICE_CHUNKS) for number in range(100)}
    order = Order(uploads=named_uploads(batch, None))
    thread = threading.Thread(target=ingestion(acme, load, embedder=Waiting()).run, args=(order,))
    thread.start()
    try:
        time.sleep(1)
        assert 0 < len(begun) <= FILES_AHEAD * min(2 * (os.cpu_count() or 1), MAX_READERS) + 2
    finally:
        gate.set()
        thread.join()
    assert len(begun) == len(acme.documents()) == 100


# What the index has


def test_of_a_changed_document_only_the_new_chunks_are_embedded(make_engine):
    embedder = Recording()
    acme = make_engine(settings=SMALL_CHUNKS, embedder=embedder).tenant("acme")
    text = facts("d", 100).decode()
    acme.ingest(text.encode(), source="d")
    before = {hit.chunk.text: hit.score for hit in acme.search(vector=np.ones(64, np.float32), k=200)}
    embedder.texts.clear()
    report = acme.ingest(text.replace("fact 50 ", "fact fifty ").encode(), source="d")
    assert report.changed == ("d",)
    assert report.chunks == 100
    assert len(embedder.texts) == 1
    assert "fact fifty " in embedder.texts[0]
    after = {hit.chunk.text: hit.score for hit in acme.search(vector=np.ones(64, np.float32), k=200)}
    assert len(after) == 100
    assert {text: score for text, score in after.items() if "fifty" not in text}.items() <= before.items()


def test_other_metadata_costs_no_embedding(make_engine):
    embedder = Recording()
    acme = make_engine(embedder=embedder).tenant("acme")
    acme.ingest(b"Refunds take 7 days.", source="policy", metadata={"team": "north"})
    report = acme.ingest(b"Refunds take 7 days.", source="policy", metadata={"team": "south"})
    assert report.changed == ("policy",)
    assert len(embedder.texts) == 1
    assert acme.search("refunds", where={"team": "south"})
    assert not acme.search("refunds", where={"team": "north"})


def test_vectors_that_somebody_else_made_are_not_taken_over(make_engine):
    embedder = Recording()
    acme = make_engine(embedder=embedder).tenant("acme")
    chunk = kr.Chunk(document_id="policy", ordinal=0, text="Refunds take 7 days.")
    acme.add([chunk], vectors=np.zeros((1, 64), np.float32))
    acme.ingest(b"Refunds take 7 days.", source="policy")
    assert embedder.texts == ["Refunds take 7 days."]


def test_duplicates_are_noted_indexed_and_not_embedded_twice(make_engine):
    embedder = Recording()
    acme = make_engine(embedder=embedder).tenant("acme")
    acme.ingest(b"Refunds take 7 days.", source="policy")
    report = acme.ingest({"copy": b"Refunds take 7 days.", "other": b"Gifts stay.", "again": b"Gifts stay."})
    assert report.duplicates == (("copy", "policy"), ("again", "other"))
    assert report.documents == 3
    assert embedder.texts.count("Refunds take 7 days.") == 1
    acme.delete("policy")
    assert [hit.chunk.document_id for hit in acme.search("refunds", k=1)] == ["copy"]


def test_documents_that_swap_their_contents_are_no_duplicates(acme):
    acme.ingest({"a": b"first text", "b": b"second text"})
    assert acme.ingest({"a": b"second text", "b": b"first text"}).duplicates == ()
    assert acme.ingest({"b": b"third text", "c": b"second text"}).duplicates == (("c", "a"),)
    acme.delete("a", "c")
    assert acme.ingest({"d": b"second text"}).duplicates == ()


def test_unread_parts_are_reported_and_read_again_once_there_is_a_password(acme):
    calls = []

    def load(data, /, *, name, password, limits):
        calls.append((name, password))
        unread = () if password else (kr.Unread(part="attachment a.pdf", reason="locked"),)
        return kr.Document(text=data.decode(), metadata={"format": "text"}, unread=unread)

    reads = ingestion(acme, load)
    order = Order(uploads=named_uploads({"mail": b"See the attachment.", "note": b"A note."}, None))
    report = reads.run(order)
    assert [(source, part.part) for source, part in report.unread] == [
        ("mail", "attachment a.pdf"),
        ("note", "attachment a.pdf"),
    ]
    assert [row.unread for row in acme.documents()] == [1, 1]
    assert len(reads.run(order).skipped) == 2
    opened = reads.run(Order(uploads=order.uploads, password="secret"))
    assert (opened.changed, opened.unread) == (("mail", "note"), ())
    assert [row.unread for row in acme.documents()] == [0, 0]
    assert len(reads.run(Order(uploads=order.uploads, password="secret")).skipped) == 2
    assert [password for _, password in calls] == [None, None, "secret", "secret"]


def test_documents_are_read_anew_once_images_can_be_read(make_engine, monkeypatch):
    monkeypatch.setitem(sys.modules, OCR_MODULE, None)  # as where it is not installed
    embedder = Recording()
    acme = make_engine(embedder=embedder).tenant("acme")
    acme.ingest(b"Refunds take 7 days.", source="policy")
    monkeypatch.setitem(sys.modules, OCR_MODULE, SimpleNamespace(__spec__=ModuleSpec(OCR_MODULE, None)))
    assert acme.ingest(b"Refunds take 7 days.", source="policy").changed == ("policy",)
    assert acme.ingest(b"Refunds take 7 days.", source="policy").skipped == ("policy",)
    assert len(embedder.texts) == 1


def test_a_foreign_model_is_told_before_anything_is_read(make_engine):
    make_engine().tenant("acme").ingest(b"text", source="a")
    other = Recording()
    other._info = kr.EmbedderInfo(name="other", dim=64)
    steps = []
    with pytest.raises(kr.EmbedderMismatchError):
        make_engine(embedder=other).tenant("acme").ingest(b"more", source="b", on_progress=steps.append)
    assert (steps, other.texts) == ([], [])


# Files that do not stand still


def test_a_file_that_goes_away_meanwhile_fails_alone(acme, tmp_path):
    paths = [tmp_path / f"{number:03}.txt" for number in range(40)]
    for path in paths:
        path.write_text(f"text of {path.name}")

    report = acme.ingest(paths, on_progress=lambda step: paths[-1].unlink(missing_ok=True))
    assert [(source, error.reason) for source, error in report.failed] == [
        ("039.txt", "cannot be read (No such file or directory)")
    ]
    assert report.documents == 39


@pytest.mark.parametrize(("writes", "is_read"), [(0, True), (1, True), (READ_TRIES - 1, True), (READ_TRIES, False)])
def test_a_file_that_is_written_to_is_not_half_read(tmp_path, writes, is_read):
    class WrittenTo(io.FileIO):
        left = writes

        def read(self, size=-1):
            data = super().read(size)
            if self.left and not data:
                self.left -= 1
                with path.open("ab") as file:
                    file.write(b"one more line\n")
            return data

    path = tmp_path / "log.txt"
    path.write_bytes(b"a line of the log\n" * 100_000)
    with WrittenTo(path) as file:
        if is_read:
            assert settled_bytes(file, 10**9, "log.txt") == path.read_bytes()
        else:
            with pytest.raises(kr.LoadError, match=r"log\.txt: it is being written to"):
                settled_bytes(file, 10**9, "log.txt")


# Several at once, and those that die


def test_two_ingests_of_one_tenant_at_once(make_engine):
    engine = make_engine(settings=SMALL_CHUNKS)
    acme = engine.tenant("acme")
    batches = [{f"d{number}": facts(f"{name} d{number}", 40) for number in range(30)} for name in ("first", "second")]
    batches[1]["only"] = b"The second one has this."
    threads = [threading.Thread(target=acme.ingest, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.chunks for row in acme.documents()] == [*([40] * 30), 1]
    for number in range(30):
        texts = {hit.chunk.text.split()[0] for hit in acme.search("fact", k=50, where={"document_id": f"d{number}"})}
        assert len(texts) == 1
    assert engine.verify("acme").is_sound


DYING = """
    import os, sys
    import konverze_rag as kr
    from konverze_core.fakes import HashingEmbedder
    from konverze_indexes.keyfile import LocalKeyFile
    from konverze_indexes.localstore import LocalBlobStore
    from tests.rag.test_ingest_pipeline import SMALL_CHUNKS, facts

    place, stage, count, documents = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

    class Store:
        def __init__(self, inner):
            self._inner, self.puts = inner, 0

        def put(self, name, data, **options):
            if stage == "commit" and "/commits/" in name:
                self.puts += 1
                if self.puts == count:
                    os._exit(9)
            self._inner.put(name, data, **options)
            if stage == "put" and "tenants/" in name:
                self.puts += 1
                if self.puts == count:
                    os._exit(9)

        def __getattr__(self, verb):
            return getattr(self._inner, verb)

    def tell(step):
        if step.stage == stage and step.done >= count:
            os._exit(9)

    engine = kr.Engine(
        settings=SMALL_CHUNKS,
        blobs=Store(LocalBlobStore(place + "/blobs")),
        keys=LocalKeyFile.open(place + "/key.json", create=True),
        embedder=HashingEmbedder(),
    )
    engine.tenant("acme").ingest({f"d{n}": facts(f"d{n}", 1500) for n in range(documents)}, on_progress=tell)
"""


@pytest.mark.parametrize(
    ("stage", "count", "survivors"),
    [("read", 2, 0), ("embedded", 3000, 0), ("put", 2, 0), ("commit", 1, 0), ("commit", 2, 3), ("committed", 3, 3)],
)
def test_after_a_kill_the_same_call_does_the_rest(tmp_path, stage, count, survivors):
    arguments = [str(tmp_path), stage, str(count), "5"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DYING), *arguments], env=environment, check=False, timeout=120
    )
    assert killed.returncode == 9
    embedder = Recording()
    blobs, keys = LocalBlobStore(tmp_path / "blobs"), LocalKeyFile.open(tmp_path / "key.json", create=False)
    with kr.Engine(settings=SMALL_CHUNKS, blobs=blobs, keys=keys, embedder=embedder) as engine:
        acme = engine.tenant("acme")
        assert [row.chunks for row in acme.documents()] == [1500] * survivors
        report = acme.ingest({f"d{number}": facts(f"d{number}", 1500) for number in range(5)})
        assert len(report.skipped) == survivors
        assert len(report.added) == 5 - survivors
        assert len(embedder.texts) == 1500 * (5 - survivors)
        assert [row.chunks for row in acme.documents()] == [1500] * 5
        assert engine.verify("acme").is_sound
        engine.vacuum(grace_s=0)
        assert engine.verify("acme").findings == ()


def test_middling_segments_are_merged_when_there_are_many(make_engine):
    acme = make_engine(settings=SMALL_CHUNKS).tenant("acme")
    for number in range(9):
        acme.ingest(facts(f"d{number}", 1000), source=f"d{number}")
    assert acme.stats().segments == 1
    assert acme.stats().chunks == 9000
    assert acme.search("d4 fact 77", k=1)[0].chunk.document_id == "d4"
