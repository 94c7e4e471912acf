"""Cuts a document into chunks that fit a token budget exactly, along its own borders."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from konverze_core.documents import BlockKind, Chunk, Document, MetadataValue, Span
from konverze_core.errors import ConfigError
from konverze_loaders.fitting import fit, weigh
from konverze_loaders.outline import Atom, Section, sections
from konverze_loaders.scripts import dominant_language

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADING_SEPARATOR = " › "
DEFAULT_MAX_TOKENS = 256
DEFAULT_OVERLAP_TOKENS = 32
TINY_SHARE = 4
MIN_FILL_SHARE = 2
_INHERITED = ("format", "title", "author", "declared_format")

CountTokens: TypeAlias = Callable[[Sequence[str]], list[int]]


class Chunker(Protocol):
    """Cuts documents into the units of retrieval."""

    @property
    def name(self) -> str:
        """The strategy and its settings: chunkers of one name and one counter cut alike."""
        ...

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order, ordinals from 0; each names its span, page and headings.

        Args:
            document: What to cut.
            document_id: Under which id its chunks are stored.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Piece:
    """An atom, or the part of one that was too long, with its number of tokens."""

    atom: Atom
    span: Span
    tokens: int

    @property
    def starts_block(self) -> bool:
        return self.atom.starts_block and self.span.start == self.atom.span.start

    @property
    def is_sentence(self) -> bool:
        return self.span == self.atom.span and self.atom.kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM}


@dataclass(frozen=True, slots=True)
class _Group:
    """Pieces that may share a chunk, and the headings above the first of them."""

    path: tuple[str, ...]
    pieces: list[_Piece]

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for piece in self.pieces)


class TokenWindowChunker:
    """Packs whole blocks, else sentences, else words into chunks of at most `max_tokens`.

    A chunk never runs from one section into another, except that tiny neighbours under the same parent share one.
    Every character that is not white space is in a chunk, and no chunk exceeds the budget by the given counter,
    whatever that counter does.

    Args:
        count_tokens: Tokens of each text, by the embedder's own tokenizer.
        max_tokens: Most tokens of a chunk.
        overlap_tokens: Most tokens of whole sentences that a chunk repeats from its predecessor in the section.

    Raises:
        ConfigError: `max_tokens` below 1, or an overlap that is negative or above half of it.
    """

    def __init__(
        self,
        count_tokens: CountTokens,
        *,
        max_tokens: int = DEFAULT_MAX_TOKENS,
        overlap_tokens: int = DEFAULT_OVERLAP_TOKENS,
    ) -> None:
        if max_tokens < 1:
            raise ConfigError("max_tokens must be at least 1")
        if not 0 <= overlap_tokens <= max_tokens // 2:
            raise ConfigError("overlap_tokens must be from 0 to half of max_tokens")
        self._count_tokens = count_tokens
        self._max_tokens = max_tokens
        self._overlap_tokens = overlap_tokens

    @property
    def name(self) -> str:
        """The strategy and its settings."""
        return f"token window, {self._max_tokens} tokens, {self._overlap_tokens} of them shared"

    def chunk(self, document: Document, document_id: str) -> list[Chunk]:
        """Chunks in reading order; see `Chunker`.

        Raises:
            ConfigError: A single character takes more than `max_tokens`.
        """
        spans: list[Span] = []
        paths: list[tuple[str, ...]] = []
        for group, found in self._cut(document):
            spans += found
            paths += [group.path] * len(found)
        inherited = {key: document.metadata[key] for key in _INHERITED if key in document.metadata}
        page_starts = [page.span.start for page in document.pages]
        return [
            _make_chunk(document, document_id, ordinal, span, path, page_starts, inherited)
            for ordinal, (span, path) in enumerate(zip(spans, paths, strict=True))
        ]

    def _cut(self, document: Document) -> Iterator[tuple[_Group, list[Span]]]:
        groups = self._merge_tiny(self._weighed(document.text, sections(document)))
        windows = [self._pack(group.pieces) for group in groups]
        # A piece that stands alone was counted before.
        flat = [
            _span(group.pieces, window)
            for group, found in zip(groups, windows, strict=True)
            for window in found
            if window[1] - window[0] > 1
        ]
        counts = iter(weigh(document.text, flat, self._count_tokens))
        for group, found in zip(groups, windows, strict=True):
            fitting: list[Span] = []
            for window in found:
                fits = window[1] - window[0] == 1 or next(counts) <= self._max_tokens
                fitting += [_span(group.pieces, window)] if fits else self._shrink(document.text, group.pieces, window)
            yield group, fitting

    def _weighed(self, text: str, found: list[Section]) -> list[_Group]:
        atoms = [atom for section in found for atom in section.atoms]
        parts = fit(text, [atom.span for atom in atoms], self._count_tokens, self._max_tokens)
        queue = iter(zip(atoms, parts, strict=True))
        groups: list[_Group] = []
        for section in found:
            pieces: list[_Piece] = []
            for _ in section.atoms:
                atom, spans = next(queue)
                pieces += [_Piece(atom, span, tokens) for span, tokens in spans]
            groups.append(_Group(section.path, pieces))
        return groups

    def _merge_tiny(self, groups: list[_Group]) -> list[_Group]:
        merged: list[_Group] = []
        sizes: list[int] = []
        for group in groups:
            size = group.tokens
            if merged and self._belong_together(merged[-1].path, group.path, sizes[-1], size):
                merged[-1].pieces.extend(group.pieces)
                sizes[-1] += size
            else:
                merged.append(group)
                sizes.append(size)
        return merged

    def _belong_together(self, first: tuple[str, ...], second: tuple[str, ...], *sizes: int) -> bool:
        is_related = bool(first) and bool(second) and (first[:-1] == second[:-1] or second[: len(first)] == first)
        return is_related and sum(sizes) <= self._max_tokens and min(sizes) * TINY_SHARE <= self._max_tokens

    def _pack(self, pieces: list[_Piece]) -> list[tuple[int, int]]:
        """Windows of pieces, first and end, that fit by the sum of their tokens."""
        windows: list[tuple[int, int]] = []
        start = 0
        while start < len(pieces):
            end = self._fill(pieces, start, windows[-1][1] if windows else start)
            windows.append((start, end))
            if end == len(pieces):
                break
            start = self._overlap_start(pieces, start, end)
        return windows

    def _fill(self, pieces: list[_Piece], start: int, covered: int) -> int:
        end, tokens, border = start, 0, 0
        while end < len(pieces) and (end <= covered or tokens + pieces[end].tokens <= self._max_tokens):
            if pieces[end].starts_block and tokens * MIN_FILL_SHARE >= self._max_tokens and end > covered:
                border = end
            tokens += pieces[end].tokens
            end += 1
        if end == len(pieces) or not border:
            return end - 1 if end - 1 > max(start, covered) and _is_heading(pieces[end - 1]) else end
        return border - 1 if border - 1 > max(start, covered) and _is_heading(pieces[border - 1]) else border

    def _overlap_start(self, pieces: list[_Piece], start: int, end: int) -> int:
        """Goes back over whole sentences of the finished window, as far as the overlap allows."""
        tokens, first = 0, end
        room = min(self._overlap_tokens, self._max_tokens - pieces[end].tokens)
        while first - 1 > start and pieces[first - 1].is_sentence and pieces[end].is_sentence:
            tokens += pieces[first - 1].tokens
            if tokens > room:
                break
            first -= 1
        return first

    def _shrink(self, text: str, pieces: list[_Piece], window: tuple[int, int]) -> list[Span]:
        """Halves a window until each part fits by an exact count; a single piece was counted exactly before."""
        fitting: list[Span] = []
        stack = [window]
        while stack:
            first, end = stack.pop()
            span = _span(pieces, (first, end))
            if end - first == 1 or weigh(text, [span], self._count_tokens)[0] <= self._max_tokens:
                fitting.append(span)
            else:
                middle = (first + end) // 2
                stack += [(middle, end), (first, middle)]
        return fitting


def _is_heading(piece: _Piece) -> bool:
    return piece.atom.kind is BlockKind.HEADING


def _span(pieces: list[_Piece], window: tuple[int, int]) -> Span:
    return Span(pieces[window[0]].span.start, pieces[window[1] - 1].span.end)


def _make_chunk(  # noqa: PLR0917
    document: Document,
    document_id: str,
    ordinal: int,
    span: Span,
    path: tuple[str, ...],
    page_starts: list[int],
    inherited: dict[str, MetadataValue],
) -> Chunk:
    text = document.text[span.start : span.end]
    return Chunk(
        document_id=document_id,
        ordinal=ordinal,
        text=text,
        page=document.pages[bisect_right(page_starts, span.start) - 1].number if page_starts else None,
        span=span,
        heading=HEADING_SEPARATOR.join(path) or None,
        metadata={**inherited, "lang": dominant_language(text)},
    )
