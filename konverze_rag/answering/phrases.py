"""Phrases that say in several words what others say in one, each brought into one form before texts are compared.

What is free is told as a price of 0, so that it can stand against another price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import regex

from konverze_rag.answering.quantities import NUMBER_WORDS
from konverze_rag.answering.wording import folded

_Form: TypeAlias = str | Callable[[regex.Match[str]], str]
Triggers: TypeAlias = Sequence[tuple[str, Sequence[int]]]
"""What a text must hold for some phrases to be looked for, and which."""

_MINUTES_BY_FRACTION = {"साढे": 30, "सवा": 15, "पौने": -15, "saadhe": 30, "sadhe": 30, "sava": 15, "paune": -15}
_MINUTES_AN_HOUR = 60
_FREE, _ALWAYS, _EXTRA, _LEAST, _MOST = " free ₹0 ", " always ", " extra ", " at least ", " at most "
_NUMBER = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_AMOUNT = rf" (?:of )?(?:rs\.? ?|[₹$])?(?:\d|{'|'.join(word for word in NUMBER_WORDS if word.isascii())})"
_COST = r"(?:charges?|costs?|fees?|payments?|surcharges?)"
_MORE = r"(?:any )?(?:extra |additional |separate |further )?"
_LIMIT = r"(?:more than|over|above|beyond|in excess of)"
_DENIED = r"(?:never|cannot|(?:do|does|must|may|will|can|is|are)(?: not|n't))"
_HINDI_COST = r"(?:शुल्क|पैसा|पैसे|खर्च|चार्ज|फीस|किराया)"
_HINDI_MORE = r"(?:अतिरिक्त |अलग |अलग से |भी |सेवा )*"
_HINDI_NONE = rf"(?:कोई|अलग से|अलग|अतिरिक्त) {_HINDI_MORE}"
_HINDI_UNPAID = rf"{_HINDI_COST} नहीं(?= (?:देना|लिया|लगता|लगेगा|लगते|देने))"
_HINDI_TAIL = r"(?: (?:देना|लिया|लगता|लगेगा|देने|लगते))?(?: (?:होगा|होता|पडता|पडेगा|जाता|जाएगा))?"
_FRACTION = (
    rf"(?<!\w|\p{{M}})(?P<fraction>{'|'.join(_MINUTES_BY_FRACTION)}) (?P<number>[0-9०-९]+|{_NUMBER})(?!\w|\p{{M}})"
)
_SURETY = "(?:guarantee|warranty|policy)"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_ENDS = r"(?!\w|\p{M})"
# "within a month" is a time, "a month's notice" too.
_EACH = r"(?<!(?:within|in|after|for|least|most|than|of) )\b(?:per|each|every|a)"
# "patients above 60" limits the patients, not what is denied of them.
_NO_ATTRIBUTE = r"(?! (?:का|के|की|वाला|वाले|वाली|उम्र|आयु)(?!\w|\p{M}))"
_NO_GENITIVE = r"\b(?!['’])"


def _value(number: str) -> int:
    return int(number) if number.isdigit() else NUMBER_WORDS[number.casefold()]


def _minutes(match: regex.Match[str]) -> int:
    return _value(match["number"]) * _MINUTES_AN_HOUR + _MINUTES_BY_FRACTION[match["fraction"].casefold()]


def _clock(match: regex.Match[str]) -> str:
    hours, minutes = divmod(_minutes(match), _MINUTES_AN_HOUR)
    return f"{hours}:{minutes:02}"


# What a text must hold for the phrase to be looked for, the form, the phrase. A later one may hold an earlier form.
_FREE_OF_CHARGE: tuple[tuple[str, _Form, str], ...] = (
    ("free", _FREE, rf"\bfree of {_COST}\b"),
    ("no without", _FREE, rf"\b(?:(?:at|for|with) no|without) {_MORE}{_COST}\b"),
    ("no", _FREE, rf"\b(?:there is|there are|incurs?|has|have|bears?) no {_MORE}{_COST}\b"),
    ("no", _FREE, rf"\bno {_MORE}{_COST} (?:is|are|will be|applies|apply|for)\b"),
    ("nothing", _FREE, r"\b(?:pay|pays|costs?|charged) (?:you |us )?nothing(?: extra| more| for)?\b"),
    ("nothing", _FREE, r"\bnothing (?:extra |more )?(?:is charged|to pay)\b"),
    (
        "pay charge",
        _FREE,
        r"\b(?:do|does|did|will|need|are|is)(?: not|n't) (?:have to |be )?(?:pay|charged?)(?: extra| anything)*\b",
    ),
    ("बिना बगैर", _FREE, rf"(?:बिना|बगैर)(?: किसी)? {_HINDI_MORE}{_HINDI_COST}(?: के)?{_ENDS}"),
    (
        "नहीं न",
        _FREE,
        rf"(?:का |के |की |पर |लिए )*(?:{_HINDI_NONE}{_HINDI_COST} (?:नहीं|न)|{_HINDI_UNPAID}){_HINDI_TAIL}{_ENDS}",
    ),
    ("bina", _FREE, r"\bbina (?:kisi )?(?:extra )?(?:charge|shulk|fees?|paise)(?: ke)?\b"),
    ("nahi", _FREE, r"\bkoi (?:extra )?(?:charge|shulk|fees?|paisa) nahin?\b|\bkuch nahi (?:katega|lag\w+|dena)\b"),
    ("free compl gratis muft", _FREE, r"(?<!₹0 )\b(?:complimentary|gratis|muft|free)\b(?! ₹0)"),
    ("मुफ्त शुल्क", _FREE, rf"(?<!\w|\p{{M}})(?:मुफ्त|निशुल्क|निःशुल्क){_ENDS}"),
)
_INCLUDED: tuple[tuple[str, _Form, str], ...] = (
    ("part", "is included in", r"\b(?:is|are) (?:already )?(?:a )?part of\b"),
    (
        "includ",
        r"included \g<what>",
        r"\bincluded in (?:the|your|this|its) (?P<what>\w+ )?(?:fee|price|rent|fare|rate|cost|charge)s?\b",
    ),
    ("शामिल", "शामिल", r"(?:किराये|किराए|शुल्क|फीस|कीमत|खर्च|दाम) में (?:ही )?शामिल"),
    (
        "but",
        r"\g<verb> \g<what>\g<rest>, but \g<who> is not \g<what>",
        r"\b(?P<verb>is|are) (?P<what>\w+ed)\b(?P<rest>[^.;]*), but (?P<who>[^.;]*?) (?:is|are) not(?=[.;]|$)",
    ),
    (
        "includ cover",
        _EXTRA,
        rf"(?<!{_SURETY} )\b(?:do|does|is|are)(?: not|n't) (?:be )?(?:included?|covered by the (?:price|fee))\b",
    ),
    ("added", _EXTRA, r"\badded to (?:the|your|these|all)(?: \w+)? (?:prices?|bills?|fees?|rents?|amounts?|fares?)\b"),
    ("top addition separately", _EXTRA, r"\bon top of\b|\bin addition to\b|\bseparately\b"),
    ("शामिल अलग", " अतिरिक्त ", rf"शामिल (?:नहीं|न)|अलग से{_ENDS}"),
    ("nahi", _EXTRA, r"\b(?:shaamil|shamil|included?) nahi\b"),
)
_LIMITS: tuple[tuple[str, _Form, str], ...] = (
    ("than", _MOST, r"\b(?:no|not) (?:more|later) than\b"),
    ("exceed", _MOST, r"\bnot exceeding\b|\b(?:never|cannot|(?:do|does|must|may|will|can) not|n't) exceeds?\b"),
    ("most latest maximum", _MOST, r"\bat the (?:most|latest)\b|\b(?:a )?maximum of\b"),
    (
        "not never n't",
        rf"\g<rest>{_MOST}",
        rf"\b{_DENIED}(?P<rest>(?: \w+){{0,4}}?) {_LIMIT}(?= \w+| [₹$])",
    ),
    (
        "not",
        rf"{_MOST}\g<what> \g<verb>",
        rf"\b{_LIMIT} (?P<what>\S+(?: \w+)?) (?P<verb>is|are|may|can|will|must) ?not\b",
    ),
    (
        "than least minimum",
        _LEAST,
        r"\b(?:no|not) (?:less|fewer|earlier) than\b|\bat the least\b|\b(?:a )?minimum of\b",
    ),
    ("से", r"अधिकतम\g<rest>", rf"से (?:ज्यादा|अधिक|ऊपर){_NO_ATTRIBUTE}(?P<rest>[^।;]{{0,40}}?) (?:नहीं|न){_ENDS}"),
    ("से", r"कम से कम\g<rest>", rf"से कम{_NO_ATTRIBUTE}(?P<rest>[^।;]{{0,40}}?) (?:नहीं|न){_ENDS}"),
    ("nahi", r"zyada se zyada\g<rest>", r"\bse (?:zyada|jyada)(?P<rest>[^.;]{0,40}?) nahi\b"),
    ("than", " exceeding ", r"\b(?:can|may|will|could) (?:be |go )?(?:higher|more|greater) than\b"),
    ("than", " exceeding ", rf"\b(?:more|older|longer|heavier|greater|later|higher) than(?={_AMOUNT})"),
    ("above over exceeding", " exceeding ", rf"\b(?:above|over|exceeding)(?={_AMOUNT})"),
    ("than", " undercutting ", rf"\b(?:less|younger|shorter|lighter|fewer|lower) than(?={_AMOUNT})"),
    ("below under", " undercutting ", rf"\b(?:below|under)(?={_AMOUNT})"),
    ("से", "से exceeding ", rf"से (?:अधिक|ज्यादा|ऊपर|बडे|पुराने){_ENDS}"),
    ("से", "से undercutting ", rf"(?<!कम )से (?:कम(?! से कम)|छोटे|नीचे){_ENDS}"),
    ("se", "se exceeding ", r"\bse (?:zyada|jyada|upar)\b(?! se)"),
    ("se", "se undercutting ", r"(?<!kam )\bse (?:kam|neeche)\b"),
    ("कम kam", _LEAST, r"कम से कम|\bkam se kam\b"),
    ("or", r"at least \g<what>", r"\b(?P<what>\d+(?: \w+)?) or (?:more|older|above|over)\b"),
    (
        "any as",
        " unlimited ",
        r"\b(?:any number of|as (?:many|often|much)(?: \w+)? as (?:you|they) (?:like|want|wish))\b",
    ),
    ("भी चाहें", " unlimited ", r"(?:कितनी|कितने|जितनी|जितने) (?:भी|चाहें)"),
)
_TIMES: tuple[tuple[str, _Form, str], ...] = (
    ("between", r"from \g<start> to ", r"\bbetween (?P<start>\S*\d\S*(?: \S+)?) and (?=\S*\d)"),
    ("time", r"\g<rest> late ", r"\b(?:not|n't)(?P<rest>(?: \w+){0,3}) (?:on|in) time\b"),
    ("समय", r"देर\g<rest>", rf"समय पर(?P<rest>(?: \S+){{0,2}}?) (?:नहीं|न){_ENDS}"),
    ("clock 24", _ALWAYS, r"\b(?:around|round) the clock\b|\b24 ?[x×/] ?7\b|\b24 hours a day\b"),
    ("hour night", _ALWAYS, r"\b(?:any|every) hour(?: of the day)?(?: (?:and|or) night)?\b|\bday (?:and|or) night\b"),
    ("whenever any", _ALWAYS, r"\bwhenever (?:you|they) (?:like|want|wish)\b|\b(?:at )?any ?time\b"),
    ("घंट दिन भी चाहें", _ALWAYS, rf"चौबीसों घंटे|दिन[- ]रात{_ENDS}|24 घंटे (?=खुल|उपलब्ध|चालू)|कभी भी|जब चाहें(?: तब)?"),
    ("kabhi", _ALWAYS, r"\bkabhi bhi\b"),
    (
        "money",
        "returned in full",
        r"\b(?:gets?|receives?|returns?) (?:you )?all (?:of )?(?:your|their|the|his|her) money(?: back)?\b",
    ),
    ("unless", "except on", r"\bunless (?:it is|it's|it falls on)(?: an?| on)?\b"),
    ("noon", "12:00", r"\b(?:12 )?noon\b"),
    ("midnight", "0:00", r"\b(?:12 )?midnight\b"),
    (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        lambda match: f"{_value(match['tens']) + _value(match['ones'])}",
        rf"\b(?P<tens>(?:twen|thir|for|fif|six|seven|eigh|nine)ty)[- ](?P<ones>{_ONES})\b",
    ),
    ("back", r"returned\g<rest>", r"\b(?:receives?|gets?)(?P<rest>(?: \S+){1,6}?) back\b"),
    (
        "back",
        "returned",
        r"\b(?:taken?|takes|gave|given?|gives|paid|pays?|sent|sends?|got|gets?) (?:it |them |the \w+ )?back\b",
    ),
    (
        "once",
        r"\g<0> onetime",
        r"\b(?:charged|paid|payable|levied|due|billed) (?:only )?once\b(?! (?:an?|every|per|each)\b)",
    ),
    ("two", "twice", r"\btwo times\b"),
    (" साढ सवा पौने sa pau", _clock, rf"{_FRACTION}(?= (?:(?:से|se) (?:\S+ ){{1,2}})?(?:बजे|baje))"),
    ("साढ सवा पौने sa pau", lambda match: f"{_minutes(match) / _MINUTES_AN_HOUR:g}", _FRACTION),
    (
        "बजे baje clock am pm a.m p.m",
        lambda match: f"{_value(match['word'])} ",
        rf"(?<!\w|\p{{M}})(?P<word>{_NUMBER}) (?=बजे|baje\b|o'?clock|[ap]\.?m\b)",
    ),
    ("quarter", "45 minutes", r"\bthree[- ]quarters of an hour\b"),
    ("quarter", "15 minutes", r"\b(?:a )?quarter of an hour\b"),
    ("half", "90 minutes", r"\b(?:one |an )?hour and a half\b|\bone and a half hours\b"),
    ("half aadh", "30 minutes", r"\bhalf an hour\b|\bhalf[- ]hour\b|\baadh[ea] ghant[ea]\b"),
    ("आध", "30 मिनट", r"आध[ेा] घंट[ेा]"),
    ("quarter", "25% of", r"\b(?:a |one )quarter of\b"),
    ("tenth", "10% of", r"\b(?:a |one )tenth of\b"),
    ("fifth", "20% of", r"\b(?:a |one )fifth of\b"),
    ("fortnight", "14 days", r"\ba fortnight\b"),
    ("dozen", "12", r"\ba dozen\b"),
    ("चौथाई", "75%", r"तीन[- ]चौथाई"),
    ("चौथाई", "25%", r"(?:एक[- ])?चौथाई"),
    ("डेढ dedh", "1.5", rf"(?<!\w|\p{{M}})(?:डेढ|dedh){_ENDS}"),
    ("ढाई dha", "2.5", rf"(?<!\w|\p{{M}})(?:ढाई|dhaa?i){_ENDS}"),
)
_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:som|mangal|budh|guru|shukr?a?|shani|ravi)va?a?r"
_HINDI_WEEKDAYS = "सोमवार|मंगलवार|बुधवार|गुरुवार|शुक्रवार|शनिवार|रविवार"
_PERIODS: tuple[tuple[str, _Form, str], ...] = (
    ("day var vaar", r"\g<day>", rf"\b(?:every|each|har) (?P<day>{_WEEKDAYS})\b"),
    ("वार", r"\g<day>", rf"हर (?P<day>{_HINDI_WEEKDAYS})"),
    (
        "ahead advance before prior earlier later",
        r"1 \g<unit> \g<when>",
        r"\ban? (?P<unit>hour|day|week|month|year) (?P<when>ahead|in advance|before(?:hand)?|prior|earlier|later)\b",
    ),
    ("twice months दो", " half-yearly ", r"\b(?:twice a year|every (?:six|6) months)\b|(?:साल|वर्ष) में दो बार"),
    ("एक", r"प्रति \g<unit>", r"(?<!\w|\p{M})एक (?P<unit>घंटे|किलोमीटर|किलो|लीटर) (?:के लिए|का|के|की)(?= ₹?\d)"),
    ("friday", r"\g<0> weekdays", r"\bmonday to friday\b"),
    ("शुक्रवार", r"\g<0> कार्यदिवस", r"सोमवार से शुक्रवार"),
    (
        "within in after before for least most than until",
        r"\g<when> 1 \g<unit>",
        r"\b(?P<when>within|in|after|before|for|least|most|than|until) an? (?P<unit>(?:hour|day|week|month|year)\b)",
    ),
    ("साल वर्ष", " yearly ", r"(?:साल|वर्ष) में एक बार"),
    ("मही माह", " monthly ", r"(?:महीने|माह) में एक बार"),
    ("month", " monthly ", rf"{_EACH} month{_NO_GENITIVE}"),
    ("माह मही", " monthly ", r"प्रति (?:माह|महीने|महीना)|हर (?:माह|महीने)(?: के)?"),
    ("mahin", " monthly ", r"\b(?:har|per) mahine?\b|\b(?:per )?mahina\b"),
    ("week", " weekly ", rf"{_EACH} week{_NO_GENITIVE}"),
    ("सप्ताह हफ्ते haft", " weekly ", r"(?:प्रति|हर) (?:सप्ताह|हफ्ते)|\bhar hafte\b"),
    ("year annum", " yearly ", rf"{_EACH} (?:year|annum){_NO_GENITIVE}"),
    ("साल वर्ष saal", " yearly ", r"(?:प्रति|हर) (?:साल|वर्ष)|सालाना|साल भर|\bhar saal\b|\bsaalana\b"),
    ("day", " daily ", rf"{_EACH} day{_NO_GENITIVE}"),
    ("दिन रोज roz din", " daily ", r"(?:प्रति ?|हर )दिन|रोजाना|\b(?:har din|rozana|roz)\b"),
    ("quarter तिमाही", " quarterly ", r"\b(?:per|each|every|a) quarter\b|हर तिमाही"),
    ("half", "half-yearly", r"\bhalf a year(?: of)?\b"),
)
_ROWS = (*_FREE_OF_CHARGE, *_INCLUDED, *_LIMITS, *_TIMES, *_PERIODS)
_REWRITES = [(regex.compile(pattern, regex.IGNORECASE), form) for _, form, pattern in _ROWS]
_TRIGGERS: Triggers = [
    (trigger, [place for place, (triggers, *_) in enumerate(_ROWS) if trigger in triggers.split()])
    for trigger in dict.fromkeys(trigger for triggers, *_ in _ROWS for trigger in triggers.split())
]


def triggers_in(text: str, triggers: Triggers = _TRIGGERS) -> Triggers:
    """Those of the triggers that stand in a text; no others stand in its parts."""
    known = folded(text).casefold()
    return [found for found in triggers if found[0] in known]


def plainly(text: str, triggers: Triggers = _TRIGGERS) -> str:
    """The text with phrases of one meaning in one form: what is free, what is included, limits, times, periods.

    Args:
        text: A sentence or more.
        triggers: Of the phrases that may be in it.
    """
    plain = folded(text)
    found = {place for _, places in triggers_in(plain, triggers) for place in places}
    for place in sorted(found):
        pattern, form = _REWRITES[place]
        plain = pattern.sub(form, plain)
    return plain
