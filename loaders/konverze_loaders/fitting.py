"""Cuts single stretches of text until each fits a token budget by an exact count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from konverze_core.documents import Span
from konverze_core.errors import ConfigError

CountTokens: TypeAlias = Callable[[Sequence[str]], list[int]]
Weighed: TypeAlias = tuple[Span, int]


def weigh(text: str, spans: Sequence[Span], count_tokens: CountTokens) -> list[int]:
    """Tokens of each span, counted in one call."""
    return count_tokens([text[span.start : span.end] for span in spans]) if spans else []


def fit(text: str, spans: Sequence[Span], count_tokens: CountTokens, max_tokens: int) -> list[list[Weighed]]:
    """Cuts what is too long, at white space where there is any.

    Works in rounds, each of one call to the counter; a round cuts a span into as many parts as its tokens suggest.

    Args:
        text: The document's text.
        spans: Stretches without outer white space.
        count_tokens: Tokens of each text.
        max_tokens: The budget of a part.

    Returns:
        For each span its parts in order, with their tokens; one part where it fits as it is.

    Raises:
        ConfigError: A single character is over the budget.
    """
    done: list[list[Weighed]] = [[] for _ in spans]
    todo = list(enumerate(spans))
    while todo:
        counts = weigh(text, [span for _, span in todo], count_tokens)
        following: list[tuple[int, Span]] = []
        for (index, span), tokens in zip(todo, counts, strict=True):
            if tokens <= max_tokens:
                done[index].append((span, tokens))
            elif len(span) == 1:
                raise ConfigError(f"max_tokens={max_tokens} is less than the {tokens} tokens of a single character")
            else:
                following += [(index, part) for part in _cut(text, span, -(-tokens * 9 // (max_tokens * 8)))]
        todo = following
    for parts in done:
        parts.sort(key=lambda part: part[0].start)
    return done


def _cut(text: str, span: Span, wanted: int) -> list[Span]:
    """About `wanted`, at least two parts of like length, cut before the white space nearest to the left."""
    count = min(max(2, wanted), len(span))
    parts: list[Span] = []
    start = span.start
    for number in range(1, count):
        target = span.start + len(span) * number // count
        border = _border(text, start, target)
        if border is not None:
            _append(text, start, border, parts)
            start = border
    _append(text, start, span.end, parts)
    return parts


def _border(text: str, start: int, target: int) -> int | None:
    """Start of the last word before `target`, `target` inside a word that starts the part, None to go on."""
    if target <= start:
        return None
    position = max(text.rfind(space, start + 1, target) for space in " \n\t")
    return position if position > start else target


def _append(text: str, start: int, end: int, parts: list[Span]) -> None:
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        parts.append(Span(start, start + len(stripped)))
