"""Single sentences are searched, and what is answered from is the text around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from konverze_core.documents import BlockKind, Chunk, Document, Span
from konverze_core.errors import ConfigError
from konverze_loaders.chunkers.chunking import DEFAULT_MAX_TOKENS, CountTokens, Cut, checked_budget, chunks_of
from konverze_loaders.chunkers.outline import Section, sections
from konverze_loaders.chunkers.packing import Packer
from konverze_loaders.chunkers.sentences import split_sentences

DEFAULT_WINDOW_TOKENS = 256

_WHOLE = frozenset({BlockKind.HEADING, BlockKind.TABLE_ROW})


class SentenceWindowChunker:
    """Makes each sentence, row or list item a chunk, with its neighbours in the section as `Chunk.parent`.

    Headings go with the sentence below them. The chunks of a section follow each other without a gap, so that their
    texts, end to end, are the window's.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a chunk under its context; a longer sentence is cut.
        window_tokens: Neighbours are taken in turn from both sides while all together have about so many tokens.
        sentences: So many sentences are a chunk.

    Raises:
        ConfigError: `max_tokens`, `window_tokens` or `sentences` is below 1.
    """

    def __init__(
        self,
        count_tokens: CountTokens,
        *,
        max_tokens: int = DEFAULT_MAX_TOKENS,
        window_tokens: int = DEFAULT_WINDOW_TOKENS,
        sentences: int = 1,
    ) -> None:
        checked_budget(max_tokens)
        if window_tokens < 1 or sentences < 1:
            raise ConfigError("window_tokens and sentences must be at least 1")
        self._count_tokens = count_tokens
        self._max_tokens = max_tokens
        self._window_tokens = window_tokens
        self._sentences = sentences

    @property
    def name(self) -> str:
        """The strategy and its settings."""
        return f"sentence windows, {self._sentences} of {self._max_tokens} tokens in {self._window_tokens}"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character has more than `max_tokens`.
        """
        return chunks_of(document, document_id, self._cuts(document))

    def _cuts(self, document: Document) -> Iterator[Cut]:
        packer = Packer(document, self._count_tokens, max_tokens=self._max_tokens, tiles=True)
        for section in sections(document):
            starts = sentence_starts(document.text, section)[:: self._sentences]
            bounds = zip(starts, [*starts[1:], section.end], strict=True)
            cuts = [cut for start, end in bounds for cut in packer.cuts(section.part(start, end))]
            tokens = self._count_tokens([document.text[cut.start : cut.end] for cut in cuts])
            yield from _with_windows(cuts, tokens, self._window_tokens)


def sentence_starts(text: str, section: Section) -> list[int]:
    """Where the sentences, rows and items of a section start, the first of them with the headings above it."""
    starts: list[int] = []
    is_headed = False
    for block in section.blocks:
        if block.kind in _WHOLE:
            found = [block.span.start]
        else:
            found = [span.start for span in split_sentences(text, block.span.start, block.span.end)]
        starts += found[1:] if is_headed else found
        is_headed = block.kind is BlockKind.HEADING
    return starts


def _with_windows(cuts: Sequence[Cut], tokens: Sequence[int], most_tokens: int) -> Iterator[Cut]:
    for place, cut in enumerate(cuts):
        first, last, total = place, place, tokens[place]
        grows = True
        while grows:
            grows = False
            if last + 1 < len(cuts) and total + tokens[last + 1] <= most_tokens:
                last, total, grows = last + 1, total + tokens[last + 1], True
            if first > 0 and total + tokens[first - 1] <= most_tokens:
                first, total, grows = first - 1, total + tokens[first - 1], True
        yield cut._replace(parent=Span(cuts[first].start, cuts[last].end) if first < last else None)
