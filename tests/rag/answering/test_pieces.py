from __future__ import annotations

from konverze_rag.answering.pieces import pieces_of


def test_lines_of_a_price_list_are_pieces_and_wrapped_prose_is_not() -> None:
    prices = "LK-204/A  Mixer 500 W: ₹3,199\nLK-204/B  Mixer 750 W: ₹4,299\nLK-204/C  Mixer: ₹5,849"
    assert len(pieces_of(prices)) == 3
    assert len(pieces_of("The refund is paid back to the card\nwithin the time that your bank needs.")) == 1
    assert len(pieces_of("रकम आपके खाते में वापस कर दी जाती है\nऔर आपको सूचना मिलती है।")) == 1


def test_kinds_of_pieces() -> None:
    heading, announcement, item, row, rule = (
        piece
        for text in ("Refund policy", "You need:", "- PAN card", "Plan | Price", "--- | ---")
        for piece in pieces_of(text)
    )
    assert heading.is_heading
    assert announcement.leads_on
    assert not announcement.is_heading
    assert (item.is_item, row.is_row, rule.is_rule) == (True, True, True)
    assert pieces_of("## What we do.")[0].is_heading
    assert not pieces_of("Refunds take 7 days")[0].is_heading


def test_pieces_are_verbatim() -> None:
    text = "  A 1\nB 2 \n\n C is prose.  D. "
    assert all(text[piece.span.start : piece.span.end] == piece.text for piece in pieces_of(text))
