"""What does it take to commit 100 chunks durably, beside the FAISS stores of LangChain and LlamaIndex?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import faiss  # pyright: ignore[reportMissingTypeStubs]

import konverze_rag as kr
from benchmarks.corpus import DIM, chunks, clustered_vectors
from benchmarks.measuring import interleaved, median, save
from konverze_core.protocols import Vectors

ROUNDS_BY_SIZE = {1_000: 15, 10_000: 9, 100_000: 5}
"""Rounds by chunks that are there before."""

CHUNKS_PER_COMMIT = 100
WORDS_EACH = 130
QUESTION = "commits"
WRITTEN = Path("/proc/self/io")

Commit: TypeAlias = Callable[[Sequence[kr.Chunk], Vectors], object]
Spendings: TypeAlias = dict[str, tuple[list[float], list[float]]]


def run() -> list[dict[str, Any]]:
    """One row a size. Ours syncs each file and folder to the disk; the others leave that to the system."""
    rows = [_measured(size, rounds) for size, rounds in ROUNDS_BY_SIZE.items()]
    save(QUESTION, rows)
    return rows


@contextmanager
def _ours(folder: Path) -> Generator[Commit]:
    settings = kr.Settings(embeddings="none", openai_api_key=None, openai_base_url=None)
    with kr.Engine.open(folder, settings=settings) as engine:
        yield lambda given, vectors: engine.tenant("benchmark").add(given, vectors)


@contextmanager
def _langchain(folder: Path) -> Generator[Commit]:
    community: Any = import_module("langchain_community.vectorstores")
    memory: Any = import_module("langchain_community.docstore.in_memory")
    core: Any = import_module("langchain_core.embeddings")
    index: Any = faiss.IndexFlatIP(DIM)
    model = core.FakeEmbeddings(size=DIM)  # never asked: the vectors are given
    store = community.FAISS(model, index, memory.InMemoryDocstore(), {})

    def commit(given: Sequence[kr.Chunk], vectors: Vectors) -> None:
        texts = [chunk.text for chunk in given]
        store.add_embeddings(zip(texts, vectors.tolist(), strict=True), metadatas=[_facts(chunk) for chunk in given])
        store.save_local(str(folder))

    yield commit


@contextmanager
def _llamaindex(folder: Path) -> Generator[Commit]:
    core: Any = import_module("llama_index.core")
    schema: Any = import_module("llama_index.core.schema")
    stores: Any = import_module("llama_index.vector_stores.faiss")
    store = stores.FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIM))
    context = core.StorageContext.from_defaults(vector_store=store)
    model = core.MockEmbedding(embed_dim=DIM)  # never asked: the vectors are given
    core.Settings.tokenizer = str.split  # the default one is fetched from the network
    index = core.VectorStoreIndex([], storage_context=context, embed_model=model)

    def commit(given: Sequence[kr.Chunk], vectors: Vectors) -> None:
        pairs = zip(given, vectors.tolist(), strict=True)
        nodes = [schema.TextNode(text=chunk.text, metadata=_facts(chunk), embedding=vector) for chunk, vector in pairs]
        index.insert_nodes(nodes)
        context.persist(str(folder))

    yield commit


CONTESTANTS = {"ours": _ours, "LangChain": _langchain, "LlamaIndex": _llamaindex}


def _facts(chunk: kr.Chunk) -> dict[str, Any]:
    where = {"document_id": chunk.document_id, "ordinal": chunk.ordinal, "page": chunk.page, "heading": chunk.heading}
    return {**where, **chunk.metadata}


def _measured(size: int, rounds: int) -> dict[str, Any]:
    whole = size + (1 + rounds) * CHUNKS_PER_COMMIT
    given, vectors = chunks(whole, words_each=WORDS_EACH), clustered_vectors(whole)
    figures: dict[str, Any] = {"chunks before": size}
    with tempfile.TemporaryDirectory() as folder:
        spent = _spent(Path(folder), given, vectors, size)
    for name, (times, written) in spent.items():
        figures |= {f"{name} ms": median(times), f"{name} MB written": median(written) / 1e6}
    ours = figures["ours ms"]
    return figures | {f"{name} / ours": figures[f"{name} ms"] / ours for name in spent if name != "ours"}


def _spent(folder: Path, given: list[kr.Chunk], vectors: Vectors, size: int) -> Spendings:
    """Milliseconds and bytes of each counted commit, of each contestant that is installed."""
    with ExitStack() as opened:
        written: dict[str, list[float]] = {}
        contestants: dict[str, Callable[[int], object]] = {}
        for name, contestant in CONTESTANTS.items():
            try:
                commit = opened.enter_context(contestant(folder / name))
            except ImportError:
                print(f"{name} is not installed: pip install 'konverze-rag[rivals]'")
                continue
            commit(given[:size], vectors[:size])
            contestants[name] = _recorded(commit, given[size:], vectors[size:], written.setdefault(name, []))
        spent = interleaved(contestants, rounds=len(given[size:]) // CHUNKS_PER_COMMIT - 1)
    return {name: ([one.wall_ms for one in times], written[name][1:]) for name, times in spent.items()}


def _recorded(
    commit: Commit, given: Sequence[kr.Chunk], vectors: Vectors, written: list[float]
) -> Callable[[int], object]:
    """A call that commits the next chunks, and notes how many bytes this process handed to the system."""
    starts = iter(range(0, len(given), CHUNKS_PER_COMMIT))

    def call(_: int) -> None:
        start, before = next(starts), _written_bytes()
        commit(given[start : start + CHUNKS_PER_COMMIT], vectors[start : start + CHUNKS_PER_COMMIT])
        written.append(_written_bytes() - before)

    return call


def _written_bytes() -> int:
    """Bytes passed to write calls so far; 0 where the system does not count them."""
    if not WRITTEN.exists():
        return 0
    facts = dict(line.split(": ") for line in WRITTEN.read_text("utf-8").splitlines())
    return int(facts["wchar"])
