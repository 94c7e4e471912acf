"""tantivy, which searches by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import Found, facts_of
from konverze_core.documents import Chunk
from konverze_core.protocols import Vectors

tantivy: Any = import_module("tantivy")

WRITER_BYTES = 128 << 20


class Tantivy:
    """tantivy with texts and metadata in its store."""

    most_chunks = 100_000

    def __init__(self, folder: Path, dim: int) -> None:  # noqa: ARG002  # words alone
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", stored=True)
        builder.add_json_field("facts", stored=True)
        self._index = tantivy.Index(builder.build(), path=str(folder))

    def build(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:  # noqa: ARG002  # words alone
        """One commit, merged."""
        writer = self._index.writer(WRITER_BYTES)
        for chunk in chunks:
            writer.add_document(tantivy.Document(text=chunk.text, facts=facts_of(chunk)))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def lexical(self, text: str, k: int) -> list[Found]:
        """Any of the words."""
        query, _ = self._index.parse_query_lenient(text, ["text"])
        hits = self._searcher.search(query, k).hits
        documents = [self._searcher.doc(address) for _, address in hits]
        return [(document["text"][0], document["facts"][0]) for document in documents]

    def close(self) -> None:
        """Nothing is open."""
