from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from konverze_rag.redaction import ALL_KINDS, PersonalData, identifiers
from konverze_rag.redaction.checksums import gstin_check_character, is_luhn, is_verhoeff
from konverze_rag.redaction.identifiers import canonical, plain
from konverze_rag.redaction.vocabulary import UPI_HANDLES

SEED = 20261129
COUNT = 2_000
LEAST = 0.99
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
TEMPLATES = (
    "Please note {} for the delivery.",
    "My details: {}, thanks!",
    "It is {}.",
    "({})",
    "Since 2019 we use {} for all 3 shops, PIN 560001.",
    "Is {} still right?\nI paid ₹1,499.00 on 12/03/2026.",
    "कृपया {} पर संपर्क करें।",
    "मेरी जानकारी {} है।",
    "यह {}, ठीक है?",
    "दिनांक 05-11-2025 से {} चल रहा है, ₹2,500 दिए।",
    "Bhai mera {} hai, jaldi batao",
    "Aapko {} bhej diya tha kal 5 baje",
    "Ramesh ka {} — 2 din pehle update kiya",
)
Chance = random.Random
Maker = Callable[[Chance], str]


def digits(chance: Chance, length: int, first: str = string.digits) -> str:
    return chance.choice(first) + "".join(chance.choices(string.digits, k=length - 1))


def letters(chance: Chance, length: int) -> str:
    return "".join(chance.choices(string.ascii_uppercase, k=length))


def grouped(number: str, *sizes: int, by: str = " ") -> str:
    parts, rest = [], number
    for size in sizes:
        parts, rest = [*parts, rest[:size]], rest[size:]
    return by.join([*parts, rest] if rest else parts)


def completed(body: str, is_valid: Callable[[str], bool], *, valid: bool = True) -> str:
    return next(body + last for last in string.digits if is_valid(body + last) == valid)


def is_proven(number: str) -> bool:
    return is_luhn(number) or is_verhoeff(number)


def phone(chance: Chance) -> str:
    number = digits(chance, 10, "6789")
    by = chance.choice(" -.")
    local = digits(chance, 8, "234567")
    forms = [
        number,
        grouped(number, 5, by=by),
        grouped(number, 3, 3, by=by),
        grouped(number, 4, 3, by=by),
        grouped(number, 4, by="-"),
        f"({number[:3]}) {grouped(number[3:], 3, by='-')}",
        f"+91-{grouped(number, 5, by='-')}",
        f"+91 {grouped(number, 5)}",
        f"+91{number}",
        f"(+91) {number}",
        f"+91 (0) {number}",
        f"91 {grouped(number, 5)}",
        f"0091 {number}",
        f"0{grouped(number, 5)}",
        f"0 {number}",
        number.translate(DEVANAGARI),
        f"+९१ {grouped(number, 5)}".translate(DEVANAGARI),
        f"022-{grouped(local, 4)}",
        f"(011) {local}",
        f"+91 22 {grouped(local, 4)}",
        f"0{chance.randint(120, 899)}-{local[:7]}",
        f"0{chance.randint(1200, 8999)} {local[:6]}",
        f"080{local}",
        f"+1 ({chance.randint(201, 989)}) 555-{number[6:]}",
        f"+44 7{number[:3]} {number[3:9]}",
        f"+971 50 {grouped(number[:7], 3)}",
        f"+65{local}",
    ]
    return chance.choice(forms)


def no_phone(chance: Chance) -> str:
    number = digits(chance, 10, "6789")
    forms = [
        digits(chance, 10, "12345"),
        digits(chance, 9, "6789"),
        digits(chance, 11, "6789"),
        f"ORD{number}X",
        f"{number}abc",
        f"order no. {number}",
        f"Order ID: {number}",
        f"ऑर्डर नंबर {number}",
        f"invoice #{number}",
        f"AWB {number}",
        f"ISBN {number}",
        f"KX-{number}",
        f"₹{number}",
        f"Rs. {number}",
        f"{number} rupees",
        f"{number}.50",
        f"{number[:2]},{number[2:5]},{number[5:8]}.00",
        f"1800-{grouped(number[:7], 3, by='-')}",
        f"+91 1800 {grouped(number[:7], 3)}",
        f"1860 {grouped(number[:7], 3)}",
        f"HDFC0{number[:6]}",
        f"17{number[:8]}",
        f"{chance.randint(1, 28):02}-{chance.randint(1, 12):02}-2026 10:30",
        f"2026-{chance.randint(10, 12)}-{chance.randint(10, 28)} 98765",
        f"v{number[0]}.{number[1:3]}.{number[3]}",
        f"192.168.{chance.randint(0, 255)}.{chance.randint(0, 255)}",
        f"INV/2026/{number}",
        f"PIN {number[:6]} 2026",
        f"UTR {number}",
        f"{chance.randint(60, 99)}000-{chance.randint(60, 99)}500",
        f"{chance.randint(60, 99)}500 {chance.randint(60, 99)}000",
        f"ticket {number}",
        f"मॉडल {number}",
        f"टिकट क्रमांक: {number}".translate(DEVANAGARI),
    ]
    return chance.choice(forms)


def aadhaar(chance: Chance) -> str:
    number = completed(digits(chance, 11, "23456789"), is_verhoeff)
    vid = completed(digits(chance, 15, "23456789"), is_verhoeff)
    forms = [number, grouped(number, 4, 4), grouped(number, 4, 4, by="-"), number.translate(DEVANAGARI)] * 4
    return chance.choice([*forms, vid, grouped(vid, 4, 4, 4)])


def no_aadhaar(chance: Chance) -> str:
    wrong = completed(digits(chance, 11, "23456789"), is_verhoeff, valid=False)
    early = completed(digits(chance, 11, "01"), is_verhoeff)
    right = completed(digits(chance, 11, "23456789"), is_verhoeff)
    longer = next(f"{right}{tail}" for tail in range(1000, 9999) if not is_proven(f"{right}{tail}"))
    forms = [
        grouped(wrong, 4, 4),
        f"tracking no {right}",
        early,
        grouped(early, 4, 4),
        f"A{right}",
        f"{right}7",
        grouped(longer, 4, 4, 4),
        f"{right}.5",
        grouped(right, 3, 3, 3),
        f"UTR: {right}",
        f"EAN {right}",
    ]
    return chance.choice(forms)


def pan_body(chance: Chance) -> str:
    return letters(chance, 3) + chance.choice("PCHABGJLFT") + letters(chance, 1) + digits(chance, 4)


def pan(chance: Chance) -> str:
    return chance.choice([str.upper, str.lower])(pan_body(chance) + letters(chance, 1))


def no_pan(chance: Chance) -> str:
    body = pan_body(chance)
    wrong = letters(chance, 3) + chance.choice("DEIKMNOQRSUVWXYZ") + body[4:] + "K"
    return chance.choice(
        [wrong, body, f"{body}12", f"X{body}K", f"{body}KL", f"{body}K_1", f"HDFC0{body[5:]}01", body[1:]]
    )


def gstin_with(state: str, chance: Chance) -> str:
    body = f"{state}{pan_body(chance)}{letters(chance, 1)}{chance.choice('123456789')}Z"
    return body + gstin_check_character(body)


def gstin(chance: Chance) -> str:
    number = gstin_with(chance.choice([*(f"{state:02}" for state in range(1, 39)), "97", "99"]), chance)
    return chance.choice([number, number, number.lower()])


def no_gstin(chance: Chance) -> str:
    number = gstin(chance).upper()
    other = chance.choice([last for last in string.digits + string.ascii_uppercase if last != number[-1]])
    return chance.choice(
        [number[:-1] + other, gstin_with(f"{chance.randint(39, 96)}", chance), f"{number}1", f"A{number}"]
    )


def name(chance: Chance) -> str:
    first, last = chance.choice(["ramesh", "Sunita", "a.kumar", "priya"]), chance.choice(["", ".shah", "_92", "-k"])
    return f"{first}{last}{chance.randint(1, 999)}"


def upi(chance: Chance) -> str:
    handle = chance.choice(sorted(UPI_HANDLES))
    forms = [
        f"{name(chance)}@{handle}",
        f"{digits(chance, 10, '6789')}@{handle}",
        f"{name(chance)}@{handle.upper()}",
    ]
    return chance.choice(forms)


def no_upi(chance: Chance) -> str:
    who, handle = name(chance), chance.choice(sorted(UPI_HANDLES))
    forms = [f"{who}@myserver", f"@{handle}", f"{who} @ {handle}", f"{who}@{handle}_x", f"{who}@", f"#{who}", f"@{who}"]
    return chance.choice(forms)


def card(chance: Chance) -> str:
    prefix, length = chance.choice(
        [
            ("4", 16),
            ("4", 13),
            ("4", 19),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("2720", 16),
            ("34", 15),
            ("37", 15),
            ("60", 16),
            ("65", 16),
            ("81", 16),
            ("82", 16),
            ("508", 16),
            ("353", 16),
            ("356", 16),
            ("36", 14),
            ("305", 14),
            ("6011", 16),
            ("5018", 16),
            ("6759", 18),
        ]
    )
    number = completed(prefix + digits(chance, length - len(prefix) - 1), is_luhn)
    by = chance.choice(["", " ", "-"])
    sizes = {16: (4, 4, 4), 15: (4, 6), 14: (4, 6), 19: (4, 4, 4, 4)}.get(length, (length,))
    return grouped(number, *sizes, by=by)


def no_card(chance: Chance) -> str:
    wrong = completed(chance.choice(["4", "55", "37", "60"]) + digits(chance, 14), is_proven, valid=False)
    stranger = completed(chance.choice("01") + digits(chance, 14), is_luhn)
    right = completed("4" + digits(chance, 14), is_luhn)
    isbn = completed("978" + digits(chance, 9), is_luhn)
    forms = [
        wrong,
        grouped(completed("4" + digits(chance, 14), is_proven, valid=False), 4, 4, 4, by=chance.choice(" -")),
        stranger,
        grouped(stranger, 4, 4, 4),
        f"order id {right}",
        f"ORD{right}",
        f"{right}00001",
        isbn,
        f"IMEI {completed('35' + digits(chance, 12), is_luhn)}",
        f"{right}.25",
    ]
    return chance.choice(forms)


def email(chance: Chance) -> str:
    domain = chance.choice(
        ["gmail.com", "shop.co.in", "mail.mycompany.in", "rediffmail.com", "x-y.org.in", "iitb.ac.in"]
    )
    forms = [f"{name(chance)}@{domain}", f"{name(chance)}+tag@{domain}", f"{name(chance).upper()}@{domain}"]
    return chance.choice([*forms, f"राम{chance.randint(1, 99)}@उदाहरण.भारत", f"सुनीता.शर्मा@{domain}", f"josé@{domain}"])


def no_email(chance: Chance) -> str:
    who = name(chance)
    forms = [
        f"@{who}",
        f"{who}@localhost",
        f"{who} @ shop.in",
        "5@99.50",
        "lodash@4.17.21",
        f"{who}@b.c",
        f"{who}.shop.in",
    ]
    return chance.choice([*forms, f"{who}@", f"{who}@.in", "12 pcs @ Rs.50", f"www.{who}.com", f"{who}@shop..in"])


MAKERS: dict[PersonalData, tuple[Maker, Maker]] = {
    PersonalData.PHONE: (phone, no_phone),
    PersonalData.AADHAAR: (aadhaar, no_aadhaar),
    PersonalData.PAN: (pan, no_pan),
    PersonalData.GSTIN: (gstin, no_gstin),
    PersonalData.UPI: (upi, no_upi),
    PersonalData.CARD: (card, no_card),
    PersonalData.EMAIL: (email, no_email),
}


def found_in(text: str, kinds: frozenset[PersonalData] = ALL_KINDS) -> list[tuple[PersonalData, str]]:
    return [(found.kind, text[found.start : found.end]) for found in identifiers(text, kinds)]


def quality(kind: PersonalData) -> tuple[float, float]:
    """Precision and recall over as many hard negatives as identifiers; kind and both ends must be right."""
    chance = random.Random(f"{SEED} {kind}")
    right = wrong = 0
    make, make_hard = MAKERS[kind]
    for _ in range(COUNT):
        value = make(chance)
        finds = found_in(chance.choice(TEMPLATES).format(value))
        right += (kind, value) in finds
        wrong += len([find for find in finds if find != (kind, value)])
        wrong += len(found_in(chance.choice(TEMPLATES).format(make_hard(chance))))
    return right / (right + wrong), right / COUNT


@pytest.mark.parametrize("kind", PersonalData)
def test_nearly_all_identifiers_and_nearly_nothing_else_are_found(kind: PersonalData) -> None:
    precision, recall = quality(kind)
    assert precision >= LEAST
    assert recall >= LEAST


def test_no_number_that_fails_its_checksum_is_an_aadhaar_or_a_card() -> None:
    chance = random.Random(SEED)
    kinds = frozenset({PersonalData.AADHAAR, PersonalData.CARD})
    tried = 0
    while tried < 20_000:
        number = digits(chance, chance.choice([12, 13, 14, 15, 16, 19]))
        if is_proven(number):
            continue
        tried += 1
        shown = chance.choice([number, grouped(number, 4, 4, 4 if len(number) == 16 else 16)])
        assert found_in(chance.choice(TEMPLATES).format(shown), kinds) == []


def test_the_checksum_decides() -> None:
    assert found_in("2345 6789 0124") == [(PersonalData.AADHAAR, "2345 6789 0124")]
    assert found_in("2345 6789 0125") == []
    assert found_in("4111 1111 1111 1111") == [(PersonalData.CARD, "4111 1111 1111 1111")]
    assert found_in("4111 1111 1111 1112") == []
    assert found_in("27AAPFU0939F1ZV") == [(PersonalData.GSTIN, "27AAPFU0939F1ZV")]
    assert found_in("27AAPFU0939F1ZW") == []


@pytest.mark.parametrize("text", ["ORD9876543210X", "98765432101", "9876543210.50", "x98765 43210", "98765 43210k"])
def test_a_number_glued_to_latin_letters_or_digits_is_no_phone(text: str) -> None:
    assert found_in(text) == []


def test_hindi_words_may_stand_right_beside_a_number() -> None:
    assert found_in("की9876543210पर") == [(PersonalData.PHONE, "9876543210")]
    assert found_in("आधार2345 6789 0124है") == [(PersonalData.AADHAAR, "2345 6789 0124")]
    assert found_in("राकेशABCPK1234Lजी") == [(PersonalData.PAN, "ABCPK1234L")]


def test_toll_free_numbers_are_no_personal_data() -> None:
    assert found_in("Call 1800-209-1234, 1800 266 9999 or +91 1800 209 1234.") == []


def test_words_before_a_number_say_what_it_is() -> None:
    assert found_in("Order 9876543210 and ऑर्डर नंबर 9876543210") == []
    for text in ("For booking: 9876543210", "order ke liye call karo 9876543210", "mobile no. 9876543210"):
        assert found_in(text) == [(PersonalData.PHONE, "9876543210")]


def test_blanks_of_a_proven_card_outweigh_the_word_order() -> None:
    assert found_in("paid my order 4111 1111 1111 1111") == [(PersonalData.CARD, "4111 1111 1111 1111")]
    assert found_in("my order 4111111111111111") == []


def test_neighbouring_phones_are_two() -> None:
    for text in (
        "98765 43210 91234 56789",
        "9876543210/9123456789",
        "9876543210, 9123456789",
        "98765 43210,91234 56789",
    ):
        assert [kind for kind, _ in found_in(text)] == [PersonalData.PHONE] * 2


def test_the_longest_and_most_specific_wins() -> None:
    assert found_in("27AAPFU0939F1ZV AAPFU0939F") == [
        (PersonalData.GSTIN, "27AAPFU0939F1ZV"),
        (PersonalData.PAN, "AAPFU0939F"),
    ]
    assert found_in("9876543210@ybl") == [(PersonalData.UPI, "9876543210@ybl")]
    assert found_in("27aapfu0939f1zv@ybl") == [(PersonalData.UPI, "27aapfu0939f1zv@ybl")]
    assert found_in("9876543210@gmail.com") == [(PersonalData.EMAIL, "9876543210@gmail.com")]
    both = completed("919876543", lambda number: False, valid=False)  # an Indian mobile with its country code
    both = next(both + end for end in map("{:02}".format, range(100)) if is_verhoeff(both + end))
    assert found_in(both) == [(PersonalData.AADHAAR, both)]


def test_an_unknown_handle_counts_only_behind_the_word_upi() -> None:
    assert found_in("ravi@mybank") == []
    for text in ("UPI id: ravi@mybank", "vpa ravi@mybank", "यूपीआई आईडी ravi@mybank"):
        assert found_in(text) == [(PersonalData.UPI, "ravi@mybank")]


def test_only_the_kinds_asked_for_are_found() -> None:
    text = "98765 43210, a@shop.in"
    assert found_in(text, frozenset({PersonalData.EMAIL})) == [(PersonalData.EMAIL, "a@shop.in")]
    assert found_in(text, frozenset()) == []


def test_two_spellings_have_one_value() -> None:
    for spelling in ("98765 43210", "+91-98765-43210", "(0)98765.43210", "९८७६५४३२१०", "0091 9876543210"):
        assert canonical(PersonalData.PHONE, spelling) == "+919876543210"
    assert canonical(PersonalData.PHONE, "+1 (415) 555-2671") == "+14155552671"
    assert canonical(PersonalData.EMAIL, "Care@Shop.IN") == "care@shop.in"
    assert canonical(PersonalData.PAN, "aapfu0939f") == "AAPFU0939F"
    assert canonical(PersonalData.CARD, "4111-1111 1111 1111") == "4111111111111111"


def test_every_character_keeps_its_place() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x30000)]))
    assert len(plain(every)) == len(every)
    assert plain("९८\u00a0–＠＋") == "98 -@+"
