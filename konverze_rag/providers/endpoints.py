"""Several endpoints that can write an answer, asked in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from konverze_core.answers import Usage
from konverze_core.errors import ConfigError, ProviderError, ProviderUnavailableError
from konverze_core.protocols import ChatModel, ChatModelInfo, Prompt
from konverze_rag.providers.breaker import CircuitBreaker
from konverze_rag.seam import Closeable


class Endpoints:
    """Implements `ChatModel` by the first endpoint that answers, each behind a circuit breaker of its own.

    The next one is asked while no text has been passed on; an answer that breaks off later is an error.

    Args:
        models: In the order in which they are asked; at least one.
        breakers: One for each; made here by default.

    Raises:
        ConfigError: There is no model.
    """

    def __init__(self, models: Sequence[ChatModel], breakers: Sequence[CircuitBreaker] | None = None) -> None:
        if not models:
            raise ConfigError("name at least one model that writes answers")
        self._endpoints = [*zip(models, breakers or [CircuitBreaker() for _ in models], strict=True)]
        window = min(model.info.context_window_tokens for model in models)
        self._info = ChatModelInfo(name=models[0].info.name, context_window_tokens=window)

    @property
    def info(self) -> ChatModelInfo:
        """The first one's name, and the smallest context window, into which each prompt must fit."""
        return self._info

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """The hosts of all endpoints; None where one does not say its own."""
        said: list[tuple[str, ...] | None] = [getattr(model, "hosts", None) for model, _ in self._endpoints]
        return None if None in said else tuple(host for hosts in said for host in hosts or ())

    def stream(self, prompt: Prompt, *, max_output_tokens: int, timeout_s: float) -> Iterator[str | Usage]:
        """Pieces of the answer as they come, then exactly one `Usage`.

        Args:
            prompt: What to answer.
            max_output_tokens: Longest answer.
            timeout_s: Time for the whole answer.

        Raises:
            ProviderError: What the last endpoint failed with.
        """
        failure: ProviderError = ProviderUnavailableError("no endpoint was asked")
        for model, breaker in self._endpoints:
            is_begun = False
            try:
                with breaker.call():
                    pieces = model.stream(prompt, max_output_tokens=max_output_tokens, timeout_s=timeout_s)
                    with closing(Closeable(pieces)):
                        for piece in pieces:
                            is_begun = True
                            yield piece
            except ProviderError as error:
                if is_begun:
                    raise
                failure = error
            else:
                return
        raise failure
