from __future__ import annotations

import pytest

from konverze_core.errors import CorruptFileError, EncryptedFileError
from konverze_loaders import load
from tests.loaders.office_bytes import zipped

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'


def _book(chapters, *, nav="", ncx="", extra=None):
    kinds = {"nav.xhtml": ' properties="nav"'}
    files = {f"OEBPS/{name}": XHTML.format(body) for name, body in chapters.items()}
    files |= {"OEBPS/nav.xhtml": XHTML.format(nav)} if nav else {}
    files |= {"OEBPS/toc.ncx": f"<ncx>{ncx}</ncx>"} if ncx else {}
    names = [name.removeprefix("OEBPS/") for name in files]
    items = "".join(
        f'<item id="i{n}" href="{name.replace(" ", "%20")}" media-type="application/xml"{kinds.get(name, "")}/>'
        for n, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in reversed(range(len(chapters))))
    toc = f' toc="i{names.index("toc.ncx")}"' if ncx else ""
    facts = '<metadata xmlns:dc="d"><dc:title>Book</dc:title><dc:creator>Asha</dc:creator></metadata>'
    opf = f"<package>{facts}<manifest>{items}</manifest><spine{toc}>{spine}</spine></package>"
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": opf}
    return zipped(parts | files | (extra or {}))


def _blocks(data):
    document = load(data, name="book.epub")
    return [(b.kind.value, b.level, document.text[b.span.start : b.span.end]) for b in document.blocks], document


def test_chapters_come_in_reading_order_under_their_titles():
    chapters = {"text/ch 2.xhtml": "<p>Second.</p>", "text/1.xhtml": "<h3>Start</h3><p>First.</p><h4>Deeper</h4>"}
    links = '<a href="text/1.xhtml">Start</a> <a href="text/ch%202.xhtml#p3">The  end</a>'
    points = "".join(
        f'<navPoint><navLabel><text>{title}</text></navLabel><content src="{path}"/></navPoint>'
        for title, path in (("Start", "text/1.xhtml"), ("The end", "text/ch%202.xhtml#p3"))
    )
    for contents in ({"nav": f"<nav>{links}</nav>"}, {"ncx": points}):
        blocks, document = _blocks(_book(chapters, **contents))
        assert blocks == [
            ("heading", 1, "Start"), ("paragraph", 0, "First."), ("heading", 5, "Deeper"), ("heading", 1, "The end"),
            ("paragraph", 0, "Second."),
        ]  # fmt: skip
        assert document.metadata == {"format": "epub", "title": "Book", "author": "Asha"}


def test_a_missing_chapter_is_noted_and_a_broken_contents_is_no_reason_to_stop():
    data = _book({"a.xhtml": "<p>Here.</p>"}, nav="&undefined;", extra={"OEBPS/toc.ncx": "<ncx>"})
    assert load(data).text == "Here."
    gone = zipped({"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": "<package><spine/></package>"})
    with pytest.raises(CorruptFileError, match="package document"):
        load(zipped({"META-INF/container.xml": "<container/>"}), name="book.epub")
    with pytest.raises(Exception, match="no text"):
        load(gone)


def test_encrypted_chapters_are_refused_and_encrypted_fonts_are_not():
    book = {"a.xhtml": "<p>Here.</p>"}
    for path, is_refused in (("OEBPS/font.otf", False), ("OEBPS/a.xhtml", True)):
        listed = f'<encryption><CipherData><CipherReference URI="{path}"/></CipherData></encryption>'
        data = _book(book, extra={"META-INF/encryption.xml": listed})
        if is_refused:
            with pytest.raises(EncryptedFileError):
                load(data)
        else:
            assert load(data).text == "Here."
