"""One HTML page of an inspection: the document's text in order, with its chunks in colours over it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from konverze_core.documents import Block, BlockKind, Chunk, Span

if TYPE_CHECKING:
    from konverze_rag.inspecting.inspection import InspectedPage, Inspection

COLOURS = 6
"""Chunks take turns of so many; the style sheet has as many."""

STRIPE_PX = 7
MAX_HEADING_LEVEL = 6

# A file is a stranger's: whatever got into the page could neither run nor call anywhere.
_HEAD = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
"""


def html_page(inspection: Inspection) -> str:
    """The page, complete and self-contained."""
    style = files("konverze_rag.inspecting").joinpath("page.css").read_text("utf-8")
    return "".join(
        [
            _HEAD.format(title=escape(inspection.source), style=style),
            f"<body>\n<header>\n{_heading(inspection)}</header>\n",
            f"<main>\n<article>\n{''.join(_article(inspection))}</article>\n",
            f"<nav>\n{''.join(_contents(inspection))}</nav>\n</main>\n</body>\n</html>\n",
        ]
    )


def _heading(inspection: Inspection) -> str:
    document = inspection.document
    facts = [
        str(document.metadata.get("format", "")),
        _count(inspection.content_bytes, "byte"),
        *([_count(len(inspection.pages), "page")] if inspection.pages else []),
        _count(len(document.text), "character"),
        _count(len(inspection.chunks), "chunk"),
        inspection.chunker,
    ]
    more = [f"{name}: {value}" for name, value in document.metadata.items() if name != "format"]
    parts = [
        f"<h1>{escape(inspection.source)}</h1>\n",
        f"<p>{' · '.join(map(escape, filter(None, facts)))}</p>\n",
        *([f"<p class=facts>{escape(' · '.join(more))}</p>\n"] if more else []),
    ]
    if document.unread:
        lines = [f"<li><b>{escape(part.part)}</b>: {escape(part.reason)}</li>\n" for part in document.unread]
        parts.append(f"<section class=unread><h2>Not read</h2>\n<ul>\n{''.join(lines)}</ul></section>\n")
    return "".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _article(inspection: Inspection) -> Iterator[str]:
    pages, starts = inspection.pages, [page.span.start for page in inspection.document.pages]
    pieces = _Pieces(inspection)
    shown = 0
    for table, blocks in groupby(_whole(inspection.document.blocks, pieces.text), key=lambda block: block.table):
        rows: list[str] = []
        for block in blocks:
            until = bisect_right(starts, block.span.start)
            heads = [_page_head(page) for page in pages[shown:until]]
            shown = max(shown, until)
            content = pieces.of(block.span)
            rows += [*heads, f'<div class="{_classes(block)}" dir=auto>{content}</div>\n'] if content else heads
        yield "".join(rows) if table is None else f"<div class=table>\n{''.join(rows)}</div>\n"
    yield from map(_page_head, pages[shown:])


def _whole(blocks: Sequence[Block], text: str) -> Iterator[Block]:
    """The blocks, and what of the text is in none as paragraphs between them."""
    end = 0
    for block in [*blocks, None]:
        between = Span(end, block.span.start if block else len(text))
        if text[between.start : between.end].strip():
            yield Block(kind=BlockKind.PARAGRAPH, span=between)
        if block:
            yield block
            end = block.span.end


def _classes(block: Block) -> str:
    level = f" level{min(block.level, MAX_HEADING_LEVEL)}" if block.level else ""
    return f"{block.kind}{level}{' names' if block.header else ''}"


def _page_head(page: InspectedPage) -> str:
    label = f" ({page.label})" if page.label else ""
    parts = [f"page {page.number}{label}", _count(page.words, "word"), f"read from {page.read_from}"]
    problem = f" · <b>{escape(page.problem)}</b>" if page.problem else ""
    return f"<p class=page>{escape(' · '.join(parts))}{problem}</p>\n"


class _Pieces:
    """The text, cut wherever a chunk begins or ends."""

    def __init__(self, inspection: Inspection) -> None:
        self.text = inspection.document.text
        self._labels = [_label(*pair) for pair in zip(inspection.chunks, inspection.tokens, strict=True)]
        self._places, self._covers = _coverage(inspection.chunks)
        self._marked: set[int] = set()

    def of(self, span: Span) -> str:
        """A stretch of it as HTML; empty where it is white space."""
        if not self.text[span.start : span.end].strip():
            return ""
        parts: list[str] = []
        start, place = span.start, bisect_right(self._places, span.start)
        while start < span.end:
            end = min(self._places[place], span.end) if place < len(self._places) else span.end
            parts.append(self._piece(start, end, self._covers[place - 1] if place else ()))
            start, place = end, place + 1
        return "".join(parts)

    def _piece(self, start: int, end: int, chunks: Sequence[int]) -> str:
        text = escape(self.text[start:end])
        if not chunks:
            return text
        marks = [_mark(number, self._labels[number]) for number in chunks if number not in self._marked]
        self._marked.update(chunks)
        said = escape(" and ".join(self._labels[number] for number in chunks))
        return f'{"".join(marks)}<span {_colours(chunks)} title="{said}">{text}</span>'


def _coverage(chunks: Sequence[Chunk]) -> tuple[list[int], list[tuple[int, ...]]]:
    """Places where it changes which chunks cover the text, and the numbers of those that do from there on."""
    begin: dict[int, list[int]] = defaultdict(list)
    end: dict[int, set[int]] = defaultdict(set)
    for number, chunk in enumerate(chunks):
        if chunk.span is not None and len(chunk.span):
            begin[chunk.span.start].append(number)
            end[chunk.span.end].add(number)
    places = sorted({*begin, *end})
    covers: list[tuple[int, ...]] = []
    now: tuple[int, ...] = ()
    for place in places:
        now = (*(number for number in now if number not in end[place]), *begin[place])
        covers.append(now)
    return places, covers


def _colours(chunks: Sequence[int]) -> str:
    """One chunk's colour, or the stripes of the first two."""
    if len(chunks) == 1:
        return f"class=k{chunks[0] % COLOURS}"
    first, second = (f"var(--k{number % COLOURS})" for number in chunks[:2])
    stripes = f"{first} 0 {STRIPE_PX}px,{second} {STRIPE_PX}px {2 * STRIPE_PX}px"
    return f'style="background:repeating-linear-gradient(135deg,{stripes})"'


def _label(chunk: Chunk, tokens: int) -> str:
    return f"chunk {chunk.ordinal}, {_count(tokens, 'token')}"


def _mark(number: int, label: str) -> str:
    return f'<a class="mark k{number % COLOURS}" id=c{number} href="#l{number}" title="{escape(label)}">{number}</a>'


def _contents(inspection: Inspection) -> Iterator[str]:
    """A line for each chunk, which leads to where it begins; what stands above it where that changes."""
    most, shown = max((1, *inspection.tokens)), ""
    for number, (chunk, tokens) in enumerate(zip(inspection.chunks, inspection.tokens, strict=True)):
        where = f"page {chunk.page} · " if chunk.page is not None else ""
        said = escape(f"{where}{_count(tokens, 'token')} · {chunk.metadata.get('lang', '')}")
        above = f"<i dir=auto>{escape(chunk.above)}</i>" if chunk.above not in {"", shown} else ""
        shown = chunk.above
        yield (
            f'<a class=line id=l{number} href="#c{number}"><b class=k{number % COLOURS}>{number}</b> {said}'
            f'<s style="width:{100 * tokens / most:.0f}%"></s>{above}</a>\n'
        )
