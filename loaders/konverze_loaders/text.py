"""Plain text: blank lines set paragraphs apart; few lines are sure enough to be headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from konverze_core.documents import BlockKind
from konverze_loaders.builder import DocumentBuilder
from konverze_loaders.normalise import normalise

if TYPE_CHECKING:
    from konverze_core.documents import Document
    from konverze_loaders.reading import Reading

MAX_HEADING_CHARS = 80
MIN_CAPITALS = 4
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_NAMED = re.compile(r"(?:chapter|part|section|article|appendix|annex)\s+[\dIVXLC]+\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+[^\W\d_]")
_SENTENCE_END = (".", ",", ";", "!", "?", "।", "|")


def load_text(text: str, reading: Reading, *, encoding: str) -> Document:
    """Makes a document of plain text.

    Args:
        text: The decoded file.
        reading: Which file it is, and what it may take.
        encoding: What it was decoded from.

    Raises:
        LimitExceededError: The text is too long.
    """
    builder = DocumentBuilder(reading)
    for paragraph in _BLANK.split(normalise(text)):
        level = heading_level(paragraph.strip())
        builder.add(BlockKind.HEADING if level else BlockKind.PARAGRAPH, paragraph, level=level)
    return builder.build({"format": "text", "encoding": encoding})


def heading_level(line: str) -> int:
    """Level of a line that stands alone, 0 where it is not surely a heading.

    Sure are: `Section 3`, `2.1 Refunds`, and LINES IN CAPITALS without digits.
    """
    if not line or len(line) > MAX_HEADING_CHARS or "\n" in line or line.endswith(_SENTENCE_END):
        return 0
    if numbered := _NUMBERED.match(line):
        return numbered[1].count(".") + 1
    capitals = sum(character.isupper() for character in line)
    is_shouted = line.isupper() and capitals >= MIN_CAPITALS and not any(character.isnumeric() for character in line)
    return 1 if _NAMED.match(line) or is_shouted else 0
