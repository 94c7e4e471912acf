"""From the bytes of an upload to a `Document`, and from a `Document` to its chunks."""

from konverze_loaders.chunkers import (
    ParentChildChunker,
    RowChunker,
    SemanticChunker,
    SentenceWindowChunker,
    TokenWindowChunker,
)
from konverze_loaders.chunkers.chunking import Chunker
from konverze_loaders.chunkers.sentences import split_sentences
from konverze_loaders.isolation.pool import LoaderPool
from konverze_loaders.isolation.worker_limits import WorkerLimits
from konverze_loaders.limits import LoadLimits
from konverze_loaders.loading import load

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
