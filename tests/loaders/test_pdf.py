from __future__ import annotations

import pypdf
import pytest

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError, EncryptedFileError, LimitExceededError, NoTextError
from konverze_loaders import LoadLimits, load
from tests.loaders.pdf_bytes import pdf, prose, rewritten, show, written

ROWS = [["Plan", "Price", "Users"], ["Basic plan", "INR 499", "2 users"], ["Pro plan", "INR 1,499", "10 users"]]


def _texts(document, kind):
    return [document.text[b.span.start : b.span.end] for b in document.blocks if b.kind is kind]


def test_each_page_has_its_span():
    document = load(pdf(show("First page.", 72, 700), "", show("Third page.", 72, 700)))
    assert [document.text[page.span.start : page.span.end] for page in document.pages] == [
        "First page.",
        "",
        "Third page.",
    ]
    assert document.metadata["format"] == "pdf"


def test_cells_on_one_baseline_become_a_row():
    stream = prose(["Prices are per month."], top=720)
    stream += "".join(
        show(cell, 72 + 130 * column, 680 - 20 * row)
        for row, cells in enumerate(ROWS)
        for column, cell in enumerate(cells)
    )
    document = load(pdf(stream + prose(["Taxes are extra."], top=600)))
    assert _texts(document, BlockKind.TABLE_ROW) == [" | ".join(row) for row in ROWS]
    assert _texts(document, BlockKind.PARAGRAPH) == ["Prices are per month.", "Taxes are extra."]


def test_a_wrapped_cell_stays_in_its_row():
    stream = ""
    for row, cells in enumerate(ROWS):
        stream += "".join(show(cell, 72 + 130 * n, 680 - 40 * row) for n, cell in enumerate(cells))
        stream += show("and one guest", 332, 668 - 40 * row)
    assert _texts(load(pdf(stream)), BlockKind.TABLE_ROW)[1] == "Basic plan | INR 499 | 2 users and one guest"


@pytest.mark.parametrize("by_column", [True, False])
def test_columns_of_prose_are_not_rows(by_column):
    left = [f"The left column of this page has line {n}" for n in range(6)]
    right = [f"and the right one is about another matter {n}" for n in range(6)]
    pairs = [
        (show(a, 72, 700 - 14 * n), show(b, 330, 700 - 14 * n))
        for n, (a, b) in enumerate(zip(left, right, strict=True))
    ]
    columns = "".join(a for a, _ in pairs) + "".join(b for _, b in pairs)
    document = load(pdf(columns if by_column else "".join(a + b for a, b in pairs)))
    assert not _texts(document, BlockKind.TABLE_ROW)
    if by_column:
        assert document.text.index(left[5]) < document.text.index(right[0])


def test_large_type_is_a_heading_and_gaps_part_paragraphs():
    stream = show("Refund policy", 72, 740, 18) + prose(["Refunds take seven", "days to arrive."], top=700)
    document = load(pdf(stream + prose(["Write to us first.", "We answer daily."], top=640)))
    assert _texts(document, BlockKind.HEADING) == ["Refund policy"]
    assert _texts(document, BlockKind.PARAGRAPH) == [
        "Refunds take seven\ndays to arrive.",
        "Write to us first.\nWe answer daily.",
    ]


def test_a_heading_of_two_lines_is_one_and_a_large_paragraph_is_none():
    heading = show("Terms of sale and", 72, 740, 18) + show("refunds for kettles", 72, 718, 18)
    large = [f"This large line {number} goes on and on over the page" for number in range(6)]
    stream = heading + "".join(show(line, 72, 680 - 18 * number, 14) for number, line in enumerate(large))
    small = [f"The small line {number} belongs to the body of the text." for number in range(20)]
    document = load(pdf(stream + prose(small, top=540)))
    assert _texts(document, BlockKind.HEADING) == ["Terms of sale and refunds for kettles"]
    assert _texts(document, BlockKind.PARAGRAPH)[0] == "\n".join(large)


def test_an_outline_title_of_two_lines_is_one_heading():
    writer = rewritten(pdf(prose(["Terms of sale", "and of refunds", "", "We sell things."])))
    writer.add_outline_item(title="Terms of sale and of refunds", page_number=0)
    assert _texts(load(written(writer)), BlockKind.HEADING) == ["Terms of sale and of refunds"]


def test_outline_titles_are_headings():
    writer = rewritten(pdf(prose(["Terms of sale", "We sell things."])))
    parent = writer.add_outline_item(title="Terms of sale", page_number=0)
    writer.add_outline_item(title="We sell things.", page_number=0, parent=parent)
    blocks = load(written(writer)).blocks
    assert [(b.kind, b.level) for b in blocks] == [(BlockKind.HEADING, 1), (BlockKind.HEADING, 2)]


def test_leaders_of_a_table_of_contents_are_left_out():
    entries = [("Introduction", "1"), ("Refunds", "12"), ("Delivery and pick-up", "iv"), ("Index", "140")]
    dotted = [f"{title} {'.' * 30} {page}" for title, page in entries]
    assert _texts(load(pdf(prose(dotted))), BlockKind.PARAGRAPH) == [
        "\n".join(f"{title} … {page}" for title, page in entries)
    ]
    rows = "".join(
        show(title, 72, 700 - 14 * n) + show("- " * 20, 200, 700 - 14 * n) + show(page, 420, 700 - 14 * n)
        for n, (title, page) in enumerate(entries)
    )
    assert load(pdf(rows)).text.split("\n") == [f"{title} | {page}" for title, page in entries]
    price = "".join(
        show(cell, 72 + 130 * n, 700 - 20 * y)
        for y, row in enumerate([["Product", "Price", "Stock"], ["Kettle", "900", "3"], ["Pan", "------", "7"]])
        for n, cell in enumerate(row)
    )
    assert "Pan | ------ | 7" in load(pdf(price)).text
    assert "A ---- B" in load(pdf(prose(["A ---- B", "a_______b and more"]))).text


def test_title_and_author_are_metadata():
    writer = rewritten(pdf(show("Text.", 72, 700)))
    writer.add_metadata({"/Title": "Handbook", "/Author": "Asha"})
    metadata = load(written(writer)).metadata
    assert (metadata["title"], metadata["author"]) == ("Handbook", "Asha")


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_a_lock_opens_with_its_password_alone(algorithm):
    writer = rewritten(pdf(show("Text.", 72, 700)))
    writer.encrypt("secret", "owner", algorithm=algorithm)
    data = written(writer)
    for password in (None, "wrong"):
        with pytest.raises(EncryptedFileError):
            load(data, password=password)
    for password in ("secret", "owner"):
        assert load(data, password=password).text == "Text."


def test_a_lock_on_changes_alone_needs_no_password():
    writer = rewritten(pdf(show("Text.", 72, 700)))
    writer.encrypt("", "owner", algorithm="AES-128")
    assert load(written(writer)).text == "Text."
    assert load(written(writer), password="another").text == "Text."


def test_no_pages_no_text_and_too_many_pages_are_told_apart():
    with pytest.raises((NoTextError, CorruptFileError)):
        load(written(pypdf.PdfWriter()))
    with pytest.raises(NoTextError, match=r"2 page.*OCR"):
        load(pdf("", ""))
    with pytest.raises(LimitExceededError, match="max_pages is 1"):
        load(pdf("", ""), limits=LoadLimits(max_pages=1))


@pytest.mark.parametrize("cut", [20, 200, 400])
def test_truncated_file_is_a_load_error(cut):
    with pytest.raises((CorruptFileError, NoTextError)):
        load(pdf(show("Text.", 72, 700))[:cut], name="cut.pdf")


def test_a_broken_header_is_still_a_pdf():
    assert load(pdf(show("Text.", 72, 700)).replace(b"%PDF-1.7", b"%PDX 1.7")).text == "Text."


def test_words_that_are_shown_one_by_one_are_no_cells():
    words = [
        "a",
        "declaration",
        "of",
        "the",
        "rights",
        "that",
        "everyone",
        "in",
        "every",
        "country",
        "was",
        "born",
        "with",
        "and",
        "may",
        "claim",
    ]
    lines = [words[n:] + words[:n] for n in range(8)]
    stream = ""
    for row, line in enumerate(lines):
        x = 72.0
        for word in line[: 7 + row % 3]:
            stream += show(word, x, 700 - 16 * row)
            x += 8.5 * len(word) + 9
    assert not _texts(load(pdf(stream)), BlockKind.TABLE_ROW)
