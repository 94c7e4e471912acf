"""What sort of figure a question asks for and of what, and whether a text has it."""

from __future__ import annotations

import regex

from konverze_loaders.chunkers.sentences import split_sentences
from konverze_rag.answering.facts import facts
from konverze_rag.answering.stopwords import GENERIC_WORDS, PRICE_WORDS
from konverze_rag.answering.wording import content_words, is_code

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
_ASKS_PAPERS = regex.compile(
    r"\b(?:which|what|kaun(?: ?s[aei])?|kya)\b.*\b(?:documents?|papers?|proofs?|paperwork|dastavez|kagaz|kagzaat)\b"
    r"|(?:कौन|क्या).*(?:दस्तावे|काग[ज\u095b]|प्रमाण)",
    regex.IGNORECASE,
)
_PAPER = regex.compile(
    r"\b(?:aadhaa?r|pan card|passports?|(?:voter|identity|id) cards?|driving licen[cs]e|pay ?slips?|salary slips?"
    r"|bank statements?|certificates?|address proof|proof of \w+|invoices?|photographs?)\b"
    r"|आधार|पैन कार्ड|पासपोर्ट|(?:वोटर|पहचान) ?(?:कार्ड|पत्र)|वेतन पर्ची|प्रमाण ?पत्र|बैंक विवरण|लाइसेंस|फोटो",
    regex.IGNORECASE,
)
# Promises that have no paraphrase: a text without one of the words does not make the promise.
_PROMISES = (
    frozenset(["warranty", "warranties", "guarantee", "guaranteed", "वारंटी", "वॉरंटी", "वारन्टी", "गारंटी", "गारन्टी"]),
    frozenset(["deposit", "deposits", "जमानत"]),
    frozenset(["discount", "discounts", "concession", "छूट", "chhoot"]),
)
# A capital inside a sentence.
_NAME = regex.compile(r"(?<=[\p{L}\p{N},;:'\"(–-]\s{0,3})\b\p{Lu}[\p{L}\p{N}-]+")
_JOINED = regex.compile(r"(?<=[\w\p{M}]\s)(?:and|or|&|aur|ya|और|या|तथा|एवं)\s|,\s", regex.IGNORECASE)
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


def has_asked_papers(question: str, sentence: str) -> bool:
    """Whether the question wants to know which documents to bring, and the sentence names some."""
    return _ASKS_PAPERS.search(question) is not None and _PAPER.search(sentence) is not None


def asked_sentence(question: str) -> str:
    """The last sentence: of a follow-up put behind the question before it, what is asked now."""
    last = split_sentences(question)[-1:]
    return question[last[0].start : last[0].end] if last else question


def asks_for_two(question: str) -> bool:
    """Whether what is asked now joins two things: "refunds and exchanges"."""
    return _JOINED.search(asked_sentence(question)) is not None


def priced_words(question: str) -> tuple[str, ...]:
    """Of a question for a price, the words that tell of what; empty where no price is asked for."""
    found = tuple(dict.fromkeys(content_words(question)))
    asks_price = _MONEY.search(question) is not None or not PRICE_WORDS.isdisjoint(found)
    return tuple(word for word in found if word not in GENERIC_WORDS) if asks_price else ()


def promises(question: str) -> tuple[frozenset[str], ...]:
    """The promises that are asked for (a warranty, a discount), each as the words of which a text must hold one."""
    found = frozenset(content_words(question))
    return tuple(words for words in _PROMISES if not found.isdisjoint(words))


def names_in(question: str) -> tuple[str, ...]:
    """Words in Latin script with a capital inside a sentence: names of people, places and products.

    None where most words have one, as in a headline.
    """
    found = _NAME.findall(question)
    is_headline = 2 * len(found) > len(question.split())
    return () if is_headline else tuple(dict.fromkeys(word for name in found for word in content_words(name)))


def asked_codes(question: str) -> tuple[str, ...]:
    """The codes (`nv-300`) of what is asked now."""
    return tuple(word for word in content_words(asked_sentence(question)) if is_code(word))
