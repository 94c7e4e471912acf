"""Bounds the work that HTML makes for its parser, before it is parsed.

Lexbor looks through all open elements at each tag (100,000 of them inside each other take 15 s), compares each
attribute with the others of its tag, and repeats unclosed formatting elements in each block that follows (HTML
standard, 13.2.4.3). The count here follows 13.2.5 and 13.2.6 and errs on the side of more open elements.
"""

from __future__ import annotations

import re

from konverze_core.errors import LimitExceededError
from konverze_loaders.markup.html_tags import BARRIERS, BLOCKS, FORMATS, RAW_TEXTS, SELF_CLOSING

MAX_OPEN_TAGS = 10_000
MAX_ATTRIBUTES = 1_000
MAX_TAG_STEPS = 500_000_000
FORMAT_STEPS = 100
_TOKEN = re.compile(r"<!--|<[!?]|</?[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = re.compile(r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?=>)|[^\s>"'][^\s>]*+))?""")
_TAG_END = re.compile(r"[\s/]*+>?")
_COMMENT_END = re.compile(r"--!?>")


class _OpenTags:
    """Elements that are open at a place of the file, formatting elements by their number only."""

    def __init__(self) -> None:
        self.formats: dict[str, int] = {}
        self.open_formats = 0
        self._stack: list[str] = []
        self._places: dict[str, list[int]] = {}
        self._blocks: list[int] = [-1]
        self._barriers: list[int] = [-1]

    def __len__(self) -> int:
        return len(self._stack) + self.open_formats

    @property
    def may_be_foreign(self) -> bool:
        """Whether SVG or MathML, which know no raw text, may be open."""
        return bool(self._places.get("svg") or self._places.get("math"))

    def start(self, tag: str) -> None:
        if tag in FORMATS:
            self.formats[tag] = self.formats.get(tag, 0) + 1
            self.open_formats += 1
            return
        place = len(self._stack)
        self._stack.append(tag)
        self._places.setdefault(tag, []).append(place)
        if tag in BLOCKS or tag in BARRIERS:
            self._blocks.append(place)
        if tag in BARRIERS:
            self._barriers.append(place)

    def end(self, tag: str) -> None:
        if tag in FORMATS:
            if self.formats.get(tag):
                self.formats[tag] -= 1
                self.open_formats -= 1
            return
        places = self._places.get(tag)
        walls = self._barriers if tag in BLOCKS or tag in BARRIERS else self._blocks
        if places and places[-1] >= walls[-1]:
            for _ in range(places[-1], len(self._stack)):
                self._pop()

    def _pop(self) -> None:
        place = len(self._stack) - 1
        self._places[self._stack.pop()].pop()
        for walls in (self._blocks, self._barriers):
            if walls[-1] == place:
                walls.pop()


def check_nesting(text: str, source: str, *, max_open: int = MAX_OPEN_TAGS) -> None:
    """Refuses what would keep the parser busy for minutes.

    Args:
        text: HTML.
        source: Name of the file, for messages.
        max_open: Most elements inside each other.

    Raises:
        LimitExceededError: Too many elements inside each other, or attributes of one element.
    """
    tags = _OpenTags()
    raw, position, steps = "", 0, 0
    while token := _TOKEN.search(text, position):
        name = token[0][1:].lower()
        position = _token_end(text, token, source)
        if raw:
            # In SVG this is no raw text: what opens may be open, what closes may not close.
            raw = "" if name == f"/{raw}" else raw
            name = "" if name.startswith("/") else name
        elif name in RAW_TEXTS:
            raw = name if tags.may_be_foreign else ""
            position = position if raw else _raw_text_end(text, name, position)
            continue
        _count(tags, name, is_closed=text.endswith("/>", 0, position))
        steps += len(tags) + FORMAT_STEPS * tags.open_formats
        if len(tags) > max_open or steps > MAX_TAG_STEPS:
            raise LimitExceededError(source, f"more than {max_open} elements inside each other, or very many too often")


def _count(tags: _OpenTags, name: str, *, is_closed: bool) -> None:
    tag = name.lstrip("/")
    if not tag[:1].isalpha() or tag in SELF_CLOSING:
        return
    if name.startswith("/"):
        tags.end(tag)
    else:
        tags.start(tag)
        if is_closed and tags.may_be_foreign and tag in _SHAPES:
            tags.end(tag)


_SHAPES = frozenset(["path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use", "stop"])


def _token_end(text: str, token: re.Match[str], source: str) -> int:
    """Where the tag or comment ends that starts with the token."""
    if token[0] == "<!--":
        if text.startswith((">", "->"), token.end()):
            return token.end()
        end = _COMMENT_END.search(text, token.end())
        return end.end() if end else len(text)
    if token[0] in {"<!", "<?"}:
        return text.find(">", token.end()) + 1 or len(text)
    position, attributes = token.end(), 0
    while attribute := _ATTRIBUTE.match(text, position):
        position = attribute.end()
        attributes += 1
        if attributes > MAX_ATTRIBUTES:
            raise LimitExceededError(source, f"more than {MAX_ATTRIBUTES} attributes of one element")
    end = _TAG_END.match(text, position)
    return end.end() if end else position


def _raw_text_end(text: str, name: str, position: int) -> int:
    end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(text, position)
    return end.start() if end else len(text)
