"""The two ways in which a server streams an answer: OpenAI's Responses API, and chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import openai
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseErrorEvent,
    ResponseFailedEvent,
    ResponseIncompleteEvent,
    ResponseRefusalDeltaEvent,
    ResponseTextDeltaEvent,
)

from konverze_core.answers import Usage
from konverze_core.errors import ProviderUnavailableError
from konverze_rag.providers.openai_errors import failure_of_code

if TYPE_CHECKING:
    import httpx2

    from konverze_core.protocols import Prompt

# The SDK builds events without validating them, so they are read as what they are: anything.
EventStream: TypeAlias = openai.Stream[Any]


class Reading(Protocol):
    """Reads one answer's events.

    Attributes:
        finished: Whether the server said that the answer is complete.
        usage: Tokens, once the server told them.
    """

    finished: bool
    usage: Usage

    def open(
        self, sdk: openai.OpenAI, prompt: Prompt, *, model: str, max_output_tokens: int, timeout: httpx2.Timeout
    ) -> EventStream:
        """Sends the prompt."""
        ...

    def read(self, event: object) -> str:
        """The text in an event; empty where it has none.

        Raises:
            ProviderError: The event reports a failure, or is malformed.
        """
        ...


class ResponsesReading:
    """`POST /responses`; nothing is stored by the provider (`store=False`)."""

    def __init__(self) -> None:
        self.finished = False
        self.usage = Usage()

    def open(
        self, sdk: openai.OpenAI, prompt: Prompt, *, model: str, max_output_tokens: int, timeout: httpx2.Timeout
    ) -> EventStream:
        """Sends the prompt; its system part goes as `instructions`."""
        messages: Any = [{"role": message.role, "content": message.text} for message in prompt.messages]
        return sdk.responses.create(
            model=model,
            instructions=prompt.system,
            input=messages,
            max_output_tokens=max_output_tokens,
            store=False,
            safety_identifier=prompt.end_user or openai.omit,
            stream=True,
            timeout=timeout,
        )

    def read(self, event: object) -> str:
        """The text in an event; kinds of event that are not ours to know are passed over.

        Raises:
            ProviderError: The event reports a failure, or is malformed.
        """
        match event:
            case ResponseTextDeltaEvent() | ResponseRefusalDeltaEvent():
                return _text(event, "delta")
            case ResponseCompletedEvent():
                self._finish(event)
            case ResponseIncompleteEvent():
                reason = _dig(event, "response", "incomplete_details", "reason")
                if reason != "max_output_tokens":
                    raise failure_of_code(reason)
                self._finish(event)
            case ResponseFailedEvent():
                raise failure_of_code(_dig(event, "response", "error", "code"))
            case ResponseErrorEvent():
                raise failure_of_code(_dig(event, "code"))
            case _:
                pass
        return ""

    def _finish(self, event: object) -> None:
        self.finished = True
        usage = _dig(event, "response", "usage")
        self.usage = Usage(_count(usage, "input_tokens"), _count(usage, "output_tokens"))


class ChatReading:
    """`POST /chat/completions`, for servers that speak no other dialect."""

    def __init__(self) -> None:
        self.finished = False
        self.usage = Usage()

    def open(
        self, sdk: openai.OpenAI, prompt: Prompt, *, model: str, max_output_tokens: int, timeout: httpx2.Timeout
    ) -> EventStream:
        """Sends the prompt; its system part goes as the first message."""
        messages: Any = [{"role": "system", "content": prompt.system}]
        messages += [{"role": message.role, "content": message.text} for message in prompt.messages]
        return sdk.chat.completions.create(
            model=model,
            messages=messages,
            # The older name of the parameter is the one that compatible servers know.
            max_tokens=max_output_tokens,
            stream=True,
            stream_options={"include_usage": True},
            timeout=timeout,
        )

    def read(self, event: object) -> str:
        """The text in a chunk. A stream that ends without `finish_reason` was cut: the SDK would not say so.

        Raises:
            ProviderError: The chunk is malformed, or the content filter stepped in.
        """
        if not isinstance(event, ChatCompletionChunk):
            raise ProviderUnavailableError("the service sent a malformed event")
        if (usage := _dig(event, "usage")) is not None:
            self.usage = Usage(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
        if not event.choices:
            return ""
        choice = event.choices[0]
        reason = _dig(choice, "finish_reason")
        if reason == "content_filter":
            raise failure_of_code(reason)
        self.finished = self.finished or reason is not None
        return _text(choice.delta, "content") if _dig(choice, "delta", "content") is not None else ""


def _dig(value: object, *names: str) -> object:
    """The attribute at the end of a path; None where any step is absent."""
    for name in names:
        value = getattr(value, name, None)
    return value


def _text(value: object, name: str) -> str:
    text = _dig(value, name)
    if not isinstance(text, str):
        raise ProviderUnavailableError("the service sent a malformed event")
    return text


def _count(usage: object, name: str) -> int:
    count = _dig(usage, name)
    return count if isinstance(count, int) else 0
