from __future__ import annotations

import itertools
import unicodedata

import pytest

from konverze_loaders.encoding import decode, decode_as
from konverze_loaders.encoding.oddities import oddity
from konverze_loaders.encoding.vietnamese import TABLES

CZECH = "VRÁCENÍ PENĚZ DO SEDMI DNŮ"
FRENCH = "On peut être remboursé à tout moment."
GERMAN = "Die Rückgabe ist innerhalb von sieben Tagen möglich, wenn die Ware unbeschädigt ist."
GREEK = "Η επιστροφή χρημάτων γίνεται μέσα σε επτά ημέρες."
JAPANESE = "返品は七日以内にお願いします。送料はお客様のご負担となります。"
KOREAN = "환불은 칠 일 안에 됩니다. 영수증을 함께 보내 주십시오."
RUSSIAN = "Возврат денег занимает семь дней. Напишите нам, если товар не подошёл."
SIMPLIFIED = "退款需要七天。请把收据和商品一起寄给我们，我们会尽快处理。"
SPANISH = "ACUERDO: la devolución será así."
TRADITIONAL = "退款需要七天。請把收據和商品一起寄給我們，我們會儘快處理。"
TURKISH = "İade yedi gün içinde yapılır, lütfen faturayı da gönderin."
VIETNAMESE = "Tiền được trả lại trong bảy ngày. Xin gửi kèm hóa đơn và hàng còn nguyên vẹn."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "iso2022_jp"),
        (JAPANESE, "iso2022_jp_2004"),
        (KOREAN, "iso2022_kr"),
        (SIMPLIFIED, "hz"),
        *((text, "utf-7") for text in (GERMAN, RUSSIAN, JAPANESE, KOREAN, VIETNAMESE)),
    ],
)
def test_letters_hidden_in_ascii_are_found(text, encoding):
    data = text.encode(encoding)
    assert data.isascii()
    assert decode(data, "a.txt").text == text


@pytest.mark.parametrize(
    "text",
    [
        "C++ and (+000), call +91 98765 43210, |+textprop| or 1+maxtag",
        "$self->{+ENCODING} = 1",
        "set MANPAGER=vim +MANPAGER -",
        "signature: HPO8p6i9+cn5dqHfUUYM=",
        "<p>+ADw-script+AD4-</p>",
        "a ~{word~} and a ~{b~}",
        "\x1b[31mred\x1b[0m and ESC \x1b$B alone",
    ],
)
def test_plain_ascii_hides_nothing(text):
    assert decode(text.encode(), "a.txt").text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp500"),
        (GERMAN, "cp1140"),
        (GERMAN, "cp273"),
        (GREEK, "cp875"),
        (TURKISH, "cp1026"),
    ],
)
def test_ebcdic_is_told_by_its_spaces(text, encoding):
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize("text", [JAPANESE, SIMPLIFIED, TRADITIONAL, KOREAN, f"{JAPANESE}\n{JAPANESE}"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_east_asian_text_needs_no_byte_order_mark(text, encoding):
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("中文網頁" * 9, "big5"),
        ("退货须知" * 9, "gbk"),
        ("返品返金" * 9, "shift_jis"),
        ("ダウンロードセンター", "euc_jp"),
        ("おかえしはなのかいないに", "shift_jis"),
        ("사용안내" * 9, "euc_kr"),
        *((text, "big5") for text in (TRADITIONAL, TRADITIONAL[:7])),
        *((text, "gb18030") for text in (SIMPLIFIED, SIMPLIFIED[:7], TRADITIONAL)),
        *((text, encoding) for text in (JAPANESE, JAPANESE[:8]) for encoding in ("shift_jis", "euc_jp")),
        *((text, encoding) for text in (KOREAN, KOREAN[:9]) for encoding in ("euc_kr", "johab")),
    ],
)
def test_short_east_asian_texts_and_those_of_few_characters(text, encoding):
    assert decode(text.encode(encoding), "a.txt").text == text


def test_an_east_asian_text_may_end_inside_a_character():
    decoded = decode((JAPANESE * 20).encode("shift_jis")[:-1], "a.txt")
    assert decoded.text.startswith(JAPANESE)
    assert decoded.replaced_characters == 1


@pytest.mark.parametrize("name", sorted(TABLES))
def test_tables_hold_each_vietnamese_letter(name):
    bases = [*"aăâeêioôơuưy", *"AĂÂEÊIOÔƠUƯY"]
    tones = ["", *"\u0300\u0301\u0303\u0309\u0323"]
    letters = {unicodedata.normalize("NFC", base + tone) for base, tone in itertools.product(bases, tones)} | {*"đĐ"}
    assert letters <= set(TABLES[name])
    assert len(TABLES[name]) == 256
    assert "".join(TABLES[name][code] for code in range(0x20, 0x7F)) == bytes(range(0x20, 0x7F)).decode("ascii")


@pytest.mark.parametrize(
    ("data", "name"), [(b"Vi\xaet Nam, Ti\xaang Vi\xaet", "viscii"), (b"Vi\xd6t Nam, Ti\xd5ng Vi\xd6t", "tcvn5712-1")]
)
def test_tables_agree_with_the_standards(data, name):
    assert decode_as(data, name.upper()) == ("Việt Nam, Tiếng Việt", name, 0)


@pytest.mark.parametrize("length", [25, len(VIETNAMESE)])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_vietnamese_is_told_by_its_syllables(name, length):
    text = VIETNAMESE[:length]
    assert decode(bytes(map(TABLES[name].index, text)), "a.txt")[:2] == (text, name)


def test_vietnamese_of_windows_stays_so():
    decoded = decode(b"Xin g\xfd\xd2i k\xe8m h\xf3a \xf0\xf5n v\xe0 h\xe0ng.", "a.txt")
    assert unicodedata.normalize("NFC", decoded.text) == "Xin gửi kèm hóa đơn và hàng."
    assert decoded.encoding == "cp1258"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "windows-1252"),
        (CZECH, "windows-1250"),
        (CZECH, "iso-8859-2"),
        (SPANISH, "cp437"),
        (f"BMW: {RUSSIAN}", "windows-1251"),
    ],
)
def test_short_texts_in_code_pages(text, encoding):
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    "text", [CZECH, FRENCH, GERMAN, GREEK, RUSSIAN, TURKISH, VIETNAMESE, KOREAN, "Wi-Fi和USB", "5 €", "„so“ und »so«"]
)
def test_nothing_is_odd_about_a_text(text):
    assert oddity(text) == 0


@pytest.mark.parametrize(
    "word", ["remboursй", "aÕr", "ser\xa0 cap", "devoluci╡n", "v‘re", "T\x81", "svobo麵ine", "beza´"]
)
def test_words_of_a_wrong_code_page_are_odd(word):
    assert oddity(word) > 0
