"""Prompts of any question, history and sources: counted as tiktoken counts them, within the window, the rules whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from konverze_core.documents import Chunk, Span
from konverze_core.errors import ConfigError
from konverze_core.protocols import Message
from konverze_core.retrieval import Hit
from konverze_rag.answering.compose import (
    MESSAGE_OVERHEAD_TOKENS,
    REPLY_OVERHEAD_TOKENS,
    PromptPolicy,
    TokenBudget,
    compose,
    system_text,
)
from konverze_rag.providers.tiktoken_offline import O200K, TokenCounter

NONCE = "5f0c9a7be1d24c60"
POLICY = PromptPolicy(persona="You answer for Acme: briefly, politely, and never about other shops.")
COUNTER = TokenCounter(O200K)
WORDS = (
    *(
        "refund",
        "days",
        "₹4,299",
        "SKU-123/A",
        "हिन्दी",
        "सात",
        "दिन",
        "ગુજરાતી",
        "தமிழ்",
        "的",
        "🙂",
        "\u200d",
        "\n",
        "  ",
    ),
    *("<<end 1", "<|endoftext|>", "[1]", "http://a.example/?q=%20", "x" * 60, "\u202e", "a\u0301", "7", ".", "|", "\t"),
)
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=60).map(" ".join)


@st.composite
def hits(draw):
    text, number = draw(texts), draw(st.integers(0, 5))
    chunk = Chunk(document_id=f"d{number}", ordinal=number, text=text or "x", span=Span(0, len(text or "x")))
    return Hit(chunk=chunk, score=1.0)


sizes = st.tuples(st.integers(200, 3_000), st.integers(16, 400))
histories = st.lists(st.builds(Message, role=st.sampled_from(["user", "assistant"]), text=texts), max_size=5)


def tokens(*messages: str) -> int:
    """By tiktoken itself, whose special tokens are text here, as the API takes them."""
    return sum(len(COUNTER.encode(text)) + MESSAGE_OVERHEAD_TOKENS for text in messages)


@settings(max_examples=50)  # the first count loads the vocabulary
@given(
    question=texts,
    found=st.lists(hits(), max_size=5),
    history=histories,
    earlier=st.lists(texts, max_size=5),
    size=sizes,
)
def test_a_prompt_is_counted_exactly_fits_and_keeps_its_rules(*, question, found, history, earlier, size):
    window, output = size
    budget = TokenBudget(context_window_tokens=window, max_output_tokens=output, count=COUNTER.count)
    system = system_text(POLICY, question=question, nonce=NONCE)
    try:
        composed = compose(question, found, history, earlier=earlier, policy=POLICY, budget=budget, nonce=NONCE)
    except ConfigError:
        wide = TokenBudget(context_window_tokens=10**6, max_output_tokens=output, count=COUNTER.count)
        bare = compose(question, (), (), policy=POLICY, budget=wide, nonce=NONCE)
        assert bare.input_tokens + output > window
        return
    prompt = composed.prompt
    assert prompt.system == system
    counted = tokens(prompt.system, *(message.text for message in prompt.messages)) + REPLY_OVERHEAD_TOKENS
    assert composed.input_tokens == counted
    assert counted + output <= window
    assert prompt.messages[-1].role == "user"
    assert [message.role for message in prompt.messages[:1]] == ["user"]
    assert len(composed.sources) == prompt.messages[-1].text.count(f" {NONCE}>>") // 2
