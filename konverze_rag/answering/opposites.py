"""Words that make another statement of one when they stand for each other: opposites, and members of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from konverze_indexes.terms import words
from konverze_rag.answering.meanings import form as bare_form

_KINDS = """
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
free / paid chargeable charge charges charged fee fees शुल्क चार्ज shulk
मुफ्त निशुल्क / सशुल्क
buyer customer / seller
refundable / nonrefundable
earlier / later
आधा आधी आधे / पूरा पूरी पूरे
अनिवार्य जरूरी / वैकल्पिक
न्यूनतम / अधिकतम
सुबह / शाम रात
शामिल / अलग अतिरिक्त
ऊपर अधिक ज्यादा / नीचे कम
स्वीकार / अस्वीकार
aadha aadhi / poora poori pura puri
subah / shaam sham raat
zyada jyada / kam
onetime / yearly monthly weekly quarterly daily annual annually
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
also too even भी / except excluding छोड़कर सिवाय
least / less fewer undercutting
exceeding / undercutting
exceeding / most
keep kept / return returned
full whole पूरा पूरी पूरे poora poori / low reduced partial कम kam
customer ग्राहक उपभोक्ता grahak client / bank company बैंक कंपनी
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
new नया नए नई / old used पुराना पुराने पुरानी
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
any anyone everyone anybody everybody / only solely
customer user ग्राहक उपभोक्ता / driver चालक chaalak / department विभाग vibhag
"""

# "पहला" is the first, "पहले" is before.
_FIRST = {"पहला": "first", "पहली": "first"}


def form(word: str) -> str:
    """The word without its inflection, told apart where that makes another word of it."""
    return _FIRST.get(word) or bare_form(word)


def _contraries() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in _KINDS.strip().replace("\n/ ", " / ").splitlines():
        members = [frozenset(map(form, side.split())) for side in row.split("/")]
        for one, other in permutations(members, 2):
            found |= {word: found.get(word, frozenset[str]()) | other for word in one}
    return found


_CONTRARIES = _contraries()
_BEFORE, _AFTER = "before", "after"
_ORDERS = {"before": _BEFORE, "पहले": _BEFORE, "pehle": _BEFORE, "after": _AFTER, "बाद": _AFTER, "baad": _AFTER}
_FORMS_OF_ORDERS = frozenset(map(form, _ORDERS))
_BETWEEN = "the a an your our its their of के से ke se करने होने karne hone दिन बजे"
_LINKS = frozenset(_BETWEEN.split())
_PREFIXES = ("un", "non")
_WHO = re.compile(r"\b(we|you) (\w+)")
_OTHERS = {"we": "you", "you": "we"}


def are_contrary(one: str, other: str) -> bool:
    """Whether two words exclude each other, or are of one kind: days, genders, ways to pay."""
    return form(other) in _CONTRARIES.get(form(one), ())


@dataclass(frozen=True, slots=True)
class Stance:
    """What of a text can stand against another one.

    Attributes:
        forms: All its words without inflection.
        doers: Who does what: "we", "you", with the word behind.
        orders: What is before or after what.
    """

    forms: frozenset[str]
    doers: frozenset[tuple[str, str]]
    orders: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, text: str) -> Stance:
        """The stance of a text."""
        doers = frozenset((match[1], match[2]) for match in _WHO.finditer(text.casefold()))
        said = words(text)
        forms = frozenset(map(form, said))
        return cls(forms - _FORMS_OF_ORDERS, doers, frozenset(_orders(said)))

    def opposes(self, source: Stance) -> bool:
        """Whether the source lacks a word of this and has its opposite instead, or has others do what this says."""
        if any((_OTHERS[who], what) in source.doers and (who, what) not in source.doers for who, what in self.doers):
            return True
        if any(self._is_turned(order, what, source) for order, what in self.orders):
            return True
        missing, instead = self.forms - source.forms, source.forms - self.forms
        return any(not instead.isdisjoint(_CONTRARIES[word]) for word in missing if word in _CONTRARIES)

    def _is_turned(self, order: str, what: str, source: Stance) -> bool:
        """Whether the source has the contrary of an order ("before" for "after"), and has not this one."""
        others = {thing for other, thing in source.orders if other != order}
        if any(thing == what for other, thing in source.orders if other == order) or not others:
            return False
        is_known = what in source.forms
        return what in others or (not is_known and not any(other == order for other, _ in source.orders))

    def reverses(self, source: Stance) -> bool:
        """Whether one says "opened" where the other says "unopened"."""
        missing, instead = self.forms - source.forms, source.forms - self.forms
        return any(
            f"{prefix}{word}" in instead or (word.startswith(prefix) and word.removeprefix(prefix) in instead)
            for word in missing
            for prefix in _PREFIXES
        )


def _orders(said: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What stands behind "before" and "after", and before "पहले" and "बाद"."""
    for place, word in enumerate(said):
        order = _ORDERS.get(word)
        if order:
            side = said[place + 1 :] if word.isascii() and word in {_BEFORE, _AFTER} else said[:place][::-1]
            yield order, next((form(other) for other in side if other not in _LINKS), "")
