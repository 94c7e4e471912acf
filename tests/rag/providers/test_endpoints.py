from __future__ import annotations

import pytest

import konverze_rag as kr
from konverze_core.contracts import ChatModelContract
from konverze_core.errors import ConfigError, ProviderRejectedError, ProviderUnavailableError
from konverze_core.fakes import ScriptedChatModel
from konverze_core.protocols import Message, Prompt
from konverze_rag.providers.breaker import FAILURES_IN_A_ROW
from konverze_rag.providers.endpoints import Endpoints
from tests.servers.openai_server import OpenAIServer, Reply

PROMPT = Prompt(system="Answer.", messages=(Message(role="user", text="How long?"),))
DOWN = ProviderUnavailableError("down")


def said(endpoints):
    return "".join(
        piece for piece in endpoints.stream(PROMPT, max_output_tokens=50, timeout_s=5) if isinstance(piece, str)
    )


class TestEndpointsContract(ChatModelContract):
    @pytest.fixture
    def chat_model(self):
        return Endpoints([ScriptedChatModel([DOWN] * 9), ScriptedChatModel(["A refund takes seven days."] * 9)])

    @pytest.fixture
    def prompt(self):
        return PROMPT


def test_the_next_endpoint_is_asked_where_one_fails_before_its_first_word():
    first, second = ScriptedChatModel([DOWN, "back again"]), ScriptedChatModel([ProviderRejectedError("no")] * 2)
    third = ScriptedChatModel(["seven days"] * 2)
    endpoints = Endpoints([first, second, third])
    assert said(endpoints) == "seven days"
    assert said(endpoints) == "back again"
    assert len(second.prompts) == 1


def test_an_answer_that_breaks_off_is_not_begun_anew():
    second = ScriptedChatModel(["seven days"])
    endpoints = Endpoints([ScriptedChatModel(["a long long answer"], ends_early=True), second])
    pieces = endpoints.stream(PROMPT, max_output_tokens=50, timeout_s=5)
    assert next(pieces)
    with pytest.raises(ProviderUnavailableError, match="broke off"):
        list(pieces)
    assert second.prompts == []


def test_the_last_failure_is_told():
    with pytest.raises(ProviderRejectedError, match="second"):
        said(Endpoints([ScriptedChatModel([DOWN]), ScriptedChatModel([ProviderRejectedError("second")])]))
    with pytest.raises(ConfigError):
        Endpoints([])


def test_an_endpoint_that_keeps_failing_is_passed_over():
    first = ScriptedChatModel([DOWN] * (FAILURES_IN_A_ROW + 5))
    endpoints = Endpoints([first, ScriptedChatModel(["seven days"] * 20)])
    for _ in range(FAILURES_IN_A_ROW + 5):
        assert said(endpoints) == "seven days"
    assert len(first.prompts) == FAILURES_IN_A_ROW


def test_a_prompt_fits_into_every_window():
    models = [ScriptedChatModel([], context_window_tokens=tokens) for tokens in (9_000, 4_000, 8_000)]
    assert Endpoints(models).info.context_window_tokens == 4_000


def test_settings_name_endpoints_that_stand_in(tmp_path):
    with OpenAIServer(api_key="first") as first, OpenAIServer(api_key="second") as second:
        first.script(*[Reply(status=503)] * 20)
        second.script(Reply(text="Refunds take seven days [1]."))
        settings = kr.Settings(
            openai_base_url=first.url,
            openai_api_key="first",
            chat_model="big",
            embeddings="none",
            loader_workers=0,
            chat_fallbacks=({"base_url": second.url, "api_key": "second", "model": "small", "api": "chat"},),
            prices={"big": {"input": 5, "output": 5}, "small": {"input": 1_000_000, "output": 0}},
        )
        with kr.Engine.open(tmp_path, settings=settings) as engine:
            acme = engine.tenant("acme")
            acme.ingest(b"Refunds take seven days.", source="a.txt")
            answer = acme.ask("How long do refunds take?")
        assert (answer.mode, answer.degraded) == (kr.AnswerMode.GENERATED, None)
        assert answer.usage.cost == answer.usage.input_tokens > 0
        assert len(first.requests) == 1
        assert second.requests[0].body["model"] == "small"
        assert "second" not in repr(settings)


def test_endpoints_that_stand_in_for_nothing_are_an_error():
    with pytest.raises(ConfigError, match="chat_fallbacks"):
        kr.Settings(openai_api_key=None, openai_base_url=None, chat_fallbacks=({"model": "m"},))
    with pytest.raises(ConfigError, match="password"):
        kr.Settings(openai_api_key="k", chat_fallbacks=({"model": "m", "base_url": "https://a:b@c.example"},))
