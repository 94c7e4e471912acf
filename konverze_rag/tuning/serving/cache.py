"""What was worked out once for a tenant, sealed under its keys; gone with the next vacuum that finds it old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
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

    What is put once its document is erased is taken back: the vacuum of the erasure meets it, or the check behind
    the put does.

    Args:
        blobs: The tenant's sealed blobs.
        keyring: Its keys.
        check: Raises where what is cached must not be any more.
    """

    def __init__(self, blobs: TenantBlobs, keyring: Keyring, check: Callable[[], None]) -> None:
        self._blobs = blobs
        self._keyring = keyring
        self._check = check

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

    def put(self, key: str, data: bytes) -> bool:
        """Keeps bytes under a key, unless something is kept under it already.

        Returns:
            Whether they are kept.

        Raises:
            ConflictError: The documents have changed meanwhile; nothing is kept.
            KeyProviderError: The tenant's key lease has ended and cannot be renewed.
            StoreError: The store did not take it.
        """
        name = self._name(key)
        try:
            self._blobs.write_lasting(KIND, name, data)
        except ConflictError:
            return False
        try:
            self._check()
        except BaseException:
            self._blobs.delete(name)
            raise
        return True

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
    """An embedding model that embeds no text twice; implements `Embedder`.

    Vectors of documents are kept for later processes, in parts, a part a call, numbered from 0 under the model's
    fingerprint. Those of questions stay in memory: they may be visitors' words, which end with their retention.

    Args:
        model: Embeds what is new.
        cache: Keeps what was.
        known: Tells vectors of documents that the model made elsewhere, by text; asked once, before the first is made.
    """

    def __init__(
        self, model: Embedder, cache: SealedCache, known: Callable[[], Mapping[str, Vectors]] | None = None
    ) -> None:
        self._model = model
        self._cache = cache
        self._known = known
        self._lock = threading.Lock()
        self._documents: dict[str, Vectors] = {}
        self._queries: dict[str, Vectors] = {}
        self._parts: int | None = None

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
        with self._lock:
            if self._parts is None:
                self._recall()
        return self._vectors(texts, self._documents, self._model.embed_documents, self._keep)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            KonverzeError: The model failed.
        """
        return self._vectors(texts, self._queries, self._model.embed_queries)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer."""
        return self._model.count_tokens(texts)

    def _vectors(
        self,
        texts: Sequence[str],
        known: dict[str, Vectors],
        embed: Callable[[Sequence[str]], Vectors],
        keep: Callable[[tuple[str, ...], Vectors], None] | None = None,
    ) -> Vectors:
        new = tuple(dict.fromkeys(text for text in texts if text not in known))
        if new:
            made = np.ascontiguousarray(embed(new), np.float32)
            if keep is not None:
                keep(new, made)
            known.update(zip(new, made, strict=True))
        found = np.empty((len(texts), self.info.dim), np.float32)
        for place, text in enumerate(texts):
            found[place] = known[text]
        return found

    def _key(self, part: int) -> str:
        return f"vectors/{self.info.fingerprint}/{part}"

    def _recall(self) -> None:
        """Takes up what was kept before, by this or another process."""
        self._parts = 0
        if self._known is not None:
            self._documents.update(self._known())
        while (kept := self._cache.get(self._key(self._parts))) is not None:
            part = msgspec.msgpack.decode(kept.data, type=_Part)
            vectors = np.frombuffer(part.vectors, "<f4").reshape(len(part.texts), self.info.dim)
            self._documents.update(zip(part.texts, vectors, strict=True))
            self._parts += 1

    def _keep(self, texts: tuple[str, ...], vectors: Vectors) -> None:
        data = msgspec.msgpack.encode(_Part(texts, vectors.astype("<f4").tobytes()))
        with self._lock:
            assert self._parts is not None
            while not self._cache.put(self._key(self._parts), data):
                self._parts += 1  # taken by another process: what it knows is for the next one to recall
            self._parts += 1
