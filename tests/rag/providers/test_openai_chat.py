"""OpenAIChat against a server on a real socket: what it sends, what it survives, and how it fails."""

from __future__ import annotations

import logging
import threading
import time
import traceback

import openai
import pytest

from konverze_core.answers import Usage
from konverze_core.errors import (
    ConfigError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from konverze_core.protocols import Message, Prompt
from konverze_rag.providers import openai_errors
from konverze_rag.providers.openai_chat import OpenAIChat
from konverze_rag.providers.retry import RetryPolicy
from tests.servers.openai_server import OpenAIServer, Reply

KEY = "sk-secret-0123456789"
QUESTION = "What is the refund window of order 4711?"
PROMPT = Prompt(
    system="Answer from the sources.",
    messages=(
        Message(role="user", text="Hello"),
        Message(role="assistant", text="Hello!"),
        Message(role="user", text=QUESTION),
    ),
)


@pytest.fixture
def server():
    with OpenAIServer(api_key=KEY) as running:
        yield running


@pytest.fixture(params=["responses", "chat"])
def api(request):
    return request.param


@pytest.fixture
def model(server, api):
    chat = chat_model(server, api)
    yield chat
    chat.close()


def chat_model(server, api="responses", **arguments):
    settings = {"api_key": KEY, "base_url": server.url, "model": "gpt-test", "context_window_tokens": 8000, "api": api}
    chat = OpenAIChat(**{**settings, **arguments})
    # Short pauses keep the tests quick; the policy has its own test.
    chat._retry = RetryPolicy(max_retries=arguments.get("max_retries", 2), first_delay_s=0.01)
    return chat


def ask(model, timeout_s=5.0):
    return list(model.stream(PROMPT, max_output_tokens=50, timeout_s=timeout_s))


def test_streams_pieces_then_one_usage(server, model):
    server.script(Reply(text="Thirty days [1]."))
    *pieces, usage = ask(model)
    assert pieces == ["Thirty", " days", " [1]."]
    assert isinstance(usage, Usage)
    assert usage.input_tokens > 0
    assert usage.output_tokens == 3


def test_sends_instructions_messages_and_no_wish_to_store(server):
    ask(chat_model(server))
    (request,) = server.requests
    assert request.path == "/v1/responses"
    assert request.body["store"] is False
    assert request.body["stream"] is True
    assert request.body["instructions"] == PROMPT.system
    assert request.body["max_output_tokens"] == 50
    assert [(message["role"], message["content"]) for message in request.body["input"]] == [
        (message.role, message.text) for message in PROMPT.messages
    ]


def test_sends_the_system_part_first_to_chat_completions(server):
    ask(chat_model(server, "chat"))
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body["messages"][0] == {"role": "system", "content": PROMPT.system}
    assert request.body["messages"][-1] == {"role": "user", "content": QUESTION}
    assert request.body["max_tokens"] == 50


def test_a_reply_can_quote_the_prompt(server, model):
    server.script(Reply(text=lambda body: f"{len(str(body))} characters came."))
    assert "characters came." in "".join(ask(model)[:-1])


def test_a_lone_surrogate_does_not_stop_the_question(server, model):
    prompt = Prompt(system="a\ud800b", messages=(Message(role="user", text="c\udfffd"),))
    assert list(model.stream(prompt, max_output_tokens=5, timeout_s=5))
    assert "c\ufffdd" in str(server.requests[0].body)


def test_an_answer_cut_at_its_longest_is_an_answer(server, model):
    server.script(Reply(text="Thirty days", ending="max_output_tokens"))
    *pieces, usage = ask(model)
    assert pieces == ["Thirty", " days"]
    assert usage.output_tokens == 2


def test_a_server_that_counts_no_tokens_gives_zeros(server, model):
    server.script(Reply(text="Yes.", with_usage=False))
    assert ask(model) == ["Yes.", Usage()]


def test_answers_share_a_connection(server):
    model = chat_model(server)
    for _ in range(3):
        ask(model)
    assert server.connections == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_retries_what_may_pass(server, model, status):
    server.script(Reply(status=status, headers={"retry-after-ms": "1"} if status == 429 else {}), Reply(text="Yes."))
    assert ask(model)[0] == "Yes."
    assert len(server.requests) == 2


def test_waits_as_long_as_the_server_asks(server, model):
    server.script(Reply(status=429, headers={"retry-after": "1"}), Reply(text="Yes."))
    started = time.monotonic()
    assert ask(model)[0] == "Yes."
    assert 1.0 <= time.monotonic() - started < 2.0


def test_asked_for_a_longer_pause_than_there_is_time_says_how_long(server, model):
    server.script(Reply(status=429, headers={"retry-after": "60"}))
    started = time.monotonic()
    with pytest.raises(RateLimitedError) as caught:
        ask(model, timeout_s=2.0)
    assert caught.value.retry_after_s == 60
    assert time.monotonic() - started < 1.0


def test_gives_up_after_the_last_try(server):
    model = chat_model(server, max_retries=1)
    server.script(*[Reply(status=503)] * 3)
    with pytest.raises(ProviderUnavailableError, match="status 503"):
        ask(model)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_refusal_is_not_retried(server, model, status):
    server.script(Reply(status=status, headers={"location": "http://127.0.0.1:1/"}))
    with pytest.raises(ProviderRejectedError, match=f"status {status}"):
        ask(model)
    assert len(server.requests) == 1


def test_an_empty_account_is_not_retried(server, model):
    server.script(Reply(status=429, code="insufficient_quota"))
    with pytest.raises(ProviderRejectedError, match="quota"):
        ask(model)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Reply(cut_after=0),
        Reply(malformed_after=0),
        Reply(text="", ending="nothing"),
        Reply(text="", ending="failed", code="server_error"),
        Reply(text="", ending="error", code="server_error"),
        Reply(body=b"<html>Welcome to the hotel</html>"),
        Reply(body=b"data: [1, 2]\n\ndata: {}\n\n"),
    ],
    ids=["cut", "malformed", "no end", "failed", "error event", "portal", "other shapes"],
)
def test_a_fault_before_the_first_word_is_retried(server, model, fault):
    server.script(fault, Reply(text="Yes."))
    assert ask(model)[0] == "Yes."
    server.script(*[fault] * 3)
    with pytest.raises(ProviderUnavailableError):
        ask(model)


@pytest.mark.parametrize(
    "fault",
    [
        Reply(text="a b c", cut_after=2),
        Reply(text="a b c", malformed_after=2),
        Reply(text="a b", ending="nothing"),
        Reply(text="a b", ending="failed", code="server_error"),
        Reply(text="a b", ending="error", code="Key sk-1 of a@b.c"),
    ],
    ids=["cut", "malformed", "no end", "failed", "error event"],
)
def test_a_fault_after_the_first_word_is_an_error(server, model, fault):
    server.script(fault)
    stream = model.stream(PROMPT, max_output_tokens=50, timeout_s=5)
    assert [next(stream), next(stream)] == ["a", " b"]
    with pytest.raises(ProviderUnavailableError) as caught:
        next(stream)
    assert "sk-1" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_content_filter_is_a_refusal(server, model):
    server.script(Reply(text="", ending="content_filter"))
    with pytest.raises(ProviderRejectedError, match="content_filter"):
        ask(model)


def test_a_stream_that_fails_of_rate_says_so(server, model):
    server.script(*[Reply(text="", ending="failed", code="rate_limit_exceeded")] * 3)
    with pytest.raises(RateLimitedError):
        ask(model)


@pytest.mark.parametrize(
    "fault",
    [
        Reply(delay_s=30),
        Reply(hang_after=0),
        Reply(text="a b", hang_after=1),
        Reply(text="a b", hang_after=2),
        Reply(drip_s=0.02),
        Reply(text=" ".join("a" * 200), pause_s=0.02),
    ],
    ids=["silence", "hang at once", "hang in the middle", "hang at the end", "drip", "slow words"],
)
def test_no_wait_outlasts_the_deadline(server, model, fault):
    server.script(*[fault] * 3)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        ask(model, timeout_s=0.4)
    assert time.monotonic() - started < 0.7


def test_the_first_word_has_a_deadline_of_its_own(server, api):
    model = chat_model(server, api, first_token_timeout_s=0.2)
    server.script(Reply(drip_s=0.02), Reply(text="Yes."))
    assert ask(model)[0] == "Yes."


def test_silence_has_a_deadline_of_its_own(server, api):
    model = chat_model(server, api, read_timeout_s=0.2)
    server.script(Reply(text="a b", hang_after=1))
    started = time.monotonic()
    with pytest.raises(ProviderUnavailableError):
        ask(model)
    assert time.monotonic() - started < 1.0


def test_nobody_there(api):
    with OpenAIServer() as server:
        pass
    with pytest.raises(ProviderUnavailableError, match="ConnectError"):
        ask(chat_model(server, api), timeout_s=1.0)


def test_closing_early_frees_the_connection(server, model):
    server.script(Reply(text="a b c", hang_after=1))
    stream = model.stream(PROMPT, max_output_tokens=50, timeout_s=30)
    assert next(stream) == "a"
    stream.close()
    assert server.disconnected.wait(2)
    assert next(stream, None) is None


def test_threads_share_a_model(server, model):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(model))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len({tuple(answer) for answer in answers}) == 1


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_secret_reaches_a_message_or_a_traceback(server, model, status):
    server.script(*[Reply(status=status, message=f"bad {KEY} in {QUESTION}", headers={"retry-after-ms": "1"})] * 3)
    with pytest.raises((ProviderRejectedError, ProviderUnavailableError, RateLimitedError)) as caught:
        ask(model)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(model)
    assert KEY not in shown
    assert "4711" not in shown


def test_a_wrong_key_is_not_repeated(server, api):
    wrong = "sk-wrong-key"
    with pytest.raises(ProviderRejectedError, match="status 401") as caught:
        ask(chat_model(server, api, api_key=wrong))
    assert wrong not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://10.0.0.1/v1",
        "ftp://127.0.0.1/",
        "https://",
        "x",
        "http://127.0.0.1\\@example.com/",
    ],
)
def test_refuses_a_url_that_would_show_the_prompt(url):
    with pytest.raises(ConfigError):
        OpenAIChat(api_key=KEY, base_url=url, model="m", context_window_tokens=1)


@pytest.mark.parametrize(
    "url", ["https://h:x/", "https://h:99999/", "https://[::1/", "https://h\n/", "https://\u2100.com/"]
)
def test_refuses_what_is_no_url(url):
    with pytest.raises(ConfigError, match="base_url is not a URL"):
        OpenAIChat(api_key=KEY, base_url=url, model="m", context_window_tokens=1)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:passw0rd@example.com/v1",
        "https://passw0rd@example.com",
        "http://:passw0rd@127.0.0.1/",
        "https://user:passw0rd@h:x/",
        "https://user:passw0rd/x@example.com/",
        "https://user:passw0rd@[x]/",
        "https://user:passw0rd@\u2100.com/",
    ],
)
def test_refuses_a_password_in_the_url_and_does_not_repeat_it(url):
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(api_key=KEY, base_url=url, model="m", context_window_tokens=1)
    assert "passw0rd" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


@pytest.fixture
def hostile_environment(monkeypatch):
    """What the SDK would read, each variable with a value of its own."""
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", f"STOLEN-{name}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/STOLEN")
    headers = ("Authorization: Bearer STOLEN", "authorization: Bearer STOLEN", "X-More: STOLEN", "User-Agent: STOLEN")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(headers))


@pytest.mark.usefixtures("hostile_environment")
def test_nothing_of_the_environment_is_sent(server, api):
    model = chat_model(server, api)
    assert ask(model)
    headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert headers["authorization"] == f"Bearer {KEY}"
    assert set(headers) <= {
        "host", "connection", "accept", "accept-encoding", "user-agent", "authorization", "content-type",
        "content-length", "x-stainless-read-timeout", "x-stainless-retry-count",
    }  # fmt: skip
    assert "STOLEN" not in str(headers)
    sdk = model._connection.sdk
    assert not any((sdk.admin_api_key, sdk.organization, sdk.project, sdk.webhook_secret))


@pytest.mark.usefixtures("hostile_environment")
def test_the_environment_sets_no_url():
    model = OpenAIChat(api_key=KEY, model="m", context_window_tokens=1)
    assert str(model._connection.sdk.base_url) == "https://api.openai.com/v1/"
    model.close()


def test_the_log_that_the_environment_may_turn_on_holds_no_secret(server, model, caplog):
    caplog.set_level(logging.DEBUG)  # what OPENAI_LOG=debug does for the SDK
    ask(model)
    assert "openai" in caplog.text
    assert KEY not in caplog.text
    assert "4711" not in caplog.text
    assert PROMPT.system not in caplog.text


@pytest.mark.parametrize("url", [None, "https://example.com/v1", "http://localhost:8080/v1", "http://[::1]:1/v1"])
def test_takes_https_and_loopback(url):
    OpenAIChat(api_key=KEY, base_url=url, model="m", context_window_tokens=1).close()


@pytest.mark.parametrize("key", ["", "sk\n", "sk 1", "clé"])
def test_refuses_what_cannot_be_a_key(key):
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(api_key=key, model="m", context_window_tokens=1)
    assert not key or key not in str(caught.value)


def test_every_exception_of_the_sdk_is_mapped():
    # Raised by features that are not used here: Azure, the old module-level API, workload identity, response objects.
    elsewhere = {
        "AmbiguousModuleClientUsageError",
        "APIRemovedInV1",
        "MissingDependencyError",
        "MutuallyExclusiveAuthError",
        "StreamAlreadyConsumed",
        "SubjectTokenProviderError",
    }
    known = openai_errors.UNAVAILABLE | openai_errors.REJECTED
    unmapped = {
        kind
        for kind in subclasses(openai.OpenAIError)
        if kind not in known and not issubclass(kind, openai.APIStatusError)
    }
    assert {kind.__name__.lstrip("_") for kind in unmapped} <= elsewhere


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)
