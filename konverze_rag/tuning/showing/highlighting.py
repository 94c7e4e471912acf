"""What in a hit's text answers a question, as `judging` judges it, and how much of a long text shows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

import regex

from konverze_core.documents import Chunk, Span
from konverze_rag.tuning.measuring.scoring import folded
from konverze_rag.tuning.questions.question import Passage, Question

LEAD_CHARS = 80
"""Characters shown before the first answer in a text that is cut."""

_WORD = r"[\p{L}\p{M}\p{N}_]"
_PIECE = regex.compile(r"\s+|\X")


def answering(question: Question, chunk: Chunk) -> tuple[Span, ...]:
    """Stretches of the chunk's text in which its passages and answers stand, in order, none touching another."""
    text = _Folded(chunk.text)
    found = [span for passage in question.passages for span in _shared(passage, chunk, text)]
    found += [span for answer in question.answers for span in text.places(answer)]
    joined: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, one.end)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return tuple(joined)


def marked(text: str, spans: Sequence[Span], *, most_chars: int) -> str:
    """The text as HTML with the spans in `<mark>`; from a long one the part with the first of them.

    Args:
        text: Any text.
        spans: In order, none touching another.
        most_chars: Of the text; what is left out is told.
    """
    lead = min(LEAD_CHARS, most_chars // 2)
    start = max(0, min(spans[0].start - lead if spans else 0, len(text) - most_chars))
    end = min(len(text), start + most_chars)
    parts, place = [_left_out(start)], start
    for span in spans:
        if start < span.end and span.start < end:
            since, until = max(span.start, start), min(span.end, end)
            parts += [escape(text[place:since]), f"<mark>{escape(text[since:until])}</mark>"]
            place = until
    return "".join([*parts, escape(text[place:end]), _left_out(len(text) - end)])


def _left_out(count: int) -> str:
    return f"<i>… {count:,} characters …</i>" if count else ""


def _shared(passage: Passage, chunk: Chunk, text: _Folded) -> Iterator[Span]:
    """What a chunk and a passage have in common, in the chunk's text."""
    if passage.document_id != chunk.document_id:
        return
    if passage.span is not None and chunk.span is not None:
        start = max(passage.span.start, chunk.span.start) - chunk.span.start
        end = min(passage.span.end, chunk.span.end) - chunk.span.start
        if start < end:
            yield Span(start, end)
        return
    if passage.text:
        yield from text.places(passage.text)
        if any(_Folded(passage.text).places(chunk.text)):
            yield Span(0, len(chunk.text))


class _Folded:
    """A text as `folded` gives it, with where each of its characters came from."""

    def __init__(self, text: str) -> None:
        signs: list[str] = []
        self._spans: list[Span] = []
        for piece in _PIECE.finditer(text.rstrip(), len(text) - len(text.lstrip())):
            sign = " ".join(unicodedata.normalize("NFKC", piece[0]).casefold().split()) or " "
            signs.append(sign)
            self._spans += [Span(*piece.span())] * len(sign)
        self._text = "".join(signs)

    def places(self, words: str) -> Iterator[Span]:
        """Where the words stand in the text, not as a part of longer ones."""
        sought = folded(words)
        if not sought:
            return
        before = f"(?<!{_WORD})" if regex.match(_WORD, sought[0]) else ""
        after = f"(?!{_WORD})" if regex.match(_WORD, sought[-1]) else ""
        for found in regex.finditer(before + regex.escape(sought) + after, self._text, overlapped=True):
            yield Span(self._spans[found.start()].start, self._spans[found.end() - 1].end)
