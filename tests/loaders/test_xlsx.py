from __future__ import annotations

import pytest

from konverze_core.errors import LimitExceededError, NoTextError
from konverze_loaders import LoadLimits, load
from konverze_loaders.office.number_formats import shown
from tests.loaders.office_bytes import cell, grid, relations, sheet, xlsx


def _texts(data, **options):
    document = load(data, **options)
    return [document.text[block.span.start : block.span.end] for block in document.blocks]


def test_each_row_names_its_columns():
    data = xlsx({"Plans": sheet(["Our plans"], ["Plan", "Price", "Note"], ["Basic", 499, None], ["Pro", 999.5, "new"])})
    document = load(data, name="plans.xlsx")
    assert document.text.split("\n\n") == [
        "Plans",
        "Our plans",
        "Plan | Price | Note\nPlan: Basic | Price: 499\nPlan: Pro | Price: 999.5 | Note: new",
    ]
    assert [block.kind.value for block in document.blocks] == ["heading", "paragraph", *["table_row"] * 3]
    assert not any(block.header for block in document.blocks)


def test_a_form_is_no_table_with_a_header():
    assert _texts(xlsx({"S": sheet(["Name", "Asha"], ["City", "Pune"])})) == ["S", "Name | Asha", "City | Pune"]


def test_bold_names_make_a_header_of_words():
    styles = '<fonts><font/><font><b/></font></fonts><cellXfs><xf fontId="0"/><xf fontId="1"/></cellXfs>'
    rows = f'<row r="1">{cell("A1", "Term", 1)}{cell("B1", "Meaning", 1)}</row>' + grid(["UPI", "Payment"], first=2)
    texts = _texts(xlsx({"S": f"<sheetData>{rows}</sheetData>"}, styles=styles))
    assert texts == ["S", "Term | Meaning", "Term: UPI | Meaning: Payment"]


def test_a_table_goes_on_after_a_blank_row_and_another_begins_with_its_own_names():
    rows = [["Plan", "Price"], ["Basic", 1], [], ["Gold", 2], [], ["City", "Pin", "Area"], ["Pune", 411001, 7]]
    assert _texts(xlsx({"S": sheet(*rows)})) == [
        "S", "Plan | Price", "Plan: Basic | Price: 1", "Plan: Gold | Price: 2", "City | Pin | Area",
        "City: Pune | Pin: 411001 | Area: 7",
    ]  # fmt: skip


def test_merged_cells_hold_for_all_their_rows_and_columns():
    rows = [
        [None, "2023", None, "2024", None],
        ["Region", "Q1", "Q2", "Q1", "Q2"],
        ["North", 1, 2, 3, 4],
        [None, 5, 6, 7, 8],
    ]
    merged = "".join(f'<mergeCell ref="{span}"/>' for span in ("B1:C1", "D1:E1", "A3:A4"))
    texts = _texts(xlsx({"S": sheet(*rows) + f"<mergeCells>{merged}</mergeCells>"}))
    assert texts[1:] == [
        "2023 |  | 2024",
        "Region | Q1 | Q2 | Q1 | Q2",
        "Region: North | 2023 Q1: 1 | 2023 Q2: 2 | 2024 Q1: 3 | 2024 Q2: 4",
        "Region: North | 2023 Q1: 5 | 2023 Q2: 6 | 2024 Q1: 7 | 2024 Q2: 8",
    ]


def test_a_merged_cell_without_words_repeats_none_of_another():
    rows = f'<row r="1">{cell("A1", "North")}{cell("B1", 1)}</row><row r="2">{cell("B2", 2)}</row>'
    rows += f'<row r="4">{cell("B4", 3)}{cell("C4", 4)}</row>'
    merged = '<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="A3:A4"/></mergeCells>'
    assert _texts(xlsx({"S": f"<sheetData>{rows}</sheetData>{merged}"}))[1:] == ["North | 1", "North | 2", "3 | 4"]


def test_rows_that_are_not_there_end_a_table():
    rows = grid(["Plan", "Price"], ["Basic", 1]) + grid(["City", "Pin"], ["Pune", 411001], first=9)
    texts = _texts(xlsx({"S": f"<sheetData>{rows}</sheetData>"}))
    assert texts[3:] == ["City | Pin", "City: Pune | Pin: 411001"]


def test_a_row_that_says_one_thing_twice_names_nothing():
    assert _texts(xlsx({"S": sheet(["a", "a", "b"], ["c", "d", "e"])}))[1:] == ["a | a | b", "c | d | e"]


def test_cells_of_all_kinds():
    strings = "<si><r><t>rich </t></r><r><t>text</t></r><rPh><t>phon</t></rPh></si><si><t>a_x000D_b</t></si>"
    cells = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="e"><v>#N/A</v></c><c t="str"><f>X()</f>'
        '<v>made</v></c><c r="F1" s="9"/><c r="G1"><v>0.30000000000000004</v></c><c r="H1" t="s"><v>1</v></c>'
        '<c r="I1" t="s"><v>99</v></c>'
    )
    assert _texts(xlsx({"S": f"<sheetData><row>{cells}</row></sheetData>"}, strings=strings))[1] == (
        "rich text | TRUE | #N/A | made |  |  | 0.3 | a b"
    )


def test_numbers_are_shown_as_a_reader_sees_them():
    styles = '<numFmts><numFmt numFmtId="164" formatCode="[$₹-4009]\\ #,##,##0.00"/></numFmts>'
    styles += '<cellXfs><xf/><xf numFmtId="9"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>'
    row = cell("A1", 0.18, 1) + cell("B1", 45293, 2) + cell("C1", 1234567.5, 3)
    assert (
        _texts(xlsx({"S": f"<sheetData><row>{row}</row></sheetData>"}, styles=styles))[1]
        == "18% | 2024-01-02 | ₹ 12,34,567.50"
    )


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5, "0.0", "-5.0"),
        (1.005, "0.00", "1.01"),
        (-0.001, "0.00", "0.00"),
        (2.5, "0.##", "2.5"),
        (0, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "-"),
        (12345678.5, r"[>=10000000]##\,##\,##\,##0.00;[>=100000]##\,##\,##0.00;##,##0.00", "1,23,45,678.50"),
        (99.5, '"Rs." 0.00', "Rs. 99.50"),
        (1500000, '0.0,,"M"', "1.5M"),
        (123456, "0.00E+00", "1.23E+05"),
        (7, "00000", "00007"),
        (5, '0 "days"', "5 days"),
        (45293.5, "dd/mm/yyyy hh:mm", "2024-01-02 12:00"),
        (45293, "mmm-yy", "2024-01"),
        (0.75, "h:mm AM/PM", "18:00"),
        (1.5, "[h]:mm", "36:00"),
        (1e9, "yyyy-mm-dd", "1000000000"),
        (0.5, "# ?/?", "0.5"),
        (80226.50611681835, "General", "80226.50612"),
    ],
)
def test_number_formats(value, code, text):
    assert shown(value, code) == text


def test_days_may_count_from_1904():
    assert shown(43831, "yyyy-mm-dd", is_1904=True) == shown(45293, "yyyy-mm-dd")


def test_hidden_sheets_and_formulas_without_a_result_are_noted():
    data = xlsx(
        {
            "Seen": f"<sheetData>{grid(['a', 'b'])}<row r='2'><c r='A2'><f>1+1</f></c></row></sheetData>",
            "Secret": sheet(["x"]),
        },
        states={"Secret": "hidden"},
    )
    document = load(data)
    assert "x" not in document.text
    assert [(unread.part, unread.reason.split(";")[0]) for unread in document.unread] == [
        ("sheet Seen", "formulas without a stored result: 1"),
        ("sheet Secret", "hidden"),
    ]


def test_text_boxes_and_comments_are_read():
    box = "<x:txBody><a:p><a:r><a:t>A box</a:t></a:r></a:p></x:txBody>"
    comment = '<comment ref="A1"><text><r><t>Why?</t></r></text></comment>'
    parts = {
        "xl/worksheets/_rels/sheet0.xml.rels": relations({"d": ("drawing", "../d.xml"), "c": ("comments", "../c.xml")}),
        "xl/d.xml": f'<x:wsDr xmlns:x="x" xmlns:a="a"><x:twoCellAnchor><x:sp>{box}</x:sp></x:twoCellAnchor></x:wsDr>',
        "xl/c.xml": f"<comments><commentList>{comment}</commentList></comments>",
    }
    document = load(xlsx({"S": sheet(["a", "b"])}, parts=parts))
    assert [block.kind.value for block in document.blocks] == ["heading", "table_row", "paragraph", "note"]
    assert document.text.endswith("A box\n\nA1: Why?")


def test_far_and_empty_cells_cost_nothing():
    far = '<dimension ref="A1:XFD1048576"/><sheetData>' + grid(["near"]) + '<row r="5" spans="1:16384"/>'
    far += f'<row r="1048576">{cell("XFD1048576", "far")}</row></sheetData>'
    assert _texts(xlsx({"S": far, "Empty": "<sheetData/>"})) == ["S", "near", "far"]
    with pytest.raises(NoTextError):
        load(xlsx({"Empty": "<sheetData/>"}))


def test_cells_are_counted_over_all_sheets():
    data = xlsx({"A": sheet(["a", "b"], ["c", "d"]), "B": sheet(["e", "f"])})
    assert load(data, limits=LoadLimits(max_cells=6)).text
    with pytest.raises(LimitExceededError, match="max_cells is 5"):
        load(data, limits=LoadLimits(max_cells=5))


def test_a_broken_sheet_leaves_the_others():
    document = load(xlsx({"Bad": "<sheetData><row>", "Good": sheet(["a", "b"])}))
    assert document.text == "Good\n\na | b"
    assert [unread.part for unread in document.unread] == ["sheet Bad"]
