"""BM25 by value against an independent implementation, and postings against postings of other origin."""

import math
import random
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_indexes.bm25 import LexicalIndex
from konverze_indexes.container import pack_arrays, unpack_arrays
from konverze_indexes.postings import BLOCK_ROWS, K1, B, Postings
from konverze_indexes.stemming import Analysis

WHOLE_WORDS = Analysis(stemming=False)
WORDS = st.sampled_from(["refund", "refunds", "policy", "the", "नीति", "नीतियों", "sku-12", "a", "b", "c", "d"])
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=12)
ANALYSES = st.builds(Analysis, stemming=st.booleans())


def _reference(documents, question):
    """Scores of documents, given as lists of words, in the floats of Python; and the best score that there could be."""
    mean = sum(map(len, documents)) / max(len(documents), 1)
    scores, best = [0.0] * len(documents), 0.0
    for word in dict.fromkeys(question):
        held = sum(word in document for document in documents)
        weight = math.log(1 + (len(documents) - held + 0.5) / (held + 0.5))
        best += weight
        for number, document in enumerate(documents):
            if count := document.count(word):
                scores[number] += weight * count / (count + K1 * (1 - B + B * len(document) / mean))
    return scores, best


def _assert_best(found, expected, k):
    """The rows found are the k best of the expected scores by row, in order; True where that order was told apart."""
    scores, rows = found[0].tolist(), found[1].tolist()
    best = sorted((row for row, score in expected.items() if score > 0), key=lambda row: (-expected[row], row))
    assert scores == pytest.approx([expected[row] for row in best[:k]], abs=1e-5)
    assert [expected[row] for row in rows] == pytest.approx(scores, abs=1e-5)
    assert len(set(rows)) == len(rows)
    steps = [expected[one] - expected[other] for one, other in pairwise(best[: k + 1])]
    is_clear = all(step == 0 or step > 1e-5 for step in steps)
    if is_clear:
        assert rows == best[:k]
    return is_clear


def _masks(rng, sizes, share):
    return [np.array([rng.random() < share for _ in range(size)], np.bool_) for size in sizes]


def _stored(postings):
    """As they come back from a container, in narrower types."""
    return Postings.read(unpack_arrays(pack_arrays(postings.arrays(), {}))[0])


def _corpus(rng, rows):
    """Documents of words by a Zipf law, so that some are in nearly all of them."""
    shares = list(accumulate(1 / number for number in range(1, 201)))
    return [rng.choices(range(200), cum_weights=shares, k=rng.randint(0, 30)) for _ in range(rows)]


@pytest.mark.parametrize("group", range(20))
def test_the_best_rows_of_random_corpora_equal_plain_bm25_of_what_is_live(group):
    """Fifty corpora each; over segments, with deletes and filters, and before and after a compaction."""
    rng = random.Random(group)
    clear = 0
    for _ in range(50):
        sizes = [rng.choice([0, 1, 5, 20, 60]) for _ in range(rng.randint(1, 4))]
        parts = [_corpus(rng, size) for size in sizes]
        texts = [[" ".join(f"w{w}" for w in row) for row in part] for part in parts]
        postings = [_stored(Postings.build(part, WHOLE_WORDS)) for part in texts]
        live = _masks(rng, sizes, rng.choice([0.0, 0.3, 0.9, 1.0]))
        kept = np.flatnonzero(np.concatenate(live))
        rows = [row for part in parts for row in part]
        compacted = Postings.merged(list(zip(postings, live, strict=True)))
        for _ in range(3):
            question = rng.choices(range(220), k=rng.randint(1, 6))
            k = rng.choice([1, 3, 10, 50])
            scores, best = _reference([rows[row] for row in kept], question)
            index = LexicalIndex(postings, [None if mask.all() else mask for mask in live], WHOLE_WORDS)
            query = index.query(" ".join(f"w{w}" for w in question))
            assert query.best_score == pytest.approx(best)
            clear += _assert_best(
                index.top(query, k=k, allowed=[None] * len(sizes)), dict(zip(kept, scores, strict=True)), k
            )
            chosen = [mask & one for mask, one in zip(live, _masks(rng, sizes, rng.choice([0.02, 0.5])), strict=True)]
            allowed = set(np.flatnonzero(np.concatenate(chosen)))
            filtered = {row: score for row, score in zip(kept, scores, strict=True) if row in allowed}
            _assert_best(index.top(query, k=k, allowed=chosen), filtered, k)
            again = LexicalIndex([compacted], [None], WHOLE_WORDS)
            found = again.top(again.query(" ".join(f"w{w}" for w in question)), k=k, allowed=[None])
            _assert_best(found, dict(enumerate(scores)), k)
    assert clear > 100


def test_the_best_rows_over_several_blocks_equal_plain_bm25():
    """More rows than a block holds, of terms rare and frequent, so that most are never added up."""
    rng = random.Random(1)
    shares = list(accumulate(1 / number for number in range(1, 3001)))
    rows = [rng.choices(range(3000), cum_weights=shares, k=rng.randint(3, 8)) for _ in range(BLOCK_ROWS + 5000)]
    postings = Postings.build([" ".join(f"w{w}" for w in row) for row in rows], WHOLE_WORDS)
    assert len(postings.blocks) == 2
    index = LexicalIndex([postings], [None], WHOLE_WORDS)
    for question in ([0], [0, 1], [1, 40], [2000, 0, 1], [0, 15, 700, 2900], [2999, 2998], [0, 5, 10, 20, 40]):
        scores, _ = _reference(rows, question)
        query = index.query(" ".join(f"w{w}" for w in question))
        for k in (1, 50, 400):
            _assert_best(index.top(query, k=k, allowed=[None]), dict(enumerate(scores)), k)
            for step in (3, 1000):
                mask = np.arange(len(rows)) % step == 1
                expected = {row: scores[row] for row in range(1, len(rows), step)}
                _assert_best(index.top(query, k=k, allowed=[mask]), expected, k)
    live = np.arange(len(rows)) % 7 != 0
    assert _same(
        Postings.merged([(postings, live)]),
        Postings.build([" ".join(f"w{w}" for w in rows[row]) for row in np.flatnonzero(live)], WHOLE_WORDS),
    )


def _same(one, other):
    ours, theirs = one.arrays(), other.arrays()
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)
    assert pack_arrays(ours, {}).tobytes() == pack_arrays(theirs, {}).tobytes()
    return True


@settings(max_examples=200)
@given(st.lists(TEXTS, min_size=1, max_size=4), ANALYSES, st.data())
def test_merged_postings_equal_postings_of_the_live_texts(parts, analysis, data):
    live = [np.array(data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p))), np.bool_) for p in parts]
    kept = [part[row] for part, mask in zip(parts, live, strict=True) for row in np.flatnonzero(mask)]
    postings = [_stored(Postings.build(part, analysis)) for part in parts]
    assert _same(Postings.merged(list(zip(postings, live, strict=True))), Postings.build(kept, analysis))
    whole = Postings.merged([(part, None) for part in postings])
    assert _same(whole, Postings.build([text for part in parts for text in part], analysis))


@settings(max_examples=50)
@given(TEXTS, ANALYSES)
def test_postings_open_from_a_container_as_they_were(texts, analysis):
    postings = Postings.build(texts, analysis)
    opened = _stored(postings)
    assert _same(opened, postings)
    assert opened.row_count == len(texts)
    index = LexicalIndex([opened], [None], analysis)
    scores, rows = index.top(index.query("the refund नीति"), k=50, allowed=[None])
    known = set(analysis.roots(["the", "refund", "नीति"]))
    assert sorted(rows.tolist()) == [row for row, text in enumerate(texts) if known & set(analysis.terms(text))]
    assert (scores > 0).all()
