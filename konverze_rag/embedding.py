"""Calls an embedding model, and holds it to the vectors that it promises."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from konverze_core.errors import ProviderUnavailableError, RateLimitedError
from konverze_core.protocols import Embedder, Vectors
from konverze_rag.seam import provider_seam

EMBED_SLICE_CHUNKS = 64
"""Chunks embedded in one call, and between two reports of progress."""

MAX_RATE_LIMIT_WAIT_S = 600.0
"""For so long, in sum, one call of the embedding service is put off where the service asks for it."""

FIRST_PAUSE_S = 0.5
"""Least pause after the first refusal; it doubles with each, up to `LONGEST_PAUSE_S`."""

LONGEST_PAUSE_S = 60.0
"""Longest pause that the service did not ask for."""

PAUSE_JITTER = 0.25
"""Pauses are longer by up to this share, so that calls that were refused together do not come back together."""

_RANDOM: Final = random.SystemRandom()


def model_vectors(embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str], *, dim: int) -> Vectors:
    """Vectors of the texts.

    Args:
        embed: `embed_documents` or `embed_queries` of the model.
        texts: What to embed.
        dim: Length of a vector.

    Returns:
        float32, shape (len(texts), dim), finite.

    Raises:
        ProviderError: The model failed, or returned something else.
    """
    with provider_seam("the embedding model"):
        made = np.asarray(embed(texts), np.float32)
    if made.shape != (len(texts), dim) or not np.isfinite(made).all():
        raise ProviderUnavailableError("the embedding model returned vectors of another shape, or not finite")
    return made


def patient_vectors(embedder: Embedder, texts: Sequence[str], *, stopped: threading.Event) -> Vectors:
    """Vectors of documents' texts, for whoever can wait: where the service is too busy, it is asked again later.

    A provider of ours retries within its own time first, and gives up where it is told to wait for longer.

    Args:
        embedder: The model.
        texts: What to embed.
        stopped: Ends a pause, and with it the call.

    Returns:
        float32, shape (len(texts), dim), finite.

    Raises:
        ProviderError: The model failed, or asked to wait for more than `MAX_RATE_LIMIT_WAIT_S` in sum.
    """
    waited_s = 0.0
    for refusal in itertools.count():
        try:
            return model_vectors(embedder.embed_documents, texts, dim=embedder.info.dim)
        except RateLimitedError as error:
            pause_s = max(error.retry_after_s, min(FIRST_PAUSE_S * 2**refusal, LONGEST_PAUSE_S))
            pause_s *= _RANDOM.uniform(1, 1 + PAUSE_JITTER)
            waited_s += pause_s
            if waited_s > MAX_RATE_LIMIT_WAIT_S or stopped.wait(pause_s):
                raise
    raise AssertionError  # itertools.count never ends
