"""Vietnamese code pages, two of which Python has no codec for, told apart by how syllables are spelled."""

from __future__ import annotations

import re
import string
import unicodedata

MIN_WORDS = 3
MIN_ACCENTED_SHARE = 0.33
MIN_SPELLED_SHARE = 0.8
SAMPLE_BYTES = 5_000
_ASCII = "".join(map(chr, range(0x80)))
_VISCII_CAPITALS = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
_TCVN_CAPITALS = dict(zip((0x01, 0x02, 0x04, 0x05, 0x06, *range(0x11, 0x18)), "ÚỤỪỬỮỨỰỲỶỸÝỴ", strict=True))
TABLES = {
    # RFC 1456.
    "viscii": _ASCII.translate(_VISCII_CAPITALS)
    + "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    + "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
    # TCVN 5712:1993, its first set.
    "tcvn5712-1": _ASCII.translate(_TCVN_CAPITALS)
    + "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\xa0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    + "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ",
}
"""What each byte stands for, by the name of the code page."""
_WINDOWS = "cp1258"
_PUNCTUATION = f"{string.punctuation}“”‘’…–—"
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
# An initial, a vowel of one to three letters, a final; its tone is told apart.
_SYLLABLE = re.compile(
    r"(?:ngh?|nh|[ckpt]h|gh|gi?|tr|qu|[bcdđhklmnprstvx])?"
    r"(?:[aăâeêioôơuưy]|a[iouy]|â[uy]|eo|êu|i[aêu]|iêu|o[aăeio]|oa[ioy]|oeo|[ôơ]i"
    r"|u[aâêiôơy]|uây|uôi|uy[aêu]|ư[aiơu]|ươ[iu]|yêu?)"
    r"(?:ch|ng|nh|[cmnpt])?"
)


def vietnamese_code_page(data: bytes) -> str | None:
    """The one in which nearly all words with accents are Vietnamese syllables; None where that is none.

    Args:
        data: A file in a code page, or its start.
    """
    sample = data[:SAMPLE_BYTES]
    shares = {name: _spelled_share(sample.decode("latin-1").translate(table)) for name, table in TABLES.items()}
    shares[_WINDOWS] = _spelled_share(sample.decode(_WINDOWS, "replace"))
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= MIN_SPELLED_SHARE else None


def _spelled_share(text: str) -> float:
    words = [word for piece in unicodedata.normalize("NFC", text).split() if (word := piece.strip(_PUNCTUATION))]
    accented = [word for word in words if not word.isascii()]
    if len(set(accented)) < MIN_WORDS or len(accented) < MIN_ACCENTED_SHARE * len(words):
        return 0.0
    return sum(map(_is_syllable, accented)) / len(accented)


def _is_syllable(word: str) -> bool:
    if not (word.islower() or word.isupper() or word.istitle()):
        return False
    plain, tones = _TONES.subn("", unicodedata.normalize("NFD", word.lower()))
    return tones <= 1 and _SYLLABLE.fullmatch(unicodedata.normalize("NFC", plain)) is not None
