from __future__ import annotations

import pytest

from konverze_core.documents import BlockKind, Document
from konverze_core.errors import ConfigError
from konverze_loaders import LoadLimits, TokenWindowChunker, load, split_sentences
from konverze_loaders.builder import DocumentBuilder


def _words(texts):
    return [len(text.split()) for text in texts]


def _chunks(document: Document, max_tokens: int = 20, overlap_tokens: int = 0):
    return TokenWindowChunker(_words, max_tokens=max_tokens, overlap_tokens=overlap_tokens).chunk(document, "d")


def _sentences(count: int, words: int = 5) -> str:
    return " ".join(" ".join([f"Word{n}"] * (words - 1)) + " end." for n in range(count))


def _sentence_texts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


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
    builder = DocumentBuilder("d", LoadLimits())
    for _ in range(4):
        builder.add(BlockKind.PARAGRAPH, _sentences(2, 6))
    assert [len(chunk.text.split()) for chunk in _chunks(builder.build({}))] == [12, 12, 12, 12]


def test_table_rows_are_whole_and_not_repeated():
    builder = DocumentBuilder("d", LoadLimits())
    table = builder.new_table()
    for number in range(6):
        builder.add_row([f"Plan {number} is. Good", "₹499"], table)
    chunks = _chunks(builder.build({}), overlap_tokens=10)
    lines = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert lines == [f"Plan {number} is. Good | ₹499" for number in range(6)]


def test_overlap_repeats_whole_sentences_within_the_section_only():
    text = f"# A\n\n{_sentences(6)}\n\n# B\n\n{_sentences(6)}\n"
    chunks = _chunks(load(text.encode(), name="a.md"), overlap_tokens=5)
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


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Rao paid Rs. 3.5 lakh to A. K. Sen, e.g. for No. 7.", "Then he left."],
        ["Is it?", "Yes!", "“Quite so.”", "Good…", "End"],
        ["धनवापसी सात दिन में।", "फिर लिखें॥", "ठीक है"],
        ["返金は七日です。", "どうぞ。"],
        ["One; two; three."],
        ["It wraps\nover lines.", "Next."],
        ["Basic | 499", "Pro | 1,499"],
        ["Tea .......... 20", "Coffee .......... 40"],
        ["It came from Acme Ltd.", "The rest stayed."],
    ],
)
def test_sentence_borders(sentences):
    joint = "\n" if "|" in sentences[0] or "..." in sentences[0] else "" if "。" in sentences[0] else " "
    assert _sentence_texts(joint.join(sentences)) == sentences


def test_blank_lines_and_bullets_are_borders():
    assert _sentence_texts("Title\n\nBody text\n- one\n- two") == ["Title", "Body text", "- one", "- two"]


def test_pieces_that_stand_alone_are_counted_once():
    counted: list[str] = []

    def count(texts):
        counted.extend(texts)
        return _words(texts)

    builder = DocumentBuilder("d", LoadLimits())
    table = builder.new_table()
    for number in range(5):
        builder.add_row([f"{number} " + "word " * 12], table)
    TokenWindowChunker(count, max_tokens=20, overlap_tokens=0).chunk(builder.build({}), "d")
    assert len(counted) == 5
