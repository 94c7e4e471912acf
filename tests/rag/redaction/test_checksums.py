from __future__ import annotations

import random

import pytest

from konverze_rag.redaction.checksums import gstin_check_character, is_gstin_checked, is_luhn, is_verhoeff

SEED = 20261129
# Swapping 0 and 9 is the one exchange of neighbours that Luhn's algorithm cannot see.
UNSEEN_BY_LUHN = {"09", "90"}


def product(left: int, right: int) -> int:
    """Of the dihedral group D5 by its definition: 0-4 are turns, 5-9 are turns after a flip."""
    turn = left % 5 + (right % 5 if left < 5 else -right % 5)
    return turn % 5 + 5 * ((left < 5) != (right < 5))


def verhoeff_state(digits: str) -> int:
    state = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place):
            value = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[value]
        state = product(state, value)
    return state


def luhn_sum(digits: str) -> int:
    doubled = [sum(map(int, str(2 * int(digit)))) for digit in digits[-2::-2]]
    return sum(map(int, digits[::-2])) + sum(doubled)


def numbers(length: int, count: int) -> list[str]:
    chance = random.Random(SEED)
    return ["".join(chance.choices("0123456789", k=length)) for _ in range(count)]


@pytest.mark.parametrize("digits", ["2363", "123451", "1428570", "0"])
def test_published_verhoeff_numbers_hold(digits: str) -> None:
    assert is_verhoeff(digits)


@pytest.mark.parametrize("length", [1, 4, 12, 16])
def test_verhoeff_agrees_with_the_group_by_its_definition(length: int) -> None:
    assert all(is_verhoeff(digits) == (verhoeff_state(digits) == 0) for digits in numbers(length, 500))


def test_verhoeff_sees_every_wrong_digit_and_every_exchange_of_neighbours() -> None:
    valid = [digits for digits in numbers(12, 600) if is_verhoeff(digits)]
    assert len(valid) > 30
    for digits in valid:
        for place in range(12):
            others = (digits[:place] + other + digits[place + 1 :] for other in "0123456789" if other != digits[place])
            assert not any(map(is_verhoeff, others))
        for place in range(11):
            pair = digits[place : place + 2]
            swapped = digits[:place] + pair[::-1] + digits[place + 2 :]
            assert is_verhoeff(swapped) == (swapped == digits)


@pytest.mark.parametrize(
    "digits",
    ["79927398713", "4111111111111111", "378282246310005", "5555555555554444", "6011111111111117", "30569309025904"],
)
def test_published_luhn_numbers_hold(digits: str) -> None:
    assert is_luhn(digits)
    assert not any(is_luhn(digits[:-1] + other) for other in "0123456789" if other != digits[-1])


@pytest.mark.parametrize("length", [1, 13, 15, 16, 19])
def test_luhn_agrees_with_the_sum_by_hand(length: int) -> None:
    assert all(is_luhn(digits) == (luhn_sum(digits) % 10 == 0) for digits in numbers(length, 500))


def test_luhn_sees_exchanges_of_neighbours_but_for_nought_and_nine() -> None:
    for digits in (digits for digits in numbers(16, 500) if is_luhn(digits)):
        for place in range(15):
            pair = digits[place : place + 2]
            swapped = digits[:place] + pair[::-1] + digits[place + 2 :]
            assert is_luhn(swapped) == (pair[0] == pair[1] or pair in UNSEEN_BY_LUHN)


@pytest.mark.parametrize("gstin", ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4", "27AASCS2460H1Z0"])
def test_published_gstins_hold_with_no_other_check_character(gstin: str) -> None:
    assert gstin_check_character(gstin[:-1]) == gstin[-1]
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert [last for last in alphabet if is_gstin_checked(gstin[:-1] + last)] == [gstin[-1]]


def test_a_gstin_with_a_wrong_character_fails() -> None:
    assert not is_gstin_checked("27AAPFU0938F1ZV")
    assert not is_gstin_checked("27AAPFV0939F1ZV")
