"""The vectors of one tenant's latest questions."""

from __future__ import annotations

import sys
import threading

from konverze_core.protocols import Vectors
from konverze_rag.question_batches import QuestionBatches

MAX_QUESTIONS = 128
"""Questions of a tenant whose vectors are kept; the oldest goes first."""

QUESTION_BYTES = 200
"""Of the objects around a kept vector and its text, as `sys.getsizeof` counts them."""


class QuestionVectors:
    """Keeps the vectors of exact texts beside the tenant's decrypted index; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Vectors] = {}
        self._lock = threading.Lock()
        self._bytes = 0

    @property
    def resident_bytes(self) -> int:
        """What vectors and texts take in memory."""
        return self._bytes

    def forget(self) -> None:
        """Drops all; what is being embedded meanwhile is not kept."""
        self._kept, self._bytes = {}, 0

    def known(self, text: str, fingerprint: str) -> Vectors | None:
        """The vector of a text by the model of this fingerprint: float32, shape (dim,); None where it is not kept."""
        return self._kept.get((fingerprint, text))

    def of(self, text: str, fingerprint: str, batches: QuestionBatches) -> Vectors:
        """The vector of a text, kept or embedded now: float32, shape (dim,), read-only.

        Raises:
            ProviderError: The model failed.
        """
        kept = self._kept  # `forget` replaces it, so that a vector that comes late is not kept
        vector = kept.get((fingerprint, text))
        if vector is None:
            vector = batches.vector(text)
            vector.flags.writeable = False
            with self._lock:
                kept[fingerprint, text] = vector
                while len(kept) > MAX_QUESTIONS:
                    del kept[next(iter(kept))]
                if kept is self._kept:
                    self._bytes = sum(
                        QUESTION_BYTES + sys.getsizeof(key[1]) + each.nbytes for key, each in kept.items()
                    )
        return vector
