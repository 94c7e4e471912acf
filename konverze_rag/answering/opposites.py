"""Words that turn a statement into its contrary when one stands for the other: English, Hindi, Hinglish."""

from __future__ import annotations

from konverze_indexes.terms import words
from konverze_rag.answering.wording import folded, stem

_PAIRS = """
open opened / close closed shut
before / after
include included inclusive / exclude excluded exclusive extra
minimum least / maximum most
mandatory compulsory required / optional voluntary
half / full whole
free / paid chargeable
allowed permitted / prohibited banned forbidden
increase raise / decrease reduce
accept accepted / reject rejected refuse refused
above over / below under
morning / evening
weekday weekdays / weekend weekends
daily / weekly
prepaid / postpaid
buyer customer / seller
refundable / nonrefundable
earlier / later
with / without
खुला खुली खुले खुलता खुलती / बंद बन्द
आधा आधी आधे / पूरा पूरी पूरे
पहले / बाद
मुफ्त निशुल्क / सशुल्क
अनिवार्य जरूरी / वैकल्पिक
न्यूनतम / अधिकतम
सुबह / शाम रात
शामिल / अलग अतिरिक्त
ऊपर अधिक ज्यादा / नीचे कम
स्वीकार / अस्वीकार
khula khuli khulta / band
pehle / baad
aadha aadhi / poora poori pura puri
subah / shaam sham raat
zyada jyada / kam
"""


def _contraries() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in _PAIRS.strip().splitlines():
        left, right = (frozenset(map(stem, side.split())) for side in row.split("/"))
        for one, other in ((left, right), (right, left)):
            found |= {word: found.get(word, frozenset[str]()) | other for word in one}
    return found


_CONTRARIES = _contraries()


def says_the_contrary(claim: str, source: str) -> bool:
    """Whether the source lacks a word of the claim and has its opposite instead."""
    claimed, said = _stems(claim), _stems(source)
    return any(_CONTRARIES[word] & said - claimed for word in claimed - said if word in _CONTRARIES)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(folded(word)) for word in words(text))
