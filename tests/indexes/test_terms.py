import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_indexes.terms import index_terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Password, REFUND; policy!", ["password", "refund", "policy"]),
        ("क्षतिग्रस्त उत्पादों की वापसी नीति।", ["क्षतिग्रस्त", "उत्पादों", "की", "वापसी", "नीति"]),
        ("தமிழ் மொழி, বাংলা ভাষা", ["தமிழ்", "மொழி", "বাংলা", "ভাষা"]),
        ("Straße ＦＵＬＬ", ["strasse", "full"]),
        ("क्\u200dष", ["क्ष"]),
        ("१२३ ৪৫ ௬ ٧", ["123", "45", "6", "7"]),
        ("", []),
        ("…!?", []),
        ("“Refunds” — 10\u202f€, don’t…", ["refunds", "10", "don", "t"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_words_ignore_case_and_composed_form():
    assert words("Café") == words("CAFE\u0301")


@pytest.mark.parametrize("code", ["SKU-123/A", "1,299.50", "asha@example.com", "2026-11-24"])
def test_codes_are_found_whole(code):
    assert code.casefold() in index_terms(f"see {code}.")


def test_codes_in_indic_digits_are_found_by_ascii_ones():
    assert index_terms("AA-१२/ख") == index_terms("aa-12/ख")


@pytest.mark.parametrize(
    "text", ["1" * 300_000, "a" + "\u0301" * 300_000, "1," * 150_000, "a.b" * 100_000, " .b" * 100_000]
)
def test_a_text_without_spaces_takes_no_longer_than_another(text):
    """Quadratic patterns would take hours, and run into the time limit of the tests."""
    assert index_terms(text)


def test_hyphenated_prose_is_not_a_code():
    assert index_terms("well-known") == ["well", "known"]


@given(st.text("aZ09_ \n-/.,:@+(“–×é\u0301", max_size=20))
def test_words_and_codes_are_the_same_whatever_stands_around_them(text):
    """A text of ASCII and of typographic signs goes another way than one with a word of another script."""
    assert sorted(index_terms(f"{text} क")) == sorted([*index_terms(text), "क"])
