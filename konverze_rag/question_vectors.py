"""The vectors of one tenant's latest questions."""

from __future__ import annotations

import sys
from collections.abc import Callable

from konverze_core.protocols import Vectors
from konverze_rag.latest import Latest

MAX_QUESTIONS = 128
"""Questions of a tenant whose vectors are kept; the oldest goes first."""

QUESTION_BYTES = 200
"""Of the objects around a kept vector and its text, as `sys.getsizeof` counts them."""


class QuestionVectors(Latest[tuple[str, str], Vectors]):
    """Keeps the vectors of exact texts."""

    def __init__(self) -> None:
        super().__init__(lambda key, vector: QUESTION_BYTES + sys.getsizeof(key[1]) + vector.nbytes)

    def known(self, text: str, fingerprint: str) -> Vectors | None:
        """The vector of a text by the model of this fingerprint: float32, shape (dim,); None where it is not kept."""
        return self.get((fingerprint, text))

    def of(self, text: str, fingerprint: str, embed: Callable[[str], Vectors]) -> Vectors:
        """The vector of a text, kept or embedded now: float32, shape (dim,), read-only.

        Args:
            text: A question.
            fingerprint: Of the model.
            embed: Makes a vector of its own.

        Raises:
            ProviderError: The model failed.
        """
        keep = self.keeper((fingerprint, text), MAX_QUESTIONS)
        vector = self.known(text, fingerprint)
        if vector is None:
            vector = embed(text)
            vector.flags.writeable = False
            keep(vector)
        return vector
