from __future__ import annotations

import io
import random
import zipfile

import docx as python_docx
import pytest

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError, EncryptedFileError, LimitExceededError, UnsupportedFormatError
from konverze_loaders import LoadLimits, load
from tests.loaders.docx_bytes import STRICT, docx, p, run, table

BOX = "<w:pict><w:txbxContent>{}</w:txbxContent></w:pict>"


def _blocks(data: bytes):
    document = load(data)
    return [(b.kind.value, document.text[b.span.start : b.span.end]) for b in document.blocks]


def test_python_docx_file_with_headings_lists_and_table_in_order():
    source = python_docx.Document()
    source.core_properties.title = "Handbook"
    source.add_heading("Leave", 1)
    source.add_paragraph("Before.")
    cells = source.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "Sick", "12 days"
    source.add_paragraph("Item", style="List Bullet")
    source.add_heading("Unpaid", 2)
    buffer = io.BytesIO()
    source.save(buffer)
    document = load(buffer.getvalue())
    assert document.text == "Leave\n\nBefore.\n\nSick | 12 days\n\nItem\n\nUnpaid"
    kinds = [BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.TABLE_ROW, BlockKind.LIST_ITEM, BlockKind.HEADING]
    assert [block.kind for block in document.blocks] == kinds
    assert [block.level for block in document.blocks] == [1, 0, 0, 0, 2]
    assert document.metadata["title"] == "Handbook"


def test_tracked_changes_count_as_accepted():
    body = f"<w:p>{run('now ')}<w:ins>{run('in')}</w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del></w:p>"
    assert _blocks(docx(body)) == [("paragraph", "now in")]


def test_hidden_text_is_not_read():
    hidden = "<w:r><w:rPr><w:vanish w:val='{}'/></w:rPr><w:t>{}</w:t></w:r>"
    body = f"<w:p>{run('seen ')}{hidden.format('true', 'secret')}{hidden.format('0', 'again')}</w:p>"
    assert _blocks(docx(body)) == [("paragraph", "seen again")]


def test_text_box_is_read_once():
    choice = f"<mc:Choice Requires='wps'>{BOX.format(p('Boxed'))}</mc:Choice>"
    fallback = f"<mc:Fallback>{BOX.format(p('Boxed'))}</mc:Fallback>"
    body = f"<w:p>{run('Anchor')}<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r></w:p>"
    assert _blocks(docx(body)) == [("paragraph", "Anchor"), ("paragraph", "Boxed")]


def test_content_controls_fields_links_tabs_and_breaks():
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{p('Controlled')}</w:sdtContent></w:sdt>"
    field = "<w:r><w:instrText>PAGE</w:instrText></w:r>" + run("7")
    line = (
        f"<w:p><w:hyperlink>{run('Link')}</w:hyperlink><w:r><w:tab/></w:r>{field}<w:r><w:br/></w:r>{run('end')}</w:p>"
    )
    assert _blocks(docx(control + line)) == [("paragraph", "Controlled"), ("paragraph", "Link\t7\nend")]


def _field(instruction: str, result: str) -> str:
    border = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    words = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>{border.format('separate')}{result}"
    return border.format("begin") + words + border.format("end")


def test_links_tell_where_they_lead():
    links = {"r9": "https://a.example/form", "r8": "mailto:help@a.example?subject=x"}
    link = f'<w:hyperlink r:id="r9">{run("the ")}{run("form ")}</w:hyperlink>'
    field = _field(' HYPERLINK "https://b.example" ', run("there"))
    lines = {
        f"{run('Open ')}{link}{run('now')}": "Open the form (https://a.example/form) now",
        f'<w:hyperlink r:id="r8">{run("Write")}</w:hyperlink>': "Write (help@a.example)",
        f'<w:hyperlink r:id="r7" w:anchor="x">{run("Below")}</w:hyperlink>': "Below",
        f"{field}{run('.')}": "there (https://b.example).",
        f'<w:fldSimple w:instr="HYPERLINK &quot;https://b.example&quot;">{run("x")}</w:fldSimple>': "x (https://b.example)",
        _field("IF", _field("PAGE", run("7")) + field): "7there (https://b.example)",
        _field('HYPERLINK "https://c.example"', link): "the form (https://c.example)",
        f'<w:hyperlink r:id="r9">{field}</w:hyperlink>': "there (https://a.example/form)",
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>' + field: "there (https://b.example)",
        _field('HYPERLINK \\l "mark"', run("in here")): "in here",
    }
    body = "".join(f"<w:p>{line}</w:p>" for line in lines)
    assert [text for _, text in _blocks(docx(body, links=links))] == [text.strip() for text in lines.values()]
    heading = f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr>{link}</w:p>'
    header = f"<w:p>{field}</w:p>"
    document = load(docx(heading + table(["A"]).replace(run("A"), link), links=links, parts={"header1": header}))
    assert document.text == "there\n\nthe form\n\nthe form (https://a.example/form)"


def test_of_many_links_in_links_the_outermost_is_told():
    border = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    begin = border.format("begin") + '<w:r><w:instrText>HYPERLINK "https://{}"</w:instrText></w:r>'
    begin += border.format("separate")
    deep = begin.format("b.example") * 20_000 + run("word ") * 20_000 + border.format("end") * 20_000
    body = f"<w:p>{begin.format('a.example')}{deep}{border.format('end')}</w:p>"
    document = load(docx(body), limits=LoadLimits(max_expansion_ratio=1_000))
    assert document.text == "word " * 20_000 + "(https://a.example)"


def test_notes_comments_headers_and_footers_once_each():
    parts = {
        "header1": p("Acme Ltd"),
        "header2": p("Acme Ltd"),
        "footer1": p("Confidential"),
        "footnotes": f'<w:footnote w:type="separator">{p("x")}</w:footnote><w:footnote>{p("See law.")}</w:footnote>',
        "comments": f"<w:comment>{p('Check this.')}</w:comment>",
    }
    assert _blocks(docx(p("Body."), parts=parts)) == [
        ("page_header", "Acme Ltd"),
        ("paragraph", "Body."),
        ("note", "See law."),
        ("note", "Check this."),
        ("page_footer", "Confidential"),
    ]


def test_heading_level_is_inherited_and_cyclic_styles_end():
    styles = (
        '<w:style w:styleId="H"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="Mine"><w:name w:val="mine"/><w:basedOn w:val="H"/></w:style>'
        '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="A"><w:name w:val="a"/><w:basedOn w:val="A"/></w:style>'
    )
    body = "".join(p(style, f'<w:pStyle w:val="{style}"/>') for style in ("T", "Mine", "A"))
    levels = [block.level for block in load(docx(body, parts={"styles": styles})).blocks]
    assert levels == [1, 2, 0]


def test_merged_cells_in_each_row_and_layout_tables_as_blocks():
    merged = '<w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>' + p("All") + "</w:tc>"
    rest = "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
    grid = f"<w:tbl><w:tr>{merged}<w:tc>{p('1')}</w:tc></w:tr><w:tr>{rest}<w:tc>{p('2')}</w:tc></w:tr></w:tbl>"
    layout = f"<w:tbl><w:tr><w:tc>{p('Intro')}{table(['a', 'b'])}</w:tc></w:tr></w:tbl>"
    assert _blocks(docx(grid + layout)) == [
        ("table_row", "All | 1"),
        ("table_row", "All | 2"),
        ("paragraph", "Intro"),
        ("table_row", "a | b"),
    ]


def test_strict_dialect_reads_the_same():
    assert _blocks(docx(p("Strict."), namespace=STRICT)) == [("paragraph", "Strict.")]


def test_external_entities_stay_inert():
    prolog = '<!DOCTYPE d [<!ENTITY leak SYSTEM "file:///etc/passwd">]>'
    assert _blocks(docx(p("safe &leak;"), prolog=prolog)) == [("paragraph", "safe")]


def test_entity_bomb_is_a_load_error():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    try:
        text = load(docx(p("x &e11;"), prolog=f"<!DOCTYPE d [{entities}]>")).text
    except (CorruptFileError, LimitExceededError):
        return
    assert text == "x"


@pytest.mark.parametrize("depth", [20, 2_000])
def test_nested_tables_are_read_or_refused(depth):
    body = p("core")
    for _ in range(depth):
        body = f"<w:tbl><w:tr><w:tc>{body}</w:tc></w:tr></w:tbl>"
    if depth == 20:
        assert load(docx(body)).text == "core"
    else:
        with pytest.raises(LimitExceededError, match="nested"):
            load(docx(body))


def test_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = docx(p("a" * 5_000_000))
    with pytest.raises(LimitExceededError, match="max_expansion_ratio"):
        load(bomb)
    with pytest.raises(LimitExceededError, match="max_expanded_bytes is 1000"):
        load(docx(p("text" * 1_000)), limits=LoadLimits(max_expanded_bytes=1_000))
    with pytest.raises(LimitExceededError, match="max_entries is 2"):
        load(docx(p("text")), limits=LoadLimits(max_entries=2))


@pytest.mark.parametrize("cut", [30, 300, 700])
def test_truncated_docx_is_corrupt(cut):
    with pytest.raises(CorruptFileError):
        load(docx(p("text"))[:cut])


def test_damaged_xml_is_corrupt():
    with pytest.raises(CorruptFileError, match="XML"):
        load(docx("<w:p>"))


def test_a_node_of_over_ten_megabytes_is_refused():
    text = "".join(random.Random(1).choices("abcdefgh ", k=11_000_000))
    with pytest.raises(LimitExceededError, match="10 MB"):
        load(docx(p(text)))


@pytest.mark.parametrize(
    ("properties", "first", "headers"),
    [
        ("", "<w:trPr><w:tblHeader/></w:trPr>", [True, False]),
        ('<w:tblStyle w:val="Grid1"/><w:tblLook w:firstRow="1"/>', "", [True, False]),
        ('<w:tblStyle w:val="Grid1"/><w:tblLook w:val="04A0"/>', "", [True, False]),
        ('<w:tblStyle w:val="Grid1"/><w:tblLook w:val="0480"/>', "", [False, False]),
        ('<w:tblStyle w:val="TableGrid"/><w:tblLook w:firstRow="1"/>', "", [False, False]),
        ("", '<w:trPr><w:tblHeader w:val="0"/></w:trPr>', [False, False]),
    ],
)
def test_rows_that_name_columns_are_headers(properties, first, headers):
    rows = f"<w:tr>{first}{_cell('A')}{_cell('B')}</w:tr><w:tr>{_cell('1')}{_cell('2')}</w:tr>"
    document = load(docx(f"<w:tbl><w:tblPr>{properties}</w:tblPr>{rows}</w:tbl>"))
    assert [block.header for block in document.blocks] == headers


def test_compound_files_say_what_they_are():
    signature = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100
    with pytest.raises(EncryptedFileError):
        load(signature + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(UnsupportedFormatError, match=r"\.xls"):
        load(signature + "Workbook".encode("utf-16-le"))
    with pytest.raises(UnsupportedFormatError, match=r"\.doc"):
        load(signature + "WordDocument".encode("utf-16-le"))


def test_other_zips_are_named():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<x/>")
    with pytest.raises(UnsupportedFormatError, match="OpenDocument"):
        load(buffer.getvalue(), name="book.docx")


def _cell(text, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def test_spanning_cells_keep_the_columns_aligned():
    wide = '<w:gridSpan w:val="2"/>'
    first = _cell("Plan", '<w:vMerge w:val="restart"/>') + _cell("Price", wide) + _cell("Users")
    second = _cell("", "<w:vMerge/>") + _cell("Month") + _cell("Year") + _cell("most")
    third = '<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + _cell("499") + _cell("4,999") + _cell("2")
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in (first, second, third)) + "</w:tbl>"
    assert load(docx(body)).text.split("\n") == [
        "Plan | Price |  | Users",
        "Plan | Month | Year | most",
        "| 499 | 4,999 | 2",
    ]


def test_a_raised_number_after_a_digit_is_no_part_of_it():
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>6</w:t></w:r>'
    assert load(docx(f"<w:p>{run('10')}{raised}{run(' m')}{raised}</w:p>")).text == "10^6 m6"


def test_levels_in_other_digits_are_ignored():
    assert load(docx(p("x", '<w:outlineLvl w:val="²"/>'))).blocks[0].level == 0
