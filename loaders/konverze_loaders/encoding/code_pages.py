"""Texts in code pages, which only the language of the text tells apart."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import chardet

from konverze_loaders.encoding.east_asian import east_asian_code_page
from konverze_loaders.encoding.oddities import oddity
from konverze_loaders.encoding.strict import SAMPLE_BYTES, Decoded, mended, strict
from konverze_loaders.encoding.vietnamese import vietnamese_code_page

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CANDIDATES = 12
MIN_SPACE_SHARE = 0.05
_EBCDIC = re.compile(r"(?:cp|ibm)-?(?:037|273|424|500|875|1026|1140)")
_EBCDIC_SPACE = b"@"
_EAST_ASIAN = {"zh", "ja", "ko"}
_LATIN_1 = {"iso-8859-1", "latin-1", "windows-1252", "cp1252"}
_CURRENCY_SIGN = b"\xa4"
# Controls, and the other places where Latin-9 has another character: fractions, accents that stand alone.
_NOT_LATIN_9 = re.compile(rb"[\x80-\x9f\xa6\xa8\xb4\xb8\xbc-\xbe]")


class _Candidate(NamedTuple):
    decoded: Decoded
    language: str | None
    sureness: float


def by_code_page(data: bytes) -> Decoded | None:
    """Reads what is no Unicode: Vietnamese by its syllables, all else as chardet's most plausible candidate.

    Chardet sets East Asian code pages aside where few different characters recur; there, frequent ones decide.

    Args:
        data: The whole file; one that holds NUL is in no code page.
    """
    if b"\0" in data[:SAMPLE_BYTES]:
        return None
    if (page := vietnamese_code_page(data)) and (decoded := strict(data, page)):
        return decoded
    best = _most_plausible(data)
    page = None if best and best.language in _EAST_ASIAN else east_asian_code_page(data)
    return (_strict_or_mended(data, page) if page else None) or (best.decoded if best else None)


def _most_plausible(data: bytes) -> _Candidate | None:
    best, best_score = None, -1.0
    for candidate in islice(_candidates(data), MAX_CANDIDATES):
        if candidate.sureness <= best_score:
            break
        score = candidate.sureness * (1 - oddity(candidate.decoded.text))
        if score > best_score:
            best, best_score = candidate, score
    return best


def _candidates(data: bytes) -> Iterator[_Candidate]:
    """From the surest on."""
    is_ebcdic = _is_ebcdic(data)
    # The line end: chardet takes a text that begins with the letters BM for a picture.
    for guess in chardet.detect_all(b"\n" + data[:SAMPLE_BYTES], ignore_threshold=True):
        name = (guess["encoding"] or "").lower()
        if (_EBCDIC.fullmatch(name) is not None) is not is_ebcdic:
            continue
        read = _strict_or_mended if guess["language"] in _EAST_ASIAN else strict
        if decoded := read(data, _with_euro(name, data)):
            yield _Candidate(decoded, guess["language"], guess["confidence"])


def _strict_or_mended(data: bytes, encoding: str) -> Decoded | None:
    return strict(data, encoding) or mended(data, encoding)


def _is_ebcdic(data: bytes) -> bool:
    """Whether words are set apart by the byte that is EBCDIC's space."""
    spaces = data.count(_EBCDIC_SPACE)
    return spaces > max(data.count(b" "), MIN_SPACE_SHARE * len(data))


def _with_euro(name: str, data: bytes) -> str:
    """Latin-9 in place of Latin-1 where that had the sign for any currency, which nobody writes."""
    is_latin_9 = name in _LATIN_1 and _CURRENCY_SIGN in data and not _NOT_LATIN_9.search(data)
    return "iso-8859-15" if is_latin_9 else name
