from __future__ import annotations

import pytest

from konverze_core.errors import CorruptFileError, LimitExceededError
from konverze_loaders import LoadLimits, load
from tests.loaders.office_bytes import frame, pptx, relations, shape, tree

C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'


def _blocks(data, **options):
    document = load(data, **options)
    return [(b.kind.value, document.text[b.span.start : b.span.end]) for b in document.blocks], document


def _row(*cells):
    return (
        "<a:tr>"
        + "".join(f"<a:tc{a}><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>" for a, t in cells)
        + "</a:tr>"
    )


def _text(text):
    return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"


def test_slides_come_in_the_order_of_the_show_and_are_pages():
    first, second = shape("One", place="title"), shape("Two", place="ctrTitle")
    blocks, document = _blocks(pptx([first, second], order=[1, 0]))
    assert blocks == [("heading", "Two"), ("heading", "One")]
    assert [document.text[page.span.start : page.span.end] for page in document.pages] == ["Two", "One"]
    assert [page.number for page in document.pages] == [1, 2]


def test_a_slide_is_title_body_boxes_footer_and_notes():
    content = (
        shape("Free text", "in a box")
        + f"<p:grpSp><p:grpSpPr/><p:grpSp>{shape('Grouped')}</p:grpSp></p:grpSp>"
        + shape("First", "Second", place="body")
        + shape("Only", place="")
        + shape("Acme", place="ftr")
        + shape("7", place="sldNum")
        + shape("A title", place="title")
    )
    parts = {
        "ppt/slides/_rels/slide0.xml.rels": relations(
            {"n": ("notesSlide", "../notes/n.xml"), "c": ("comments", "../c.xml")}
        ),
        "ppt/notes/n.xml": tree("notes", shape("Say this.", place="body") + shape("1", place="sldNum")),
        "ppt/c.xml": '<p:cmLst xmlns:p="x"><p:cm><p:text>Check it</p:text></p:cm></p:cmLst>',
    }
    blocks, _ = _blocks(pptx([content], parts=parts))
    assert blocks == [
        ("heading", "A title"),
        ("paragraph", "Free text\nin a box"),
        ("paragraph", "Grouped"),
        ("list_item", "First"),
        ("list_item", "Second"),
        ("paragraph", "Only"),
        ("page_footer", "Acme"),
        ("note", "Say this."),
        ("note", "Check it"),
    ]


def test_tables_keep_columns_and_name_their_header():
    rows = _row(('  gridSpan="2"', "Plan"), (' hMerge="1"', ""), ("", "Price"))
    rows += _row((' rowSpan="2"', "Basic"), ("", "a"), ("", "1")) + _row((' vMerge="1"', ""), ("", "b"), ("", "2"))
    blocks, document = _blocks(pptx([frame(f'<a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl>')]))
    assert [text for _, text in blocks] == ["Plan |  | Price", "Basic | a | 1", "Basic | b | 2"]
    assert [block.header for block in document.blocks] == [True, False, False]


def test_charts_are_tables_and_diagrams_are_lists():
    def points(*values):
        return (
            "<c:cache>" + "".join(f'<c:pt idx="{n}"><c:v>{v}</c:v></c:pt>' for n, v in enumerate(values)) + "</c:cache>"
        )

    series = "".join(
        f'<c:ser><c:idx val="{n}"/><c:tx>{points(year)}</c:tx><c:cat>{points("East", "West")}</c:cat>'
        f"<c:val>{points(*values)}</c:val></c:ser>"
        for n, (year, values) in enumerate({"2023": (1, 2), "2024": (3, 4)}.items())
    )
    parts = {
        "ppt/slides/_rels/slide0.xml.rels": relations({"c": ("chart", "../c.xml"), "d": ("diagramData", "../d.xml")}),
        "ppt/c.xml": f'<c:chartSpace {C} xmlns:a="a"><c:title>{_text("Sales")}</c:title>{series}</c:chartSpace>',
        "ppt/d.xml": '<d:dataModel xmlns:d="d" xmlns:a="a"><d:pt>' + _text("Step") + "</d:pt></d:dataModel>",
    }
    content = frame(f'<c:chart {C} r:id="c"/>') + frame('<d:relIds xmlns:d="d" r:dm="d"/>')
    blocks, _ = _blocks(pptx([content], parts=parts))
    rows = ["| 2023 | 2024", "East | 1 | 3", "West | 2 | 4"]
    assert blocks == [("paragraph", "Sales"), *[("table_row", row) for row in rows], ("list_item", "Step")]


def test_of_alternatives_the_first_is_read():
    both = f"<m:Choice>{shape('new')}</m:Choice><m:Fallback>{shape('old')}</m:Fallback>"
    assert load(pptx([f"<m:AlternateContent xmlns:m='m'>{both}</m:AlternateContent>"])).text == "new"


def test_where_no_shape_says_what_it_is_a_short_first_line_is_the_title():
    assert _blocks(pptx([shape("A title") + shape("Words", "more")]))[0][0] == ("heading", "A title")
    words = shape("Words")
    for content in (words, shape("x" * 81) + words, shape("A", "b") + words, words + shape("B", place="body")):
        assert _blocks(pptx([content]))[0][0][0] == "paragraph"


def test_a_missing_slide_is_noted():
    document = load(pptx([shape("Here")], order=[0, 7]))
    assert [(unread.part, unread.page) for unread in document.unread] == [("slide 2", 2)]
    with pytest.raises(LimitExceededError, match="max_pages"):
        load(pptx([shape("a"), shape("b")]), limits=LoadLimits(max_pages=1))
    with pytest.raises(CorruptFileError):
        load(pptx(["<a:broken>"]))


def test_a_slide_that_is_shown_a_thousand_times_counts_each_time():
    data = pptx([f"{shape('x')}<!--{'-x' * 300_000}-->"], order=[0] * 1_000)
    with pytest.raises(LimitExceededError, match="max_expanded_bytes"):
        load(data)


def test_links_of_a_slide_tell_where_they_lead():
    link = '<a:rPr><a:hlinkClick r:id="{}"/></a:rPr>'.format
    runs = f"<a:r>{link('h')}<a:t>the </a:t></a:r><a:r>{link('h')}<a:t>form</a:t></a:r><a:r><a:t>.</a:t></a:r>"
    body = f"<p:sp><p:txBody><a:p>{runs}</a:p><a:p><a:r>{link('x')}<a:t>Next</a:t></a:r></a:p></p:txBody></p:sp>"
    target = relations({"h": ("hyperlink", "https://a.example/form"), "x": ("slide", "slide0.xml")})
    parts = {"ppt/slides/_rels/slide0.xml.rels": target.replace('form"', 'form" TargetMode="External"')}
    blocks, _ = _blocks(pptx([shape("A title", place="title") + body], parts=parts))
    assert blocks == [("heading", "A title"), ("paragraph", "the form (https://a.example/form).\nNext")]
