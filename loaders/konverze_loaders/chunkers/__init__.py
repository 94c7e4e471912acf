"""The strategies: each cuts documents in its own way, behind the one protocol `Chunker`."""

from konverze_loaders.chunkers.parent_child import ParentChildChunker
from konverze_loaders.chunkers.rows import RowChunker
from konverze_loaders.chunkers.semantic import SemanticChunker
from konverze_loaders.chunkers.sentence_windows import SentenceWindowChunker
from konverze_loaders.chunkers.token_windows import TokenWindowChunker

__all__ = ["ParentChildChunker", "RowChunker", "SemanticChunker", "SentenceWindowChunker", "TokenWindowChunker"]
