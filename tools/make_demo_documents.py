# ruff: noqa: INP001, E501 - a script whose paragraphs stay on one line each
"""Makes the PDF and the DOCX of the demo documents.

Needs `reportlab` and `python-docx`; the library itself does not depend on reportlab::

    pip install reportlab python-docx
    python tools/make_demo_documents.py

The output is deterministic for given versions of both packages: no clock, no random id. The business is invented.
Prices in the PDF read "Rs", because the standard Helvetica has no rupee sign.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Cm
from reportlab.lib import colors
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table, TableStyle

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph as DocxParagraph
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

TARGET = Path(__file__).parent.parent / "konverze_rag" / "demo_documents" / "lotus-kitchenware"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ZIP_TIME = (2026, 1, 1, 0, 0, 0)

# --------------------------------------------------------------------------------------------------------------------
# Words of the warranty handbook: (heading, paragraphs); a list of rows among the paragraphs is a table.

CARE_PLANS = [
    ["Plan", "Appliance", "Price (Rs)", "Extra months", "Free visits"],
    ["Jal", "Water purifier", "1,499", "12", "4"],
    ["Agni", "Induction cooktop", "799", "12", "1"],
    ["Vayu", "Kitchen chimney", "1,899", "24", "3"],
    ["Prithvi", "Wet grinder", "949", "18", "1"],
    ["Akash", "Microwave oven", "1,249", "24", "2"],
    ["Surya", "Oven toaster grill", "699", "12", "1"],
    ["Chandra", "Refrigerated dough maker", "2,350", "36", "2"],
]

HANDBOOK: list[tuple[str, list[str | list[list[str]]]]] = [
    (
        "1. About this handbook",
        [
            "This handbook explains the warranty that Lotus Kitchenware gives on the appliances it sells. It holds for goods bought in our shops in Pune, Nashik and Kolhapur, and for goods ordered on our website and delivered within India.",
            "Please keep the bill together with this handbook. The bill is the only paper that we ask for. A photograph of it is enough, as long as the date and the serial number can be read.",
            "The serial number stands on the silver label under the base of the appliance. It has ten characters and starts with the letters LK.",
            "The rights that consumer law gives you stand beside this warranty. Nothing in this handbook takes any of them away.",
        ],
    ),
    (
        "2. How long the warranty lasts",
        [
            "The warranty starts on the date of the bill, not on the day of first use. The induction cooktop is under warranty for 24 months. The mixer grinder is under warranty for 36 months. The kitchen chimney is under warranty for 60 months. The water purifier is under warranty for 12 months.",
            "An appliance that we repair keeps its old end date. An appliance that we replace starts a new warranty of the full length on the day of the exchange.",
            "If a repair takes longer than ten days, we add the days that you had to wait to the end of the warranty.",
        ],
    ),
    (
        "3. Wear parts",
        [
            "Some parts wear out even when an appliance is treated well. For these parts a shorter term holds.",
            "The gasket of a pressure cooker has a warranty of 6 months. Carbon brushes and drive belts have a warranty of 9 months. Bulbs, fuses and filter cartridges have no warranty.",
            "Wear parts are kept in stock for eight years after a model leaves our catalogue.",
        ],
    ),
    (
        "4. What is not covered",
        [
            "We do not pay for damage by falls, by voltage outside 200 to 250 volts, by insects, by salt water or by use in a restaurant, canteen or other trade.",
            "Scratches, dents and faded colours are not defects. Cracked glass is covered only if the crack was there when the box was first opened and you told us within two days.",
            "The warranty ends early if the serial number was removed, or if anybody other than our own technicians opened the housing.",
        ],
    ),
    (
        "5. Care plans",
        [
            "A care plan lengthens the warranty and includes visits by a technician, who cleans and checks the appliance at your home. You can buy a plan until the last day of the normal warranty. Each appliance can have one plan. The prices include tax.",
            CARE_PLANS,
            "The extra months of a plan follow the normal warranty without a gap. Visits that were not used cannot be paid out.",
            "A plan can be cancelled within 15 days, as long as no visit has taken place. We then pay back the whole price.",
        ],
    ),
    (
        "6. How to make a claim",
        [
            "Write to care@lotus-kitchenware.example or go to any of our shops. Tell us the serial number, the date of the bill and what is wrong. A short video helps more than a long letter.",
            "We answer every claim within one working day. If the fault cannot be cleared up on the telephone, a technician visits you within four working days in Pune and within seven working days elsewhere.",
            "Small appliances, which weigh less than 6 kg, are collected by our courier and repaired in the workshop at Hadapsar. The courier brings packing material, so you need not keep the box.",
        ],
    ),
    (
        "7. Repair, exchange or money back",
        [
            "We repair first. If the same fault comes back a third time, you may choose between a new appliance of the same model and your money back.",
            "If the model is no longer made, we offer the model that follows it. You never pay a difference for such an exchange.",
            "While an appliance is in the workshop for more than five days, you may borrow a simple one from the shop. For the loan we ask for a deposit of Rs 500, which you get back.",
        ],
    ),
    (
        "8. Moving house and new owners",
        [
            "The warranty moves with you to every place in India. It does not hold abroad, because plugs and voltages differ.",
            "If you sell the appliance or give it away, the warranty passes to the new owner. Hand over the bill; no form is needed.",
        ],
    ),
]

NEW_PAGE = {"3. Wear parts", "5. Care plans", "6. How to make a claim"}


class _Handbook(BaseDocTemplate):
    """Pages with a footer; every heading becomes an outline entry."""

    def __init__(self, target: io.BytesIO) -> None:
        super().__init__(
            target, pagesize=A5, invariant=1, title="Warranty handbook", author="Lotus Kitchenware", lang="en-IN",
            leftMargin=16 * mm, rightMargin=16 * mm, topMargin=16 * mm, bottomMargin=20 * mm,
        )  # fmt: skip
        frame = Frame(self.leftMargin, self.bottomMargin, self.width, self.height, id="text")
        self.addPageTemplates(PageTemplate(frames=[frame], onPage=_footer))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - the name is reportlab's
        """Adds headings to the outline."""
        if isinstance(flowable, Paragraph) and flowable.style.name == "Heading2":
            title = flowable.getPlainText()
            self.canv.bookmarkPage(title)
            self.canv.addOutlineEntry(title, title, level=0)


def _footer(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawString(16 * mm, 10 * mm, "Lotus Kitchenware, Warranty handbook")
    canvas.drawRightString(A5[0] - 16 * mm, 10 * mm, f"Page {document.page}")
    canvas.restoreState()


def _ruled_table(rows: list[list[str]]) -> Table:
    table = Table(rows, colWidths=[17 * mm, 40 * mm, 19 * mm, 22 * mm, 18 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8eef4")),
                ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 8.5),
                ("FONT", (0, 1), (-1, -1), "Helvetica", 8.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


def warranty_handbook() -> bytes:
    """The PDF: headings, outline, paragraphs, one ruled table, footers."""
    styles = getSampleStyleSheet()
    body = ParagraphStyle("Prose", parent=styles["BodyText"], fontSize=11, leading=15.5, spaceAfter=7)
    heading = ParagraphStyle("Heading2", parent=styles["Heading2"], spaceBefore=14, spaceAfter=6, keepWithNext=1)
    story: list[Flowable] = [Paragraph("Warranty handbook", styles["Title"])]
    for title, parts in HANDBOOK:
        if title in NEW_PAGE:
            story.append(PageBreak())
        story.append(Paragraph(title, heading))
        for part in parts:
            if isinstance(part, str):
                story.append(Paragraph(part, body))
            else:
                story += [_ruled_table(part), Spacer(1, 8)]
    target = io.BytesIO()
    _Handbook(target).build(story)
    return target.getvalue()


# --------------------------------------------------------------------------------------------------------------------
# The returns policy.

WINDOWS = [
    ["Kind of product", "Days to return", "Condition"],
    ["Electric appliances", "10 days", "Box opened is fine, not used for cooking"],
    ["Pots, pans and pressure cookers", "14 days", "Not washed, label in place"],
    ["Knives and cutters", "7 days", "Blade guard sealed"],
    ["Glass and ceramics", "14 days", "All pieces of the set"],
    ["Clearance items", "No return", "Exchange for defects only"],
]

REFUNDS = [
    ["Paid by", "Refunded to", "Time after the inspection"],
    ["UPI", "The same UPI address", "2 working days"],
    ["Debit or credit card", "The same card", "7 working days"],
    ["Net banking", "The same bank account", "4 working days"],
    ["Cash on delivery", "A bank account that you name", "6 working days"],
    ["Gift voucher", "A new voucher", "At once"],
]

TEXT_BOX = "Diwali sale: whatever you buy in it may be returned until 30 November, even when the usual days are over."
FOOTNOTE = "Water filter cartridges cannot be returned once the foil is open, for reasons of hygiene."

NAMESPACES = """
xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"
xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
xmlns:v="urn:schemas-microsoft-com:vml"
"""

# As word processors write it: the drawing, and the same words once more for programs that do not know drawings.
TEXT_BOX_XML = f"""
<w:r {NAMESPACES}><mc:AlternateContent>
<mc:Choice Requires="wps"><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">
<wp:extent cx="5400000" cy="720000"/><wp:docPr id="1" name="Text Box 1"/><wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
<wps:wsp><wps:cNvSpPr txBox="1"/>
<wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="5400000" cy="720000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:ln w="9525"><a:solidFill><a:srgbClr val="000000"/></a:solidFill></a:ln></wps:spPr>
<wps:txbx><w:txbxContent><w:p><w:r><w:t>{TEXT_BOX}</w:t></w:r></w:p></w:txbxContent></wps:txbx>
<wps:bodyPr/></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice>
<mc:Fallback><w:pict><v:shape id="TextBox1" style="width:425pt;height:57pt"><v:textbox><w:txbxContent>
<w:p><w:r><w:t>{TEXT_BOX}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback>
</mc:AlternateContent></w:r>"""

FOOTNOTES_XML = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:footnotes {NAMESPACES}>
<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>
<w:footnote w:id="1"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>
<w:r><w:t xml:space="preserve"> {FOOTNOTE}</w:t></w:r></w:p></w:footnote>
</w:footnotes>"""

FOOTNOTE_MARK_XML = f"""
<w:r {NAMESPACES}><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="1"/></w:r>"""


def _add_table(document: Document, rows: list[list[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for row, words in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, words, strict=True):
            cell.text = text


def _add_footnote(document: Document, paragraph: DocxParagraph) -> None:
    content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), content_type, FOOTNOTES_XML.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    paragraph._p.append(parse_xml(FOOTNOTE_MARK_XML))  # noqa: SLF001 - python-docx cannot write footnotes


def _returns_body(document: Document) -> None:
    document.add_heading("Returns policy", level=0)
    document.add_paragraph(
        "We want you to cook with pleasure. If a product does not suit you, you may send it back under the rules on this page. They hold for purchases in our shops and on our website."
    )
    document.add_heading("How many days you have", level=1)
    paragraph = document.add_paragraph("The days are counted from delivery or, in a shop, from the date of the bill.")
    _add_footnote(document, paragraph)
    _add_table(document, WINDOWS)
    document.add_paragraph()._p.append(parse_xml(TEXT_BOX_XML))  # noqa: SLF001 - python-docx cannot write text boxes
    document.add_heading("How to send a product back", level=1)
    steps = (
        "Open your order on our website and choose the reason for the return.",
        "Pack the product with all its parts and the bill.",
        "Our courier collects the parcel within three working days. The pick-up costs Rs 80, and nothing if the product is defective.",
    )
    for step in steps:
        document.add_paragraph(step, style="List Number")
    document.add_heading("When your money comes back", level=1)
    document.add_paragraph(
        "We inspect every parcel on the day it reaches our warehouse. After the inspection we start the refund. A refund to UPI takes 2 working days; the other ways are in the table."
    )
    _add_table(document, REFUNDS)
    document.add_heading("Damaged in transit", level=1)
    document.add_paragraph(
        "If a product arrives broken, do not send it back at once. Send us two photographs, one of the product and one of the box. You get a new product or a refund, as you like, and the courier takes the broken one along."
    )


def returns_policy() -> bytes:
    """The DOCX: headings, two tables, a list, a text box and a footnote."""
    document = docx.Document()
    document.sections[0].page_width, document.sections[0].page_height = Cm(21), Cm(29.7)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = "Returns policy", "Lotus Kitchenware", ""
    properties.created = properties.modified = EPOCH
    _returns_body(document)
    _drop_template_leftovers(document)
    raw = io.BytesIO()
    document.save(raw)
    return _with_fixed_times(raw.getvalue())


def _drop_template_leftovers(document: Document) -> None:
    for relations in (document.part.package.rels, document.part.rels):
        for key, relation in list(relations.items()):
            if relation.reltype.rpartition("/")[2] in {"thumbnail", "stylesWithEffects", "customXml"}:
                del relations[key]


def _with_fixed_times(archive: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, ZIP_TIME), old.read(entry), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def main() -> None:
    """Writes both files."""
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "warranty-handbook.pdf").write_bytes(warranty_handbook())
    (TARGET / "returns-policy.docx").write_bytes(returns_policy())


if __name__ == "__main__":
    main()
