"""Finds personal data of Indian customers in English, Hindi and mixed text, by its form, its checksum and its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

import regex

from konverze_rag.redaction.checksums import is_gstin_checked, is_luhn, is_verhoeff
from konverze_rag.redaction.vocabulary import (
    AMOUNT_BEHIND,
    CALLING_CODE,
    CODE_BEFORE,
    METRO_CODE,
    SERIES_BEFORE,
    UPI_BEFORE,
    UPI_HANDLES,
)

_CONTEXT_CHARS = 40
_NATIONAL_DIGITS = 10
_INDIA = "+91"

# A code goes on in Latin letters (ORD9876543210X); Hindi words often stand right behind a number.
_AFTER_BORDER = r"(?<![\p{Latin}\p{N}_])"
_BEFORE_BORDER = r"(?![\p{Latin}\p{N}_])"
# A short run of digits joined by a mark makes a longer code, a decimal fraction or a date; a long one is a neighbour.
_STARTS = (
    rf"{_AFTER_BORDER}(?<!\+)(?<!(?<![0-9])[0-9]{{1,9}}[.-])(?<!(?<![0-9])[0-9]{{1,3}}[,/])"
    r"(?<!(?<![0-9])(?:19|20)[0-9]{2}/)"
)
_ENDS = rf"{_BEFORE_BORDER}(?![.-][0-9]{{1,9}}(?![0-9]))(?!,[0-9]{{1,3}}(?![0-9]))"

# The letters of a local part come from any script; a full stop before it may end the sentence before.
_EMAIL = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}_])(?<![\p{L}\p{M}\p{N}_][.%+'-])[\p{L}\p{N}_+][\p{L}\p{M}\p{N}_.%+'-]{0,63}+"
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.){1,8}"
    r"(?:(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})(?![A-Za-z0-9_])|(?![A-Za-z])\p{L}[\p{L}\p{M}]{1,62}(?![\p{L}\p{M}]))"
)
_UPI = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}_])(?<![A-Za-z0-9_][.-])[A-Za-z0-9][A-Za-z0-9._-]{1,63}+"
    rf"@(?P<handle>[A-Za-z][A-Za-z0-9]{{1,31}}+){_BEFORE_BORDER}(?!\.[\p{{L}}\p{{N}}])"
)
_PAN_FORM = r"[A-Za-z]{3}[PCHABGJLFTpchabgjlft][A-Za-z][0-9]{4}[A-Za-z]"
_PAN = regex.compile(rf"{_AFTER_BORDER}{_PAN_FORM}{_BEFORE_BORDER}")
_GSTIN = regex.compile(
    rf"{_AFTER_BORDER}(?:0[1-9]|[12][0-9]|3[0-8]|9[79]){_PAN_FORM}[1-9A-Za-z][A-Za-z][0-9A-Za-z]{_BEFORE_BORDER}"
)
_AADHAAR = regex.compile(
    rf"{_STARTS}[2-9](?:[0-9]{{11}}|(?<!(?<![0-9])[0-9]{{4}}[ -].)[0-9]{{3}}[ -][0-9]{{4}}[ -][0-9]{{4}}"
    rf"(?![ -][0-9]{{4}}(?![0-9]))){_ENDS}"
)
_AADHAAR_VID = regex.compile(rf"{_STARTS}[2-9][0-9]{{3}}(?:[0-9]{{12}}|(?:[ -][0-9]{{4}}){{3}}){_ENDS}")
_GAP = r"(?: ?- ?| {1,2})"
_CARD = regex.compile(
    rf"{_STARTS}[2-68](?:[0-9]{{12,18}}|[0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}|[0-9]{{3}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}"
    rf"){_ENDS}"
)
_LONG_CARD = regex.compile(rf"{_STARTS}[456][0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}{_GAP}[0-9]{{3}}{_ENDS}")
# First digits and lengths as the networks publish them (ISO/IEC 7812 issuer identification numbers).
_ISSUER = regex.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:60|65|81|82)[0-9]{14}|(?:508|353|356)[0-9]{13}"  # RuPay
    r"|3(?:0[0-5]|09|[689][0-9])[0-9]{11}(?:[0-9]{2})?"  # Diners Club
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2}|622[1-9])[0-9]{12,15}"  # Discover
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{9,15}"  # Maestro
)

_SPACE = r"(?: ?- ?| {1,2}|\.)"
# Two round prices in a row are a range.
_NO_RANGE = r"(?![0-9]{3}00[ -]{1,3}[0-9]{3}00(?![0-9]))"
_MOBILE = (
    rf"(?:[6-9][0-9]{{9}}|{_NO_RANGE}[6-9][0-9]{{4}}{_SPACE}[0-9]{{5}}|[6-9][0-9]{{2}}{_SPACE}[0-9]{{3}}{_SPACE}[0-9]{{4}}"
    rf"|[6-9][0-9]{{3}}{_SPACE}[0-9]{{3}}{_SPACE}[0-9]{{3}}|[6-9][0-9]{{2}}{_SPACE}[0-9]{{4}}{_SPACE}[0-9]{{3}}"
    rf"|[6-9][0-9]{{3}}{_SPACE}[0-9]{{6}}|[6-9][0-9]{{2}}{_SPACE}[0-9]{{7}}"
    rf"|[6-9][0-9]{_SPACE}[0-9]{{4}}{_SPACE}[0-9]{{4}}|[6-9][0-9](?:{_SPACE}[0-9]{{2}}){{4}}"
    rf"|\([6-9][0-9]{{2}}\) ?[0-9]{{3}}{_SPACE}[0-9]{{4}}|\([6-9][0-9]{{4}}\) ?[0-9]{{5}})"
)
# A bracket that encloses the whole number is no part of it.
_OPEN = r"(?:\((?=[+0-9 ]{1,6}\)))?"
# Without a plus sign 91 is a country code only apart from the rest, or before ten digits in one.
_INDIA_CODE = rf"(?:(?:\+ ?|00)91\)?{_SPACE}?|91(?:\) ?|{_SPACE}|(?=[6-9][0-9]{{9}})))"
_PREFIX = rf"(?:{_OPEN}(?:{_INDIA_CODE}(?:\(0\) ?|0(?=[6-9]))?|0\)?{_SPACE}?))?"
_LANDLINE = (
    rf"(?:{_OPEN}0{METRO_CODE}\)?{_SPACE}?[2-7][0-9]{{3}}{_SPACE}?[0-9]{{4}}"
    rf"|{_OPEN}0[1-8][0-9]{{2}}\)?{_SPACE}?[2-7][0-9]{{2}}{_SPACE}?[0-9]{{4}}"
    rf"|{_OPEN}0[1-8][0-9]{{3}}\)?{_SPACE}?[2-7][0-9](?:[0-9]{_SPACE}?[0-9]{{3}}|{_SPACE}?[0-9]{{4}})"
    rf"|91{_SPACE}(?:\(0\) ?|0)?{METRO_CODE}{_SPACE}[2-7][0-9]{{3}}{_SPACE}?[0-9]{{4}})"
)
# Toll-free and shared-cost numbers belong to businesses, also when written with the country code.
_ABROAD = rf"(?:{_OPEN}(?:\+ ?(?!91[ -]?18[06]0)(?={CALLING_CODE})[1-9]|00(?=91))(?:[ .()-]{{0,2}}[0-9]){{7,14}})"
_PHONE = regex.compile(
    rf"(?:{_STARTS}|(?=\())(?:{_PREFIX}{_MOBILE}|{_LANDLINE}|{_ABROAD}){_ENDS}(?!{AMOUNT_BEHIND})", regex.IGNORECASE
)
_CODE_BEFORE = regex.compile(CODE_BEFORE, regex.IGNORECASE)
_SERIES_BEFORE = regex.compile(SERIES_BEFORE)
_UPI_BEFORE = regex.compile(UPI_BEFORE, regex.IGNORECASE)
# Digits, blanks, dashes and full-width forms beyond ASCII, each of which has one ASCII character for its own.
_FOREIGN = regex.compile(r"[\p{Nd}\p{Zs}\p{Pd}\uff01-\uff5e−--[\x00-\x7f]]", regex.VERSION1)
_FULL_WIDTH_OFFSET = 0xFEE0


class PersonalData(StrEnum):
    """Kinds of personal data; the value is the name in settings, its capitals are the name in placeholders."""

    EMAIL = "email"
    PHONE = "phone"
    AADHAAR = "aadhaar"
    PAN = "pan"
    GSTIN = "gstin"
    UPI = "upi"
    CARD = "card"


ALL_KINDS = frozenset(PersonalData)
_Finder = Callable[[str], Iterator[regex.Match[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """Personal data in a text.

    Attributes:
        kind: What it is.
        start: Of its first character.
        end: Behind its last character.
        value: Its one spelling, by which two places can be compared.
    """

    kind: PersonalData
    start: int
    end: int
    value: str


def identifiers(text: str, kinds: Collection[PersonalData] = ALL_KINDS) -> list[Identifier]:
    """The personal data of a text in its order, without overlaps: the longest wins, then the kind with a checksum.

    Args:
        text: Any text that `visible` has cleaned; characters that no reader sees would hide a number.
        kinds: What to look for.
    """
    clean = plain(text)
    found = [
        (match.start() - match.end(), rank, match.start(), kind)
        for rank, (kind, finder) in enumerate(_FINDERS.items())
        if kind in kinds
        for match in finder(clean)
    ]
    taken = bytearray(len(clean))
    chosen: list[Identifier] = []
    for negative, _, start, kind in sorted(found):
        end = start - negative
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            chosen.append(Identifier(kind=kind, start=start, end=end, value=canonical(kind, clean[start:end])))
    return sorted(chosen, key=lambda identifier: identifier.start)


def canonical(kind: PersonalData, spelling: str) -> str:
    """The one spelling of a value: numbers without their blanks, Indian phones with +91, names in one case."""
    clean = plain(spelling.strip())
    if kind in {PersonalData.EMAIL, PersonalData.UPI}:
        return unicodedata.normalize("NFKC", clean).casefold()
    if kind in {PersonalData.PAN, PersonalData.GSTIN}:
        return clean.upper()
    digits = _digits(clean)
    if kind is not PersonalData.PHONE:
        return digits
    is_foreign = clean.lstrip("( ").startswith("+") and not digits.startswith("91")
    return f"+{digits}" if is_foreign else _INDIA + digits[-_NATIONAL_DIGITS:]


def plain(text: str) -> str:
    """The text with ASCII digits, blanks and dashes for those of all scripts; every character keeps its place."""
    return text if text.isascii() else _FOREIGN.sub(lambda match: _ascii(match.group()), text)


def _ascii(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in {"Zs", "Pd"} or character == "−":
        return " " if category == "Zs" else "-"
    return chr(ord(character) - _FULL_WIDTH_OFFSET) if "\uff01" <= character <= "\uff5e" else character


def _digits(text: str) -> str:
    return regex.sub(r"[^0-9]", "", text)


def _is_code(match: regex.Match[str], *, is_proven: bool = False) -> bool:
    """Whether the words before say that this number is something else; blanks in a proven number outweigh them."""
    before = match.string[max(0, match.start() - _CONTEXT_CHARS) : match.start()]
    if is_proven and not match.group().isdecimal():
        return False
    return _CODE_BEFORE.search(before) is not None or _SERIES_BEFORE.search(before) is not None


def _emails(text: str) -> Iterator[regex.Match[str]]:
    return _EMAIL.finditer(text)


def _upi_ids(text: str) -> Iterator[regex.Match[str]]:
    for match in _UPI.finditer(text):
        before = text[max(0, match.start() - _CONTEXT_CHARS) : match.start()]
        if match["handle"].casefold() in UPI_HANDLES or _UPI_BEFORE.search(before):
            yield match


def _gstins(text: str) -> Iterator[regex.Match[str]]:
    return (match for match in _GSTIN.finditer(text) if is_gstin_checked(match.group().upper()))


def _pans(text: str) -> Iterator[regex.Match[str]]:
    return _PAN.finditer(text)


def _cards(text: str) -> Iterator[regex.Match[str]]:
    for pattern in (_CARD, _LONG_CARD):
        for match in pattern.finditer(text):
            digits = _digits(match.group())
            if _ISSUER.fullmatch(digits) and is_luhn(digits) and not _is_code(match, is_proven=True):
                yield match


def _aadhaars(text: str) -> Iterator[regex.Match[str]]:
    for pattern in (_AADHAAR, _AADHAAR_VID):
        for match in pattern.finditer(text):
            if is_verhoeff(_digits(match.group())) and not _is_code(match, is_proven=True):
                yield match


def _phones(text: str) -> Iterator[regex.Match[str]]:
    return (match for match in _PHONE.finditer(text) if not _is_code(match))


# In the order that decides between finds of one length.
_FINDERS: dict[PersonalData, _Finder] = {
    PersonalData.GSTIN: _gstins,
    PersonalData.EMAIL: _emails,
    PersonalData.UPI: _upi_ids,
    PersonalData.CARD: _cards,
    PersonalData.AADHAAR: _aadhaars,
    PersonalData.PAN: _pans,
    PersonalData.PHONE: _phones,
}
