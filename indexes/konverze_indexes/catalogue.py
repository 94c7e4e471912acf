"""A document as an index knows it: its row in the catalogue, its version, its chunks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec import json as fast_json

from konverze_core.documents import Chunk, Metadata, MetadataValue

compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: that takes longer than its use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """A document's row in the catalogue.

    Attributes:
        id: The document id.
        version: Random; tells this ingest of the document from every other.
        ingested_at: When it was handed to the index, UTC.
        content_bytes: Length of the original; of the chunks' texts, as UTF-8, for those added without one.
        content_sha256: Hex digest of the original; empty for chunks added without one.
        settings_sha256: Hex digest of what decided how the original became chunks and vectors.
        upload: Random name of the sealed original; empty where none is kept.
        metadata: Facts about the file.
        folder: Label of the folder that it was synced from; empty for none.
        unread: How many parts of the file have no text here.
    """

    id: str
    ingested_at: datetime
    version: str = field(default_factory=lambda: secrets.token_hex(8))
    content_bytes: int = 0
    content_sha256: str = ""
    settings_sha256: str = ""
    upload: str = ""
    metadata: Metadata = field(default_factory=dict[str, MetadataValue])
    folder: str = ""
    unread: int = 0

    @property
    def original(self) -> str:
        """Name, below the tenant's prefix, of the sealed original."""
        return f"uploads/{self.upload}"

    def to_json(self) -> str:
        """The catalogue row as JSON."""
        row = {column.name: getattr(self, column.name) for column in fields(self)}
        row["ingested_at"] = self.ingested_at.isoformat()
        for name in ("folder", "unread"):
            if not row[name]:
                del row[name]
        return compact_json(row)

    @classmethod
    def from_json(cls, text: str) -> IndexedDocument:
        """The catalogue row that `to_json` wrote."""
        row = cast("dict[str, Any]", fast_json.decode(text))
        row["ingested_at"] = datetime.fromisoformat(row["ingested_at"])
        return cls(**row)


class _Length(Struct):
    """What is read of the catalogue rows of all documents at once."""

    content_bytes: int


_decode_length = fast_json.Decoder(_Length).decode


def content_lengths(rows: Iterable[bytes]) -> Iterator[int]:
    """`IndexedDocument.content_bytes` of catalogue rows in JSON, with no more of them parsed than that."""
    return (_decode_length(row).content_bytes for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChunks:
    """A document to be indexed.

    Attributes:
        document: Its catalogue row.
        chunks: Its chunks, in order.
    """

    document: IndexedDocument
    chunks: tuple[Chunk, ...]


def version_text(number: np.integer[Any]) -> str:
    """A version of a document as its catalogue row and its tombstone have it: 16 hexadecimal digits."""
    return f"{int(number):016x}"


def version_numbers(versions: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Versions as the column of a segment has them: uint64, shape (count,)."""
    return np.array([int(version, 16) for version in versions], np.uint64)
