"""Where links lead, for a reader who cannot click: the address behind the words, as mail programs print it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

MAX_TARGET_CHARS = 200
"""A longer address is for machines."""

_SCHEME = re.compile(r"https?://(?:www\.)?|/$", re.IGNORECASE)
_UNSEEN = re.compile(r"[\s\x00-\x20<>\"]+")
_LETTERS = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_NUMBER = re.compile(r"\+?\d[\d\s().-]*")
_AROUND_WORDS = ".,;:!?()[]{}<>\"'"


def with_target(words: str, href: str, *, base: str = "") -> str:
    """The words of a link and, before white space that ends them, where it leads: `the form (https://…)`.

    Nothing is told of links within the page, of those without words, where the words say it already, and where the page
    does not tell its own address and the link rests on it.

    Args:
        words: What a reader sees of the link.
        href: As the page has it.
        base: The page's own address, where it tells it; absolute, with a host.
    """
    seen = words.rstrip()
    target = _UNSEEN.sub("", href)
    scheme, _, rest = target.partition(":")
    is_web = scheme.lower() not in {"mailto", "tel"}
    target = _web_address(target, base) if is_web else rest.partition("?")[0]
    if not seen or not target or _is_said(target, seen):
        return words
    told = _LETTERS.sub(_letters, target)
    return words if len(told) > MAX_TARGET_CHARS else f"{seen} ({told}){words[len(seen) :]}"


def is_web_address(href: str) -> bool:
    """Whether it is absolute, of the web, and names a host."""
    try:
        parts = urlsplit(href)
    except ValueError:  # no address, whatever it is
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _web_address(href: str, base: str) -> str:
    try:
        target = urljoin(base, href)
    except ValueError:
        return ""
    leads_within = not href or (bool(base) and target.startswith(f"{base}#"))
    return target if is_web_address(target) and not leads_within else ""


def _is_said(target: str, words: str) -> bool:
    if _NUMBER.fullmatch(target):
        return _digits(target) in {_digits(number) for number in _NUMBER.findall(words)}
    said = (*words.split(), "".join(words.split()))
    return _bare(target) in {_bare(word.strip(_AROUND_WORDS)) for word in said}


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def _bare(address: str) -> str:
    """Without scheme, `www.` and closing slash, and with letters for their bytes."""
    return _SCHEME.sub("", unquote(address)).lower()


def _letters(encoded: re.Match[str]) -> str:
    """Letters of other scripts as browsers show them, if all of them can be seen."""
    text = unquote(encoded[0])
    return text if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text else encoded[0]
