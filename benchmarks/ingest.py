"""How fast does a folder become an index, beside its stages one after the other, and again when nothing changed?"""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import docx
import numpy as np

import konverze_rag as kr
from benchmarks.corpus import texts
from benchmarks.measuring import anonymous_bytes, save
from benchmarks.ratios import Row, Watched, as_json
from konverze_core.protocols import Vectors
from konverze_indexes.catalogue import DocumentChunks, IndexedDocument
from konverze_indexes.manifest import Embedding
from konverze_rag.chunkers import chunker_of
from konverze_rag.ingest.preparing import LoadDocument
from konverze_rag.ingest.ready import embedded
from konverze_rag.opening import document_loader
from konverze_rag.providers.tiktoken_offline import CL100K, TokenCounter

QUESTION = "ingest"
REPETITIONS = 3
UNCHANGED_CALLS = 5
FILES = {"e5": 24, "remote": 240, "words only": 240}
"""Files by model: e5 embeds some dozen chunks a second on two cores, beside which all else is nothing."""

MEMORY_FILES = (400, 1_600)
PARAGRAPHS = 16
"""Of a file: some 14 kB of text."""

PARAGRAPHS_PER_SECTION = 2
LINE_WORDS = 14
PAGE_LINES = 48
CALL_S = 0.3
"""A call of a remote embedding model."""

REMOTE_DIM = 384
UNCHANGED_GOAL = 50
LOOK_S = 0.005


class RemoteModel:
    """An embedding model behind a network: a call takes its time, and none of this machine's."""

    def __init__(self) -> None:
        self.count_tokens = TokenCounter(CL100K).count_many
        self._vectors = np.random.default_rng(0).standard_normal((1_024, REMOTE_DIM), np.float32)

    @property
    def info(self) -> kr.EmbedderInfo:
        """Says that it is remote."""
        return kr.EmbedderInfo(name="remote", dim=REMOTE_DIM, is_remote=True)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Any vectors, float32, shape (len(texts), 384)."""
        time.sleep(CALL_S)
        return self._vectors[: len(texts)]

    embed_queries = embed_documents


def run() -> list[Row]:
    """One row a model, and one a number of files for the memory."""
    rows = [_speed(model, count) for model, count in FILES.items()]
    rows += [_memory(count) for count in MEMORY_FILES]
    save(QUESTION, [as_json(row) for row in rows])
    return rows


def _speed(model: str, count: int) -> Row:
    stages: dict[str, list[float]] = {}
    sums: list[float] = []
    firsts: list[float] = []
    agains: list[float] = []
    chunks = 0
    with tempfile.TemporaryDirectory() as place, _engine(model, Path(place)) as engine:
        _write_files(folder := Path(place) / "files", count)
        engine.tenant("warm").sync(folder, include=["*0.*"])
        for turn in range(REPETITIONS):
            spent = _one_after_the_other(engine, f"stages {turn}", folder)
            for stage, spent_s in spent.items():
                stages.setdefault(stage, []).append(spent_s)
            sums.append(sum(spent.values()))
            tenant = engine.tenant(f"ours {turn}")
            firsts.append(_seconds(partial(tenant.sync, folder)))
            agains.append(float(np.median([_seconds(partial(tenant.sync, folder)) for _ in range(UNCHANGED_CALLS)])))
            chunks = tenant.stats().chunks
    first_s = float(np.median(firsts))
    return {
        "model": model,
        "files": count,
        "chunks": chunks,
        "files/s": count / first_s,
        "chunks/s": chunks / first_s,
        "stages, s": ", ".join(f"{name} {np.median(spent):.2f}" for name, spent in stages.items()),
        "ingest, s": first_s,
        "stages / ingest": Watched.of(_quotients(sums, firsts), higher_is_better=True),
        "unchanged, s": float(np.median(agains)),
        "first / unchanged": Watched.of(_quotients(firsts, agains), goal=UNCHANGED_GOAL, higher_is_better=True),
    }


def _quotients(over: Sequence[float], under: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@contextmanager
def _engine(model: str, place: Path) -> Generator[kr.Engine]:
    local = "local" if model == "e5" else "none"
    settings = kr.Settings(embeddings=local, openai_api_key=None, openai_base_url=None, maintenance_every_s=None)
    with kr.Engine.open(place / "data", settings=settings) as opened:
        if model != "remote":
            yield opened
            return
        with kr.Engine(settings=settings, blobs=opened.blobs, keys=opened.keys, embedder=RemoteModel()) as engine:
            yield engine


def _one_after_the_other(engine: kr.Engine, tenant_id: str, folder: Path) -> dict[str, float]:
    """Seconds of each stage, each over all files before the next begins: the same calls that an ingest makes."""
    tenant, embedder = engine.tenant(tenant_id), engine.embedder
    chunker = chunker_of(engine.settings, embedder, TokenCounter(CL100K).count_many)
    spent: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Generator[None]:
        started = time.perf_counter()
        yield
        spent[name] = time.perf_counter() - started

    with stage("read"):
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    with _loaders(engine) as load, stage("parse"):
        documents = {name: load(data, name=name, password=None, limits=kr.LoadLimits()) for name, data in files.items()}
    with stage("cut"):
        cut = {name: chunker.chunk(document, name) for name, document in documents.items()}
    with stage("seal originals"):
        for name, data in files.items():
            tenant.index.blobs.write_lasting("upload", f"uploads/{name.partition('.')[0]:0>32}", data)
    items = [_item(name, tuple(chunks)) for name, chunks in cut.items()]
    vectors = None
    if embedder is not None:
        with stage("embed"):
            vectors = embedded(items, embedder)
    with stage("commit"):
        model = None if embedder is None else Embedding.of(embedder.info)
        tenant.index.add(items, vectors, embedding=model, replaces=True)
    return spent


@contextmanager
def _loaders(engine: kr.Engine) -> Generator[LoadDocument]:
    with ExitStack() as owned:
        load = document_loader(engine.settings, owned)
        load(b"starts a worker", name="first.txt", password=None, limits=kr.LoadLimits())
        yield load


def _item(name: str, chunks: tuple[kr.Chunk, ...]) -> DocumentChunks:
    return DocumentChunks(document=IndexedDocument(id=name, ingested_at=datetime.now(UTC)), chunks=chunks)


def _memory(count: int) -> Row:
    """Of a process of its own, which embeds remotely: the growth of its peak while it ingests, and what stays."""
    with tempfile.TemporaryDirectory() as place:
        _write_files(Path(place) / "files", count)
        command = [sys.executable, "-m", "benchmarks.ingest", place]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ)  # noqa: S603
    return {"model": "remote", "files": count, **json.loads(told.stdout.splitlines()[-1])}


def _grown(place: Path) -> Row:
    with _engine("remote", place) as engine:
        engine.tenant("warm").sync(place / "files", include=["*0.*"])
        tenant = engine.tenant("acme")
        gc.collect()
        before = anonymous_bytes()
        with _Peak() as peak:
            tenant.sync(place / "files")
        stats = tenant.stats()
    return {
        "chunks": stats.chunks,
        "peak MB": (peak.bytes - before) / 1e6,
        "index in memory, MB": stats.resident_bytes / 1e6,
    }


class _Peak:
    """The most anonymous memory of this process in a stretch of time, looked at every few milliseconds."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self.bytes = max(self.bytes, anonymous_bytes())


def _write_files(folder: Path, count: int) -> None:
    """Manuals of some sections: Markdown, HTML, DOCX and PDF in turn."""
    folder.mkdir()
    makers = {"md": _markdown, "html": _html, "docx": _docx, "pdf": _pdf}
    said = texts(count * PARAGRAPHS)
    for number in range(count):
        suffix = list(makers)[number % len(makers)]
        path = folder / f"{number:05}.{suffix}"
        path.write_bytes(makers[suffix](said[number * PARAGRAPHS : (number + 1) * PARAGRAPHS]))


def _sections(paragraphs: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    for start in range(0, len(paragraphs), PARAGRAPHS_PER_SECTION):
        yield f"Section {start // PARAGRAPHS_PER_SECTION + 1}", paragraphs[start : start + PARAGRAPHS_PER_SECTION]


def _markdown(paragraphs: Sequence[str]) -> bytes:
    return "\n\n".join(f"# {title}\n\n" + "\n\n".join(below) for title, below in _sections(paragraphs)).encode()


def _html(paragraphs: Sequence[str]) -> bytes:
    body = "".join(
        f"<h1>{title}</h1>" + "".join(f"<p>{paragraph}</p>" for paragraph in below)
        for title, below in _sections(paragraphs)
    )
    return f"<!DOCTYPE html><html><body><main>{body}</main></body></html>".encode()


def _docx(paragraphs: Sequence[str]) -> bytes:
    document = docx.Document()
    for title, below in _sections(paragraphs):
        document.add_heading(title)
        for paragraph in below:
            document.add_paragraph(paragraph)
    document.save(file := io.BytesIO())
    return file.getvalue()


def _pdf(paragraphs: Sequence[str]) -> bytes:
    """Pages of lines in Helvetica."""
    lines = [line for title, below in _sections(paragraphs) for line in [title, *(_lines(below))]]
    pages = [lines[start : start + PAGE_LINES] for start in range(0, len(lines), PAGE_LINES)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, page in enumerate(pages):
        shown = "".join(f"({line}) Tj T*\n" for line in page)
        stream = f"BT /F1 10 Tf 14 TL 56 740 Td\n{shown}ET"
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 612 792]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = b"%PDF-1.7\n", list[int]()
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}".encode()


def _lines(paragraphs: Sequence[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        said = paragraph.split()
        for start in range(0, len(said), LINE_WORDS):
            yield " ".join(said[start : start + LINE_WORDS])


if __name__ == "__main__":
    print(json.dumps(_grown(Path(sys.argv[1]))))
