from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konverze_rag.answering.pairs import is_exchanged
from konverze_rag.answering.statements import Statement
from konverze_rag.answering.verify import supports

THINGS = ("lamps", "chairs", "mirrors", "carpets", "curtains", "baskets", "kettles", "pillows")
PLACES = ("north wing", "cellar", "courtyard", "attic", "veranda", "workshop", "stable", "pavilion")

SOURCE = """House rules

The uniform is navy blue in winter and white in summer. Dogs have to be on a leash and cats in a carrier.
Skin is treated by Dr. Rao on Tuesdays, teeth by Dr. Pai on Fridays. Roses need full sun, ferns shade.
घी काँच की बोतल में, दही मिट्टी के कुल्हड़ में दिया जाता है।"""


def exchanged(claim: str, *sentences: str) -> bool:
    return is_exchanged(Statement.of(claim), [Statement.of(sentence, header="") for sentence in sentences])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("The uniform is white in summer.", "The uniform is white in winter."),
        ("Cats have to be in a carrier and dogs on a leash.", "Cats have to be on a leash and dogs in a carrier."),
        ("Teeth are treated by Dr. Pai and skin by Dr. Rao.", "Teeth are treated by Dr. Rao and skin by Dr. Pai."),
        ("Ferns need shade and roses full sun.", "Ferns need full sun and roses shade."),
        ("दही मिट्टी के कुल्हड़ में और घी काँच की बोतल में मिलता है।", "घी मिट्टी के कुल्हड़ में और दही काँच की बोतल में मिलता है।"),
    ],
)
def test_neighbours_of_a_list_may_be_told_in_another_order_but_not_exchanged(right: str, wrong: str) -> None:
    assert supports(right, SOURCE).supported
    assert not supports(wrong, SOURCE).supported


def listed(pairs: Sequence[tuple[str, str]]) -> str:
    (first, place), *rest = pairs
    return f"The {first} are stored in the {place}" + "".join(f", {thing} in the {where}" for thing, where in rest)


@given(st.permutations(THINGS), st.permutations(PLACES), st.integers(2, 4), st.data())
def test_only_the_pairs_of_a_list_agree_with_it_in_whatever_order(
    things: list[str], places: list[str], count: int, data: st.DataObject
) -> None:
    pairs = list(zip(things[:count], places[:count], strict=True))
    (one, here), (other, there), *rest = pairs
    assert not exchanged(listed(data.draw(st.permutations(pairs))), listed(pairs))
    assert exchanged(listed(data.draw(st.permutations([(one, there), (other, here), *rest]))), listed(pairs))


def test_what_the_members_of_a_list_share_belongs_to_each() -> None:
    source = "Tickets cost ₹80 for Indian visitors and ₹400 for foreign visitors."
    assert not exchanged("Foreign visitors pay ₹400 for a ticket, while Indian visitors pay ₹80.", source)
    assert exchanged("Foreign visitors pay ₹80 for a ticket, while Indian visitors pay ₹400.", source)


def test_a_sentence_without_a_list_exchanges_nothing() -> None:
    assert not exchanged("The uniform is white in winter.", "The uniform is navy blue in winter.")
