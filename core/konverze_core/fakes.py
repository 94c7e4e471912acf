"""Working stand-ins for everything that the engine asks of the world, for tests, demos and notebooks.

They keep their state in memory, are deterministic where the real thing is not, and pass the same contract tests.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import regex
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from konverze_core.answers import Usage
from konverze_core.errors import (
    BlobNotFoundError,
    ConfigError,
    ConflictError,
    IntegrityError,
    KeyAccessDeniedError,
    KeyDestroyedError,
    KeyProviderError,
    KeyUnavailableError,
    ProviderUnavailableError,
)
from konverze_core.names import checked_blob_name
from konverze_core.protocols import ChatModelInfo, EmbedderInfo, Prompt, Vectors, WrappedKey
from konverze_core.retrieval import Hit

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_PIECE = regex.compile(r"\s*\S+\s*")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


class ManualClock:
    """`Clock` that moves only when told to.

    Args:
        start: Aware time to start from; 2026-01-01 UTC by default.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = (start or datetime(2026, 1, 1, tzinfo=UTC)).astimezone(UTC)
        self._monotonic = time.monotonic()

    def now(self) -> datetime:
        """The time it was set to, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Moves both clocks forward."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class MemoryBlobStore:
    """`BlobStore` in a dictionary; safe to share between threads."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
        """
        with self._lock:
            blob = self._blobs.get(checked_blob_name(name))
        if blob is None:
            raise BlobNotFoundError(name)
        return memoryview(blob)

    def put(self, name: str, data: bytes | bytearray | memoryview, *, if_absent: bool = False) -> None:
        """Keeps a copy of the data.

        Raises:
            ConfigError: The name is not a legal blob name.
            ConflictError: `if_absent` and the name is taken.
        """
        copy = bytes(data)
        with self._lock:
            if if_absent and name in self._blobs:
                raise ConflictError(f"already there: {name}")
            self._blobs[checked_blob_name(name)] = copy

    def list(self, prefix: str) -> list[str]:
        """Sorted names of all blobs whose name starts with `prefix`."""
        with self._lock:
            return sorted(name for name in self._blobs if name.startswith(prefix))

    def size_bytes(self, name: str) -> int:
        """Length of the blob.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
        """
        return self.get(name).nbytes

    def delete(self, name: str) -> None:
        """Removes the blob, if it is there.

        Raises:
            ConfigError: The name is not a legal blob name.
        """
        with self._lock:
            self._blobs.pop(checked_blob_name(name), None)


class MemoryKeyProvider:
    """`KeyProvider` with real cryptography, whose keys die with it; safe to share between threads."""

    def __init__(self) -> None:
        self._name = os.urandom(8).hex()
        self._versions = [os.urandom(32)]
        self._refusal: KeyProviderError | None = None
        self._is_destroyed = False

    def __repr__(self) -> str:
        return f"MemoryKeyProvider({self._key_id(len(self._versions) - 1)!r})"

    def wrap(self, payload: bytes, *, context: Mapping[str, str]) -> WrappedKey:
        """Encrypts a key under the newest version, bound to the context.

        Raises:
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        newest = len(self._versions) - 1
        ciphertext = aes_key_wrap(self._subkey(newest, "wrap", context), payload)
        return WrappedKey(key_id=self._key_id(newest), ciphertext=ciphertext)

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older version.

        Raises:
            IntegrityError: Another provider, another context, or a changed ciphertext.
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        for version in range(len(self._versions)):
            if self._key_id(version) == wrapped.key_id:
                try:
                    return aes_key_unwrap(self._subkey(version, "wrap", context), wrapped.ciphertext)
                except InvalidUnwrap as exc:
                    raise IntegrityError("the wrapped key was not made by this key, for this context") from exc
        raise IntegrityError("the wrapped key was not made by this provider")

    def sign(self, message: bytes) -> bytes:
        """A MAC under the newest version: 4 bytes of version number, 32 of HMAC-SHA256.

        Raises:
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        return self._mac(len(self._versions) - 1, message)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, also under an older version.

        Raises:
            IntegrityError: The signature does not fit the message.
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        fitting = [version for version in range(len(self._versions)) if self._fits(version, message, signature)]
        if not fitting:
            raise IntegrityError("the signature does not fit the message")

    def rotate(self) -> None:
        """Adds a version; older ones still unwrap and verify."""
        self._versions.append(os.urandom(32))

    def disable(self) -> None:
        """From now on every call raises `KeyAccessDeniedError`."""
        self._refusal = KeyAccessDeniedError("the key is disabled")

    def disconnect(self) -> None:
        """From now on every call raises `KeyUnavailableError`."""
        self._refusal = KeyUnavailableError("the key provider cannot be reached")

    def restore(self) -> None:
        """Ends `disable` and `disconnect`."""
        self._refusal = None

    def destroy(self) -> None:
        """Forgets all versions for good: every call raises `KeyDestroyedError`."""
        self._versions = [bytes(32)]
        self._is_destroyed = True

    def _check_state(self) -> None:
        if self._is_destroyed:
            raise KeyDestroyedError("the key was destroyed")
        if self._refusal is not None:
            raise type(self._refusal)(*self._refusal.args)

    def _key_id(self, version: int) -> str:
        return f"memory:{self._name}/{version}"

    def _subkey(self, version: int, use: str, context: Mapping[str, str]) -> bytes:
        bound = json.dumps([use, sorted(context.items())]).encode()
        return hmac.digest(self._versions[version], bound, "sha256")

    def _mac(self, version: int, message: bytes) -> bytes:
        return version.to_bytes(4, "big") + hmac.digest(self._subkey(version, "mac", {}), message, "sha256")

    def _fits(self, version: int, message: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self._mac(version, message), signature)


class HashingEmbedder:
    """`Embedder` without a model: every word adds or subtracts one at a place that its hash picks.

    Texts that share words have a high inner product, others one around 0 (feature hashing, Weinberger et al. 2009).

    Args:
        dim: Length of a vector.
        answerable_score: See `EmbedderInfo`.
    """

    def __init__(self, dim: int = 64, *, answerable_score: float = 0.0) -> None:
        self._info = EmbedderInfo(name=f"hashing-{dim}", dim=dim, answerable_score=answerable_score)

    @property
    def info(self) -> EmbedderInfo:
        """What identifies the model."""
        return self._info

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim)."""
        vectors = np.zeros((len(texts), self._info.dim), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            self._add_words(vector, text)
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim)."""
        return self.embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(_words(text)) for text in texts]

    def _add_words(self, vector: Vectors, text: str) -> None:
        for word in _words(text):
            digest = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
            place, is_even = digest // 2 % self._info.dim, digest % 2 == 0
            vector[place] += 1.0 if is_even else -1.0
        if not vector.any():  # no words, or words that cancel out: some fixed direction
            vector[0] = 1.0
        vector /= np.linalg.norm(vector)


class ScriptedChatModel:
    """`ChatModel` that says what it was given, word by word, and remembers what it was asked.

    Args:
        replies: One for each call; an exception is raised instead of answering.
        ends_early: Every reply breaks off half-way.
        context_window_tokens: See `ChatModelInfo`.

    Attributes:
        prompts: The prompts of all calls so far, oldest first.
    """

    def __init__(
        self,
        replies: Sequence[str | Exception],
        *,
        ends_early: bool = False,
        context_window_tokens: int = 128_000,
    ) -> None:
        self.prompts: list[Prompt] = []
        self._replies = iter(list(replies))
        self._ends_early = ends_early
        self._info = ChatModelInfo(name="scripted", context_window_tokens=context_window_tokens)
        self._lock = threading.Lock()

    @property
    def info(self) -> ChatModelInfo:
        """What the engine needs to know of the model."""
        return self._info

    def stream(self, prompt: Prompt, *, max_output_tokens: int, timeout_s: float) -> Iterator[str | Usage]:
        """The next reply's words, at most `max_output_tokens` of them, then one `Usage` that counts words.

        Raises:
            ConfigError: The script has no reply left.
            ProviderUnavailableError: The model `ends_early`.
        """
        del timeout_s  # it never waits
        with self._lock:
            self.prompts.append(prompt)
            reply = next(self._replies, None)
        if reply is None:
            raise ConfigError("the script has no reply left")
        if isinstance(reply, Exception):
            raise reply
        pieces = _PIECE.findall(reply)[:max_output_tokens]
        yield from pieces[: len(pieces) // 2] if self._ends_early else pieces
        if self._ends_early:
            raise ProviderUnavailableError("the answer broke off")
        asked = " ".join([prompt.system, *(message.text for message in prompt.messages)])
        yield Usage(input_tokens=len(asked.split()), output_tokens=len(pieces))


class OverlapReranker:
    """`Reranker` that scores a hit by the share of the question's words found in it."""

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits with new scores, best first; equal ones keep their order."""
        asked = set(_words(question))
        scored = [dataclasses.replace(hit, score=_overlap(asked, hit.chunk.text)) for hit in hits]
        return sorted(scored, key=lambda hit: -hit.score)


def _overlap(asked: set[str], text: str) -> float:
    return len(asked.intersection(_words(text))) / max(1, len(asked))
