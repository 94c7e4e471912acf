"""Code pages of Chinese, Japanese and Korean, told from each other by the characters that every text is full of."""

from __future__ import annotations

import codecs
import re

MIN_CHARS = 4
MIN_FREQUENT_SHARE = 0.5
MIN_WRITTEN_SHARE = 0.25
SAMPLE_BYTES = 20_000
_HAN = frozenset(
    "的一是不了在人有我他这個个们中来大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么"
    "去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业"
    "外将两高间由问很最重并物手应向头文体政美相见被利二等产或新己制身果加西月话合回特代内信表化老给世位次度门任常先海通教原东声提立及比员解"
    "水名真论处走入几口认条平系气题活更别打女变四总何电数安少报才结反受目太量再感建务做接必场件计管期市直资命山金指统区保至社空治展书非光"
    "這們來為國說時會對發後裡過種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應頭體見產製話給門東聲員論處條氣題總電數報結務場計統"
    "區書網頁請簡繁会議連五党今選米円京氏調田八六約首期七野協取思県続改記院初北午権界支百派済府原際査勝面委告近千考判画参売組案策集団側引求半品"
    "昨死官増係投示男基私各始島朝価式確村運終挙勢減台広容応演歳住争談流局放税検町校料状語営職証止送援供役構木聞費付施切説転食難防補車日本図当字"
    "漢読変"
)
_HANGUL = frozenset(
    "이다는을의에가하고지로한은기도를사리대자인어서들나시일아니해그정전제있과으수부보원주장구상만라게동안조여면무성소비스적것데모우진세유국오"
    "화선위했신문회경공금관내용실산분년월명재학물요연결업양방계음까생당개행입중치트미반운프마식약호민발심각교현단거터저할습되된였없않때말"
)
_KANA = frozenset(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC)))
_FREQUENT_ANYWHERE = _HAN | _HANGUL | _KANA
_FREQUENT = {
    "gb18030": _HAN,
    "big5hkscs": _HAN,
    "cp932": _HAN | _KANA,
    "euc_jp": _HAN | _KANA,
    "cp949": _HANGUL,
    "johab": _HANGUL,
}
_EAST_ASIAN = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_OTHER_LETTERS = re.compile("[^\\W\\d_\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


def east_asian_code_page(data: bytes) -> str | None:
    """The one in which the text is full of the characters that are frequent in its language; None where that is none.

    Args:
        data: A file in a code page, or its start.
    """
    shares = {encoding: _share_in(data[:SAMPLE_BYTES], encoding) for encoding in _FREQUENT}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= MIN_FREQUENT_SHARE else None


def is_written(text: str) -> bool:
    """Whether enough of its Han, kana and Hangul, if any, are frequent; bytes of something else give rare ones."""
    characters = _EAST_ASIAN.findall(text)
    return not characters or _frequent_share(characters, _FREQUENT_ANYWHERE) > MIN_WRITTEN_SHARE


def _share_in(data: bytes, encoding: str) -> float:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)  # the sample may end inside a character
    except UnicodeDecodeError:
        return 0.0
    characters = _EAST_ASIAN.findall(text)
    is_mostly = len(characters) >= max(MIN_CHARS, len(_OTHER_LETTERS.findall(text)))
    return _frequent_share(characters, _FREQUENT[encoding]) if is_mostly else 0.0


def _frequent_share(characters: list[str], frequent: frozenset[str]) -> float:
    return sum(map(frequent.__contains__, characters)) / len(characters)
