"""Words that make another statement of one when they stand for each other: opposites, and members of one kind."""

from __future__ import annotations

import re
from itertools import permutations

from konverze_indexes.terms import words
from konverze_rag.answering.wording import folded, stem

_KINDS = """
before / after
include included inclusive / exclude excluded exclusive extra
minimum least / maximum most
mandatory compulsory required / optional voluntary
half / full whole
increase raise / decrease reduce
accept accepted / reject rejected refuse refused
above over / below under
morning / evening
weekday weekdays / weekend weekends
prepaid / postpaid
free / paid chargeable
मुफ्त निशुल्क / सशुल्क
buyer customer / seller
refundable / nonrefundable
earlier / later
आधा आधी आधे / पूरा पूरी पूरे
पहले / बाद
अनिवार्य जरूरी / वैकल्पिक
न्यूनतम / अधिकतम
सुबह / शाम रात
शामिल / अलग अतिरिक्त
ऊपर अधिक ज्यादा / नीचे कम
स्वीकार / अस्वीकार
pehle / baad
aadha aadhi / poora poori pura puri
subah / shaam sham raat
zyada jyada / kam
daily दैनिक रोज़ roz / weekly साप्ताहिक / fortnightly पाक्षिक
/ monthly मासिक / quarterly त्रैमासिक तिमाही
/ annual annually yearly वार्षिक
monday सोमवार somvar / tuesday मंगलवार mangalvar
/ wednesday बुधवार budhvar / thursday गुरुवार बृहस्पतिवार guruvar
/ friday शुक्रवार shukravar / saturday शनिवार shanivar
/ sunday रविवार इतवार ravivar itvaar
men man male पुरुष पुरुषों purush purushon
/ women woman female ladies महिला महिलाओं mahila mahilaon
/ child children kids बच्चा बच्चे बच्चों bachche bachchon
senior seniors वरिष्ठ / adult adults वयस्क
aadhaar aadhar आधार / pan पैन / passport पासपोर्ट / voter वोटर
online ऑनलाइन आनलाइन / offline ऑफलाइन आफलाइन
least / less fewer
first पहला पहली / second दूसरा दूसरी दूसरे dusra dusre
/ third तीसरा तीसरी तीसरे teesra teesre / fourth चौथा चौथी चौथे
/ fifth पांचवां / last
eighth आठवीं / ninth नौवीं / tenth दसवीं / twelfth बारहवीं
north / south / east / west
left / right
debit / credit
deposit / withdrawal withdraw
domestic घरेलू / international
domestic घरेलू / commercial व्यावसायिक
new नया नए नई / old पुराना पुराने पुरानी
single / double
veg vegetarian शाकाहारी / nonveg nonvegetarian मांसाहारी
ground / top
incoming / outgoing
indoor / outdoor
buy purchase / sell sale
start starts begin begins शुरू shuru / end ends समाप्त खत्म khatam
arrival arrive / departure depart
customer customers user users / administrator administrators admin admins
hotel होटल / airline एयरलाइन / railway रेलवे
cash नकद nakad / cheque चेक / card कार्ड
"""


def _form(word: str) -> str:
    """The word without its inflection; but "monthly" is no month."""
    bare = folded(word)
    return bare if bare.endswith("ly") else stem(bare)


def _contraries() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in _KINDS.strip().replace("\n/ ", " / ").splitlines():
        members = [frozenset(map(_form, side.split())) for side in row.split("/")]
        for one, other in permutations(members, 2):
            found |= {word: found.get(word, frozenset[str]()) | other for word in one}
    return found


_CONTRARIES = _contraries()
_WHO = re.compile(r"\b(we|you) (\w+)")
_OTHERS = {"we": "you", "you": "we"}


def says_the_contrary(claim: str, source: str) -> bool:
    """Whether the source lacks a word of the claim and has its opposite instead, or has others do what it says."""
    ours, theirs = (frozenset(match.groups() for match in _WHO.finditer(text.casefold())) for text in (claim, source))
    if any((_OTHERS[who], what) in theirs and (who, what) not in theirs for who, what in ours):
        return True
    claimed, said = _forms(claim), _forms(source)
    return any(_CONTRARIES[word] & said - claimed for word in claimed - said if word in _CONTRARIES)


def _forms(text: str) -> frozenset[str]:
    return frozenset(map(_form, words(text)))
