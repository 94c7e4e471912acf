"""The skeleton of a PDF by pypdf: its lock, pages, labels and outline."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

import pypdf
from pypdf.errors import DependencyError

from konverze_core.errors import EncryptedFileError, NoTextError
from konverze_loaders.normalise import normalise
from konverze_loaders.pdf.weights import Weights

if TYPE_CHECKING:
    from konverze_core.documents import MetadataValue
    from konverze_loaders.reading import Reading

MAX_OUTLINE_DEPTH = 6
_NO_FACT = frozenset(["(anonymous)", "(unspecified)", "untitled", "unknown"])


class Structure:
    """A PDF that pypdf has opened.

    Attributes:
        page_count: Pages.
        password: What opened the file; None where it needs none.

    Args:
        data: The whole file.
        reading: Which file it is, and what it may take.

    Raises:
        EncryptedFileError: Locked by another password than the given one and the empty one.
        LimitExceededError: Too many pages.
        NoTextError: No pages.
    """

    def __init__(self, data: bytes, reading: Reading) -> None:
        self._reading = reading
        self._reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        self.password = self._unlock()
        self.page_count = len(self._reader.pages)
        reading.check("max_pages", self.page_count)
        if not self.page_count:
            raise NoTextError(reading.source, "a PDF without pages")
        self._weights = Weights(reading)

    def page(self, number: int) -> pypdf.PageObject:
        """A page, counted from 0."""
        return self._reader.pages[number]

    def weigh(self, number: int) -> None:
        """Unpacks what a page, counted from 0, needs, and counts the bytes.

        Raises:
            LimitExceededError: Streams unpack to more than `max_expanded_bytes`, or forms lie in each other too deeply.
        """
        self._weights.add(self.page(number))

    def labels(self) -> list[str]:
        """What each page says its number is; empty where that is its place, or where none or a broken list is given."""
        try:
            labels = self._reader.page_labels
        except Exception:  # noqa: BLE001
            return [""] * self.page_count
        return ["" if label == str(place) else label for place, label in enumerate(labels, start=1)]

    def outline(self) -> dict[int, dict[str, int]]:
        """Levels of outline entries, by page number from 0 and `title_key`; a broken outline refuses no file."""
        found: dict[int, dict[str, int]] = defaultdict(dict)
        try:
            stack: list[tuple[Any, int]] = [(self._reader.outline, 1)]
            while stack:
                entry, level = stack.pop()
                if isinstance(entry, list):
                    items = cast("list[Any]", entry)
                    stack += [(item, level + isinstance(item, list)) for item in items]
                elif entry.title and (page := self._reader.get_destination_page_number(entry)) is not None:
                    found[page][title_key(str(entry.title))] = min(level, MAX_OUTLINE_DEPTH)
        except Exception:  # noqa: BLE001
            return found
        return found

    def facts(self) -> dict[str, MetadataValue]:
        """Title and author, where the file tells them."""
        facts: dict[str, MetadataValue] = {}
        try:
            info = self._reader.metadata
            for key, value in (("title", info.title), ("author", info.author)) if info else ():
                words = " ".join(normalise(str(value or "")).split())
                if words and words.lower() not in _NO_FACT:
                    facts[key] = words
        except Exception:  # noqa: BLE001
            return facts
        return facts

    def _unlock(self) -> str | None:
        """The password that opens the file; None where it needs none."""
        if not self._reader.is_encrypted:
            return None
        try:
            for password in ("", self._reading.password or ""):
                if self._reader.decrypt(password):
                    return password
        except (DependencyError, NotImplementedError) as exc:
            raise EncryptedFileError(self._reading.source, "locked by a cipher that cannot be read here") from exc
        raise EncryptedFileError(self._reading.source, "locked by a password: give it, or save a copy without one")


def title_key(title: str) -> str:
    """A title as outlines and pages both spell it: no case, no spaces."""
    return "".join(normalise(title).casefold().split())
