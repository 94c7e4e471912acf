from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.documents import BlockKind
from konverze_loaders import LoadLimits, TokenWindowChunker, split_sentences
from konverze_loaders.builder import DocumentBuilder


def _words(texts):
    return [len(text.split()) for text in texts]


def _characters(texts):
    return [len(text) for text in texts]


def _uneven(texts):
    """Not additive: the whole may weigh more, or less, than its parts."""
    return [1 + len(text) // 3 + (len(text) * 7919) % 5 - 2 * (len(text) % 3 == 0) for text in texts]


COUNTERS = [_words, _characters, _uneven]
WORDS = st.text("ab.!?।क्ष。é |\n\t'1", max_size=60) | st.text(max_size=30) | st.just("x" * 300)
BLOCKS = st.lists(st.tuples(st.sampled_from(list(BlockKind)), WORDS, st.integers(1, 4)), max_size=12)


def _document(blocks):
    builder = DocumentBuilder("generated", LoadLimits())
    for number, (kind, text, level) in enumerate(blocks):
        if number % 4 == 0:
            builder.start_page()
        builder.add(kind, text, level=level if kind is BlockKind.HEADING else 0)
    return builder.build({"format": "text"})


@pytest.mark.parametrize("count", COUNTERS)
@settings(deadline=None, max_examples=80)
@given(blocks=BLOCKS, max_tokens=st.integers(8, 60), data=st.data())
def test_spans_are_exact_complete_and_within_the_budget(count, blocks, max_tokens, data):
    document = _document(blocks)
    overlap = data.draw(st.integers(0, max_tokens // 2))
    chunks = TokenWindowChunker(count, max_tokens=max_tokens, overlap_tokens=overlap).chunk(document, "d")
    covered = bytearray(len(document.text))
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal
        assert chunk.text == document.text[chunk.span.start : chunk.span.end]
        assert chunk.text
        assert chunk.text == chunk.text.strip()
        assert count([chunk.text])[0] <= max_tokens
        assert chunk.page is None or document.pages[chunk.page - 1].span.start <= chunk.span.start
        covered[chunk.span.start : chunk.span.end] = b"\1" * len(chunk.span)
    assert all(covered[match.start()] for match in re.finditer(r"\S", document.text))
    starts = [chunk.span.start for chunk in chunks]
    assert starts == sorted(starts)


@settings(deadline=None)
@given(text=WORDS | st.text())
def test_sentences_hold_every_visible_character_once(text):
    spans = split_sentences(text)
    position = 0
    for span in spans:
        assert not text[position : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        position = span.end
    assert not text[position:].strip()
