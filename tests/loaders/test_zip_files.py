from __future__ import annotations

import base64
import io
import struct
import zipfile

import pytest

from konverze_core.errors import (
    CorruptFileError,
    EncryptedFileError,
    LimitExceededError,
    NoTextError,
    UnsupportedFormatError,
)
from konverze_loaders import LoadLimits, load
from tests.loaders.docx_bytes import docx, p
from tests.loaders.office_bytes import zipped

# "secret text" in a.txt, locked by the password "key" with the old cipher, which Python reads and cannot write.
LOCKED = base64.b64decode(
    "UEsDBBQAAQAAAAAAIQDsGiEiFwAAAAsAAAAFAAAAYS50eHQLI9gXCqOWka0LMTbfr0o49s3tKd32M1BLAQIUABQAAQAAAAAAIQDs"
    "GiEiFwAAAAsAAAAFAAAAAAAAAAAAAAAAAAAAAABhLnR4dFBLBQYAAAAAAQABADMAAAA6AAAAAAA="
)


def _blocks(data, **options):
    document = load(data, **options)
    return [(b.kind.value, document.text[b.span.start : b.span.end]) for b in document.blocks], document


def test_members_come_in_the_order_of_names_under_their_names():
    blocks, document = _blocks(zipped({"b.txt": "Second.", "a/x.docx": docx(p("First."))}), name="files.zip")
    assert blocks == [("heading", "a/x.docx"), ("paragraph", "First."), ("heading", "b.txt"), ("paragraph", "Second.")]
    assert document.metadata == {"format": "zip"}


def test_what_cannot_be_read_is_noted_and_what_is_hidden_is_not():
    files = {"ok.txt": "Text.", "pic.png": b"\x89PNG\r\n", "bad.pdf": b"%PDF-1.4\n1 0 obj", "empty.txt": b""}
    hidden = {"__MACOSX/._ok.txt": "x", ".git/config": "x", "a/.DS_Store": "x", "Thumbs.db": "x"}
    blocks, document = _blocks(zipped(files | hidden))
    assert blocks == [("heading", "ok.txt"), ("paragraph", "Text.")]
    assert [unread.part for unread in document.unread] == ["bad.pdf", "empty.txt", "pic.png"]


def test_names_that_lead_out_are_only_shown_and_links_are_not_followed():
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("../../etc/evil.txt", "/abs.txt", "C:\\win.txt"):
            archive.writestr(name, name[-8:])
        archive.writestr(link, "/etc/passwd")
    blocks, document = _blocks(buffer.getvalue())
    assert [text for kind, text in blocks if kind == "heading"] == ["abs.txt", "etc/evil.txt", "win.txt"]
    assert [(unread.part, unread.reason[:6]) for unread in document.unread] == [("link.txt", "a link")]
    assert "passwd" not in document.text


def test_locked_members_need_the_password():
    assert load(LOCKED, password="key").text == "a.txt\n\nsecret text"
    for password in (None, "wrong"):
        with pytest.raises(EncryptedFileError, match="locked by a"):
            load(LOCKED, password=password)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, NoTextError),
        ({"a/": ""}, NoTextError),
        ({"a.png": b"\x89PNG\r\n"}, UnsupportedFormatError),
        ({"a.pdf": b"%PDF-1.4\n1 0 obj"}, CorruptFileError),
        ({"a.txt": " "}, NoTextError),
    ],
)
def test_an_archive_of_which_nothing_is_read_is_refused(files, error):
    with pytest.raises(error) as caught:
        load(zipped(files), name="files.zip")
    assert caught.value.source == "files.zip"


def test_zips_inside_zips_are_held_to_a_depth_and_share_a_limit():
    data = zipped({"a.txt": "deep"})
    for _ in range(3):
        data = zipped({"in.zip": data})
    assert "deep" not in load(zipped({"b.txt": "x"})).text
    with pytest.raises(LimitExceededError, match="max_nesting is 3"):
        load(data)
    assert "deep" in load(data, limits=LoadLimits(max_nesting=4)).text
    many = zipped({f"{n}.zip": zipped({"a.txt": "x" * 1_000}) for n in range(20)})
    with pytest.raises(LimitExceededError, match="max_expanded_bytes"):
        load(many, limits=LoadLimits(max_expanded_bytes=20_000))


def test_damaged_archives():
    data = bytearray(zipped({"a.txt": "some text", "b.txt": "more text"}, zipfile.ZIP_STORED))
    data[data.index(b"some")] ^= 1
    document = load(bytes(data))
    assert document.text == "b.txt\n\nmore text"
    assert [unread.part for unread in document.unread] == ["a.txt"]
    with pytest.raises(CorruptFileError):
        load(bytes(data[:60]))


def test_a_long_directory_is_refused_before_it_is_listed():
    assert load(zipped({f"{n}.txt": "x" for n in range(20)}), limits=LoadLimits(max_entries=20)).text
    listing = b"PK\1\2" * 20_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, len(listing), 4, 0)
    with pytest.raises(LimitExceededError, match="max_entries"):
        load(b"PK\3\4" + listing + end)
    stored = {f"{n}.zip": zipped({f"{m}.txt": "x" for m in range(20)}) for n in range(3)}
    assert load(zipped(stored, zipfile.ZIP_STORED), limits=LoadLimits(max_entries=30)).text.count("x\n") > 50


def test_a_folder_of_documents_named_word_is_no_docx():
    assert load(zipped({"word/a.txt": "Text.", "xl/b.txt": "More."})).metadata["format"] == "zip"
