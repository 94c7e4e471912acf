from __future__ import annotations

from itertools import accumulate, pairwise

from msgspec import structs

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.parents import widened

TEXTS = ["One is here. ", "Two is here.\n\n", "Three is here. ", "Four is here."]
STARTS = list(accumulate(map(len, TEXTS), initial=0))


def _chunk(number: int, parent: tuple[int, int] | None, document: str = "d") -> Chunk:
    """Chunk `number`, answered from chunks first to last."""
    return Chunk(
        document_id=document,
        ordinal=number,
        text=TEXTS[number],
        page=number + 1,
        span=Span(STARTS[number], STARTS[number + 1]),
        heading=f"H{number}",
        parent=parent and Span(STARTS[parent[0]], STARTS[parent[1] + 1]),
    )


def _hit(number: int, parent: tuple[int, int] | None, **changes) -> Hit:
    return Hit(chunk=structs.replace(_chunk(number, parent), **changes), score=1.0 / (number + 1))


def _stored(*missing: int):
    """What a snapshot answers where some chunks cannot be read."""

    def parent_chunks(chunk: Chunk) -> list[Chunk]:
        inside = [n for n in range(len(TEXTS)) if chunk.parent.start <= STARTS[n] and STARTS[n + 1] <= chunk.parent.end]
        return [_chunk(n, (n, n), chunk.document_id) for n in inside if n not in missing]

    return parent_chunks


def test_a_hit_is_answered_from_its_parent_verbatim():
    (hit,) = widened([_hit(1, (0, 2))], _stored())
    document = "".join(TEXTS)
    assert hit.chunk.text == "One is here. Two is here.\n\nThree is here."
    assert document[hit.chunk.span.start : hit.chunk.span.end] == hit.chunk.text
    assert (hit.chunk.ordinal, hit.chunk.page, hit.chunk.heading, hit.chunk.parent) == (0, 1, "H1", None)
    assert hit.score == 0.5


def test_a_hit_without_a_parent_stays_as_it_is():
    hits = [_hit(0, None), _hit(0, None), _hit(1, None, span=None)]
    assert widened(hits, _stored()) == tuple(hits)


def test_hits_of_one_parent_are_one_at_the_best_rank():
    found = widened([_hit(1, (0, 1)), _hit(3, (2, 3)), _hit(0, (0, 1))], _stored())
    assert [hit.chunk.text for hit in found] == ["One is here. Two is here.", "Three is here. Four is here."]
    assert [hit.score for hit in found] == [0.5, 0.25]


def test_overlapping_windows_become_one_text():
    found = widened([_hit(0, (0, 1)), _hit(3, (2, 3)), _hit(2, (1, 3))], _stored())
    assert [hit.chunk.text for hit in found] == ["".join(TEXTS)]
    assert found[0].score == 1.0


def test_the_same_place_in_another_document_is_another_text():
    found = widened([_hit(1, (0, 1)), _hit(0, (0, 1), document_id="e")], _stored())
    assert [hit.chunk.document_id for hit in found] == ["d", "e"]


def test_a_parent_ends_where_a_chunk_is_missing():
    assert widened([_hit(2, (0, 3))], _stored(1))[0].chunk.text == "Three is here. Four is here."
    assert widened([_hit(2, (0, 3))], _stored(1, 3))[0].chunk.text == "Three is here."
    assert widened([_hit(2, (0, 3))], lambda _: [])[0].chunk.text == "Three is here."


def test_chunks_whose_spans_are_not_true_are_left_alone():
    untrue = _hit(1, (0, 2), text="Another text.")
    assert widened([untrue], lambda _: [_chunk(0, None), untrue.chunk, _chunk(2, None)]) == (untrue,)
    empty = structs.replace(_chunk(1, (0, 2)), span=Span(STARTS[1], STARTS[1]), text="")
    assert widened([_hit(0, (0, 2))], lambda _: [empty])[0].chunk.text == "One is here."


def test_the_parts_of_the_test_document_meet():
    assert all(end > start for start, end in pairwise(STARTS))
