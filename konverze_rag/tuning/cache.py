"""What was worked out once for a tenant, sealed under its keys; gone with the next vacuum that finds it old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import numpy as np

from konverze_core.errors import BlobNotFoundError, ConflictError
from konverze_core.protocols import Embedder, EmbedderInfo, Vectors
from konverze_indexes.container import Bytes
from konverze_indexes.keyring import Keyring
from konverze_indexes.tenantblobs import TenantBlobs
from konverze_indexes.vacuum import CACHES

KIND: Final = "tuning"
"""What a cached blob is sealed as."""


class SealedCache:
    """Bytes by key, as blobs whose names only the tenant can compute; safe to share between threads and processes.

    Args:
        blobs: The tenant's sealed blobs.
        keyring: Its keys.
    """

    def __init__(self, blobs: TenantBlobs, keyring: Keyring) -> None:
        self._blobs = blobs
        self._keyring = keyring

    def get(self, key: str) -> Bytes | None:
        """What is kept under a key: uint8, shape (n,); None where nothing is.

        Raises:
            IntegrityError: It is not what was written.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store cannot be read.
        """
        try:
            return self._blobs.read(KIND, self._name(key))
        except BlobNotFoundError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keeps bytes under a key that nothing is kept under.

        Raises:
            ConflictError: Something is.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not take it.
        """
        self._blobs.write_lasting(KIND, self._name(key), data)

    def _name(self, key: str) -> str:
        self._keyring.hold()
        return CACHES + self._keyring.blind_name(KIND, key)


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """Vectors of one call of a model.

    Attributes:
        texts: What they are of.
        vectors: float32, little-endian, one row a text.
    """

    texts: tuple[str, ...]
    vectors: bytes


class RememberingEmbedder:
    """An embedding model that embeds no text twice, in this process or a later one; implements `Embedder`.

    Vectors are kept in parts, a part a call, numbered from 0 under the model's fingerprint.

    Args:
        model: Embeds what is new.
        cache: Keeps what was.
    """

    def __init__(self, model: Embedder, cache: SealedCache) -> None:
        self._model = model
        self._cache = cache
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Vectors] = {}
        self._parts: dict[str, int] = {}

    @property
    def info(self) -> EmbedderInfo:
        """What identifies the model."""
        return self._model.info

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """Where the model sends texts; None where it does not say."""
        return getattr(self._model, "hosts", None)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            KonverzeError: The model failed, or the store did.
        """
        return self._vectors("documents", texts, self._model.embed_documents)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            KonverzeError: The model failed, or the store did.
        """
        return self._vectors("queries", texts, self._model.embed_queries)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer."""
        return self._model.count_tokens(texts)

    def _vectors(self, use: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        with self._lock:
            self._recall(use)
            new = tuple(dict.fromkeys(text for text in texts if (use, text) not in self._known))
        if new:
            made = np.ascontiguousarray(embed(new), np.float32)
            with self._lock:
                self._keep(use, new, made)
        found = np.empty((len(texts), self.info.dim), np.float32)
        for place, text in enumerate(texts):
            found[place] = self._known[use, text]
        return found

    def _key(self, use: str) -> str:
        return f"vectors/{self.info.fingerprint}/{use}/{self._parts[use]}"

    def _recall(self, use: str) -> None:
        """Takes up what was kept before, by this or another process."""
        if use in self._parts:
            return
        self._parts[use] = 0
        while (kept := self._cache.get(self._key(use))) is not None:
            part = msgspec.msgpack.decode(kept.data, type=_Part)
            self._take(use, part.texts, np.frombuffer(part.vectors, "<f4").reshape(len(part.texts), self.info.dim))
            self._parts[use] += 1

    def _keep(self, use: str, texts: tuple[str, ...], vectors: Vectors) -> None:
        data = msgspec.msgpack.encode(_Part(texts, vectors.astype("<f4").tobytes()))
        is_kept = False
        while not is_kept:
            # Where another process has taken the number, what it knows is for the next one to recall.
            with suppress(ConflictError):
                self._cache.put(self._key(use), data)
                is_kept = True
            self._parts[use] += 1
        self._take(use, texts, vectors)

    def _take(self, use: str, texts: tuple[str, ...], vectors: Vectors) -> None:
        self._known.update(((use, text), vector) for text, vector in zip(texts, vectors, strict=True))
