"""Small files that unpack, branch, loop or nest without end. A new format adds its own to `BOMBS`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from konverze_core.errors import CorruptFileError, LimitExceededError, LoadError, NoTextError
from tests.loaders.docx_bytes import docx, p
from tests.loaders.office_bytes import xlsx, zipped


@dataclass(frozen=True)
class Bomb:
    """A hostile file.

    Attributes:
        build: Makes it.
        name: What it is called.
        errors: What may be raised for it; empty where it is harmless text in the end, and may be read.
        hides: Words that must not be in what is read.
    """

    build: Callable[[], bytes]
    name: str
    errors: tuple[type[LoadError], ...] = (LimitExceededError,)
    hides: str = ""


def _pdf(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, root, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def _stream(data: bytes, facts: bytes) -> bytes:
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(data), facts, data)


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>"


def nested_flate(size_bytes: int = 1_000_000_000, layers: int = 3) -> bytes:
    """One page whose content is packed three times over."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b" " * 1_000_000) for _ in range(size_bytes // 1_000_000)) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    content = _stream(data, b"/Filter[" + b"/FlateDecode" * layers + b"]")
    return _pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", _PAGE, content)


def page_tree_fan_out(depth: int = 10, width: int = 10) -> bytes:
    """Ten thousand million pages, all of them one."""
    nodes = [
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (width ** (depth - level), b" %d 0 R" % (level + 3) * width)
        for level in range(depth)
    ]
    page = b"<</Type/Page/MediaBox[0 0 612 792]/Contents %d 0 R>>" % (depth + 3)
    return _pdf(_CATALOG, *nodes, page, _stream(b"BT (x) Tj ET", b""))


def page_tree_cycle() -> bytes:
    """A page tree that holds itself."""
    return _pdf(_CATALOG, b"<</Type/Pages/Count 1000000/Kids[2 0 R 2 0 R]>>")


def object_streams() -> bytes:
    """An object stream that claims a hundred million objects, in a table of as many."""
    packed = zlib.compress(b"1 0 " * 1_000_000)
    claimed = _stream(packed, b"/Type/ObjStm/N 100000000/First 4000000/Filter/FlateDecode")
    body = b"%PDF-1.7\n1 0 obj\n" + claimed + b"\nendobj\n"
    rows = zlib.compress(b"\2\0\1\0\0" * 1_000_000, 9)
    facts = b"/Type/XRef/Size 100000000/W[1 2 2]/Index[0 100000000]/Root 2 0 R/Filter/FlateDecode"
    return body + b"9 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (_stream(rows, facts), len(body))


def billion_laughs() -> bytes:
    """Entities of entities."""
    entities = '<!ENTITY e0 "laugh">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return docx(p("&e9;"), prolog=f"<!DOCTYPE x [{entities}]>")


def external_entity() -> bytes:
    """An entity that stands for a file of the machine."""
    return docx(p("Before &e; after"), prolog='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')


def one_node() -> bytes:
    """A paragraph of 300 MB, packed to a thousandth."""
    return docx(p("a" * 300_000_000))


def thousandfold_zip() -> bytes:
    """A part that unpacks to a thousand times its size."""
    return docx(p("x"), parts={"comments": "<w:comment>" + " " * 100_000_000 + "</w:comment>"})


def zip_in_zip(depth: int = 6, width: int = 10) -> bytes:
    """A million texts, ten in each of ten archives and so on."""
    data, name = b"x " * 500_000, "text.txt"
    for _ in range(depth):
        data, name = zipped({f"{n}-{name}": data for n in range(width)}), "inner.zip"
    return data


def many_parts(count: int = 10_000) -> bytes:
    """A mail of ten thousand parts, each inside the one before."""
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(count))
    return b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + opened + b"\r\nx\r\n"


def empty_cells() -> bytes:
    """A workbook with something in its first and in its last cell, and a thousand million between them."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    return xlsx({"S": f'<dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData>'})


_ANY = (LimitExceededError, CorruptFileError, NoTextError)

BOMBS = {
    "nested Flate": Bomb(nested_flate, "a.pdf", _ANY),
    "page-tree fan-out": Bomb(page_tree_fan_out, "a.pdf"),
    "page-tree cycle": Bomb(page_tree_cycle, "a.pdf", _ANY),
    "object streams": Bomb(object_streams, "a.pdf", _ANY),
    "billion laughs": Bomb(billion_laughs, "a.docx", _ANY),
    "XXE": Bomb(external_entity, "a.docx", (), hides="root:"),
    "300 MB in one node": Bomb(one_node, "a.docx"),
    "zip 1:1000": Bomb(thousandfold_zip, "a.docx"),
    "4 MB of [": Bomb(partial(bytes.__mul__, b"[", 4_000_000), "a.md", ()),
    "4 MB of [ in JSON": Bomb(partial(bytes.__mul__, b"[", 4_000_000), "a.json", ()),
    "deep HTML": Bomb(partial(bytes.__mul__, b"<div>", 800_000), "a.html", _ANY),
    "zip in zip": Bomb(zip_in_zip, "a.zip"),
    "mail of 10,000 parts": Bomb(many_parts, "a.eml", ()),
    "10^9 empty cells": Bomb(empty_cells, "a.xlsx", ()),
}
