from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import konverze_loaders
from konverze_core.errors import (
    ConfigError,
    CorruptFileError,
    EncodingError,
    LimitExceededError,
    LoadError,
    NoTextError,
    UnsupportedFormatError,
)
from konverze_loaders import LoadLimits, load
from konverze_loaders.isolation.pool import LoaderPool, default_workers
from tests.loaders.docx_bytes import docx, p
from tests.loaders.office_bytes import pptx, relations, shape, sheet, xlsx, zipped
from tests.loaders.pdf_bytes import pdf, show

FILES = Path(__file__).parents[3] / "shared/data/files"
REAL = sorted(path for path in FILES.glob("*/*") if path.is_file())


def test_all_names_exist():
    assert all(hasattr(konverze_loaders, name) for name in konverze_loaders.__all__)


def test_path_bytes_and_file_object_give_the_same_document(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes(b"Hello there.")
    with path.open("rb") as stream:
        documents = [load(path), load(str(path)), load(b"Hello there.", name="note.txt"), load(stream)]
    assert documents == documents[:1] * 4
    (tmp_path / "link.txt").symlink_to(path)
    assert load(tmp_path / "link.txt") == documents[0]


@pytest.mark.parametrize("name", ["missing.txt", ".", "a\0b"])
def test_what_is_no_file_is_the_callers_mistake(tmp_path, name):
    with pytest.raises(ConfigError):
        load(tmp_path / name)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a file"):
        load(tmp_path / "pipe")


def test_text_file_object_is_refused():
    with pytest.raises(ConfigError, match="binary"):
        load(io.StringIO("text"))


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"<html><script>x</script></html>"])
def test_nothing_to_read(data):
    with pytest.raises(NoTextError):
        load(data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"{\\rtf1 hello}", "RTF"),
        (b"\x1f\x8b\x08....", "gzip"),
        (b"MZ\x90\0..", "program"),
    ],
)
def test_known_binaries_are_named(data, kind):
    with pytest.raises(UnsupportedFormatError, match=kind):
        load(data, name="file.txt")


def test_unknown_binary_is_no_text():
    with pytest.raises(EncodingError):
        load(bytes(range(256)) * 8, name="noise.txt")


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (pdf(show("Text.", 72, 700)), "a.docx", "pdf"),
        (docx(p("Text.")), "a.pdf", "docx"),
        (b"<!DOCTYPE html><p>Text.</p>", "a.txt", "html"),
        (b"Text.", "a.pdf", "text"),
        (xlsx({"S": sheet(["a", "b"])}), "a.docx", "xlsx"),
        (pptx([shape("Text.")]), "a.pdf", "pptx"),
        (zipped({"a.txt": "Text."}), "a.docx", "zip"),
        (b"From: a@b\nDate: x\nMessage-ID: <1>\n\nText.", "a.txt", "eml"),
        (b'{"a": 1}', "a.txt", "json"),
        (b'{"a": 1}\n{"a": 2}', "a.txt", "jsonl"),
        (b"a\tb\n1\t2\n3\t4\n5\t6", "a.txt", "csv"),
        (b"Only words.", "a.csv", "text"),
        (b"No headers, only words.", "a.eml", "text"),
    ],
)
def test_content_decides_and_a_wrong_extension_is_noted(data, name, kind):
    metadata = load(data, name=name).metadata
    assert metadata["format"] == kind
    assert metadata["declared_format"] == {"txt": "text"}.get(extension := name.rpartition(".")[2], extension)


def test_parts_of_a_workbook_may_stand_anywhere():
    parts = {
        "[Content_Types].xml": '<Types><Override ContentType="application/x.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": relations({"r": ("officeDocument", "book.xml")}),
        "_rels/book.xml.rels": relations({"s": ("worksheet", "one.xml")}),
        "book.xml": '<workbook xmlns:r="r"><sheets><sheet name="S" r:id="s"/></sheets></workbook>',
        "one.xml": f"<worksheet>{sheet(['a', 'b'])}</worksheet>",
    }
    assert load(zipped(parts)).text == "S\n\na | b"


def test_what_is_called_a_pdf_and_starts_like_one_is_a_damaged_pdf():
    with pytest.raises(CorruptFileError):
        load(b"%PDF-1.4 nothing", name="bad.pdf")
    assert load(b"%PDF-1.4 is a header", name="note.txt").metadata["format"] == "text"


def test_a_text_about_pdfs_is_text():
    assert load(b"A PDF starts with %PDF-1.7 and a version.").metadata["format"] == "text"


@pytest.mark.parametrize(("limit", "data"), [("max_file_bytes", b"x" * 11), ("max_text_chars", b"x" * 11)])
def test_limits_name_themselves(limit, data):
    with pytest.raises(LimitExceededError, match=rf"{limit} is 10.*LoadLimits\({limit}=") as caught:
        load(data, name="big.txt", limits=LoadLimits(**{limit: 10}))
    assert caught.value.source == "big.txt"
    with pytest.raises(LimitExceededError, match=limit):
        load(io.BytesIO(data), limits=LoadLimits(**{limit: 10}))


def test_a_limit_below_one_is_the_callers_mistake():
    with pytest.raises(ConfigError, match="max_pages"):
        LoadLimits(max_pages=0)


@pytest.mark.skipif(not REAL, reason=f"no real files at {FILES}")
@pytest.mark.parametrize("folder", sorted({path.parent.name for path in REAL}))
def test_real_files_give_a_document_or_a_load_error(folder):
    with LoaderPool() as pool, ThreadPoolExecutor(default_workers()) as threads:  # on all cores

        def outcome(path):
            try:
                return pool.load(path.read_bytes(), name=path.name)
            except LoadError as error:
                return error

        paths = [path for path in REAL if path.parent.name == folder]
        for path, read in zip(paths, threads.map(outcome, paths), strict=True):
            if isinstance(read, LoadError):
                assert read.source == path.name
                continue
            ends = [0, *(block.span.end for block in read.blocks)]
            assert all(block.span.start >= end for block, end in zip(read.blocks, ends, strict=False))
            assert ends[-1] == len(read.text)
