"""The sentences of an answer that claim something, and so need a source."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from konverze_core.documents import Span
from konverze_loaders.chunkers.sentences import split_sentences
from konverze_rag.answering.wording import content_words

FEWEST_CLAIM_WORDS = 3
"""Content words below which a sentence claims nothing of its own: "Sure, here it is."."""

_FENCE = "```"
# A question, or what announces the list below it.
_CLAIMS_NOTHING = regex.compile(r".*[?:]\W*", regex.DOTALL)


def claims_of(text: str) -> Iterator[Span]:
    """Where the sentences stand that claim something; lines of code, questions and announcements do not.

    Args:
        text: An answer without its marks.
    """
    start, is_code = 0, False
    for line in text.split("\n"):
        is_fence = line.lstrip().startswith(_FENCE)
        is_code = is_code != is_fence
        if not is_code and not is_fence:
            spans = (Span(start + span.start, start + span.end) for span in split_sentences(line))
            yield from (span for span in spans if is_claim(text[span.start : span.end]))
        start += len(line) + 1


def is_claim(sentence: str) -> bool:
    """Whether a sentence claims something."""
    return len(content_words(sentence)) >= FEWEST_CLAIM_WORDS and not _CLAIMS_NOTHING.fullmatch(sentence)
