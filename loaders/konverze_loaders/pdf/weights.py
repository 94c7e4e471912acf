"""What the streams of a PDF unpack to, found out before PDFium runs, which unpacks whatever a page refers to.

Each stream is unpacked once, in slices that are thrown away, and content counts again each time a page or a form shows
it.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from pypdf.errors import LimitReachedError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from konverze_core.errors import CorruptFileError, LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from konverze_loaders.reading import Reading

MAX_FORM_DEPTH = 20
SLICE_BYTES = 1 << 20
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PACKED_TWICE = re.compile(rb"/Filter\s*\[\s*/\w+\s*/")
_SHOWN = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+Do\b")
# Never led to a stream that text needs.
_NOT_FOLLOWED = frozenset(
    ["/Parent", "/Widths", "/W", "/W2", "/Metadata", "/OC", "/PieceInfo", "/ExtGState", "/Properties"]
)
_NOT_FOLLOWED_IN_SIMPLE_FONTS = _NOT_FOLLOWED | {"/Encoding"}

# pypdf's own access follows references as it goes.
_raw_get: Any = dict[Any, Any].get
_raw_items: Any = dict[Any, Any].items
_raw_values: Any = list[Any].__iter__


class Weights:
    """Counts the bytes that pages unpack to, by following what refers to what.

    Args:
        reading: Which file it is, and what it may take.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._seen: set[tuple[int, int]] = set()
        self._contents: dict[tuple[int, int], tuple[int, Counter[str]]] = {}
        self._forms: dict[tuple[int, int], int] = {}

    def add(self, page: DictionaryObject) -> None:
        """Counts what a page needs.

        Raises:
            LimitExceededError: More than `max_expanded_bytes`, or forms inside each other too deeply.
        """
        resources = page.get("/Resources")
        shown = 0
        for content in _items(page.get("/Contents")):
            shown += self._shown(content, resources, 0)
        self._reading.expand(shown)
        self._follow(resources)

    def _shown(self, content: Any, resources: Any, depth: int) -> int:
        """Bytes of a content stream with all forms that it shows, as often as it shows them."""
        if depth > MAX_FORM_DEPTH:
            raise LimitExceededError(self._reading.source, f"forms inside each other, deeper than {MAX_FORM_DEPTH}")
        size, shows = self._content(content)
        if not shows:
            return size
        named = _get(_resolved(resources), "/XObject")
        for name, times in shows.items():
            form = _get(named, name, resolve=False)
            stream = _resolved(form)
            if _get(stream, "/Subtype") == "/Form":
                size += times * self._form(form, stream, resources, depth + 1)
                self._reading.check("max_expanded_bytes", size)
        return size

    def _form(self, form: Any, stream: Any, outer: Any, depth: int) -> int:
        key = (form.idnum, form.generation) if isinstance(form, IndirectObject) else None
        if key in self._forms:
            return self._forms[key]
        if key:
            self._forms[key] = 0  # PDFium breaks cycles, too
        weight = self._shown(form, stream.get("/Resources", outer), depth)
        if key:
            self._forms[key] = weight
        return weight

    def _content(self, content: Any) -> tuple[int, Counter[str]]:
        key = (content.idnum, content.generation) if isinstance(content, IndirectObject) else None
        if key and key in self._contents:
            return self._contents[key]
        stream = _resolved(content)
        data = _unpacked(stream) if isinstance(stream, StreamObject) else b""
        shows = Counter(name.decode("latin-1") for name in _SHOWN.findall(data)) if b"Do" in data else Counter[str]()
        weight = (len(data), Counter({f"/{name}": times for name, times in shows.items()}))
        if key:
            self._contents[key] = weight
        return weight

    def _follow(self, start: Any) -> None:
        """Unpacks every stream that resources lead to, images apart, which text does not need."""
        stack = [start]
        while stack:
            item = stack.pop()
            if isinstance(item, IndirectObject):
                key = (item.idnum, item.generation)
                if key in self._seen:
                    continue
                self._seen.add(key)
                item = item.get_object()
            if isinstance(item, StreamObject) and _get(item, "/Subtype") != "/Image":
                self._reading.expand(_unpacked_bytes(item))
            if isinstance(item, DictionaryObject):
                # The encoding of a simple font is a list of names; of a composite one it may be a stream.
                skipped = _NOT_FOLLOWED if _raw_get(item, "/Subtype") == "/Type0" else _NOT_FOLLOWED_IN_SIMPLE_FONTS
                stack += [value for name, value in _raw_items(item) if name not in skipped]
            elif isinstance(item, ArrayObject) and len(item) and not isinstance(item[0], int | float):
                stack += _raw_values(item)


def weigh_scattered(data: bytes, page_count: int, reading: Reading) -> None:
    """Bounds a PDF whose skeleton is broken, so that PDFium alone reads it.

    What refers to what is unknown. So all streams are unpacked, wherever they lie, and each page is taken to show the
    largest of them.

    Raises:
        CorruptFileError: A stream is packed twice, so that its size stays unknown.
        LimitExceededError: Too many pages, or more unpacked bytes than `max_expanded_bytes`.
    """
    reading.check("max_pages", page_count)
    if _PACKED_TWICE.search(data):
        raise CorruptFileError(reading.source, "a damaged PDF, with streams that are packed twice")
    largest = 0
    for start in _STREAM.finditer(data):
        size = _inflated_bytes(data, start.end())
        reading.expand(size)
        largest = max(largest, size)
    reading.expand(page_count * largest)


def _unpacked(stream: StreamObject) -> bytes:
    """What a stream holds; nothing where its filter is unknown or its data damaged."""
    try:
        return stream.get_data()
    except LimitReachedError:
        raise
    except Exception:  # noqa: BLE001
        return b""


def _unpacked_bytes(stream: StreamObject) -> int:
    """Length of a stream, unpacked."""
    if str(stream.get("/Filter")) not in {"/FlateDecode", "/Fl"}:
        return len(_unpacked(stream))
    return _inflated_bytes(stream._data, 0)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def _inflated_bytes(data: bytes, start: int) -> int:
    """Length of what is deflated from a place on; in slices, so that no more than one is held."""
    inflate, size, place = zlib.decompressobj(), 0, start
    try:
        while place < len(data) and not inflate.eof:
            packed = data[place : place + SLICE_BYTES]
            place += SLICE_BYTES
            while packed and not inflate.eof:
                size += len(inflate.decompress(packed, SLICE_BYTES))
                packed = inflate.unconsumed_tail
    except zlib.error:
        return size
    return size


def _items(contents: Any) -> Iterator[Any]:
    contents = contents if not isinstance(_resolved(contents), ArrayObject) else _resolved(contents)
    if isinstance(contents, ArrayObject):
        yield from _raw_values(contents)
    elif contents is not None:
        yield contents


def _resolved(item: Any) -> Any:
    return item.get_object() if isinstance(item, IndirectObject) else item


def _get(holder: Any, name: str, *, resolve: bool = True) -> Any:
    value: Any = _raw_get(holder, name) if isinstance(holder, DictionaryObject) else None
    return _resolved(value) if resolve else value
