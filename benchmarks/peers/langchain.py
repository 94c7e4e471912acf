"""LangChain: its FAISS vector store, and its EnsembleRetriever over that and its BM25Retriever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.peers import Found, facts_of, key_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

stores: Any = import_module("langchain_community.vectorstores")
memory: Any = import_module("langchain_community.docstore.in_memory")
bm25: Any = import_module("langchain_community.retrievers.bm25")
fusing: Any = import_module("langchain_classic.retrievers")
embeddings: Any = import_module("langchain_core.embeddings")


import_module("rank_bm25")  # its retriever imports it at first use


class _Given(embeddings.Embeddings):
    """Embeds nothing: hands out the vector that it was given."""

    vector: list[float]

    def embed_query(self, text: str) -> list[float]:  # noqa: ARG002  # the vector is ready
        return self.vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError(texts)


class LangChain:
    """`FAISS` with an `IndexFlatIP`."""

    most_chunks = 100_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._given = _Given()
        self._store = stores.FAISS(self._given, faiss.IndexFlatIP(dim), memory.InMemoryDocstore(), {})
        self._keys: dict[str, list[str]] = {}

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """As its users would: texts with ready vectors."""
        keys = [key_of(chunk) for chunk in chunks]
        pairs = zip([chunk.text for chunk in chunks], vectors, strict=True)
        self._store.add_embeddings(pairs, metadatas=[facts_of(chunk) for chunk in chunks], ids=keys)

    add = build

    def delete(self, documents: Iterable[str]) -> None:
        """By the ids of all chunks of the documents."""
        gone = set(documents)
        held = self._store.docstore._dict.items()  # noqa: SLF001  # it has no other way to ask what is there
        self._store.delete([key for key, document in held if document.metadata["document_id"] in gone])

    def save(self) -> None:
        """Index and pickle; not synced."""
        self._store.save_local(str(self._folder))

    def open(self) -> None:
        """Reads both."""
        self._store = stores.FAISS.load_local(str(self._folder), self._given, allow_dangerous_deserialization=True)

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """Exact."""
        found = self._store.similarity_search_with_score_by_vector(vector, k=k)
        return [(document.page_content, document.metadata) for document, _ in found]

    def search_below(self, vector: Vectors, k: int, price: float) -> list[Found]:
        """Filters the nearest `fetch_k`, 20 by default, after the search."""
        below = {"price": {"$lt": price}}
        found = self._store.similarity_search_with_score_by_vector(vector, k=k, filter=below)
        return [(document.page_content, document.metadata) for document, _ in found]

    def close(self) -> None:
        """Nothing is open."""


class LangChainEnsemble(LangChain):
    """Both retrievers, fused by rank."""

    most_chunks = 100_000

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """The words again, for the other retriever."""
        super().build(chunks, vectors)
        self._words = bm25.BM25Retriever.from_texts(
            [chunk.text for chunk in chunks], metadatas=[facts_of(chunk) for chunk in chunks]
        )
        dense = self._store.as_retriever()
        self._both = fusing.EnsembleRetriever(retrievers=[dense, self._words], weights=[0.5, 0.5])
        self._dense = dense

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Asks both for k."""
        self._given.vector = vector.tolist()
        self._words.k = k
        self._dense.search_kwargs = {"k": k}
        return [(document.page_content, document.metadata) for document in self._both.invoke(text)[:k]]
