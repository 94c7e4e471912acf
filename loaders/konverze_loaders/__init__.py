"""From the bytes of an upload to a `Document`, and from a `Document` to its chunks."""

from konverze_loaders.chunkers import (
    ParentChildChunker,
    RowChunker,
    SemanticChunker,
    SentenceWindowChunker,
    TokenWindowChunker,
)
from konverze_loaders.chunking import Chunker
from konverze_loaders.isolation import LoaderPool
from konverze_loaders.limits import LoadLimits
from konverze_loaders.loading import load
from konverze_loaders.sentences import split_sentences
from konverze_loaders.worker_limits import WorkerLimits

__all__ = [
    "Chunker",
    "LoadLimits",
    "LoaderPool",
    "ParentChildChunker",
    "RowChunker",
    "SemanticChunker",
    "SentenceWindowChunker",
    "TokenWindowChunker",
    "WorkerLimits",
    "load",
    "split_sentences",
]
