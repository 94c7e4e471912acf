"""What sort of figure a question asks for, and whether a sentence has one."""

from __future__ import annotations

import regex

from konverze_rag.answering.facts import facts

_TIME = regex.compile(
    r"\b(?:how (?:long|soon|often)|when|what (?:time|date)|which (?:day|date)"
    r"|how many (?:working |business )?(?:minutes|hours|days|weeks|months|years))\b"
    r"|\b(?:kab|kitne (?:din|ghante|mahine|saal|samay|time))\b"
    r"|(?:कब|कितने (?:दिन|घंटे|महीने|साल|समय)|कितना समय)(?!\p{M}|\w)",
    regex.IGNORECASE,
)
_MONEY = regex.compile(
    r"\b(?:how much|price|cost|costs|fee|fees|charge|charges|fare|rent|salary)\b"
    r"|\b(?:kitne (?:ka|ki|rupaye)|kitna (?:paisa|charge|kharch)|keemat|kimat|daam)\b"
    r"|(?:कितने (?:का|की|रुपये)|कितना (?:पैसा|शुल्क|खर्च)|कीमत|दाम|शुल्क|किराया|फीस)(?!\p{M}|\w)",
    regex.IGNORECASE,
)
_COUNT = regex.compile(r"\b(?:how many|kitne|kitni)\b|(?:कितने|कितनी)(?!\p{M}|\w)", regex.IGNORECASE)
_CURRENCIES = frozenset({"rupee", "dollar", "euro", "pound", "percent"})
_TIME_KINDS = frozenset({"time", "months", "clock"})


def asks_for_figure(question: str) -> bool:
    """Whether the question wants a time, a price or a number."""
    return any(pattern.search(question) for pattern in (_TIME, _MONEY, _COUNT))


def has_asked_figure(question: str, sentence: str) -> bool:
    """Whether the sentence has the sort of figure that the question wants; False where it wants none."""
    if not asks_for_figure(question):
        return False
    said = facts(sentence)
    if _TIME.search(question):
        return bool(said.dates) or any(number.amount()[0] in _TIME_KINDS for number in said.numbers)
    if _MONEY.search(question):
        return any(number.unit in _CURRENCIES for number in said.numbers)
    return bool(said.numbers)
