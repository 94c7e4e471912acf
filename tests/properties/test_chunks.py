"""What holds of the chunks of every strategy, whatever the document and whatever the counter does."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.documents import BlockKind
from konverze_loaders import (
    ParentChildChunker,
    RowChunker,
    SemanticChunker,
    SentenceWindowChunker,
    TokenWindowChunker,
    split_sentences,
)
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.reading import Reading


def _words(texts):
    return [len(text.split()) for text in texts]


def _characters(texts):
    return [len(text) for text in texts]


def _uneven(texts):
    """Not additive: the whole may weigh more, or less, than its parts."""
    return [1 + len(text) // 3 + (len(text) * 7919) % 5 - 2 * (len(text) % 3 == 0) for text in texts]


def _embed(texts):
    return np.array([(len(text) % 7, len(text) % 3, 1) for text in texts], np.float32)


def _tokens(count, max_tokens, share):
    return TokenWindowChunker(count, max_tokens=max_tokens, overlap_tokens=int(max_tokens * share))


def _sentences(count, max_tokens, share):
    window = 1 + int(8 * max_tokens * share)
    return SentenceWindowChunker(count, max_tokens=max_tokens, window_tokens=window, sentences=1 + int(share * 4))


def _parents(count, max_tokens, share):
    return ParentChildChunker(count, max_tokens=max_tokens, parent_tokens=int(max_tokens * (1 + 8 * share)))


def _rows(count, max_tokens, share):
    return RowChunker(count, max_tokens=max_tokens, overlap_tokens=int(max_tokens * share))


def _semantic(count, max_tokens, share):
    return SemanticChunker(count, _embed, max_tokens=max_tokens, percentile=200 * share)


COUNTERS = [_words, _characters, _uneven]
STRATEGIES = [_tokens, _sentences, _parents, _rows, _semantic]
WORDS = st.text("ab.!?।क्ष。é |\n\t'1", max_size=60) | st.text(max_size=30) | st.just("x" * 300)
BLOCKS = st.lists(st.tuples(st.sampled_from(list(BlockKind)), WORDS, st.integers(1, 4)), max_size=12)


def _document(blocks, title):
    builder = DocumentBuilder(Reading(source="generated"))
    table = None
    for number, (kind, text, level) in enumerate(blocks):
        if number % 4 == 0:
            builder.start_page()
        starts_table = kind is BlockKind.TABLE_ROW and (table is None or level == 1)
        if kind is not BlockKind.TABLE_ROW:
            table = None
        elif starts_table:
            table = builder.new_table()
        depth = level if kind is BlockKind.HEADING else 0
        builder.add(kind, text, level=depth, table=table, is_header=starts_table)
    return builder.build({"format": "text", "title": title})


DOCUMENTS = st.builds(_document, BLOCKS, WORDS)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", COUNTERS)
@settings(max_examples=80)
@given(document=DOCUMENTS, sizes=st.tuples(st.integers(8, 60), st.floats(0, 0.5)))
def test_chunks_keep_what_their_protocol_says(strategy, count, document, sizes):
    max_tokens = sizes[0]
    chunks = strategy(count, *sizes).chunk(document, "d")
    covered = bytearray(len(document.text))
    for ordinal, chunk in enumerate(chunks):
        assert (chunk.document_id, chunk.ordinal) == ("d", ordinal)
        assert chunk.text == document.text[chunk.span.start : chunk.span.end]
        assert chunk.text.strip()
        assert not chunk.text[0].isspace()
        assert count([chunk.searchable_text])[0] <= max_tokens
        assert chunk.page is None or document.pages[chunk.page - 1].span.start <= chunk.span.start
        covered[chunk.span.start : chunk.span.end] = b"\1" * len(chunk.span)
        _check_parent(chunk, chunks, document)
    assert all(covered[match.start()] for match in re.finditer(r"\S", document.text))
    starts = [chunk.span.start for chunk in chunks]
    assert starts == sorted(set(starts))


def _check_parent(chunk, chunks, document):
    """A parent holds its chunk, and is other chunks too, end to end."""
    if chunk.parent is None:
        assert chunk.text == chunk.text.strip() or chunk is not chunks[-1]
        return
    start, end = chunk.parent.start, chunk.parent.end
    inside = [other for other in chunks if start <= other.span.start and other.span.end <= end]
    assert chunk in inside
    assert len(inside) > 1
    assert "".join(other.text for other in inside) == document.text[start:end]


@given(text=WORDS | st.text())
def test_sentences_hold_every_visible_character_once(text):
    spans = split_sentences(text)
    position = 0
    for span in spans:
        assert not text[position : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        position = span.end
    assert not text[position:].strip()
