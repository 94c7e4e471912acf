from __future__ import annotations

import numpy as np
import pytest

from konverze_core.documents import BlockKind, Document
from konverze_core.errors import ConfigError
from konverze_loaders import (
    ParentChildChunker,
    RowChunker,
    SemanticChunker,
    SentenceWindowChunker,
    TokenWindowChunker,
    load,
)
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.reading import Reading


def _words(texts):
    return [len(text.split()) for text in texts]


def _sentences(first: int, count: int) -> str:
    return " ".join(f"Sentence number {number} is here." for number in range(first, first + count))


def _parents(chunks, document: Document):
    return [chunk.parent and document.text[chunk.parent.start : chunk.parent.end] for chunk in chunks]


# Sentence windows


def test_each_sentence_is_a_chunk_and_its_neighbours_are_its_parent():
    document = load(f"{_sentences(0, 9)}\n".encode())
    chunks = SentenceWindowChunker(_words, window_tokens=15).chunk(document, "d")
    assert [chunk.text.strip() for chunk in chunks] == [_sentences(number, 1) for number in range(9)]
    parents = [parent.strip() for parent in _parents(chunks, document)]
    assert parents[4] == _sentences(3, 3)
    assert parents[0] == _sentences(0, 3)
    assert parents[8] == _sentences(6, 3)


def test_windows_stay_in_their_section_and_headings_with_the_sentence_below():
    document = load(f"# A\n\n{_sentences(0, 2)}\n\n# B\n\n{_sentences(2, 1)}\n".encode(), name="a.md")
    chunks = SentenceWindowChunker(_words).chunk(document, "d")
    assert [chunk.text.strip() for chunk in chunks] == [
        f"A\n\n{_sentences(0, 1)}",
        _sentences(1, 1),
        f"B\n\n{_sentences(2, 1)}",
    ]
    assert _parents(chunks, document) == [document.text[: document.text.index("B")].rstrip()] * 2 + [None]


def test_several_sentences_can_be_a_chunk():
    document = load(f"{_sentences(0, 5)}\n".encode())
    chunks = SentenceWindowChunker(_words, sentences=2).chunk(document, "d")
    assert [chunk.text.strip() for chunk in chunks] == [_sentences(0, 2), _sentences(2, 2), _sentences(4, 1)]


def test_items_and_rows_are_chunks_like_sentences():
    builder = DocumentBuilder(Reading(source="d"))
    builder.add(BlockKind.LIST_ITEM, "First item")
    builder.add(BlockKind.LIST_ITEM, "Second item")
    builder.add_row(["Dr. A. B", "12"], builder.new_table())
    chunks = SentenceWindowChunker(_words).chunk(builder.build({}), "d")
    assert [chunk.text.strip() for chunk in chunks] == ["First item", "Second item", "Dr. A. B | 12"]


# Parents and children


def test_children_tile_their_parent():
    document = load("\n\n".join(_sentences(8 * number, 8) for number in range(6)).encode())
    chunks = ParentChildChunker(_words, max_tokens=20, parent_tokens=90).chunk(document, "d")
    assert max(_words([chunk.text for chunk in chunks])) <= 20
    spans = sorted({(chunk.parent.start, chunk.parent.end) for chunk in chunks})
    texts = [document.text[start:end] for start, end in spans]
    assert "".join(texts) == document.text
    assert max(_words(texts)) <= 90
    assert 2 <= len(texts) <= 5
    assert all(len([chunk for chunk in chunks if chunk.parent.start == start]) >= 2 for start, _ in spans)


def test_what_fits_a_child_has_no_parent():
    (chunk,) = ParentChildChunker(_words, max_tokens=20).chunk(load(b"One small text."), "d")
    assert (chunk.text, chunk.parent) == ("One small text.", None)


# Rows


def _price_list() -> Document:
    builder = DocumentBuilder(Reading(source="d"))
    builder.add(BlockKind.HEADING, "Prices", level=1)
    builder.add(BlockKind.PARAGRAPH, "All prices hold until May.")
    table = builder.new_table()
    builder.add_row(["Plan", "Price"], table, is_header=True)
    builder.add_row(["Basic", "₹199"], table)
    builder.add_row(["Pro", "₹499"], table)
    builder.add(BlockKind.PARAGRAPH, "Taxes come on top.")
    return builder.build({"title": "Acme"})


def test_each_row_is_a_chunk_below_its_columns_names():
    chunks = RowChunker(_words).chunk(_price_list(), "d")
    assert [chunk.text for chunk in chunks] == [
        "Prices\n\nAll prices hold until May.",
        "Plan | Price\nBasic | ₹199",
        "Pro | ₹499",
        "Taxes come on top.",
    ]
    assert [chunk.context for chunk in chunks] == ["Acme › Prices"] * 2 + [
        "Acme › Prices\nPlan | Price",
        "Acme › Prices",
    ]


def test_a_heading_goes_with_the_first_row_below_it():
    builder = DocumentBuilder(Reading(source="d"))
    builder.add(BlockKind.HEADING, "Prices", level=1)
    table = builder.new_table()
    builder.add_row(["Basic", "₹199"], table)
    builder.add_row(["Pro", "₹499"], table)
    chunks = RowChunker(_words).chunk(builder.build({}), "d")
    assert [chunk.text for chunk in chunks] == ["Prices\n\nBasic | ₹199", "Pro | ₹499"]


def test_a_row_over_the_budget_is_cut_between_cells():
    builder = DocumentBuilder(Reading(source="d"))
    builder.add_row([f"cell {number} of the row" for number in range(12)], builder.new_table())
    chunks = RowChunker(_words, max_tokens=30, overlap_tokens=0).chunk(builder.build({}), "d")
    assert len(chunks) > 1
    assert all(chunk.text.endswith("of the row") for chunk in chunks)


# Semantic


def _by_topic(texts):
    """Unit vectors: one axis for texts that speak of tea, one for others."""
    return np.array([(1, 0) if "tea" in text else (0, 1) for text in texts], np.float32)


def test_a_chunk_ends_where_the_topic_turns():
    tea = " ".join(f"We sell tea of kind {number}." for number in range(8))
    tax = " ".join(f"You pay tax of kind {number}." for number in range(9))
    document = load(f"{tea} {tax}\n".encode())
    chunks = SemanticChunker(_words, _by_topic, percentile=94).chunk(document, "d")
    assert [chunk.text for chunk in chunks] == [tea, tax]


def test_a_text_that_never_turns_is_one_chunk():
    tea = " ".join(f"We sell tea of kind {number}." for number in range(20))
    assert [chunk.text for chunk in SemanticChunker(_words, _by_topic).chunk(load(tea.encode()), "d")] == [tea]


def test_sentences_are_embedded_once_and_in_batches():
    batches: list[int] = []

    def embed(texts):
        batches.append(len(texts))
        return _by_topic(texts)

    SemanticChunker(_words, embed).chunk(load(_sentences(0, 600).encode()), "d")
    assert batches == [256, 256, 88]


# All


@pytest.mark.parametrize(
    "make",
    [
        lambda: SentenceWindowChunker(_words, max_tokens=0),
        lambda: SentenceWindowChunker(_words, window_tokens=0),
        lambda: SentenceWindowChunker(_words, sentences=0),
        lambda: ParentChildChunker(_words, max_tokens=0),
        lambda: ParentChildChunker(_words, max_tokens=100, parent_tokens=99),
        lambda: RowChunker(_words, max_tokens=0),
        lambda: RowChunker(_words, max_tokens=10, overlap_tokens=6),
        lambda: SemanticChunker(_words, _by_topic, max_tokens=0),
        lambda: SemanticChunker(_words, _by_topic, percentile=101),
    ],
)
def test_impossible_sizes_are_refused(make):
    with pytest.raises(ConfigError):
        make()


def test_names_tell_strategies_and_sizes_apart():
    chunkers = [
        TokenWindowChunker(_words),
        TokenWindowChunker(_words, max_tokens=128),
        TokenWindowChunker(_words, overlap_tokens=16),
        SentenceWindowChunker(_words),
        SentenceWindowChunker(_words, max_tokens=128),
        SentenceWindowChunker(_words, window_tokens=512),
        SentenceWindowChunker(_words, sentences=2),
        ParentChildChunker(_words),
        ParentChildChunker(_words, max_tokens=128),
        ParentChildChunker(_words, parent_tokens=512),
        RowChunker(_words),
        RowChunker(_words, max_tokens=128),
        RowChunker(_words, overlap_tokens=16),
        SemanticChunker(_words, _by_topic),
        SemanticChunker(_words, _by_topic, max_tokens=128),
        SemanticChunker(_words, _by_topic, percentile=80),
    ]
    assert len({chunker.name for chunker in chunkers}) == len(chunkers)


@pytest.mark.parametrize(
    "make",
    [
        TokenWindowChunker,
        RowChunker,
        SentenceWindowChunker,
        ParentChildChunker,
        lambda count: SemanticChunker(count, _by_topic),
    ],
)
def test_a_document_without_text_has_no_chunks(make):
    assert make(_words).chunk(Document(text=" \n "), "d") == []
