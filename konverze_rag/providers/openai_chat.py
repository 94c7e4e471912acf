"""Answers by OpenAI's models, or by any server that speaks the protocol."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, Literal

from konverze_core.errors import ConfigError, ProviderError, ProviderUnavailableError
from konverze_core.protocols import ChatModelInfo, Message, Prompt
from konverze_rag.providers.openai_client import OpenAIConnection
from konverze_rag.providers.openai_dialects import ChatReading, ResponsesReading
from konverze_rag.providers.retry import RetryPolicy
from konverze_rag.providers.unicode import encodable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from konverze_core.answers import Usage
    from konverze_rag.providers.openai_dialects import EventStream, Reading
    from konverze_rag.settings import Price

# How long a finished stream may take to end: read to its end, its connection serves the next answer, too.
_TAIL_S: Final = 1.0


class OpenAIChat:
    """Implements `ChatModel`; one instance serves all threads and keeps its connections.

    A failed call is retried with back-off as long as no text has been passed on and the deadline allows.

    Args:
        api_key: The secret.
        model: Model name as the provider spells it.
        context_window_tokens: Prompt and answer together fit into this.
        base_url: Root of the API, https or loopback; None for OpenAI's own.
        api: `responses`, or `chat` for servers that have chat completions only.
        max_retries: Tries after the first one.
        connect_timeout_s: Longest wait for a connection.
        first_token_timeout_s: Longest wait of one try for the first piece of text.
        read_timeout_s: Longest silence of the server.
        proxy_url: HTTP proxy to go through; the environment is not asked for one.
        price: What the model's tokens cost; None for a usage without a cost.

    Raises:
        ConfigError: An argument is wrong.
    """

    def __init__(  # noqa: PLR0913  (keyword-only)
        self,
        *,
        api_key: str,
        model: str,
        context_window_tokens: int,
        base_url: str | None = None,
        api: Literal["responses", "chat"] = "responses",
        max_retries: int = 2,
        connect_timeout_s: float = 5.0,
        first_token_timeout_s: float = 20.0,
        read_timeout_s: float = 20.0,
        proxy_url: str | None = None,
        price: Price | None = None,
    ) -> None:
        readings: dict[str, type[Reading]] = {"responses": ResponsesReading, "chat": ChatReading}
        if api not in readings:
            raise ConfigError("api must be 'responses' or 'chat'")
        self._reading = readings[api]
        self._info = ChatModelInfo(name=model, context_window_tokens=context_window_tokens)
        self._price = price
        self._retry = RetryPolicy(max_retries=max_retries)
        self._first_token_timeout_s = first_token_timeout_s
        self._connection = OpenAIConnection(
            api_key=api_key,
            base_url=base_url,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            proxy_url=proxy_url,
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host that reads prompts."""
        return self._connection.hosts

    @property
    def info(self) -> ChatModelInfo:
        """What the engine needs to know of the model."""
        return self._info

    def stream(self, prompt: Prompt, *, max_output_tokens: int, timeout_s: float) -> Iterator[str | Usage]:
        """Pieces of the answer as they come, then exactly one `Usage`.

        An answer that ends at `max_output_tokens` is an answer; one that is cut off in any other way is an error.

        Args:
            prompt: What to answer.
            max_output_tokens: Longest answer.
            timeout_s: Time for the whole answer, retries included.

        Raises:
            ProviderRejectedError: The request itself is refused.
            ProviderUnavailableError: Not reached, failed, timed out, or cut short; also in mid-stream.
            RateLimitedError: Told to back off for longer than `timeout_s` allows.
        """
        deadline_s = time.monotonic() + timeout_s
        sendable = _sendable(prompt)

        def begin() -> tuple[str | Usage, Generator[str | Usage]]:
            pieces = self._pieces(sendable, max_output_tokens=max_output_tokens, deadline_s=deadline_s)
            return next(pieces), pieces

        first, rest = self._retry.call(begin, deadline_s=deadline_s)
        with closing(rest):
            yield first
            yield from rest

    def close(self) -> None:
        """Closes all connections; a running answer fails."""
        self._connection.close()

    def _pieces(self, prompt: Prompt, *, max_output_tokens: int, deadline_s: float) -> Generator[str | Usage]:
        wait_until_s = min(deadline_s, time.monotonic() + self._first_token_timeout_s)
        reading = self._reading()
        with self._connection.until(wait_until_s):
            events = reading.open(
                self._connection.sdk,
                prompt,
                model=self._info.name,
                max_output_tokens=max_output_tokens,
                timeout=self._connection.timeout(deadline_s),
            )
        with closing(events):
            while not reading.finished:
                text = self._read(events, reading, wait_until_s)
                if text is None:
                    raise ProviderUnavailableError("the answer was cut short")
                if text:
                    wait_until_s = deadline_s
                    yield text
            self._read_tail(events, reading, min(deadline_s, time.monotonic() + _TAIL_S))
            yield reading.usage if self._price is None else self._price.of(reading.usage)

    def _read_tail(self, events: EventStream, reading: Reading, wait_until_s: float) -> None:
        # The answer is complete: what goes wrong now spoils at most its token counts.
        with suppress(ProviderError):
            while self._read(events, reading, wait_until_s) is not None:
                pass

    def _read(self, events: EventStream, reading: Reading, wait_until_s: float) -> str | None:
        """The text of the next event; None at the end of the stream."""
        with self._connection.until(wait_until_s):
            event: object = next(events, None)
            return None if event is None else reading.read(event)


def _sendable(prompt: Prompt) -> Prompt:
    messages = tuple(Message(role=message.role, text=encodable(message.text)) for message in prompt.messages)
    return Prompt(system=encodable(prompt.system), messages=messages, end_user=prompt.end_user)
