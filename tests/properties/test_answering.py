"""Properties of the answer pipeline's decisions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.answers import Cited, Event, Token
from konverze_core.documents import Chunk, Span
from konverze_core.errors import ConfigError
from konverze_core.protocols import Message
from konverze_core.retrieval import Hit
from konverze_rag.answering.compose import (
    MESSAGE_OVERHEAD_TOKENS,
    PromptPolicy,
    TokenBudget,
    compose,
    system_text,
)
from konverze_rag.answering.extractive import extract_answer
from konverze_rag.answering.pieces import pieces_of
from konverze_rag.answering.streaming_citations import CitationStream
from konverze_rag.answering.untrusted import visible
from konverze_rag.answering.verify import supports

NONCE = "0123456789abcdef"
_PARTS = (
    "Refunds take 7 days . - | [1] [2] [9] [ ] ( ) ` ``` 【1】 NO_ANSWER not नहीं दिन ₹1,00,000 and warranty lasts "
    "24 months [1, 2] ** ? : 12/03/2026 [x](y)"
)
WORDS = st.sampled_from(["\n", *_PARTS.split()])
TEXTS = st.lists(WORDS, max_size=40).map(" ".join)
ANY_TEXT = st.one_of(TEXTS, st.text(max_size=60))
PREFIX = "Preface. "


def hits_of(texts: list[str]) -> tuple[Hit, ...]:
    return tuple(
        Hit(
            chunk=Chunk(document_id=f"d{n % 2}", ordinal=n, text=text, span=Span(len(PREFIX), len(PREFIX) + len(text))),
            score=1.0 / (n + 1),
        )
        for n, text in enumerate(texts)
    )


def count(text: str) -> int:
    return len(text.split())


@given(
    question=ANY_TEXT,
    texts=st.lists(ANY_TEXT, max_size=6),
    turns=st.lists(st.tuples(st.sampled_from(["user", "assistant"]), ANY_TEXT), max_size=6),
    window=st.integers(0, 900),
    output=st.integers(0, 200),
    counted=st.sampled_from([count, len]),
)
@settings(max_examples=120)
def test_a_prompt_never_exceeds_the_window_and_its_system_part_is_whole(
    *, question, texts, turns, window, output, counted
):
    policy = PromptPolicy(persona="I am Asha.")
    budget = TokenBudget(
        context_window_tokens=window * (8 if counted is len else 1), max_output_tokens=output, count=counted
    )
    history = [Message(role=role, text=text) for role, text in turns]
    system = system_text(policy, question=question, nonce=NONCE)
    try:
        found = compose(question, hits_of(texts), history, policy=policy, budget=budget, nonce=NONCE)
    except ConfigError:
        return
    parts = [found.prompt.system, *(message.text for message in found.prompt.messages)]
    assert sum(counted(part) + MESSAGE_OVERHEAD_TOKENS for part in parts) + output <= budget.context_window_tokens
    assert found.prompt.system == system
    assert visible(question).replace(NONCE, "")[-5:] in found.prompt.messages[-1].text
    assert all(source in hits_of(texts) for source in found.sources)


def outcome(stream: CitationStream, pieces: list[str]) -> tuple[str, list[Event], int, bool]:
    events: list[Event] = [event for piece in pieces for event in stream.feed(piece)] + stream.finish()
    assert "".join(event.text for event in events if isinstance(event, Token)) == stream.text
    merged: list[Event] = []
    for event in events:
        if isinstance(event, Token) and merged and isinstance(merged[-1], Token):
            merged[-1] = Token(merged[-1].text + event.text)
        else:
            merged.append(event)
    return stream.text, merged, stream.removed, stream.refused


@given(answer=ANY_TEXT, sources=st.lists(TEXTS, max_size=3), cuts=st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=120)
def test_citations_do_not_depend_on_how_the_answer_is_cut(answer, sources, cuts):
    hits = hits_of(sources)
    edges = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]
    pieces = [answer[a:b] for a, b in pairwise(edges)]
    whole = outcome(CitationStream(hits), [answer])
    assert outcome(CitationStream(hits), list(answer)) == whole
    assert outcome(CitationStream(hits), pieces) == whole


@given(answer=TEXTS, sources=st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=100)
def test_quotes_are_the_document_at_their_span(answer, sources):
    stream = CitationStream(hits_of(sources))
    events = stream.feed(answer) + stream.finish()
    assert sum(isinstance(event, Cited) for event in events) == len(stream.citations)
    for citation in stream.citations:
        document = PREFIX + sources[citation.number - 1]
        assert citation.span is not None
        assert document[citation.span.start : citation.span.end] == citation.quote
        assert citation.supported
        assert 0 <= citation.score <= 1


@given(question=TEXTS, sources=st.lists(TEXTS, max_size=3))
@settings(max_examples=100)
def test_extracts_quote_their_sources(question, sources):
    found = extract_answer(question, hits_of(sources))
    for citation in found.citations:
        document = PREFIX + sources[citation.number - 1]
        assert citation.span is not None
        assert document[citation.span.start : citation.span.end] == citation.quote


@given(text=ANY_TEXT)
@settings(max_examples=150)
def test_pieces_hold_every_visible_character_and_support_themselves(text):
    pieces = pieces_of(text)
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(text.split())
    for piece in pieces:
        found = supports(piece.text, text)
        assert found.supported or found.reason == "words"
