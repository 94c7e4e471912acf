"""What the engine asks of the world. Each protocol has a contract-test class in `konverze_core.contracts`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from konverze_core.answers import Usage
from konverze_core.retrieval import Hit

Vectors: TypeAlias = npt.NDArray[np.float32]


class Located(Protocol):
    """What a store, a key provider, a model or a reranker has where data may not be just anywhere."""

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """Hosts that it sends data of tenants to; none where all stays on this machine, None where it cannot tell."""
        ...


class Clock(Protocol):
    """Tells the time, so that retention and deadlines can be tested."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobHead:
    """What a store knows of a blob without reading it.

    Attributes:
        size_bytes: Length of the blob.
        modified_at: When it was put, by the store's own clock; aware, UTC, to the second or finer.
    """

    size_bytes: int
    modified_at: datetime


class BlobStore(Protocol):
    """Named, immutable byte strings. Names are relative paths of `[a-z0-9._=-]` parts joined by `/`.

    Every verb may also raise `IntegrityError`: what stands at a name, or above it, was not put there by a store.
    """

    def get(self, name: str) -> memoryview:
        """The whole blob, read-only.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
            StoreUnavailableError: The store cannot be read.
        """
        ...

    def put(self, name: str, data: bytes | bytearray | memoryview, *, if_absent: bool = False) -> None:
        """Writes the blob, durably, before returning; no reader ever sees a part of it.

        After an error of an `if_absent` put nothing is there, unless the backend cannot take it back.

        Args:
            name: Where to put it.
            data: What to put.
            if_absent: Refuse to replace; of several such writers exactly one wins.

        Raises:
            ConflictError: `if_absent` and the name is taken.
            ConfigError: The name is not a legal blob name.
            StoreFullError: No room.
            StoreUnavailableError: The store cannot be written.
        """
        ...

    def list(self, prefix: str) -> list[str]:
        """Names of all blobs whose name starts with `prefix`, at any depth, sorted by their bytes.

        A name that is put or deleted meanwhile may be missing or there, whatever else is: a listing is no snapshot.
        """
        ...

    def head(self, name: str) -> BlobHead:
        """Length and age of the blob.

        Raises:
            BlobNotFoundError: No blob of that name.
            ConfigError: The name is not a legal blob name.
            StoreUnavailableError: The store cannot be read.
        """
        ...

    def delete(self, name: str) -> None:
        """Removes the blob, durably; a name that is not there is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A key encrypted by a key provider.

    Attributes:
        key_id: Full id of the wrapping key, with its version.
        ciphertext: The wrapped bytes.
    """

    key_id: str
    ciphertext: bytes


WRAPPED_BYTES_MIN = 16
"""Shortest payload that a key provider wraps."""

WRAPPED_BYTES_MAX = 128
"""Longest payload that a key provider wraps."""

SHARED_KEK = "shared"
"""Name of the KEK that wraps the keys of all tenants without one of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KekVersion:
    """A version of a key encryption key.

    Attributes:
        key_id: Full id, with its version: what `WrappedKey.key_id` of keys wrapped by it holds.
        created_at: When the version was made, aware, UTC.
    """

    key_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KekDestruction:
    """What became of a destroyed key encryption key.

    Attributes:
        key_id: Id of the key, without a version.
        effective_by: When the provider can no longer recover it, aware, UTC; it refuses to use the key at once.
        remains: What still exists until then, a sentence each; empty when nothing does.
    """

    key_id: str
    effective_by: datetime
    remains: tuple[str, ...] = ()


class KeyProvider(Protocol):
    """Holds key encryption keys (KEKs) and never gives them away.

    A KEK goes by a name of `[a-z0-9-]`, at most 64 characters: `SHARED_KEK` is always there, others are made by
    `create_kek`. Every verb may raise:

    - `KeyAccessDeniedError`: the key is disabled or forbidden;
    - `KeyDestroyedError`: the key is gone, or was never made;
    - `KeyUnavailableError`: the provider cannot be reached in bounded time.
    """

    def wrap(self, payload: bytes, *, context: Mapping[str, str], kek: str = SHARED_KEK) -> WrappedKey:
        """Encrypts a key under the newest version of a KEK.

        Args:
            payload: 16 to 128 bytes, a multiple of 8.
            context: Bound to the ciphertext where the provider can bind it.
            kek: Name of the KEK.

        Raises:
            ConfigError: The payload has another length, or the name is not legal.
        """
        ...

    def unwrap(self, wrapped: WrappedKey, *, context: Mapping[str, str]) -> bytes:
        """Decrypts what `wrap` made, also under an older version of the KEK; shares no key material with `wrap`.

        Raises:
            IntegrityError: The ciphertext was not made by a key of this provider, or for another context.
        """
        ...

    def sign(self, message: bytes) -> bytes:
        """A signature or MAC that only a holder of the provider's signing key can make."""
        ...

    def verify(self, message: bytes, signature: bytes) -> None:
        """Checks what `sign` made, also under an older version of the signing key.

        Raises:
            IntegrityError: The signature does not fit the message.
        """
        ...

    def current_version(self, kek: str = SHARED_KEK) -> KekVersion:
        """The version that `wrap` uses now: notices rotation by the provider itself."""
        ...

    def rotate(self, kek: str = SHARED_KEK) -> KekVersion:
        """Makes a new version and wraps with it from now on; older ones still unwrap."""
        ...

    def create_kek(self, kek: str) -> None:
        """Makes a KEK of this name, unless there is one.

        Raises:
            ConfigError: The name is not legal.
            KeyDestroyedError: One of this name was destroyed.
        """
        ...

    def destroy_kek(self, kek: str) -> KekDestruction:
        """Destroys all versions of a KEK, as finally as the provider allows; once more is no error.

        Raises:
            ConfigError: It is `SHARED_KEK`, which is never destroyed from here.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderInfo:
    """What identifies an embedding model; vectors of different fingerprints are never mixed.

    Attributes:
        name: Model name and version.
        dim: Length of a vector.
        query_prefix: Put before each query.
        document_prefix: Put before each document text.
        max_tokens: Longer texts are cut by the model; chunks stay below.
        answerable_score: Best inner product below which a question is taken as not answered by the sources,
            calibrated for this model.
        is_remote: Whether each call goes over a network: too slow for second looks at sentences.
    """

    name: str
    dim: int
    query_prefix: str = ""
    document_prefix: str = ""
    max_tokens: int = 512
    answerable_score: float = 0.0
    is_remote: bool = False

    @property
    def fingerprint(self) -> str:
        """Hex digest over everything that decides a vector's value."""
        parts = (self.name, str(self.dim), self.query_prefix, self.document_prefix)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class Embedder(Protocol):
    """Turns text into unit vectors."""

    @property
    def info(self) -> EmbedderInfo:
        """What identifies the model."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            ProviderError: A remote model failed.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dim).

        Raises:
            ProviderError: A remote model failed.
        """
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, prefix and special tokens left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a prompt.

    Attributes:
        role: `user` or `assistant`.
        text: What was said.
    """

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """All that a language model is given.

    Attributes:
        system: Instructions; never cut to make room.
        messages: The conversation, oldest first; the last one is the visitor's question with its sources.
        end_user: Pseudonym of the visitor, by which a provider can tell who abuses it without knowing who that is;
            empty for none. At most 64 characters.
    """

    system: str
    messages: tuple[Message, ...]
    end_user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModelInfo:
    """What the engine needs to know of a language model.

    Attributes:
        name: Model name as the provider spells it; also picks the tokenizer.
        context_window_tokens: Prompt and answer together fit into this.
    """

    name: str
    context_window_tokens: int


class ChatModel(Protocol):
    """Writes an answer."""

    @property
    def info(self) -> ChatModelInfo:
        """What the engine needs to know of the model."""
        ...

    def stream(self, prompt: Prompt, *, max_output_tokens: int, timeout_s: float) -> Iterator[str | Usage]:
        """Pieces of the answer as they come, then exactly one `Usage`.

        Closing the iterator early frees the connection.

        Args:
            prompt: What to answer.
            max_output_tokens: Longest answer.
            timeout_s: Time for the whole answer, retries included.

        Raises:
            ProviderRejectedError: The request itself is refused.
            ProviderUnavailableError: Not reached, failed, timed out, or cut short; also in mid-stream.
            RateLimitedError: Told to back off for longer than `timeout_s` allows.
        """
        ...


class Reranker(Protocol):
    """Reorders hits by a closer look.

    Unless its `hosts` say that nothing leaves this machine, what a tenant redacts is not in what it sees.
    """

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits with new scores, best first, each with the very chunk that it was given."""
        ...
