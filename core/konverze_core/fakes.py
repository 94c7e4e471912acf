"""Working stand-ins for everything that the engine asks of the world, for tests, demos and notebooks.

They keep their state in memory, are deterministic where the real thing is not, and pass the same contract tests.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import regex
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from msgspec import structs

from konverze_core.answers import Usage
from konverze_core.clock import SystemClock
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
from konverze_core.names import checked_blob_name, checked_kek_name
from konverze_core.protocols import (
    SHARED_KEK,
    BlobHead,
    ChatModelInfo,
    Clock,
    EmbedderInfo,
    KekDestruction,
    KekVersion,
    Prompt,
    Vectors,
    WrappedKey,
)
from konverze_core.retrieval import Hit
from konverze_core.wrapping import checked_own_kek, checked_payload

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
        self._monotonic = 0.0  # so that whole seconds add up exactly

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
    """`BlobStore` in a dictionary; safe to share between threads.

    Args:
        clock: Dates the blobs.
    """

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._blobs: dict[str, tuple[bytes, datetime]] = {}
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
        """
        return memoryview(self._found(name)[0])

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
            self._blobs[checked_blob_name(name)] = (copy, self._clock.now())

    def list(self, prefix: str) -> list[str]:
        """Sorted names of all blobs whose name starts with `prefix`."""
        with self._lock:
            return sorted(name for name in self._blobs if name.startswith(prefix))

    def head(self, name: str) -> BlobHead:
        """Length and age of the blob.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
        """
        blob, modified_at = self._found(name)
        return BlobHead(size_bytes=len(blob), modified_at=modified_at)

    def delete(self, name: str) -> None:
        """Removes the blob, if it is there.

        Raises:
            ConfigError: The name is not a legal blob name.
        """
        with self._lock:
            self._blobs.pop(checked_blob_name(name), None)

    def _found(self, name: str) -> tuple[bytes, datetime]:
        with self._lock:
            found = self._blobs.get(checked_blob_name(name))
        if found is None:
            raise BlobNotFoundError(name)
        return found


class MemoryKeyProvider:
    """`KeyProvider` with real cryptography, whose keys die with it; safe to share between threads.

    Args:
        clock: Dates the versions.
    """

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._name = os.urandom(8).hex()
        self._mac_key = os.urandom(32)
        self._versions: dict[str, tuple[bytes, str, datetime]] = {}
        self._current: dict[str, str] = {}
        self._destroyed: dict[str, datetime] = {}
        self._refusal: KeyProviderError | None = None
        self._lock = threading.RLock()
        self._made(SHARED_KEK)

    def __repr__(self) -> str:
        return f"MemoryKeyProvider({self._name!r})"

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key under the newest version of a KEK, bound to the context.

        Raises:
            ConfigError: The payload is not 16 to 128 bytes, a multiple of 8.
            KeyProviderError: The state set by `disable`, `disconnect`, `destroy` or `destroy_kek`.
        """
        checked_payload(payload)
        key_id = self.current_version(kek).key_id
        return WrappedKey(key_id=key_id, ciphertext=aes_key_wrap(self._subkey(key_id, context), payload))

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older version.

        Raises:
            IntegrityError: Another provider, another context, or a changed ciphertext.
            KeyProviderError: The state set by `disable`, `disconnect`, `destroy` or `destroy_kek`.
        """
        self._check_state()
        name, _, version = wrapped.key_id.removeprefix(f"memory:{self._name}/").rpartition("/")
        if name in self._destroyed and version:
            raise KeyDestroyedError(f"the key {name} was destroyed")
        if wrapped.key_id not in self._versions:
            raise IntegrityError("the wrapped key was not made by this provider")
        try:
            return aes_key_unwrap(self._subkey(wrapped.key_id, context), wrapped.ciphertext)
        except InvalidUnwrap as exc:
            raise IntegrityError("the wrapped key was not made by this key, for this context") from exc

    def sign(self, message: bytes) -> bytes:
        """A MAC of 32 bytes, HMAC-SHA256.

        Raises:
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        return hmac.digest(self._mac_key, message, "sha256")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made.

        Raises:
            IntegrityError: The signature does not fit the message.
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        if not hmac.compare_digest(self.sign(message), signature):
            raise IntegrityError("the signature does not fit the message")

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now.

        Raises:
            KeyProviderError: The state set by `disable`, `disconnect`, `destroy` or `destroy_kek`.
        """
        self._check_state()
        checked_kek_name(kek)
        with self._lock:
            if kek not in self._current:
                raise KeyDestroyedError(f"there is no key {kek}")
            key_id = self._current[kek]
            return KekVersion(key_id=key_id, created_at=self._versions[key_id][2])

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Adds a version; older ones still unwrap.

        Raises:
            KeyProviderError: The state set by `disable`, `disconnect`, `destroy` or `destroy_kek`.
        """
        self.current_version(kek)
        self._made(kek)
        return self.current_version(kek)

    def create_kek(self, kek: str) -> None:
        """Makes a KEK of this name, unless there is one.

        Raises:
            ConfigError: The name is not legal.
            KeyDestroyedError: One of this name was destroyed.
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        checked_kek_name(kek)
        with self._lock:
            if kek in self._destroyed:
                raise KeyDestroyedError(f"the key {kek} was destroyed")
            if kek not in self._current:
                self._made(kek)

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Forgets all versions of a KEK, at once and for good.

        Raises:
            ConfigError: It is the shared one, or the name is not legal.
            KeyProviderError: The state set by `disable`, `disconnect` or `destroy`.
        """
        self._check_state()
        checked_own_kek(kek)
        with self._lock:
            self._current.pop(kek, None)
            self._versions = {key_id: held for key_id, held in self._versions.items() if held[1] != kek}
            effective_by = self._destroyed.setdefault(kek, self._clock.now())
        return KekDestruction(key_id=f"memory:{self._name}/{kek}", effective_by=effective_by)

    def disable(self) -> None:
        """From now on every call raises `KeyAccessDeniedError`."""
        self._refuse(KeyAccessDeniedError("the key is disabled"))

    def disconnect(self) -> None:
        """From now on every call raises `KeyUnavailableError`."""
        self._refuse(KeyUnavailableError("the key provider cannot be reached"))

    def restore(self) -> None:
        """Ends `disable` and `disconnect`."""
        self._refuse(None)

    def destroy(self) -> None:
        """Forgets everything for good: every call raises `KeyDestroyedError`."""
        with self._lock:
            self._versions.clear()
            self._mac_key = b""
            self._refusal = KeyDestroyedError("the key was destroyed")

    def _refuse(self, error: KeyProviderError | None) -> None:
        if not isinstance(self._refusal, KeyDestroyedError):
            self._refusal = error

    def _check_state(self) -> None:
        if self._refusal is not None:
            raise type(self._refusal)(*self._refusal.args)

    def _made(self, kek: str) -> None:
        with self._lock:
            key_id = f"memory:{self._name}/{kek}/{os.urandom(8).hex()}"
            self._versions[key_id] = (os.urandom(32), kek, self._clock.now())
            self._current[kek] = key_id

    def _subkey(self, key_id: str, context: Mapping[str, str]) -> bytes:
        return hmac.digest(self._versions[key_id][0], json.dumps(sorted(context.items())).encode(), "sha256")


class HashingEmbedder:
    """`Embedder` without a model: every word adds or subtracts one at a place that its hash picks.

    Texts that share words have a high inner product, others one around 0 (feature hashing, Weinberger et al. 2009).

    Args:
        dim: Length of a vector.
        answerable_score: See `EmbedderInfo`.
    """

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

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
        replies: One for each call, or a function of the prompt that makes it; an exception is raised in its place.
        ends_early: Every reply breaks off half-way.
        context_window_tokens: See `ChatModelInfo`.

    Attributes:
        prompts: The prompts of all calls so far, oldest first.
    """

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def __init__(
        self,
        replies: Sequence[str | Exception | Callable[[Prompt], str]],
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
        pieces = _PIECE.findall(reply if isinstance(reply, str) else reply(prompt))[:max_output_tokens]
        yield from pieces[: len(pieces) // 2] if self._ends_early else pieces
        if self._ends_early:
            raise ProviderUnavailableError("the answer broke off")
        asked = " ".join([prompt.system, *(message.text for message in prompt.messages)])
        yield Usage(input_tokens=len(asked.split()), output_tokens=len(pieces))


class OverlapReranker:
    """`Reranker` that scores a hit by the share of the question's words found in it."""

    hosts: Final[tuple[str, ...]] = ()
    """Nothing leaves this machine."""

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits with new scores, best first; equal ones keep their order."""
        asked = set(_words(question))
        scored = [structs.replace(hit, score=_overlap(asked, hit.chunk.text)) for hit in hits]
        return sorted(scored, key=lambda hit: -hit.score)


def _overlap(asked: set[str], text: str) -> float:
    return len(asked.intersection(_words(text))) / max(1, len(asked))
