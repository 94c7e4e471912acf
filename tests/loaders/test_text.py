from __future__ import annotations

import csv
from pathlib import Path

import pytest

from konverze_core.documents import BlockKind
from konverze_loaders import load
from konverze_loaders.encoding import decode, decode_as
from konverze_loaders.normalise import normalise
from konverze_loaders.text import heading_level

FILES = Path(__file__).parents[3] / "shared/data/files"
MAX_WRONG_SHARE = 0.024
RUSSIAN = "Возврат денег занимает семь дней. Напишите нам, если товар не подошёл. Мы ответим в течение дня. " * 3
FRENCH = "Le délai de remboursement est de sept jours à compter de la réception. Écrivez-nous à tout moment. " * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Refunds take 7 days.", "utf-8"),
        ("₹499 — हिन्दी", "utf-8"),
        ("Refunds", "utf-16"),
        ("Refunds", "utf-32"),
        ("Refunds take 7 days.", "utf-16-le"),
        ("Refunds take 7 days.", "utf-16-be"),
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (FRENCH, "windows-1252"),
        (f"{FRENCH}Il coûte 20 € par mois.", "windows-1252"),
        (f"{FRENCH}Il coûte 20 € par mois.", "iso-8859-15"),
        ("返金には七日かかります。お問い合わせください。" * 4, "shift_jis"),
    ],
)
def test_text_is_read_in_its_encoding(text, encoding):
    assert decode(text.encode(encoding), "file.txt")[0] == text


@pytest.mark.skipif(not FILES.exists(), reason=f"no real files at {FILES}")
def test_real_legacy_files_are_read_right():
    with (FILES / "MANIFEST.tsv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if row["encoding_truth"]]
    wrong: list[str] = []
    for row in rows:
        data = (FILES / row["file"]).read_bytes()
        expected = decode_as(data, row["encoding_truth"])
        assert expected is not None
        if decode(data, row["file"]).text.lstrip("\ufeff") != expected.text.lstrip("\ufeff"):
            wrong.append(row["file"])
    assert len(wrong) <= MAX_WRONG_SHARE * len(rows), wrong


def test_paragraphs_and_sure_headings():
    document = load(b"REFUND POLICY\n\nRefunds take\r\nseven days.\n \n2.1 Exceptions\n\nNone.\n", name="a.txt")
    found = [(b.kind, b.level, document.text[b.span.start : b.span.end]) for b in document.blocks]
    assert found == [
        (BlockKind.HEADING, 1, "REFUND POLICY"),
        (BlockKind.PARAGRAPH, 0, "Refunds take\nseven days."),
        (BlockKind.HEADING, 2, "2.1 Exceptions"),
        (BlockKind.PARAGRAPH, 0, "None."),
    ]


@pytest.mark.parametrize("line", ["Tea", "TOTAL 500", "It ends here.", "1. Install it", "A\nB", "हिन्दी", "x" * 200])
def test_doubtful_lines_are_no_headings(line):
    assert heading_level(line) == 0


def test_normalised_text_is_clean_and_stable():
    dirty = "a\r\nb\rc\x00\x03\u00ad\u200b\u202ee\u0301 क्\u200dष\u200c \ud800\u00a0x  \n\n\n\ny"
    clean = normalise(dirty)
    assert clean == "a\nb\nc\u00e9 क्\u200dष\u200c \ufffd x\n\ny"
    assert normalise(clean) == clean


HINDI = "नमस्ते दुनिया "


@pytest.mark.parametrize(
    ("data", "encoding", "replaced"),
    [
        (b"hello world, this is\0 text.", "utf-8", 0),
        (HINDI.encode() * 100 + b"\xa3" + HINDI.encode(), "utf-8", 1),
        ((HINDI * 3).encode()[:-2], "utf-8", 1),
        ("hello world ".encode("utf-16") + b"a", "utf-16", 1),
        ("hello ".encode("utf-16") + "\ud800 you".encode("utf-16-le", "surrogatepass"), "utf-16", 1),
    ],
)
def test_a_damaged_byte_does_not_change_the_encoding(data, encoding, replaced):
    metadata = load(data, name="a.txt").metadata
    assert (metadata["encoding"], metadata.get("replaced_characters", 0)) == (encoding, replaced)


def test_a_few_bytes_of_a_code_page_are_not_taken_for_damage():
    assert "£ 5" in load(b"The price is \xa3 5 only. " * 30, name="a.txt").text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_indic_utf_16_without_a_mark(encoding):
    assert decode((HINDI * 5).encode(encoding), "a.txt").text == HINDI * 5


@pytest.mark.parametrize("text", ['{"a":[1,{"—":[]}]', "😀😀😀", "ကောင်းပါတယ်", "│─┼─│ 1 │"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_never_refused_for_its_share_of_letters(text, encoding):
    assert load(text.encode(encoding), name="a.txt").text == text


@pytest.mark.parametrize("charset", ["unicode_escape", "rot13", "base64", "utf-7", "idna"])
def test_declared_codecs_that_are_no_text_encoding_are_ignored(charset):
    page = f"<html><meta charset={charset}><p>caf\xe9 \\u0041 +ADw-</p>".encode("latin-1")
    assert load(page).text == "café \\u0041 +ADw-"


@pytest.mark.parametrize("word", ["RIFF", "GIF89a", "BZh", "ID3", "OggS", "%PDF-1.7"])
def test_a_text_may_start_with_the_name_of_a_format(word):
    assert load(f"{word} is a signature, and 1 0 obj follows.".encode(), name="a.txt").metadata["format"] == "text"


def test_ligatures_are_letters():
    assert normalise("o\ufb03ce \ufb01le \ufb06") == "office file st"
