"""LlamaIndex: its FAISS vector store, and its QueryFusionRetriever over that and its BM25Retriever."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import faiss  # pyright: ignore[reportMissingTypeStubs]

from benchmarks.peers import Found, facts_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

core: Any = import_module("llama_index.core")
schema: Any = import_module("llama_index.core.schema")
fusing: Any = import_module("llama_index.core.retrievers")
llms: Any = import_module("llama_index.core.llms")
words: Any = import_module("llama_index.retrievers.bm25")
stores: Any = import_module("llama_index.vector_stores.faiss")

core.Settings.tokenizer = str.split  # the default one is fetched from the network


class LlamaIndex:
    """`FaissVectorStore` with an `IndexFlatIP` under a `VectorStoreIndex`."""

    most_chunks = 10_000

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder, self._dim = folder, dim
        self._model = core.MockEmbedding(embed_dim=dim)  # never asked: the vectors are given
        self._store = stores.FaissVectorStore(faiss_index=faiss.IndexFlatIP(dim))
        self._context = core.StorageContext.from_defaults(vector_store=self._store)
        self._index = core.VectorStoreIndex([], storage_context=self._context, embed_model=self._model)

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Nodes with ready embeddings."""
        pairs = zip(chunks, vectors.tolist(), strict=True)
        self._index.insert_nodes(
            [schema.TextNode(text=chunk.text, metadata=facts_of(chunk), embedding=vector) for chunk, vector in pairs]
        )

    add = build

    def save(self) -> None:
        """Three JSON files and the index; not synced."""
        self._context.persist(str(self._folder))

    def open(self) -> None:
        """Reads them all."""
        self._store = stores.FaissVectorStore.from_persist_dir(str(self._folder))
        context = core.StorageContext.from_defaults(vector_store=self._store, persist_dir=str(self._folder))
        self._index = core.load_index_from_storage(context, embed_model=self._model)

    def search(self, vector: Vectors, k: int) -> list[Found]:
        """By its retriever."""
        retriever = self._index.as_retriever(similarity_top_k=k)
        nodes = retriever.retrieve(schema.QueryBundle(query_str="", embedding=vector.tolist()))
        return [(hit.node.text, hit.node.metadata) for hit in nodes]

    def close(self) -> None:
        """Nothing is open."""


class LlamaIndexFusion(LlamaIndex):
    """Both retrievers, fused by rank; no language model writes further queries."""

    most_chunks = 100_000

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """The words again, for the other retriever."""
        super().build(chunks, vectors)
        nodes = [schema.TextNode(text=chunk.text, metadata=facts_of(chunk)) for chunk in chunks]
        self._words = words.BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=10)
        self._both: dict[int, Any] = {}

    def hybrid(self, vector: Vectors, text: str, k: int) -> list[Found]:
        """Asks both for k."""
        if k not in self._both:
            self._words.similarity_top_k = k
            self._both[k] = fusing.QueryFusionRetriever(
                [self._index.as_retriever(similarity_top_k=k), self._words],
                llm=llms.MockLLM(),
                mode="reciprocal_rerank",
                similarity_top_k=k,
                num_queries=1,
                use_async=False,
            )
        nodes = self._both[k].retrieve(schema.QueryBundle(query_str=text, embedding=vector.tolist()))
        return [(hit.node.text, hit.node.metadata) for hit in nodes]
