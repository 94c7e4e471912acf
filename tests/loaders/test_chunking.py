from __future__ import annotations

import pytest

from konverze_core.documents import BlockKind, Document
from konverze_core.errors import ConfigError
from konverze_loaders import TokenWindowChunker, load
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.chunkers.borders import border_before
from konverze_loaders.chunkers.outline import sections
from konverze_loaders.reading import Reading


def _words(texts):
    return [len(text.split()) for text in texts]


def _cut(count, document: Document, *, max_tokens: int):
    return TokenWindowChunker(count, max_tokens=max_tokens, overlap_tokens=0).chunk(document, "d")


def _chunks(document: Document, max_tokens: int = 20, overlap_tokens: int = 0):
    return TokenWindowChunker(_words, max_tokens=max_tokens, overlap_tokens=overlap_tokens).chunk(document, "d")


def _sentences(count: int, words: int = 5) -> str:
    return " ".join(" ".join([f"Word{n}"] * (words - 1)) + " end." for n in range(count))


def test_headings_make_the_path_and_stay_with_their_text():
    text = f"# Guide\n\n## Refunds\n\n{_sentences(3)}\n\n## Delivery\n\n{_sentences(3)}\n"
    chunks = _chunks(load(text.encode(), name="a.md"))
    assert [chunk.heading for chunk in chunks] == ["Guide › Refunds", "Guide › Delivery"]
    assert chunks[0].text.startswith("Guide\n\nRefunds\n\nWord0")
    assert chunks[1].text.startswith("Delivery")


def test_tiny_siblings_share_a_chunk_under_the_first_heading():
    chunks = _chunks(load(b"# A\n\n## B\n\nOne two.\n\n## C\n\nThree.\n\n# D\n\nFour.\n", name="a.md"))
    assert [chunk.heading for chunk in chunks] == ["A › B", "D"]


def test_blocks_are_kept_whole_where_they_fit():
    builder = DocumentBuilder(Reading(source="d"))
    for _ in range(4):
        builder.add(BlockKind.PARAGRAPH, _sentences(2, 6))
    assert [len(chunk.text.split()) for chunk in _chunks(builder.build({}))] == [12, 12, 12, 12]


def test_table_rows_are_whole_and_not_repeated():
    builder = DocumentBuilder(Reading(source="d"))
    table = builder.new_table()
    for number in range(6):
        builder.add_row([f"Plan {number} is. Good", "₹499"], table)
    chunks = _chunks(builder.build({}), overlap_tokens=10)
    lines = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert lines == [f"Plan {number} is. Good | ₹499" for number in range(6)]


def test_overlap_repeats_whole_sentences_within_the_section_only():
    text = f"# A\n\n{_sentences(6)}\n\n# B\n\n{_sentences(6)}\n"
    chunks = _chunks(load(text.encode(), name="a.md"), overlap_tokens=6)
    assert chunks[1].text.split(". ")[0] + "." == chunks[0].text.rsplit(". ", 1)[1]
    assert all(not chunk.text.startswith("Word5") for chunk in chunks if chunk.heading == "B")
    assert next(chunk for chunk in chunks if chunk.heading == "B").text.startswith("B\n")


def test_a_giant_word_is_cut():
    chunker = TokenWindowChunker(lambda texts: [len(text) for text in texts], max_tokens=100, overlap_tokens=0)
    chunks = chunker.chunk(load(b"x" * 10_000), "d")
    assert "".join(chunk.text for chunk in chunks) == "x" * 10_000
    assert max(len(chunk.text) for chunk in chunks) <= 100


def test_facts_of_document_and_chunk_are_in_the_metadata():
    document = load("# हिन्दी\n\nधनवापसी में सात दिन लगते हैं।\n".encode(), name="a.md")
    chunk = _chunks(document)[0]
    assert chunk.metadata == {"format": "markdown", "title": "हिन्दी", "lang": "hi"}
    assert _chunks(load(b"English words."))[0].metadata["lang"] == "en"
    assert _chunks(load(b"12345 67"))[0].metadata["lang"] == "und"


def test_text_outside_blocks_is_chunked_too():
    assert [chunk.text for chunk in _chunks(Document(text="Bare text."))] == ["Bare text."]
    assert _chunks(Document(text="")) == []


@pytest.mark.parametrize(
    "arguments", [{"max_tokens": 0}, {"overlap_tokens": -1}, {"max_tokens": 10, "overlap_tokens": 6}]
)
def test_impossible_budgets_are_refused(arguments):
    with pytest.raises(ConfigError):
        TokenWindowChunker(_words, **arguments)


def test_a_character_over_the_budget_is_refused():
    chunker = TokenWindowChunker(lambda texts: [9] * len(texts), max_tokens=8, overlap_tokens=0)
    with pytest.raises(ConfigError, match="single character"):
        chunker.chunk(Document(text="x"), "d")


def test_long_text_is_counted_about_once():
    counted: list[str] = []

    def count(texts):
        counted.extend(texts)
        return _words(texts)

    document = load("\n\n".join(_sentences(7, 9) for _ in range(60)).encode())
    chunks = TokenWindowChunker(count, max_tokens=100, overlap_tokens=0).chunk(document, "d")
    assert sum(map(len, counted)) <= 1.15 * len(document.text)
    assert sum(len(chunk.text.split()) for chunk in chunks) >= 0.5 * 100 * len(chunks)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_change_of_script_leaves_no_near_empty_chunks(turn):
    paragraphs = [_sentences(80, 9), "यह एक वाक्य है जो लंबा है। " * 80][::turn]

    def count(texts):
        return [sum(1 if character.isascii() else 4 for character in text) for text in texts]

    sizes = [count([chunk.text])[0] for chunk in _cut(count, load("\n\n".join(paragraphs).encode()), max_tokens=1000)]
    assert len(sizes) > 8
    assert sorted(sizes)[2] >= 1000 / 3  # but for the ends of both


def test_an_end_that_goes_no_further_than_the_window_before_is_none():
    document = Document(text="One two three. Four five six.")
    (section,) = sections(document)
    assert border_before(document.text, section, 4, 14, floor=14) is None
    assert border_before(document.text, section, 4, 20, floor=14).end == 19


def test_a_sentence_that_fits_whole_is_not_cut():
    text = "Short one. " + " ".join(["word"] * 90) + ". Short two."
    texts = [chunk.text for chunk in _cut(_words, load(text.encode()), max_tokens=92)]
    assert [len(text.split()) for text in texts] == [92, 2]


def test_no_cut_parts_a_letter_from_its_vowel_sign():
    chunks = _cut(lambda texts: [len(text) for text in texts], load(("कि" * 500).encode()), max_tokens=34)
    assert all(chunk.text[0] == "क" for chunk in chunks)


def test_title_headings_and_columns_stand_above_the_text():
    builder = DocumentBuilder(Reading(source="d"))
    builder.add(BlockKind.HEADING, "Plans", level=1)
    table = builder.new_table()
    builder.add_row(["Plan", "Price"], table, is_header=True)
    for number in range(6):
        builder.add_row([f"Plan {number} of ours", f"₹{number}99"], table)
    chunks = _cut(_words, builder.build({"title": "Our handbook"}), max_tokens=30)
    assert [chunk.context for chunk in chunks] == ["Our handbook › Plans", "Our handbook › Plans\nPlan | Price"]
    assert [chunk.heading for chunk in chunks] == ["Plans", "Plans"]
    assert "Plan | Price" not in chunks[1].text
    assert chunks[1].searchable_text == f"Our handbook › Plans\nPlan | Price\n{chunks[1].text}"


def test_a_title_that_is_the_heading_is_not_said_twice():
    (chunk,) = _chunks(load(b"# Refunds\n\nThey take seven days.\n", name="a.md"))
    assert (chunk.metadata["title"], chunk.context) == ("Refunds", "Refunds")


def test_a_long_context_loses_its_outermost_parts_and_never_crowds_out_the_text():
    headings = "".join(f"{'#' * level} {'Level' * level} of the headings\n\n" for level in range(1, 5))
    chunks = _cut(_words, load(f"{headings}One two three.\n".encode(), name="a.md"), max_tokens=40)
    assert [chunk.context for chunk in chunks] == [f"{'Level' * 3} of the headings › {'Level' * 4} of the headings"]
    chunks = _cut(_words, load(f"{headings}One two three.\n".encode(), name="a.md"), max_tokens=12)
    assert {chunk.context for chunk in chunks} == {""}
    assert chunks[-1].heading.endswith("LevelLevelLevelLevel of the headings")
