"""Exact inner-product search by FAISS, straight over the decrypted buffer."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import numpy.typing as npt

from konverze_core.protocols import Vectors
from konverze_indexes.filters import Mask

# FAISS without its index objects: a zero-copy index aborts the process when it is mutated and reads freed memory
# when its buffer goes; the bare kernel takes the array for the length of one call, and a selector beside it.
_faiss = cast("Any", faiss)

Scores: TypeAlias = npt.NDArray[np.float32]
Rows64: TypeAlias = npt.NDArray[np.int64]


def dense_top(vectors: Vectors, query: Vectors, *, k: int, mask: Mask | None = None) -> tuple[Scores, Rows64]:
    """The k rows with the greatest inner product, best first.

    Args:
        vectors: float32, shape (n, dim), C order.
        query: float32, shape (dim,).
        k: At most this many rows.
        mask: bool, shape (n,): rows that may be returned; None for all.

    Returns:
        Scores, float32, and rows, int64, both of shape (m,), m <= k.
    """
    count, dim = vectors.shape
    wanted = min(k, count)
    if wanted == 0:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    scores, rows = np.empty(wanted, np.float32), np.empty(wanted, np.int64)
    buffers = [_faiss.swig_ptr(query), _faiss.swig_ptr(vectors), dim, 1, count, wanted]
    buffers += [_faiss.swig_ptr(scores), _faiss.swig_ptr(rows)]
    if mask is None:
        _faiss.knn_inner_product(*buffers)
    else:
        bits = np.packbits(mask, bitorder="little")
        _faiss.knn_inner_product(*buffers, _faiss.IDSelectorBitmap(bits.size, _faiss.swig_ptr(bits)))
    if rows[-1] >= 0:
        return scores, rows
    found = rows >= 0
    return scores[found], rows[found]
