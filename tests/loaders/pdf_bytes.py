"""The smallest PDFs that say what a test needs, written by hand."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pypdf

COMPOSITE = "/Type /Font /Subtype /Type0 /Encoding /Identity-H"
DESCENDANT = (
    "/Type /Font /Subtype /CIDFontType2 /DW 600"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
)
DOTS = "q 612 0 0 792 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\xff\xff\x00 EI Q\n"


def pdf(*streams: str, explained: Mapping[int, str] | None = None) -> bytes:
    """One page per content stream, in Helvetica as /F1.

    Args:
        streams: Content of the pages.
        explained: Characters of the glyphs of /F2, whose glyphs are numbered by two bytes; other glyphs of it stand
            for nothing.
    """
    kids = " ".join(f"{8 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< {COMPOSITE} /BaseFont /X /DescendantFonts [5 0 R] /ToUnicode 6 0 R >>",
        f"<< {DESCENDANT} /BaseFont /X /FontDescriptor 7 0 R >>",
        _stream(_to_unicode(explained or {})),
        "<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 -200 1000 900] /Ascent 900 /Descent -200 >>",
    ]
    page = "/Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
    for number, stream in enumerate(streams):
        objects.append(f"<< {page} /Contents {9 + 2 * number} 0 R >>")
        objects.append(_stream(stream))
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}".encode("latin-1")


def show(text: str, x: float, y: float, size: float = 11) -> str:
    """Operators that show one line of text."""
    return f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n"


def show_glyphs(glyphs: list[int], x: float, y: float, size: float = 11) -> str:
    """Operators that show glyphs of /F2 by their numbers."""
    numbers = "".join(f"{glyph:04x}" for glyph in glyphs)
    return f"BT /F2 {size} Tf 1 0 0 1 {x} {y} Tm <{numbers}> Tj ET\n"


def prose(lines: list[str], x: float = 72, top: float = 700, leading: float = 14) -> str:
    """Operators that show lines under each other."""
    return "".join(show(line, x, top - leading * number) for number, line in enumerate(lines))


def written(writer: pypdf.PdfWriter) -> bytes:
    """The file that a writer writes."""
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def rewritten(data: bytes) -> pypdf.PdfWriter:
    """A writer that holds a file already."""
    return pypdf.PdfWriter(clone_from=io.BytesIO(data))


def _stream(data: str) -> str:
    return f"<< /Length {len(data)} >>\nstream\n{data}\nendstream"


def _to_unicode(explained: Mapping[int, str]) -> str:
    pairs = "\n".join(f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>" for glyph, text in explained.items())
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{len(explained)} beginbfchar\n{pairs}\nendbfchar\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    )
