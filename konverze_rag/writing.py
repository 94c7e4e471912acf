"""Asks a language model, and holds it to its deadline and to text that can be stored, whatever it is like."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from konverze_core.answers import Usage
from konverze_core.errors import ProviderUnavailableError
from konverze_core.protocols import ChatModel, Prompt
from konverze_rag.providers.unicode import encodable
from konverze_rag.seam import Closeable, provider_seam


def written(
    chat: ChatModel, prompt: Prompt, *, max_output_tokens: int, remaining_s: Callable[[], float]
) -> Generator[str | Usage, None, None]:
    """What the model writes, piece by piece, and its usage.

    Args:
        chat: The model.
        prompt: What to answer.
        max_output_tokens: Longest answer.
        remaining_s: Time left at the moment of the call.

    Raises:
        ProviderError: The model failed, or takes longer than the time left, even where it does not mind a deadline.
    """
    if remaining_s() <= 0:
        raise ProviderUnavailableError("no time was left to ask the language model")
    with provider_seam("the language model"):
        pieces = chat.stream(prompt, max_output_tokens=max_output_tokens, timeout_s=remaining_s())
    with closing(Closeable(pieces)):
        while (piece := _next_piece(pieces)) is not None:
            yield piece
            if remaining_s() <= 0:
                raise ProviderUnavailableError("the language model took longer than the answer may take")


def written_whole(
    chat: ChatModel, prompt: Prompt, *, max_output_tokens: int, remaining_s: Callable[[], float]
) -> tuple[str, Usage]:
    """All that the model writes, and its usage; arguments and errors are those of `written`."""
    text: list[str] = []
    usage = Usage()
    for piece in written(chat, prompt, max_output_tokens=max_output_tokens, remaining_s=remaining_s):
        if isinstance(piece, Usage):
            usage = piece
        else:
            text.append(piece)
    return "".join(text), usage


def _next_piece(pieces: Iterator[str | Usage]) -> str | Usage | None:
    """The next piece in characters that can be stored, or the usage; None at the end."""
    with provider_seam("the language model"):
        piece = next(pieces, None)
        if piece is None or isinstance(piece, Usage):
            return piece
        return encodable(piece)
