"""Spellings of numbers, units, months and negations in English, Hindi and Hinglish, each under one name.

Hindi words stand as `wording.folded` spells them: no nukta, candrabindu as anusvara.
"""

from __future__ import annotations

from decimal import Decimal


def _table(rows: str) -> dict[str, str]:
    """`name: spelling spelling …` by line, turned around."""
    pairs = (row.split(":") for row in rows.strip().splitlines())
    return {spelling: name.strip() for name, spellings in pairs for spelling in [name.strip(), *spellings.split()]}


NUMBER_WORDS: dict[str, int] = {
    spelling: int(name)
    for spelling, name in _table("""
1: one एक ek
2: two दो
3: three तीन teen
4: four चार chaar char
5: five पांच paanch panch
6: six छह छः छे chhah chhe
7: seven सात saat
8: eight आठ aath
9: nine नौ nau
10: ten दस das
11: eleven ग्यारह gyarah
12: twelve बारह barah
13: thirteen तेरह terah
14: fourteen चौदह chaudah
15: fifteen पंद्रह पन्द्रह pandrah
16: sixteen सोलह solah
17: seventeen सत्रह
18: eighteen अठारह atharah
19: nineteen उन्नीस
20: twenty बीस bees
24: चौबीस chaubis
25: पच्चीस pachchis pachees
30: thirty तीस tees
35: पैंतीस
40: forty चालीस chalis chaalis
45: पैंतालीस paintalis
48: अडतालीस
50: fifty पचास pachas pachaas
60: sixty साठ
70: seventy सत्तर sattar
75: पचहत्तर
80: eighty अस्सी assi
90: ninety नब्बे nabbe
""").items()
    if not spelling.isdigit()
}

MULTIPLIERS: dict[str, int] = {
    spelling: int(name)
    for spelling, name in _table("""
100: hundred सौ
1000: thousand हजार hazaar hazar
100000: lakh lakhs lac लाख laakh
1000000: million
10000000: crore crores करोड karod
""").items()
    if not spelling.isdigit()
}

UNITS: dict[str, str] = _table("""
minute: minutes min mins मिनट
hour: hours hr hrs घंटा घंटे घंटों घण्टे ghanta ghante ghanton
day: days दिन दिनों दिवस din dino dinon
week: weeks सप्ताह हफ्ता हफ्ते हफ्तों hafta hafte
month: months महीना महीने महीनों माह mahina mahine mahino
year: years yr yrs साल सालों वर्ष वर्षों saal varsh
percent: % प्रतिशत फीसदी pratishat feesadi
rupee: ₹ rs re inr rupees रु रुपया रुपये रुपए रूपये रुपयों rupaye rupay rupaya
dollar: $ usd dollars डॉलर
euro: € eur euros यूरो
pound: £ gbp
kilogram: kg kgs kilo kilos kilograms किलो किग्रा किलोग्राम
gram: g gm gms grams ग्राम
kilometre: km kms kilometres kilometers किमी किलोमीटर
metre: m metres meters मीटर
centimetre: cm cms centimetres centimeters सेमी सेंटीमीटर
megabyte: mb
gigabyte: gb
terabyte: tb
watt: w watts
litre: l litres liters लीटर
millilitre: ml मिली मिलीलीटर
""")

# Units of one kind are compared in the smallest: a week is 7 days. A month is no fixed number of days.
KINDS: dict[str, tuple[str, Decimal]] = {
    "minute": ("time", Decimal(1)),
    "hour": ("time", Decimal(60)),
    "day": ("time", Decimal(1440)),
    "week": ("time", Decimal(10080)),
    "month": ("months", Decimal(1)),
    "year": ("months", Decimal(12)),
    "gram": ("mass", Decimal(1)),
    "kilogram": ("mass", Decimal(1000)),
    "centimetre": ("length", Decimal(1)),
    "metre": ("length", Decimal(100)),
    "kilometre": ("length", Decimal(100000)),
    "megabyte": ("storage", Decimal(1)),
    "gigabyte": ("storage", Decimal(1024)),
    "terabyte": ("storage", Decimal(1048576)),
    "millilitre": ("volume", Decimal(1)),
    "litre": ("volume", Decimal(1000)),
}

# Signs of a currency stand before the number or after it, and its short names too.
PREFIX_SIGNS = frozenset("₹$€£")
_PREFIX_WORDS = "rs re inr usd eur gbp रु"
PREFIX_WORDS = frozenset(_PREFIX_WORDS.split())
# Words that may stand between a number and its unit ("7 working days").
_UNIT_FILLERS = "working business calendar consecutive full कार्य कार्यकारी कामकाजी पूरे kaam ke kary"
UNIT_FILLERS = frozenset(_UNIT_FILLERS.split())
# Words between a number and what it counts ("three or more guests", "तीन से अधिक मेहमान").
_COMPARATORS = "or more less than exceeding undercutting से अधिक ज्यादा कम se zyada kam"
COMPARATORS = frozenset(_COMPARATORS.split())
_RANGE_WORDS = "to or and se या से और ya aur upto"
RANGE_WORDS = frozenset(_RANGE_WORDS.split())

MONTHS: dict[str, int] = {
    spelling: int(name)
    for spelling, name in _table("""
1: january jan जनवरी janvari
2: february feb फरवरी farvari
3: march mar मार्च
4: april apr अप्रैल aprail
5: may मई
6: june jun जून
7: july jul जुलाई julai
8: august aug अगस्त agast
9: september sep sept सितंबर सितम्बर sitambar
10: october oct अक्टूबर अक्तूबर aktubar
11: november nov नवंबर नवम्बर navambar
12: december dec दिसंबर दिसम्बर disambar
""").items()
    if not spelling.isdigit()
}

_NEGATIONS = """
no not never none neither nor nobody nothing without cannot unable unless
नहीं न ना मत बिना बगैर nahi nahin nahee nai bina bagair
"""
_DENIALS = """
non impossible unavailable prohibited forbidden banned excluded void invalid closed shut
असंभव वर्जित निषिद्ध गैर मना मनाही प्रतिबंधित बंद बन्द band mana
"""
NEGATIONS = frozenset(_NEGATIONS.split())
# Words that deny by themselves: what is closed is not open, and what is not closed is.
DENIALS = frozenset(_DENIALS.split())
# "mat karo" denies, a yoga mat does not.
NEGATED_PHRASES = r"\bmat (?:kar|de|le|ja|bhej|bhar|use|bata|rakh)\w*"
# Phrases that hold a negation and deny nothing.
NEUTRAL_PHRASES = (
    r"\bnot only\b|\bno (?:later|more|less|fewer) than\b|\bnot (?:later|more|less) than\b"
    r"|\bno (?:extra |additional )?(?:charges?|costs?|fees?)\b|\bno (?:problem|doubt|matter)\b"
    r"|\bwithout (?:extra |additional )?(?:charges?|costs?|fees?)\b|\bbina (?:kisi )?(?:charge|shulk|fees?)\b"
    r"|(?:बिना|बगैर)(?: किसी)? (?:अतिरिक्त )?शुल्क|\b(?:do|does|are|is|will) not (?:be )?(?:pay|charged?)\b"
    r"|न केवल|न सिर्फ|नहीं तो|\bna sirf\b"
)

QUANTITY_WORDS: frozenset[str] = frozenset({*NUMBER_WORDS, *MULTIPLIERS, *UNITS, *MONTHS})
