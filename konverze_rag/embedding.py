"""Calls an embedding model, and holds it to the vectors that it promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from konverze_core.errors import ProviderUnavailableError
from konverze_core.protocols import Vectors
from konverze_rag.seam import provider_seam


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
