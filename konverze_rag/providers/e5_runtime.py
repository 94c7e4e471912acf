"""Runs the converted model: text to token ids, token ids to unit vectors."""

from __future__ import annotations

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from tokenizers import Tokenizer

from konverze_rag.providers.e5_cache import MODEL_FILE, REPLACEMENTS_FILE, TOKENIZER_FILE
from konverze_rag.providers.e5_weights import ATTENTION_MASK, INPUT_IDS, TOKEN_VECTORS
from konverze_rag.providers.unicode import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from konverze_core.protocols import Vectors

DIM: Final = 384
MAX_SEQUENCE_TOKENS: Final = 512
_START, _PAD, _END = 0, 1, 2
# No piece of the vocabulary is longer, so this much text always fills a sequence.
_LONGEST_PIECE_CHARS: Final = 16
# Chunks of 300 tokens were fastest one by one (14.1/s on 2 cores; in batches of 8: 9.8/s): a larger batch leaves the
# cache. Short texts share a batch up to this many tokens, padding included.
_BATCH_TOKENS: Final = 512
_ERRORS_ONLY: Final = 3
# onnxruntime comes without types.
_runtime = cast("Any", onnxruntime)


class E5Tokenizer:
    """SentencePiece as XLM-RoBERTa uses it; adds no special tokens, cuts nothing."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.model._resize_cache(0)  # noqa: SLF001 (no public name; words would outlive the keys of texts)
        stored: dict[str, str] = json.loads((folder / REPLACEMENTS_FILE).read_bytes())
        # A NUL ends a string for SentencePiece's C++ and is nothing that a reader sees.
        self._replacements = {0: "", **{int(code_point): text for code_point, text in stored.items()}}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def normalise(self, text: str) -> str:
        """Composed, with SentencePiece's replacements, white space collapsed to single spaces."""
        composed = unicodedata.normalize("NFC", encodable(text))
        return " ".join(composed.translate(self._replacements).split())


class E5Encoder:
    """Mean of the token vectors, scaled to length 1 (Wang et al., 2024, "Multilingual E5")."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        options = _runtime.SessionOptions()
        # Threads share a session well (the GIL is released); threads inside an operator wait for each other.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session = _runtime.InferenceSession(str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"])
        self._threads = threads

    def encode(self, sequences: Sequence[list[int]]) -> Vectors:
        """Unit vectors of token sequences without special tokens; longer ones are cut.

        Returns:
            Float32, C-contiguous, shape (len(sequences), 384).
        """
        framed = [[_START, *ids[: MAX_SEQUENCE_TOKENS - 2], _END] for ids in sequences]
        vectors = np.empty((len(framed), DIM), np.float32)
        batches = plan_batches([len(ids) for ids in framed])

        def fill(batch: list[int]) -> None:
            vectors[batch] = self._run([framed[index] for index in batch])

        if len(batches) <= 1 or self._threads == 1:
            for batch in batches:
                fill(batch)
        else:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="konverze-e5") as pool:
                list(pool.map(fill, batches))
        return vectors

    def _run(self, sequences: list[list[int]]) -> Vectors:
        lengths = np.array([len(ids) for ids in sequences])
        mask = np.asarray(np.arange(int(lengths.max())) < lengths[:, None], np.int32)
        ids = np.full(mask.shape, _PAD, np.int64)
        for row, sequence in zip(ids, sequences, strict=True):
            row[: len(sequence)] = sequence
        outputs = self._session.run([TOKEN_VECTORS], {INPUT_IDS: ids, ATTENTION_MASK: mask})
        tokens: Vectors = outputs[0]
        sums: Vectors = np.einsum("bsh,bs->bh", tokens, mask.astype(np.float32))
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def plan_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices grouped by similar length, longest first, so that little is padded and no thread ends late."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        # The first of a batch is its longest: all others are padded to it.
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= _BATCH_TOKENS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def clip(text: str) -> str:
    """As much of a normalised text as can fill a sequence."""
    return text[: MAX_SEQUENCE_TOKENS * _LONGEST_PIECE_CHARS]
