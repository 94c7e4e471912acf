"""Every installed peer does what its protocols say: all are measured on the same answers."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peers
from benchmarks.contest import Course
from benchmarks.corpus import price_of

SIZE, LATER, K = 300, 20, 5
WHOLE = Course(size=SIZE + LATER)
OWN = range(0, SIZE, 29)


@pytest.fixture(params=list(peers.PEERS))
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Any]:
    found = peers.load(request.param)
    if found is None:
        pytest.skip("not installed")
    contestant = found(tmp_path, WHOLE.dim)
    contestant.build(WHOLE.chunks[:SIZE], WHOLE.vectors[:SIZE])
    yield contestant
    contestant.close()


def test_a_chunk_is_found_by_its_vector_and_by_its_words_with_text_and_metadata(peer: Any) -> None:
    for row in OWN:
        chunk, vector = WHOLE.chunks[row], WHOLE.vectors[row]
        words = " ".join(sorted(set(chunk.text.split()), key=len)[-6:])
        answers = [peer.search(vector, K)] if isinstance(peer, peers.Dense) else []
        answers += [peer.hybrid(vector, words, K)] if isinstance(peer, peers.Hybrid) else []
        answers += [peer.lexical(words, K)] if isinstance(peer, peers.Lexical) else []
        assert answers
        for hits in answers:
            assert 0 < len(hits) <= K
            assert hits[0][0] == chunk.text
            assert hits[0][1]["price"] == price_of(row)


def test_a_filter_lets_only_lower_prices_through(peer: Any) -> None:
    if not isinstance(peer, peers.Filtering):
        pytest.skip("does not filter")
    for row in OWN:
        assert all(metadata["price"] < 200 for _, metadata in peer.search_below(WHOLE.vectors[row], K, 200))


def test_what_is_added_or_deleted_later_is_found_or_gone_also_after_it_was_stored_and_opened(peer: Any) -> None:
    if isinstance(peer, peers.Growing):
        peer.add(WHOLE.chunks[SIZE:], WHOLE.vectors[SIZE:])
    if isinstance(peer, peers.Shrinking):
        peer.delete(["document-0", "document-3"])
    if isinstance(peer, peers.Stored):
        peer.save()
        peer.close()
        peer.open()
    if isinstance(peer, peers.Growing):
        assert peer.search(WHOLE.vectors[SIZE + 7], K)[0][0] == WHOLE.chunks[SIZE + 7].text
    if isinstance(peer, peers.Shrinking):
        gone = {chunk.text for chunk in WHOLE.chunks if chunk.document_id in {"document-0", "document-3"}}
        found = [text for row in (0, 35) for text, _ in peer.search(WHOLE.vectors[row], K)]
        assert len(found) == 2 * K
        assert not gone & set(found)


def test_the_order_of_peers_puts_ours_first_and_names_only_the_able_ones() -> None:
    hybrid, dense = peers.installed(able=peers.Hybrid), peers.installed(able=peers.Dense)
    assert next(iter(hybrid)) == next(iter(dense)) == peers.OURS
    assert not peers.HYBRID_ONLY & set(dense)
    assert "bm25s" not in dense
