"""The whole path with the real SDK over a real socket."""

import json

import pytest

import konverze_rag as kr
from tests.servers.openai_server import OpenAIServer, Reply

CANARY = "sk-canary-key"


@pytest.fixture
def server():
    with OpenAIServer(api_key=CANARY) as running:
        yield running


@pytest.fixture
def acme(server, tmp_path):
    settings = kr.Settings(
        openai_api_key=CANARY,
        openai_base_url=server.url,
        embeddings="openai",
        embedding_dim=64,
        answer_deadline_s=2.0,
    )
    with kr.Engine.open(tmp_path, settings=settings) as engine:
        tenant = engine.tenant("acme")
        tenant.ingest(b"# Refunds\n\nA refund takes 7 working days.", source="policy.md")
        yield tenant


def _cited(body):
    """Answers like a model that reads its prompt: cites the source that holds the answer."""
    prompt = json.dumps(body, ensure_ascii=False)
    assert "A refund takes 7 working days." in prompt
    return "It takes 7 working days [1]."


def test_the_service_is_told_a_pseudonym_of_the_visitor(acme, server):
    for visitor in ("asha.rao", "asha.rao", "ravi", None):
        server.script(Reply(), Reply(text=_cited))
        acme.ask("How long does a refund take?", conversation="c" if visitor else None, visitor=visitor)
    asked = [request.body for request in server.requests if request.path == "/v1/responses"]
    first, again, other, nobody = (body.get("safety_identifier") for body in asked)
    assert first == again != other
    assert nobody is None
    assert 32 <= len(first) <= 64
    assert "asha" not in json.dumps(asked)


def test_a_cited_answer_streams_through(acme, server):
    server.script(Reply(), Reply(text=_cited))
    answer = acme.ask("How long does a refund take?", conversation="c", visitor="v")
    assert (answer.text, answer.degraded) == ("It takes 7 working days [1].", None)
    assert answer.citations[0].quote == "A refund takes 7 working days."
    sent = server.requests[-1].body
    assert sent["store"] is False
    assert sent["stream"] is True
    assert "acme" not in json.dumps(sent)


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=401, message=f"bad key {CANARY}"),
        Reply(status=429, headers={"Retry-After": "30"}),
        Reply(text="A refund", cut_after=1),
        Reply(malformed_after=0),
        Reply(hang_after=1),
        Reply(delay_s=5),
        Reply(ending="failed"),
        Reply(ending="nothing"),
    ],
    ids=["401", "429", "cut", "malformed", "hang", "slow", "failed", "no end"],
)
def test_every_fault_ends_in_a_labelled_answer_within_the_deadline(acme, server, fault):
    server.script(Reply(), fault, fault, fault)
    answer = acme.ask("How long does a refund take?")
    assert answer.degraded
    assert CANARY not in answer.degraded
    assert "7 working days" in answer.text
    assert answer.citations
    assert answer.timings.total_ms < 2_000 + 1_000


def test_a_passing_fault_is_retried(acme, server):
    server.script(Reply(), Reply(status=503), Reply(text=_cited))
    answer = acme.ask("How long does a refund take?")
    assert (answer.degraded, answer.mode) == (None, kr.AnswerMode.GENERATED)


def test_embeddings_that_fail_leave_search_by_words(acme, server):
    server.script(Reply(status=401), Reply(text=_cited))
    answer = acme.ask("How long does a refund take?")
    assert "searched by words only" in answer.degraded
    assert answer.text == "It takes 7 working days [1]."
