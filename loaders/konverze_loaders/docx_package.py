"""The zip and its XML parts: checked for bombs before anything is unpacked, then parsed by python-docx.

Its parser resolves no entities and reaches no network. Its `Document` is not used: it refuses the strict dialect,
templates and files with a dangling relationship, and sees neither text boxes, content controls nor notes.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import TYPE_CHECKING

from docx.oxml.parser import parse_xml
from lxml import etree

from konverze_core.errors import CorruptFileError, LimitExceededError

if TYPE_CHECKING:
    from konverze_loaders.docx_styles import Element
    from konverze_loaders.limits import LoadLimits

RATIO_CHECKED_FROM_BYTES = 1_000_000
MAX_XML_DEPTH = 256  # libxml2's own, while huge_tree is off


class Package:
    """Parts of an Open Packaging Conventions file (ECMA-376 part 2) and their relationships.

    Args:
        data: The zip.
        source: Name of the file, for messages.
        limits: Limits of the load.

    Raises:
        CorruptFileError: Not a readable zip.
        LimitExceededError: Too many entries, or they unpack to too much.
    """

    def __init__(self, data: bytes, source: str, limits: LoadLimits) -> None:
        self._source = source
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as exc:
            raise CorruptFileError(source, "a damaged or truncated DOCX file") from exc
        self._entries = {self._key(entry.filename): entry for entry in self._zip.infolist()}
        self._check_sizes()

    def part(self, path: str) -> Element | None:
        """Root element of an XML part; None where the package has no such part.

        Raises:
            CorruptFileError: The part is damaged.
            LimitExceededError: It unpacks to more than it says, or is nested too deeply.
        """
        entry = self._entries.get(self._key(path))
        return None if entry is None else self._parse(self._unpack(entry))

    def related(self, path: str) -> list[tuple[str, str]]:
        """Internal relationships of a part, in order and without repetition: last word of the type, path of the target.

        Args:
            path: The part; empty for the package itself.

        Raises:
            CorruptFileError: The relationships are damaged.
        """
        folder, name = posixpath.split(path)
        root = self.part(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for element in () if root is None else root.iter("{*}Relationship"):
            target = element.get("Target", "")
            if target and element.get("TargetMode") != "External":
                kind = element.get("Type", "").rpartition("/")[2]
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found.setdefault((kind, self._key(path)), (kind, path))
        return list(found.values())

    def _key(self, path: str) -> str:
        return path.replace("\\", "/").lstrip("/").lower()

    def _check_sizes(self) -> None:
        entries = self._zip.infolist()
        self._limits.check("max_entries", len(entries), self._source)
        self._limits.check("max_expanded_bytes", sum(entry.file_size for entry in entries), self._source)
        for entry in entries:
            if entry.file_size > RATIO_CHECKED_FROM_BYTES:
                ratio = entry.file_size // max(1, entry.compress_size)
                self._limits.check("max_expansion_ratio", ratio, self._source)

    def _unpack(self, entry: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(entry) as stream:
                # zipfile stops at the size that the directory states, which was checked above.
                return stream.read()
        except Exception as exc:
            raise CorruptFileError(self._source, f"damaged part {entry.filename!r}") from exc

    def _parse(self, data: bytes) -> Element:
        try:
            root = parse_xml(data)
        except etree.XMLSyntaxError as exc:
            if "depth" in str(exc).lower():
                reason = f"XML nested deeper than {MAX_XML_DEPTH} elements, which no limit of ours can raise"
                raise LimitExceededError(self._source, reason) from exc
            raise CorruptFileError(self._source, "its XML is damaged") from exc
        etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
        return root
