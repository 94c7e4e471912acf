"""Who is measured: ours, FAISS by hand, and the libraries that people would take instead, one module each.

A peer's module imports its library at the top, so that `load` fails for a library that is not installed, and so that
the time of imports stays apart from what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

Found: TypeAlias = tuple[str, Mapping[str, Any]]
"""Text and metadata of a hit: whoever asks for hits gets both."""

OURS = "konverze"
SEALED_TEXTS = "konverze, texts sealed"
WORDS_ONLY = "konverze, words only"
ALL_OURS = {OURS, SEALED_TEXTS, WORDS_ONLY}
PEERS = {
    OURS: "konverze:Konverze",
    SEALED_TEXTS: "konverze:KonverzeSealedTexts",
    WORDS_ONLY: "konverze:KonverzeWords",
    "raw FAISS + texts": "by_hand:FlatWithTexts",
    "FAISS HNSW + texts": "by_hand:Hnsw",
    "HNSW + bm25s + RRF": "by_hand:HnswWithBm25",
    "LangChain FAISS": "langchain:LangChain",
    "LangChain Ensemble": "langchain:LangChainEnsemble",
    "LlamaIndex FAISS": "llamaindex:LlamaIndex",
    "LlamaIndex QueryFusion": "llamaindex:LlamaIndexFusion",
    "Chroma": "chroma:Chroma",
    "LanceDB": "lance:Lance",
    "LanceDB IVF-PQ": "lance:LanceAnn",
    "Qdrant local": "qdrant:Qdrant",
    "txtai": "txtai:Txtai",
    "txtai hybrid": "txtai:TxtaiHybrid",
    "Haystack in-memory": "haystack:Haystack",
    "bm25s": "bm25s:Bm25s",
    "tantivy": "tantivy:Tantivy",
}
"""Modules and classes by the names that tables show."""

HYBRID_ONLY = {"HNSW + bm25s + RRF", "LangChain Ensemble", "LlamaIndex QueryFusion", "txtai hybrid"}
"""Their vectors alone are searched by the same library under its other name."""


class Peer(Protocol):
    """A retrieval library behind calls of one shape.

    What it can do besides shows in which of the protocols below it has the methods of.

    Args:
        folder: Where it stores what it stores.
        dim: Dimension of the vectors.
    """

    most_chunks: int
    """Above so many the default run leaves it out: it would build, or search, for minutes."""

    def __init__(self, folder: Path, dim: int) -> None: ...

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Takes all chunks; the vectors are float32, shape (number of chunks, dim)."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


@runtime_checkable
class Dense(Protocol):
    """Finds by a vector."""

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """The k nearest to a vector of shape (dim,), best first."""
        ...


@runtime_checkable
class Hybrid(Protocol):
    """Finds by a vector and words together."""

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """The k best of both legs, fused."""
        ...


@runtime_checkable
class Lexical(Protocol):
    """Finds by words alone."""

    def lexical(self, text: str, k: int) -> list[Found]:
        """The k best by BM25."""
        ...


@runtime_checkable
class Filtering(Protocol):
    """Finds by a vector among some of the chunks."""

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """The k nearest of the chunks whose price is below this."""
        ...


@runtime_checkable
class Stored(Protocol):
    """Is found again by another process."""

    def save(self) -> None:
        """Writes what it has to the folder."""
        ...

    def open(self) -> None:
        """Reads what was written there."""
        ...


@runtime_checkable
class Growing(Protocol):
    """Takes more chunks later."""

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Takes chunks of documents that are there or new; `Stored.save` writes them."""
        ...


@runtime_checkable
class Shrinking(Protocol):
    """Forgets documents."""

    def delete(self, documents: Iterable[str]) -> None:
        """Removes all chunks of these documents from later searches."""
        ...


@cache
def load(name: str) -> type[Peer] | None:
    """The class of a peer; None where its library is not installed, and it says so."""
    module, _, attribute = PEERS[name].partition(":")
    try:
        return getattr(import_module(f"benchmarks.peers.{module}"), attribute)
    except ImportError as exc:
        print(f"absent: {name} ({exc.name or exc} is not installed)", flush=True)
        return None


def installed(*, able: type) -> dict[str, type[Peer]]:
    """The installed peers with the methods of this protocol, ours first."""
    loaded = {name: load(name) for name in PEERS if able is Hybrid or name not in HYBRID_ONLY}
    return {name: peer for name, peer in loaded.items() if peer is not None and issubclass(peer, able)}


def key_of(chunk: Chunk) -> str:
    """One string for a chunk, for libraries that want one."""
    return f"{chunk.document_id}#{chunk.ordinal}"


def facts_of(chunk: Chunk) -> dict[str, Any]:
    """What every contestant hands out beside the text."""
    where = {"document_id": chunk.document_id, "ordinal": chunk.ordinal, "page": chunk.page, "heading": chunk.heading}
    return {**where, **chunk.metadata}
