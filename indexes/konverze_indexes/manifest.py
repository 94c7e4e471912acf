"""The manifest: what one generation of a tenant's index consists of (docs/formats/commit.md)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from msgspec import Struct, json

from konverze_core.errors import IntegrityError
from konverze_core.protocols import EmbedderInfo
from konverze_indexes.stemming import Analysis

MAX_GENERATION = 10**19 - 1

MAX_ANCESTORS = 64
"""Generations before it that a commit names by their digests."""

_COMMIT_NAME = re.compile(r"(?:tenants/[a-z2-7]{26}/)?commits/(0[0-9]{19})")  # the largest number has 19 digits


class BlobPin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Length and SHA-256 of the headers of a sealed blob: what ties it to the manifest."""

    stored_bytes: int
    header_sha256: str


class SegmentEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment that belongs to the generation."""

    id: str
    documents: int
    chunks: int
    hot: BlobPin
    text: BlobPin

    @property
    def hot_name(self) -> str:
        """Name of the hot blob below the tenant's prefix."""
        return f"segments/{self.id}.hot"

    @property
    def text_name(self) -> str:
        """Name of the text blob below the tenant's prefix."""
        return f"segments/{self.id}.text"


class Tombstone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a document that is no longer live."""

    document_id: str
    version: str


class Embedding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that all vectors of the index come from."""

    name: str
    dim: int
    fingerprint: str
    answerable_score: float

    @classmethod
    def of(cls, info: EmbedderInfo) -> Embedding:
        """What the manifest keeps of an embedder."""
        return cls(name=info.name, dim=info.dim, fingerprint=info.fingerprint, answerable_score=info.answerable_score)


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One generation.

    Attributes:
        version: Of this format.
        tenant_id: Whose index it is.
        generation: Counts commits; 0 is the empty index that no blob stands for.
        ancestors: Digests of the generations before, newest first, at most `MAX_ANCESTORS`.
        committed_at: When it was written, UTC.
        embedding: None for a lexical index.
        analysis: How texts became terms.
        segments: Oldest first.
        tombstones: Dead versions that still stand in a segment.
        condemned: Names, below the tenant's prefix, of blobs that a vacuum is deleting; no commit may name them again.
    """

    version: Literal[1] = 1
    tenant_id: str
    generation: int = 0
    ancestors: tuple[str, ...] = ()
    committed_at: datetime
    embedding: Embedding | None = None
    analysis: Analysis = Analysis()
    segments: tuple[SegmentEntry, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    condemned: tuple[str, ...] = ()

    @staticmethod
    def parse(data: bytes) -> Manifest:
        """The manifest in a decrypted blob.

        Raises:
            IntegrityError: The blob holds none, or one of a later format.
        """
        try:
            return _DECODER.decode(data)
        except ValueError as exc:  # of JSON, or of UTF-8
            raise IntegrityError("a commit holds no manifest of this version") from exc

    def to_json(self) -> bytes:
        """What `parse` reads."""
        return json.encode(self)


_DECODER = json.Decoder(Manifest)


def commit_name(generation: int) -> str:
    """Name of a generation's blob: counted downwards, so that the newest sorts first."""
    return f"commits/{MAX_GENERATION - generation:020d}"


def generation_of(name: str) -> int:
    """The generation that a commit's blob name stands for, with or without the tenant's prefix.

    Raises:
        IntegrityError: The name is not one that `commit_name` gives.
    """
    parts = _COMMIT_NAME.fullmatch(name)
    if parts is None:
        raise IntegrityError(f"{name} is no commit, but stands among them")
    return MAX_GENERATION - int(parts[1])
