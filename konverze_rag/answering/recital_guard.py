"""Notices that a language model recites its instructions, before a visitor reads enough of them to use them."""

from __future__ import annotations

from konverze_core.errors import ProviderUnavailableError

HELD_FROM_CHARS = 16
"""So many letters and digits in a row of the instructions are held back until it is clear where they lead."""

RECITAL_CHARS = 60
"""So many are a recital: ten words in their order; answers share four or five of them by chance."""


class RecitalGuard:
    """Takes an answer in pieces and gives them on, but for what repeats the instructions.

    Letters and digits alone are compared, in any case, so that other punctuation, line breaks or emphasis hide nothing.

    Args:
        instructions: What must not be recited.
        secrets: Words of which even one is a recital, such as a nonce; they are part of the instructions.
    """

    def __init__(self, instructions: str, *, secrets: tuple[str, ...] = ()) -> None:
        self._instructions = _letters(instructions)
        self._secrets = tuple(_letters(secret) for secret in secrets)
        self._harmless_chars = min([HELD_FROM_CHARS, *map(len, self._secrets)])
        self._run = ""
        self._held = ""

    def feed(self, piece: str) -> str:
        """What may be sent now.

        Raises:
            ProviderUnavailableError: The instructions are being recited.
        """
        if len(said := self._run + _letters(piece)) < self._harmless_chars:
            self._run = self._longest(said)
            return piece
        sent: list[str] = []
        for character in piece:
            self._run = self._longest(self._run + _letters(character))
            if len(self._run) >= RECITAL_CHARS or any(secret in self._run for secret in self._secrets):
                raise ProviderUnavailableError("the language model began to recite its instructions")
            self._held += character
            if len(self._run) < HELD_FROM_CHARS:
                sent.append(self._held)
                self._held = ""
        return "".join(sent)

    def finish(self) -> str:
        """What was held back to the end."""
        held, self._held = self._held, ""
        return held

    def _longest(self, run: str) -> str:
        """The longest end of what was said that stands in the instructions."""
        while run and run not in self._instructions:
            run = run[1:]
        return run


def _letters(text: str) -> str:
    return "".join([character for character in text.casefold() if character.isalnum()])
