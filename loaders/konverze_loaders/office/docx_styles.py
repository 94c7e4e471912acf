"""Names of WordprocessingML elements in both dialects, and what paragraph styles say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from konverze_loaders.containers.package import attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element  # pyright: ignore[reportPrivateUsage]

BODY_TEXT_OUTLINE = 9
MAX_LEVEL_DIGITS = 2
_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
}


def element_name(element: Element) -> str:
    """`w:p` and the like for elements of known namespaces in either dialect, else the bare local name."""
    return _short_name(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=4096)
def _short_name(tag: str) -> str:
    namespace, _, local = tag.rpartition("}")
    prefix = _PREFIXES.get(namespace.lstrip("{"))
    return f"{prefix}:{local}" if prefix else local


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of that name, of that name, and so on."""
    for name in path:
        element = next((item for item in _children(element) if element_name(item) == name), None)
    return element


def _children(element: Element | None) -> Iterator[Element]:
    return iter(()) if element is None else iter(element)


@dataclass(frozen=True, slots=True)
class _Style:
    based_on: str | None
    level: int | None
    is_list: bool


_NO_STYLE = _Style(None, None, False)


class Styles:
    """Heading levels and lists by style, inherited along `basedOn`.

    Args:
        root: Root of `styles.xml`; None where the file has none.
    """

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, _Style] = {}
        self._resolved: dict[str, _Style] = {}
        for element in _children(root):
            if element_name(element) == "w:style" and (identifier := attribute(element, "styleId")):
                self._styles[identifier] = _read_style(element)

    def heading_level(self, paragraph: Element) -> int:
        """1 for titles and top headings; 0 for what is no heading."""
        properties = child(paragraph, "w:pPr")
        own = _outline_level(properties)
        return own if own is not None else self._inherited(properties).level or 0

    def is_list_item(self, paragraph: Element) -> bool:
        """Whether the paragraph or its style numbers or bullets it."""
        properties = child(paragraph, "w:pPr")
        number = child(properties, "w:numPr", "w:numId")
        if number is not None:
            return attribute(number) != "0"
        return self._inherited(properties).is_list

    def _inherited(self, properties: Element | None) -> _Style:
        """The paragraph's style, with what it takes from those that it is based on; each is looked up once."""
        lineage: list[str] = []
        identifier = attribute(child(properties, "w:pStyle"))
        seen: set[str] = set()
        while identifier and identifier in self._styles and identifier not in self._resolved and identifier not in seen:
            lineage.append(identifier)
            seen.add(identifier)
            identifier = self._styles[identifier].based_on
        found = self._resolved.get(identifier or "", _NO_STYLE)
        for name in reversed(lineage):
            own = self._styles[name]
            level = found.level if own.level is None else own.level
            found = self._resolved[name] = _Style(None, level, own.is_list or found.is_list)
        return found


def _read_style(element: Element) -> _Style:
    properties = child(element, "w:pPr")
    name = (attribute(child(element, "w:name")) or "").lower()
    level = _outline_level(properties)
    if name == "title":
        level = 1
    elif level is None and name.startswith("heading ") and is_number(name[8:]):
        level = int(name[8:])
    return _Style(
        based_on=attribute(child(element, "w:basedOn")),
        level=level,
        is_list=child(properties, "w:numPr") is not None,
    )


def _outline_level(properties: Element | None) -> int | None:
    value = attribute(child(properties, "w:outlineLvl"))
    if value is None or not is_number(value):
        return None
    return 0 if int(value) >= BODY_TEXT_OUTLINE else int(value) + 1


def is_number(value: str) -> bool:
    """Whether it is a small number in ASCII digits."""
    return value.isascii() and value.isdecimal() and len(value) <= MAX_LEVEL_DIGITS
