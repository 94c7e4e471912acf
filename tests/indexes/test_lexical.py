import numpy as np
import pytest

from konverze_indexes.bm25 import LexicalIndex
from konverze_indexes.postings import MAX_FREQUENCY, TAIL_BITS, Postings, term_names
from konverze_indexes.stemming import Analysis

WHOLE_WORDS = Analysis(stemming=False)


def _rows(texts, question, analysis=WHOLE_WORDS):
    index = LexicalIndex([Postings.build(texts, analysis)], [None], analysis)
    return index.top(index.query(question), k=10, allowed=[None])[1].tolist()


def test_rows_of_equal_scores_come_in_row_order_over_segments_of_any_layout():
    """The word is a column in one segment, a list of rows in the next, and looked up in a third."""
    texts = ["tea for two"] * 6, ["rain again soon"] * 9 + ["tea for two"], ["rain in june"] * 3 + ["tea for two"] * 3
    index = LexicalIndex([Postings.build(part, WHOLE_WORDS) for part in texts], [None] * 3, WHOLE_WORDS)
    scores, rows = index.top(index.query("tea two for"), k=8, allowed=[None] * 3)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5, 15, 19]
    assert len(set(scores.tolist())) == 1


@pytest.mark.parametrize("others", [1, 30])
def test_a_term_counts_255_times_at_most(others):
    texts = [" ".join(["tea"] * count + ["rain"] * (600 - count)) for count in (254, 255, 256, 600)] + ["rain"] * others
    index = LexicalIndex([Postings.build(texts, WHOLE_WORDS)], [None], WHOLE_WORDS)
    scores, rows = index.top(index.query("tea"), k=4, allowed=[None])
    assert rows.tolist() == [1, 2, 3, 0]
    assert scores[0] == scores[1] == scores[2] > scores[3]
    assert MAX_FREQUENCY == 255


def test_dead_rows_count_for_nothing():
    texts = ["tea", "tea", "rain tea tea", "rain"]
    live = np.array([False, True, False, True])
    index = LexicalIndex([Postings.build(texts, WHOLE_WORDS)], [live], WHOLE_WORDS)
    alone = LexicalIndex([Postings.build(["tea", "rain"], WHOLE_WORDS)], [None], WHOLE_WORDS)
    scores, rows = index.top(index.query("tea rain snow"), k=9, allowed=[live])
    expected, _ = alone.top(alone.query("tea rain snow"), k=9, allowed=[None])
    assert rows.tolist() == [1, 3]
    np.testing.assert_array_equal(scores, expected)


def test_a_filter_that_leaves_no_row_finds_none():
    index = LexicalIndex([Postings.build(["tea", "rain"], WHOLE_WORDS)], [None], WHOLE_WORDS)
    scores, rows = index.top(index.query("tea"), k=3, allowed=[np.zeros(2, np.bool_)])
    assert (len(scores), len(rows)) == (0, 0)


@pytest.mark.parametrize("texts", [[], [""], ["…"]])
def test_an_index_without_terms_finds_nothing(texts):
    assert _rows(texts, "tea") == []
    assert _rows(["tea"], "…") == []


def test_terms_that_no_row_holds_count_in_the_best_score():
    index = LexicalIndex([Postings.build(["tea", "rain"], WHOLE_WORDS)], [None], WHOLE_WORDS)
    assert index.query("tea snow").best_score > index.query("tea").best_score + 1
    assert index.query("tea tea").best_score == index.query("tea").best_score


def test_words_are_found_by_their_stems():
    texts = ["Refunds are processed weekly.", "Connections fail.", "क्षतिग्रस्त उत्पादों की वापसी", "Order SKU-123/A today"]
    stems = Analysis(stemming=True)
    assert _rows(texts, "refund", stems) == [0]
    assert _rows(texts, "refund") == []
    assert _rows(texts, "connecting", stems) == [1]
    assert _rows(texts, "उत्पाद", stems) == [2]
    assert _rows(texts, "sku-123/a", stems) == [3]


def test_codes_and_addresses_rank_before_texts_that_hold_their_parts():
    texts = ["sku 123 in a box", "SKU-123/A", "asha and example com", "write to Asha@Example.com.", "कक्ष १२३"]
    for analysis in (WHOLE_WORDS, Analysis(stemming=True)):
        assert _rows(texts, "sku-123/a", analysis)[0] == 1
        assert _rows(texts, "asha@example.com", analysis)[0] == 3
        assert 4 in _rows(texts, "123", analysis)


def test_terms_whose_names_begin_alike_are_told_apart():
    words = [f"w{number}" for number in range(300_000)]
    seen: dict[int, list[str]] = {}
    for word, name in zip(words, term_names(words), strict=True):
        seen.setdefault(name >> TAIL_BITS, []).append(word)
    one, other = next(alike for alike in seen.values() if len(alike) > 1)
    texts = ["tea"] * 8 + [one, other]
    assert (_rows(texts, one), _rows(texts, other)) == ([8], [9])
    assert _rows(texts[:9], other) == []


@pytest.mark.parametrize(("row_count", "most_bytes"), [(1_000, 2.5), (30_000, 3)])
def test_a_posting_takes_two_bytes_in_a_small_block_and_three_in_a_large_one(row_count, most_bytes):
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{w}" for w in row) for row in rng.zipf(1.3, size=(row_count, 60)) % 5000]
    (block,) = Postings.build(texts, WHOLE_WORDS).blocks
    count = sum(len(set(text.split())) for text in texts)
    assert count == len(block.postings) + np.count_nonzero(block.columns)
    assert block.postings.nbytes + block.frequencies.nbytes + block.columns.nbytes <= most_bytes * count
