from __future__ import annotations

from konverze_core.documents import Chunk, Span
from konverze_core.retrieval import Hit
from konverze_rag.answering.packing import pack


def hit(document: str, ordinal: int, text: str, start: int | None = None) -> Hit:
    span = Span(start, start + len(text)) if start is not None else None
    return Hit(chunk=Chunk(document_id=document, ordinal=ordinal, text=text, span=span), score=1.0)


def count(text: str) -> int:
    return len(text.split())


def test_documents_by_rank_and_chunks_in_reading_order() -> None:
    hits = [hit("b", 4, "four b"), hit("a", 1, "one a"), hit("b", 2, "two b")]
    assert pack(hits, budget_tokens=99, count=count) == (hits[2], hits[0], hits[1])


def test_a_hit_that_does_not_fit_gives_way_to_a_smaller_one() -> None:
    hits = [hit("a", 0, "one two three"), hit("a", 1, "this is far too long"), hit("a", 2, "four five")]
    assert pack(hits, budget_tokens=5, count=count) == (hits[0], hits[2])
    assert pack(hits, budget_tokens=0, count=count) == ()


def test_near_duplicates_are_dropped_unless_a_figure_differs() -> None:
    text = "The Gold plan includes phone support on all days and costs ₹499 each month"
    same, other = hit("b", 0, text + "."), hit("c", 0, text.replace("499", "599"))
    assert pack([hit("a", 0, text), same, other], budget_tokens=99, count=count) == (hit("a", 0, text), other)


def test_a_chunk_inside_another_is_dropped_whichever_ranks_first() -> None:
    outer, inner = hit("a", 0, "Refunds take 7 days here", 0), hit("a", 1, "take 7 days", 8)
    assert pack([outer, inner], budget_tokens=99, count=count) == (outer,)
    assert pack([inner, outer], budget_tokens=5, count=count) == (outer,)
    assert pack([inner, outer], budget_tokens=4, count=count) == (inner,)


def test_the_same_chunk_twice_is_one() -> None:
    assert pack([hit("a", 0, "x y"), hit("a", 0, "x y")], budget_tokens=9, count=count) == (hit("a", 0, "x y"),)
