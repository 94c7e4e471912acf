from __future__ import annotations

import shutil
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError, LimitExceededError, NoTextError
from konverze_loaders import LoadLimits, load
from konverze_loaders.pdf.ocr import (
    NO_HINDI,
    PageImages,
    ReadImage,
    Tesseract,
    _read_table,
    installed_reader,
    language_data,
)
from konverze_loaders.pdf.pages import DRAWN, PARTLY, SCANNED
from konverze_loaders.pdf.pdfium import PdfiumDocument
from konverze_loaders.pdf.quality import UNEXPLAINED
from tests.loaders.pdf_bytes import DOTS, pdf, prose, rewritten, show, show_glyphs, written

PROSE = ["A page of text that everyone can read,", "with lines enough to be one", "and nothing missing in it."]
HINDI = dict(enumerate("मानव अधिकारों की सार्वभौम घोषणा", start=1))
GLYPHS = list(HINDI)


def _texts(document, kind):
    return [document.text[b.span.start : b.span.end] for b in document.blocks if b.kind is kind]


def _page_text(document, number):
    span = document.pages[number - 1].span
    return document.text[span.start : span.end]


def test_a_font_that_explains_its_glyphs_is_read():
    text = load(pdf(show_glyphs(GLYPHS, 72, 700), explained=HINDI)).text
    assert text == "".join(HINDI.values())


def test_a_page_whose_font_does_not_explain_all_glyphs_is_named_and_left_out():
    data = pdf(prose(PROSE), show_glyphs([*GLYPHS, 90, *GLYPHS, 91], 72, 700), prose(PROSE), explained=HINDI)
    document = load(data)
    assert [(u.page, u.part) for u in document.unread] == [(2, "page 2")]
    assert UNEXPLAINED in document.unread[0].reason
    assert _page_text(document, 2) == ""
    assert _page_text(document, 1) == _page_text(document, 3) == "\n".join(PROSE)


def test_lines_without_an_explanation_are_left_out_of_a_page_that_has_others():
    document = load(pdf(prose(PROSE) + show_glyphs([3, 4, 5, 6], 72, 300)))
    assert document.text == "\n".join(PROSE)
    assert [(u.page, u.reason) for u in document.unread] == [(1, PARTLY)]


def test_a_document_without_a_readable_page_names_its_pages():
    garbage = show_glyphs([3, 4, 5, 6, 7, 8], 72, 700)
    with pytest.raises(NoTextError, match=r"3 page.*pages 1-2: an image.*page 3: its fonts"):
        load(pdf(DOTS, DOTS, garbage))


def test_a_scan_among_pages_is_noted_and_a_blank_page_is_not():
    document = load(pdf(prose(PROSE), DOTS, "", prose(PROSE)))
    assert [(u.page, u.reason.partition(";")[0]) for u in document.unread] == [(2, SCANNED)]


def test_a_scan_keeps_the_words_that_stand_over_it():
    document = load(pdf(DOTS + show("Received 3 May", 72, 700)))
    assert document.text == "Received 3 May"
    assert document.unread[0].reason.startswith(SCANNED)


def test_letters_that_are_drawn_as_lines_are_noted():
    strokes = "".join(f"{72 + n % 40} {700 - n // 40} m {80 + n % 40} 690 l S\n" for n in range(250))
    document = load(pdf(prose(PROSE), strokes))
    assert [(u.page, u.reason.partition(";")[0]) for u in document.unread] == [(2, DRAWN)]


def test_a_page_label_is_kept_where_it_is_not_the_page_s_place():
    writer = rewritten(pdf(*(show("Text.", 72, 700) for _ in range(4))))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 3, style="/D", start=3)
    assert [page.label for page in load(written(writer)).pages] == ["i", "ii", "", ""]


def test_running_heads_and_feet_are_kept_once():
    pages = [
        show("Annual report 2026", 72, 760)
        + prose([f"Body {word} of the page", f"goes on with {word}", f"and ends in {word}."], top=600)
        + show(f"Page {number} of 4", 280, 40)
        for number, word in enumerate(["one", "two", "three", "four"], start=1)
    ]
    document = load(pdf(*pages))
    assert _texts(document, BlockKind.PAGE_HEADER) == ["Annual report 2026"]
    assert _texts(document, BlockKind.PAGE_FOOTER) == ["Page 1 of 4"]
    assert (document.metadata["page_header"], document.metadata["page_footer"]) == ("Annual report 2026", "Page 1 of 4")
    assert document.text.count("Annual") == document.text.count("Page ") == 1
    assert _page_text(document, 3) == "Body three of the page\ngoes on with three\nand ends in three."


def _varied(number: int) -> list[str]:
    """Lines that no other page has."""
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    return [
        f"The {words[(number + n) % 6]} of the {words[number * n % 6]} is told {chr(97 + number % 26)}"
        for n in range(1, 6)
    ]


def test_page_numbers_alone_are_dropped():
    pages = [prose(_varied(n), top=600) + show(f"- {n} -", 280, 40) for n in range(11, 15)]
    document = load(pdf(*pages))
    assert "-" not in document.text
    assert "page_footer" not in document.metadata


def test_numbers_that_do_not_count_pages_are_text():
    pages = [prose(_varied(n), top=600) + show(f"Total {n}", 280, 40) for n in (310, 88, 1204, 77)]
    text = load(pdf(*pages)).text
    assert all(f"Total {n}" in text for n in (310, 88, 1204, 77))


def test_pages_of_few_lines_are_no_heads():
    document = load(pdf(*(show("See the other page.", 72, 700) for _ in range(5))))
    assert document.text.count("See") == 5


def test_a_hyphen_at_the_end_of_a_line_joins_the_word_and_other_hyphens_stay():
    text = load(pdf(prose(["The retriever is impor-", "tant, and its low-", "Level parts are too."]))).text
    assert text == "The retriever is important, and its low-\nLevel parts are too."


def test_columns_that_were_shown_row_by_row_are_read_one_after_the_other():
    left = [f"The left column of this page has a line {n}" for n in range(8)]
    right = [f"and the right one is about other matters {n}" for n in range(8)]
    rows = "".join(
        show(a, 72, 600 - 14 * n) + show(b, 330, 600 - 14 * n) for n, (a, b) in enumerate(zip(left, right, strict=True))
    )
    text = load(
        pdf(show("A headline that reaches over both of the columns of this page, from left to right", 72, 640) + rows)
    ).text
    order = [text.index(line) for line in ["A headline", *left, *right]]
    assert order == sorted(order)


def test_threads_share_pdfium():
    data = pdf(*(prose([f"{line} {n}" for line in PROSE]) for n in range(20)))
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: load(data).text, range(12)))
    assert len(set(texts)) == 1


def test_characters_beyond_the_basic_plane_are_whole():
    assert load(pdf(show_glyphs([1, 2, 3, 1], 72, 700), explained={1: "𝑥", 2: "😀", 3: "a"})).text == "𝑥😀a𝑥"


def test_a_file_without_a_skeleton_is_read_by_pdfium():
    data = pdf(show("Text.", 72, 700))
    damaged = (
        data[: data.index(b"xref")].replace(b"/Kids [8 0 R]", b"/Kids [8 0 R") + b"trailer << /Root 1 0 R >>\n%%EOF"
    )
    with pytest.raises(Exception):  # noqa: B017, PT011 - pypdf's own, of any class
        len(pypdf.PdfReader(__import__("io").BytesIO(damaged)).pages)
    with PdfiumDocument(damaged, None) as document:
        assert len(document) == 1
    assert load(damaged).text == "Text."


def _deflated(size: int, times: int = 1) -> bytes:
    data = b" " * size
    for _ in range(times):
        data = zlib.compress(data, 9)
    return data


def _with_stream(entries: bytes, packed: bytes, *, skeleton: bool) -> bytes:
    """A file whose page shows a packed stream; without a skeleton, a length is told nowhere."""
    body = b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj 2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj "
    body += b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>> endobj\n"
    body += b"4 0 obj <<" + entries + b"/Length %d>>\nstream\n" % len(packed) + packed + b"\nendstream endobj\n"
    end = b"startxref\n0\n%%EOF" if skeleton else b""
    return body + b"trailer <</Root 1 0 R/Size 5>>\n" + end


@pytest.mark.parametrize("skeleton", [True, False])
def test_streams_are_unpacked_before_pdfium_runs(skeleton):
    data = _with_stream(b"/Filter/FlateDecode", _deflated(30_000_000), skeleton=skeleton)
    with pytest.raises(LimitExceededError):
        load(data, limits=LoadLimits(max_expanded_bytes=20_000_000))


def test_without_a_skeleton_every_page_counts_for_the_largest_stream():
    body = b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj 2 0 obj <</Type/Pages/Count 9/Kids["
    body += b" ".join(b"%d 0 R" % number for number in range(4, 13)) + b"]>> endobj\n"
    body += b"".join(b"%d 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj\n" % n for n in range(4, 13))
    packed = _deflated(10_000)
    body += b"3 0 obj <</Filter/FlateDecode/Length %d>>\nstream\n" % len(packed) + packed + b"\nendstream endobj\n"
    body += b"trailer <</Root 1 0 R/Size 13>>\n"
    with pytest.raises(LimitExceededError):
        load(body, limits=LoadLimits(max_expanded_bytes=99_999))
    with pytest.raises(NoTextError):
        load(body, limits=LoadLimits(max_expanded_bytes=100_000))


def test_a_file_without_a_skeleton_is_packed_once():
    data = _with_stream(b"/Filter[/FlateDecode/FlateDecode]", _deflated(1_000_000, 2), skeleton=False)
    with pytest.raises((CorruptFileError, LimitExceededError)):
        load(data, limits=LoadLimits(max_expanded_bytes=100_000))


def _forms(depth: int, fan: int) -> bytes:
    """Forms that each show the next one so often; the last one shows a word."""
    writer = pypdf.PdfWriter()
    inner = None
    for _ in range(depth):
        stream = pypdf.generic.StreamObject()
        stream.set_data(b"/X Do\n" * fan if inner else b"BT (x) Tj ET")
        entries = {"/Type": "/XObject", "/Subtype": "/Form"}
        stream.update({pypdf.generic.NameObject(k): pypdf.generic.NameObject(v) for k, v in entries.items()})
        stream[pypdf.generic.NameObject("/BBox")] = pypdf.generic.ArrayObject(
            map(pypdf.generic.NumberObject, (0, 0, 9, 9))
        )
        stream[pypdf.generic.NameObject("/Resources")] = _showing(inner)
        inner = writer._add_object(stream)
    page = writer.add_blank_page(100, 100)
    page[pypdf.generic.NameObject("/Resources")] = _showing(inner)
    content = pypdf.generic.StreamObject()
    content.set_data(b"/X Do\n" * fan)
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(content)
    return written(writer)


def _showing(form):
    resources = pypdf.generic.DictionaryObject()
    if form is not None:
        forms = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/X"): form})
        resources[pypdf.generic.NameObject("/XObject")] = forms
    return resources


def test_forms_that_show_forms_are_multiplied_out():
    with pytest.raises(LimitExceededError, match="max_expanded_bytes"):
        load(_forms(depth=10, fan=10))
    with pytest.raises(LimitExceededError, match="inside each other"):
        load(_forms(depth=30, fan=1))


def test_a_stream_that_many_pages_show_counts_for_each():
    data = pdf(*[prose(["words are here " * 70] * 10)] * 20)
    assert load(data).text
    with pytest.raises(LimitExceededError, match="max_expanded_bytes"):
        load(data, limits=LoadLimits(max_expanded_bytes=150_000))


def test_operators_count_where_pypdf_reads():
    garbage = show_glyphs([3, 4, 5, 6, 7, 8], 72, 700)
    with pytest.raises(LimitExceededError, match="max_text_operators is 9"):
        load(pdf(garbage, garbage), limits=LoadLimits(max_text_operators=9))


TABLE = """\
level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t99\t99\t-1\t
5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96\tTwo
5\t1\t1\t1\t1\t2\t9\t0\t9\t9\t90\twords
5\t1\t1\t1\t2\t1\t0\t9\t9\t9\t84\tand
5\t1\t2\t1\t1\t1\t0\t9\t9\t9\t90\tone
"""


def test_words_of_an_image_become_lines_and_paragraphs():
    assert _read_table(TABLE) == ReadImage(paragraphs=[["Two words", "and"], ["one"]], confidence=90.0)
    assert _read_table("\n".join(TABLE.splitlines()[:4])).confidence == 0.0


class LyingDown:
    """Reads pages that are wider than high."""

    languages = ("eng", "hin")

    def __init__(self) -> None:
        self.asked = 0

    def read(self, picture):
        self.asked += 1
        return ReadImage(paragraphs=[["Words"]], confidence=90.0 if picture.width > picture.height else 30.0)


def test_a_scan_is_turned_until_it_can_be_read_and_the_next_one_at_once():
    reader = LyingDown()
    with PdfiumDocument(pdf("", ""), None) as document:
        images = PageImages(document, 1_000, lambda: reader)
        assert images.read(0, is_scan=True) == [["Words"]]
        assert reader.asked == 2
        assert images.read(1, is_scan=False) == [["Words"]]
        assert reader.asked == 3


def test_pages_that_are_no_scans_stand_upright():
    reader = LyingDown()
    with PdfiumDocument(pdf(""), None) as document:
        assert "with confidence" in PageImages(document, 1_000, lambda: reader).read(0, is_scan=False)
    assert reader.asked == 1


def test_images_are_read_for_so_long_and_not_without_a_reader():
    class Slow(LyingDown):
        def read(self, picture):
            started = time.process_time()
            while time.process_time() - started < 0.05:
                pass
            return super().read(picture)

    with PdfiumDocument(pdf(""), None) as document:
        assert "extra `ocr`" in PageImages(document, 1_000, lambda: None).read(0, is_scan=True)
        images = PageImages(document, -1_990_000, Slow)  # a twentieth of a second is left
        images.read(0, is_scan=False)
        assert "too long" in images.read(0, is_scan=False)


LINES = ["Refunds take seven days to arrive", "and are paid in Indian rupees only"]


def shown():
    """The picture of a page with two lines of English."""
    with PdfiumDocument(pdf(prose(LINES, leading=20)), None) as document:
        return document.picture(0, 200)


def lines_of(read):
    return [line for paragraph in read.paragraphs for line in paragraph]


def test_a_scan_is_read_where_the_extra_is_installed():
    pytest.importorskip("tesserocr")
    read = installed_reader().read(shown())
    assert lines_of(read) == LINES
    assert read.confidence > 80


def test_languages_are_read_together_whatever_folders_their_data_lies_in(tmp_path):
    pytest.importorskip("tesserocr")
    english = language_data(())["eng"]
    folders = [tmp_path / name for name in ("none", "first", "second")]
    for folder in folders[1:]:
        folder.mkdir()
        shutil.copy(english, folder / "hin.traineddata")
        shutil.copy(english, folder / "eng.traineddata")
    (tmp_path / "link").symlink_to(english.parent)  # as a virtual environment may be
    data = language_data(map(str, folders))
    assert data == {"eng": english, "hin": folders[1] / "hin.traineddata"}
    reader = Tesseract({"eng": tmp_path / "link" / english.name, "hin": folders[2] / "hin.traineddata"})
    assert reader.languages == ("eng", "hin")
    assert lines_of(reader.read(shown())) == LINES


def test_damaged_data_of_a_language_is_left_out(tmp_path):
    pytest.importorskip("tesserocr")
    (tmp_path / "hin.traineddata").write_bytes(b"no data" * 1_000)
    reader = Tesseract(language_data([str(tmp_path)]))
    assert reader.languages == ("eng",)
    assert lines_of(reader.read(shown())) == LINES


def test_a_page_that_cannot_be_read_says_what_hindi_needs_where_it_is_missing():
    class English(LyingDown):
        languages = ("eng",)

    with PdfiumDocument(pdf(""), None) as document:
        for reader, is_told in ((English(), True), (LyingDown(), False)):
            reason = PageImages(document, 1_000, lambda reader=reader: reader).read(0, is_scan=False)
            assert reason.startswith("its image could not be read with confidence")
            assert reason.endswith(NO_HINDI) is is_told
