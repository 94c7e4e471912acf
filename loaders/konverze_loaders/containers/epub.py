"""EPUB 2 and 3: chapters in reading order, through the HTML loader, under the titles of the table of contents."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from konverze_core.errors import CorruptFileError, EncryptedFileError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.package import Package, attribute, local_name
from konverze_loaders.encoding import decode
from konverze_loaders.markup.html import load_html

if TYPE_CHECKING:
    from konverze_core.documents import Document, MetadataValue
    from konverze_loaders.containers.package import Element
    from konverze_loaders.reading import Reading

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
# In XML an element may end where it starts; as HTML these would swallow the rest of the chapter.
_CLOSED_TAG = re.compile(r"<(title|script|style|iframe|textarea|noscript)((?:\s[^<>]*)?)/>", re.IGNORECASE)
_FACTS = {"title": "title", "creator": "author", "language": "language"}


def load_epub(data: bytes, reading: Reading) -> Document:
    """Makes a document of an EPUB.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: The zip or its package document is damaged.
        EncryptedFileError: Its chapters are encrypted.
        LimitExceededError: It unpacks to too much, or is nested too deeply.
    """
    package = Package(data, reading)
    root, folder = _package_document(package)
    items = {item.get("id", ""): item for item in root.iterfind("{*}manifest/{*}item")}
    chapters = [
        item
        for entry in root.iterfind("{*}spine/{*}itemref")
        if (item := items.get(entry.get("idref", ""))) is not None
    ]
    paths = {_resolved(folder, item.get("href", "")): item.get("media-type", "html") for item in chapters}
    if _locked(package) & paths.keys():
        raise EncryptedFileError(reading.source, "its chapters are encrypted by a shop; no password opens them")
    titles = _titles(package, root, items, folder)
    builder = DocumentBuilder(reading)
    for path, kind in paths.items():
        if "html" in kind or "xml" in kind:
            _add_chapter(package, path, titles.get(path, ""), builder)
        else:
            builder.note_unread(path, f"a page of the kind {kind}")
    return builder.build({"format": "epub", **_facts(root)})


def _package_document(package: Package) -> tuple[Element, str]:
    container = package.part(CONTAINER)
    file = None if container is None else container.find(".//{*}rootfile")
    path = "" if file is None else file.get("full-path", "")
    root = package.part(path)
    if root is None:
        raise CorruptFileError(package.reading.source, "an EPUB without a package document")
    return root, posixpath.dirname(path)


def _add_chapter(package: Package, path: str, title: str, builder: DocumentBuilder) -> None:
    try:
        data = package.file(path)
    except CorruptFileError as error:
        builder.note_unread(path, error.reason)
        return
    if data is None:
        builder.note_unread(path, "the book lacks it")
        return
    decoded = decode(data, package.reading.source, is_markup=True)
    text = _CLOSED_TAG.sub(r"<\1\2></\1>", decoded.text)
    chapter = load_html(text, package.reading, encoding=decoded.encoding)
    if chapter.text.strip():
        builder.include(chapter, title)


def _titles(package: Package, root: Element, items: dict[str, Element], folder: str) -> dict[str, str]:
    """Titles of the table of contents by the file that they lead to; of several into one file, the first."""
    spine = root.find("{*}spine")
    nav = next((item for item in items.values() if "nav" in item.get("properties", "").split()), None)
    ncx = None if spine is None else items.get(spine.get("toc", ""))
    titles: dict[str, str] = {}
    for contents in (nav, ncx):
        path = "" if contents is None else _resolved(folder, contents.get("href", ""))
        try:
            table = package.part(path) if path else None
        except CorruptFileError:  # a book without titles is a book all the same
            continue
        for target, words in [] if table is None else _entries(table):
            titles.setdefault(_resolved(posixpath.dirname(path), target), words)
    return titles


def _entries(table: Element) -> list[tuple[str, str]]:
    """Targets and words of the links of a navigation document (EPUB 3) or an NCX (EPUB 2)."""
    entries = [(link.get("href", ""), link) for link in table.iter("{*}a")]
    for point in table.iter("{*}navPoint"):
        content, label = point.find("{*}content"), point.find("{*}navLabel")
        if content is not None and label is not None:
            entries.append((content.get("src", ""), label))
    return [(target, " ".join("".join(element.itertext()).split())) for target, element in entries]


def _resolved(folder: str, reference: str) -> str:
    """Path in the book of a reference from a folder of it."""
    path = reference.partition("#")[0]
    data = _PERCENT.sub(lambda match: chr(int(match[1], 16)), path.encode().decode("latin-1")).encode("latin-1")
    return posixpath.normpath(posixpath.join("/", folder, data.decode("utf-8", "replace"))).lstrip("/")


def _locked(package: Package) -> set[str]:
    """Files that are encrypted; fonts are in honest books, too."""
    root = package.part(ENCRYPTION)
    references = [] if root is None else list(root.iter("{*}CipherReference"))
    return {_resolved("", attribute(reference, "URI") or "") for reference in references}


def _facts(root: Element) -> dict[str, MetadataValue]:
    facts: dict[str, MetadataValue] = {}
    for element in root.iterfind("{*}metadata/*"):
        key = _FACTS.get(local_name(element))
        if key and (value := " ".join((element.text or "").split())):
            facts.setdefault(key, value)
    return facts
