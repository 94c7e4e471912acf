"""From the bytes of an upload to a `Document`, and from a `Document` to its chunks."""

from konverze_loaders.chunking import Chunker, TokenWindowChunker
from konverze_loaders.limits import LoadLimits
from konverze_loaders.loading import load
from konverze_loaders.sentences import split_sentences

__all__ = ["Chunker", "LoadLimits", "TokenWindowChunker", "load", "split_sentences"]
