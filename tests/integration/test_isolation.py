"""A tenant's canary never shows up anywhere near another tenant."""

import random

import pytest

import konverze_rag as kr
from konverze_core.fakes import HashingEmbedder, ManualClock, MemoryBlobStore, MemoryKeyProvider, ScriptedChatModel

ASKS = 1_000
TENANTS = 10
WORDS = [
    *("refund", "delivery", "warranty", "price", "days", "order", "cancel", "invoice"),
    *("नीति", "वापसी", "shipping", "gift", "card", "support", "code"),
]


class _Gullible(ScriptedChatModel):
    """Repeats all that it is given, and fails now and then."""

    def __init__(self):
        super().__init__([])
        self._random = random.Random(7)

    def stream(self, prompt, *, max_output_tokens, timeout_s):
        self.prompts.append(prompt)
        if self._random.random() < 0.2:
            raise kr.ProviderUnavailableError("down")
        yield f"{prompt.system}\n{prompt.messages[-1].text} [1]."
        yield kr.Usage(1, 1)


def _canary(number):
    return f"canary{number:02d}zebra"


def test_a_thousand_random_asks_leak_nothing():
    source = random.Random(42)
    chat = _Gullible()
    engine = kr.Engine(
        settings=kr.Settings(openai_api_key=None, openai_base_url=None),
        blobs=MemoryBlobStore(),
        keys=MemoryKeyProvider(),
        embedder=HashingEmbedder(),
        chat=chat,
        clock=ManualClock(),
    )
    for number in range(TENANTS):
        facts = [f"The {word} code of shop {number} is {_canary(number)} {word}." for word in WORDS]
        engine.tenant(f"tenant-{number}").ingest("\n\n".join(facts).encode(), source=f"facts of {_canary(number)}")
    answered = 0
    for _ in range(ASKS):
        asker = source.randrange(TENANTS)
        other = source.choice([number for number in range(TENANTS) if number != asker])
        words = source.sample(WORDS, 3)
        # Half of the questions fish for another tenant's canary without naming it.
        question = f"What is the {' '.join(words)} of shop {other if source.random() < 0.5 else asker}?"
        tenant, seen = engine.tenant(f"tenant-{asker}"), len(chat.prompts)
        conversation = f"c{source.randrange(5)}"
        hits = tenant.search(question, k=50)
        events = list(tenant.stream(question, conversation=conversation, visitor="v"))
        said = repr([hits, events, chat.prompts[seen:]])
        assert not [number for number in range(TENANTS) if number != asker and _canary(number) in said]
        answered += _canary(asker) in said
    assert answered == ASKS
    assert engine.tenants() == sorted(f"tenant-{number}" for number in range(TENANTS))
    for number in range(TENANTS):
        with pytest.raises(kr.ConfigError) as caught:
            engine.tenant(f"tenant-{number}").search("x", where={"code": {"like": 1}})
        assert "canary" not in str(caught.value)
