"""Shows numbers as a spreadsheet does (ECMA-376 part 1, §18.8.30 and §18.8.31).

Dates come as ISO 8601, which no country reads wrong; fractions, and what else is rare, as numbers without a format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "d/m/yyyy", 15: "d-mmm-yy",
    16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "d/m/yyyy h:mm",
    41: '#,##0;(#,##0);"-"', 42: '#,##0;(#,##0);"-"', 43: '#,##0.00;(#,##0.00);"-"', 44: '#,##0.00;(#,##0.00);"-"',
    37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss", 48: "##0.0E+0",
}  # fmt: skip
GENERAL_DIGITS = 10
MAX_EXACT = 1e15
MAX_DECIMALS = 30
_EPOCH = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - spreadsheets know no time zone
FIRST_TRUE_DAY = 61  # 1900-03-01; until then the count holds a day that never was
END_OF_DAYS = 2_958_466  # 10000-01-01
_TOKEN = re.compile(r'"([^"]*)"?|\\(.)|_.|\*.|\[([^\]]*)\]|(.)', re.DOTALL)
_CURRENCY = re.compile(r"\$([^-]*)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_ELAPSED_MARK = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[[<>=]")
_GENERAL = re.compile("general", re.IGNORECASE)
_EXPONENT = re.compile(r"E[+-][0#?]+")
_NUMBER = re.compile(r"(?:[0#?][0#?,]*(?:\.[0#?]*)?|\.[0#?]+)(?:E[+-][0#?]+)?,*")
_PRIVATE = 0x100000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """How one of the sections of a format, for positive numbers, negative ones or zero, shows a number."""

    before: str = ""
    after: str = ""
    whole: str | None = None
    decimals: str = ""
    is_scientific: bool = False
    divisor: float = 1
    has_date: bool = False
    has_day: bool = True
    has_time: bool = False
    is_elapsed: bool = False


def shown(value: float, code: str, *, is_1904: bool = False) -> str:
    """A number as its format shows it.

    Args:
        value: The number in the cell.
        code: The format's code; empty for none.
        is_1904: Whether days are counted from 1904, not 1900.
    """
    sections = _sections(code)
    section = sections[0]
    if section.has_date or section.has_time:
        return _moment(value, section, is_1904=is_1904)
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:  # noqa: PLR2004 - the third is for zero
        section = sections[2]
    return f"{section.before}{_digits(value, section)}{section.after}".strip()


def _digits(value: float, section: _Section) -> str:
    if section.whole is None:
        return general(value)
    if not section.whole + section.decimals or (not value and "0" not in section.whole + section.decimals):
        return ""
    value /= section.divisor
    places = min(len(section.decimals), MAX_DECIMALS)
    if section.is_scientific or abs(value) >= MAX_EXACT:
        return f"{value:.{places}E}"
    # Halves go up, as in a spreadsheet, and are halves by the fifteen digits that it keeps.
    exact = Decimal(f"{abs(value):.15g}").quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, decimals = f"{exact:f}".partition(".")
    while len(decimals) > section.decimals.count("0") and decimals.endswith("0"):
        decimals = decimals[:-1]
    whole = whole.zfill(min(section.whole.count("0"), MAX_DECIMALS))
    sign = "-" if value < 0 and exact else ""
    return f"{sign}{_grouped(whole, section.whole)}{'.' if decimals else ''}{decimals}"


def general(value: float) -> str:
    """A number without a format: whole ones in full, others with as many digits as a cell has room for."""
    if value == int(value) and abs(value) < MAX_EXACT:
        return str(int(value))
    return f"{value:.{GENERAL_DIGITS}g}"


def _grouped(digits: str, pattern: str) -> str:
    if "," not in pattern:
        return digits
    head, tail = digits[:-3], digits[-3:]
    size = 2 if pattern.count(",") > 1 and ",##," in pattern else 3
    while head:
        head, tail = head[:-size], f"{head[-size:]},{tail}"
    return tail


def _moment(value: float, section: _Section, *, is_1904: bool) -> str:
    if section.is_elapsed:
        minutes = round(abs(value) * 24 * 60)
        return f"{'-' if value < 0 else ''}{minutes // 60}:{minutes % 60:02}"
    if not 0 <= value < END_OF_DAYS:
        return general(value)
    days = value + 1 if 0 < value < FIRST_TRUE_DAY - 1 and not is_1904 else value
    moment = _EPOCH[is_1904] + timedelta(seconds=round(days * 86_400))
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if not section.has_date:
        return clock
    day = moment.date().isoformat() if section.has_day else moment.strftime("%Y-%m")
    return f"{day} {clock}" if section.has_time and value != int(value) else day


@lru_cache(maxsize=1_024)
def _sections(code: str) -> tuple[_Section, ...]:
    visible: list[str] = []
    for quoted, escaped, bracket, plain in _TOKEN.findall(code):
        currency = _CURRENCY.match(bracket)
        # Groups of lakhs and crores are written with escaped commas.
        visible.append("," if escaped == "," else _hidden(quoted or escaped or (currency[1] if currency else "")))
        visible.append(bracket if _ELAPSED.fullmatch(bracket) else plain)
    found = [_section(part, is_elapsed=_ELAPSED_MARK.search(code) is not None) for part in "".join(visible).split(";")]
    return tuple(found[:1] if _CONDITION.search(code) else found)


def _section(code: str, *, is_elapsed: bool) -> _Section:
    if plain := _GENERAL.search(code):
        return _Section(before=_shown(code[: plain.start()]), after=_shown(code[plain.end() :]))
    letters = set(_EXPONENT.sub("", code).lower())
    if not letters.isdisjoint("ymdhs"):
        has_time = not letters.isdisjoint("hs")
        has_date = not has_time or not letters.isdisjoint("yd")
        has_day = "d" in letters or "y" not in letters
        return _Section(has_date=has_date, has_day=has_day, has_time=has_time, is_elapsed=is_elapsed)
    number = _NUMBER.search(code)
    if not code or "/" in code or "@" in code:
        return _Section()
    if number is None:
        return _Section(before=_shown(code), whole="")
    digits = number[0].rstrip(",")
    whole, _, decimals = digits.partition(".")
    return _Section(
        before=_shown(code[: number.start()]),
        after=_shown(code[number.end() :]),
        whole=whole,
        decimals=_EXPONENT.sub("", decimals),
        is_scientific="E" in digits,
        divisor=1000.0 ** (len(number[0]) - len(digits)) / (100 if "%" in code else 1),
    )


def _hidden(text: str) -> str:
    """Text that no pattern takes for a part of the code."""
    return "".join(chr(ord(letter) + _PRIVATE) for letter in text if ord(letter) < _PRIVATE)


def _shown(text: str) -> str:
    return "".join(chr(ord(letter) - _PRIVATE) if ord(letter) >= _PRIVATE else letter for letter in text)
