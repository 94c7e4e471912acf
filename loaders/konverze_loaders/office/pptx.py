"""PPTX (ECMA-376 part 1, §19): slides in the order of the show, each a page; its title, body, tables, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_core.errors import CorruptFileError
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.containers.package import Package, distinct, local_name
from konverze_loaders.office.drawing import add_graphic, paragraphs, shapes

if TYPE_CHECKING:
    from konverze_core.documents import Document
    from konverze_loaders.containers.package import Element
    from konverze_loaders.reading import Reading

DEFAULT_MAIN_PART = "ppt/presentation.xml"
MAX_TITLE_CHARS = 80
MIN_SHAPES = 2
_TITLES = frozenset(["title", "ctrTitle"])
_BODIES = frozenset(["body", "obj", ""])
_NUMBERS = frozenset(["sldNum", "dt", "sldImg"])
_MARGINS = {"hdr": BlockKind.PAGE_HEADER, "ftr": BlockKind.PAGE_FOOTER}


def load_pptx(data: bytes, reading: Reading) -> Document:
    """Makes a document of a PPTX, PPTM, POTX or PPSX file.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        CorruptFileError: The zip or its XML is damaged.
        LimitExceededError: It unpacks to too much, has too many slides, or is nested too deeply.
    """
    package = Package(data, reading)
    main = next(iter(package.related("", "officeDocument")), DEFAULT_MAIN_PART)
    root = package.part(main)
    if root is None:
        raise CorruptFileError(reading.source, "a PPTX file without a presentation")
    targets = {relation.identifier: relation.path for relation in package.relations(main)}
    slides = [targets.get(_related_id(entry) or "") for entry in root.iterfind("{*}sldIdLst/{*}sldId")]
    reading.check("max_pages", len(slides))
    builder = DocumentBuilder(reading)
    for number, path in enumerate(slides, start=1):
        builder.start_page()
        slide = package.part(path) if path else None
        if path is None or slide is None:
            builder.note_unread(f"slide {number}", "the file lacks it", page=number)
        else:
            _Slide(package, path, builder).add(slide)
    return builder.build({"format": "pptx", **package.facts()})


def _related_id(element: Element) -> str | None:
    """The `r:id`, beside which stands a plain `id`."""
    return next((str(value) for key, value in element.items() if key.endswith("}id")), None)


class _Slide:
    """Feeds a slide to a builder: its title first, the rest as it was laid on the slide, then comments and notes."""

    def __init__(self, package: Package, path: str, builder: DocumentBuilder) -> None:
        self._package = package
        self._builder = builder
        self._relations = package.relations(path)
        self._targets = {relation.identifier: relation.path for relation in self._relations}
        self._link_targets = package.link_targets(path)

    def add(self, root: Element) -> None:
        found = list(shapes(root))
        titles = (shape for shape in found if _placeholder(shape) in _TITLES and paragraphs(shape))
        title = next(titles, _first_line(found))
        if title is not None:
            self._builder.add(BlockKind.HEADING, " ".join(" ".join(paragraphs(title)).split()), level=1)
        for shape in found:
            if shape is not title:
                self._add_shape(shape)
        for kind in ("notesSlide", "comments"):
            for path in distinct(self._relations, kind):
                self._add_notes(self._package.part(path))

    def _add_shape(self, shape: Element) -> None:
        if local_name(shape) == "graphicFrame":
            add_graphic(shape, self._package, self._targets, self._builder)
            return
        place = _placeholder(shape)
        texts = paragraphs(shape, None if place in _MARGINS else self._link_targets)
        if place in _MARGINS:
            self._builder.add(_MARGINS[place], "\n".join(texts))
        elif place in _BODIES and len(texts) > 1:
            for text in texts:
                self._builder.add(BlockKind.LIST_ITEM, text)
        elif place not in _NUMBERS:
            self._builder.add(BlockKind.PARAGRAPH, "\n".join(texts))

    def _add_notes(self, root: Element | None) -> None:
        """Speaker notes and comments; old comments hold bare text, new ones paragraphs."""
        if root is None:
            return
        for shape in shapes(root):
            if _placeholder(shape) in _BODIES:
                self._builder.add(BlockKind.NOTE, "\n".join(paragraphs(shape)))
        for comment in root.iter("{*}cm"):
            texts = [element.text or "" for element in comment.iterfind("{*}text")]
            self._builder.add(BlockKind.NOTE, "\n".join(texts or paragraphs(comment)))


def _first_line(found: list[Element]) -> Element | None:
    """The title of a slide that a converter made, where nothing says what it is: a short line above other words."""
    words = [shape for shape in found if paragraphs(shape)]
    if len(words) < MIN_SHAPES or any(_placeholder(shape) is not None for shape in found):
        return None
    lines = paragraphs(words[0])
    return words[0] if len(lines) == 1 and len(lines[0]) <= MAX_TITLE_CHARS and words[0] is found[0] else None


def _placeholder(shape: Element) -> str | None:
    """What the layout keeps the shape's place for, empty for any content; None where it has a place of its own."""
    found = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    return None if found is None else found.get("type", "")
