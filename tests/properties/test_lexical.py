"""BM25 by value against an independent implementation."""

import bm25s
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_indexes.lexical import K1, B, LexicalIndex, Postings, lexical_top
from konverze_indexes.terms import index_terms

WORDS = st.sampled_from(["refund", "policy", "the", "नीति", "वापसी", "sku-12", "a", "b", "c", "d"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), min_size=1, max_size=12)


def _reference(texts, question):
    """Scores by bm25s; terms that no text holds are left out, since bm25s refuses them."""
    vocabulary = {term: number for number, term in enumerate(sorted({t for text in texts for t in index_terms(text)}))}
    peer = bm25s.BM25(method="lucene", k1=K1, b=B, dtype="float64")
    ids = [[vocabulary[term] for term in index_terms(text)] for text in texts]
    peer.index((ids, vocabulary), show_progress=False)
    wanted = [vocabulary[term] for term in dict.fromkeys(index_terms(question)) if term in vocabulary]
    return peer.get_scores_from_ids(wanted) if wanted else np.zeros(len(texts))


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.lists(WORDS, min_size=1, max_size=5).map(" ".join), st.data())
def test_scores_of_live_rows_equal_an_index_of_those_rows_alone(first, second, question, data):
    """Over two segments with deleted rows: N, df and mean length count live rows only."""
    parts = [first, second]
    live = [np.array(data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p)))) for p in parts]
    kept = [
        text for part, mask in zip(parts, live, strict=True) for text, alive in zip(part, mask, strict=True) if alive
    ]
    index = LexicalIndex([Postings.build(part) for part in parts], live)
    weights = index.weights(question)
    scores = np.concatenate([index.scores(number, weights)[mask] for number, mask in enumerate(live)])
    if kept:
        np.testing.assert_allclose(scores, _reference(kept, question), atol=1e-5)


@given(st.lists(st.floats(0, 4, width=16), max_size=40), st.integers(1, 50))
def test_top_is_a_stable_sort_of_positive_scores(scores, k):
    array = np.array(scores, np.float32)
    expected = [row for row in np.argsort(-array, kind="stable") if array[row] > 0][:k]
    best, rows = lexical_top(array, k=k, mask=None)
    assert rows.tolist() == expected
    np.testing.assert_array_equal(best, array[expected])
