"""What an export holds: turns, and of a whole tenant also catalogue, settings and originals (ADR 0023).

The files of the ZIP; those with `*` only in the export of a whole tenant::

    conversations.jsonl   a turn a line: the fields of `ConversationTurn`
    uploads/<file> *      an original as it was handed in
    documents.jsonl *     a document a line: the fields of `DocumentInfo`
    settings.json *       the fields of `TenantSettings`
    manifest.json         version, tenant, visitor, exported_at, turns, documents, and of each original `source`,
                          `file`, `bytes`, `sha256`

JSON is that of RFC 8259 in UTF-8; times are UTC.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import regex

from konverze_core.conversations import ConversationTurn, ExportReport
from konverze_core.errors import BlobNotFoundError, ConfigError, ConflictError, IntegrityError
from konverze_indexes.catalogue import IndexedDocument
from konverze_indexes.index import TenantIndex
from konverze_rag.exporting.archive import Archive, new_archive
from konverze_rag.tenant_settings import TenantSettings

FORMAT_VERSION = 1
"""Of the files in the ZIP."""

MAX_NAME_CHARS = 48
"""Of an original's own name, the end of which is kept in the ZIP; file systems take names of 255 bytes."""

_UNSAFE = regex.compile(r"[^\p{L}\p{M}\p{N}_-]+")
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is exported.

    Attributes:
        index: The tenant's index; its documents are left out of the export of a visitor.
        visitor: Name of the only visitor; None for the whole tenant.
        settings: What the tenant has set for itself.
        turns: The tenant's turns, or the visitor's.
        moment: When it is exported, UTC.
    """

    index: TenantIndex
    visitor: str | None
    settings: TenantSettings
    turns: Iterator[ConversationTurn]
    moment: datetime


def write_export(path: str | os.PathLike[str], holdings: Holdings) -> ExportReport:
    """Writes a new ZIP file; after an error there is none.

    Args:
        path: Where it will stand.
        holdings: What goes in.

    Raises:
        ConfigError: Something stands at the path already, or the file cannot be written.
        ConflictError: A document was replaced meanwhile, and its earlier original vacuumed; export again.
        IntegrityError: A turn or an original is not what was written, or missing.
        KeyProviderError: The tenant's key lease has ended and cannot be renewed.
        StoreError: The store cannot be read.
    """
    with new_archive(_checked_path(path), holdings.moment) as archive:
        writing = _Writing(archive, holdings)
        writing.run()
    return ExportReport(
        turns=writing.turns, documents=writing.documents, uploads=len(writing.uploads), bytes=archive.size_bytes
    )


def _checked_path(path: str | os.PathLike[str]) -> Path:
    try:
        checked = Path(path)
    except TypeError as exc:
        raise ConfigError("an export is written to a path") from exc
    if "\0" in str(checked):
        raise ConfigError("no path holds a NUL")
    return checked


@dataclass(slots=True)
class _Writing:
    """One export.

    Attributes:
        archive: What it is written to.
        holdings: What is written.
        turns: How many so far.
        documents: How many so far.
        uploads: What the manifest says of each original so far.
    """

    archive: Archive
    holdings: Holdings
    turns: int = 0
    documents: int = 0
    uploads: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def run(self) -> None:
        """Writes all files, the manifest last."""
        self.archive.write("conversations.jsonl", self._turn_lines())
        if self.holdings.visitor is None:
            self._write_documents()
            self.archive.write("settings.json", [self.holdings.settings.model_dump_json().encode()])
        self.archive.write("manifest.json", [_json(self._manifest())])

    def _turn_lines(self) -> Iterator[bytes]:
        for turn in self.holdings.turns:
            self.turns += 1
            yield _json(turn) + b"\n"

    def _write_documents(self) -> None:
        snapshot = self.holdings.index.refreshed()
        catalogue = snapshot.documents()
        rows = [part.segment.document(position) for part in snapshot.segments for position in part.live_positions()]
        del snapshot  # which may be large, and is not needed while originals are written
        gone = {row.id for row in sorted(rows, key=lambda row: row.id) if row.upload and not self._is_written(row)}
        lines = [_json(document) + b"\n" for document in catalogue if document.id not in gone]
        self.documents = len(lines)
        self.archive.write("documents.jsonl", lines)

    def _is_written(self, row: IndexedDocument) -> bool:
        """Writes an original; False where its document was deleted meanwhile."""
        try:
            original = self.holdings.index.blobs.read("upload", row.original).data
        except BlobNotFoundError:
            self._check_gone(row)
            return False
        digest = hashlib.sha256(original).hexdigest()
        if digest != row.content_sha256:
            raise IntegrityError(f"{row.original} is not the original that its document was read from")
        file = f"uploads/{_safe_name(row.id, number=len(self.uploads))}"
        self.archive.write(file, [original])
        self.uploads.append({"source": row.id, "file": file, "bytes": len(original), "sha256": digest})
        return True

    def _check_gone(self, row: IndexedDocument) -> None:
        found = self.holdings.index.refreshed().positions_of(row.id)
        if any(part.segment.version(position) == row.version for part, position in found):
            raise IntegrityError(f"{row.original} is gone, while its document is there")
        if found:
            raise ConflictError("a document was replaced while it was to be exported; export again")

    def _manifest(self) -> dict[str, Any]:
        return {
            "version": FORMAT_VERSION,
            "tenant": self.holdings.index.blobs.tenant_id,
            "visitor": self.holdings.visitor,
            "exported_at": self.holdings.moment,
            "turns": self.turns,
            "documents": self.documents,
            "uploads": self.uploads,
        }


def _safe_name(source: str, *, number: int) -> str:
    """A file name that is one on every system, leads nowhere and stands once: a number, then what the source ends with.

    Only letters, digits, `_`, `-` and the dot before the extension are kept, behind six digits or more.
    """
    stem, dot, extension = regex.split(r"[/\\]", source)[-1].rpartition(".")
    words = [_UNSAFE.sub("_", part) for part in (stem, extension)]
    kept = f"{words[0]}{dot}{words[1]}"[-MAX_NAME_CHARS:]
    return f"{number:06d}-{kept}".rstrip(".")
