"""Numbers, dates, codes and negations of a sentence, comparable across English, Hindi and Hinglish."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import regex

from konverze_rag.answering.quantities import (
    COMPARATORS,
    DENIALS,
    KINDS,
    MONTHS,
    MULTIPLIERS,
    NEGATED_PHRASES,
    NEGATIONS,
    NEUTRAL_PHRASES,
    NUMBER_WORDS,
    PREFIX_SIGNS,
    PREFIX_WORDS,
    RANGE_WORDS,
    UNIT_FILLERS,
    UNITS,
)
from konverze_rag.answering.wording import folded, stem

_MINUTES_AN_HOUR = 60
_HOURS_HALF_A_DAY = 12
_MONTHS_A_YEAR = 12
_LOOK_AHEAD_TOKENS = 2
_PRICES_AND_SHARES = frozenset({"rupee", "percent"})
_MOST_OFTEN_NO_FIGURE = 2
_RANGE_JOINTS = frozenset({"to", "से", "se"})

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DATES = (
    regex.compile(rf"(?<!\d){_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
    regex.compile(r"(?<!\d)(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4}|\d\d)(?!\d)"),
    regex.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -](?P<name>{_MONTH})\b\.?(?:[ ,-]+{_YEAR}(?!\d))?"
    ),
    regex.compile(rf"\b(?P<name>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? {_YEAR}(?!\d))?"),
    regex.compile(rf"\b(?P<name>{_MONTH})[ ,-]+{_YEAR}(?!\d)"),
)
_PART = r"(?:(?P<part>सुबह|शाम|रात|दोपहर|subah|shaam|sham|raat|dopahar)(?: के| ke)? )"
_CLOCK = regex.compile(
    rf"{_PART}?(?<![\d.,:])(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))?"
    r"(?:\s?(?P<mark>a\.?m\b\.?|p\.?m\b\.?|बजे|baje\b)"
    r"|(?= (?:से|se) (?:\w+[\p{M}\w]* )?\d{1,2}(?:[:.]\d\d)? ?(?:बजे|baje\b)))"
    rf"|{_PART}?(?<![\d:])(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?![\d:])"
)
_TILL = regex.compile(r"\s*(?:to|till|until|-|–|—|से|se)\s*")
_LACK = regex.compile(r"\bwithout\b", regex.IGNORECASE)
_MORNING = {"सुबह", "subah"}
_LIST_MARK = regex.compile(r"^\s*(?:[-*•]\s+)?\(?\d{1,2}[.)]\s+")
_EMPHASIS = regex.compile(r"[*`#|]|(?<!\w)_|_(?!\w)")
# Codes begin with Latin letters and hold a digit (SKU-123/A, E402); addresses hold an @.
_NUMBERED = (
    r"(?<=\b(?:form|section|rule|article|clause|फॉर्म|धारा) )\d+[a-z]+\b"
    r"|(?<![\w@])(?!(?:rs|inr)\.?\d)[a-z]+[-/]?\d[\w/-]*"
)
_CODE = regex.compile(_NUMBERED)
_CODE_OR_ADDRESS = regex.compile(rf"{_NUMBERED}|[\w.+-]{{1,64}}@[\w.-]{{0,255}}\w")
_TOKEN = regex.compile(r"(?P<number>\d+(?:,\d{2,3})*(?:\.\d+)?)|(?P<word>[\p{L}\p{M}]+(?:'\p{L}+)?)|(?P<sign>[₹$€£%])")
_DIGIT = regex.compile(r"\d")
# `regex` knows digits of newer Unicode than Python's own tables.
_UNKNOWN_DIGIT = regex.compile(r"[^\P{Nd}0-9]")
_PER_CENT = regex.compile(r"\bper cent\b")
_NEUTRAL = regex.compile(NEUTRAL_PHRASES)
_NEGATED = regex.compile(NEGATED_PHRASES)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit.

    Attributes:
        value: The number as said.
        unit: Canonical unit ("day", "rupee"); empty where none stands beside it.
        spelled: Whether it was a word ("seven"), which without a unit is often no figure at all.
        counted: Stem of the word behind it, where that is no unit: what there are so many of.
        is_end: Whether it ends a range ("4 to 6 days").
        is_open: Whether it is a time that may be of the morning or of the evening ("9:30").
    """

    value: Decimal
    unit: str = ""
    spelled: bool = field(default=False, compare=False)
    counted: str = field(default="", compare=False)
    is_end: bool = field(default=False, compare=False)
    is_open: bool = field(default=False, compare=False)

    def amount(self) -> tuple[str, Decimal]:
        """Kind of unit and value in the kind's smallest unit, so that a week equals seven days."""
        kind, factor = KINDS.get(self.unit, (self.unit, Decimal(1)))
        return kind, self.value * factor

    def agrees(self, other: Number) -> bool:
        """Whether both mean the same; a missing unit agrees with every unit."""
        if not self.unit or not other.unit:
            return self.value == other.value and not (self.counts_things(other) or other.counts_things(self))
        if self.unit == other.unit == "clock" and (self.is_open or other.is_open):
            return not (self.value - other.value) % (_HOURS_HALF_A_DAY * _MINUTES_AN_HOUR)
        return self.amount() == other.amount()

    def counts_things(self, other: Number) -> bool:
        """Whether this is a word that counts ("four instalments") where the other is a price or a share."""
        return self.spelled and bool(self.counted) and other.unit in _PRICES_AND_SHARES

    def competes(self, other: Number) -> bool:
        """Whether both answer the same sort of question differently: the same unit or things, another value."""
        if not self.unit and not other.unit:
            return bool(self.counted) and self.counted == other.counted and self.value != other.value
        return bool(self.unit) and self.amount()[0] == other.amount()[0] and not self.agrees(other)


@dataclass(frozen=True, slots=True)
class Date:
    """A day or a month; parts that were not said are None."""

    year: int | None
    month: int
    day: int | None

    def agrees(self, source: Date) -> bool:
        """Whether the source says all parts that this date says, and says them alike."""
        return all(
            mine is None or mine == theirs
            for mine, theirs in ((self.year, source.year), (self.month, source.month), (self.day, source.day))
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What must agree between a sentence and its source.

    Attributes:
        numbers: With their units; clock times count in minutes since midnight under the unit "clock".
        dates: Calendar dates.
        codes: Article numbers, error codes, mail addresses; lower case, separators left out.
        negated: Whether the text denies something.
    """

    numbers: frozenset[Number] = frozenset()
    dates: frozenset[Date] = frozenset()
    codes: frozenset[str] = frozenset()
    negated: bool = False

    def needed(self) -> frozenset[Number]:
        """Numbers that a source must confirm: all but small number words without a unit ("one of the", "the two")."""
        return frozenset(n for n in self.numbers if n.unit or not n.spelled or n.value > _MOST_OFTEN_NO_FIGURE)


def facts(text: str) -> Facts:
    """The facts of a sentence or a few; the number of a list item and Markdown emphasis are left out."""
    plain = rest = _plain(text)
    has_digits = _DIGIT.search(plain) is not None
    dates: set[Date] = set()
    for pattern in _DATES if has_digits else ():
        found = [(match, _date(match)) for match in pattern.finditer(rest)]
        dates |= {date for _, date in found if date}
        rest = _without(rest, [match for match, date in found if date])
    codes = _codes(rest) if has_digits or "@" in rest else []
    rest = _without(rest, codes)
    clock = list(_CLOCK.finditer(rest)) if has_digits else []
    numbers = {_time(match) for match in clock} | set(_numbers(_without(rest, clock)))
    names = frozenset(regex.sub(r"[^\w@]", "", match.group()) for match in codes)
    return Facts(frozenset(numbers), frozenset(dates), names, _denies(plain))


def _codes(text: str) -> list[regex.Match[str]]:
    return list((_CODE_OR_ADDRESS if "@" in text else _CODE).finditer(text))


def spans_of_time(text: str) -> Iterator[tuple[Decimal, Decimal]]:
    """From when till when, in minutes since midnight, where both are told with their half of the day."""
    plain = _plain(text)
    for one, other in pairwise(_CLOCK.finditer(plain) if _DIGIT.search(plain) else ()):
        start, end = _time(one), _time(other)
        if _TILL.fullmatch(plain, one.end(), other.start()) and not (start.is_open or end.is_open):
            yield start.value, end.value


def is_negated(text: str) -> bool:
    """Whether the text denies something, in English, Hindi or Hinglish."""
    return _denies(_plain(text))


def is_denied(text: str) -> bool:
    """Whether it denies something of its subject: not one that only lacks something ("photography without flash")."""
    return is_negated(_LACK.sub(" ", text))


def _denies(plain: str) -> bool:
    rest = _NEUTRAL.sub(" ", plain)
    said = [word for _, word, _ in _TOKEN.findall(rest) if word]
    is_refused = (
        not NEGATIONS.isdisjoint(said)
        or ("n't" in rest and any(word.endswith("n't") for word in said))
        or _NEGATED.search(rest) is not None
    )
    return is_refused == DENIALS.isdisjoint(said)


def _plain(text: str) -> str:
    """Compatibility forms, ASCII digits and one spelling; list number and emphasis removed."""
    bare = _EMPHASIS.sub(" ", _LIST_MARK.sub("", text))
    one_form = folded(unicodedata.normalize("NFKC", bare).casefold())
    if not one_form.isascii():
        one_form = "".join([str(unicodedata.digit(c)) if c.isdigit() else c for c in one_form])
        one_form = _UNKNOWN_DIGIT.sub(" ", one_form)
    return _PER_CENT.sub("percent", one_form)


def _without(text: str, matches: list[regex.Match[str]]) -> str:
    for match in reversed(matches):
        text = f"{text[: match.start()]} ; {text[match.end() :]}"
    return text


def _date(match: regex.Match[str]) -> Date | None:
    parts = match.groupdict()
    month = MONTHS[parts["name"]] if parts.get("name") else int(parts["month"])
    day = int(parts["day"]) if parts.get("day") else None
    year = int(parts["year"]) if parts.get("year") else None
    if day and month > _MONTHS_A_YEAR >= day:  # month first, as in American dates
        day, month = month, day
    if not 1 <= month <= _MONTHS_A_YEAR or (day is not None and not 1 <= day <= 31):  # noqa: PLR2004
        return None
    century = 2000
    return Date(year + century if year is not None and year < century // 20 else year, month, day)


def _time(match: regex.Match[str]) -> Number:
    hour, mark, part = int(match["hour"]), match["mark"] or "", match["part"] or ""
    late = mark.startswith("p") or bool(part and part not in _MORNING)
    if late and hour < _HOURS_HALF_A_DAY:
        hour += _HOURS_HALF_A_DAY
    elif mark.startswith("a") and hour == _HOURS_HALF_A_DAY:
        hour = 0
    is_open = not (part or mark[:1] in {"a", "p"}) and 0 < hour < _HOURS_HALF_A_DAY
    return Number(Decimal(hour * _MINUTES_AN_HOUR + int(match["minute"] or 0)), "clock", is_open=is_open)


def _numbers(text: str) -> Iterator[Number]:
    tokens = [("number", number) if number else ("", word or sign) for number, word, sign in _TOKEN.findall(text)]
    following = ""
    for place in range(len(tokens) - 1, -1, -1):
        kind, token = tokens[place]
        if kind != "number" and token not in NUMBER_WORDS:
            following = following if token in RANGE_WORDS else ""
            continue
        value = Decimal(token.replace(",", "")) if kind == "number" else Decimal(NUMBER_WORDS[token])
        after = [said for _, said in tokens[place + 1 : place + 2 + _LOOK_AHEAD_TOKENS]]
        before = tokens[place - 1][1] if place else ""
        if after and after[0] in MULTIPLIERS:
            value, after = value * MULTIPLIERS[after[0]], after[1:]
        unit = _unit(before, after) or following
        following = unit
        things = [] if unit else [said for said in after if said not in COMPARATORS]
        counted = stem(things[0]) if things and len(things[0]) > 1 else ""
        is_end = _is_end_of_range(tokens, place)
        yield Number(value, unit, spelled=kind != "number", counted=counted, is_end=is_end)


def _is_end_of_range(tokens: list[tuple[str, str]], place: int) -> bool:
    """Whether another number stands beside this one, behind a word that makes both a range."""
    beside = (tokens[place + 1 : place + 3], tokens[max(place - 2, 0) : place][::-1])
    return any(
        len(two) == 2 and two[0][1] in _RANGE_JOINTS and (two[1][0] == "number" or two[1][1] in NUMBER_WORDS)  # noqa: PLR2004
        for two in beside
    )


def _unit(before: str, after: list[str]) -> str:
    if before in PREFIX_SIGNS:
        return UNITS[before]
    while after and after[0] in UNIT_FILLERS:
        after = after[1:]
    is_sign_of_next = len(after) > 1 and after[0] in PREFIX_SIGNS and after[1][0].isdigit()
    following = UNITS.get(after[0].removesuffix("'s"), "") if after and not is_sign_of_next else ""
    return following or (UNITS[before] if before in PREFIX_WORDS else "")
