import threading

import pytest

from konverze_indexes.stemming import _STEMMERS, Analysis

STEMS = Analysis(stemming=True)


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("policies", "polici"),
        ("policy", "polici"),
        ("running", "run"),
        ("generously", "generous"),
        ("उत्पादों", "उत्पाद"),
        ("नीतियों", "नीत"),
        ("नीति", "नीत"),
    ],
)
def test_stems_are_those_that_indexes_on_disk_hold(word, stem):
    """A release of the stemmer with other stems makes every stemmed index miss words."""
    assert STEMS.roots([word]) == [stem]


@pytest.mark.parametrize(
    "term", ["sku-123/a", "mp3", "1,299.50", "runs@example.com", "তথ্যসমূহ", "caffè", "उत्पादों-12", ""]
)
def test_codes_numbers_and_other_scripts_stay_whole(term):
    assert STEMS.roots([term]) == [term]


def test_without_stemming_words_stay_whole():
    assert Analysis(stemming=False).terms("Running policies उत्पादों") == ["running", "policies", "उत्पादों"]


@pytest.mark.parametrize("stem", [_STEMMERS.english, _STEMMERS.hindi])
def test_stemmers_keep_no_words_of_a_tenant(stem):
    assert stem.__self__.maxCacheSize == 0


def test_threads_stem_at_the_same_time():
    words = ["policies", "running", "उत्पादों", "connection"] * 500
    expected = STEMS.roots(words)
    found = []
    threads = [threading.Thread(target=lambda: found.append(STEMS.roots(words))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
