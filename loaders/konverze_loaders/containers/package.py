"""The XML parts of Office files and EPUBs, which are zips.

The parser resolves no entities, loads no DTD and reaches no network. A part is parsed while it is unpacked, so that
neither a huge part nor a refused one ever lies in memory as a whole.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import IO, TYPE_CHECKING, NamedTuple

from lxml import etree

from konverze_core.errors import CorruptFileError, LimitExceededError
from konverze_loaders.containers.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element  # pyright: ignore[reportPrivateUsage]

    from konverze_core.documents import MetadataValue
    from konverze_loaders.reading import Reading

MAX_XML_DEPTH = 256  # libxml2's own, while huge_tree is off
BLOCK_BYTES = 1_000_000
MAX_MATCH_BYTES = 200


class Relation(NamedTuple):
    """A relationship of a part: its id, the last word of its type, the path of its target."""

    identifier: str
    kind: str
    path: str


class Package(Archive):
    """Parts of an Open Packaging Conventions file (ECMA-376 part 2) or an EPUB, and their relationships.

    Args:
        data: The zip.
        reading: Which file it is, and what it may take.
        parser: Reads the parts; one that resolves no entities.

    Raises:
        CorruptFileError: Not a readable zip.
        LimitExceededError: Too many entries, or they unpack to too much.
    """

    def __init__(self, data: bytes, reading: Reading, *, parser: etree.XMLParser | None = None) -> None:
        super().__init__(data, reading)
        self._parser = parser or _parser()
        self._parts = {_key(entry.filename): entry for entry in self.entries}
        self._opened: set[str] = set()

    def part(self, path: str) -> Element | None:
        """Root element of an XML part; None where the package has no such part.

        Raises:
            CorruptFileError: The part is damaged.
            LimitExceededError: It unpacks to more than it says, or is nested too deeply.
        """
        entry = self._entry(path)
        if entry is None:
            return None
        with self.open(entry) as stream:
            try:
                root = etree.parse(stream, self._parser).getroot()
            except Exception as exc:
                raise self._refusal(entry, exc) from exc
        etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
        return root

    def elements(self, path: str, *names: str) -> Iterator[Element]:
        """Elements of an XML part by their local names, one after the other, each forgotten after its turn.

        Raises:
            CorruptFileError: The part is damaged.
            LimitExceededError: It is nested too deeply.
        """
        entry = self._entry(path)
        if entry is None:
            return
        with self.open(entry) as stream:
            found = etree.iterparse(
                stream,
                tag=[f"{{*}}{name}" for name in names],
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                remove_comments=True,
                remove_pis=True,
            )
            while True:
                try:
                    _, element = next(found)
                except StopIteration:
                    return
                except Exception as exc:
                    raise self._refusal(entry, exc) from exc
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]

    def file(self, path: str) -> bytes | None:
        """The bytes of a part; None where the package has no such part.

        Raises:
            CorruptFileError: It is damaged.
        """
        entry = self._entry(path)
        return None if entry is None else self.read(entry)

    def matches(self, path: str, pattern: re.Pattern[bytes]) -> Iterator[tuple[bytes, ...]]:
        """Groups of what a pattern finds in the bytes of a part, no match of it being longer than `MAX_MATCH_BYTES`.

        Raises:
            CorruptFileError: The part is damaged.
        """
        entry = self._parts.get(_key(path))
        rest = b""
        with io.BytesIO() if entry is None else self.open(entry) as stream:
            while block := self._block(stream, entry):
                data = rest + block
                end = 0
                for match in pattern.finditer(data):
                    yield match.groups()
                    end = match.end()
                rest = data[max(end, len(data) - MAX_MATCH_BYTES) :]

    def relations(self, path: str) -> list[Relation]:
        """Internal relationships of a part, in order.

        Args:
            path: The part; empty for the package itself.

        Raises:
            CorruptFileError: The relationships are damaged.
        """
        folder = posixpath.dirname(path)
        found: list[Relation] = []
        for element in self._relationships(path):
            target = element.get("Target", "")
            if target and element.get("TargetMode") != "External":
                kind = element.get("Type", "").rpartition("/")[2]
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found.append(Relation(element.get("Id", ""), kind, path))
        return found

    def link_targets(self, path: str) -> dict[str, str]:
        """Addresses that links of a part lead to, out of the package, by the id of the relationship. None is opened.

        Raises:
            CorruptFileError: The relationships are damaged.
        """
        return {
            element.get("Id", ""): element.get("Target", "")
            for element in self._relationships(path)
            if element.get("TargetMode") == "External" and element.get("Type", "").endswith("/hyperlink")
        }

    def related(self, path: str, kind: str) -> list[str]:
        """Paths of the parts that a part is related to in that way, in order and without repetition.

        Args:
            path: The part; empty for the package itself.
            kind: Last word of the relationship's type.

        Raises:
            CorruptFileError: The relationships are damaged.
        """
        return distinct(self.relations(path), kind)

    def facts(self) -> dict[str, MetadataValue]:
        """Title and author, from the core properties (ECMA-376 part 2, §11).

        Raises:
            CorruptFileError: The properties are damaged.
        """
        root = self.part(next(iter(self.related("", "core-properties")), "docProps/core.xml"))
        wanted = {"title": "title", "creator": "author"}
        facts: dict[str, MetadataValue] = {}
        for element in () if root is None else root:
            key = wanted.get(local_name(element))
            if key and (value := " ".join((element.text or "").split())):
                facts[key] = value
        return facts

    def _relationships(self, path: str) -> Iterator[Element]:
        folder, name = posixpath.split(path)
        root = self.part(posixpath.join(folder, "_rels", f"{name}.rels"))
        return iter(()) if root is None else root.iter("{*}Relationship")

    def _entry(self, path: str) -> zipfile.ZipInfo | None:
        """The entry of a part; one that is asked for again, as by a thousand slides, is counted as unpacked again."""
        key = _key(path)
        entry = self._parts.get(key)
        if entry is not None and key in self._opened:
            self.reading.expand(entry.file_size)
        self._opened.add(key)
        return entry

    def _block(self, stream: IO[bytes], entry: zipfile.ZipInfo | None) -> bytes:
        try:
            return stream.read(BLOCK_BYTES)
        except Exception as exc:
            raise self.damaged(entry) from exc

    def _refusal(self, entry: zipfile.ZipInfo, error: Exception) -> CorruptFileError | LimitExceededError:
        if not isinstance(error, etree.XMLSyntaxError):
            return self.damaged(entry)
        reason = str(error).lower()
        if "depth" in reason:
            reason = f"XML nested deeper than {MAX_XML_DEPTH} elements, which no limit of ours can raise"
            return LimitExceededError(self.reading.source, reason)
        if "huge" in reason:
            return LimitExceededError(self.reading.source, "a text or name of over 10 MB in its XML")
        return CorruptFileError(self.reading.source, "its XML is damaged")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_blank_text=True,
    )


def distinct(relations: list[Relation], kind: str) -> list[str]:
    """Paths of the relations of one kind, in order and without repetition."""
    return list({_key(relation.path): relation.path for relation in relations if relation.kind == kind}.values())


def local_name(element: Element) -> str:
    """Name of an element without its namespace, which differs between the dialects; empty for an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element | None, local: str = "val") -> str | None:
    """An attribute by its local name, in either dialect."""
    if element is None:
        return None
    return next((str(value) for key, value in element.items() if key.rpartition("}")[2] == local), None)


def _key(path: str) -> str:
    return path.replace("\\", "/").lstrip("/").lower()
