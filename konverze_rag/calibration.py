"""Sentences of the documents as stand-ins for the questions to come, so that a dense index is measured by its use."""

from __future__ import annotations

import random
from collections.abc import Sequence

from konverze_core.errors import ProviderError
from konverze_core.protocols import Embedder
from konverze_indexes.catalogue import DocumentChunks
from konverze_indexes.dense_building import is_small
from konverze_indexes.dense_calibration import MAX_QUERIES, CalibrationQueries
from konverze_loaders import split_sentences
from konverze_rag.embedding import model_vectors

SHORTEST_CHARS = 20
"""A shorter sentence asks for nothing."""

_SEED = 0


def sentence_queries(embedder: Embedder, documents: Sequence[DocumentChunks]) -> CalibrationQueries | None:
    """Random sentences of the documents, embedded as questions.

    Returns:
        None where the documents are so few that no index is built, have no sentences, or the model fails: passages then
        take their place.
    """
    chunks = [chunk for item in documents for chunk in item.chunks]
    if is_small(len(chunks), embedder.info.dim):
        return None
    choice = random.Random(_SEED)  # noqa: S311 (no secret hangs on it)
    sentences: list[str] = []
    for chunk in choice.sample(chunks, min(MAX_QUERIES, len(chunks))):
        spans = [span for span in split_sentences(chunk.text) if len(span) >= SHORTEST_CHARS]
        if spans:
            span = choice.choice(spans)
            sentences.append(chunk.text[span.start : span.end])
    if not sentences:
        return None
    try:
        vectors = model_vectors(embedder.embed_queries, sentences, dim=embedder.info.dim)
    except ProviderError:
        return None
    return CalibrationQueries(vectors=vectors, source="sentences")
