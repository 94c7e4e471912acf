"""Check digits that tell an identifier from any other number: Verhoeff, Luhn and the check character of GSTINs."""

from __future__ import annotations

from itertools import cycle

# Multiplication table of the dihedral group D5, rows of ten.
_DIHEDRAL = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTATION = "1576283094"
_PERMUTATION_PERIOD = 8
_DIGITS_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE_36 = 36


def _permutations() -> tuple[tuple[int, ...], ...]:
    """The powers of Verhoeff's permutation; row i is applied to the digit i places from the right."""
    rows = [tuple(range(10))]
    while len(rows) < _PERMUTATION_PERIOD:
        rows.append(tuple(int(_PERMUTATION[digit]) for digit in rows[-1]))
    return tuple(rows)


_PERMUTATIONS = _permutations()


def is_verhoeff(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of those before it, as in Aadhaar numbers and their VIDs.

    J. Verhoeff, Error Detecting Decimal Codes, Mathematical Centre Tract 29, Amsterdam 1969.

    Args:
        digits: ASCII digits, the check digit last.
    """
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_DIHEDRAL[state][_PERMUTATIONS[place % _PERMUTATION_PERIOD][int(digit)]])
    return state == 0


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of those before it, as in payment cards.

    ISO/IEC 7812-1:2017, annex B; H. P. Luhn, US patent 2,950,048, 1960.

    Args:
        digits: ASCII digits, the check digit last.
    """
    total = 0
    for digit, factor in zip(reversed(digits), cycle((1, 2)), strict=False):
        tens, ones = divmod(int(digit) * factor, 10)
        total += tens + ones
    return total % 10 == 0


def gstin_check_character(body: str) -> str:
    """The check character of a GSTIN's first 14 characters.

    Luhn's algorithm modulo 36, as python-stdnum's stdnum.in_.gstin checks it: weights 1 and 2 in turn from the left,
    the digits of each product in base 36 added up, and the sum taken from the next multiple of 36.

    Args:
        body: 14 capitals and ASCII digits.
    """
    total = 0
    for character, factor in zip(body, cycle((1, 2)), strict=False):
        high, low = divmod(_DIGITS_36.index(character) * factor, _BASE_36)
        total += high + low
    return _DIGITS_36[-total % _BASE_36]


def is_gstin_checked(gstin: str) -> bool:
    """Whether the last of 15 capitals and ASCII digits is the check character of those before it."""
    return gstin_check_character(gstin[:-1]) == gstin[-1]
