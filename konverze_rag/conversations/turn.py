"""What is stored of a question and its answer, and what stands in its place once it was erased."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from konverze_core.answers import Answer, AnswerMode, Citation, Usage
from konverze_core.errors import IntegrityError
from konverze_indexes.tenantblobs import TenantBlobs, blob_digest

KIND = "turn"
"""What a turn is sealed as."""


class Turn(BaseModel):
    """A question and its answer, as stored.

    Attributes:
        version: Of this format.
        number: Place among the conversation's turns of its day, from 0.
        previous: Digest of the turn before; empty for the first of a day.
        conversation: Name of the conversation.
        visitor: Name of the visitor; None where none was given.
        asked_at: UTC.
        question: As asked.
        answer: As answered.
        citations: As sent.
        refused: Whether the sources did not answer.
        degraded: Why the language model did not answer; None when all went as configured.
        mode: How the answer came about.
        usage: Tokens and cost.
        generation: Generation of the index that was searched.
        confidence: How well the sources support the answer, 0 to 1.
        total_ms: How long the answer took until it was stored, in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    number: int = 0
    previous: str = ""
    conversation: str
    visitor: str | None
    asked_at: datetime
    question: str
    answer: str
    citations: tuple[Citation, ...]
    refused: bool
    degraded: str | None
    mode: AnswerMode
    usage: Usage
    generation: int
    confidence: float
    total_ms: float

    @classmethod
    def of(cls, answer: Answer, *, question: str, conversation: str, visitor: str | None, asked_at: datetime) -> Turn:
        """The turn that an answer ends."""
        return cls(
            conversation=conversation,
            visitor=visitor,
            asked_at=asked_at,
            question=question,
            answer=answer.text,
            citations=answer.citations,
            refused=answer.refused,
            degraded=answer.degraded,
            mode=answer.mode,
            usage=answer.usage,
            generation=answer.generation,
            confidence=answer.confidence,
            total_ms=answer.timings.total_ms,
        )


class ErasedTurn(BaseModel):
    """What stands in the place of a turn whose visitor was erased: nothing of its content, and its place in the chain.

    Attributes:
        version: Of this format.
        erased: Tells it from a turn.
        number: Of the turn that it replaces.
        previous: Of the turn that it replaces.
        replaces: SHA-256 of the sealed turn that it replaces: what the turn after it names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    erased: Literal[True] = True
    number: int
    previous: str
    replaces: str


AnyTurn: TypeAlias = Turn | ErasedTurn

_FORMAT: TypeAdapter[AnyTurn] = TypeAdapter(AnyTurn)


class StoredTurn(NamedTuple):
    """A turn as it was read.

    Attributes:
        turn: What it holds.
        digest: How the turn after it names it: SHA-256 of the sealed turn, of the original for an erased one.
        stored_bytes: Length of the sealed turn.
        content_sha256: Of its plaintext: what the key of its feedback is bound to.
    """

    turn: AnyTurn
    digest: str
    stored_bytes: int
    content_sha256: bytes

    @classmethod
    def read(cls, blobs: TenantBlobs, name: str) -> StoredTurn:
        """The turn of this name.

        Args:
            blobs: Opens blobs under the key of the turn's day.
            name: Name of the turn's blob.

        Raises:
            BlobNotFoundError: There is none.
            IntegrityError: It is not what was written.
        """
        sealed = blobs.stored(KIND, name)
        content = blobs.opened(KIND, name, sealed).tobytes()
        with suppress(ValidationError):  # it quotes the turn: no error of ours may have it for its context
            turn = _FORMAT.validate_json(content)
            digest = turn.replaces if isinstance(turn, ErasedTurn) else blob_digest(sealed)
            return cls(turn, digest, len(sealed), hashlib.sha256(content).digest())
        raise IntegrityError(f"{name} holds no turn of this version")
